"""Hosted services: calls with timeouts, errors, replies and costs; and providers built on them."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from overheard.config.sections import MAX_CONCURRENCY
from overheard.domain import (
    FREE,
    Capabilities,
    Citation,
    Finish,
    Model,
    Price,
    Question,
    Reply,
    Usage,
)
from overheard.domain.models import MAX_ANSWER_CHARS, has_visible_text
from overheard.errors import OverheardError, ProviderUnavailable
from overheard.installation import install_command
from overheard.provider_kit.diagnosis import Endpoint, ServiceFault, read_fault
from overheard.provider_kit.prices import PriceList
from overheard.provider_kit.settings import ProviderSettings
from overheard.provider_kit.transport import http_client, rate_limits, service_time

if TYPE_CHECKING:
    from httpx2 import AsyncClient

MAX_TOKENS = 10_000_000
"""Larger reported counts are taken as an error of the service."""
MAX_CHARACTERS_A_TOKEN = 50
"""More than a text has on average in any tokenizer."""
MAX_COST_USD = 1_000.0
"""A larger reported cost of one answer is taken as an error of the service."""
WITHHELD = frozenset({Finish.FILTERED, Finish.REFUSED})
"""Endings with which an empty answer is no failure."""
MAX_LISTED = 2_000
"""Models that are read of a service's list."""

REFUSING = frozenset({400, 422})
"""Statuses of a service that does not accept a request's parameters."""
SCHEMA_WORDS = re.compile(
    r"response_?format|schema|output_?config|json|text\.format", re.IGNORECASE
)
"""Words of an error about the schema of a question."""

Response = TypeVar("Response")
Table = TypeVar("Table", bound=ProviderSettings)
Client = TypeVar("Client")


