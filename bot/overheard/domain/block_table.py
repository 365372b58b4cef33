"""Blocks by column, as statistics read them: there are tens of thousands of a brand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from overheard.domain.models import Model
from overheard.domain.scores import Block
from overheard.numpy_proxy import Counts, Floats, Places, np


class BlockRun(NamedTuple):
    """A run: when it began, and its number."""

    at: datetime
    id: int


class BlockStream(NamedTuple):
    """A brand at a model in a metric, as one version of a scorer (``name@version``) has it."""

    brand: str
    model: Model
    metric: str
    version: str


Name = TypeVar("Name", str, BlockRun, BlockStream)


@dataclass(frozen=True, eq=False)
class BlockTable:
    """B blocks, by column and in no particular order. Every name in it has a block.

    Attributes:
        runs: The runs, in the order of time.
        prompts: Keys of the prompts, in their order.
        streams: The streams, in their order.
        run: Where in `runs` the run of each block is, B.
        prompt: Where in `prompts` its prompt is, B.
        stream: Where in `streams` its stream is, B.
        n: Number of answers, B.
        total: Sum of their values, B.
        squares: Sum of their squared values, B.
    """

    runs: tuple[BlockRun, ...]
    prompts: tuple[str, ...]
    streams: tuple[BlockStream, ...]
    run: Places
    prompt: Places
    stream: Places
    n: Counts
    total: Floats
    squares: Floats

    def of(self, versions: Collection[str], metrics: Collection[str] | None = None) -> BlockTable:
        """Return the blocks of some scorer versions, and of some metrics where any are named."""
        wanted = [
            stream.version in versions and (metrics is None or stream.metric in metrics)
            for stream in self.streams
        ]
        rows = np.array(wanted, np.bool_)[self.stream]
        runs, run = _left(self.runs, self.run[rows])
        prompts, prompt = _left(self.prompts, self.prompt[rows])
        streams, stream = _left(self.streams, self.stream[rows])
        sums = {name: getattr(self, name)[rows] for name in ("n", "total", "squares")}
        return BlockTable(runs, prompts, streams, run, prompt, stream, **sums)


def tabulate(blocks: Iterable[Block]) -> BlockTable:
    """Lay blocks out by column."""
    given = list(blocks)
    runs, run = _places([BlockRun(b.at, b.run_id) for b in given])
    prompts, prompt = _places([b.prompt for b in given])
    streams, stream = _places([BlockStream(b.brand, b.model, b.metric, b.version) for b in given])
    return BlockTable(
        *(runs, prompts, streams, run, prompt, stream),
        n=np.array([b.n for b in given], np.int64),
        total=np.array([b.total for b in given], np.float64),
        squares=np.array([b.squares for b in given], np.float64),
    )


def named(numbers: Counts, names: Mapping[int, Name]) -> tuple[tuple[Name, ...], Places]:
    """Return the names of numbers in their order, and where each number's name is in it."""
    found, where = np.unique(numbers, return_inverse=True)
    listed, places = _places([names[number] for number in found.tolist()])
    return listed, places[where]


def _places(
    names: Sequence[Name],
) -> tuple[tuple[Name, ...], Places]:

    listed = sorted(set(names))
    place = {name: number for number, name in enumerate(listed)}
    return tuple(listed), np.array([place[name] for name in names], np.intp)


def _left(names: Sequence[Name], places: Places) -> tuple[tuple[Name, ...], Places]:
    """Return the names that are still used."""
    used, where = np.unique(places, return_inverse=True)
    return tuple(names[number] for number in used.tolist()), where
