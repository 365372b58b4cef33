"""Units and mentions in an answer, metrics, scores, blocks (also as a table) and editions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple, TypeVar

from overheard.domain.catalogue import Brand, Catalogue, Fact
from overheard.domain.models import Model
from overheard.domain.runs import Answer
from overheard.numpy_proxy import Counts, Floats, Places, np

VISIBILITY = "visibility"
"""The metric of whether an answer names a brand, to a question that names none."""
BRANDED_VISIBILITY = "branded_visibility"
"""The same, to a question that names a brand."""
ACCURACY, SENTIMENT = "accuracy", "sentiment"
"""The metrics of how many stated facts are right, and of the tone, from -1 to 1."""
FALSE_VERDICTS = ("wrong", "stale")
"""Verdicts of `Detail`s on facts that are stated falsely: never true, or no longer."""
CORRECT = "correct"
"""The verdict of a `Detail` whose statement agrees with the facts."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Mention:
    """An occurrence of a brand in the body of an answer.

    Attributes:
        brand: The brand's name.
        start: Offset of the first character in `Reading.body`.
        end: Offset after the last character.
        sentence: Index into `Reading.sentences`.
        negated: Whether the text advises against the brand: "avoid Acme", "instead of Acme".
    """

    brand: str
    start: int
    end: int
    sentence: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One parsed answer, prepared for the scoring of one brand and its competitors.

    Attributes:
        answer: The whole answer, citations and raw text included.
        competitors: The brands that the brand is compared with.
        body: The answer's prose, without markup, link targets, code and citations.
        sentences: The body's sentences, as (start, end) offsets.
        mentions: All mentions of the brand and its competitors in the body, in order.
        branded: Whether the question names the brand or a competitor.
        asked: Names of all brands that the question names.
        rankings: For each numbered list of the answer, the names of the brand and its
            competitors in the order of the list; lists without any of them are omitted.
        units: The units of the whole answer, in order: titles, sentences, cells. Each has an owner
            and a role; the owner may be a brand that is neither the brand nor a competitor.
        everyone: Mentions of all brands of the answer, in order: also of other markets, and of
            undeclared ones. Empty if those in `mentions` are all.
        sheets: The facts of all brands, also of other markets.
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
    units: tuple[Unit, ...] = ()
    everyone: tuple[Mention, ...] = ()
    sheets: tuple[Fact, ...] = ()

    def among_all(self) -> Reading:
        """Return the reading with the mentions of all brands, for what asks whom a text is about
        and not how often a brand of the market is named.
        """
        return replace(self, mentions=self.everyone) if self.everyone else self

    def owned(self) -> tuple[Unit, ...]:
        """Return the units that the brand owns, in order."""
        return tuple([unit for unit in self.units if unit.is_of(self.brand.name)])

    def is_about(self, quote: str) -> bool:
        """Return whether a quote occurs in the body, in text about the brand.

        Such text is a unit that the brand owns, or in which it is named; the quote need only
        overlap it. Case counts, but of markup, punctuation and white space only that they divide
        words. False for a quote without words.
        """
        words = _WORD.findall(quote)
        if not words:
            return False
        places = re.finditer(r"\b" + r"[\W_]+".join(map(re.escape, words)) + r"\b", self.body)
        own = self.of(self.brand.name)
        return any(
            unit.is_of(self.brand.name) or any(unit.start <= m.start < unit.end for m in own)
            for place in places
            for unit in self.units
            if unit.start < place.end() and place.start() < unit.end
        )

    def of(self, brand: str) -> tuple[Mention, ...]:
        """Return the mentions of one brand, in order."""
        return tuple([mention for mention in self.mentions if mention.brand == brand])

    def sentence(self, index: int) -> str:
        """Return the text of a sentence of the body.

        Args:
            index: The index into `sentences`, as in `Mention.sentence`.
        """
        start, end = self.sentences[index]
        return self.body[start:end]