class HostedService:
    """The service behind one ``[providers.*]`` table.

    Args:
        name: The name of the table.
        api: The service's API, for messages, such as ``Messages API``.
        settings: The validated table.
        prices: The prices of the models.
    """

    def __init__(self, name: str, api: str, settings: ProviderSettings, prices: PriceList) -> None:
        self.name = name
        self._settings = settings
        self._prices = prices
        self._endpoint = Endpoint(name, settings.base_url, api, settings.timeout, settings.silence)

    def http_client(self, kind: type[AsyncClient] | None = None, **options: Any) -> AsyncClient:
        """Return a new HTTP client for this service, see `overheard.http_client`.

        It has the timeouts of the table: of connecting, and between two bytes.

        Args:
            kind: The class of the client; an SDK may have its own.
            options: Further arguments of the class, such as ``headers``.
        """
        import httpx2

        settings = self._settings
        return http_client(
            settings.base_url,
            kind,
            timeout=httpx2.Timeout(settings.silence, connect=settings.connect_timeout),
            limits=httpx2.Limits(max_connections=MAX_CONCURRENCY),
            **options,
        )

    def price(self, model: str) -> Price | None:
        """Return the price of a model name, or None when the price is unknown."""
        return self._prices.price(model)

    def window(self, question: Question) -> int | None:
        """Return the answer window of a question in tokens; None when the service decides."""
        return question.limit or self._settings.max_tokens

    def asking(
        self, model: Model, ready: Callable[[], object] = lambda: None
    ) -> AbstractAsyncContextManager[None]:
        """Return a context for one call, with a timeout and with errors as sentences.

        Args:
            model: The model that is asked.
            ready: Called before the timeout starts, to import the SDK, which takes seconds.

        Raises:
            ProviderFailed: for every exception of the SDK, as one sentence without the key.
            ProviderUnavailable: for an error with which every other question would fail too.
        """
        return self._calling(ready, lambda fault: fault.failure(model, self._endpoint))

    def trying(
        self, ready: Callable[[], object] = lambda: None
    ) -> AbstractAsyncContextManager[None]:
        """Return a context for a free call, such as listing models; `ready` is called first.

        Raises:
            ProviderUnavailable: for every exception of the SDK, except when the service does not
                have this call (status 404, 405 or 501).
        """
        return self._calling(
            ready,
            lambda fault: (
                None if fault.status in {404, 405, 501} else fault.unavailable(self._endpoint)
            ),
        )

    @asynccontextmanager
    async def _calling(
        self, ready: Callable[[], object], error_of: Callable[[ServiceFault], Exception | None]
    ) -> AsyncIterator[None]:
        """Return a context for a call with a timeout; raises the error that `error_of` returns for
        an exception of the SDK, or nothing where it returns None.
        """
        try:
            ready()
            async with asyncio.timeout(self._settings.timeout):
                yield
        except OverheardError:
            raise
        except Exception as exception:
            if error := error_of(read_fault(exception, self._endpoint)):
                raise error from None

    def reply(
        self,
        question: Question,
        text: str,
        finish: Finish,
        *,
        headers: Mapping[str, str],
        usage: Mapping[str, object],
        served_model: object = "",
        fingerprint: object = "",
        model_version: object = "",
        citations: Sequence[Citation] = (),
        cost: object = None,
        batch: bool = False,
    ) -> Reply:
        """Return the reply for a response; odd values in the response are tolerated.

        Args:
            question: The question.
            text: The answer.
            finish: The reported ending; an empty answer becomes `Finish.FAILED`.
            headers: The headers of the response.
            usage: Counts by the field names of `Usage`; a value that is no count becomes 0, and
                with a missing or impossible count of tokens, all of them.
            served_model: The reported model id.
            fingerprint: The reported fingerprint of the back end.
            model_version: The reported version.
            citations: The sources in order; one is kept for each address.
            cost: The reported cost in US dollars, which overrides the price list.
            batch: Whether the batch price applies.

        Raises:
            TypeError: when the answer is no text.
            ValueError: when the answer is too long.
        """
        if not isinstance(text, str):
            raise TypeError("an answer that is no text")
        if len(text) > MAX_ANSWER_CHARS:
            raise ValueError("an answer that is too long")
        billed = _plausible_usage(usage, text)
        return Reply(
            text=text,
            finish=self._finish(question, finish, text),
            citations=_distinct_citations(citations),
            served_model=_reported_text(served_model),
            fingerprint=_reported_text(fingerprint),
            usage=billed,
            cost_usd=self._cost(question.model, billed, cost, batch=batch),
            model_version=_reported_text(model_version),
            limits=rate_limits(headers),
        )

    def _finish(self, question: Question, finish: Finish, text: str) -> Finish:
        if finish is Finish.LENGTH and self.window(question):
            finish = Finish.WINDOW
        return finish if has_visible_text(text) or finish in WITHHELD else Finish.FAILED

    def _cost(self, model: Model, usage: Usage, reported: object, *, batch: bool) -> float | None:
        """Return the cost of an answer in US dollars: the reported cost, else by the price list,
        else None.

        A reported 0 counts only where no price contradicts it: gateways report 0 for an unknown
        cost. Without reported tokens the cost is unknown, not zero.

        Args:
            model: The model.
            usage: The billed counts.
            reported: The reported cost in dollars, or any other value for none.
            batch: Whether the batch price applies.
        """
        price = self.price(model.name)
        known = isinstance(reported, int | float) and 0 <= reported < MAX_COST_USD
        if known and (reported or price in {None, FREE}):
            return float(reported)  # type: ignore[arg-type]
        if price is None or (not (usage.input_tokens or usage.output_tokens) and price != FREE):
            return None
        return price.cost(usage, batch=batch)


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
        extra: The extra of Overheard with the SDK; empty for an SDK that is always installed.
    """

    extra: ClassVar[str] = ""

    def __init__(self, name: str, api: str, settings: Table, prices: PriceList) -> None:
        """Keep the settings and prices; the SDK's client is opened at the first call."""
        self.name = name
        self.concurrency = settings.concurrency
        self.settings = settings
        self.service = HostedService(name, api, settings, prices)
        self._opened: Client | None = None
        self._schemaless: set[str] = set()

    @abstractmethod
    def open_client(self) -> Client:
        """Create the SDK's client; called once, at the first call.

        The client must not retry calls, because each call may be charged.
        """

    @property
    def client(self) -> Client:
        """The SDK's client, created at the first use because SDKs are slow to import.

        Raises:
            ProviderUnavailable: when the SDK is not installed.
        """
        if self._opened is None:
            try:
                self._opened = self.open_client()
            except ImportError as error:
                raise ProviderUnavailable(
                    provider=self.name,
                    reason=f"the package {error.name} is not installed",
                    remedy=f"install it with: {install_command(extra=self.extra)}",
                ) from None
        return self._opened

    def asking(self, model: Model) -> AbstractAsyncContextManager[None]:
        """Return a context for a call, see `HostedService.asking`; imports the SDK first."""
        return self.service.asking(model, lambda: self.client)

    async def structured(
        self, question: Question, send: Callable[[Question], Awaitable[Response]]
    ) -> Response:
        """Send a question with its schema, and without it where the service refuses the schema.

        A request that is refused with status 400 or 422 is not charged. The model is remembered,
        and later questions to it are sent without a schema.

        Args:
            question: The question.
            send: Sends a question, within `asking`, and raises the SDK's errors.

        Raises:
            Exception: the SDK's error, unless it is about the schema.
        """
        plain = replace(question, schema="")
        if not question.schema or question.model.id in self._schemaless:
            return await send(plain)
        try:
            return await send(question)
        except Exception as error:
            status = getattr(error, "status_code", None) or getattr(error, "code", None)
            if status not in REFUSING or not SCHEMA_WORDS.search(str(error)):
                raise
        response = await send(plain)
        self._schemaless.add(question.model.id)
        return response

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
            answer_limit=self.settings.max_tokens,
            how=f"{how}, {search}" if searches else how,
            **more,
        )

    def sold_in_batches(self, model: str) -> bool:
        """Return whether the batch price of a model is known."""
        price = self.price(model)
        return price is not None and price.batch is not None

    async def verify(self) -> datetime | None:
        """List the models, which is free, and so check the key and the address.

        Returns:
            The service's current time; None when the SDK gives no access to response headers.

        Raises:
            ProviderUnavailable: when the call fails. A service without a list of models passes.
        """
        async with self.service.trying(lambda: self.client):
            client: Any = self.client
            models = getattr(client.models, "with_raw_response", client.models)
            return service_time(getattr(await models.list(), "headers", {}))
        return None

    async def list_models(self) -> Sequence[str]:
        """Return the ids of the models that the service offers, newest first; see
        `overheard.Listing`.

        Raises:
            ProviderUnavailable: when the call fails. Without a list of models, the result is empty.
        """
        found: list[tuple[float, str]] = []
        async with self.service.trying(lambda: self.client):
            client: Any = self.client
            async for model in await client.models.list():
                name = getattr(model, "id", "") or getattr(model, "name", "") or ""
                found.append((_created(model), str(name).removeprefix("models/")))
                if len(found) == MAX_LISTED:
                    break
        newest = sorted(found, key=lambda pair: -pair[0])
        return [name for _, name in newest if name]

    async def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            client: Any = self._opened
            await client.close()


