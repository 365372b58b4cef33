"""Hosted services: calls with timeouts, errors, replies and costs; and providers built on them."""

from __future__ import annotations

import asyncio
import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import fields, replace
from datetime import datetime
from http import HTTPStatus
from itertools import islice
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from overheard.config.catalogue import PLACE, Market
from overheard.config.sections import MAX_CONCURRENCY
from overheard.domain import (
    FREE,
    Capabilities,
    Citation,
    FailureKind,
    Finish,
    Model,
    Price,
    Question,
    Reply,
    Search,
    Usage,
)
from overheard.domain.models import (
    MAX_ANSWER_CHARS,
    MAX_SOURCE_CHARS,
    MAX_SOURCES,
    has_visible_text,
)
from overheard.errors import OverheardError, ProviderFailed, ProviderUnavailable
from overheard.installation import install_command
from overheard.provider_kit.diagnosis import Endpoint, ServiceFault, read_fault
from overheard.provider_kit.settings import PriceList, ProviderSettings
from overheard.provider_kit.transport import http_client, rate_limits, service_time

if TYPE_CHECKING:
    from httpx2 import AsyncClient, Request, Response

MAX_TOKENS = 10_000_000
"""Larger reported counts are taken as an error of the service."""
MAX_CHARACTERS_A_TOKEN = 50
"""More than a text has on average in any tokenizer."""
MAX_COST_USD = 1_000.0
"""A larger reported cost of one answer is taken as an error of the service."""
WITHHELD = frozenset({Finish.FILTERED, Finish.REFUSED, Finish.NONE})
"""Endings with which an empty answer is no failure."""
MAX_LISTED = 2_000
"""Models that are read of a service's list."""

NO_SUCH_CALL = frozenset({404, 405, 501})
"""Statuses of a service that does not have a call, such as a list of models."""
REFUSING = frozenset({400, 422})
"""Statuses of a service that does not accept a request's parameters."""
SCHEMA_WORDS = re.compile(
    r"response_?format|schema|output_?config|json|text\.format", re.IGNORECASE
)
"""Words of an error about the schema of a question."""
SCHEMA, TEMPERATURE = "schema", "temperature"
EFFORTS = ("none", "minimal", "low")
"""What a service may refuse of a question; reasoning efforts, the least first."""
EFFORT_WORDS = re.compile("effort|reasoning|thinking")
"""Words of an error about the effort; if it names none, the temperature is left out first."""

Answered = TypeVar("Answered")
Table = TypeVar("Table", bound=ProviderSettings)
Client = TypeVar("Client")


