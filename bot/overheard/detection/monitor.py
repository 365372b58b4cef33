"""The monitor of one brand: its past is analysed run by run, as it would have been analysed live.

After each run the evidence of each stream is compared with the threshold of its baseline
(`alarm_table`); what it has above that, joined over the brand's streams, is the brand's excess,
and `decide` compares it with the budget of false alarms. An alarm names the streams whose own
excess is over the budget's too. After an alarm the baseline of its model begins again with the run
with which the change most likely began. The old baseline is kept: when the brand is back at its old
level, the story of the alarm ends without another alarm.

An analysis knows nothing of the runs after it, and nothing is kept: the same runs always give the
same shifts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from overheard.detection.alarm_table import (
    DAYS_A_YEAR,
    AlarmTable,
    alarm_table,
    needed_excess,
    rarity,
    runs_a_year,
)
from overheard.detection.baseline import (
    Baseline,
    Excursion,
    ReturnEvidence,
    return_evidence,
    run_slice,
    stream_rows,
)
from overheard.detection.comparison import compare_sides
from overheard.detection.control_variate import StreamGroup, run_effect_prior
from overheard.detection.decide import Decision, decide
from overheard.detection.decision_inputs import (
    DEFAULT_ALERT_POLICY,
    NO_HISTORY,
    AlertPolicy,
    ModelEvidence,
    Returned,
    StreamEvidence,
    measured_change,
)
from overheard.detection.explanation import explain, falls_among
from overheard.detection.learning import LEARNING_RUNS, Learning, learning
from overheard.detection.statistic import RECENT_STARTS, Statistic, statistic
from overheard.domain import VISIBILITY, Model, ModelUpdate, Shift
from overheard.measure.blocks import RunKey, Stream, StreamKey
from overheard.numpy_proxy import Floats, np

REACH_DAYS = 112.0
"""How many days back a change is looked for, and at least 16 runs."""
MAX_PACE = 366.0
"""Analyses a year from which on a change is looked for in no more runs: one a day."""
UPDATE_WEIGHT = 3.0
"""How much likelier a change is in a run in which an update was announced or another model was
served, than in other runs."""
UNWEIGHTED_SOURCES = frozenset({"style", "canary"})
"""Signs of an update that go with the run effects of a session: they carry no weight."""
RETURN_RUNS = 16
"""Number of runs after an alarm in which a return is searched after each run."""
RETURN_ODDS = 5.0
"""Odds of a return, the mean over its possible starts, that end an alarm's story."""
OWN_PROOF_RUNS = 8
"""A brand has so many runs from a change of its model as a whole on to prove by itself what that
did to it; then its baseline begins with the change."""
DUE_ODDS = 3.0
"""Odds of a return, summed over its starts, from which the next alarm due is a return instead."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm of the monitor after one run.

    Attributes:
        run: The run after which the alarm was raised.
        shifts: The shifts, the most certain of each model first; one or more.
        age: Number of runs in the youngest baseline of the shifted streams.
        usual: The median run of the baseline before the first shift.
    """

    run: RunKey
    shifts: tuple[Shift, ...]
    age: int
    usual: RunKey


@dataclass(frozen=True, slots=True)
class Restart:
    """A change of a model as a whole, from which on all its brands have other levels.

    Attributes:
        model: The model.
        run: The run after which the change was reported.
        began: The run with which the change began.
    """

    model: Model
    run: RunKey
    began: RunKey


@dataclass(frozen=True, slots=True, eq=False)
class StreamAnalysis:
    """The analysis of one stream after a run.

    Attributes:
        stream: The stream, cut to the runs of its baseline and the analysed run.
        found: The evidence for a change.
        excess: The logarithm of the statistic above its threshold.
    """

    stream: Stream
    found: Statistic
    excess: float

    @property
    def largest(self) -> float:
        """The largest logarithm of a Bayes factor."""
        return float(self.found.logs.max())


@dataclass(eq=False)
class _Watched:
    """The streams of the brand at one model, and the baseline of the model."""

    baseline: Baseline
    streams: dict[str, Stream]
    groups: dict[str, StreamGroup] = field(default_factory=dict)
    answered: dict[str, Floats] = field(default_factory=dict)


