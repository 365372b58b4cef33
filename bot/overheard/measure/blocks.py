"""Scores become blocks, and blocks become streams: the arrays that all statistics read."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from overheard.domain import Answer, Block, BlockTable, Model, Run, ScoreRecord, tabulate
from overheard.measure.panel import Scatter, Sums
from overheard.numpy_proxy import Counts, Floats, Mask, Places, np


class RunKey(NamedTuple):
    """A run, in the order of time: when it began, then the store's number."""

    at: datetime
    id: int


class BlockKey(NamedTuple):
    """What is summed up in one block, in the order in which blocks are given out."""

    run: RunKey
    prompt: str
    model: Model
    brand: str
    metric: str
    version: str


class StreamKey(NamedTuple):
    """What tells a stream apart."""

    brand: str
    model: Model
    metric: str


@dataclass(frozen=True, eq=False)
class Stream:
    """One brand, one model, one metric: its sums by run and prompt, of one scorer version.

    A cell with ``n = 0`` holds no evidence: the prompt was not asked in that run, the calls
    failed, or no answer showed the metric. Panels need not be balanced.

    Attributes:
        key: Brand, model and metric.
        version: The scorer and its version, as ``name@version``.
        runs: The runs in the order of time; R of them. A run in which the model answered and
            this stream saw nothing is there too, with ``n = 0``.
        prompts: Keys of the prompts; P of them. An edited prompt is another prompt.
        n: Number of answers, R x P.
        total: Sum of their values, R x P.
        squares: Sum of their squared values, R x P.
    """

    key: StreamKey
    version: str
    runs: tuple[RunKey, ...]
    prompts: tuple[str, ...]
    n: Counts
    total: Floats
    squares: Floats

    @cached_property
    def binary(self) -> bool:
        """Whether every value was 0 or 1, as far as the sums can tell."""
        whole = np.array_equal(self.total, np.rint(self.total))
        bounded = bool(np.all((self.total >= 0) & (self.total <= self.n)))
        return whole and bounded and np.array_equal(self.total, self.squares)

    @cached_property
    def width(self) -> float:
        """How far apart two typical values lie: the unit of the metric for run shocks.

        It is 1 for a rate. For numbers it is twice the standard deviation within prompts, the
        distance between the two sides of a fair coin with that deviation.
        """
        if self.binary:  # all of them are asked often, and most are rates
            return 1.0
        spread = self._everything.spread
        return 1.0 if spread <= 0 else 2 * spread**0.5

    @cached_property
    def scatter(self) -> Scatter:
        """How much answers to one prompt differ, over all runs."""
        everything = self._everything
        unit = bool(np.all(self.squares <= self.total + 1e-9))
        return Scatter(everything.spread, everything.share, self.width, unit)

    def since(self, first: int) -> Mask:
        """Mark the runs from ``first`` (a run's number) on, R; none when it is not among them."""
        ids = [run.id for run in self.runs]
        start = ids.index(first) if first in ids else len(ids)
        return np.arange(len(ids)) >= start

    def sums(self, runs: Mask, prompts: Mask) -> Sums:
        """Sum the marked runs (R) up for the marked prompts (P), which have answers in them."""
        n, total, squares = (
            np.asarray(cells[runs][:, prompts].sum(axis=0), dtype=np.float64)
            for cells in (self.n, self.total, self.squares)
        )
        return Sums(n, total, squares)

    @cached_property
    def _everything(self) -> Sums:
        return self.sums(np.ones(len(self.runs), np.bool_), self.n.sum(axis=0) > 0)


