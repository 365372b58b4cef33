"""What became of a run's questions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from overheard.domain import Answer, Finish, Model, Run, RunState
from overheard.interfaces import TaskResult


@dataclass(slots=True)
class Outcome:
    """What became of a run's questions.

    Attributes:
        run: The run, as it ended.
        kept: Answers that were there already when the run was taken up.
        reused: Those among them that are copies of earlier answers.
        complete: Answers that came in and can be scored.
        cut: Answers that came in incomplete, and are not scored, by model and how they ended.
        failures: Questions without an answer, by the sentence that says why.
        retries: Calls that were made again.
        spent: Dollars.
        stopped: As what a person stopped the run, or None.
        notes: What else is to be told of how it was asked, in whole sentences.
    """

    run: Run
    kept: int = 0
    reused: int = 0
    complete: int = 0
    cut: Counter[tuple[Model, Finish]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    spent: float = 0.0
    stopped: RunState | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def incomplete(self) -> int:
        """Answers that came in incomplete."""
        return self.cut.total()

    def count(self, answer: Answer) -> None:
        """Add an answer that came in."""
        self.spent += answer.reply.cost_usd or 0.0
        if answer.error:
            self.failures[answer.error] += 1
        elif answer.complete:
            self.complete += 1
        else:
            self.cut[answer.question.model, answer.reply.finish] += 1

    @property
    def state(self) -> RunState:
        """Complete, partial when some questions have no answer or no answer can be scored, failed
        when no question has one.
        """
        if self.stopped:
            return self.stopped
        if not self.failures:
            scored = self.kept + self.complete or not self.incomplete
            return RunState.COMPLETE if scored else RunState.PARTIAL
        return RunState.PARTIAL if self.kept + self.complete + self.incomplete else RunState.FAILED

    def result(self) -> TaskResult:
        """Write it down for whoever carries the run on."""
        return {
            "kept": self.kept,
            "complete": self.complete,
            "cut": [[str(m), end.value, count] for (m, end), count in self.cut.items()],
            "failures": dict(self.failures),
            "retries": self.retries,
            "spent": self.spent,
            "stopped": self.stopped.value if self.stopped else None,
            "notes": self.notes,
        }

    def add(self, result: TaskResult) -> None:
        """Add what became of a part of the run's questions."""
        self.kept += result["kept"]
        self.complete += result["complete"]
        for model, end, count in result["cut"]:
            self.cut[Model.parse(model), Finish(end)] += count
        self.failures.update(result["failures"])
        self.retries += result["retries"]
        self.spent += result["spent"]
        self.notes += result["notes"]
        if result["stopped"]:
            self.stopped = RunState(result["stopped"])
