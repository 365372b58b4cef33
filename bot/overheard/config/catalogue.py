"""The tables of config.toml that declare brands, prompts and facts, and of landscape.toml."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Collection, Iterator
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter, model_validator

from overheard.config.settings_base import Line, Settings
from overheard.domain import (
    FOLLOW_UP,
    Brand,
    Landscape,
    LandscapeEntry,
    LandscapeTopic,
    Prompt,
    Rule,
    prompt_variants,
)
from overheard.domain.models import PLAIN_MARKET

MAX_PROMPT_CHARS = 20_000
MAX_VARIANTS = 1_000
"""The most prompts that one table declares, by its personas and markets."""
MAX_NAME_CHARS = 200
"""The longest name of a brand; messages and charts have no room for more."""
_DOMAIN = re.compile(r"(?:https?://)?([^\s/@:]+\.[^\s/@:.]+)\.?(?::\d+)?(?:/\S*)?")


def read_domain(text: str) -> str:
    """Return the domain of an address, without scheme, port and path: ``acme.com`` for
    ``https://acme.com:443/about``. A ``www.`` stays.

    Raises:
        ValueError: for text without a domain, with which the brand's pages would count as pages of
            others.
    """
    match = _DOMAIN.fullmatch(text.strip())
    if match is None:
        raise ValueError("must be a web domain, such as acme.com")
    return match[1]


def _is_name(name: str) -> str:
    """Return the name of a brand, which no text shows without a letter or digit."""
    if not any(map(str.isalnum, name)):
        raise ValueError("must have a letter or a digit")
    if len(name) > MAX_NAME_CHARS:
        raise ValueError(f"must not be longer than {MAX_NAME_CHARS} characters")
    return name


def _is_asked(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def spelling_key(spelling: str) -> str:
    """Return the form in which two spellings are equal if they differ only by case, or by the way
    in which Unicode composes their letters.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", spelling).casefold())


BrandName = Annotated[Line, AfterValidator(_is_name)]


class RuleTable(Settings):
    """``[[brands.rules]]``: see `overheard.domain.Rule`."""

    spelling: Line
    exact_case: bool = False
    near: tuple[str, ...] = ()
    not_near: tuple[str, ...] = ()
    inside_words: bool = False
    languages: tuple[str, ...] = ()


class BrandTable(Settings):
    """``[[brands]]``: see `overheard.domain.Brand`. Only the name is needed."""

    name: BrandName
    aliases: tuple[BrandName, ...] = ()
    domains: tuple[Annotated[str, AfterValidator(read_domain)], ...] = ()
    competitors: tuple[BrandName, ...] = ()
    category: str = ""
    tracked: bool = True
    rules: tuple[RuleTable, ...] = ()
    parent: str = ""

    @model_validator(mode="after")
    def _is_no_competitor(self) -> BrandTable:
        """Return the table unchanged."""
        names = {spelling_key(name) for name in (self.name, *self.aliases)}
        for competitor in self.competitors:
            if spelling_key(competitor) in names:
                raise ValueError(f'competitors must not hold the brand itself, "{competitor}"')
        rivals = [spelling_key(competitor) for competitor in self.competitors]
        if twice := next((r for r in self.competitors if rivals.count(spelling_key(r)) > 1), ""):
            raise ValueError(f'competitors must not name the same twice, "{twice}"')
        return self

    def brand(self) -> Brand:
        """Return the brand that the table declares."""
        rules = tuple(Rule(**rule.model_dump()) for rule in self.rules)
        return Brand(**self.model_dump(exclude={"rules"}), rules=rules)


class PromptTable(Settings):
    """``[[prompts]]``: see `overheard.domain.Prompt`. A prompt without brands is asked for all
    brands.

    With `personas` or `markets` the table declares one prompt for each combination; ``{persona}``
    and ``{market}`` in the text are replaced. `then` is asked next in the same conversation.
    """

    text: Annotated[str, AfterValidator(_is_asked)] = Field(max_length=MAX_PROMPT_CHARS)
    then: tuple[Annotated[str, AfterValidator(_is_asked)], ...] = ()
    tags: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    topic: str = ""
    language: str = Field(
        default="", pattern=r"^([A-Za-z]{2,3}([-_][A-Za-z0-9]+)*)?$", examples=["de or pt-BR"]
    )
    personas: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _differ(self) -> PromptTable:
        """Return the table unchanged."""
        variant_count = max(1, len(self.personas)) * max(1, len(self.markets))
        if variant_count > MAX_VARIANTS:
            raise ValueError(
                f"personas and markets make {variant_count:,} questions of this one; write fewer, "
                f"{MAX_VARIANTS:,} at most"
            )
        for name in ("persona", "market"):
            values, place = getattr(self, f"{name}s"), f"{{{name}}}"
            if len(set(values)) != len(values):
                raise ValueError(f"{name}s must not name the same twice")
            if len(values) > 1 and place not in self.text:
                raise ValueError(f"text needs the place {place}, or all {name}s ask the same")
            if not values and place in self.text:
                raise ValueError(f"{name}s is missing; the text has the place {place}")
        for place in re.findall(r"\{(\w+)\}", self.text):
            close = difflib.get_close_matches(place, ("persona", "market"), n=1)
            if close and place != close[0]:
                raise ValueError(
                    f"text has the place {{{place}}}, which nothing fills; "
                    f"did you mean {{{close[0]}}}"
                )
        return self

    def prompts(self, brands: tuple[str, ...]) -> list[Prompt]:
        """Return the prompts that the table declares: one for each combination of persona and
        market, or one without them.

        Args:
            brands: The names of the brands for which they are asked; empty for all brands.
        """
        text = FOLLOW_UP.join((self.text, *self.then))
        prompt = Prompt(text, self.tags, brands, self.topic, language=self.language)
        return prompt_variants(prompt, self.personas, self.markets)


