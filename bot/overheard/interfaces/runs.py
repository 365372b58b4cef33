"""Repositories of what was asked, and of how it was scored."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from overheard.domain import (
    Account,
    Answer,
    Balance,
    Batch,
    Block,
    BlockTable,
    Edition,
    EditionState,
    Model,
    ReservationRequest,
    Run,
    RunState,
    ScoreRecord,
    ServedModelCount,
    Spending,
    Task,
    UsualUsage,
)
from overheard.interfaces.services import TaskResult


class RunRepository(Protocol):
    """Runs and the results of their tasks."""

    async def start(self, run: Run) -> Run:
        """Store a run and return it with its number; for a known key, the stored run is returned.

        Imported history (a run without a panel) can arrive in parts: its start becomes the earliest
        start of all parts.
        """

    async def get(self, number: int) -> Run | None:
        """Return a run by its number, or None."""

    async def starts(self) -> dict[int, datetime]:
        """Return the start of every run, by its number; no panel is read."""

    async def state(self, run_id: int) -> RunState:
        """Return the current state of a run."""

    async def steer(self, run_id: int, state: RunState) -> bool:
        """Store the request that a running run pause, resume or be cancelled; its process polls
        `state`.

        Args:
            run_id: The run.
            state: The wanted state.

        Returns:
            False when the run has ended already.
        """

    async def finish(self, run_id: int, state: RunState, at: datetime) -> None:
        """Store the final state of a run and the time of its end."""

    async def find(
        self,
        *,
        state: RunState | None = None,
        label: str | None = None,
        aside: bool | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> list[Run]:
        """Return runs, the newest (by start) first; arguments that are None do not filter.

        Args:
            state: The state of the runs.
            label: The label of the runs.
            aside: True for runs outside of the brands' history, False for the others.
            until: The latest start.
            limit: The maximum number of runs.
        """

    async def keep_result(self, task: Task, result: TaskResult) -> None:
        """Store the result of a task; an earlier result of the same task stays unchanged."""

    async def results(self, run_id: int, keys: Iterable[str]) -> dict[str, TaskResult]:
        """Return the results of finished tasks of a run, by the tasks' keys."""

    async def forget_results(self, run_id: int) -> None:
        """Delete the results of a run's tasks."""


class AnswerRepository(Protocol):
    """Answers with their costs."""

    async def add(self, answers: Sequence[Answer]) -> list[Answer]:
        """Store answers with their costs, in one transaction.

        Each cost is taken from the reservation of the answer's run and booked as spent. An answer
        is left out when its question has an answer in the run already, so that nothing is stored or
        paid for twice; a failed answer is replaced by a later one.

        Returns:
            The answers that were new, with their numbers.
        """

    def stream(
        self,
        *,
        runs: Collection[int] | None = None,
        prompts: Collection[str] | None = None,
        numbers: Collection[int] | None = None,
    ) -> AsyncIterator[Answer]:
        """Stream answers in the order of their numbers; arguments that are None do not filter.

        Args:
            runs: The numbers of runs.
            prompts: The keys of prompts.
            numbers: The numbers of answers.
        """

    async def asked(
        self, run_id: int, *, prompts: Collection[str] | None = None
    ) -> set[tuple[str, str, int]]:
        """Return the keys of a run's questions that have an answer: prompt, model and repeat.

        Failed answers do not count.

        Args:
            run_id: The run.
            prompts: The keys of prompts; None for all.
        """

    async def count(self, run_id: int) -> int:
        """Return how many questions of a run have an answer that did not fail."""

    async def failures(self, run_id: int) -> list[tuple[Model, str]]:
        """Return for each model with complete or failed answers in a run: the commonest reason for
        which it failed; empty if any answer is complete.
        """

    async def usual_usage(self, models: Collection[Model]) -> dict[Model, UsualUsage]:
        """Return the usual billed usage of models, from their latest complete answers in their
        newest runs.

        Reused answers and answers outside of the history do not count. A model
        without an answer is missing.
        """

    async def served_models(self, *, runs: Collection[int] | None = None) -> list[ServedModelCount]:
        """Return the counts of complete answers by run, requested and served model, of some runs or
        of all.

        Ordered by run and model. Reused answers do not count.
        """


