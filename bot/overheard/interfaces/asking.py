"""Whoever serves models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from overheard.domain import Capabilities, Price, Question, Reply


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

    async def verify(self) -> None:
        """Make one call that costs nothing, such as listing models.

        Raises:
            ProviderUnavailable: when the key is refused, the SDK is missing or the service cannot
                be reached; the reason holds no secret.
        """
        ...
