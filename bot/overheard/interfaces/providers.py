"""Whoever serves models."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from overheard.domain import Batch, BatchStatus, Capabilities, Price, Question, Reply


@runtime_checkable
class Provider(Protocol):
    """Somebody who serves models."""

    @property
    def name(self) -> str:
        """The name of its table in the configuration, the first half of ``provider/model``."""
        ...

    @property
    def concurrency(self) -> int:
        """How many calls it may be given at a time; 1 or more."""
        ...

    def models(self) -> Sequence[str]:
        """Return the ids of the models that a check asks when nobody names one."""
        ...

    def price(self, model: str) -> Price | None:
        """Return what a model charges; `FREE` for one that costs nothing, None when unknown."""
        ...

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question and return the reply, whole or marked as cut.

        Args:
            question: What to ask, of which of this provider's models.
            seed: For the model's sampling, where the provider takes one; 0 to 2**31 - 1.

        Raises:
            ProviderFailed: when there is no answer; the reason holds no secret.
        """
        ...

    async def close(self) -> None:
        """Let connections and processes go. Called once, last."""
        ...


@runtime_checkable
class Described(Protocol):
    """A provider that says what can be done with its models. Optional."""

    def capabilities(self, model: str) -> Capabilities:
        """Return what can be done with a model, as it is asked; a pure look-up."""
        ...


@runtime_checkable
class Verifiable(Protocol):
    """A provider that can be tried without a question. Optional."""

    async def verify(self) -> datetime | None:
        """Make one call that costs nothing, such as listing models.

        Returns:
            What time it is at the service, if it said so; clocks are compared with it.

        Raises:
            ProviderUnavailable: when the key is refused, the SDK is missing or the service cannot
                be reached; the reason holds no secret.
        """
        ...


@runtime_checkable
class Batching(Protocol):
    """A provider whose vendor sells answers in batches: later, and for less. Optional.

    Which of its models can be asked so stands in their `Capabilities`.
    """

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Hand questions in, and return what the vendor calls the batch.

        Args:
            questions: All to one model, by our ids: up to 64 letters, digits and hyphens.

        Raises:
            ProviderFailed: when it was not taken, or when nobody knows (`ambiguous`).
            ProviderUnavailable: when the provider cannot be used at all.
        """
        ...

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return how far a batch is, and all that came of it once it has ended. It costs nothing.

        Args:
            batch: What the vendor calls it.
            questions: What was handed in, by our ids.

        Raises:
            ProviderFailed: when the vendor does not say.
            ProviderUnavailable: when the provider cannot be used at all.
        """
        ...

    async def cancel(self, batch: str) -> None:
        """Have the vendor begin nothing more of a batch. What is answered is charged and kept.

        Raises:
            ProviderUnavailable: when the vendor cannot be told.
        """
        ...


class BatchStore(Protocol):
    """The part of the store that keeps what was handed in as batches."""

    async def keep_batch(self, batch: Batch) -> Batch:
        """Keep a batch, or what has changed of one that has a number; return it with its number."""
        ...

    async def batches(self, *, runs: Collection[int] | None = None) -> list[Batch]:
        """Return the batches of some runs, or of all, that have not ended, the oldest first."""
        ...
