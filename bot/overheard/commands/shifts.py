"""`changes --show all`: what the detection would have raised in the whole past, if it had analysed
run after run, and repeated statements.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from overheard.alerts.history import (
    BrandReplay,
    HistoryReader,
    certainty,
    chance_alarm_record,
    decision_data,
    decision_sentence,
    past_decisions,
    record_sentence,
    replays,
)
from overheard.alerts.metric_wording import shift_phrase
from overheard.alerts.phrases import statement_data, statement_phrase
from overheard.alerts.statements import StatementReader
from overheard.cards import wording
from overheard.cards.card import Action, Card, Image, Table, fitting, picked
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.trend import Mark
from overheard.cards.command import Face, quoted
from overheard.cards.metric_words import METRIC_WORDS, words_of
from overheard.deployment import Call
from overheard.detection.placement import belongs_to, containing_alert
from overheard.detection.statement_shifts import statement_shift
from overheard.detection.statements import StatementStory
from overheard.domain import VISIBILITY, WHOLE_MODEL, Alert, Brand, Model, Run, RunKey, Shift
from overheard.runs.plan import choose_brands
from overheard.scoring.service import Scoring
from overheard.views.courses import trend_chart
from overheard.views.standings import read_streams

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


async def reported_statements(call: Call, brands: Sequence[str]) -> list[ReportedStory]:
    """Return each repeated false claim and grave sentence about the brands in all stored answers.

    They are ordered by the run in which each became news (`story.opened`), the oldest first, then
    by model.
    """
    scoring = call.scoring
    reader = StatementReader(call.store, scoring.catalogue, scoring.finding_versions)
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
    """
    shift, closed = reported.shift, reported.story.closed
    return {
        **(statement_data(shift.statement) if shift.statement else {}),
        **picked(shift, "brand", "model", "metric"),
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
    """
    return {
        "kind": "shift",
        "level": certainty(shift.chance_a_year),
        **picked(shift, "brand", "model", "metric", "before", "after", "change", "interval"),
        "run": runs[shift.run_id].key,
        "runs_90": [runs[run].key for run in shift.likely_first_runs],
        "began": runs[shift.first_run_id].key,
        **picked(shift, "chance_a_year", "recovery", "explanation"),
        "updates": [picked(update, "at", "source", "note") for update in shift.updates],
    }


MAX_DECISIONS = 40
"""Largest number of decisions on a card; its JSON data have all."""


MAX_CHANGES = 4
"""Largest number of changes on a card without details."""


async def past_changes(
    call: Call, brands: Sequence[str] = (), *, details: bool = False, why: bool = False
) -> Card:
    """Return the card of all changes that detection finds in the stored runs: shifts of metrics,
    changes of a model as a whole, and repeated false claims and grave sentences.

    Detection is replayed run by run: the analysis of a run uses only that run and earlier ones.
    Nothing is stored or sent. Answers without scores are scored first.

    Args:
        call: Tells whether a chat or a terminal asks, the time zone, and the progress display.
        brands: Names of brands; empty means all tracked brands.
        details: Whether all changes are shown in a table, as always in a terminal; else the newest
            `MAX_CHANGES` in words.
        why: Whether a second card has what was decided about each run, brand and model, with the
            reason.

    Raises:
        NothingToAsk: when no brand is configured.
    """
    chosen = choose_brands(call.catalogue, brands)
    call = await call.caught_up()
    runs = {run.id: run for run in await call.store.runs.find()}
    brand_replays = await replays(call, chosen, runs)
    model_alerts = await HistoryReader.of(call).model_alerts([brand.name for brand in chosen])
    reported_stories = await reported_statements(call, [brand.name for brand in chosen])
    changes = replayed_shifts(brand_replays, reported_stories, runs, model_alerts)
    analysed_runs = max((len(replay.monitor.evidence) for replay in brand_replays), default=0)
    details = details or call.face is Face.TERMINAL
    card = await _changes_card(call, chosen, changes, analysed_runs, details=details)
    if not why:
        return card
    decisions = await past_decisions(call, brand_replays, runs)
    record, metrics = chance_alarm_record(brand_replays), call.scoring.metrics
    rows = [
        (runs[d.run.id].key, d.brand, str(d.model), decision_sentence(d, metrics))
        for d in decisions[:MAX_DECISIONS]
    ]
    left = len(decisions) - len(rows)
    reasons = Card(
        title="Why there was an alert or none",
        text=record_sentence(record) if record.runs else "",
        table=Table(("Run", "Brand", "Model", "What was decided"), tuple(rows)) if rows else None,
        footer=f"{wording.count(left, 'older row')} left out; --json has all." if left else "",
    )
    whole = {
        "shifts": card.data,
        "decisions": [{"run": runs[d.run.id].key, **decision_data(d)} for d in decisions],
        "record": {"runs": record.runs, "fired": record.fired},
    }
    return replace(card, more=(*card.more, reasons), data=whole)


async def _changes_card(
    call: Call,
    brands: Sequence[Brand],
    changes: Sequence[ReplayedShift],
    analysed_runs: int,
    *,
    details: bool,
) -> Card:
    """Return the card of the changes: the newest `MAX_CHANGES` in words, and for a single brand a
    picture of its visibility. With `details` it is a table of all changes instead. Changes that
    repeat another one are left out, except from the JSON data.
    """
    listed = _listed_changes(changes)
    rows = tuple(
        (
            wording.day(change.run.at, call.zone),
            _change_phrase(call, change.shift),
            _figures(call.scoring, change.shift),
        )
        for change in listed
    )
    has_table = details and bool(rows)
    only = brands[0] if len(brands) == 1 else None
    whose = only.name if only else "your brands"
    name = f" {quoted(only.name)}" if only else ""
    has_more = len(listed) > MAX_CHANGES or any(change.shift.statement is None for change in listed)
    steps = [Action(f"trend{name}", "Trend")] if only and analysed_runs else []
    if has_more and not details:
        steps.append(Action(f"changes{name} --details", "Details"))
    text = "\n".join(
        f"{wording.short_day(change.run.at, call.zone)}: {_change_phrase(call, change.shift)}"
        for change in listed[:MAX_CHANGES]
    )
    if not analysed_runs:
        text = "No answers yet."
    elif not listed:
        count = wording.count(analysed_runs, "check")
        text = f"In {count} no change was certain enough for an alert."
    return Card(
        title=f"What changed for {whose}" if listed else f"No change is certain for {whose}",
        text="" if has_table else text,
        table=Table(("Found", "What changed", "Figures"), rows) if has_table else None,
        image=await _visibility_picture(call, only, listed) if only and not details else None,
        actions=fitting(*steps),
        data=[change.data for change in changes],
    )


def _listed_changes(changes: Sequence[ReplayedShift]) -> list[ReplayedShift]:
    """Return the changes that the card lists, the newest first."""
    best: dict[tuple[RunKey, Model, str], ReplayedShift] = {}
    for change in reversed(changes):
        shift = change.shift
        key = (change.run, shift.model, f"{shift.brand} {shift.statement}")
        if key not in best or _metric_rank(shift) < _metric_rank(best[key].shift):
            best[key] = change
    return [change for change in best.values() if not change.data.get("part_of")]


def _metric_rank(shift: Shift) -> int:
    """Return the place of a shift's metric among those of `METRIC_WORDS` that have words for a
    change, which has the preferred ones first; their number for any other metric.
    """
    order = [name for name, words in METRIC_WORDS.items() if words.better]
    return order.index(shift.metric) if shift.metric in order else len(order)


def _change_phrase(call: Call, shift: Shift) -> str:
    """Return a change in words with the model as subject, such as ``ChatGPT names Acme far less``,
    for a shift, a statement, or a change of the model as a whole.
    """
    name = call.names.name(shift.model)
    if shift.brand == WHOLE_MODEL:
        return f"{name} changed how it speaks about your whole category"
    if shift.statement:
        return f"{name} {statement_phrase(shift.statement, shift.brand)}"
    return f"{name} {shift_phrase(shift, call.scoring.metrics.get(shift.metric), shift.brand)}"


def _figures(scoring: Scoring, shift: Shift) -> str:
    """Return the figures of a change: ``named 12 %, before 89 %`` for a shift and for a change of a
    model as a whole, ``$14 in truth`` for a false claim, an empty string for a grave sentence,
    which has no true value.
    """
    if statement := shift.statement:
        return f"{statement.truth} in truth" if statement.truth else ""
    metric = scoring.metrics[shift.metric]
    after, before = (wording.value(value, metric.scale) for value in (shift.after, shift.before))
    label = words_of(metric.name).title or metric.label
    return f"{label.lower()} {after}, before {before}"


async def _visibility_picture(
    call: Call, brand: Brand, changes: Sequence[ReplayedShift]
) -> Image | None:
    """Return a picture of the brand's visibility at each model over time; None if none is stored.

    It has a mark, ``better`` or ``worse``, at the run in which each change of its visibility began,
    and no other marks.
    """
    metric, versions = call.scoring.metrics.get(VISIBILITY), call.scoring.versions
    if metric is None:
        return None
    streams = await read_streams(call.store, versions, [brand.name], metric=VISIBILITY)
    if not streams:
        return None
    starts = await call.store.runs.starts()
    marks = tuple(
        Mark(starts[shift.began], "better" if shift.change > 0 else "worse")
        for shift in (change.shift for change in changes)
        if shift.metric == VISIBILITY and shift.brand == brand.name and shift.began in starts
    )
    chart = await trend_chart(call, brand, metric, streams)
    return await picture(replace(chart, marks=marks), "shifts.png")