LARGEST_VALUE = 1e9
"""The end of every scale: beyond the length of any answer, and a block can sum its square."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The values that a metric can have, how they are written, and which differences count.

    Attributes:
        name: A word.
        low: The smallest value that an answer can have.
        high: The largest one. Both are within -`LARGEST_VALUE` to `LARGEST_VALUE`.
        smallest_change: The smallest change that is reported, more than 0; for the scales below,
            [alerts] can set another one.
        margin: Differences up to this count as none when two models are compared, more than 0.
        reach: Half of the axis on which differences are drawn, more than 0; an axis of rates is
            longer where they need it.
        unit: What changes are counted in, in the singular, such as ``place``; empty for nothing.
        digits: Decimals of values and changes, 0 to 6; of rates, decimals of per cent.
        signed: Whether values are written with their sign: ``+0.42``.
        lower_is_better: Whether smaller values are better for the brand; they are drawn on top.
        is_rate: Whether values are shares of 1, written in per cent and compared in points.
        is_yes_or_no: Whether each answer has 0 or 1, so that a mean is told as a number of answers.

    Raises:
        ValueError: when a number is outside of these limits.
    """

    name: str
    low: float
    high: float
    smallest_change: float
    margin: float
    reach: float
    unit: str = ""
    digits: int = 1
    signed: bool = False
    lower_is_better: bool = False
    is_rate: bool = False
    is_yes_or_no: bool = False

    BINARY: ClassVar[Scale]
    """0 or 1 per answer; the mean is a rate."""
    SHARE: ClassVar[Scale]
    """0 to 1 per answer."""
    POLARITY: ClassVar[Scale]
    """-1 to 1 per answer."""
    RANK: ClassVar[Scale]
    """1 or more; smaller is better."""

    def __post_init__(self) -> None:
        """Raise ValueError for numbers with which nothing could be written or drawn."""
        if not -LARGEST_VALUE <= self.low < self.high <= LARGEST_VALUE:
            raise ValueError(f"low and high must be two ends within {LARGEST_VALUE:g} of 0")
        if self.is_rate and (self.low, self.high) != (0, 1):
            raise ValueError("a rate is from 0 to 1")
        if not min(self.smallest_change, self.margin, self.reach) > 0:
            raise ValueError("smallest_change, margin and reach must be more than 0")
        if self.digits not in range(7):
            raise ValueError("digits must be 0 to 6")


_RATE = Scale("share", 0.0, 1.0, 0.05, 0.1, 0.1, unit="point", digits=0, is_rate=True)
Scale.SHARE, Scale.BINARY = _RATE, replace(_RATE, name="binary", is_yes_or_no=True)
Scale.POLARITY = Scale("polarity", -1.0, 1.0, 0.15, 0.25, 1.0, digits=2, signed=True)
Scale.RANK = Scale("rank", 1.0, LARGEST_VALUE, 0.5, 1.0, 5.0, unit="place", lower_is_better=True)


@dataclass(frozen=True, slots=True)
class Metric:
    """A quantity that a scorer measures.

    Attributes:
        name: Shown to users: ``visibility``, ``position``, ``top1``, ``share_of_voice`` ...
        scale: The range of the values.
        label: A few words for a card.
        lower_is_better: Whether smaller values are better for the brand, as for drawbacks; on some
            scales, such as ranks, they always are.
        of_model: Whether the values are news of the model rather than of the brand; such a metric
            raises alerts only where [alerts] ``metrics`` names it.
    """

    name: str
    scale: Scale
    label: str
    lower_is_better: bool = False
    of_model: bool = False

    @property
    def higher_is_better(self) -> bool:
        """Whether larger values are better for the brand."""
        return not (self.scale.lower_is_better or self.lower_is_better)


@dataclass(frozen=True, slots=True)
class Detail:
    """A finding in an answer that a score is based on; shown to people and counted.

    Attributes:
        topic: The subject: a fact's field such as ``price``, an aspect such as ``support``,
            a cited domain.
        verdict: The finding: ``correct``, ``wrong``, ``stale``; ``positive``, ``negative``.
        stated: The words of the answer, or an empty string.
        quote: The sentence of the answer, or an empty string.
    """

    topic: str
    verdict: str
    stated: str = ""
    quote: str = ""

    @property
    def is_false(self) -> bool:
        """Whether a fact is stated falsely, see `FALSE_VERDICTS`."""
        return self.verdict in FALSE_VERDICTS


