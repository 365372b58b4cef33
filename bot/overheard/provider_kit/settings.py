"""The settings in every ``[providers.*]`` table of a hosted service, and price lists: TOML files in
plugins with the prices of models and their sources.

Each price names its sources; each source has a page and the day on which the page was read::

    [sources.vendor]
    url = "https://vendor.example/pricing"
    read = 2026-11-05

    [models."m-1"]
    source = ["vendor"]
    input = 1.25
    output = 10.00

An unknown price is None, never zero and never the price of a similar model.
"""

import asyncio
import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.resources import files
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from overheard.config.catalogue import Market
from overheard.config.secrets import Secret
from overheard.config.sections import MAX_CONCURRENCY
from overheard.config.settings_base import Dollars, Line, Settings
from overheard.domain import Model, Price, Reply


class PriceTable(Settings):
    """The price of a model in US dollars, see `overheard.domain.Price`.

    Attributes:
        input: Per million tokens sent.
        output: Per million tokens received.
        cached: Per million tokens sent that the vendor read from its cache.
        search: Per web search.
        batch: Factor on the token prices in a batch.
        batch_cached: The factor for tokens read from the cache, if it is another.
    """

    input: Dollars
    output: Dollars
    cached: Dollars | None = None
    search: Dollars | None = None
    batch: float | None = Field(default=None, gt=0, le=1)
    batch_cached: float | None = Field(default=None, gt=0, le=1)


class ProviderSettings(Settings):
    """A service and its models.

    Attributes:
        base_url: The service's address. Messages show it, so it must not contain a user name,
            password or query.
        models: The ids of the models to ask by default; ``ID+search`` asks with web search.
        markets: Those of ``[[markets]]``, which are filled in: the models are asked in each, too.
        prices: Prices by model id; they override the built-in price list.
        max_tokens: The answer window: the largest length of an answer in tokens. Without it the
            service decides, and an answer that the service cuts is not scored.
        max_searches: The largest number of searches per answer, where the service accepts a limit.
        connect_timeout: Timeout of connecting in seconds.
        first_byte_timeout: Timeout between two bytes in seconds; None means `timeout`.
        timeout: Timeout of a complete answer in seconds.
        concurrency: The largest number of concurrent calls.
    """

    base_url: str
    models: tuple[Annotated[Line, Field(max_length=200)], ...] = Field(min_length=1)
    markets: tuple[Market, ...] = ()
    prices: Mapping[str, PriceTable] = Field(default_factory=dict)
    max_tokens: int | None = Field(default=None, ge=1, le=10_000_000)
    max_searches: int = Field(default=3, ge=1, le=20)
    connect_timeout: float = Field(default=10, gt=0, le=600)
    first_byte_timeout: float | None = Field(default=None, gt=0, le=600)
    timeout: float = Field(default=120, gt=0, le=600)
    concurrency: int = Field(default=4, ge=1, le=MAX_CONCURRENCY)

    @cached_property
    def home(self) -> Market:
        """Where and as whom models are asked whose names have no market."""
        return Market()

    @property
    def silence(self) -> float:
        """Timeout between two bytes in seconds."""
        return self.first_byte_timeout or self.timeout

    @field_validator("base_url")
    @classmethod
    def _shows_no_secret(cls, url: str) -> str:
        """Return the address of a service unchanged, if messages may show it."""
        if not _is_address(url):
            raise ValueError('must be an address such as "http://localhost:11434/v1"')
        if "@" in urlsplit(url).netloc or "?" in url or "#" in url:
            raise ValueError(
                "must hold no user name, password, query or fragment; put the key into an "
                "environment variable and name that as api_key_env"
            )
        return url

    @field_validator("api_key", check_fields=False)
    @classmethod
    def _fits_a_header(cls, key: Secret | None) -> Secret | None:
        """Return the key unchanged; None for a service without a key."""
        text = key.get_secret_value() if key else ""
        if not re.fullmatch(r"[!-~]*", text):
            raise ValueError(
                "has a blank, a line break or a letter with an accent in it; copy the key again"
            )
        return key


def _is_address(url: str) -> bool:
    """Return whether a text is an http or https address with a host, without blanks and control
    characters. A port, if there is one, must be from 1 to 65535.
    """
    try:
        parts = urlsplit(url)
        has_host = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # the error's text may repeat a password
        return False
    return has_host and url.isprintable() and " " not in url


class PricePage(Settings):
    """A page with prices.

    Attributes:
        url: The vendor's page.
        read: The day on which the page was read.
        via: The copy that was read instead of the page, or an empty string.
        note: A remark on the page, or an empty string.
    """

    url: str
    read: date
    via: str = ""
    note: str = ""


class ListedPrice(PriceTable):
    """A price in a price list.

    Attributes:
        source: The names of the sources.
        until: The last day on which the price is valid, or None.
    """

    source: tuple[str, ...] = Field(min_length=1)
    until: date | None = None