class HostedService:
    """The service behind one ``[providers.*]`` table.

    Args:
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
        """Return a new HTTP client for this service, which calls no other host, follows no redirect
        and reads at most 16 MB of a response (see `overheard.http_client`).

        It has the timeouts of the table for connecting and between two bytes, and at most
        `MAX_CONCURRENCY` connections.

        Args:
            kind: The class of the client, which an SDK may have of its own; None for that of
                httpx2.
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
        """Return the price of a model, or None when the price is unknown.

        Args:
            model: The model's name, such as ``gpt-5.4-mini+search``.
        """
        return self._prices.price(model)

    def window(self, question: Question) -> int | None:
        """Return the largest length of the answer to a question in tokens: the question's own
        limit, or else that of the table. None when neither is set and the service decides.
        """
        return question.limit or self._settings.max_tokens

    def asking(
        self, model: Model, ready: Callable[[], object] = lambda: None
    ) -> AbstractAsyncContextManager[None]:
        """Return a context for one call. The call has the timeout of the table, in seconds; an
        exception of the SDK is raised as an error of Overheard, with one sentence without the key.

        Args:
            ready: Called on entering, before the timeout starts: to import the SDK, which takes
                seconds. By default nothing is called.

        Raises:
            ProviderFailed: on leaving, for an exception of the SDK or a timeout.
            ProviderUnavailable: on leaving, for an exception with which every other question would
                fail too.
        """
        return self._calling(ready, lambda fault: fault.failure(model, self._endpoint))

    def trying(
        self, ready: Callable[[], object] = lambda: None
    ) -> AbstractAsyncContextManager[None]:
        """Return a context for a free call, such as listing models. The call has the timeout of the
        table, in seconds. When the service does not have this call (status 404, 405 or 501), the
        context ends early without an error.

        Args:
            ready: Called on entering, before the timeout starts: to import the SDK, which takes
                seconds. By default nothing is called.

        Raises:
            ProviderUnavailable: on leaving, for any other exception of the SDK, and for a timeout.
        """

        def error_of(fault: ServiceFault) -> ProviderUnavailable | None:
            return None if fault.status in NO_SUCH_CALL else fault.unavailable(self._endpoint)

        return self._calling(ready, error_of)

    @asynccontextmanager
    async def _calling(
        self, ready: Callable[[], object], error_of: Callable[[ServiceFault], Exception | None]
    ) -> AsyncIterator[None]:
        """Return a context for a call that has the timeout of the table, in seconds."""
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
        searches: Iterable[Search] = (),
        cost: object = None,
        batch: bool = False,
    ) -> Reply:
        """Return the reply for a response. Values of a wrong type in the response are tolerated:
        they count as not reported.

        Args:
            text: The answer.
            finish: The reported ending. `Finish.LENGTH` becomes `Finish.WINDOW` if the length of
                answers is configured; any ending without visible text becomes `Finish.FAILED`,
                unless the answer was filtered or refused.
            headers: The headers of the response, from which the rate limits are read.
            usage: Counts by the field names of `Usage`. A value that is no count becomes 0. If a
                count of tokens is missing or impossibly small for the text, all counts become 0.
            served_model: The reported model id.
            fingerprint: The reported fingerprint of the back end.
            citations: The sources in order. For each address one is kept, those that the answer
                cites first.
            searches: What the model searched for and opened, in order.
            cost: The reported cost in US dollars, which goes before the price list; None if the
                service reports none.
            batch: Whether the batch price applies.

        Raises:
            TypeError: when the answer is no text.
            ValueError: when the answer is too long.
        """
        if not isinstance(text, str):
            raise TypeError("an answer that is no text")
        if len(text) > MAX_ANSWER_CHARS:
            raise ValueError("an answer that is too long")
        if finish is Finish.LENGTH and self.window(question):
            finish = Finish.WINDOW
        if not has_visible_text(text) and finish not in WITHHELD:
            finish = Finish.FAILED
        billed_usage = _plausible_usage(usage, text)
        return Reply(
            text=text,
            finish=finish,
            citations=_distinct_citations(citations),
            served_model=_reported_text(served_model),
            fingerprint=_reported_text(fingerprint),
            usage=billed_usage,
            cost_usd=self._cost(question.model, billed_usage, cost, batch=batch),
            model_version=_reported_text(model_version),
            limits=rate_limits(headers),
            searches=_plausible_searches(searches),
        )

    def _cost(self, model: Model, usage: Usage, reported: object, *, batch: bool) -> float | None:
        """Return the cost of an answer in US dollars, or None when it is unknown.

        A reported cost from 0 to less than `MAX_COST_USD` goes before the price list; but a
        reported 0 counts only for a model that is free or without a price, because gateways report
        0 for an unknown cost. Otherwise the cost follows from the price list. It is unknown (not
        zero) without a price, and without tokens unless the model is free.
        """
        price = self.price(model.name)
        is_plausible = isinstance(reported, int | float) and 0 <= reported < MAX_COST_USD
        if is_plausible and (reported or price in {None, FREE}):
            return float(reported)  # type: ignore[arg-type]
        if price is None:
            return None
        has_tokens = usage.input_tokens or usage.output_tokens
        return price.cost(usage, batch=batch) if has_tokens or price == FREE else None


