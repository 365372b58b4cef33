"""Before a judged metric raises an alert: did the model move, or the judge?

Old answers are judged anew. They have not changed, so whatever is said of them now that was not
said then is the judge's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from overheard.domain import Answer, Shift
from overheard.interfaces import Store
from overheard.numpy_proxy import Floats, np
from overheard.scoring.service import Scoring

MOST = 100
"""Old answers that are judged anew."""
RUNS = 12
"""Of how many runs before the shift they are."""
LEVEL = 0.05
"""Probability at which a judge that has not moved is taken for one that has."""
SHARE = 0.5
"""Of a shift, that the judge must have moved the same way to be thought its cause."""


@dataclass(frozen=True, slots=True)
class Rejudging:
    """Judges old answers anew.

    Attributes:
        store: Where the old answers and what was said of them are.
        scoring: The scorers, judges among them.
    """

    store: Store
    scoring: Scoring

    async def doubt(self, shift: Shift) -> str:
        """Return in a sentence why a shift is the judge's own, or an empty string.

        Shifts of metrics that no judge gives are beyond doubt, and so are those of which no old
        answer can be judged anew, such as when the judge's money is used up.
        """
        judge = self.scoring.judge_of(shift.metric)
        if judge is None:
            return ""
        then = await self._said(shift, f"{judge.name}@{self.scoring.version(judge)}")
        answers = await self._answers(shift, then)
        now = await self.scoring.judged_anew(judge, answers, shift.brand, shift.metric)
        pairs = np.array([(then[number], value) for number, value in now.items()])
        if not _moved(pairs, shift.change):
            return ""
        before, after = pairs.mean(axis=0)
        label = self.scoring.metrics[shift.metric].label.lower()
        return (
            f"No alert for {shift.brand} at {shift.model}: {label} seems to have moved by "
            f"{shift.change:+.2f}, and the judge {judge.name} ({judge.model}) itself has moved. "
            f"Of {len(pairs)} old answers it says {after:+.2f} now and said {before:+.2f} then."
        )

    async def _said(self, shift: Shift, version: str) -> dict[int, float]:
        """Return what was said of answers before the shift, by their numbers."""
        runs = await self.store.runs()
        begun = next(run.started_at for run in runs if run.id == (shift.began or shift.run_id))
        earlier = [run.id for run in runs if run.started_at < begun and not run.aside][:RUNS]
        return {
            record.answer_id: record.score.value
            async for record in self.store.scores(runs=earlier)
            if (record.brand, record.score.metric) == (shift.brand, shift.metric)
            and f"{record.scorer}@{record.version}" == version
        }

    async def _answers(self, shift: Shift, said: dict[int, float]) -> list[Answer]:
        found = self.store.answers(numbers=said)
        mine = [a async for a in found if a.question.model == shift.model and not a.gone]
        return mine[-MOST:]


def _moved(pairs: Floats, change: float) -> bool:
    """Whether what is said now differs from what was said then, the way of a change."""
    from scipy.special import stdtr

    if len(pairs) < 2:
        return False
    differences = pairs[:, 1] - pairs[:, 0]
    mean, spread = float(differences.mean()), float(differences.std(ddof=1))
    if mean * change <= 0 or abs(mean) < SHARE * abs(change):
        return False
    t = abs(mean) / (spread / len(pairs) ** 0.5) if spread else np.inf
    return bool(2 * stdtr(len(pairs) - 1, -t) <= LEVEL)