PLACE = frozenset({"country", "region", "city"})
MARKET_PARTS = PLACE | {"coordinates", "language", "persona"}
"""What may be sent of a market."""


class Market(Settings):
    """``[[markets]]``: where, in which language and as whom questions are asked.

    Attributes:
        name: The name for people; by default the country's code.
        country: The code in ISO 3166-1.
        region: The state or region; sent with the country, as is the city.
        coordinates: Latitude and longitude in degrees.
        language: The code in ISO 639-1.
        persona: Who asks, as a system text; products that people use are not sent it.
    """

    name: str = Field(default="", pattern=r"^[^@~/+]{0,30}$", examples=["founder"])
    country: str = Field(default="", pattern="^([A-Z]{2})?$", examples=["DE"])
    region: str = ""
    city: str = ""
    coordinates: tuple[float, float] | None = None
    language: str = Field(default="", pattern="^([a-z]{2}(-[A-Z]{2})?)?$", examples=["de"])
    persona: str = Field(default="", max_length=MAX_PROMPT_CHARS)

    @model_validator(mode="after")
    def _is_whole(self) -> Market:
        """Return the table unchanged."""
        if self.model_fields_set and not any(getattr(self, part) for part in MARKET_PARTS):
            raise ValueError("it needs a country, coordinates, a language or a persona")
        if (self.region or self.city) and not self.country:
            raise ValueError("country is missing; a region or city is sent with it")
        if self.model_fields_set and not (self.name or self.country):
            raise ValueError("name is missing, by which cards call a market without a country")
        return self

    @property
    def key(self) -> str:
        """The suffix of the names of models that are asked in it: ``DE-de``, or the name and a hash
        of what is sent, since answers to another text must not be compared with these.
        """
        rest = self.model_dump(include={"region", "city", "coordinates", "persona"})
        place = f"{self.country}-{self.language}".removesuffix("-")
        if self.country and not (self.name or any(rest.values())):
            return place
        digest = hashlib.blake2b(f"{place}{rest}".encode(), digest_size=2).hexdigest()
        return f"{self.name or self.city or self.region or self.country}~{digest}"

    @classmethod
    def of_key(cls, key: str) -> Market | None:
        """Return the market of a key such as ``DE-de``; None for one with a name."""
        found = PLAIN_MARKET.fullmatch(key)
        return cls(country=found[1], language=found[2] or "") if found else None

    def fits(self, parts: Collection[str]) -> bool:
        """Return whether a model that is sent some parts of a market can be asked in it: it is sent
        the country or the coordinates, or, where the market has none, any part of it.
        """
        sent = {part for part in MARKET_PARTS if getattr(self, part)}
        return bool(((sent & {"country", "coordinates"}) or sent).intersection(parts))

    @property
    def location(self) -> dict[str, str]:
        """The parts of the place that are not empty, by their names."""
        return {part: getattr(self, part) for part in sorted(PLACE) if getattr(self, part)}


class FactTable(Settings):
    """``[[facts]]``: see `overheard.domain.Fact`."""

    brand: Line
    field: Line
    value: Line
    as_of: date | None = None
    source: str = ""
    previous: tuple[str, ...] = ()


LANDSCAPE_FILE = "landscape.toml"


class EntryTable(Settings):
    """One topic of a vendor: see `overheard.domain.LandscapeEntry`."""

    value: str = Field(min_length=1)
    source: str = Field(pattern=r"^https?://\S+$", examples=["https://acme.com/bots"])
    as_of: date | None = None
    via: str = ""
    short: Line | None = None

    def entry(self, topic: LandscapeTopic, *, corrected: bool = False) -> LandscapeEntry:
        """Return the entry that the table declares."""
        return LandscapeEntry(
            topic, self.value, self.source, self.as_of, self.via, corrected, self.short or ""
        )


@cache  # building the validators takes longer than reading all files
def _validators() -> tuple[
    TypeAdapter[dict[str, date]], TypeAdapter[dict[LandscapeTopic, EntryTable]]
]:
    """Return the validators of the days on which models end, and of a vendor's entries."""
    return TypeAdapter(dict[str, date]), TypeAdapter(dict[LandscapeTopic, EntryTable])


def read_landscapes(package: str) -> Iterator[Landscape]:
    """Yield what is known of each vendor in the file ``landscape.toml`` of an import package, such
    as "overheard_openai", in the order of the file.

    Raises:
        ValueError: when the file is no valid landscape.
        FileNotFoundError: when the package has no such file.
    """
    tables = tomllib.loads(files(package).joinpath(LANDSCAPE_FILE).read_text(encoding="utf-8"))
    for name, table in tables.items():
        title, docs = str(table.pop("title", name)), str(table.pop("docs", ""))
        days, topics = _validators()
        ends = days.validate_python(table.pop("shutdowns", {}))
        read = topics.validate_python(table)
        entries = (read[topic].entry(topic) for topic in LandscapeTopic if topic in read)
        yield Landscape(name, title, tuple(entries), ends, docs)