class Monitor:
    """Analyses one brand at all its models, run by run.

    Args:
        brand: The brand's name.
        streams: Its streams and those of its competitors, from one call of `blocks.streams`.
        updates: Known updates of the models. A change is `UPDATE_WEIGHT` times likelier to begin
            with the first run after one.
        policy: How often an alarm may be false, and which changes are too small for one.
        bursts: Numbers of the runs that are bursts: they do not set the pace.
        unread: For streams with history that only other scorer versions have read, its first run.
        restarts: The reported changes of models as a whole. From then on, what the brand shows
            at the model is compared with the runs since the change.
        table: Thresholds of the statistic; by default those that ship.

    Attributes:
        evidence: The evidence at each model asked, by the number of the run; the replay raises
            what `decide` decides on it without a history.
        streams: The analyses of the brand's streams after the latest run.
        crossed: Whether the brand's evidence was over the budget after the latest run.
        alarms: The alarms that were raised, in the order of the runs.
        returns: The ends of alarms' stories, in the order of the runs.
    """

    def __init__(
        self,
        brand: str,
        streams: Iterable[Stream],
        updates: Iterable[ModelUpdate] = (),
        *,
        policy: AlertPolicy = DEFAULT_ALERT_POLICY,
        bursts: Collection[int] = (),
        unread: Mapping[StreamKey, RunKey] | None = None,
        restarts: Iterable[Restart] = (),
        table: AlarmTable | None = None,
    ) -> None:
        everything = sorted(streams, key=lambda stream: stream.key)
        self._brand = brand
        self._own = [s for s in everything if s.key.brand == brand]
        models = {s.key.model for s in self._own}
        self._all = [s for s in everything if s.key.model in models]
        self._updates = sorted(updates, key=lambda update: (update.at, update.source))
        self._policy = policy
        self._bursts = frozenset(bursts)
        self._unread = unread or {}
        self._restarts = tuple(restarts)
        self._table = table or alarm_table()
        self._watched = {model: self._watch(model) for model in sorted(models)}
        self._weights = {model: self._prior_weights(model) for model in models}
        self.evidence: dict[int, tuple[ModelEvidence, ...]] = {}
        self.crossed = False
        self.returns: list[Returned] = []
        self._seen: dict[StreamKey, StreamAnalysis] = {}

    @property
    def streams(self) -> list[StreamAnalysis]:
        """The analyses of the brand's streams after the latest run."""
        return list(self._seen.values())

    def replay(self) -> Iterator[Alarm]:
        """Analyse run after run, fill `evidence` and `returns`, and yield the alarms that would
        have been raised, in the order of the runs.
        """
        runs: list[RunKey] = []
        for run in sorted({s.runs[row] for s in self._own for row in np.flatnonzero(s.n.any(1))}):
            self.evidence[run.id] = evidence = tuple(self._analyse(run, runs))
            runs.append(run)
            decisions = [
                decide(model_evidence, self._policy, NO_HISTORY) for model_evidence in evidence
            ]
            shifts = [shift for decision in decisions for shift in self._by_evidence(decision)]
            for model_evidence in evidence:
                if model_evidence.returned:
                    self.returns.append(model_evidence.returned)
            if shifts:
                age = min(self._seen[_key(shift)].found.age for shift in shifts)
                self._restart(shifts)
                yield Alarm(run, tuple(shifts), age, self._usual(shifts[0].model))
            self._restart_models(run)

    def learning(self) -> Learning | None:
        """Return the length of the shortest baseline and the smallest loss that it would show
        within three runs; None when all baselines are long enough.
        """
        short = [
            (len(watched.baseline.rows), metric != VISIBILITY, model, metric)
            for model, watched in self._watched.items()
            for metric, group in watched.groups.items()
            if group.binary and 0 < len(watched.baseline.rows) < LEARNING_RUNS
        ]
        if not short:
            return None
        _, _, model, metric = min(short)
        watched = self._watched[model]
        rows = np.array(watched.baseline.rows, np.intp)
        rows = rows[watched.answered[metric][rows] > 0]
        if not len(rows):
            return None
        policy = self._policy
        return learning(
            watched.groups[metric],
            rows,
            run_effect_prior(model),
            policy.false_alarms_per_year,
            policy.brands,
        )

    def _watch(self, model: Model) -> _Watched:
        """Return the streams of the brand and its rivals at a model, with an empty baseline."""
        own = {s.key.metric: s for s in self._own if s.key.model == model}
        watched = _Watched(Baseline(next(iter(own.values())).runs), own)
        for metric, stream in own.items():
            rivals = [
                s
                for s in self._all
                if (s.key.model, s.key.metric) == (model, metric) and s is not stream
            ]
            watched.groups[metric] = StreamGroup.of(stream, rivals)
            watched.answered[metric] = stream.n.sum(axis=1)
        return watched

    def _prior_weights(self, model: Model) -> Floats:
        """Return the relative prior weight of a change that begins with each of a model's R runs:
        `UPDATE_WEIGHT` in the first run since a known update, else 1.

        Where updates are frequent they say little, so the weights are divided by their mean up to
        each run.
        """
        runs = self._watched[model].baseline.runs
        updates = [u for u in self._updates if u.source not in UNWEIGHTED_SOURCES]
        weights = np.ones(len(runs))
        for update in updates:
            first = next((row for row, run in enumerate(runs) if run.at >= update.at), None)
            if update.model == model and first is not None:
                weights[first] = UPDATE_WEIGHT
        before = np.cumsum(weights) / np.arange(1, len(runs) + 1)
        return np.asarray(weights / before)

    def _analyse(self, run: RunKey, earlier: Sequence[RunKey]) -> Iterator[ModelEvidence]:
        """Yield the evidence after a run at each model that was asked, and add the run to the
        baselines.

        Args:
            run: The run to analyse.
            earlier: The runs that were analysed before, the oldest first.
        """
        pace = runs_a_year([*earlier, run], self._bursts)
        policy = self._policy
        needed = needed_excess(policy.false_alarms_per_year, pace, policy.brands)
        asked = {}
        for model, watched in self._watched.items():
            row = bisect_left(watched.baseline.runs, run)
            if row < len(watched.baseline.runs) and watched.baseline.runs[row] == run:
                asked[model] = row
                self._measure(watched, model, row, pace)
        level = self._table.joined([analysis.excess for analysis in self._seen.values()])
        self.crossed = level > needed
        for model, row in asked.items():
            watched = self._watched[model]
            returned = self._returned(watched, model, row, level > needed)
            limit = inf if returned else needed
            chance = rarity(level, pace, policy.brands).yearly
            streams = tuple(
                self._stream_evidence(stream, row, (level, limit, chance))
                for stream in watched.streams.values()
            )
            watched.baseline.rows.append(row)
            if returned:
                watched.baseline.resume(returned.before, returned.row)
                for metric in watched.streams:
                    self._seen.pop(StreamKey(self._brand, model, metric), None)
            yield ModelEvidence(self._brand, model, run, level, needed, streams, pace, returned)

    def _measure(self, watched: _Watched, model: Model, row: int, pace: float) -> None:
        """Store the statistics of the brand's streams at a model after a run in `_seen`; drop those
        of streams without a baseline.

        Args:
            watched: The brand's streams at the model.
            model: The model.
            row: The row of the run.
            pace: Analyses a year.
        """
        reach_years = REACH_DAYS / DAYS_A_YEAR
        reach = max(RECENT_STARTS, round(reach_years * min(pace, MAX_PACE)))
        for metric, group in watched.groups.items():
            key = StreamKey(self._brand, model, metric)
            answered = watched.answered[metric]
            rows = watched.baseline.until(row, answered)
            if len(rows) <= watched.baseline.runs_needed:
                self._seen.pop(key, None)
            elif answered[row]:
                weights = self._weights[model][rows]
                measured = statistic(
                    group,
                    rows,
                    run_effect_prior(model),
                    reach,
                    weights,
                    watched.baseline.deviating_share,
                )
                threshold = self._table.threshold(
                    measured.age, measured.own_share, measured.autocorrelation
                )
                stream = stream_rows(watched.streams[metric], rows)
                self._seen[key] = StreamAnalysis(stream, measured, measured.total - threshold)

    def _returned(self, watched: _Watched, model: Model, row: int, due: bool) -> Returned | None:
        """Return the end of an alarm's story when the brand is back at one of its old levels, the
        level with the highest odds; None while it is not back. The arguments are those of
        `_return_to`.
        """
        if watched.baseline.excursion is None:
            return None
        returns = [
            self._return_to(watched, excursion, model, row, due=due)
            for excursion in watched.baseline.excursion.levels
        ]
        _, returned = max(filter(None, returns), key=lambda pair: pair[0], default=(0.0, None))
        return returned

    def _return_to(
        self, watched: _Watched, excursion: Excursion, model: Model, row: int, *, due: bool
    ) -> tuple[float, Returned] | None:
        """Return the mean odds that the brand is back at the level before an alarm, and the end of
        the alarm as a `Returned`; None while the odds are too low, or the alarm is too old.

        Args:
            watched: The model's streams, and their baseline.
            excursion: The alarm.
            model: The model.
            row: The row of the latest run.
            due: Whether the evidence suffices for a new alarm: then a return may explain the
                evidence, however old the alarm is.
        """
        recent = sum(1 for r in watched.baseline.rows if r > excursion.alarm) < RETURN_RUNS
        if not (recent or due):
            return None
        evidence = self._return_evidence(watched, excursion, model, row)
        if evidence is None:
            return None
        if (recent and evidence.mean_odds > RETURN_ODDS) or (
            due and evidence.summed_odds > DUE_ODDS
        ):
            run, shift = watched.baseline.runs[row], excursion.shift
            ended = Returned(run, shift, excursion.before, evidence.start, model)
            return evidence.mean_odds, ended
        return None

    def _return_evidence(
        self, watched: _Watched, excursion: Excursion, model: Model, row: int
    ) -> ReturnEvidence | None:
        """Return the evidence that the brand is back at the level before an alarm (``excursion``),
        in the metric of the alarm, after the run in ``row``; None when that run did not measure the
        metric.
        """
        answered = watched.answered[excursion.metric]
        analysis = self._seen.get(StreamKey(self._brand, model, excursion.metric))
        if not answered[row]:
            return None
        before = np.array(excursion.before, np.intp)
        since = np.array([*watched.baseline.rows, row], np.intp)
        return return_evidence(
            watched.groups[excursion.metric],
            before[answered[before] > 0],
            since[answered[since] > 0],
            run_effect_prior(model),
            analysis.found.rivals_variance if analysis else 0.06,
            uniform=excursion.uniform,
        )

    def _stream_evidence(
        self, stream: Stream, row: int, judged: tuple[float, float, float]
    ) -> StreamEvidence:
        """Return the evidence of a stream after a run, with its shift if both the brand's excess
        and the stream's own exceed the needed excess.

        Args:
            stream: The whole stream.
            row: The row of the run.
            judged: The brand's excess, the excess that is needed, and how often a year chance shows
                as much as the brand does.
        """
        level, limit, chance = judged
        key, watched = stream.key, self._watched[stream.key.model]
        past = np.array(watched.baseline.rows, np.intp)
        past = past[watched.answered[key.metric][past] > 0]
        asked_now = stream.n[row] > 0
        analysis = self._seen.get(key) if asked_now.any() else None
        shared = int((stream.n[past].any(axis=0) & asked_now).sum()) if asked_now.any() else None
        begun = stream.runs[past[0]] if len(past) else stream.runs[row]
        evidence = StreamEvidence(
            metric=key.metric,
            runs=len(past),
            runs_needed=watched.baseline.runs_needed,
            has_unread_history=key in self._unread and self._unread[key] < begun,
            shared_prompts=shared,
            statistic=analysis.excess if analysis else None,
        )
        if analysis is None or min(level, analysis.excess) <= limit:
            return evidence
        return self._described(evidence, analysis, stream.runs[row], chance)

    def _described(
        self, evidence: StreamEvidence, analysis: StreamAnalysis, run: RunKey, chance: float
    ) -> StreamEvidence:
        """Return the evidence of a stream with its shift and the change to expect of many more
        answers; unchanged when nothing can be compared before and after the likeliest start.

        Args:
            evidence: The evidence without a shift.
            analysis: The analysis of the stream after the run.
            run: The run.
            chance: How often a year chance shows as much as the brand does.
        """
        key, found = analysis.stream.key, analysis.found
        runs = self._watched[key.model].baseline.runs
        began = runs[found.likeliest]
        tau2 = found.series.shared + found.variance
        compared = compare_sides(analysis.stream, began.id, tau2)
        if compared is None:
            return evidence
        first_runs = tuple(runs[row] for row in found.dates())
        updates = falls_among(self._updates, key.model, first_runs, runs)
        shift = Shift(
            brand=key.brand,
            model=key.model,
            metric=key.metric,
            run_id=run.id,
            before=compared.before,
            after=compared.after,
            change=compared.change,
            interval=compared.interval,
            prompts=compared.prompts,
            answers=compared.answers,
            began=began.id,
            likely_first_runs=tuple(first_run.id for first_run in first_runs),
            chance_a_year=chance,
            updates=updates,
            explanation=self._explained(analysis, began, run, updates),
        )
        return replace(evidence, change=measured_change(compared, analysis.stream), shift=shift)

    def _explained(
        self,
        analysis: StreamAnalysis,
        began: RunKey,
        run: RunKey,
        updates: Sequence[ModelUpdate],
    ) -> str:
        """Return sentences on the likely cause of a shift that began with ``began``, by the brands
        and models that moved with it up to a run. ``updates`` are those that fit the shift.
        """
        key = analysis.stream.key
        alike = [s for s in self._all if s.key.metric == key.metric]
        past = [run_slice(s, self._first(s.key, began), bisect_right(s.runs, run)) for s in alike]
        return explain(key, past, began, updates).text

    def _first(self, key: StreamKey, began: RunKey) -> int:
        """Return the first row of the brand's baseline at the model of a stream, 0 if the baseline
        begins with the change; a rival's stream has the same baseline.
        """
        watched = self._watched[key.model]
        rows = watched.baseline.rows
        return rows[0] if rows and watched.baseline.runs[rows[0]] < began else 0

    def _by_evidence(self, decision: Decision) -> list[Shift]:
        """Return the shifts of a decision, those with the most evidence first."""
        return sorted(decision.shifts, key=lambda s: (-self._seen[_key(s)].excess, s.metric))

    def _usual(self, model: Model) -> RunKey:
        """Return the median run of the baseline before the latest change of a model."""
        baseline = self._watched[model].baseline
        before = baseline.excursion.before if baseline.excursion else ()
        return baseline.runs[before[len(before) // 2] if before else 0]

    def _restart(self, shifts: Sequence[Shift]) -> None:
        """Begin the baseline of each model that shifted again with the run with which the shift
        most likely began, and drop the analyses of its streams.
        """
        for model in {shift.model for shift in shifts}:
            head = next(shift for shift in shifts if shift.model == model)
            found, watched = self._seen[_key(head)].found, self._watched[model]
            rows = watched.baseline.rows
            before = tuple(row for row in rows if row < found.likeliest)
            watched.baseline.restart(
                Excursion(head, rows[-1], before, head.metric, found.uniform, found.likeliest)
            )
            for metric in watched.streams:
                self._seen.pop(StreamKey(self._brand, model, metric), None)

    def _restart_models(self, run: RunKey) -> None:
        """Begin the baselines again of the models whose change as a whole was reported, in the run
        in which the change is `OWN_PROOF_RUNS` runs old.
        """
        for restart in self._restarts:
            watched = self._watched.get(restart.model)
            runs = watched.baseline.runs if watched else ()
            old_enough = bisect_left(runs, restart.began) + OWN_PROOF_RUNS
            row = max(bisect_left(runs, restart.run), old_enough)
            due = runs[row : row + 1] == (run,)
            if watched and due and watched.baseline.begin(restart.began):
                for metric in watched.streams:
                    self._seen.pop(StreamKey(self._brand, restart.model, metric), None)


def _key(shift: Shift) -> StreamKey:
    return StreamKey(shift.brand, shift.model, shift.metric)