class PriceFile(Settings):
    """The content of a ``prices.toml``."""

    sources: Mapping[str, PricePage]
    models: Mapping[str, ListedPrice] = Field(default_factory=dict)


class PriceList:
    """The prices of a provider's models, from the configuration and the plugin's price list.

    Args:
        own: Prices of the configuration, by model id; they override the list.
        package: The plugin's import package, which contains ``prices.toml``; empty for no list.
        vendor: Prefix of model ids in the list, as in ``vendor/m-1``, for a plugin that serves
            several vendors.
    """

    def __init__(self, own: Mapping[str, PriceTable], package: str = "", vendor: str = "") -> None:
        self._own = own
        self._package = package
        self._prefix = f"{vendor}/" if vendor else ""

    def price(self, name: str) -> Price | None:
        """Return the price of a model, or None when the price is unknown.

        The price of the configuration goes before that of the price list. A name that ends in
        ``+search`` is looked up as it is and then without this ending. The price of a search must
        be known for it, or the whole price is unknown.

        Args:
            name: The model's name, such as ``gpt-5.4-mini+search``.
        """
        model = Model("", name)
        for candidate in (name, model.id):
            listed = self._file.models.get(self._prefix + candidate)
            if listed and listed.until and listed.until < datetime.now(UTC).date():
                listed = None
            if table := self._own.get(candidate) or listed:
                return self._price_of_table(table, searches=model.searches)
        return None

    def _price_of_table(self, table: PriceTable, *, searches: bool) -> Price | None:
        """Return a table as a price."""
        if searches and table.search is None:
            return None
        return Price(
            input=table.input,
            output=table.output,
            cached=table.cached,
            search=table.search or 0.0,
            batch=table.batch,
            batch_cached=table.batch_cached,
            source=self._source(table),
        )

    def _source(self, table: PriceTable) -> str:
        """Return where a price was read: "the configuration" or, for a price of the price list, its
        pages: ``https://vendor.example/pricing, read 2026-11-05``. A page of which a copy was read
        ends with ``via`` and the copy; several pages are separated by semicolons.
        """
        if not isinstance(table, ListedPrice):
            return "the configuration"
        places = []
        for page in (self._file.sources[name] for name in table.source):
            copy = f" via {page.via}" if page.via else ""
            places.append(f"{page.url}, read {page.read:%Y-%m-%d}{copy}")
        return "; ".join(places)

    @cached_property
    def _file(self) -> PriceFile:
        """The validated ``prices.toml`` of the plugin's package; without models if there is no
        package. Raises the error of a missing or malformed file.
        """
        if not self._package:
            return PriceFile(sources={})
        text = files(self._package).joinpath("prices.toml").read_text(encoding="utf-8")
        return PriceFile.model_validate(tomllib.loads(text))


LOOKUP_TIMEOUT_S = 10.0
"""Seconds that the request of a creation date may take; the answer itself has already arrived."""


class CreationDates:
    """Looks up when served models were created; an unknown date is None, never an error.

    Args:
        look_up: Returns the creation date for a served model's id: a datetime, or seconds since
            1970.
    """

    def __init__(self, look_up: Callable[[str], Awaitable[object]]) -> None:
        self._look_up = look_up
        self._look_ups: dict[str, asyncio.Task[datetime | None]] = {}

    async def dated(self, reply: Reply) -> Reply:
        """Return a reply with the creation date of its served model, in UTC; with None as the date
        when the reply names no served model, or the service gives no date.
        """
        created = await self._creation_date(reply.served_model) if reply.served_model else None
        return replace(reply, model_created=created)

    async def _creation_date(self, served_model: str) -> datetime | None:
        """Return the creation date of a served model, or None when it is unknown.

        Each model is looked up once in the life of the process, also when no date was found. The
        look-up is a task of its own: replies that arrive before its end wait for the same task, and
        it goes on when one of them is cancelled.
        """
        task = self._look_ups.get(served_model)
        if task is None or task.cancelled():
            task = self._look_ups[served_model] = asyncio.create_task(self._find(served_model))
        return await asyncio.shield(task)

    async def _find(self, served_model: str) -> datetime | None:
        """Ask the service when a model was created. Return None when the service gives no date,
        raises an error, or takes longer than `LOOKUP_TIMEOUT_S`.
        """
        try:
            async with asyncio.timeout(LOOKUP_TIMEOUT_S):
                return _date_in_utc(await self._look_up(served_model))
        except Exception:  # a gateway may know no models, or answer anything
            return None


def _date_in_utc(value: object) -> datetime | None:
    """Return a creation date in UTC; None for other types, and for 1970 and before, which stand for
    an unknown date. Raises ValueError or OverflowError for a number beyond all dates.
    """
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    elif isinstance(value, int | float):
        moment = datetime.fromtimestamp(value, UTC)
    else:
        return None
    return moment if moment.year > 1970 else None
