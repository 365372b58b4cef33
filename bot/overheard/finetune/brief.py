"""What content to write: gaps in what models say of a brand, the largest and surest first.

Every item counts the answers in which it shows, among all answers to buyers' questions, and has
the 90 % Wilson interval of that share. Items are ranked by the lower end: what comes up often, and
is known to. What a page should state comes from the fact sheet alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from overheard.cards import wording
from overheard.domain import Brand, Fact, Model
from overheard.finetune.evidence import ACCURACY, SENTIMENT, VISIBILITY
from overheard.measure.rates import Interval, wilson


class Kind(StrEnum):
    """What kind of gap it is."""

    ABSENT = "absent"
    """Models name competitors and not the brand."""
    CLAIM = "claim"
    """Models state something wrong or out of date."""
    UNSTATED = "unstated"
    """No model states a fact."""
    SENTIMENT = "sentiment"
    """Models speak badly of the brand on a topic."""
    SOURCE = "source"
    """Answers that do not name the brand cite a site that is not its own."""


LABELS = {
    Kind.ABSENT: "not named",
    Kind.CLAIM: "wrong",
    Kind.UNSTATED: "not told",
    Kind.SENTIMENT: "criticised",
    Kind.SOURCE: "not listed",
}
"""What is the matter, for people."""

METRICS = {
    Kind.ABSENT: VISIBILITY,
    Kind.CLAIM: ACCURACY,
    Kind.UNSTATED: ACCURACY,
    Kind.SENTIMENT: SENTIMENT,
    Kind.SOURCE: VISIBILITY,
}
"""The metric that should move once content is published."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence from an answer.

    Attributes:
        model: Who gave it.
        prompt: What was asked.
        text: The sentence.
    """

    model: Model
    prompt: str
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of content to write.

    Attributes:
        kind: What kind of gap it fills.
        subject: What it is about: a prompt's key, a fact's field, a topic, a site.
        title: The same for people.
        why: What the evidence is, in a sentence.
        hits: In how many answers it shows.
        answers: Among how many.
        stated: What models state of it, or an empty string.
        prompts: Keys of the questions to whose answers it shows.
        models: In whose answers it shows, most first.
        sources: Sites that those answers cite, most first, and how often.
        reachable: Those of them that belong neither to the brand nor to a competitor.
        said: Sentences from them.
        facts: What a page should state.
        missing: Which fact to add to the sheet first, or an empty string.
    """

    kind: Kind
    subject: str
    title: str
    why: str
    hits: int
    answers: int
    stated: str = ""
    prompts: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    reachable: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()
    facts: tuple[Fact, ...] = ()
    missing: str = ""

    @property
    def key(self) -> str:
        """What it is called in commands: 6 hex digits that stay the same between briefs."""
        return item_key(self.kind, self.subject, self.stated)

    @property
    def interval(self) -> Interval:
        """The 90 % interval of the share of answers in which it shows."""
        return wilson(self.hits / self.answers, self.answers) if self.answers else (0.0, 1.0)


def item_key(kind: str, subject: str, stated: str = "") -> str:
    """Return the key of an item."""
    whole = f"{kind}\n{subject.casefold()}\n{stated.casefold()}"
    return hashlib.blake2b(whole.encode(), digest_size=3).hexdigest()


@dataclass(frozen=True, slots=True)
class Market:
    """Whose brief it is, and what it may draw on.

    Attributes:
        brand: The brand.
        rivals: Whom it stands beside.
        facts: What may be told of it, see `overheard.finetune.texts.tellable`.
    """

    brand: Brand
    rivals: tuple[Brand, ...]
    facts: tuple[Fact, ...]

    def owner(self, site: str) -> str:
        """Return which of the brands a site belongs to, or an empty string.

        By its domains; a rival's that nobody has listed are known by their name.
        """
        for brand in (self.brand, *self.rivals):
            names = {_plain(name) for name in brand.names}
            if any(_within(site, d) for d in brand.domains) or _plain(_label(site)) in names:
                return brand.name
        return ""


def _within(site: str, domain: str) -> bool:
    return site == domain or site.endswith(f".{domain}")


def _label(site: str) -> str:
    """Return what a site is called: ``zeta`` of ``help.zeta.com`` and ``zeta.co.uk``."""
    labels = site.split(".")[:-1]
    while len(labels) > 1 and len(labels[-1]) <= 3:
        labels.pop()
    return labels[-1] if labels else ""


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def ranked(items: Iterable[Item]) -> list[Item]:
    """Return items, those that hit most answers for sure first."""
    return sorted(items, key=lambda item: (-item.interval[0], -item.hits, item.kind, item.subject))


def steps(item: Item, brand: str) -> list[str]:
    """Return what to do about an item, the first thing first."""
    said = [line.format(brand=brand, item=item) for line in _STEPS[item.kind]]
    if item.kind is Kind.UNSTATED and not item.hits:
        said.append(_UNASKED)
    return [*said, *_ask(item)]


_STEPS = {
    Kind.ABSENT: (
        (
            "Publish a page that has this question as its title, answers it in the first "
            "paragraph, and says by name where {brand} fits and where it does not."
        ),
    ),
    Kind.CLAIM: (
        (
            "State the right {item.subject} in one plain sentence that names {brand}, with the day "
            "from which it holds, on the page where buyers look for it."
        ),
        "Search your own pages and profiles for “{item.stated}”, and take it down.",
    ),
    Kind.UNSTATED: (
        (
            "Say it in one plain sentence that names {brand}, as text and not in a picture, on a "
            "page that can be read without signing in."
        ),
    ),
    Kind.SENTIMENT: (
        (
            "First find out from your own people whether the criticism is right. If it is, mend "
            "that: no page will help."
        ),
        (
            "If it is out of date or wrong, publish what is true today, with figures and the day, "
            "and let customers of {brand} say it in their own words."
        ),
    ),
    Kind.SOURCE: (
        (
            "See what {item.subject} says of your category and how names get there: by a listing, "
            "a review, an article, an answer of yours. Get {brand} named that way, with the facts "
            "below."
        ),
    ),
}
_UNASKED = (
    "None of your prompts asks for it. If buyers do, add such a prompt, so that you can see "
    "whether the page works."
)


def _ask(item: Item) -> Iterator[str]:
    """Name the sites that answers cite and that belong to neither side."""
    sites = wording.listing(item.reachable[:3])
    if sites and item.kind is Kind.CLAIM:
        yield (
            f"Look at what is said on {sites}, which these answers cite, and ask for a correction "
            "where it is wrong."
        )
    elif sites:
        yield (
            f"Make the page known to {sites}, which these answers cite: by a word to the editors "
            "where there are any, and under your own name where anybody can write."
        )
