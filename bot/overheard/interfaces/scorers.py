"""Whoever reads answers."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import Protocol, runtime_checkable

from overheard.domain import Metric, Model, Reading, Reply, Score


@runtime_checkable
class Scorer(Protocol):
    """Somebody who reads an answer and says how a brand fares in it.

    A scorer that holds answers against `Reading.facts` says so with the attribute
    ``reads_facts = True``: when a fact changes, history is scored anew by it.
    """

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


class JudgeClient(Protocol):
    """Asks a judge's model, for the judge's money."""

    async def ask(self, text: str) -> Reply:
        """Return a whole reply to a text; the same text is never paid for twice.

        Raises:
            ProviderFailed: when there is no whole reply.
            ProviderUnavailable: when the model cannot be asked at all.
            JudgeBudgetUsedUp: when the money is.
        """
        ...


@runtime_checkable
class Judge(Scorer, Protocol):
    """A scorer that asks a model. Optional."""

    @property
    def model(self) -> Model:
        """Whom it asks; best a dated snapshot, which its vendor does not change."""
        ...

    @property
    def budget(self) -> float:
        """What it may spend in a month, in US dollars; `Config` limits it beside that."""
        ...

    @property
    def rehearsals(self) -> Sequence[str]:
        """Texts that are asked anew whenever anything is, to see whether the model has moved."""
        ...

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return how many gold labels the replies to the rehearsals agree with, and of how many."""
        ...

    def connect(self, asker: JudgeClient) -> None:
        """Take whom to ask through. Called once, before anything is scored."""
        ...
