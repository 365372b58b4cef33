"""What content to write: gaps in what models say of a brand, the largest and surest first.

Every item counts the answers in which it shows, among all answers to buyers' questions, and has
the 90 % Wilson interval of that share. Items are ranked by the lower end: what comes up often, and
is known to. What a page should state comes from the fact sheet alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from overheard.domain import Brand, Fact, Model
from overheard.finetune.evidence import ACCURACY, CITATION, SENTIMENT, VISIBILITY
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


METRICS = {
    Kind.ABSENT: VISIBILITY,
    Kind.CLAIM: ACCURACY,
    Kind.UNSTATED: ACCURACY,
    Kind.SENTIMENT: SENTIMENT,
    Kind.SOURCE: CITATION,
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
        models: In whose answers it shows, most first.
        sources: Sites that those answers cite, most first, and how often.
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
    models: tuple[Model, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
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
        facts: What may be told of it, see `overheard.finetune.facts.tellable`.
    """

    brand: Brand
    rivals: tuple[Brand, ...]
    facts: tuple[Fact, ...]


def ranked(items: Iterable[Item]) -> list[Item]:
    """Return items, those that hit most answers for sure first."""
    return sorted(items, key=lambda item: (-item.interval[0], -item.hits, item.kind, item.subject))
