"""Trials of what `bench/detection.py` reports: dips, attribution, whole models, a deployment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from overheard.detection.baseline import stream_since, stream_until
from overheard.detection.confirmation import LOOKS
from overheard.detection.control_variate import run_effect_prior
from overheard.detection.decide import decide, reported_changes
from overheard.detection.decision_inputs import (
    NO_HISTORY,
    WATCHED_A_YEAR,
    AlertPolicy,
    alarm_table,
    needed_excess,
    rarity,
)
from overheard.detection.explanation import Hypothesis, attribute
from overheard.detection.monitor import Monitor, Restart
from overheard.detection.placement import AlertAction, place
from overheard.detection.power import USUAL_LIMIT, WELL_KNOWN, Outlook, unannounced
from overheard.detection.whole_model import ModelChange
from overheard.domain import VISIBILITY, Alert, Model, RunKey, Shift
from overheard.measure.blocks import Stream, StreamKey
from overheard.measure.trends import USUAL_CHECKS
from overheard_lab.trials import (
    ASKED_AGAIN,
    CHANGE_AT,
    RUNS_A_YEAR,
    SMALLEST_CHANGE,
    MonitorTrial,
    level_of,
    random_changes,
    watch_brands,
)
from overheard_lab.worlds import (
    Changes,
    Moved,
    WorldDesign,
    brand_name,
    metric_name,
    model_of,
    simulate_world,
)

CLOSED_WITHIN = 4
"""A dip that lasts is wrongly ended when that happens within so many runs of its alarm."""
DIP_RUNS, DIP_POINTS = 14, 15.0
SHORT_DIP_RUNS, SHORT_DIPS_AT, FALL_AT = 5, (16, 28), 44
"""For a fall after dips that are over: their runs, and the indices of their first runs and its."""
BRANDS, MODELS, PATTERN_AT = 4, 3, 25
"""For the patterns: a change of brands at models in run 26."""
LATER = (0, 1, 3)
"""So many runs after the alarm the cause is named again."""
MODEL_BRANDS, MODEL_AT, MODEL_SD = 10, 25, 0.35
"""For a change of a model: each of so many brands moves by a normal number of logits in run 26."""
DEFAULT_BUDGET = 0.2
OWN_AT, OWN_LOGITS, AFTER_SD = 45, 0.8, 0.5
"""For a brand's own change after that: its run (an index) and its size, and the standard deviation
of the model's change before."""


NAMED_AT, NAMED_AGAIN = 20, (0.6, 0.35)
"""For the falls that `power` names: the index of their first run; and metrics that fall with
visibility, by their share of the answers that name the brand."""


@dataclass(frozen=True, slots=True)
class Dips:
    """How dips that last were treated: seen in the first runs, and of these wrongly ended."""

    seen: int
    ended: int


def dips(world: WorldDesign, panels: int, seed: int, per_year: float = 1.0) -> Dips:
    """Watch brands whose visibility falls for some runs, and count alarms ended too early."""
    design = replace(world, runs=CHANGE_AT + DIP_RUNS)
    changes: Changes = {(0, 0): (Moved(CHANGE_AT, -DIP_POINTS),)}
    seen = ended = 0
    for number in range(panels):
        streams = simulate_world(design, seed + number, changes).streams
        monitor = Monitor(brand_name(0), streams, policy=AlertPolicy(per_year, 1))
        late = [a.run.id for a in monitor.replay() if CHANGE_AT < a.run.id <= design.runs - 4]
        if late and late[0] <= CHANGE_AT + DIP_RUNS // 2:
            seen += 1
            last = late[0] + CLOSED_WITHIN
            ended += any(late[0] < one.run.id <= last for one in monitor.returns)
    return Dips(seen, ended)


def after_dips(effects: str, panels: int, seed: int) -> list[list[int]]:
    """Return after how many runs a fall by 10 points is told, 20 at most, after no dip of 15 points
    that is over, after one, and after two.
    """
    design = WorldDesign("normal", effects, 0.25, runs=FALL_AT + 20)
    waited: list[list[int]] = []
    for count in range(len(SHORT_DIPS_AT) + 1):
        starts = SHORT_DIPS_AT[len(SHORT_DIPS_AT) - count :]
        dipped = (Moved(at, -DIP_POINTS, until=at + SHORT_DIP_RUNS) for at in starts)
        changes: Changes = {(0, 0): (*dipped, Moved(FALL_AT, -10.0))}
        found = []
        for number in range(panels):
            streams = simulate_world(design, seed + number, changes).streams
            monitor = Monitor(brand_name(0), streams, policy=AlertPolicy(1.0, 1))
            told = [alarm.run.id - FALL_AT for alarm in monitor.replay()]
            found.append(min((runs for runs in told if runs > 0), default=20))
        waited.append(found)
    return waited


