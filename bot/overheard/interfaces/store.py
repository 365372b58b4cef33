"""What is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from overheard.domain import (
    Account,
    Answer,
    Balance,
    Brand,
    Catalogue,
    Claim,
    Fact,
    Model,
    ModelUpdate,
    Prompt,
    Run,
    RunState,
    Schedule,
    ServedModelCount,
    Spending,
)
from overheard.interfaces.alerts import AlertStore
from overheard.interfaces.operations import (
    CensusStore,
    FinetuneStore,
    OperationStore,
    RetentionStore,
    TalkStore,
)
from overheard.interfaces.providers import BatchStore
from overheard.interfaces.scores import EditionStore, ScoreStore
from overheard.interfaces.services import WorkStore


class Store(
    AlertStore,
    BatchStore,
    CensusStore,
    OperationStore,
    EditionStore,
    FinetuneStore,
    RetentionStore,
    ScoreStore,
    TalkStore,
    WorkStore,
    Protocol,
):
    """What is kept. Returns domain objects, never rows; every write is one transaction."""

    async def close(self) -> None:
        """Let connections go."""
        ...

    # The catalogue

    async def provision(self, catalogue: Catalogue) -> None:
        """Make the declared brands, prompts, facts and schedules those of the configuration.

        What was declared before and is no longer is retired: kept for its history, and left out
        of `catalogue`. What people added themselves stays.
        """
        ...

    async def catalogue(self) -> Catalogue:
        """Return what is measured now, in the order in which it was declared or added."""
        ...

    async def add_brands(self, brands: Iterable[Brand]) -> None:
        """Add brands that are not there yet; a known name is left as it is."""
        ...

    async def add_prompts(self, prompts: Iterable[Prompt]) -> None:
        """Add prompts that are not there yet; a known text is left as it is."""
        ...

    async def declared(self) -> Catalogue:
        """Return what the configuration declares; people cannot change it."""
        ...

    async def retired(self) -> Catalogue:
        """Return what was measured once and is no longer; its history is kept."""
        ...

    async def set_brand(self, brand: Brand) -> bool:
        """Add a brand, or put it in the place of an added one of the same name.

        Returns:
            False when the configuration declares one of this name; that one stays.
        """
        ...

    async def remove_brand(self, name: str) -> bool:
        """Retire a brand that somebody added; False when nobody did."""
        ...

    async def set_prompt(self, prompt: Prompt) -> bool:
        """Add a prompt, or change whom an added one of the same text is asked for.

        Returns:
            False when the configuration declares it; that one stays.
        """
        ...

    async def remove_prompt(self, key: str) -> bool:
        """Retire a prompt that somebody added; False when nobody did."""
        ...

    async def set_fact(self, fact: Fact) -> bool:
        """Add a fact, or change the day and the source of one that says the same.

        Returns:
            False when the configuration declares it; that one stays.
        """
        ...

    async def remove_fact(self, fact: Fact) -> bool:
        """Retire a fact that somebody added; False when nobody did."""
        ...

    async def set_schedule(self, schedule: Schedule) -> bool:
        """Add a schedule, or put it in the place of an added one of the same name.

        Returns:
            False when the configuration declares one of this name; that one stays.
        """
        ...

    async def remove_schedule(self, name: str) -> bool:
        """Remove a schedule that somebody added.

        Returns:
            False when nobody did.
        """
        ...

    # Runs and answers

    async def start_run(self, run: Run) -> Run:
        """Keep a run and return it with its number; a known key returns the run already kept.

        Imported history (a run without a panel) can come in parts: it begins no later than any
        part says.
        """
        ...

    def holding(self, run_id: int) -> AbstractAsyncContextManager[bool]:
        """Hold a run for this process while the block lasts; give False when another holds it.

        The hold ends with the process, however that ends.
        """
        ...

    async def steer_run(self, run_id: int, state: RunState) -> bool:
        """Ask a run that has not ended to pause, to go on or to be given up.

        Whoever carries it out looks at `run_state`.

        Returns:
            False when it has ended already.
        """
        ...

    async def run_state(self, run_id: int) -> RunState:
        """Return where a run stands just now."""
        ...

    async def finish_run(self, run_id: int, state: RunState, at: datetime) -> None:
        """Say how and when a run ended."""
        ...

    async def runs(
        self,
        *,
        state: RunState | None = None,
        label: str | None = None,
        aside: bool | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Return runs, the newest (by start) first.

        Args:
            state: The only state that is wanted.
            label: The only label that is wanted.
            aside: Whether those that stand aside are wanted, or those that do not; both by default.
            until: The latest time at which they began.
            limit: How many are wanted at most.
        """
        ...

    async def add_answers(self, answers: Sequence[Answer]) -> list[Answer]:
        """Keep answers with what they cost, in one transaction.

        What they cost is taken out of what their runs hold, and booked as spent.

        An answer whose run already holds one to the same question is left out, so that nothing
        is kept or paid for twice; an answer that failed gives way to a later one.

        Returns:
            Those that were new, with their numbers.
        """
        ...

    def answers(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers: of some runs, prompt keys or numbers, or
        all.
        """
        ...

    async def asked(
        self, run_id: int, *, prompts: Collection[str] | None = None
    ) -> set[tuple[str, str, int]]:
        """Return the keys of the questions of a run that have an answer; failed calls have none.

        Args:
            run_id: The run.
            prompts: The keys of the prompts that are meant; by default all.
        """
        ...

    # Updates

    async def served(self, *, runs: Collection[int] | None = None) -> list[ServedModelCount]:
        """Return who served the complete answers of some runs, or of all, by run and model."""
        ...

    async def add_update(self, update: ModelUpdate) -> ModelUpdate:
        """Keep a model update and return it with its number."""
        ...

    async def remove_update(self, number: int) -> bool:
        """Forget a model update by its number; False when there is none."""
        ...

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        ...

    async def thresholds(self, brand: str) -> dict[str, float]:
        """Return a brand's thresholds by what they were worked out from.

        They save time, and nothing else: without them they are worked out again, and are the same.
        """
        ...

    async def keep_thresholds(self, brand: str, thresholds: Mapping[str, float]) -> None:
        """Keep a brand's thresholds in the place of those that were kept before."""
        ...

    # Money

    async def reserve(self, run_id: int, claims: Sequence[Claim]) -> Account | None:
        """Hold money on all of some accounts, or on none.

        What is spent there and held by all runs of all processes never exceeds what is allowed.

        Returns:
            The account on which it is not there, or None when it is held.
        """
        ...

    async def give_back(self, run_id: int, amounts: Mapping[Account, float]) -> None:
        """Give back a part of what a run holds, in dollars by account."""
        ...

    async def release(self, run_id: int) -> None:
        """Give back what a run still holds."""
        ...

    async def holders(self) -> set[int]:
        """Return the numbers of the runs that hold money; their processes may be dead."""
        ...

    async def balances(self, accounts: Collection[Account]) -> dict[Account, Balance]:
        """Return what is spent and held on accounts."""
        ...

    async def spending(self, *, since: datetime | None = None) -> list[Spending]:
        """Return what answers cost, summed up by run, prompt and model."""
        ...

    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the dollars spent on answers."""
        ...
