"""What an answer says of a brand: mentions, scores, and the blocks they are summed up in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overheard.domain.catalogue import Brand, Catalogue, Fact
from overheard.domain.models import Model
from overheard.domain.runs import Answer


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in the body of an answer where a brand is named.

    Attributes:
        brand: The brand's name.
        start: Offset of the first character in `Reading.body`.
        end: Offset behind the last character.
        sentence: Index into `Reading.sentences`.
        negated: Whether the reader is advised against it there: "avoid Acme", "instead of Acme".
    """

    brand: str
    start: int
    end: int
    sentence: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer as a scorer sees it: read once, for one brand and its competitors.

    Attributes:
        answer: The whole answer, citations and raw text included.
        brand: The brand that is scored.
        competitors: The brands it is measured beside.
        body: The answer's prose: markup, link targets, code and citations taken out.
        sentences: The body's sentences, as (start, end) offsets.
        mentions: Where the brand and its competitors are named in the body, in order.
        branded: Whether the question itself names the brand or a competitor.
        asked: Names of the brands that the question names, this one or others.
        facts: What is known to be true of the brand.
        rankings: Names of the brand and its competitors as each ranked list or table of the answer
            orders them; a list that names none of them is left out.
    """

    answer: Answer
    brand: Brand
    competitors: tuple[Brand, ...]
    body: str
    sentences: tuple[tuple[int, int], ...]
    mentions: tuple[Mention, ...]
    branded: bool = False
    asked: frozenset[str] = frozenset()
    facts: tuple[Fact, ...] = ()
    rankings: tuple[tuple[str, ...], ...] = ()

    def of(self, brand: str) -> tuple[Mention, ...]:
        """Return the mentions of one brand, in order."""
        return tuple([mention for mention in self.mentions if mention.brand == brand])

    def sentence(self, index: int) -> str:
        """Return one sentence's text."""
        start, end = self.sentences[index]
        return self.body[start:end]


class Scale(StrEnum):
    """What a metric's values are."""

    BINARY = "binary"
    """0 or 1 an answer; its mean is a rate."""
    SHARE = "share"
    """0 to 1 an answer."""
    POLARITY = "polarity"
    """-1 to 1 an answer."""
    RANK = "rank"
    """1 and up; a smaller number is better."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A quantity that a scorer measures.

    Attributes:
        name: As users see it: ``visibility``, ``position``, ``top1``, ``share_of_voice`` ...
        scale: What its values are.
        label: A few words for a card.
    """

    name: str
    scale: Scale
    label: str

    @property
    def higher_is_better(self) -> bool:
        """False for ranks."""
        return self.scale is not Scale.RANK


@dataclass(frozen=True, slots=True)
class Detail:
    """Something that a score rests on, told to people and counted over answers.

    Attributes:
        topic: What it is about: a fact's field such as ``price``, an aspect such as ``support``,
            a cited domain.
        verdict: What was found: ``correct``, ``wrong``, ``stale``; ``positive``, ``negative``.
        stated: What the answer states, as it writes it, or an empty string.
        quote: The sentence, or an empty string.
    """

    topic: str
    verdict: str
    stated: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """What a scorer says of one brand in one answer. A metric that the answer does not show
    is left out, never 0.

    Attributes:
        metric: The metric's name.
        value: Its value, on the metric's scale.
        quote: The sentence it rests on, or an empty string.
        details: What it rests on, piece by piece.
    """

    metric: str
    value: float
    quote: str = ""
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """A score, kept: whose it is, and which version of which scorer gave it."""

    answer_id: int
    brand: str
    scorer: str
    version: str
    score: Score


@dataclass(frozen=True, slots=True)
class Block:
    """All scores of one stream in one run for one prompt, summed up.

    A stream is one brand, one model, one metric. Detection and trends read blocks and never
    answers, so that their cost does not grow with the number of answers.

    Attributes:
        run_id: The run, in the store's numbers, which grow with time.
        at: When the run began.
        prompt: The prompt's key.
        model: Who was asked.
        brand: The brand's name.
        metric: The metric's name.
        n: Number of answers that show the metric; 1 or more.
        total: Sum of their values; for a binary metric, the number of successes.
        squares: Sum of the squared values.
        version: The scorer and its version, as ``name@version``.
    """

    run_id: int
    at: datetime
    prompt: str
    model: Model
    brand: str
    metric: str
    n: int
    total: float
    squares: float
    version: str = ""


class EditionState(StrEnum):
    """What an edition is good for."""

    USED = "used"
    """Reports, trends and detection read it. There is one at most."""
    SCORING = "scoring"
    """History is being scored for it."""
    READY = "ready"
    """All that costs nothing is scored; somebody has to say whether it is to be used."""
    KEPT = "kept"
    """It was used, or begun, before another one; it can be used again."""
    LEFT = "left"
    """Somebody cancelled it or switched away from it; it is not used again by itself."""


PENDING = frozenset({EditionState.SCORING, EditionState.READY})
"""Editions that are to be used; there is one at most."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A set of scores that compare: one version of each scorer, over one catalogue.

    Attributes:
        versions: Of each scorer, as `Block.version` names it.
        catalogue: The brands and facts that the scores were given for; without prompts and
            schedules.
        at: When it was begun.
        state: What it is good for.
        note: Why it waits to be used, as a sentence, or an empty string.
        id: The store's number, 0 before it is stored.
    """

    versions: frozenset[str]
    catalogue: Catalogue
    at: datetime
    state: EditionState = EditionState.SCORING
    note: str = ""
    id: int = 0


def pending(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition that is to be used, or None."""
    return next((one for one in editions if one.state in PENDING), None)


def used(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition that is used, or None before anything was scored."""
    return next((one for one in editions if one.state is EditionState.USED), None)