class Fields(dict[str, Any]):
    """An object of a service's JSON, with its fields as attributes; None for a missing one."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


class StatusError(Exception):
    """A response with another status than success; ``body`` is its JSON, or else its text."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.text)
        self.response, self.status_code = response, response.status_code
        try:
            self.body: object = response.json()
        except (ValueError, RecursionError):
            self.body = response.text


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
        self._refused: defaultdict[str, set[str]] = defaultdict(set)
        self._requests: dict[str, Request] = {}

    @abstractmethod
    def open_client(self) -> Client:
        """Return a new client of the vendor's SDK. It is called once, at the first use of `client`.

        The client must not retry calls, because each call may be charged.

        Raises:
            ImportError: when the SDK is not installed.
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
        """Return a context for one call to a model: with the table's timeout, which starts after
        the SDK has been imported, and with errors of the SDK as one sentence.

        Raises:
            ProviderFailed: on leaving, for an exception of the SDK or a timeout.
            ProviderUnavailable: for an exception with which every other question would fail too,
                and when the SDK is not installed.
        """
        return self.service.asking(model, lambda: self.client)

    def sampling(self, question: Question, temperature: float | None) -> tuple[float | None, str]:
        """Return the temperature and the reasoning effort to send with a question; None and an
        empty text for none.

        A steady question has temperature 0 and the least effort, without what the service has
        refused for this model. Any other has the effort of its model, and temperature 0 if it has a
        limit.

        Args:
            temperature: That of the table, for all other questions.
        """
        if not question.steady:
            return (0.0 if question.limit else temperature), question.model.effort
        refused = self._refused[question.model.id]
        effort = next((one for one in EFFORTS if one not in refused), "")
        return (None if TEMPERATURE in refused else 0.0), effort

    async def structured(
        self, question: Question, send: Callable[[Question], Awaitable[Answered]]
    ) -> Answered:
        """Send a question and return the SDK's response. What the service refuses with status 400
        or 422, which is not charged, is left out, and the question sent again: a schema that the
        error names, and of a steady question the temperature and reasoning efforts, one by one.

        If that succeeds, it is remembered for the model and the life of the process.

        Args:
            question: The question; an empty schema means none.
            send: Sends the question that it is given, within `asking`, and raises the SDK's errors.

        Raises:
            Exception: any other error of the SDK.
        """
        refused, found = self._refused[question.model.id], set[str]()
        while True:
            before = set(refused)
            asked = replace(question, schema="") if SCHEMA in refused else question
            try:
                return await send(asked)
            except Exception as error:
                if _is_refusal(error) and refused - before:
                    continue  # another call has found out what is refused
                part = self._refused_part(asked, error)
                if not part:
                    refused -= found
                    raise
                refused.add(part)
                found.add(part)

    def _refused_part(self, question: Question, error: Exception) -> str:
        """Return what of a question a service refuses, by the error; empty if it is something else
        that was wrong.
        """
        if not _is_refusal(error):
            return ""
        if question.schema and SCHEMA_WORDS.search(str(error)):
            return SCHEMA
        if not question.steady:
            return ""
        temperature, effort = self.sampling(question, None)
        if temperature is None:
            return effort
        told = str(error).casefold()
        is_effort = TEMPERATURE not in told and EFFORT_WORDS.search(told)
        return effort if effort and is_effort else TEMPERATURE

    async def post(self, path: str, body: Mapping[str, object]) -> tuple[Mapping[str, str], Any]:
        """Send a request as the SDK's client, OpenAI's or Anthropic's, does, and return (headers of
        the response, its JSON with objects as `Fields`).

        The SDK sends the first requests to a path. Once one is answered, the others are sent with
        its address and headers, and so its key, by the HTTP client below the SDK, whose checks and
        copies of each field take as long as all the rest of a call. Where the key is refused then,
        the SDK sends the request, whose key may be another by now.

        Args:
            path: Where the service has the call, such as ``/chat/completions``.
            body: The request, in the service's words.

        Raises:
            Exception: of the SDK or of its HTTP client, and for a response that is no JSON.
            StatusError: for a response with another status than success.
        """
        import httpx2

        client: Any = self.client
        http = getattr(client, "_client", None)  # the SDKs have no public name for it
        if http and (first := self._requests.get(path)):
            request = http.build_request(
                "POST", first.url, headers=first.headers, extensions=first.extensions, json=body
            )
            response = await http.send(request)
            if response.status_code != HTTPStatus.UNAUTHORIZED:
                if not response.is_success:
                    raise StatusError(response)
                return response.headers, response.json(object_hook=Fields)
        response = await client.post(path, body=body, cast_to=httpx2.Response)
        for header in ("Content-Length", "Cookie", "Idempotency-Key"):
            response.request.headers.pop(header, None)
        self._requests[path] = response.request
        return response.headers, response.json(object_hook=Fields)

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - a provider says more
        """Return the capabilities of a model, by its name."""
        return Capabilities()

    def models(self) -> Sequence[str]:
        """Return the names of the models to ask, in the order of the configuration; then of those
        that can be asked in a market, market by market.
        """
        plain = [Model(self.name, name) for name in self.settings.models]
        within = [
            model.within(market.key).name
            for market in self.settings.markets
            for model in plain
            if not model.market and market.fits(self.capabilities(model.name).market)
        ]
        return (*self.settings.models, *within)

    def market(self, model: Model) -> Market:
        """Return the market in which a model is asked.

        Raises:
            ProviderFailed: when the model cannot be asked there, or the market is unknown.
        """
        if not model.market:
            return self.settings.home
        known = {market.key: market for market in self.settings.markets}
        market = known.get(model.market) or Market.of_key(model.market)
        if market is None or not market.fits(self.capabilities(model.within("").name).market):
            reason = f"it cannot be asked in this market; ask {model.within('')}."
            raise ProviderFailed(model=model, reason=reason, kind=FailureKind.REQUEST)
        return market

    def price(self, model: str) -> Price | None:
        """Return the price of a model by its name, or None when the price is unknown."""
        return self.service.price(model)

    def described(self, model: str, how: str, search: str, **more: Any) -> Capabilities:
        """Return the capabilities of a model. If its name ends in ``+search``, the model searches
        the web, with the configured limit of searches.

        Args:
            model: The model's name, such as ``gpt-5.4-mini+search``.
            how: The API that is called, for people, such as ``Responses API``.
            search: The name of the service's web search, for people, such as ``web search``.
            more: Further fields of `Capabilities`, which must not be those that are set here:
                ``search``, ``searches``, ``answer_limit``, ``how``, ``market`` and ``follow_ups``.
        """
        searches = Model(self.name, model).searches
        return Capabilities(
            search=searches,
            searches=self.settings.max_searches if searches else 0,
            answer_limit=self.settings.max_tokens,
            how=f"{how}, {search}" if searches else how,
            market=PLACE | {"persona"} if searches else frozenset({"persona"}),
            follow_ups=True,
            **more,
        )

    def sold_in_batches(self, model: str) -> bool:
        """Return whether the batch price of a model (by its name) is known."""
        price = self.price(model)
        return price is not None and price.batch is not None

    async def verify(self) -> datetime | None:
        """Check the key and the address by listing the models, which is free.

        A service without a list of models (status 404, 405 or 501) passes the check.

        Returns:
            The service's current time by its response; None when that is not known: for a service
            without a list, an SDK that gives no access to headers, and a response from a cache.

        Raises:
            ProviderUnavailable: when the call fails, or the SDK is not installed.
        """
        async with self.service.trying(lambda: self.client):
            client: Any = self.client
            models = getattr(client.models, "with_raw_response", client.models)
            response = await models.list()
            return service_time(getattr(response, "headers", {}))
        return None  # the service has no list of models

    async def list_models(self) -> Sequence[str]:
        """Return the ids of the models that the service offers, the newest first; models without a
        date come last, in the order of the service.

        Only the first `MAX_LISTED` models of the service's list are read. The result is empty for a
        service without a list of models (status 404, 405 or 501).

        Raises:
            ProviderUnavailable: when the call fails, or the SDK is not installed.
        """
        entries = sorted(await self.listed(), key=lambda entry: -_created(entry))
        return [entry["id"] for entry in entries if entry["id"]]

    async def listed(self) -> list[Fields]:
        """Return the entries of the service's list of models as it writes them, at most
        `MAX_LISTED`, with the id of each as ``id``. Raises as `list_models` does.
        """
        entries: list[Fields] = []
        async with self.service.trying(lambda: self.client):
            client: Any = self.client
            async for model in await client.models.list():
                entry = Fields(model.model_dump())
                name = entry.id or entry.name or ""
                entries.append(Fields(entry | {"id": str(name).removeprefix("models/")}))
                if len(entries) == MAX_LISTED:
                    break
        return entries

    async def close(self) -> None:
        """Close the connections of the SDK's client; nothing happens if no call was made."""
        if self._opened is not None:
            client: Any = self._opened
            await client.close()


