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
        noise: by `LEAST_LABELS_MOVED` labels or more, up or down, or in the number of labels.
        """
        return self.of != before.of or abs(self.right - before.right) >= LEAST_LABELS_MOVED


@dataclass(frozen=True, slots=True)
class Rejudging:
    """Lets judges score old answers a second time.

    Attributes:
        scoring: The scorers, with the judges.
    """

    store: Store
    scoring: Scoring

    async def check(self, shift: Shift) -> JudgeCheck | None:
        """Let the judge of a metric score answers from before a shift again, at the judge's cost,
        and compare the new scores with the stored scores. The new scores are not stored.

        The answers are those of the shift's model in the last `REJUDGED_RUNS` runs before the
        shift, the latest `MAX_REJUDGED_ANSWERS` at most, which the judge has scored in its present
        version. Those that it fails on now are left out.

        Returns:
            The comparison of the means, with the p-value of a paired t test; None for metrics that
            no judge gives, and when no old answer can be judged again, such as when the judge's
            money is used up.
        """
        judge = self.scoring.judge_of(shift.metric)
        if judge is None:
            return None
        version = f"{judge.name}@{self.scoring.version(judge)}"
        old_values = await self._earlier_values(shift, version)
        answers = await self._answers_to_rejudge(shift, old_values)
        new_values = await self.scoring.judged_again(judge, answers, shift.brand, shift.metric)
        if not new_values:
            return None
        pairs = np.array([(old_values[number], value) for number, value in new_values.items()])
        before, after = pairs.mean(axis=0).tolist()
        p_value = _p_value(pairs[:, 1] - pairs[:, 0])
        return JudgeCheck(
            judge=judge.name,
            model=str(judge.model),
            answers=len(pairs),
            before=before,
            after=after,
            p_value=p_value,
        )

    async def _earlier_values(self, shift: Shift, version: str) -> dict[int, float]:
        """Return the stored values of a shift's metric and brand in the last `REJUDGED_RUNS` runs
        of the history before the shift began, by answer number.
        """
        runs = await self.store.runs.find()  # the newest first
        shift_began = next(run.started_at for run in runs if run.id == shift.first_run_id)
        earlier = [run.id for run in runs if run.started_at < shift_began and not run.aside]
        return {
            record.answer_id: record.score.value
            async for record in self.store.scores.stream(runs=earlier[:REJUDGED_RUNS])
            if (record.brand, record.score.metric) == (shift.brand, shift.metric)
            and f"{record.scorer}@{record.version}" == version
        }

    async def _answers_to_rejudge(self, shift: Shift, values: dict[int, float]) -> list[Answer]:
        """Return those of the judged answers that are of the shift's model and whose text is still
        stored, in the order of their numbers, the latest `MAX_REJUDGED_ANSWERS` at most.
        """
        answers = [
            answer
            async for answer in self.store.answers.stream(numbers=values)
            if answer.question.model == shift.model and not answer.gone
        ]
        return answers[-MAX_REJUDGED_ANSWERS:]


async def agreements(store: Store, judge: Judge) -> list[Agreement]:
    """Return the agreement of a judge with its gold labels in each round, the oldest first; read
    from the store, nothing is asked.

    A round counts only if the judge's present model answered each present gold text in it
    completely, and these replies are still stored. Empty without such a round.
    """
    prompts = [Prompt(text) for text in judge.rehearsals]
    replies_by_run: dict[int, dict[str, str]] = defaultdict(dict)
    async for answer in store.answers.stream(prompts={prompt.key for prompt in prompts}):
        if answer.question.model == judge.model and answer.complete and not answer.gone:
            replies_by_run[answer.run_id][answer.question.prompt.key] = answer.reply.text
    if not replies_by_run:
        return []
    began = await store.runs.starts()
    result = []
    for run_id, replies in sorted(replies_by_run.items()):
        if len(replies) < len(prompts):
            continue
        texts = [replies[prompt.key] for prompt in prompts]
        matching, labels = judge.agreement(texts)
        count_losses = getattr(judge, "losses", None)
        lost = tuple(sorted(count_losses(texts).items())) if count_losses else ()
        result.append(Agreement(began[run_id], matching, labels, lost=lost))
    return result


def lost_verdicts(judge: Judge) -> str:
    """Return a sentence on how many verdicts of a judge in this process do not count, and why, the
    most frequent reason first; empty when all count, or when the judge keeps no count.
    """
    lost_by_reason = dict(getattr(judge, "verdicts", {}))
    total = sum(lost_by_reason.values())
    kept = lost_by_reason.pop("kept", 0)
    if kept == total:
        return ""
    reasons = sorted(lost_by_reason.items(), key=lambda reason: -reason[1])
    return (
        f"{total - kept} of {total} verdicts of the judge {judge.name} ({judge.model}) do not "
        f"count: {'; '.join(f'{reason} ({count})' for reason, count in reasons)}."
    )


def doubt(judge: Judge, agreements: list[Agreement]) -> str:
    """Return a sentence on why a judge is not reliable; empty when it is, and without a round.

    The first of these reasons that holds is given:

    - The agreement with the gold labels differs from the round before.
    - The agreement is below `SOUND`, and more than half of the labels that were missed were lost
      because replies could not be read.
    - The agreement is below `SOUND`.

    Args:
        agreements: Its agreement in each round, the oldest first.
    """
    if not agreements:
        return ""
    now = agreements[-1]
    before = agreements[-2] if len(agreements) > 1 else None
    whose = f"The judge {judge.name} ({judge.model})"
    if before and now.differs_from(before):
        return (
            f"{whose} agrees with {now.right} of {now.of} gold labels, and agreed with "
            f"{before.right} of {before.of} the round before: its model may have moved, so what it "
            f"says now is not comparable with what it said then."
        )
    if now.right >= SOUND * now.of:
        return ""
    missed, unread = now.of - now.right, sum(count for _, count in now.lost)
    if unread > missed / 2:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in now.lost)
        return (
            f"{whose} agrees with only {now.right} of {now.of} gold labels, because its replies "
            f"cannot be used: {reasons}."
        )
    return (
        f"{whose} agrees with only {now.right} of {now.of} gold labels: little of what it says "
        f"can be relied on, so name another model in [scorers.{judge.name}]."
    )


def _p_value(differences: Floats) -> float:
    """Return the p-value of a two-sided t test that differences have the mean 0.

    1 for fewer than two differences, and when all are 0; 0 when all are equal to another number.
    """
    from overheard.special_functions import stdtr

    count = len(differences)
    if count < 2 or not differences.any():
        return 1.0
    mean, deviation = float(differences.mean()), float(differences.std(ddof=1))
    t = abs(mean) / (deviation / count**0.5) if deviation else np.inf
    return float(2 * stdtr(count - 1, -t))