class BatchRepository(Protocol):
    """Batches that were submitted to vendors."""

    async def keep(self, batch: Batch) -> Batch:
        """Store a new batch, or the changes of a batch that has a number; return the batch with its
        number.
        """

    async def unfinished(self, *, runs: Collection[int] | None = None) -> list[Batch]:
        """Return the unfinished batches of some runs, or of all, the oldest first."""


class RetentionRepository(Protocol):
    """The removal of old texts; scores, blocks and spending stay."""

    def old_texts(self, before: datetime) -> AsyncIterator[Answer]:
        """Stream the answers that were asked before a time and have a text, by number.

        Answers that are approved for a dataset are left out.
        """

    async def forget_texts(self, answers: Collection[int]) -> int:
        """Remove the texts of answers, and the sentences that their scores quote, in one
        transaction.

        Values, verdicts, blocks, spending and readings stay, so that no scorer is given such an
        answer again.

        Returns:
            How many answers had a text.
        """

    async def carry_scores(self, scorer: str, before: str, after: str) -> int:
        """Copy the scores that a version of a scorer lacks from another version of it.

        Blocks are included. It takes several transactions, each of which can be repeated; scores
        that the newer version has already stay unchanged.

        Args:
            scorer: The scorer's name.
            before: The version that has read the answers.
            after: The version that cannot read them.

        Returns:
            The number of answers whose scores were copied.
        """


