"""Blocks (summed scores) and streams (arrays of blocks), which all statistics read."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from overheard.domain import Block, BlockTable, Model, RunKey, tabulate
from overheard.measure.intervals import Scatter, Sums
from overheard.numpy_proxy import Counts, Floats, Mask, Places, np


class StreamKey(NamedTuple):
    """The identity of a stream: one brand, one model and one metric."""

    brand: str
    model: Model
    metric: str


@dataclass(frozen=True, eq=False)
class Stream:
    """The sums of one brand, model and metric by run and prompt, from one scorer version.

    A cell with ``n = 0`` holds no evidence: the prompt was not asked in that run, the calls
    failed, or no answer showed the metric. Panels need not be balanced.

    Attributes:
        version: The scorer and its version, as ``name@version``.
        runs: The R runs in which the model answered, oldest first. A run without a value of this
            stream has ``n = 0``.
        prompts: Keys of the P prompts. An edited prompt is another prompt.
        n: Number of answers, R x P.
        total: Sum of the answers' values, R x P.
        squares: Sum of the squared values, R x P.
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
        """Whether the sums are those of values that are all 0 or 1, as far as sums can show."""
        whole = np.array_equal(self.total, np.rint(self.total))
        bounded = bool(np.all((self.total >= 0) & (self.total <= self.n)))
        return whole and bounded and np.array_equal(self.total, self.squares)

    @cached_property
    def width(self) -> float:
        """The size of the metric's values against those of a rate: values divided by it are like
        the values 0 and 1 of a rate, on which run effects act. 1 for a rate.

        For other metrics it is twice the standard deviation within prompts, the distance between
        the two outcomes of a fair coin with that deviation; 1 if that deviation is 0.
        """
        if self.binary:
            return 1.0
        variance = self._all_sums.variance
        return 1.0 if variance <= 0 else 2 * variance**0.5

    @cached_property
    def scatter(self) -> Scatter:
        """The variation of answers to the same prompt, over all runs."""
        everything = self._all_sums
        unit = bool(np.all(self.squares <= self.total + 1e-9))
        return Scatter(everything.variance, everything.share, self.width, unit)

    def since(self, first: int) -> Mask:
        """Return a mask (R) that is True for the run with number ``first`` and all later runs; all
        False when the stream has no such run.
        """
        ids = [run.id for run in self.runs]
        start = ids.index(first) if first in ids else len(ids)
        return np.arange(len(ids)) >= start

    def sums(self, runs: Mask, prompts: Mask) -> Sums:
        """Return the count, sum and sum of squares of the values, for each of the chosen prompts in
        their order, over the chosen runs.

        Args:
            runs: Mask of the runs, R.
            prompts: Mask of the prompts, P; each of these must have an answer in these runs.
        """
        n, total, squares = (
            np.asarray(cells[runs][:, prompts].sum(axis=0), dtype=np.float64)
            for cells in (self.n, self.total, self.squares)
        )
        return Sums(n, total, squares)

    @cached_property
    def _all_sums(self) -> Sums:
        cells = [cells.sum(axis=0) for cells in (self.n, self.total, self.squares)]
        n, total, squares = (np.asarray(one[cells[0] > 0], np.float64) for one in cells)
        return Sums(n, total, squares)


def streams(blocks: Iterable[Block]) -> list[Stream]:
    """Return the streams of some blocks, sorted by brand, model and metric, one for each such
    triple, by the rules of `streams_of_table`.
    """
    return streams_of_table(tabulate(blocks))


def streams_of_table(blocks: BlockTable) -> list[Stream]:
    """Return the streams of a table of blocks, one for each brand, model and metric, sorted by
    these.

    All streams of a model have the same runs: those with any block of the model. Scorer versions
    are never mixed. If a stream has blocks of several versions, the version that scored the latest
    run is used, and of two such versions the one with the higher number. Runs that this version
    has not scored yet are missing until they are scored again.
    """
    latest = np.full(len(blocks.streams), -1)
    np.maximum.at(latest, blocks.stream, blocks.run)
    groups: dict[StreamKey, list[int]] = defaultdict(list)
    rows: dict[Model, list[Places]] = defaultdict(list)
    order = np.argsort(blocks.stream, kind="stable")
    stream_rows = np.split(order, np.searchsorted(blocks.stream[order], range(1, len(latest))))
    for number, (brand, model, metric, _) in enumerate(blocks.streams):
        groups[StreamKey(brand, model, metric)].append(number)
        rows[model].append(stream_rows[number])
    runs = {
        model: np.unique(blocks.run[np.concatenate(model_rows)])
        for model, model_rows in rows.items()
    }

    def recency(number: int) -> tuple[int, list[int], str]:
        version = blocks.streams[number].version
        numbers = [int(digits) for digits in re.findall(r"\d+", version)]  # 1.10 is after 1.9
        return int(latest[number]), numbers, version

    newest = {key: max(groups[key], key=recency) for key in sorted(groups)}
    return [
        _stream_of_rows(key, blocks, number, stream_rows[number], runs[key.model])
        for key, number in newest.items()
    ]


def _stream_of_rows(
    key: StreamKey, blocks: BlockTable, number: int, rows: Places, runs: Places
) -> Stream:
    """Return one stream of a table of blocks, over the prompts of its own blocks, in the table's
    order. Blocks of the same run and prompt are added up; a cell without a block is 0.
    """
    prompts, column = np.unique(blocks.prompt[rows], return_inverse=True)
    cells = (np.searchsorted(runs, blocks.run[rows]), column)
    shape = (len(runs), len(prompts))
    n, total, squares = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape)
    np.add.at(n, cells, blocks.n[rows])
    np.add.at(total, cells, blocks.total[rows])
    np.add.at(squares, cells, blocks.squares[rows])
    return Stream(
        key=key,
        version=blocks.streams[number].version,
        runs=tuple(blocks.runs[run] for run in runs.tolist()),
        prompts=tuple(blocks.prompts[prompt] for prompt in prompts.tolist()),
        n=n,
        total=total,
        squares=squares,
    )
