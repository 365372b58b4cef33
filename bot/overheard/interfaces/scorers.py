"""Scorers, and judges (scorers that ask a model)."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from overheard.domain import Metric, Model, Reading, Reply, Score


@runtime_checkable
class Scorer(Protocol):
    """Computes metrics of a brand from an answer.

    A scorer that reads `Reading.facts` has the attribute ``reads_facts = True``: when a fact
    changes, this scorer scores the history again.
    """

    @property
    def name(self) -> str:
        """Unique among scorers."""
        ...

    @property
    def version(self) -> str:
        """The version. It must change whenever the same answer could get another score: scores of
        two versions are never compared.
        """
        ...

    @property
    def metrics(self) -> Sequence[Metric]:
        """The metrics that the scorer computes. Every metric belongs to one scorer."""
        ...

    def score(self, reading: Reading) -> Iterable[Score] | Awaitable[Iterable[Score]]:
        """Return the scores of one brand in one answer; may be async.

        The same reading must give the same scores. Omit a metric that the answer does not show;
        do not return 0.
        """
        ...


class JudgeClient(Protocol):
    """Asks the model of a judge, within the judge's budget."""

    async def ask(self, text: str, *, schema: Mapping[str, object] | None = None) -> Reply:
        """Return a complete reply to a text; a repeated text gets the stored reply, free of charge.

        Args:
            text: The request.
            schema: The JSON schema of the reply, for services with structured output; others
                ignore it.

        Raises:
            ProviderFailed: when there is no complete reply.
            ProviderUnavailable: when the model cannot be asked at all.
            JudgeBudgetUsedUp: when the judge's budget is used up.
        """
        ...


@runtime_checkable
class Judge(Scorer, Protocol):
    """A scorer that asks a model. Optional.

    Three further attributes are optional: ``schema``, the JSON schema of the replies to
    `rehearsals`; ``verdicts``, the number of verdicts that it has read, ``kept`` or lost by reason;
    and ``losses(replies)``, the same number for replies to `rehearsals`.
    """

    @property
    def model(self) -> Model:
        """The model to ask; preferably a dated snapshot, which the vendor does not change."""
        ...

    @property
    def budget(self) -> float:
        """The judge's budget a month, in US dollars; config.toml may limit it further."""
        ...

    @property
    def rehearsals(self) -> Sequence[str]:
        """Fixed texts that are asked in every round, to detect a change of the judge's model."""
        ...

    def agreement(self, replies: Sequence[str]) -> tuple[int, int]:
        """Return how many gold labels the replies to `rehearsals` match, and how many there are."""
        ...

    def connect(self, asker: JudgeClient) -> None:
        """Receive the client for the judge's model. Called once, before the first score."""
        ...
