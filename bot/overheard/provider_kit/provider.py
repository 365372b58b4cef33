"""What providers of hosted services share: settings, prices, one SDK client, opened when needed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from overheard.domain import Capabilities, Model, Price
from overheard.provider_kit.prices import PriceList
from overheard.provider_kit.rate_headers import told_time
from overheard.provider_kit.service import HostedService
from overheard.provider_kit.settings import ProviderSettings

if TYPE_CHECKING:
    from httpx2 import Limits, Timeout

MOST_CONNECTIONS = 1_000
"""More than are ever open: whoever asks decides how many calls are under way."""

Table = TypeVar("Table", bound=ProviderSettings)
Client = TypeVar("Client")


class HostedProvider(ABC, Generic[Table, Client]):
    """One account at a hosted service. A plugin adds how it is asked.

    Args:
        name: The name of its table.
        api: What the service speaks, for messages: ``the Messages API``.
        settings: What stands in the table.
        prices: What its models charge.

    Attributes:
        name: The name of its table.
        concurrency: How many calls it may be given at a time.
        settings: What stands in the table.
        service: What asking, trying and paying have in common.
    """

    def __init__(self, name: str, api: str, settings: Table, prices: PriceList) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self.settings = settings
        self.service = HostedService(name, api, settings, prices)
        self._opened: Client | None = None

    @abstractmethod
    def open_client(self) -> Client:
        """Make the SDK's client; called once, at the first call.

        It must repeat no call by itself, because each may be paid.
        """

    @property
    def client(self) -> Client:
        """The SDK's client; SDKs are slow to import, so it is made when it is first needed."""
        if self._opened is None:
            self._opened = self.open_client()
        return self._opened

    def asking(self, model: Model) -> AbstractAsyncContextManager[None]:
        """Ask within, see `HostedService.asking`; the SDK is there when the time begins."""
        return self.service.asking(model, lambda: self.client)

    def models(self) -> Sequence[str]:
        """Return the configured model ids."""
        return self.settings.models

    def price(self, model: str) -> Price | None:
        """Return what a model charges, as it is asked."""
        return self.service.price(model)

    def described(self, model: str, how: str, search: str, **more: Any) -> Capabilities:
        """Return what can be done with a model that searches when its name says so.

        Args:
            model: As it is asked.
            how: What it is asked through.
            search: What its search is called.
            more: Further fields of `Capabilities`.
        """
        searches = Model(self.name, model).searches
        return Capabilities(
            search=searches,
            searches=self.settings.max_searches if searches else 0,
            how=f"{how}, {search}" if searches else how,
            **more,
        )

    def sold_in_batches(self, model: str) -> bool:
        """Return whether the price list says what a model costs in a batch."""
        price = self.price(model)
        return price is not None and price.batch is not None

    async def verify(self) -> datetime | None:
        """List the models, which is free.

        Returns:
            What time it is at the service, when its SDK shows the headers of a response.

        Raises:
            ProviderUnavailable: when that fails. A service without such a list passes.
        """
        async with self.service.trying(lambda: self.client):
            client: Any = self.client
            models = getattr(client.models, "with_raw_response", client.models)
            return told_time(getattr(await models.list(), "headers", {}))
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            client: Any = self._opened
            await client.close()

    def patience(self) -> Timeout:
        """Return how long the SDK's client waits for a connection, and bears silence."""
        import httpx2

        return httpx2.Timeout(self.settings.silence, connect=self.settings.connect_timeout)

    def pool(self) -> Limits:
        """Return how many connections the SDK's client may open."""
        import httpx2

        return httpx2.Limits(max_connections=MOST_CONNECTIONS)
