"""The monitor of one brand: its past is analysed run by run, as it would have been analysed live.

After each run the evidence of all streams is averaged, and `decide` holds it against the brand's
threshold (`baseline`). An alarm names the streams whose own evidence exceeds that threshold: at
least one does, or their mean would not. After an alarm the baseline of its model begins again with
the run with which the change most likely began, and nothing before it counts any more; a return
to the old level is a shift like any other.

An analysis knows nothing of the runs after it, and nothing is kept: the same runs always give the
same shifts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log

from overheard.detection import run_effects
from overheard.detection.attribution import (
    Surroundings,
    explain,
    falls_among,
    first_after,
    go_along,
    is_recovery,
)
from overheard.detection.baseline import BaselineFit, fit_baseline, run_slice, settled
from overheard.detection.decide import MIN_LOG_EVIDENCE, Decision, decide
from overheard.detection.detector import (
    UPDATE_WEIGHT,
    ChangeEvidence,
    StreamRecord,
    brand_statistic,
    rows_with_answers,
)
from overheard.detection.effect import (
    FULL_BASELINE_RUNS,
    Learning,
    expected_change,
    probability,
    smallest_visible_change,
)
from overheard.detection.evidence import (
    DEFAULT_ALERT_POLICY,
    NO_HISTORY,
    AlertPolicy,
    ModelEvidence,
    StreamEvidence,
)
from overheard.detection.known_time import compare_sides
from overheard.detection.run_effects import Moments
from overheard.domain import Model, ModelUpdate, Shift
from overheard.measure.blocks import RunKey, Stream, StreamKey

LEARNING_METRIC = "visibility"
"""The metric whose smallest visible change is shown while a baseline is short."""
MIN_RUNS_AFTER_SHIFT = 2
"""Runs that a model's new baseline has before a shift from it can be seen."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a run raised.

    Attributes:
        run: The run after which it was raised.
        shifts: What shifted, the most certain of each model first; one or more.
    """

    run: RunKey
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class StreamAnalysis:
    """What one stream shows after a run.

    Attributes:
        stream: Its runs from the beginning of the baseline to that run.
        evidence: Evidence for a change.
        statistic: The logarithm of its sum, with the weights of known updates.
    """

    stream: Stream
    evidence: ChangeEvidence
    statistic: float


class Monitor:
    """Analyses one brand at all its models, run by run.

    Args:
        brand: The brand's name.
        streams: Its streams and those of its competitors, from one call of `blocks.streams`.
        updates: Known updates of the models. A change is `UPDATE_WEIGHT` times likelier to begin
            with the first run after one.
        policy: How often an alarm may be false, and which changes are too small for one.
        thresholds: Those that are known already.
        bursts: Numbers of the runs that are bursts: they do not set the pace.
        unread: For streams with history that only other scorer versions have read, its first run.

    Attributes:
        evidence: What was measured at each model asked, by the number of the run; what `decide`
            makes of it without a history is what the replay raises.
        streams: What the brand's streams showed after the latest run.
        crossed: Whether their evidence was over the threshold then.
        thresholds: Those that were needed.
    """

    def __init__(
        self,
        brand: str,
        streams: Iterable[Stream],
        updates: Iterable[ModelUpdate] = (),
        *,
        policy: AlertPolicy = DEFAULT_ALERT_POLICY,
        thresholds: Mapping[str, float] | None = None,
        bursts: Collection[int] = (),
        unread: Mapping[StreamKey, RunKey] | None = None,
    ) -> None:
        everything = list(streams)
        self._brand = brand
        self._own_streams = [s for s in everything if s.key.brand == brand]
        self._models = {s.key.model: s.runs for s in self._own_streams}
        self._all = [s for s in everything if s.key.model in self._models]
        self._updates = sorted(updates, key=lambda update: (update.at, update.source))
        self._announced = first_after(self._updates, self._models)
        self._policy = policy
        self._known = thresholds or {}
        self._bursts = frozenset(bursts)
        self._unread = unread or {}
        self.thresholds: dict[str, float] = {}
        self.evidence: dict[int, tuple[ModelEvidence, ...]] = {}
        self.streams: list[StreamAnalysis] = []
        self.crossed = False
        self._records = {s.key: StreamRecord(s) for s in self._all}
        self._begun = {model: runs[0] for model, runs in self._models.items()}
        self._windows: dict[tuple[Model, str], list[list[Moments]]] = defaultdict(list)
        self._fit: BaselineFit | None = None
        self._raised: list[Shift] = []

    def replay(self) -> Iterator[Alarm]:
        """Analyse run after run, and yield the alarms that would have been raised."""
        runs: list[RunKey] = []
        for run in sorted({s.runs[row] for s in self._own_streams for row in rows_with_answers(s)}):
            self.evidence[run.id] = evidence = tuple(self._analyse(run, runs))
            runs.append(run)
            decisions = [decide(one, self._policy, NO_HISTORY) for one in evidence]
            shifts = [shift for decision in decisions for shift in self._by_evidence(decision)]
            if shifts:
                self._restart_baselines(shifts)
                self._raised += shifts
                yield Alarm(run, tuple(shifts))

    def _by_evidence(self, decision: Decision) -> list[Shift]:
        """Return the shifts of a decision, those with the most evidence first."""
        statistic = {
            one.stream.key.metric: one.statistic
            for one in self.streams
            if one.stream.key.model == decision.model
        }
        return sorted(decision.shifts, key=lambda s: (-statistic[s.metric], s.metric))

    def learning(self) -> Learning | None:
        """Return how long the shortest baseline is after the latest analysis, or None when all are
        long enough. An earlier analysis keeps the promised rate of false alarms too, but sees only
        larger changes.
        """
        short = [
            (len(baseline.runs), stream.key.metric != LEARNING_METRIC, baseline)
            for stream in self._own_streams
            if (baseline := self._baseline(stream)).binary
            and 0 < len(baseline.runs) < FULL_BASELINE_RUNS
        ]
        if not short:
            return None
        runs, _, baseline = min(short, key=lambda candidate: candidate[:2])
        return Learning(
            runs, FULL_BASELINE_RUNS, smallest_visible_change(baseline, run_effects.PRIOR_TAU2)
        )

    def _baseline(self, stream: Stream) -> Stream:
        """Return a stream cut to its baseline: from its model's first to its last answered run."""
        rows = rows_with_answers(stream)
        rows = rows[rows >= bisect_left(stream.runs, self._begun[stream.key.model])]
        return (
            run_slice(stream, int(rows[0]), int(rows[-1]) + 1)
            if len(rows)
            else run_slice(stream, 0, 0)
        )

    def _analyse(self, run: RunKey, earlier: Sequence[RunKey]) -> Iterator[ModelEvidence]:
        """Yield the evidence after a run at each model that was asked or has shifted.

        Args:
            run: The run to analyse.
            earlier: The runs that were analysed before, the oldest first.
        """
        self.streams, self.crossed = [], False
        level, limit = -inf, MIN_LOG_EVIDENCE
        pasts = self._pasts(run)
        if pasts:
            fitted = self._fitted(pasts, run, earlier)
            self.streams = [self._analyse_stream(past.key, run, fitted) for past in pasts]
            level = float(brand_statistic([one.statistic for one in self.streams]))
            if level > MIN_LOG_EVIDENCE:  # else no threshold is needed, and its simulation is slow
                limit = max(MIN_LOG_EVIDENCE, self._limit(fitted))
        self.crossed = level > limit
        for model in sorted(self._models):
            streams = [stream for stream in self._own_streams if stream.key.model == model]
            evidence = tuple(self._stream_evidence(one, run, level, limit) for one in streams)
            if self._is_asked(model, run) or any(one.shift for one in evidence):
                yield ModelEvidence(self._brand, model, run, level, limit, evidence)

    def _fitted(
        self, pasts: Sequence[Stream], run: RunKey, earlier: Sequence[RunKey]
    ) -> BaselineFit:
        """Return the fit of what is normal before a run: the last fit, or a new one."""
        announced = frozenset((m, r.id) for m, r in self._announced if r <= run)
        if self._fit is None or not self._fit.serves(pasts, announced):
            windows = {past.key: self._moments(past.key, run) for past in pasts}
            rate = self._policy.false_alarms_per_year
            self._fit = fit_baseline(pasts, windows, earlier, rate, announced, run, self._bursts)
        return self._fit

    def _stream_evidence(
        self, stream: Stream, run: RunKey, level: float, limit: float
    ) -> StreamEvidence:
        """Return the evidence of a stream after a run; with its shift where both the brand's
        evidence ``level`` and the stream's own exceed the threshold ``limit`` (logarithms).
        """
        key, begun = stream.key, self._begun[stream.key.model]
        past = self._between(stream, begun, run)
        asked_now = self._between(stream, run, run, with_end=True).n.any(axis=0)
        analysis = next((one for one in self.streams if one.stream.key == key), None)
        evidence = StreamEvidence(
            metric=key.metric,
            runs=len(rows_with_answers(past)),
            runs_needed=self._runs_needed(stream),
            has_unread_history=key in self._unread and self._unread[key] < begun,
            shared_prompts=int((past.n.any(axis=0) & asked_now).sum()) if asked_now.any() else None,
            statistic=analysis.statistic if analysis else None,
        )
        if analysis is None or self._fit is None or min(level, analysis.statistic) <= limit:
            return evidence
        return self._described(evidence, analysis, run, self._fit)

    def _limit(self, fit: BaselineFit) -> float:
        if fit.key not in self.thresholds:
            known = self._known.get(fit.key)
            self.thresholds[fit.key] = fit.limit() if known is None else known
        return self.thresholds[fit.key]

    def _pasts(self, run: RunKey) -> list[Stream]:
        """Return the baselines of the brand's streams that are long enough for an analysis."""
        pasts = []
        for stream in self._own_streams:
            past = self._between(stream, self._begun[stream.key.model], run)
            if len(past.runs) >= self._runs_needed(stream) and past.n.any():
                pasts.append(past)
        return pasts

    def _runs_needed(self, stream: Stream) -> int:
        """Return how many runs a baseline needs: after a shift more than at the beginning."""
        is_first = self._begun[stream.key.model] == stream.runs[0]
        return 1 if is_first else MIN_RUNS_AFTER_SHIFT

    def _is_asked(self, model: Model, run: RunKey) -> bool:
        """Whether a model has answers in a run."""
        runs = self._models[model]
        place = bisect_left(runs, run)
        return place < len(runs) and runs[place] == run

    def _between(
        self, stream: Stream, start: RunKey, end: RunKey, *, with_end: bool = False
    ) -> Stream:
        find = bisect_right if with_end else bisect_left
        return run_slice(stream, bisect_left(stream.runs, start), find(stream.runs, end))

    def _moments(self, key: StreamKey, run: RunKey) -> list[list[Moments]]:
        """Return what all brands say of a model's run effects in a metric before a run."""
        model, metric = key.model, key.metric
        window = [self._between(s, self._begun[model], run) for s in self._alike(model, metric)]
        return [*self._windows[model, metric], settled(window)]

    def _alike(self, model: Model, metric: str) -> list[Stream]:
        return [s for s in self._all if (s.key.model, s.key.metric) == (model, metric)]

    def _analyse_stream(self, key: StreamKey, run: RunKey, fit: BaselineFit) -> StreamAnalysis:
        """Return the evidence that a stream, the brand's or a competitor's, changed by a run."""
        model = key.model
        stream = self._between(self._records[key].stream, self._begun[model], run, with_end=True)
        past = next((past for past in fit.pasts if past.key == key), stream)
        reading = self._records[key].reading(self._begun[model], past)
        effect = fit.effects[StreamKey(self._brand, model, key.metric)]
        evidence = reading.change_evidence(run, effect.tau2, fit.horizon.reach)
        weights = {r.id: UPDATE_WEIGHT for m, r in self._announced if m == model}
        return StreamAnalysis(stream, evidence, evidence.statistic(weights))

    def _described(
        self, evidence: StreamEvidence, analysis: StreamAnalysis, run: RunKey, fit: BaselineFit
    ) -> StreamEvidence:
        """Return the evidence of a stream with its shift and the change to be expected of the whole
        panel; unchanged where nothing can be compared before and after the likeliest start.
        """
        key, change = analysis.stream.key, analysis.evidence
        began = change.starts[int(change.logs.argmax())]
        compared = compare_sides(analysis.stream, began.id, fit.effects[key].tau2)
        if compared is None:
            return evidence
        dates = change.dates()
        updates = falls_among(self._updates, key.model, dates, self._models[key.model])
        recovery = is_recovery(compared, key, self._raised)
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
            dates=tuple(date.id for date in dates),
            probability=probability(analysis.statistic, fit.pace.analyses_a_year),
            updates=updates,
            explanation=explain(self._surroundings(analysis, run, fit), updates, recovery=recovery),
            recovery=recovery,
        )
        expected = expected_change(compared, analysis.stream.width)
        return replace(evidence, expected_change=expected, shift=shift)

    def _surroundings(self, seen: StreamAnalysis, run: RunKey, fit: BaselineFit) -> Surroundings:
        """Return which competitors moved at this model, and at which other models the brand did."""
        key, dates = seen.stream.key, seen.evidence.dates()
        alike = [s.key for s in self._all if s.key.metric == key.metric and s.key != key]
        return Surroundings(
            key=key,
            rivals=self._moved(seen, run, fit, [k for k in alike if k.model == key.model]),
            models=self._moved(seen, run, fit, [k for k in alike if k.brand == key.brand]),
            since=dates[0],
        )

    def _moved(
        self, seen: StreamAnalysis, run: RunKey, fit: BaselineFit, keys: Iterable[StreamKey]
    ) -> dict[StreamKey, bool]:
        """Return for each stream whether it moved at the time of a shift: its Bayes factor,
        averaged over the possible times, is above 3.
        """
        chances = dict(
            zip((r.id for r in seen.evidence.starts), seen.evidence.posterior, strict=True)
        )
        moved = {}
        for key in keys:
            if StreamKey(self._brand, key.model, key.metric) not in fit.effects:
                continue
            other = self._analyse_stream(key, run, fit)
            if len(other.evidence.starts):
                same_time = other.evidence.average(chances)
                # Another model may have been asked in other runs: any run since then will do.
                since = {r.id: 1.0 for r in other.evidence.starts if r >= seen.evidence.dates()[0]}
                moved[key] = max(same_time, other.evidence.average(since)) > log(3.0)
                likeliest = max(chances, key=chances.__getitem__)
                moved[key] &= go_along(seen.stream, other.stream, likeliest)
        return moved

    def _restart_baselines(self, shifts: Sequence[Shift]) -> None:
        """Begin the baseline of each model that shifted at the run with which the shift most likely
        began. The runs before are kept as a window for estimates of the run effect.
        """
        for model in {shift.model for shift in shifts}:
            first = next(shift for shift in shifts if shift.model == model)
            began = next(r for r in self._models[model] if r.id == first.began)
            for metric in {s.key.metric for s in self._all if s.key.model == model}:
                window = (
                    self._between(s, self._begun[model], began) for s in self._alike(model, metric)
                )
                moments = [run_effects.moments(stream, 0) for stream in window]
                self._windows[model, metric].append(moments)
            self._begun[model] = began
        self._fit = None
