"""Whoever reads answers."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from overheard.domain import Metric, Reading, Score


@runtime_checkable
class Scorer(Protocol):
    """Somebody who reads an answer and says how a brand fares in it."""

    @property
    def name(self) -> str:
        """Unique among scorers."""
        ...

    @property
    def version(self) -> str:
        """Changed whenever the same answer could get another score; scores of two versions are
        never compared.
        """
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """What it measures. No two scorers measure the same metric."""
        ...

    def score(self, reading: Reading) -> Iterable[Score] | Awaitable[Iterable[Score]]:
        """Score one brand in one answer; may be async.

        The same reading gives the same scores. A metric that the answer does not show is left
        out, never 0.
        """
        ...