def summarise(
    records: Iterable[ScoreRecord], answers: Iterable[Answer], runs: Iterable[Run]
) -> list[Block]:
    """Sum scores up to blocks, in the order of run, prompt, model, brand, metric, version.

    Args:
        records: The scores.
        answers: The answers they belong to; others do not matter.
        runs: The runs those belong to; others do not matter.

    Raises:
        KeyError: when a score's answer or run is not given.
    """
    answer_of = {answer.id: answer for answer in answers}
    run_of = {run.id: RunKey(run.started_at, run.id) for run in runs}
    values: dict[BlockKey, list[float]] = defaultdict(list)
    for record in records:
        answer = answer_of[record.answer_id]
        values[_key(record, answer, run_of[answer.run_id])].append(record.score.value)
    return [_block(key, values[key]) for key in sorted(values)]


def streams(blocks: Iterable[Block]) -> list[Stream]:
    """Lay blocks out as streams, see `streams_of_table`."""
    return streams_of_table(tabulate(blocks))


def streams_of_table(blocks: BlockTable) -> list[Stream]:
    """Lay blocks out as streams, in the order of brand, model, metric.

    All streams of a model have the same runs: those in which any block of that model lies.
    Scorer versions never mix. Where a stream has blocks of several, the newest is taken: the
    one that read the latest run, and of two that did, the one with the higher number. History
    that the newest version has not read yet is left out until it is scored again.
    """
    latest = np.full(len(blocks.streams), -1)
    np.maximum.at(latest, blocks.stream, blocks.run)
    groups: dict[StreamKey, list[int]] = defaultdict(list)
    rows: dict[Model, list[Places]] = defaultdict(list)
    order = np.argsort(blocks.stream, kind="stable")
    parts = np.split(order, np.searchsorted(blocks.stream[order], range(1, len(latest))))
    for number, (brand, model, metric, _) in enumerate(blocks.streams):
        groups[StreamKey(brand, model, metric)].append(number)
        rows[model].append(parts[number])
    runs = {model: np.unique(blocks.run[np.concatenate(mine)]) for model, mine in rows.items()}
    newest = {key: _newest(blocks, groups[key], latest) for key in sorted(groups)}
    return [
        _stream(key, blocks, number, parts[number], runs[key.model])
        for key, number in newest.items()
    ]


def _key(record: ScoreRecord, answer: Answer, run: RunKey) -> BlockKey:
    question = answer.question
    version = f"{record.scorer}@{record.version}"
    return BlockKey(
        run, question.prompt.key, question.model, record.brand, record.score.metric, version
    )


def _block(key: BlockKey, values: Sequence[float]) -> Block:
    return Block(
        run_id=key.run.id,
        at=key.run.at,
        prompt=key.prompt,
        model=key.model,
        brand=key.brand,
        metric=key.metric,
        n=len(values),
        total=sum(values),
        squares=sum(value * value for value in values),
        version=key.version,
    )


def _newest(blocks: BlockTable, numbers: Sequence[int], latest: Places) -> int:
    return max(numbers, key=lambda one: (latest[one], _order(blocks.streams[one].version)))


def _order(version: str) -> tuple[tuple[int, ...], str]:
    # By its numbers, so that 1.10 comes after 1.9; a version is free text otherwise.
    return tuple(int(digits) for digits in re.findall(r"\d+", version)), version


def _stream(key: StreamKey, blocks: BlockTable, number: int, rows: Places, runs: Places) -> Stream:
    """Lay out the blocks of one stream.

    Args:
        key: What tells the stream apart.
        blocks: These and others.
        number: Where the stream is among them.
        rows: Where its blocks are among them.
        runs: Where the runs of its model are, in the order of time.
    """
    prompts, column = np.unique(blocks.prompt[rows], return_inverse=True)
    cells = (np.searchsorted(runs, blocks.run[rows]), column)
    shape = (len(runs), len(prompts))
    n, total, squares = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    np.add.at(n, cells, blocks.n[rows])
    np.add.at(total, cells, blocks.total[rows])
    np.add.at(squares, cells, blocks.squares[rows])
    return Stream(
        key,
        blocks.streams[number].version,
        tuple(RunKey(*blocks.runs[run]) for run in runs.tolist()),
        tuple(blocks.prompts[prompt] for prompt in prompts.tolist()),
        n,
        total,
        squares,
    )