def pattern(
    truth: Hypothesis, effects: str, panels: int, seed: int
) -> dict[int, list[tuple[float, float]]]:
    """Return the weights of the true cause and of the likeliest one, so many runs after the alarm
    of a brand, by `LATER`.
    """
    cells, size = {
        Hypothesis.BRAND_AT_MODEL: ({(0, 0)}, -1.6),
        Hypothesis.MODEL: ({(b, 0) for b in range(BRANDS)}, 1.2),
        Hypothesis.BRAND_EVERYWHERE: ({(0, m) for m in range(MODELS)}, -1.6),
        Hypothesis.EVERYTHING: ({(b, m) for b in range(BRANDS) for m in range(MODELS)}, 1.2),
    }[truth]
    design = WorldDesign("normal", effects, 0.25, BRANDS, MODELS, runs=PATTERN_AT + 12)
    found: dict[int, list[tuple[float, float]]] = {later: [] for later in LATER}
    for number in range(panels):
        rng = np.random.default_rng([seed, number])
        signs = rng.choice([-1.0, 1.0], BRANDS) if size > 0 else np.ones(BRANDS)
        changes = {(b, m): (Moved(PATTERN_AT, logits=size * float(signs[b])),) for b, m in cells}
        streams = simulate_world(design, seed + number, changes).streams
        monitor = Monitor(brand_name(0), streams, policy=AlertPolicy(1.0, 1))
        for alarm in monitor.replay():
            if alarm.run.id > PATTERN_AT:
                for later in LATER:
                    found[later].append(_weights(truth, alarm.shifts[0], streams, later))
                break
    return found


def _weights(
    truth: Hypothesis, shift: Shift, streams: Sequence[Stream], later: int
) -> tuple[float, float]:
    """Return the weights, from 0 to 1, of the true cause of a shift and of the likeliest one,
    `later` runs after it.
    """
    key = StreamKey(shift.brand, shift.model, shift.metric)
    runs = streams[0].runs
    until = runs[min(shift.run_id - 1 + later, len(runs) - 1)]
    past = [stream_until(stream, until) for stream in streams]
    began = runs[shift.first_run_id - 1]
    told = attribute(key, past, began, run_effect_prior(key.model))
    return told.weights[truth], max(told.weights.values())


