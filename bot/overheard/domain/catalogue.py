"""What is measured: brands, prompts, facts, schedules."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import product


@lru_cache(4096)
def prompt_key(text: str) -> str:
    """Return the key of a prompt: 16 hex digits that depend on its text alone.

    White space and Unicode composition do not count; any other edit makes a new prompt, because
    its answers can no longer be compared with the old ones.
    """
    normal = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.blake2b(normal.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """When a spelling of a brand counts, where the built-in rules are not enough.

    Attributes:
        spelling: One of the brand's names.
        exact_case: Whether it must be written in this very case.
        near: Words of which one must stand in the same sentence; empty means none must.
        not_near: Words of which none may stand in the same sentence.
        inside_words: Whether it counts inside a longer word as well.
        languages: Languages of the prompts (such as ``de``) whose answers it counts in; empty
            means all. A prompt whose language nobody has told counts as any.
    """

    spelling: str
    exact_case: bool = False
    near: tuple[str, ...] = ()
    not_near: tuple[str, ...] = ()
    inside_words: bool = False
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand whose standing with the models is measured.

    Attributes:
        name: The name people know it by; unique.
        aliases: Other spellings that mean the same brand.
        domains: Web domains that the brand owns, without scheme, such as ``acme.com``.
        competitors: Names of the brands it is measured beside.
        category: What it is, in buyers' words, such as ``project management tool``.
        tracked: False for a brand that is known only as somebody's competitor: it is scored
            and shown, and never raises an alert.
        rules: When its spellings count.
        parent: Name of the brand that it is a part of, or an empty string: whoever names
            "Ninja Foodi" has named Ninja too.
    """

    name: str
    aliases: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    competitors: tuple[str, ...] = ()
    category: str = ""
    tracked: bool = True
    rules: tuple[Rule, ...] = ()
    parent: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All spellings, the name first."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question that buyers ask.

    The text is sent as it stands. Who asks, from where and in which language are labels to group
    by: what of them the model is to know stands in the text, see `overheard.runs.suggestions`.

    Attributes:
        text: The question as it is sent.
        tags: Labels to group by.
        brands: Names of the brands it is asked for; empty means for all.
        topic: What it is about, such as ``pricing``.
        persona: Who asks, such as ``a freelance designer``.
        language: The language in which an answer is expected, such as ``de``.
        market: Where it is asked, such as ``Germany``.
    """

    text: str
    tags: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    topic: str = ""
    persona: str = ""
    language: str = ""
    market: str = ""

    @property
    def key(self) -> str:
        """The key of the text, see `prompt_key`."""
        return prompt_key(self.text)


NEVER_SAY = frozenset({"never say", "never", "not true", "false claims"})
"""Fields of a fact sheet whose values are false."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true about a brand, to hold answers against.

    Attributes:
        brand: The brand's name.
        field: What it is about, such as ``founded`` or ``price``.
        value: The truth, as text.
        as_of: The day on which it was checked, or None.
        source: A page that states it, or an empty string.
        previous: Values that were true once; an answer that states one is out of date.
    """

    brand: str
    field: str
    value: str
    as_of: date | None = None
    source: str = ""
    previous: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The field without what it is limited to: ``price`` of ``price (Pro plan)``."""
        return " ".join(self._parts[0].replace("_", " ").split()).casefold()

    @property
    def limit(self) -> str:
        """What the field is limited to: ``Pro plan`` of ``price (Pro plan)``, or nothing."""
        return self._parts[1].strip()

    @property
    def untrue(self) -> bool:
        """Whether the value must not be said: answers are held against it, and nobody tells it."""
        return self.head.replace("-", " ") in NEVER_SAY

    @property
    def _parts(self) -> tuple[str, str]:
        head, _, tail = self.field.replace("(", ":").replace(")", "").partition(":")
        return head, tail


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a check runs by itself.

    Attributes:
        name: Unique.
        cron: Five fields: minute, hour, day of month, month, day of week.
        timezone: An IANA zone, such as ``Europe/Berlin``.
        brands: Names of the brands it checks; empty means all.
        repeats: How often each pair of prompt and model is asked.
        batch: Whether models that are sold in batches are asked in one, later and for less.
    """

    name: str
    cron: str
    timezone: str = "UTC"
    brands: tuple[str, ...] = ()
    repeats: int = 1
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What a deployment measures: its brands, prompts, facts and schedules."""

    brands: tuple[Brand, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    facts: tuple[Fact, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    def brand(self, name: str) -> Brand | None:
        """Return the brand of this name or alias, whatever its case, or None."""
        wanted = name.casefold()
        for brand in self.brands:
            if wanted in (spelling.casefold() for spelling in brand.names):
                return brand
        return None

    def prompts_for(self, brand: str) -> tuple[Prompt, ...]:
        """Return the prompts that are asked for one brand."""
        return tuple(p for p in self.prompts if not p.brands or brand in p.brands)

    def rivals(self, brand: str) -> tuple[Brand, ...]:
        """Return whom a brand is measured beside.

        For a tracked brand these are its competitors; for a brand that is only somebody's
        competitor, the rest of the markets it stands in.
        """
        names: dict[str, None] = {}
        for market in self.brands:
            members = (market.name, *market.competitors)
            if brand == market.name or (brand in members and not self._tracked(brand)):
                names.update(dict.fromkeys(members))
        names.pop(brand, None)
        return tuple(found for name in names if (found := self.brand(name)))

    def _tracked(self, brand: str) -> bool:
        return any(b.name == brand and b.tracked for b in self.brands)


def prompt_variants(
    prompt: Prompt, personas: Sequence[str] = (), markets: Sequence[str] = ()
) -> list[Prompt]:
    """Return a prompt for each persona in each market.

    The places ``{persona}`` and ``{market}`` in its text are filled in, so that the text of each
    variant is what is sent, and its key tells it apart. A text without such a place stays as it
    is, and the persona or market is a mere label.

    Args:
        prompt: What all have in common.
        personas: Who asks; empty for the prompt's own.
        markets: Where; empty for the prompt's own.
    """
    return [
        replace(prompt, text=_filled(prompt.text, persona, market), persona=persona, market=market)
        for persona, market in product(personas or (prompt.persona,), markets or (prompt.market,))
    ]


def _filled(text: str, persona: str, market: str) -> str:
    return text.replace("{persona}", persona).replace("{market}", market)
