"""What is measured: brands, prompts, facts, schedules."""

import hashlib
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from importlib.resources import files
from itertools import product

CONTROL_TAG = "control"
"""The tag of control prompts, which are unrelated to the brand."""


FOLLOW_UP = " >> "
"""What stands in the text of a prompt before what is asked next in the same conversation."""


@lru_cache(4096)
def prompt_key(text: str) -> str:
    """Return the key of a prompt: 16 hex digits that depend only on its text.

    White space and Unicode composition do not count. Any other edit makes a new prompt, because its
    answers can no longer be compared with the old ones.
    """
    normal = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.blake2b(normal.encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition under which a spelling counts as a mention of a brand.

    Attributes:
        spelling: One of the brand's names.
        exact_case: Whether upper and lower case must match the spelling.
        near: Words of which at least one must occur in the same sentence; empty means no condition.
        not_near: Words that must not occur in the same sentence.
        inside_words: Whether the spelling also counts inside a longer word.
        languages: Languages of the prompts (such as ``de``) in whose answers the spelling counts;
            empty means all. A prompt without a language matches every language.
    """

    spelling: str
    exact_case: bool = False
    near: tuple[str, ...] = ()
    not_near: tuple[str, ...] = ()
    inside_words: bool = False
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Brand:
    """A brand that models are asked about, or a competitor of such a brand.

    Attributes:
        name: The common name; unique.
        aliases: Other spellings that mean the same brand.
        domains: Web domains that the brand owns, without scheme, such as ``acme.com``.
        competitors: Names of the brands that the brand is compared with.
        category: The kind of product in buyers' words, such as ``project management tool``.
        tracked: False for a brand that is only a competitor of others: it is scored and shown,
            and never raises an alert.
        rules: Conditions under which spellings of the brand count.
        parent: Name of the brand of which the brand is a part, or an empty string: an answer that
            names "Ninja Foodi" names Ninja too.
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
        """All spellings: the name, then the aliases in order."""
        return (self.name, *self.aliases)


@dataclass(frozen=True)
class Prompt:
    """A question that buyers ask.

    The text is sent unchanged. Persona, market and language are labels to group by and are not
    sent; what the model should know of them is part of the text.

    Attributes:
        text: The question as sent; a further turn of the conversation follows each `FOLLOW_UP`.
        tags: Labels to group by.
        brands: Names of the brands for which the prompt is asked; empty means all brands.
        topic: Subject of the question, such as ``pricing``.
        persona: The buyer who asks, such as ``a freelance designer``.
        language: The language in which an answer is expected, such as ``de``.
        market: The country or region of the buyer, such as ``Germany``.
    """

    text: str
    tags: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    topic: str = ""
    persona: str = ""
    language: str = ""
    market: str = ""

    @cached_property
    def key(self) -> str:
        """The key of the text, see `prompt_key`."""
        return prompt_key(self.text)

    @cached_property
    def turns(self) -> tuple[str, ...]:
        """What is asked, turn by turn, without empty turns; most prompts have one."""
        turns = map(str.strip, self.text.split(FOLLOW_UP))
        return tuple(filter(None, turns)) or (self.text,)

    @cached_property
    def is_control(self) -> bool:
        """Whether it has the tag of control prompts, which are unrelated to any brand."""
        return CONTROL_TAG in self.tags

    def concerns(self, brand: str) -> bool:
        """Return whether the prompt is asked for a brand, given by its name."""
        return not self.brands or brand in self.brands


NEVER_SAY = frozenset({"never say", "never", "not true", "false claims"})
"""Fields of a fact sheet whose values are false."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A true statement about a brand, which answers are compared with.

    Attributes:
        brand: The brand's name.
        field: The property, such as ``founded`` or ``price``.
        value: The true value, as text.
        as_of: The day on which the value was last checked, or None.
        source: Address of a page that states the value, or an empty string.
        previous: Values that were true once; an answer that states such a value is out of date.
    """

    brand: str
    field: str
    value: str
    as_of: date | None = None
    source: str = ""
    previous: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The field without its qualifier, in lower case and with spaces for underscores: ``price``
        for ``Price (Pro plan)`` and for ``price: Pro plan``.
        """
        return " ".join(self._parts[0].replace("_", " ").split()).casefold()

    @property
    def limit(self) -> str:
        """The qualifier of the field: ``Pro plan`` for ``price (Pro plan)`` and for ``price: Pro
        plan``; "" without one.
        """
        return self._parts[1].strip()

    @property
    def untrue(self) -> bool:
        """Whether the value is false, by a field such as ``never say``: an answer that states it is
        wrong.
        """
        return self.head.replace("-", " ") in NEVER_SAY

    @property
    def _parts(self) -> tuple[str, str]:
        """(field, qualifier) as written, around the first parenthesis or colon; the qualifier may
        be "".
        """
        head, _, tail = self.field.replace("(", ":").replace(")", "").partition(":")
        return head, tail


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times at which checks run automatically.

    Attributes:
        name: Unique.
        cron: Five fields: minute, hour, day of month, month, day of week.
        timezone: An IANA zone, such as ``Europe/Berlin``.
        brands: Names of the brands to check; empty means all.
        repeats: How often each prompt is asked of each model; 1 or more.
        batch: Whether to use the vendors' batch service where there is one: cheaper and slower.
    """

    name: str
    cron: str
    timezone: str = "UTC"
    brands: tuple[str, ...] = ()
    repeats: int = 1
    batch: bool = False

    def concerns(self, brand: str) -> bool:
        """Return whether a brand, given by its name, is checked."""
        return not self.brands or brand in self.brands


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The brands, prompts, facts and schedules of a deployment."""

    brands: tuple[Brand, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    facts: tuple[Fact, ...] = ()
    schedules: tuple[Schedule, ...] = ()

    def brand(self, name: str) -> Brand | None:
        """Return the first brand with a name or alias, compared without case; None without such a
        brand.
        """
        wanted = name.casefold()
        for brand in self.brands:
            if wanted in (spelling.casefold() for spelling in brand.names):
                return brand
        return None

    @property
    def tracked(self) -> list[Brand]:
        """The brands that raise alerts; all other brands are only competitors."""
        return [brand for brand in self.brands if brand.tracked]

    @property
    def controls(self) -> tuple[Prompt, ...]:
        """The control prompts: its own or, without any, those that come with the program."""
        return control_prompts(self.prompts)

    def prompts_for(self, brand: str) -> tuple[Prompt, ...]:
        """Return the prompts that are asked for one brand, in order; also those for all brands."""
        return tuple(p for p in self.prompts if p.concerns(brand))

    def facts_of(self, brand: str) -> dict[str, str]:
        """Return the values of a brand's facts by their fields; the brand is given by its name."""
        return {fact.field: fact.value for fact in self.facts if fact.brand == brand}

    def names_with_rivals(self, brands: Iterable[str]) -> list[str]:
        """Return the names of brands in their order, then those of the brands that each is compared
        with; each name once. A name without a brand in the catalogue is kept.
        """
        names = dict.fromkeys(brands)
        rivals = [rival.name for brand in names for rival in self.rivals(brand)]
        return list(names | dict.fromkeys(rivals))

    def rivals(self, brand: str) -> tuple[Brand, ...]:
        """Return the brands that a brand is compared with, each once, without the brand itself.

        For a tracked brand these are its competitors. For an untracked brand these are the brands
        that name it as a competitor, and all competitors of those and of its own. They are in the
        order in which the catalogue names them; a name without a brand is left out.
        """
        names: dict[str, None] = {}
        is_tracked = any(other.name == brand and other.tracked for other in self.brands)
        for market in self.brands:
            members = (market.name, *market.competitors)
            if brand == market.name or (brand in members and not is_tracked):
                names.update(dict.fromkeys(members))
        names.pop(brand, None)
        return tuple(found for name in names if (found := self.brand(name)))


def control_prompts(prompts: Iterable[Prompt]) -> tuple[Prompt, ...]:
    """Return the prompts with the tag `CONTROL_TAG`, in their order; if there are none, the control
    prompts of ``controls.toml``, which come with the program.
    """
    own = tuple(prompt for prompt in prompts if prompt.is_control)
    if own:
        return own
    text = files("overheard.domain").joinpath("controls.toml").read_text(encoding="utf-8")
    return tuple(Prompt(question) for question in tomllib.loads(text)["prompts"])


def prompt_variants(
    prompt: Prompt, personas: Sequence[str] = (), markets: Sequence[str] = ()
) -> list[Prompt]:
    """Return a copy of a prompt for each persona in each market: for the first persona in all
    markets, then for the next.

    ``{persona}`` and ``{market}`` in the text are replaced, so that the variants have different
    texts and therefore different keys. In a text without these placeholders, persona and market are
    labels only, and the variants have the same key.

    Args:
        prompt: The template; everything else is copied from it.
        personas: Personas; empty means the prompt's own persona.
        markets: Markets; empty means the prompt's own market.
    """
    return [
        replace(
            prompt,
            text=prompt.text.replace("{persona}", persona).replace("{market}", market),
            persona=persona,
            market=market,
        )
        for persona, market in product(personas or (prompt.persona,), markets or (prompt.market,))
    ]