@dataclass(frozen=True, slots=True)
class Score:
    """The value of one metric for one brand in one answer.

    A metric that an answer does not show has no score, not a score of 0.

    Attributes:
        metric: The metric's name.
        value: Its value, on the metric's scale.
        quote: The sentence that the score is based on, or an empty string.
        details: The findings that the score is based on.
    """

    metric: str
    value: float
    quote: str = ""
    details: tuple[Detail, ...] = ()


class ScoreRecord(NamedTuple):
    """A stored score: its answer and brand, and the scorer and version that computed it."""

    answer_id: int
    brand: str
    scorer: str
    version: str
    score: Score


@dataclass(frozen=True, slots=True)
class Block:
    """The summed scores of one stream in one run for one prompt.

    A stream is one brand, one model and one metric. Detection and trends read blocks and never
    answers, so that their cost does not grow with the number of answers.

    Attributes:
        run_id: The store's number of the run; later runs have larger numbers.
        at: When the run began.
        prompt: The prompt's key.
        model: The model that was asked.
        brand: The brand's name.
        metric: The metric's name.
        n: Number of answers with a score; 1 or more.
        total: Sum of the values; for a binary metric, the number of successes.
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
    """The state of an edition."""

    USED = "used"
    """In use by reports, trends and detection. At most one edition has this state."""
    SCORING = "scoring"
    """History is being scored."""
    READY = "ready"
    """In stores of 0.1: scored as far as this is free. It is scored and used as any other."""
    KEPT = "kept"
    """Replaced by a later edition; it can be used again."""
    LEFT = "left"
    """In stores of 0.1: cancelled, or left by a person. It is as one that is `KEPT`."""


PENDING = frozenset({EditionState.SCORING, EditionState.READY})
"""States of the edition that is to be used next; at most one edition has them."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A comparable set of scores: one version of each scorer, over one catalogue.

    Attributes:
        versions: The scorers' versions, written as `Block.version`.
        catalogue: The brands and facts that the scores were computed for; without prompts and
            schedules.
        at: When the edition was created.
        note: While it is scored, how long the rest will take (``about 3 more checks``); once it is
            in use, what could not be scored again, as a sentence. Or an empty string.
        id: The store's number, 0 before it is stored.
    """

    versions: frozenset[str]
    catalogue: Catalogue
    at: datetime
    state: EditionState = EditionState.SCORING
    note: str = ""
    id: int = 0


class UnitRole(StrEnum):
    """What a unit says about its owner."""

    NONE = "none"
    TITLE = "title"
    """A heading or a label."""
    PRO = "pro"
    CON = "con"
    PRICE = "price"
    VERDICT = "verdict"
    BEST_FOR = "best for"
    """For whom, or for what, the owner is the best or a good choice."""
    SPECIFICATION = "specification"
    NOTE = "note"
    """A hint or consideration."""
    SHOP = "shop"
    """A shop's card: a product, its price and its rating."""
    FOOTER = "footer"
    """An offer of help, a notice of the service, or a list of sources; it has no owner."""
    HEDGE = "hedge"
    """What the model says of itself, such as "I cannot verify"; it has no owner."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of an answer with one owner: a title, a sentence, a cell, or a part of a long line.

    Attributes:
        start: Offset of the first character in the body.
        end: Offset after the last character.
        text: The characters, without the label.
        owner: The name of the declared brand that the text is about; or, if `foreign`, the name of
            another product as the answer writes it; or an empty string for no owner.
        foreign: Whether the owner is no declared brand.
        shared: Further brands that own the unit: parents of the owner, and brands of one title such
            as "Acme / Bolt".
        role: What the text says about the owner.
        label: The label of the text, such as ``Pros``, or an empty string.
        section: The heading above, or an empty string.
    """

    start: int
    end: int
    text: str
    owner: str = ""
    foreign: bool = False
    shared: tuple[str, ...] = ()
    role: UnitRole = UnitRole.NONE
    label: str = ""
    section: str = ""

    def is_of(self, brand: str) -> bool:
        """Return whether a declared brand, given by its name, owns the unit, alone or with
        others.
        """
        return not self.foreign and (self.owner == brand or brand in self.shared)


