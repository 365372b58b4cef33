"""The brief: gaps in models' answers about a brand, as items of content to write.

Every item has the share of answers to buyers' questions that show the gap, with a 90 % Wilson
interval. Items are ranked by the lower end of the interval. What a page should state comes from the
fact sheet alone.
"""

import hashlib
from collections import Counter
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
        prompt: The text of the question.
    """

    model: Model
    prompt: str
    text: str


@dataclass(frozen=True, slots=True)
class BriefItem:
    """A gap, and the content that should fill it.

    Attributes:
        subject: The subject: a prompt's key, a fact's field, a topic or a site.
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
        """The item's id in commands: 6 hex digits, the same in every brief for the same gap."""
        hashed = f"{self.kind}\n{self.subject.casefold()}\n{self.stated.casefold()}"
        return hashlib.blake2b(hashed.encode(), digest_size=3).hexdigest()

    @property
    def counted(self) -> str:
        """The number of answers that show the gap, of those that could show it: ``15 of 66``; only
        the first number where no second is apt.
        """
        return f"{self.hits:,} of {self.possible:,}" if self.possible else f"{self.hits:,}"

    @property
    def interval(self) -> Interval:
        """The 90 % Wilson interval of the share of all answers that show the gap, 0 to 1; without
        answers (0, 1).
        """
        return wilson(self.hits / self.answers, self.answers) if self.answers else (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class BriefMarket:
    """The brand of a brief, with its competitors and facts.

    Attributes:
        facts: Its true facts, see `overheard.advice.evidence.true_facts`.
        denied: Number of the answer and field of each claim that a judge has denied.
    """

    brand: Brand
    rivals: tuple[Brand, ...]
    facts: tuple[Fact, ...]
    denied: frozenset[tuple[int, str]] = frozenset()

    def owner(self, site: str) -> str:
        """Return the name of the brand or competitor that owns a site; empty for any other site.

        A brand owns its domains with their subdomains, and sites named like one of its spellings,
        such as ``help.acme.io`` for ``Acme``. The brand goes before competitors.

        Args:
            site: The host name in lower case.
        """
        site_name = _letters(_site_name(site))
        for brand in (self.brand, *self.rivals):
            owns_domain = any(f".{site}".endswith(f".{domain}") for domain in brand.domains)
            if owns_domain or site_name in map(_letters, brand.names):
                return brand.name
        return ""


def _site_name(site: str) -> str:
    """Return the name in a site: ``zeta`` of ``help.zeta.com`` and ``zeta.co.uk``, and ``ibm`` of
    ``ibm.com``. It is the last label before the ending. A label of up to 3 characters, such as
    ``co``, is taken for a part of the ending if another label comes before it. Empty for a host
    without a dot.
    """
    labels = site.split(".")[:-1]
    while len(labels) > 1 and len(labels[-1]) <= 3:
        labels.pop()
    return labels[-1] if labels else ""


def _letters(name: str) -> str:
    """Return the letters and digits of a name, in lower case: ``bigcorp`` for ``Big-Corp``."""
    return "".join(filter(str.isalnum, name)).casefold()


def ranked_items(items: Iterable[BriefItem]) -> list[BriefItem]:
    """Return the items of a brief in the order in which they are shown: false claims first, then
    all others. Within each of the two, items with a higher lower end of the interval of their share
    come first; then those with more answers; then by kind and subject.
    """

    def sort_key(item: BriefItem) -> tuple[bool, float, int, str, str]:
        is_no_claim = item.kind is not GapKind.CLAIM
        return is_no_claim, -item.interval[0], -item.hits, item.kind, item.subject

    return sorted(items, key=sort_key)


def mixed_items(items: Iterable[BriefItem]) -> list[BriefItem]:
    """Return the items of a brief in another order: the first of each kind of gap, then the second
    of each, and so on.
    """
    seen: Counter[GapKind] = Counter()
    rounds = []
    for item in items:
        rounds.append((seen[item.kind], item))
        seen[item.kind] += 1
    return [item for _, item in sorted(rounds, key=lambda one: one[0])]


def steps(item: BriefItem, brand: str) -> list[str]:
    """Return the advice on an item as sentences in order: what to write, by the kind of the gap;
    for a fact that no question asks for, to add such a question; and which sites to tell, if the
    answers cite sites of neither the brand nor a competitor.
    """
    sentences = [sentence.format(brand=brand, item=item) for sentence in _STEPS[item.kind]]
    if item.kind is GapKind.UNSTATED and not item.hits:
        sentences.append(_UNASKED)
    return [*sentences, *_site_steps(item)]


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


NAMED_SITES = 3
"""Sites that the advice on an item names."""


def _site_steps(item: BriefItem) -> Iterator[str]:
    """Yield one sentence on the first `NAMED_SITES` reachable sites: of a false claim that they
    should correct it, of another item that they should know the page. Nothing without such sites.
    """
    sites = wording.listing(item.reachable[:NAMED_SITES])
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