def _is_refusal(error: Exception) -> bool:
    """Return whether an SDK's error says that a request's parameters are not accepted."""
    return (getattr(error, "status_code", None) or getattr(error, "code", None)) in REFUSING


def _created(model: Fields) -> float:
    """Return the time at which a model of a service's list was created, in seconds since 1970; 0
    when the time is not reported as a number or a datetime.
    """
    created = model.created or model.created_at or 0
    if isinstance(created, datetime):
        return created.timestamp()
    return float(created) if isinstance(created, int | float) else 0.0


def _reported_text(value: object) -> str:
    """Return a reported name or number as text, cut at `MAX_SOURCE_CHARS`; an empty string for a
    value of another type.
    """
    return str(value)[:MAX_SOURCE_CHARS] if isinstance(value, str | int | float) else ""


def _plausible_usage(reported: Mapping[str, object], text: str) -> Usage:
    """Return the reported counts of an answer. All are 0 when no tokens of the question are
    reported, or fewer tokens of the answer than its text can have.

    Such counts would price the call too low; without any, its cost is unknown.
    """
    counts = {field.name: _plausible_count(reported.get(field.name)) for field in fields(Usage)}
    fewest_tokens = len(text) / MAX_CHARACTERS_A_TOKEN
    is_possible = counts["input_tokens"] and counts["output_tokens"] >= fewest_tokens
    return Usage(**counts) if is_possible else Usage()


