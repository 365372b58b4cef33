"""Providers of models, their optional abilities, and the store of batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from overheard.domain import BatchStatus, Capabilities, Price, Question, Reply


@runtime_checkable
class Provider(Protocol):
    """A service that answers questions with its models."""

    @property
    def name(self) -> str:
        """The name of its table in config.toml, and the first half of ``provider/model``."""
        ...

    @property
    def concurrency(self) -> int:
        """The largest number of concurrent calls; 1 or more."""
        ...

    def models(self) -> Sequence[str]:
        """Return the ids of the models that a check asks by default."""
        ...

    def price(self, model: str) -> Price | None:
        """Return the price of a model; `FREE` for a free model, None when unknown."""
        ...

    async def ask(self, question: Question, *, seed: int) -> Reply:
        """Ask one question and return the reply; `Reply.finish` says whether it is complete.

        Args:
            question: The prompt, and the model of this provider to ask.
            seed: The sampling seed, 0 to 2**31 - 1; ignored by models without seeds.

        Raises:
            ProviderFailed: when there is no answer; the message contains no secret.
        """
        ...

    async def close(self) -> None:
        """Close connections and processes. Called once, as the last call."""
        ...


@runtime_checkable
class Described(Protocol):
    """A provider that describes the capabilities of its models. Optional."""

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model, without any I/O."""
        ...


@runtime_checkable
class Verifiable(Protocol):
    """A provider whose key and address can be checked without a question. Optional."""

    async def verify(self) -> datetime | None:
        """Make one free call, such as listing the models.

        Returns:
            The service's current time, if it reports one, to detect a wrong local clock.

        Raises:
            ProviderUnavailable: when the key is refused, the SDK is missing or the service cannot
                be reached; the message contains no secret.
        """
        ...


@runtime_checkable
class Listing(Protocol):
    """A provider whose service says which models it offers. Optional."""

    async def list_models(self) -> Sequence[str]:
        """Return the ids of the models that this account can ask, newest first; free.

        A service that has no such list gives an empty one.

        Raises:
            ProviderUnavailable: as for `Verifiable`.
        """
        ...


@runtime_checkable
class Batching(Protocol):
    """A provider whose vendor has a batch service, cheaper and slower. Optional.

    `Capabilities.batch` says which models can be asked in batches.
    """

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Submit questions as a batch and return the vendor's id of the batch.

        Args:
            questions: Questions to one model, by our ids: up to 64 letters, digits and hyphens.

        Raises:
            ProviderFailed: when the vendor did not accept the batch, or may have (`ambiguous`).
            ProviderUnavailable: when the provider cannot be used at all.
        """
        ...

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:
        """Return the progress of a batch, and all replies once it has ended. The call is free.

        Args:
            batch: The vendor's id of the batch.
            questions: The submitted questions, by our ids.

        Raises:
            ProviderFailed: when the vendor does not report the state.
            ProviderUnavailable: when the provider cannot be used at all.
        """
        ...

    async def cancel(self, batch: str) -> None:
        """Cancel the unanswered questions of a batch. Finished answers are charged and kept.

        Raises:
            ProviderUnavailable: when the request does not reach the vendor.
        """
        ...