def _created(model: object) -> float:
    """Return the time at which a model was created, in seconds since 1970; 0 when it is not
    reported.
    """
    created = getattr(model, "created", None) or getattr(model, "created_at", None) or 0
    if isinstance(created, datetime):
        return created.timestamp()
    return float(created) if isinstance(created, int | float) else 0.0


def _reported_text(value: object) -> str:
    """Return a reported name as text; an empty string unless it is text or a number."""
    return str(value) if isinstance(value, str | int | float) else ""


def _plausible_usage(reported: Mapping[str, object], text: str) -> Usage:
    """Return the reported counts; all are 0 when the counts of tokens are missing or impossible.

    Each question has tokens, and so has each answer with a text: one count without the other, or
    fewer tokens than a text of that length can have, would price the call too low.
    """
    counts = {field.name: _plausible_count(reported.get(field.name)) for field in fields(Usage)}
    fewest = len(text) / MAX_CHARACTERS_A_TOKEN
    possible = counts["input_tokens"] and counts["output_tokens"] >= fewest
    return Usage(**counts) if possible else Usage()


def _plausible_count(value: object) -> int:
    """Return a reported count; 0 unless it is a number from 0 to `MAX_TOKENS`."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if number and 0 <= value <= MAX_TOKENS else 0  # type: ignore[operator, call-overload]


def _distinct_citations(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Return one citation for each address, cited sources before retrieved ones, else in their
    order.
    """
    kept: dict[str, Citation] = {}
    for citation in sorted(citations, key=lambda citation: not citation.cited):
        kept.setdefault(citation.url, citation)
    return tuple(kept.values())
