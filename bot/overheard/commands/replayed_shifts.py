"""All shifts and repeated statements of the past: what would have been reported if the bot had
watched from the first run on.

The monitor (the detection of shifts) is replayed over all stored scores for that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from overheard.alerts.history import BrandReplay, certainty
from overheard.alerts.phrases import statement_data
from overheard.alerts.statements import StatementReader
from overheard.deployment import Deployment
from overheard.detection.placement import belongs_to, containing_alert
from overheard.detection.statement_shifts import statement_shift
from overheard.detection.statements import StatementStory
from overheard.domain import Alert, Run, Shift
from overheard.measure.blocks import RunKey

STATEMENT_CERTAINTY = "nearly certain"
"""The level of a repeated statement: it was made, whatever chance does."""


@dataclass(frozen=True, slots=True)
class ReportedStory:
    """A repeated false claim or grave sentence of a model, and the shift that reports it.

    Attributes:
        story: The statement, from the run in which it became news until it was gone.
        shift: The shift for the run in which it became news.
    """

    story: StatementStory
    shift: Shift


async def reported_statements(deployment: Deployment, brands: Sequence[str]) -> list[ReportedStory]:
    """Return each repeated false claim and grave sentence about the brands in all stored answers.

    They are ordered by the run in which each became news (`story.opened`), the oldest first, then
    by model.

    Args:
        brands: The brands' names.
    """
    scoring = deployment.scoring
    reader = StatementReader(deployment.store, scoring.catalogue, scoring.versions)
    found = []
    for brand in brands:
        for at_model in (await reader.statements(brand)).values():
            for story in at_model.stories:
                truth = reader.truth_of(story, brand)
                shift = statement_shift(
                    story, brand, story.opened, at_model.runs, at_model.asked, truth
                )
                found.append(ReportedStory(story, shift))
    return sorted(found, key=lambda reported: (reported.story.opened, str(reported.shift.model)))


@dataclass(frozen=True, slots=True)
class ReplayedShift:
    """A shift that would have been raised, or a change of a model as a whole.

    Attributes:
        run: The run after which the shift would have been raised.
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
    """Return everything that would have been reported, ordered by run, the oldest first.

    ``part_of`` is the key of the run that raised the alert on a model as a whole to which a shift
    or another such alert belongs, else None. Within a run repeated statements come first, then
    alerts on models as a whole (a change of how a model speaks of all brands), then the shifts of
    brands.

    Args:
        replays: The replay of each brand.
        reported_stories: The repeated statements.
        runs: All runs by number.
        model_alerts: The alerts on models as a whole.
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
            {
                **_shift_json(alert.shift, runs),
                "kind": "model",
                "brand": None,
                "moved": {shift.brand: shift.change for shift in alert.also},
                "part_of": whole and runs[whole.shift.run_id].key,
            },
        )
        for alert in model_alerts
        for whole in [belongs_to(alert, model_alerts, starts)]
    ]
    found += [
        ReplayedShift(
            alarm.run,
            shift,
            _shift_json(shift, runs) | {"part_of": whole and runs[whole.shift.run_id].key},
        )
        for replay in replays
        for alarm in replay.alarms
        for shift in alarm.shifts
        for whole in [containing_alert(shift, model_alerts, starts)]
    ]
    return sorted(found, key=lambda change: change.run)


def story_data(reported: ReportedStory, runs: Mapping[int, Run]) -> dict[str, Any]:
    """Return a repeated statement for JSON output. ``run`` made it news, ``began`` is the first run
    with it, and ``ended`` the run with which it was gone, None while it is not gone; runs are given
    by their keys. ``level`` is the same certainty for all statements.

    Args:
        runs: All runs by number.
    """
    shift, closed = reported.shift, reported.story.closed
    return {
        **(statement_data(shift.statement) if shift.statement else {}),
        "brand": shift.brand,
        "model": str(shift.model),
        "metric": shift.metric,
        "level": STATEMENT_CERTAINTY,
        "run": runs[shift.run_id].key,
        "began": runs[shift.first_run_id].key,
        "ended": runs[closed.id].key if closed else None,
    }


def _shift_json(shift: Shift, runs: Mapping[int, Run]) -> dict[str, Any]:
    """Return a shift for JSON output.

    Runs are given by their keys: ``run`` detected the shift, ``began`` most likely began it, and
    one of ``runs_90`` began it with a probability of 90 %. Values are in the units of the metric,
    ``interval`` is the 90 % interval of the change.

    Args:
        runs: All runs by number.
    """
    return {
        "kind": "shift",
        "level": certainty(shift.chance_a_year),
        "brand": shift.brand,
        "model": str(shift.model),
        "metric": shift.metric,
        "run": runs[shift.run_id].key,
        "runs_90": [runs[run].key for run in shift.likely_first_runs],
        "began": runs[shift.first_run_id].key,
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
