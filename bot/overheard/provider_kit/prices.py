"""Price lists: files of a plugin that say what models charge, and where that is written.

A list is a TOML file. Each price names its sources, and each source its page and the day on which
it was read::

    [sources.vendor]
    url = "https://vendor.example/pricing"
    read = 2026-11-05

    [models."m-1"]
    source = ["vendor"]
    input = 1.25
    output = 10.00

An unknown price is None, never zero and never that of a similar model.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from importlib.resources import files

from pydantic import Field

from overheard.config.settings import Settings
from overheard.domain import Model, Price, Reply
from overheard.provider_kit.settings import PriceTable


class Source(Settings):
    """Where prices are written.

    Attributes:
        url: The vendor's page.
        read: The day on which it was read.
        via: Where it was read, if not at the vendor's.
        note: What it says beside the numbers.
    """

    url: str
    read: date
    via: str = ""
    note: str = ""


class ListedPrice(PriceTable):
    """A price of the list.

    Attributes:
        source: The names of its sources.
        until: The last day on which it holds, where the vendor says so.
    """

    source: tuple[str, ...] = Field(min_length=1)
    until: date | None = None


class PriceFile(Settings):
    """A price list as it is written."""

    sources: Mapping[str, Source]
    models: Mapping[str, ListedPrice] = Field(default_factory=dict)


class PriceList:
    """What a provider's models charge.

    Args:
        own: Prices of the configuration, by model id; they go first.
        package: The plugin's import package, whose ``prices.toml`` is the list; without one
            there is none.
        vendor: What a model's id is prefixed with in the list, as in ``vendor/m-1``, where a
            plugin serves several vendors.
    """

    def __init__(self, own: Mapping[str, PriceTable], package: str = "", vendor: str = "") -> None:
        self._own = own
        self._package = package
        self._prefix = f"{vendor}/" if vendor else ""

    def price(self, name: str) -> Price | None:
        """Return what a model charges as it is asked, or None when nobody has told it.

        With web search, the price of a search must be known too.
        """
        model = Model("", name)
        for candidate in (name, model.id):
            if table := self._own.get(candidate) or self._listed(candidate):
                return self._price(table, searches=model.searches)
        return None

    def _listed(self, name: str) -> ListedPrice | None:
        table = self._file.models.get(self._prefix + name)
        over = table and table.until and table.until < datetime.now(UTC).date()
        return None if over else table

    def _price(self, table: PriceTable, *, searches: bool) -> Price | None:
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
        if not isinstance(table, ListedPrice):
            return "the configuration"
        sources = [self._file.sources[name] for name in table.source]
        told = (f"{s.url}, read {s.read:%Y-%m-%d}{s.via and f' via {s.via}'}" for s in sources)
        return "; ".join(told)

    @cached_property
    def _file(self) -> PriceFile:
        if not self._package:
            return PriceFile(sources={})
        text = files(self._package).joinpath("prices.toml").read_text(encoding="utf-8")
        return PriceFile.model_validate(tomllib.loads(text))


PATIENCE = 10.0
"""Seconds that a look-up may take. It is asked beside an answer that is there already."""


class CreationDates:
    """Looks up when a model was made, and never fails: what is not told is None.

    Args:
        look_up: From a served model's id to what its service tells: a datetime, or seconds
            since 1970.
    """

    def __init__(self, look_up: Callable[[str], Awaitable[object]]) -> None:
        self._look_up = look_up
        self._known: dict[str, asyncio.Task[datetime | None]] = {}

    async def dated(self, reply: Reply) -> Reply:
        """Return a reply with the date of the model that served it."""
        created = await self._of(reply.served_model) if reply.served_model else None
        return replace(reply, model_created=created)

    async def _of(self, served_model: str) -> datetime | None:
        task = self._known.get(served_model)
        if task is None or task.cancelled():
            task = self._known[served_model] = asyncio.create_task(self._find(served_model))
        return await asyncio.shield(task)

    async def _find(self, served_model: str) -> datetime | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return _moment(await self._look_up(served_model))
        except Exception:  # a gateway may know no models, or answer anything
            return None


def _moment(told: object) -> datetime | None:
    """Read a moment; the first year of all clocks stands for an unknown one."""
    if isinstance(told, datetime):
        moment = told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    elif isinstance(told, int | float):
        moment = datetime.fromtimestamp(told, UTC)
    else:
        return None
    return moment if moment.year > 1970 else None
