"""The shifts and statements that the monitor would have raised over the whole past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from overheard.alerts.history import BrandReplay, replays
from overheard.alerts.reasons import certainty
from overheard.alerts.statement_wording import statement_data
from overheard.alerts.statements import StatementReader
from overheard.deployment import Call, Deployment
from overheard.detection.placement import belongs_to, containing_alert
from overheard.detection.statements import StatementStory, statement_shift
from overheard.domain import Alert, Run, Shift
from overheard.measure.blocks import RunKey
from overheard.runs.plan import tracked
from overheard.scoring.service import Scoring

STATEMENT_CERTAINTY = "nearly certain"
"""The level of a repeated statement: it was made, whatever chance does."""


@dataclass(frozen=True, slots=True)
class ReportedStory:
    """A repeated statement, and the shift that reports it in the run in which it was news."""

    story: StatementStory
    shift: Shift


async def shifts_seen(deployment: Deployment, call: Call, scoring: Scoring, since: datetime) -> int:
    """Return the number of shifts that the monitor would have raised for the tracked brands at or
    after `since`, with the scores of `scoring` instead of the deployment's.
    """
    deployment = replace(deployment, scoring=scoring)
    runs = {run.id: run for run in await deployment.store.runs.find()}
    brand_replays = await replays(deployment, call, tracked(deployment.catalogue), runs)
    alarms = [alarm for replay in brand_replays for alarm in replay.alarms]
    return sum(len(alarm.shifts) for alarm in alarms if alarm.run.at >= since)


async def reported_statements(deployment: Deployment, brands: Sequence[str]) -> list[ReportedStory]:
    """Return the repeated false claims and grave sentences about the brands in all stored answers,
    by the run in which each became news, oldest first, then by model.
    """
    scoring = deployment.scoring
    reader = StatementReader(deployment.store, scoring.catalogue, scoring.versions)
    found = []
    for brand in brands:
        for at_model in (await reader.statements(brand)).values():
            for story in at_model.stories:
                truth = reader.truth_of(story, brand)
                found.append(
                    ReportedStory(
                        story,
                        statement_shift(
                            story, brand, story.opened, at_model.runs, at_model.asked, truth
                        ),
                    )
                )
    return sorted(found, key=lambda reported: (reported.story.opened, str(reported.shift.model)))


@dataclass(frozen=True, slots=True)
class ReplayedShift:
    """A shift that would have been raised, or a change of a model as a whole.

    Attributes:
        run: The run after which the shift would have been raised.
        shift: The shift.
        data: The shift for JSON output.
    """

    run: RunKey
    shift: Shift
    data: dict[str, Any]


def replayed_shifts(
    replays: Sequence[BrandReplay],
    reported_stories: Sequence[ReportedStory],
    runs: Mapping[int, Run],
    model_alerts: Sequence[Alert],
) -> list[ReplayedShift]:
    """Return all that would have been raised, oldest run first: repeated statements, alerts on
    models as a whole, and the shifts of the replays, in this order within a run. `runs` are by
    number.
    """
    starts = {number: run.started_at for number, run in runs.items()}
    found = [
        ReplayedShift(reported.story.opened, reported.shift, story_data(reported, runs))
        for reported in reported_stories
    ]
    found += [
        ReplayedShift(
            RunKey(starts[alert.shift.run_id], alert.shift.run_id),
            alert.shift,
            _whole_model_json(alert, runs, model_alerts, starts),
        )
        for alert in model_alerts
    ]
    found += [
        ReplayedShift(
            alarm.run,
            shift,
            _shift_json(shift, runs) | _whole_model_run_json(shift, model_alerts, runs, starts),
        )
        for replay in replays
        for alarm in replay.alarms
        for shift in alarm.shifts
    ]
    return sorted(found, key=lambda change: change.run)


def story_data(reported: ReportedStory, runs: Mapping[int, Run]) -> dict[str, Any]:
    """Return a reported statement for JSON output; ``ended`` is the key of the run without it, or
    None.
    """
    shift, closed = reported.shift, reported.story.closed
    return {
        **(statement_data(shift.statement) if shift.statement else {}),
        "brand": shift.brand,
        "model": str(shift.model),
        "metric": shift.metric,
        "level": STATEMENT_CERTAINTY,
        "run": runs[shift.run_id].key,
        "began": runs[shift.began].key,
        "ended": runs[closed.id].key if closed else None,
    }


def _whole_model_json(
    alert: Alert,
    runs: Mapping[int, Run],
    model_alerts: Sequence[Alert],
    starts: Mapping[int, datetime],
) -> dict[str, Any]:
    """Return the alert on a model as a whole for JSON output: ``moved`` is the change of each
    brand, ``part_of`` the key of the run of the alert that it continues (one of `model_alerts`), or
    None. `starts` are the starts of runs by number.
    """
    moved = {shift.brand: shift.change for shift in alert.also}
    whole = belongs_to(alert, model_alerts, starts)
    part = {"part_of": runs[whole.shift.run_id].key if whole else None}
    return {
        **_shift_json(alert.shift, runs),
        "kind": "model",
        "brand": None,
        "moved": moved,
        **part,
    }


def _whole_model_run_json(
    shift: Shift,
    model_alerts: Sequence[Alert],
    runs: Mapping[int, Run],
    starts: Mapping[int, datetime],
) -> dict[str, Any]:
    """Return ``part_of`` for JSON output: the key of the run of that alert in `model_alerts` to
    which a shift belongs, or None. `starts` are the starts of runs by number.
    """
    whole = containing_alert(shift, model_alerts, starts)
    return {"part_of": runs[whole.shift.run_id].key if whole else None}


def _shift_json(shift: Shift, runs: Mapping[int, Run]) -> dict[str, Any]:
    """Return a shift for JSON output: runs by their keys, values in the units of the metric, the
    90 % interval as a pair. ``runs_90`` are the runs among which the shift began with a probability
    of 90 %. `runs` are by number.
    """
    return {
        "kind": "shift",
        "level": certainty(shift.chance_a_year),
        "brand": shift.brand,
        "model": str(shift.model),
        "metric": shift.metric,
        "run": runs[shift.run_id].key,
        "runs_90": [runs[run].key for run in shift.likely_first_runs],
        "began": runs[shift.began].key,
        "before": shift.before,
        "after": shift.after,
        "change": shift.change,
        "interval": list(shift.interval),
        "chance_a_year": shift.chance_a_year,
        "recovery": shift.recovery,
        "updates": [
            {"at": update.at.isoformat(), "source": update.source, "note": update.note}
            for update in shift.updates
        ],
        "explanation": shift.explanation,
    }