def _plausible_count(value: object) -> int:
    """Return a reported count, rounded up, so that no call is priced too low; 0 for a value that is
    no number from 0 to `MAX_TOKENS`.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return ceil(value) if number and 0 <= value <= MAX_TOKENS else 0  # type: ignore[operator, call-overload]


def _plausible_searches(reported: Iterable[Search]) -> tuple[Search, ...]:
    """Return the searches and openings, at most `MAX_SOURCES`, with the addresses that are texts of
    a possible length; what has neither a query nor a page is left out.
    """
    searches = (
        Search(
            _reported_text(search.query),
            tuple(
                dict.fromkeys(
                    page
                    for page in search.pages
                    if isinstance(page, str) and 0 < len(page) <= MAX_SOURCE_CHARS
                )
            )[:MAX_SOURCES],
        )
        for search in reported
    )
    return tuple(islice((s for s in searches if s.query or s.pages), MAX_SOURCES))


def _distinct_citations(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """Return one citation for each address. Sources that the answer cites come before those that
    were only retrieved, otherwise the order stays; of several with one address, the first is kept.
    At most `MAX_SOURCES` are returned, without those whose address is endless.
    """
    by_url: dict[str, Citation] = {}
    for citation in sorted(citations, key=lambda citation: not citation.cited):
        if len(citation.url) <= MAX_SOURCE_CHARS:
            title = citation.title[:MAX_SOURCE_CHARS]
            by_url.setdefault(citation.url, replace(citation, title=title))
    return tuple(by_url.values())[:MAX_SOURCES]