class MoneyRepository(Protocol):
    """Reservations and spending, in US dollars.

    A run reserves money on its accounts before it calls a model; `AnswerRepository.add` turns the
    reservation into spending. The sum of both, over all runs of all processes, never exceeds the
    limit of an account.
    """

    async def reserve(self, run_id: int, requests: Sequence[ReservationRequest]) -> Account | None:
        """Reserve money for a run on all given accounts, or on none of them.

        Args:
            run_id: The run.
            requests: The amount and the limit in US dollars, one for each account; without any,
                nothing happens.

        Returns:
            None when everything is reserved; otherwise the first account without room for its
            amount, and nothing is reserved.
        """

    async def give_back(self, run_id: int, amounts: Mapping[Account, float]) -> None:
        """Reduce the reservations of a run by amounts in US dollars, at most to 0.

        Args:
            run_id: The run.
            amounts: The amounts, by account; an account without a reservation is ignored.
        """

    async def release(self, run_id: int) -> None:
        """Delete all reservations of a run."""

    async def reserving_runs(self) -> set[int]:
        """Return the numbers of the runs that have reservations; their processes may be dead."""

    async def balances(self, accounts: Collection[Account]) -> dict[Account, Balance]:
        """Return the spending and the reservations of all runs on some accounts, in US dollars; 0
        for an account that is not known.
        """

    async def spending(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[Spending]:
        """Return the costs of answers in US dollars, summed by run, prompt and model, in the order
        of the runs' numbers. Answers without a cost are left out.

        Args:
            since: The time from which answers are counted; None for the beginning.
            until: The time before which answers are counted; None for no end.
        """

    async def spent(self, *, since: datetime | None = None, run_id: int | None = None) -> float:
        """Return the US dollars that answers cost.

        Args:
            since: The time from which answers are counted; None for the beginning.
            run_id: The run of the answers; None for all runs.
        """


class ScoreRepository(Protocol):
    """Scores of answers, and which answers each version of a scorer has read.

    An answer is scorable when it is complete, is not reused, has its text and belongs to a run
    that is part of the brands' history.
    """

    def unscored(
        self,
        scorer: str,
        version: str,
        *,
        seen: bool | None = None,
        newest: bool = False,
        part: Run | None = None,
    ) -> AsyncIterator[int]:
        """Stream the numbers of the scorable answers that this version has not read.

        Args:
            scorer: The scorer's name.
            version: The scorer's version.
            seen: True for answers that another version of the scorer has read, False for answers
                that no version has read, None for both.
            newest: Whether the order is descending.
            part: A run whose panel restricts its answers; None for the answers of all runs.
        """

    async def add(
        self, scorer: str, version: str, scores: Sequence[tuple[Answer, Sequence[ScoreRecord]]]
    ) -> None:
        """Store one scorer's scores of some answers, and add them to their blocks, in one
        transaction.

        Answers that this version has read before are left out, so that a repetition changes
        nothing. An answer without scores counts as read.

        Args:
            scorer: The scorer's name.
            version: The scorer's version.
            scores: The answers, each with its scores.
        """

    async def findings(
        self, brand: str, verdicts: Collection[str], *, runs: Collection[int] | None = None
    ) -> list[ScoreRecord]:
        """Return the scores of a brand that have a detail with one of some verdicts, in the order
        of answers.

        Args:
            brand: The brand's name.
            verdicts: Verdicts of details, such as ``wrong``.
            runs: The numbers of runs; None for all.
        """

    def stream(self, *, runs: Collection[int] | None = None) -> AsyncIterator[ScoreRecord]:
        """Stream the scores of some runs, or of all, in the order of their answers."""

    async def of_answers(self, answers: Collection[int]) -> list[ScoreRecord]:
        """Return the scores of some answers, in the order of the answers' numbers."""

    async def count_read(self, scorer: str, version: str) -> int:
        """Return how many answers that have their text a version of a scorer has read."""

    async def count_scorable(self) -> int:
        """Return the number of scorable answers."""

    async def prune(self, versions: Collection[str]) -> int:
        """Delete all editions, scores, readings and blocks except those of some versions.

        Blocks are deleted first, in a transaction of their own, so that half-deleted scores are
        never read. A repeated call completes an interrupted one.

        Args:
            versions: The versions to keep, written as `Block.version`.

        Returns:
            The number of deleted scores.
        """


class BlockRepository(Protocol):
    """Sums of scores by run, prompt, model, brand, metric and scorer."""

    async def find(
        self,
        *,
        brand: str | None = None,
        model: Model | None = None,
        metric: str | None = None,
        since: datetime | None = None,
        run: int | None = None,
    ) -> list[Block]:
        """Return blocks ordered by the start of the run, run, prompt, model, brand and metric.

        Args:
            brand: The brand; None for all.
            model: The model; None for all.
            metric: The metric; None for all.
            since: The earliest start of the blocks' runs; None for the beginning.
            run: The number of the run; None for all.
        """

    async def table(
        self,
        brands: Collection[str] | None = None,
        *,
        model: Model | None = None,
        metric: str | None = None,
        until: datetime | None = None,
        newest: tuple[str, int] | None = None,
    ) -> BlockTable:
        """Return blocks as columns, which is many times as fast as `find`.

        Args:
            brands: The names of brands; None for all.
            model: The only model, or None for all.
            metric: The only metric, or None for all.
            until: The latest start of the blocks' runs.
            newest: A brand and a number of runs: of each model, only its newest runs with a value
                of the metric of this brand. It needs a metric.
        """

    async def reused(self, run_id: int) -> list[Block]:
        """Return the sums of the scores of the answers that a run reuses.

        They are computed and not stored: trends and detection do not read them.
        """


class EditionRepository(Protocol):
    """Editions: each lists the versions of the scorers whose scores are read together."""

    async def all(self) -> list[Edition]:
        """Return all editions, the oldest first."""

    async def add(self, edition: Edition) -> Edition:
        """Store an edition and return it with its number.

        Versions are unique: an edition of the same versions gets the new state, note and time. A
        used or pending edition replaces the edition in that state, which becomes kept.
        """

    async def set_state(self, number: int, state: EditionState, note: str = "") -> None:
        """Set the state and the note of an edition, in one transaction.

        When the state is USED, the edition that was used before becomes kept.
        """
