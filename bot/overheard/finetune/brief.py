"""The brief: gaps in models' answers about a brand, as items of content to write.

Every item has the share of answers to buyers' questions that show the gap, with a 90 % Wilson
interval. Items are ranked by the lower end of the interval. What a page should state comes from the
fact sheet alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from overheard.cards import wording
from overheard.domain import ACCURACY, SENTIMENT, VISIBILITY, Brand, Fact, Model
from overheard.measure.intervals import Interval, wilson


class GapKind(StrEnum):
    """A kind of gap between what models answer and what the brand wants them to answer."""

    ABSENT = "absent"
    """Models name competitors and not the brand."""
    CLAIM = "claim"
    """Models state a wrong or outdated value."""
    UNSTATED = "unstated"
    """No model states a fact."""
    SENTIMENT = "sentiment"
    """Answers about the brand on a topic are mostly negative."""
    SOURCE = "source"
    """Answers without the brand cite a site that is not the brand's."""


LABELS = {
    GapKind.ABSENT: "not named",
    GapKind.CLAIM: "wrong",
    GapKind.UNSTATED: "not told",
    GapKind.SENTIMENT: "criticised",
    GapKind.SOURCE: "not listed",
}
"""Labels for people."""

METRICS = {
    GapKind.ABSENT: VISIBILITY,
    GapKind.CLAIM: ACCURACY,
    GapKind.UNSTATED: ACCURACY,
    GapKind.SENTIMENT: SENTIMENT,
    GapKind.SOURCE: VISIBILITY,
}
"""The metric that should improve after content is published."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence from an answer.

    Attributes:
        model: The model that answered.
        prompt: The text of the question.
        text: The sentence.
    """

    model: Model
    prompt: str
    text: str


@dataclass(frozen=True, slots=True)
class BriefItem:
    """A gap, and the content that should fill it.

    Attributes:
        kind: The kind of gap.
        subject: The subject: a prompt's key, a fact's field, a topic or a site.
        title: The title: what to do.
        why: The evidence, as a sentence.
        hits: Number of answers that show the gap.
        answers: Number of all answers, by whose share items are ranked.
        possible: Number of answers that could show the gap: those to the question, that state the
            fact, that judge the brand on the topic, or that cite sites; 0 where no number is apt.
        stated: What models state about the subject, or an empty string.
        prompts: Keys of the questions whose answers show the gap.
        models: The models whose answers show the gap, most frequent first.
        sources: Sites that these answers cite, with counts, most frequent first.
        reachable: The sites that belong neither to the brand nor to a competitor.
        said: Sentences from these answers.
        facts: The facts that a page should state.
        missing: What to add to the fact sheet first, or an empty string.
        question: The text of the question that the gap is about, or an empty string.
    """

    kind: GapKind
    subject: str
    title: str
    why: str
    hits: int
    answers: int
    possible: int = 0
    stated: str = ""
    prompts: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    reachable: tuple[str, ...] = ()
    said: tuple[Excerpt, ...] = ()
    facts: tuple[Fact, ...] = ()
    missing: str = ""
    question: str = ""

    @property
    def key(self) -> str:
        """The id in commands: 6 hex digits that are the same in every brief."""
        return item_key(self.kind, self.subject, self.stated)

    @property
    def counted(self) -> str:
        """The number of answers that show the gap, of those that could show it: ``15 of 66``."""
        return f"{self.hits:,} of {self.possible:,}" if self.possible else f"{self.hits:,}"

    @property
    def interval(self) -> Interval:
        """The 90 % interval of the share of answers that show the gap."""
        return wilson(self.hits / self.answers, self.answers) if self.answers else (0.0, 1.0)


def item_key(kind: str, subject: str, stated: str = "") -> str:
    """Return the key of an item: 6 hex digits of a hash."""
    whole = f"{kind}\n{subject.casefold()}\n{stated.casefold()}"
    return hashlib.blake2b(whole.encode(), digest_size=3).hexdigest()


@dataclass(frozen=True, slots=True)
class BriefMarket:
    """The brand of a brief, with its competitors and facts.

    Attributes:
        brand: The brand.
        rivals: The competitors of the brand.
        facts: Its true facts, see `overheard.finetune.texts.true_facts`.
    """

    brand: Brand
    rivals: tuple[Brand, ...]
    facts: tuple[Fact, ...]

    def owner(self, site: str) -> str:
        """Return the name of the brand that owns a site (a host name); empty for a site of neither
        the brand nor a competitor.

        A brand owns its domains with their subdomains, and sites named like one of its spellings.
        """
        for brand in (self.brand, *self.rivals):
            names = {_letters(name) for name in brand.names}
            if (
                any(_is_subdomain(site, d) for d in brand.domains)
                or _letters(_site_name(site)) in names
            ):
                return brand.name
        return ""


def _is_subdomain(site: str, domain: str) -> bool:
    return site == domain or site.endswith(f".{domain}")


def _site_name(site: str) -> str:
    """Return the name in a site (a host): ``zeta`` of ``help.zeta.com`` and ``zeta.co.uk``; empty
    for a host without a dot.
    """
    labels = site.split(".")[:-1]
    while len(labels) > 1 and len(labels[-1]) <= 3:
        labels.pop()
    return labels[-1] if labels else ""


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def ranked_items(items: Iterable[BriefItem]) -> list[BriefItem]:
    """Return items with false claims first, then by the lower end of the interval of their share,
    highest first.
    """

    def rank(item: BriefItem) -> tuple[bool, float, int, str, str]:
        is_other = item.kind is not GapKind.CLAIM
        return is_other, -item.interval[0], -item.hits, item.kind, item.subject

    return sorted(items, key=rank)


def steps(item: BriefItem, brand: str) -> list[str]:
    """Return the advice on an item as sentences, in order; `brand` is the brand's name."""
    lines = [line.format(brand=brand, item=item) for line in _STEPS[item.kind]]
    if item.kind is GapKind.UNSTATED and not item.hits:
        lines.append(_UNASKED)
    return [*lines, *_site_steps(item)]


_STEPS = {
    GapKind.ABSENT: (
        (
            "Publish a page that has this question as its title, answers it in the first "
            "paragraph, and says by name where {brand} fits and where it does not."
        ),
    ),
    GapKind.CLAIM: (
        (
            "State the right {item.subject} in one plain sentence that names {brand}, with the day "
            "from which it holds, on the page where buyers look for it."
        ),
        "Search your own pages and profiles for “{item.stated}”, and take it down.",
    ),
    GapKind.UNSTATED: (
        (
            "Say it in one plain sentence that names {brand}, as text and not in a picture, on a "
            "page that can be read without signing in."
        ),
    ),
    GapKind.SENTIMENT: (
        (
            "First find out from your own people whether the criticism is right. If it is, mend "
            "that: no page will help."
        ),
        (
            "If it is out of date or wrong, publish what is true today, with figures and the day, "
            "and let customers of {brand} say it in their own words."
        ),
    ),
    GapKind.SOURCE: (
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


def _site_steps(item: BriefItem) -> Iterator[str]:
    """Yield one sentence that names the first three reachable sites; nothing without any."""
    sites = wording.listing(item.reachable[:3])
    if sites and item.kind is GapKind.CLAIM:
        yield (
            f"Look at what is said on {sites}, which these answers cite, and ask for a correction "
            "where it is wrong."
        )
    elif sites:
        yield (
            f"Make the page known to {sites}, which these answers cite: by a word to the editors "
            "where there are any, and under your own name where anybody can write."
        )
