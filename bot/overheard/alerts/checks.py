"""What a model says of the sentences of an alert, which it reads before the alert is told.

A sentence that it takes to be about another, or to say no such thing, does not count as a statement
from then on, wherever statements are read. Where it cannot be asked, everything stays as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overheard.cards import wording
from overheard.detection.decision_inputs import JudgeCheck
from overheard.detection.statements import StatementStory
from overheard.domain import Alert, Answer, Detail, Model, Reading, RunKey, Setting, Shift
from overheard.interfaces import Store
from overheard.numpy_proxy import Floats, np
from overheard.scoring.judge import CHECKED, kept_checks
from overheard.scoring.service import Scoring

MOST_CHECKED = 5
"""Sentences of a statement that are read, the newest."""
READ_RUNS, MAX_READ_ANSWERS = 12, 100
"""Of how many runs on each side of a shift answers are read a second time, and how many."""
MOST_KEPT = 500
"""Denied sentences, and checks, of a brand that are kept, the newest."""


async def check_words(store: Store, alert: Alert) -> str:
    """Return what came of the latest check of an alert, as words without a full stop: ``checked by
    gpt-6-luna: 3 of 3 sentences are about Acme``, or that it could not be checked. Empty where no
    model is set up for it.
    """
    brand = alert.shift.brand
    told = (await kept_checks(store, brand))["told"]
    for shift in reversed(alert.moved):
        if checks := told.get(f"{shift.model} {shift.run_id}"):
            held, of = map(sum, zip(*checks["counts"].values(), strict=True))
            name, verb = Model.parse(checks["by"]).name, "is" if held == 1 else "are"
            said = f"{held} of {wording.count(of, 'sentence')} {verb} about {brand}"
            return f"checked by {name}: {said}" if of else f"{name} could not check it"
    return ""


@dataclass(frozen=True, slots=True)
class AlertChecks:
    """Has the sentences and answers of alerts read a second time, and keeps what comes of it. The
    texts have not changed: what a second reading does not see is not in them.
    """

    store: Store
    scoring: Scoring

    async def statements(
        self, brand: str, run: RunKey, stories: Iterable[tuple[Model, StatementStory]]
    ) -> tuple[str, ...]:
        """Have the newest sentences of statements read that are about to be told, and return a
        sentence for each statement of which none counts.

        Where at least one is denied and none confirmed, none of the statement's sentences counts
        any more; else those that are denied do not.
        """
        if (reader := self.scoring.second_reader) is None:
            return ()
        notes = []
        for model, story in stories:
            claims = {one.claim.answer_id: one.claim for one in story.occurrences}
            stream = self.store.answers.stream(numbers=sorted(claims)[-MOST_CHECKED:])
            answers = [answer async for answer in stream if not answer.gone]
            found = {
                number: Detail(one.field, one.verdict, one.stated, one.quote or one.stated)
                for number, one in claims.items()
            }

            async def ask(reading: Reading, of: Mapping[int, Detail] = found) -> bool | None:
                return await reader.confirm(reading, of[reading.answer.id])

            said = await self.scoring.read_again(ask, answers, brand)
            held, against = said.count(True), said.count(False)
            off = [a.id for a, holds in zip(answers, said, strict=True) if holds is False]
            topic, stated = story.first.claim.field, story.first.claim.stated
            if off and not held:
                off = list(claims)
                notes.append(
                    f"Not told: “{stated or topic}” of {brand} at {model}. {reader.model} read "
                    f"{wording.count(against, 'sentence')}, and none says so of {brand}."
                )
            denied = [[number, topic] for number in off]
            await self._keep(brand, model, run, topic, (held, held + against), denied)
        return tuple(notes)

    async def shift(self, shift: Shift) -> JudgeCheck | None:
        """Have answers from before a shift and since read by the second reader, at its cost, and
        compare its values with the stored ones. Its values are not stored; of drawbacks, how many
        were confirmed is kept.

        The answers are those of the shift's model in the `READ_RUNS` runs before the shift and in
        those since, on each side the latest `MAX_READ_ANSWERS` at most. Those that fail now are
        left out.

        Returns:
            The comparison, with the p-value of a t test; None for metrics that it does not read,
            and when no answer can be read, such as when its money is used up.
        """
        reader = self.scoring.second_reader
        if reader is None or shift.metric not in reader.reads:
            return None
        faults = shift.change > 0 and self.scoring.metrics[shift.metric].lower_is_better
        if faults:  # until it is known better
            run = RunKey((await self.store.runs.starts())[shift.run_id], shift.run_id)
            await self._keep(shift.brand, shift.model, run, shift.metric, (0, 0))
        excess, shown = [], []
        for since in (False, True):
            stored = await self._stored(shift, since=since)
            answers = [answer for answer, _ in stored]
            read = await self.scoring.read_again(reader.read, answers, shift.brand)
            pairs = [
                (value, score.value)
                for (_, value), scores in zip(stored, read, strict=True)
                for score in scores or ()
                if score.metric == shift.metric
            ]
            if not pairs:
                return None
            excess.append(np.array([value - new for value, new in pairs]))
            shown = [new for value, new in pairs if faults and value]
        before, after = excess
        if faults:
            counts = sum(map(bool, shown)), len(shown)
            await self._keep(shift.brand, shift.model, run, shift.metric, counts)
        return JudgeCheck(
            judge=reader.name,
            model=str(reader.model),
            answers=len(before) + len(after),
            before=float(before.mean()),
            after=float(after.mean()),
            p_value=_p_value(after, before),
            held=sum(map(bool, shown)),
            of=len(shown),
        )

    async def _stored(self, shift: Shift, *, since: bool) -> list[tuple[Answer, float]]:
        """Return the latest answers of a shift's model, whose texts are still stored, with their
        stored values: of the last `READ_RUNS` runs before the shift began, or of those since.
        """
        runs = await self.store.runs.find(aside=False)  # the newest first
        began = next(run.started_at for run in runs if run.id == shift.first_run_id)
        chosen = [run.id for run in runs if (run.started_at >= began) == since]
        values = {
            record.answer_id: record.score.value
            async for record in self.store.scores.stream(runs=chosen[:READ_RUNS])
            if (record.brand, record.score.metric) == (shift.brand, shift.metric)
            and f"{record.scorer}@{record.version}" in self.scoring.versions
        }
        answers = [
            (answer, values[answer.id])
            async for answer in self.store.answers.stream(numbers=values)
            if answer.question.model == shift.model and not answer.gone
        ]
        return answers[-MAX_READ_ANSWERS:]

    async def _keep(
        self,
        brand: str,
        model: Model,
        run: RunKey,
        what: str,
        counts: tuple[int, int],
        denied: Sequence[Any] = (),
    ) -> None:
        """Add to what is kept of a brand: how many of how many sentences of a topic or metric were
        confirmed at a model in a run, and which are denied. Nothing without a second reader.
        """
        if reader := self.scoring.second_reader:
            kept, key = await kept_checks(self.store, brand), f"{model} {run.id}"
            before = kept["told"].pop(key, {"counts": {}})["counts"]
            told = {"by": str(reader.model), "counts": {**before, what: counts}}
            value = {
                "denied": [*kept["denied"], *denied][-MOST_KEPT:],
                "told": dict([*kept["told"].items(), (key, told)][-MOST_KEPT:]),
            }
            setting = Setting(f"{CHECKED}{brand}", value, who="", at=run.at)
            await self.store.settings.put(setting)


def _p_value(*samples: Floats) -> float:
    """Return the p-value of a two-sided t test that two samples have the same mean (Welch's, with
    the degrees of freedom of the smaller one). 1 when a sample has one value alone, and when all
    values are equal; 0 when each sample has another value throughout.
    """
    from overheard.special_functions import stdtr

    fewest = min(map(len, samples))
    if fewest < 2:
        return 1.0
    gap = abs(float(samples[0].mean() - samples[1].mean()))
    error = sum(float(sample.var(ddof=1)) / len(sample) for sample in samples) ** 0.5
    t = gap / error if error else np.inf
    return float(2 * stdtr(fewest - 1, -t)) if gap else 1.0
