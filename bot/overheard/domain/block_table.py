"""Blocks by column, as statistics read them: a brand may have tens of thousands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from overheard.domain.models import Model
from overheard.domain.scores import Block
from overheard.numpy_proxy import Counts, Floats, Places, np


class BlockRun(NamedTuple):
    """When a run began, and the store's number of the run."""

    at: datetime
    id: int


class BlockStream(NamedTuple):
    """A brand, a model and a metric, scored by one version of a scorer (``name@version``)."""

    brand: str
    model: Model
    metric: str
    version: str


Name = TypeVar("Name", str, BlockRun, BlockStream)


@dataclass(frozen=True, eq=False)
class BlockTable:
    """B blocks by column, in no particular order. Each run, prompt and stream has a block.

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

    runs: tuple[BlockRun, ...]
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
        """Return the table of the blocks of some scorer versions, metrics and brands (None: all of
        them).
        """
        wanted = [
            stream.version in versions
            and (metrics is None or stream.metric in metrics)
            and (brands is None or stream.brand in brands)
            for stream in self.streams
        ]
        rows = np.array(wanted, np.bool_)[self.stream]
        runs, run = _left(self.runs, self.run[rows])
        prompts, prompt = _left(self.prompts, self.prompt[rows])
        streams, stream = _left(self.streams, self.stream[rows])
        sums = {name: getattr(self, name)[rows] for name in ("n", "total", "squares")}
        return BlockTable(runs, prompts, streams, run, prompt, stream, **sums)


def tabulate(blocks: Iterable[Block]) -> BlockTable:
    """Return the blocks as a table by column, with runs, prompts and streams as indices."""
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
    """Return the sorted names of some numbers, and for each number the index of its name."""
    found, where = np.unique(numbers, return_inverse=True)
    listed, places = _places([names[number] for number in found.tolist()])
    return listed, places[where]


def _places(
    names: Sequence[Name],
) -> tuple[tuple[Name, ...], Places]:
    """Return the distinct names, sorted, and the index of each given name among them."""
    listed = sorted(set(names))
    place = {name: number for number, name in enumerate(listed)}
    return tuple(listed), np.array([place[name] for name in names], np.intp)


def _left(names: Sequence[Name], places: Places) -> tuple[tuple[Name, ...], Places]:
    """Return the names that `places` still refers to, and the places renumbered to match."""
    used, where = np.unique(places, return_inverse=True)
    return tuple(names[number] for number in used.tolist()), where
