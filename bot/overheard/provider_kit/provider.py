"""Base class of providers of hosted services: settings, prices, and a lazily opened SDK client."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from overheard.domain import Capabilities, Model, Price
from overheard.provider_kit.prices import PriceList
from overheard.provider_kit.rate_headers import service_time
from overheard.provider_kit.service import HostedService
from overheard.provider_kit.settings import ProviderSettings

if TYPE_CHECKING:
    from httpx2 import Limits, Timeout

MAX_CONNECTIONS = 1_000
"""Connections of an SDK's client; high, because rate limits bound the number of calls."""

Table = TypeVar("Table", bound=ProviderSettings)
Client = TypeVar("Client")


class HostedProvider(ABC, Generic[Table, Client]):
    """An account at a hosted service. A plugin implements `open_client` and `ask`.

    Args:
        name: The name of the provider's table.
        api: The service's API, for messages, such as ``the Messages API``.
        settings: The validated table.
        prices: The prices of the models.

    Attributes:
        name: The name of the provider's table.
        concurrency: The largest number of concurrent calls.
        settings: The validated table.
        service: Timeouts, error messages, replies and costs.
    """

    def __init__(self, name: str, api: str, settings: Table, prices: PriceList) -> None:
        self.name = name
        self.concurrency = settings.concurrency
        self.settings = settings
        self.service = HostedService(name, api, settings, prices)
        self._opened: Client | None = None

    @abstractmethod
    def open_client(self) -> Client:
        """Create the SDK's client; called once, at the first call.

        The client must not retry calls, because each call may be charged.
        """

    @property
    def client(self) -> Client:
        """The SDK's client, created at the first use because SDKs are slow to import."""
        if self._opened is None:
            self._opened = self.open_client()
        return self._opened

    def asking(self, model: Model) -> AbstractAsyncContextManager[None]:
        """Return a context for a call, see `HostedService.asking`; imports the SDK first."""
        return self.service.asking(model, lambda: self.client)

    def models(self) -> Sequence[str]:
        """Return the configured model ids."""
        return self.settings.models

    def price(self, model: str) -> Price | None:
        """Return the price of a model, or None when unknown."""
        return self.service.price(model)

    def described(self, model: str, how: str, search: str, **more: Any) -> Capabilities:
        """Return the capabilities of a model, with search if its name ends in ``+search``.

        Args:
            model: The model's name.
            how: The API that is called, for people.
            search: The name of the service's web search, for people.
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
        """Return whether the batch price of a model is known."""
        price = self.price(model)
        return price is not None and price.batch is not None

    async def verify(self) -> datetime | None:
        """List the models, which is free.

        Returns:
            The service's current time, when the SDK gives access to response headers.

        Raises:
            ProviderUnavailable: when the call fails. A service without a list of models passes.
        """
        async with self.service.trying(lambda: self.client):
            client: Any = self.client
            models = getattr(client.models, "with_raw_response", client.models)
            return service_time(getattr(await models.list(), "headers", {}))
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            client: Any = self._opened
            await client.close()

    def patience(self) -> Timeout:
        """Return the timeouts of the SDK's client for connecting and between two bytes."""
        import httpx2

        return httpx2.Timeout(self.settings.silence, connect=self.settings.connect_timeout)

    def pool(self) -> Limits:
        """Return the connection limit of the SDK's client."""
        import httpx2

        return httpx2.Limits(max_connections=MAX_CONNECTIONS)
