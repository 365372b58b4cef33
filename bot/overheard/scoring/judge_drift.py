"""Drift of a judge: agreement with its gold labels, and old answers that it judges a second time.

Old answers are judged a second time. They have not changed, so a difference between what is said
of them now and what was said then is the judge's own. What follows from that is decided in
`detection/decide.py`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from overheard.detection.decision_inputs import JudgeCheck
from overheard.domain import Answer, Prompt, Shift
from overheard.interfaces import Judge, Store
from overheard.numpy_proxy import Floats, np
from overheard.scoring.service import Scoring

MAX_REJUDGED_ANSWERS = 100
"""Old answers that are judged a second time."""
REJUDGED_RUNS = 12
"""Of how many runs before the shift they are."""
LEAST_LABELS_MOVED = 2
"""Gold labels from which a change of the agreement between two rounds is reported."""
SOUND = 0.75
"""The share of gold labels that a judge agrees with, if its word is to count for much."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement of a judge with its gold labels in one round.

    Attributes:
        at: When the round began.
        right: The number of labels that the judge agreed with.
        of: The number of labels.
        lost: Reasons for which verdicts on the gold texts could not be read, with their counts.
    """

    at: datetime
    right: int
    of: int
    lost: tuple[tuple[str, int], ...] = ()

    def differs_from(self, before: Agreement) -> bool:
        """Return whether the agreement differs from an earlier round by more than a model's own
        noise: by `LEAST_LABELS_MOVED` labels, or in the number of labels.
        """
        return self.of != before.of or abs(self.right - before.right) >= LEAST_LABELS_MOVED


@dataclass(frozen=True, slots=True)
class Rejudging:
    """Lets judges score old answers a second time.

    Attributes:
        store: The store of the old answers and scores.
        scoring: The scorers, with the judges.
    """

    store: Store
    scoring: Scoring

    async def check(self, shift: Shift) -> JudgeCheck | None:
        """Let the judge of a metric score answers from before a shift again, at the judge's cost,
        and compare the new scores with the stored scores. The new scores are not stored.

        Returns:
            The comparison; None for metrics that no judge gives, and when no old answer can be
            judged again, such as when the judge's money is used up.
        """
        judge = self.scoring.judge_of(shift.metric)
        if judge is None:
            return None
        then = await self._earlier_values(shift, f"{judge.name}@{self.scoring.version(judge)}")
        answers = await self._answers_to_rejudge(shift, then)
        now = await self.scoring.judged_again(judge, answers, shift.brand, shift.metric)
        if not now:
            return None
        pairs = np.array([(then[number], value) for number, value in now.items()])
        before, after = pairs.mean(axis=0).tolist()
        p_value = _p_value(pairs[:, 1] - pairs[:, 0])
        return JudgeCheck(judge.name, str(judge.model), len(pairs), before, after, p_value)

    async def _earlier_values(self, shift: Shift, version: str) -> dict[int, float]:
        """Return the stored values of a shift's metric that the judge of a version gave to the
        brand in the last `REJUDGED_RUNS` runs before the shift began, by answer number.
        """
        runs = await self.store.runs.find()
        begun = next(run.started_at for run in runs if run.id == shift.first_run_id)
        earlier = [run.id for run in runs if run.started_at < begun and not run.aside][
            :REJUDGED_RUNS
        ]
        return {
            record.answer_id: record.score.value
            async for record in self.store.scores.stream(runs=earlier)
            if (record.brand, record.score.metric) == (shift.brand, shift.metric)
            and f"{record.scorer}@{record.version}" == version
        }

    async def _answers_to_rejudge(self, shift: Shift, verdicts: dict[int, float]) -> list[Answer]:
        """Return those answers of the shift's model whose text is still stored, in the order in
        which they were asked, at most the latest `MAX_REJUDGED_ANSWERS`.

        Args:
            shift: The shift whose model is meant.
            verdicts: The stored verdict of each answer, by the answer's number.
        """
        judged_answers = self.store.answers.stream(numbers=verdicts)
        answers = [
            a async for a in judged_answers if a.question.model == shift.model and not a.gone
        ]
        return answers[-MAX_REJUDGED_ANSWERS:]


async def agreements(store: Store, judge: Judge) -> list[Agreement]:
    """Return the agreement of a judge with its gold labels in each round in which all gold texts
    were answered, the oldest first; read from the store, nothing is asked.
    """
    prompts = [Prompt(text) for text in judge.rehearsals]
    replies: dict[int, dict[str, str]] = defaultdict(dict)
    async for answer in store.answers.stream(prompts={prompt.key for prompt in prompts}):
        if answer.question.model == judge.model and answer.complete and not answer.gone:
            replies[answer.run_id][answer.question.prompt.key] = answer.reply.text
    begun = {run.id: run.started_at for run in await store.runs.find()} if replies else {}
    whole = {run: said for run, said in sorted(replies.items()) if len(said) == len(prompts)}
    ordered = {run: [said[prompt.key] for prompt in prompts] for run, said in whole.items()}
    return [
        Agreement(begun[run], *judge.agreement(texts), lost=_lost_counts(judge, texts))
        for run, texts in ordered.items()
    ]


def _lost_counts(judge: Judge, replies: list[str]) -> tuple[tuple[str, int], ...]:
    count = getattr(judge, "losses", None)
    return tuple(sorted(count(replies).items())) if count else ()


def lost_verdicts(judge: Judge) -> str:
    """Return a sentence on how many verdicts of a judge in this process do not count, and why;
    empty when all count, or when the judge keeps no count.
    """
    verdicts = dict(getattr(judge, "verdicts", {}))
    read = sum(verdicts.values())
    kept = verdicts.pop("kept", 0)
    if kept == read:
        return ""
    reasons = sorted(verdicts.items(), key=lambda reason: -reason[1])
    return (
        f"{read - kept} of {read} verdicts of the judge {judge.name} ({judge.model}) do not count: "
        f"{'; '.join(f'{reason} ({count})' for reason, count in reasons)}."
    )


def doubt(judge: Judge, agreements: list[Agreement]) -> str:
    """Return a sentence on why a judge is not reliable: its agreement with the gold labels has
    changed since the round before, or is below `SOUND`; else an empty string.

    Args:
        judge: The judge.
        agreements: Its agreement in each round, the oldest first.
    """
    if not agreements:
        return ""
    now, before = agreements[-1], agreements[-2] if len(agreements) > 1 else None
    whose = f"The judge {judge.name} ({judge.model})"
    if before and now.differs_from(before):
        return (
            f"{whose} agrees with {now.right} of {now.of} gold labels, and agreed with "
            f"{before.right} of {before.of} the round before: its model may have moved, so what it "
            f"says now is not comparable with what it said then."
        )
    unread = sum(count for _, count in now.lost)
    if now.right < SOUND * now.of and unread > now.of / 2 - now.right / 2:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in now.lost)
        return (
            f"{whose} agrees with only {now.right} of {now.of} gold labels, because its replies "
            f"cannot be used: {reasons}."
        )
    if now.right < SOUND * now.of:
        return (
            f"{whose} agrees with only {now.right} of {now.of} gold labels: little of what it says "
            f"can be relied on, so name another model in [scorers.{judge.name}]."
        )
    return ""


def _p_value(differences: Floats) -> float:
    """Return the p-value of a two-sided t test that differences have the mean 0; 1 for fewer than
    two differences.
    """
    from overheard.special_functions import stdtr

    if len(differences) < 2 or not differences.any():
        return 1.0
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    t = abs(mean) / (spread / len(differences) ** 0.5) if spread else np.inf
    return float(2 * stdtr(len(differences) - 1, -t))
