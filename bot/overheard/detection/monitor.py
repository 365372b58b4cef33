"""Follows the streams of a brand run by run, and describes the shifts that it finds."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b

from overheard.detection.baseline import (
    Excursion,
    StreamAnalysis,
    WatchedModel,
    run_slice,
    stream_rows,
)
from overheard.detection.confirmation import (
    LOOKS_BY_CHANCE,
    LOOKS_SPENT,
    TOLD_BOUND,
    Occasion,
    deviation,
)
from overheard.detection.control_variate import run_effect_prior, run_series
from overheard.detection.decide import decide
from overheard.detection.decision_inputs import (
    AT_ONCE_A_YEAR,
    DAYS_A_YEAR,
    DEFAULT_ALERT_POLICY,
    NEARLY_CERTAIN_A_YEAR,
    NO_HISTORY,
    AlarmTable,
    AlertPolicy,
    Comparison,
    ModelEvidence,
    Returned,
    StreamEvidence,
    alarm_table,
    compare_sides,
    measured_change,
    needed_excess,
    rarity,
    runs_a_year,
)
from overheard.detection.explanation import explain, falls_among
from overheard.detection.power import LEARNING_RUNS, Learning, learning
from overheard.detection.returns import find_return
from overheard.detection.statistic import RECENT_STARTS, statistic
from overheard.detection.step_evidence import NOTABLE_VARIANCE
from overheard.domain import VISIBILITY, Model, ModelUpdate, RunKey, Shift
from overheard.measure.blocks import Stream, StreamKey
from overheard.numpy_proxy import np


class ShiftDescription:
    """Describes the shifts of one brand.

    Args:
        streams: The brand's streams and those of its rivals, at all models of the brand.
        watched: The brand's streams and baseline at each model, as they are at the time.
        updates: The known updates of the models.
    """

    def __init__(
        self,
        streams: Sequence[Stream],
        watched: Mapping[Model, WatchedModel],
        updates: Sequence[ModelUpdate],
    ) -> None:
        self._streams = streams
        self._watched = watched
        self._updates = updates

    def describe(
        self,
        evidence: StreamEvidence,
        analysis: StreamAnalysis,
        run: RunKey,
        chance_a_year: float,
        *,
        explained: bool,
    ) -> StreamEvidence:
        """Return the evidence of a stream with its shift and the change to expect of many more
        answers; unchanged when nothing can be compared before and after the likeliest first run.

        Args:
            evidence: The evidence without a shift.
            analysis: The analysis of the stream after the run.
            chance_a_year: How often a year chance shows as much as the brand does.
            explained: Whether the shift says what its cause may be, which takes long to find.
        """
        key, found = analysis.stream.key, analysis.found
        runs = self._watched[key.model].baseline.runs
        began = runs[found.likeliest]
        compared = compare_sides(analysis.stream, began.id, found.series.shared + found.variance)
        if compared is None:
            return evidence
        first_runs = tuple(runs[row] for row in found.dates())
        updates = falls_among(self._updates, key.model, first_runs, runs)
        nearest = max(compared.interval[0], -compared.interval[1]) / analysis.stream.width
        if found.age < SETTLED_RUNS and nearest < CERTAIN_POINTS:
            chance_a_year = max(chance_a_year, NEARLY_CERTAIN_A_YEAR)
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
            chance_a_year=chance_a_year,
            updates=updates,
            explanation=self._explanation(analysis, began, run, updates) if explained else "",
        )
        return replace(evidence, change=measured_change(compared, analysis.stream), shift=shift)

    def _explanation(
        self, analysis: StreamAnalysis, began: RunKey, run: RunKey, updates: Sequence[ModelUpdate]
    ) -> str:
        """Return sentences on the likely cause of a shift, judged by which brands and models moved
        with it.
        """
        key = analysis.stream.key
        same_metric = [stream for stream in self._streams if stream.key.metric == key.metric]
        past = [
            run_slice(
                stream, self._first_row(stream.key.model, began), bisect_right(stream.runs, run)
            )
            for stream in same_metric
        ]
        return explain(key, past, began, updates).text

    def _first_row(self, model: Model, began: RunKey) -> int:
        """Return the row of the first run of the brand's baseline at a model; 0, the first run of
        all, when the baseline is empty or does not begin before a change (``began``).
        """
        of_model = self._watched[model].baseline
        return of_model.rows[0] if of_model.rows and of_model.runs[of_model.rows[0]] < began else 0


REACH_DAYS = 112.0
"""How many days back a change is looked for, and at least 16 runs."""
SETTLED_RUNS, CERTAIN_POINTS = 16, 0.25
"""A baseline of fewer runs does not show how large run effects are: a change from it is nearly
certain only where its whole interval is so far off, on the scale of a rate."""
FIRST_RUNS, HEAVY_TAIL = 4, 10.0
"""From so many runs on until a baseline is settled, chance exceeds a high excess more often than by
the table's slopes, the more so the larger the own run effects are that the rivals show: how heavy
their tails are is not known yet."""
MAX_PACE = 366.0
"""Analyses a year (one a day) above which a change is looked for in no more runs."""
REPLAY_VERSION = 10
"""Increase it with every change after which a past run may be decided otherwise: what is kept of
the past (`Monitor.turns`) is then found again."""
OWN_PROOF_RUNS = 8
"""Number of runs from a change of the model as a whole on in which a brand may show by its own
evidence what the change did to it; then its baseline begins with the change."""


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
        run: The run after which the change was reported.
    """

    model: Model
    run: RunKey
    began: RunKey


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
        turns: Numbers of the runs that changed a baseline otherwise than by their own results.
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
        self.policy = policy
        self._bursts = frozenset(bursts)
        self._unread = unread or {}
        self._restarts = tuple(restarts)
        self._table = table or alarm_table()
        self._watched = {
            model: WatchedModel.of(self._own, self._all, model, self._updates, self._bursts)
            for model in sorted(models)
        }
        self._description = ShiftDescription(self._all, self._watched, self._updates)
        self._weights = {
            model: watched.prior_weights(self._updates) for model, watched in self._watched.items()
        }
        self._sources = {
            model: watched.first_runs(self._updates) for model, watched in self._watched.items()
        }
        self.evidence: dict[int, tuple[ModelEvidence, ...]] = {}
        self.crossed = False
        self.returns: list[Returned] = []
        self.turns: list[int] = []
        self._is_explained = True
        self._seen: dict[StreamKey, StreamAnalysis] = {}
        self._due: dict[StreamKey, tuple[int, int]] = {}
        self._analysed: list[RunKey] = []

    @property
    def streams(self) -> list[StreamAnalysis]:
        """The analyses of the brand's streams after the latest run."""
        return list(self._seen.values())

    def replay(self, quiet: Collection[int] | None = None) -> Iterator[Alarm]:
        """Analyse all runs in which a stream of the brand has answers, one after another, and yield
        the alarms that would have been raised, in the order of the runs.

        The iteration fills `evidence`, `returns`, `streams` and `crossed`: they hold the whole past
        only when it has ended. A second call would analyse the same runs on top of the first.

        Args:
            quiet: Numbers of runs, without the latest, that an earlier replay of the same past does
                not have among its `turns`. They are added to the baselines, and `evidence` has
                none of them; all else is as if they were analysed, but that only shifts of the
                latest run are explained. None explains all.
        """
        self._is_explained = quiet is None
        for run in self.run_keys:
            self._is_explained |= run == self.run_keys[-1]
            if quiet and run.id in quiet:
                self._add(run)
            elif alarm := self.step(run):
                yield alarm

    @cached_property
    def run_keys(self) -> list[RunKey]:
        """All runs in which a stream of the brand has answers, the oldest first."""
        return sorted({s.runs[row] for s in self._own for row in np.flatnonzero(s.n.any(1))})

    def inputs(self, until: RunKey) -> str:
        """Return a hash of all that decides what the runs up to one have shown: their answers, the
        policy and what is known of the models.
        """
        known = (
            *(REPLAY_VERSION, self._brand, self.policy, sorted(self._unread.items())),
            *(sorted(self._bursts), [one for one in self._restarts if one.run <= until]),
            [update for update in self._updates if update.at <= until.at],
        )
        found = blake2b(repr(known).encode(), digest_size=16)
        for stream in self._all:
            runs = stream.runs[: bisect_right(stream.runs, until)]
            asked = stream.n[: len(runs)].any(axis=0)
            if asked.any():
                prompts = [stream.prompts[column] for column in np.flatnonzero(asked)]
                found.update(repr((stream.key, stream.version, runs, prompts)).encode())
                for cells in (stream.n, stream.total, stream.squares):
                    found.update(cells[: len(runs), asked].tobytes())
        return found.hexdigest()

    def _add(self, run: RunKey) -> None:
        """Add a run that changed nothing else to the baselines. The streams that it measured are
        analysed when the next run is, if that does not measure them.
        """
        self._analysed.append(run)
        for model, watched in self._watched.items():
            row = watched.row(run)
            if row is not None:
                watched.baseline.rows.append(row)
                for metric, answered in watched.answered.items():
                    if answered[row]:
                        key = StreamKey(self._brand, model, metric)
                        self._due[key] = row, len(self._analysed)

    def step(self, run: RunKey) -> Alarm | None:
        """Analyse a run, later than those before, and return the alarm that it would have raised,
        with the shifts at all models; None without one.

        What `decide` reports without earlier alerts is an alarm. After an alarm, and after a
        reported change of a model as a whole, the baseline of the model begins again.
        """
        turn = self._turn()
        self.evidence[run.id] = evidence = tuple(self._analyse(run, self._analysed))
        self._analysed.append(run)
        decisions = [decide(one, self.policy, NO_HISTORY) for one in evidence]
        shifts = [
            shift
            for decision in decisions
            for shift in sorted(
                decision.shifts, key=lambda s: (-self._seen[_key(s)].excess, s.metric)
            )
        ]
        self.returns += [one.returned for one in evidence if one.returned]
        alarm = None
        if shifts:
            age = min(self._seen[_key(shift)].found.age for shift in shifts)
            before = self._rows_before(shifts[0])
            runs = self._watched[shifts[0].model].baseline.runs
            usual = runs[before[len(before) // 2]]
            self._restart(shifts)
            alarm = Alarm(run, tuple(shifts), age, usual)
        self._restart_models(run)
        for model_evidence in evidence:
            self._open_occasion(model_evidence, alarmed=bool(shifts))
        if turn != self._turn():
            self.turns.append(run.id)
        return alarm

    def _turn(self) -> list[object]:
        """Return what stays the same while runs are only added to the baselines."""
        return [(watched.baseline.turn, watched.occasion) for watched in self._watched.values()]

    @property
    def asked_again(self) -> set[Model]:
        """The models that are to be asked again."""
        return {
            model
            for model, watched in self._watched.items()
            if watched.occasion and not watched.occasion.over
        }

    def runs(self, model: Model) -> tuple[RunKey, ...]:
        """Return all runs of a model, the oldest first."""
        return self._watched[model].baseline.runs

    def occasions(self) -> dict[Model, tuple[Occasion, Comparison | None]]:
        """Return the occasions that are open, or are over with the latest run, by their model, each
        with what the runs since show against those before it.
        """
        found: dict[Model, tuple[Occasion, Comparison | None]] = {}
        for model, watched in self._watched.items():
            occasion, rows = watched.occasion, watched.baseline.rows
            if occasion and rows and (not occasion.over or occasion.looks[-1] == rows[-1]):
                found[model] = occasion, self._since(model, occasion)
        return found

    def _since(self, model: Model, occasion: Occasion) -> Comparison | None:
        analysis = self._seen.get(StreamKey(self._brand, model, occasion.metric))
        if analysis is None or not occasion.looks:
            return None
        runs, stream = self._watched[model].baseline.runs, analysis.stream
        counted = {runs[row] for row in occasion.looks}
        rows = [
            row for row, run in enumerate(stream.runs) if run < runs[occasion.row] or run in counted
        ]
        tau2 = analysis.found.series.shared + analysis.found.variance
        return compare_sides(stream_rows(stream, np.array(rows)), runs[occasion.looks[0]].id, tau2)

    def learning(self) -> Learning | None:
        """Return how long the shortest young baseline of a rate is, and the smallest loss that it
        would show within three runs.

        A baseline is young with fewer than `LEARNING_RUNS` runs, and at least one. Of equally short
        ones, that of the visibility counts. None when there is no young baseline, or the shortest
        one has no answers for its metric.
        """
        young = [
            (len(watched.baseline.rows), metric != VISIBILITY, model, metric)
            for model, watched in self._watched.items()
            for metric, group in watched.groups.items()
            if group.binary and 0 < len(watched.baseline.rows) < LEARNING_RUNS
        ]
        if not young:
            return None
        _, _, model, metric = min(young)
        watched = self._watched[model]
        rows = np.array(watched.baseline.rows, np.intp)
        rows = watched.groups[metric].last(rows[watched.answered[metric][rows] > 0])
        if not len(rows):
            return None
        return learning(
            watched.groups[metric],
            rows,
            run_effect_prior(model),
            per_year=self.policy.false_alarms_per_year,
            brands=self.policy.brands,
        )

    def _analyse(self, run: RunKey, earlier: Sequence[RunKey]) -> Iterator[ModelEvidence]:
        """Yield the evidence about the brand after a run at each model that was asked in it, and
        add the run to the baselines.

        The brand's excess is joined over all its models; a model that was not asked counts with its
        latest analysis. At a model where the brand is back at its old level, no shift is described:
        the baseline takes the old runs in again, and the analyses of the model are dropped.

        Args:
            earlier: The runs that were analysed before, the oldest first.
        """
        pace = runs_a_year([*earlier, run], self._bursts)
        row_at_model = {}
        for model, watched in self._watched.items():
            row = watched.row(run)
            if row is not None:
                row_at_model[model] = row
            for metric, answered in watched.answered.items():
                key = StreamKey(self._brand, model, metric)
                due = self._due.pop(key, None)
                if row is not None and answered[row]:
                    self._measure(key, row, pace)
                elif due:
                    self._measure(key, due[0], runs_a_year(earlier[: due[1]], self._bursts))
        excess = self._table.joined({key: one.excess for key, one in self._seen.items()})
        for model, row in row_at_model.items():
            self._look(model, row)
        if run.id in self._bursts:
            pace *= LOOKS_BY_CHANCE
        needed = needed_excess(self.policy.false_alarms_per_year, pace, self.policy.brands)
        chance_a_year = rarity(excess, pace, self.policy.brands).yearly
        self.crossed = excess > needed
        for model, row in row_at_model.items():
            watched = self._watched[model]
            # After one run alone a level far beyond the old one looks like the way back to it.
            is_due = self.crossed and any(
                key.model == model and analysis.excess > needed and analysis.found.likeliest < row
                for key, analysis in self._seen.items()
            )
            returned = find_return(watched, self._seen, row, due=is_due)
            over = chance_a_year if self.crossed and not returned else None
            streams = tuple(
                self._stream_evidence(stream, row, needed, over)
                for stream in watched.streams.values()
            )
            watched.baseline.rows.append(row)
            if returned:
                watched.baseline.resume(returned.before, returned.row)
                self._drop_analyses(model)
            yield ModelEvidence(
                brand=self._brand,
                model=model,
                run=run,
                statistic=excess,
                threshold=needed,
                streams=streams,
                runs_a_year=pace,
                returned=returned,
            )

    def _drop_analyses(self, model: Model) -> None:
        """Forget the latest analyses of the brand's streams at a model, whose baseline changed."""
        for metric in self._watched[model].streams:
            self._seen.pop(StreamKey(self._brand, model, metric), None)

    def _measure(self, key: StreamKey, row: int, pace: float) -> None:
        """Store the analysis of one of the brand's streams after a run that measured it in `_seen`.

        A stream gets no analysis while its baseline has fewer runs than a search needs; then an
        earlier analysis stays.
        """
        watched = self._watched[key.model]
        group = watched.groups[key.metric]
        asked = watched.baseline.until(row, watched.answered[key.metric])
        rows = group.last(asked)
        if len(rows) <= watched.baseline.runs_needed:
            return
        measured = statistic(
            group,
            rows,
            run_effect_prior(key.model),
            reach=max(RECENT_STARTS, round(REACH_DAYS / DAYS_A_YEAR * min(pace, MAX_PACE))),
            weights=self._weights[key.model][group.first[rows]],
            deviating_share=watched.baseline.deviating_share(row),
        )
        threshold = self._table.threshold(
            measured.age, measured.own_share, measured.autocorrelation
        )
        excess = measured.total - threshold
        if excess > 0 and FIRST_RUNS <= measured.age < SETTLED_RUNS:
            excess /= 1 + HEAVY_TAIL * max(0.0, measured.rivals_variance - NOTABLE_VARIANCE)
        measured = replace(measured, starts=group.first[measured.starts])
        stream = stream_rows(watched.streams[key.metric], asked)
        self._seen[key] = StreamAnalysis(stream, measured, excess)

    def _look(self, model: Model, row: int) -> None:
        """Add a run to the occasion at a model, which an update opens or an earlier run has
        opened.
        """
        watched = self._watched[model]
        if source := self._sources[model].get(row, ""):
            watched.occasion = Occasion(VISIBILITY, row, row, source=source)
        occasion = watched.occasion
        if not self.policy.asked_again or occasion is None or occasion.over:
            return
        answered = watched.answered.get(occasion.metric)
        key = StreamKey(self._brand, model, occasion.metric)
        if key not in self._seen or answered is None or not answered[row]:
            return
        asked, group = watched.baseline.until(row, answered), watched.groups[occasion.metric]
        before = group.last(asked[asked < occasion.row])
        if not len(before):
            watched.occasion = None
            return
        rows = np.append(before, asked[asked >= occasion.row])
        alone = group.apart(rows, occasion.row)
        series = run_series(alone, np.arange(len(rows)), run_effect_prior(model))
        watched.occasion = occasion = occasion.looked(series, rows.tolist())
        if occasion.source and (since := self._since(model, occasion)):
            is_told = max(map(abs, since.interval)) <= TOLD_BOUND
            watched.occasion = replace(occasion, over=occasion.over or is_told)

    def _open_occasion(self, evidence: ModelEvidence, *, alarmed: bool) -> None:
        """Open an occasion at a model if the brand deviates in the run, or is watched, and none is
        open; an alarm ends the present one.
        """
        watched, policy = self._watched[evidence.model], self.policy
        is_open = watched.occasion and not watched.occasion.over
        if alarmed and any(stream.shift for stream in evidence.streams):
            watched.occasion = None
        is_wanted = policy.asked_again and not (alarmed or is_open or evidence.returned)
        if not is_wanted or evidence.run.id in self._bursts:
            return
        opened = bisect_left(watched.baseline.runs, evidence.run)
        seen = {
            stream.metric: self._seen[key]
            for stream in evidence.streams
            if (key := StreamKey(self._brand, evidence.model, stream.metric)) in self._seen
            and self._seen[key].stream.runs[-1] == evidence.run
        }
        if named := seen.get(VISIBILITY):
            chance, sds = deviation(named.found.series, named.found.age, 1)
            # So often does an unchanged brand open one that asking again costs its share.
            if 2 * chance <= min(policy.asked_again / LOOKS_SPENT / policy.brands, 0.5):
                watched.occasion = Occasion(VISIBILITY, opened, opened, 1.0 if sds > 0 else -1.0)
                return
        metric = decide(evidence, policy, NO_HISTORY).watched
        if metric in seen:
            analysis = seen[metric]
            level = analysis.found.series.level[0]
            since = len(analysis.found.starts) - int(analysis.found.logs.argmax())
            side = 1.0 if level[-since:].mean() > level[:-since].mean() else -1.0
            watched.occasion = Occasion(metric, analysis.found.likeliest, opened, side)

    def _stream_evidence(
        self, stream: Stream, row: int, needed: float, over: float | None
    ) -> StreamEvidence:
        """Return the evidence of a stream after a run.

        It has a shift only if both the brand's excess and the stream's own are above the needed
        excess. A stream that the run did not measure has no statistic.

        Args:
            needed: The excess that an alarm needs.
            over: How often a year chance shows as much as the brand's excess, where that is over
                the needed one; else None.
        """
        key, watched = stream.key, self._watched[stream.key.model]
        past = np.array(watched.baseline.rows, np.intp)
        past = past[watched.answered[key.metric][past] > 0]
        asked_now = stream.n[row] > 0
        is_measured = bool(asked_now.any())
        shared = stream.n[past].any(axis=0) & asked_now
        analysis = self._seen.get(key) if is_measured else None
        first_run = stream.runs[past[0]] if len(past) else stream.runs[row]
        evidence = StreamEvidence(
            metric=key.metric,
            runs=len(past),
            runs_needed=watched.baseline.runs_needed,
            has_unread_history=key in self._unread and self._unread[key] < first_run,
            shared_prompts=int(shared.sum()) if is_measured else None,
            statistic=analysis.excess if analysis else None,
        )
        if analysis is None or over is None or analysis.excess <= needed:
            return evidence
        if self.policy.holds and over >= AT_ONCE_A_YEAR and analysis.found.likeliest == row:
            return replace(evidence, held=True)
        return self._description.describe(
            evidence, analysis, stream.runs[row], over, explained=self._is_explained
        )

    def _rows_before(self, shift: Shift) -> tuple[int, ...]:
        """Return the rows of a model's baseline before the run with which a shift most likely
        began; at least one, because a change begins after the first run of a baseline.
        """
        likeliest = self._seen[_key(shift)].found.likeliest
        return tuple(row for row in self._watched[shift.model].baseline.rows if row < likeliest)

    def _restart(self, shifts: Sequence[Shift]) -> None:
        """Let the baseline of each model that shifted begin again with the run with which its shift
        with the most evidence most likely began, keep the old baseline so that a return is seen,
        and drop the analyses.

        Args:
            shifts: The shifts of an alarm, those with the most evidence of each model first.
        """
        for model in {shift.model for shift in shifts}:
            head = next(shift for shift in shifts if shift.model == model)
            found, watched = self._seen[_key(head)].found, self._watched[model]
            watched.baseline.restart(
                Excursion(
                    shift=head,
                    alarm=watched.baseline.rows[-1],
                    before=self._rows_before(head),
                    metric=head.metric,
                    uniform=found.uniform,
                    since=found.likeliest,
                )
            )
            self._drop_analyses(model)

    def _restart_models(self, run: RunKey) -> None:
        """Let the baselines begin again at the models whose change as a whole is due in a run.

        A change is due in the run that reported it, or `OWN_PROOF_RUNS` runs after it began if that
        is later. A baseline that begins with the change or later already stays, with its analyses.
        """
        for restart in self._restarts:
            watched = self._watched.get(restart.model)
            if watched is None:
                continue
            runs = watched.baseline.runs
            proof_ends = bisect_left(runs, restart.began) + OWN_PROOF_RUNS
            due_row = max(bisect_left(runs, restart.run), proof_ends)
            is_due = runs[due_row : due_row + 1] == (run,)
            if is_due and watched.baseline.begin(restart.began):
                self._drop_analyses(restart.model)


def _key(shift: Shift) -> StreamKey:
    """Return the key of the stream that a shift changed."""
    return StreamKey(shift.brand, shift.model, shift.metric)