class RunKey(NamedTuple):
    """The start of a run, and the store's number of the run; sorts by time."""

    at: datetime
    id: int


class BlockStream(NamedTuple):
    """A brand, a model and a metric, scored by one version of a scorer (``name@version``)."""

    brand: str
    model: Model
    metric: str
    version: str


Name = TypeVar("Name", str, RunKey, BlockStream)


@dataclass(frozen=True, eq=False)
class BlockTable:
    """B blocks by column, in no particular order. Each run, prompt and stream has at least one
    block.

    Attributes:
        runs: The runs, oldest first.
        prompts: Keys of the prompts, sorted.
        streams: The streams, sorted.
        run: Index of each block's run in `runs`, B.
        prompt: Index of each block's prompt in `prompts`, B.
        stream: Index of each block's stream in `streams`, B.
        n: Number of answers of each block, B.
        total: Sum of the answers' values, B.
        squares: Sum of the squared values, B.
    """

    runs: tuple[RunKey, ...]
    prompts: tuple[str, ...]
    streams: tuple[BlockStream, ...]
    run: Places
    prompt: Places
    stream: Places
    n: Counts
    total: Floats
    squares: Floats

    def of(
        self,
        versions: Collection[str],
        metrics: Collection[str] | None = None,
        brands: Collection[str] | None = None,
    ) -> BlockTable:
        """Return the table of some of the blocks, in their order.

        Runs, prompts and streams without such a block are left out.

        Args:
            versions: The versions of scorers, such as ``sentiment@17``.
            metrics: The names of the metrics; None means all.
            brands: The names of the brands; None means all.
        """
        wanted = [
            stream.version in versions
            and (metrics is None or stream.metric in metrics)
            and (brands is None or stream.brand in brands)
            for stream in self.streams
        ]
        if all(wanted):
            return self
        rows = np.array(wanted, np.bool_)[self.stream]
        runs, run = _reindexed(self.runs, self.run[rows])
        prompts, prompt = _reindexed(self.prompts, self.prompt[rows])
        streams, stream = _reindexed(self.streams, self.stream[rows])
        sums = {name: getattr(self, name)[rows] for name in ("n", "total", "squares")}
        return BlockTable(runs, prompts, streams, run, prompt, stream, **sums)


def tabulate(blocks: Iterable[Block]) -> BlockTable:
    """Return blocks as a table by column, one row for each block in the order given.

    Runs are sorted by their start, prompts and streams by their names.
    """
    given = list(blocks)
    runs, run = _sorted_indices([RunKey(b.at, b.run_id) for b in given])
    prompts, prompt = _sorted_indices([b.prompt for b in given])
    streams, stream = _sorted_indices(
        [BlockStream(b.brand, b.model, b.metric, b.version) for b in given]
    )
    return BlockTable(
        *(runs, prompts, streams, run, prompt, stream),
        n=np.array([b.n for b in given], np.int64),
        total=np.array([b.total for b in given], np.float64),
        squares=np.array([b.squares for b in given], np.float64),
    )


def sorted_names(numbers: Counts, names: Mapping[int, Name]) -> tuple[tuple[Name, ...], Places]:
    """Return (the distinct names of some numbers, sorted; for each number the index of its name).

    Args:
        numbers: Numbers, such as a store's, in any order and repeated.
        names: The name of each number. Two numbers may have the same name.

    Raises:
        KeyError: when a number has no name.
    """
    found, where = np.unique(numbers, return_inverse=True)
    listed, places = _sorted_indices([names[number] for number in found.tolist()])
    return listed, places[where]


def _sorted_indices(names: Sequence[Name]) -> tuple[tuple[Name, ...], Places]:
    """Return (the distinct names, sorted; for each given name its index among them)."""
    listed = sorted(set(names))
    place = {name: number for number, name in enumerate(listed)}
    return tuple(listed), np.array([place[name] for name in names], np.intp)


def _reindexed(names: Sequence[Name], places: Places) -> tuple[tuple[Name, ...], Places]:
    """Return (the names to which indices refer, in their order; the indices into these names)."""
    used, where = np.unique(places, return_inverse=True)
    return tuple(names[number] for number in used.tolist()), where