def told_levels(trial: MonitorTrial, worlds: int, seed: int) -> dict[str, list[bool]]:
    """Return of each thing that is told of a brand, by its level, whether the brand's level at that
    model is another than in the usual run. All brands of a world change once a year at each model.

    The first weekly run of a time in which a change is watched counts: "watched" where the evidence
    is rare enough for that, "unlike before" where the run deviates and the model is asked again;
    each apart where the baseline is young.

    Args:
        worlds: How many worlds are watched, one tracked brand each.
    """
    design, policy = trial.world, replace(trial.policy, brands=1)
    found: dict[str, list[bool]] = defaultdict(list)
    for number in range(worlds):
        rng = np.random.default_rng([seed, number])
        changes: Changes = {
            (brand, model): random_changes(design, rng)
            for brand in range(design.brands)
            for model in range(design.models)
        }
        own = {model_of(model): changes[0, model] for model in range(design.models)}
        watched: set[Model] = set()

        def is_true(model: Model, run: RunKey, usual: RunKey, own: Any = own) -> bool:
            now, before = (
                sum(1 for change in own[model] if change.at <= design.week(one.id))
                for one in (run, usual)
            )
            return bool(now != before)

        def note(
            monitor: Monitor, run: RunKey, watched: set[Model] = watched, is_true: Any = is_true
        ) -> None:
            analyses = {analysis.stream.key.model: analysis for analysis in monitor.streams}
            for evidence in monitor.evidence[run.id]:
                model, analysis = evidence.model, analyses.get(evidence.model)
                by_evidence = bool(decide(evidence, policy, NO_HISTORY).watched)
                if analysis is None or not (by_evidence or model in monitor.asked_again):
                    watched.discard(model)
                    continue
                if model in watched:
                    continue
                watched.add(model)
                began = monitor.runs(model)[analysis.found.likeliest] if by_evidence else run
                before = [one for one in analysis.stream.runs if one < began]
                name = "watched" if by_evidence else "unlike before"
                name += ", young" * (analysis.found.age < USUAL_CHECKS)
                found[name].append(is_true(model, run, before[len(before) // 2]))

        world = simulate_world(design, seed + number, changes)
        [(_, raised)] = watch_brands(trial, world, brands=1, tracked=1, each=note).pairs
        for alarm in raised:
            model = alarm.shifts[0].model
            found[level_of(alarm)].append(is_true(model, alarm.run, alarm.usual))
    return found


def model_delays(effects: str, per_year: float, panels: int, seed: int) -> list[int]:
    """Return, for each simulated panel, the runs until a change of a whole model is reported, at
    most 20; panels with an earlier report are left out.
    """
    design = WorldDesign("normal", effects, 0.25, MODEL_BRANDS, runs=MODEL_AT + 20)
    waited = []
    for number in range(panels):
        rng = np.random.default_rng([seed, number])
        sizes = rng.normal(0, MODEL_SD, MODEL_BRANDS).tolist()
        changes = {(b, 0): (Moved(MODEL_AT, logits=size),) for b, size in enumerate(sizes)}
        streams = simulate_world(design, seed + number, changes).streams
        runs = [run - MODEL_AT for run in model_messages(streams, per_year)]
        if not runs or runs[0] > 0:
            waited.append(runs[0] if runs else 20)
    return waited


def model_messages(streams: Sequence[Stream], per_year: float) -> Iterator[int]:
    """Yield the numbers of the runs in which a change of a model as a whole is told."""
    policy = AlertPolicy(1.0, len(streams), {VISIBILITY: SMALLEST_CHANGE}, per_year)
    for change in without_returns(reported_changes(streams, policy, ())):
        yield change.run.id


def without_returns(reported: Iterable[tuple[ModelChange, Alert]]) -> Iterator[ModelChange]:
    """Yield reported changes of a model but for the way back of its brands, which ends the message
    of a change before.
    """
    live: list[Alert] = []
    for change, alert in reported:
        match place(alert.moved, live, change.run.at).action:
            case AlertAction.RECOVER:
                live = []
            case AlertAction.EASE:
                pass
            case _:
                live = [alert]
                yield change


def mistaken_models(effects: str, per_year: float, panels: int, seed: int) -> int:
    """Return in how many panels a drop of one brand of ten, by `OWN_LOGITS`, is reported as a
    change of its model within 20 runs.
    """
    design = WorldDesign("normal", effects, 0.25, MODEL_BRANDS, runs=MODEL_AT + 20)
    alone: Changes = {(0, 0): (Moved(MODEL_AT, logits=-OWN_LOGITS),)}
    worlds = (simulate_world(design, seed + number, alone).streams for number in range(panels))
    return sum(
        any(run > MODEL_AT for run in model_messages(streams, per_year)) for streams in worlds
    )


def after_model_change(effects: str, panels: int, seed: int) -> dict[str, list[int]]:
    """Return, by kind of baseline, the runs until a brand's own change is reported at the default
    budget, at most 25, some months after a change of its model.

    The kinds: a baseline that begins again at the model's change (as shipped), a mixture of both
    levels, and no change of the model, with all runs or only those since. Panels in which the
    model's change is not reported are left out. A change to the brand's old level is reported as
    the end of the effect of the model's change.
    """
    design = WorldDesign("normal", effects, 0.25, runs=OWN_AT + 25)
    policy = AlertPolicy.shared_out(DEFAULT_BUDGET, design.brands, {})
    names = "begun again", "mixture", "no change of the model", "nor runs before it"
    waited: dict[str, list[int]] = {name: [] for name in names}
    for number in range(panels):
        rng = np.random.default_rng([seed, number])
        own = Moved(OWN_AT, logits=float(rng.choice([-OWN_LOGITS, OWN_LOGITS])))
        of_model = {
            (brand, 0): (Moved(MODEL_AT, logits=float(rng.normal(0, AFTER_SD))),)
            for brand in range(design.brands)
        }
        both = {**of_model, (0, 0): (*of_model[0, 0], own)}
        streams = simulate_world(design, seed + number, both).streams
        restarts = [
            Restart(change.model, change.run, change.began)
            for change, _ in reported_changes(streams, policy, ())
            if change.run.id <= OWN_AT
        ]
        if not restarts:
            continue
        alone = simulate_world(design, seed + number, {(0, 0): (own,)}).streams
        since = [stream_since(stream, stream.runs[MODEL_AT]) for stream in alone]
        watched = (streams, restarts), (streams, []), (alone, []), (since, [])
        for name, (seen, begun) in zip(names, watched, strict=True):
            monitor = Monitor(brand_name(0), seen, policy=policy, restarts=begun)
            told = [alarm.run.id for alarm in monitor.replay()]
            told += [ended.run.id for ended in monitor.returns]
            late = [run - OWN_AT for run in told if run > OWN_AT]
            waited[name].append(min(late, default=25))
    return waited


def model_false_alarms(world: WorldDesign, panels: int, seed: int) -> tuple[int, float]:
    """Return (number of falsely reported changes of a model, simulated years), at a budget of one a
    year.
    """
    design = replace(world, brands=MODEL_BRANDS)
    found = sum(
        len(list(model_messages(simulate_world(design, seed + number).streams, 1.0)))
        for number in range(panels)
    )
    return found, panels * design.runs / RUNS_A_YEAR


def deployment(world: WorldDesign, per_year: float, panels: int, seed: int) -> Counter[str]:
    """Simulate deployments in which nothing changes, for their design's runs.

    Returns:
        The number of ``alarms``; how often a brand's evidence became so rare that the brand is
            ``watched``; and the number of ``runs``, in all deployments.
    """
    smallest = {metric_name(m): SMALLEST_CHANGE for m in range(world.metrics)}
    policy = AlertPolicy(per_year, world.brands, smallest)
    found: Counter[str] = Counter()
    for number in range(panels):
        streams = simulate_world(world, seed + number).streams
        for brand in range(world.brands):
            monitor = Monitor(brand_name(brand), streams, policy=policy)
            found["alarms"] += len(list(monitor.replay()))
            rare = [
                any(
                    rarity(one.statistic, one.runs_a_year, world.brands).yearly <= WATCHED_A_YEAR
                    for one in measured
                )
                for measured in monitor.evidence.values()
            ]
            found["watched"] += sum(now and not last for last, now in pairwise([False, *rare]))
        found["runs"] += world.runs
    return found


def named_falls(models: int, metrics: int, runs: int, panels: int, seed: int) -> list[bool]:
    """Return which falls of the size that `power` names for a number of checks are told with these
    or with what they ask again: one tracked brand at one of its models, at the default settings.

    Args:
        metrics: How many metrics are read from the same answers: 1, or 6, of which three fall.
    """
    design = WorldDesign(
        effects="half", models=models, runs=NAMED_AT + runs, prompts=12, again=len(LOOKS)
    )
    needed = needed_excess(DEFAULT_BUDGET, RUNS_A_YEAR, 1)
    limit = USUAL_LIMIT + needed + alarm_table().joining(models, metrics)
    trial = MonitorTrial(
        replace(design, metrics=metrics), per_year=DEFAULT_BUDGET / 5, asked_again=ASKED_AGAIN
    )
    told = []
    for number in range(seed, seed + panels):
        chances, _ = simulate_world(design, number).chances[0, 0, 0]
        size = unannounced(Outlook(chances, limit=limit, again=True), runs)
        world = simulate_world(design, number, {(0, 0): (Moved(NAMED_AT, -size),)})
        if metrics > 1:
            world.streams.extend([one for s in world.streams for one in _read_again(s, number)])
        [(_, raised)] = watch_brands(trial, world, brands=1, tracked=1, until_alarm=True).pairs
        if not raised or design.week(raised[0].run.id) >= NAMED_AT:
            told.append(bool(raised))
    return told


def _read_again(named: Stream, seed: int) -> Iterator[Stream]:
    """Yield five metrics of the answers of which one stream says whether they name a brand: of all
    answers those of `NAMED_AGAIN`, and of those that name it three whose rates stay.
    """
    rng = np.random.default_rng([seed, *named.total.sum(axis=0).astype(int).tolist()])
    hits = named.total.astype(int)
    of_named = (rng.beta(*WELL_KNOWN, hits.shape[1]) for _ in range(3))
    rates = [*((share, named.n) for share in NAMED_AGAIN), *((rate, hits) for rate in of_named)]
    for number, (rate, n) in enumerate(rates):
        total = rng.binomial(hits, rate).astype(np.float64)
        key = named.key._replace(metric=metric_name(number + 1))
        yield replace(named, key=key, n=n, total=total, squares=total)
