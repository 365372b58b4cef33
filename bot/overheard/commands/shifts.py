"""`shifts`: what the monitor would have raised over all that is in the store, run by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from overheard.alerts.events import WHOLE
from overheard.alerts.history import (
    BrandReplay,
    HistoryReader,
    past_decisions,
    record_sentence,
    replays,
    unchanged_record,
)
from overheard.alerts.metric_wording import PHRASES, SUBJECTS, shift_phrase
from overheard.alerts.reasons import certainty, decision_data, decision_sentence
from overheard.alerts.statement_wording import (
    statement_brief,
    statement_data,
    statement_phrase,
    statement_step,
)
from overheard.alerts.statements import StatementReader
from overheard.cards import wording
from overheard.cards.card import Action, Card, Image, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.trend import Mark
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands.standings import read_streams
from overheard.commands.trend import trend_chart
from overheard.deployment import Call, Deployment
from overheard.detection.decide import Decision
from overheard.detection.learning import OwnRecord
from overheard.detection.placement import belongs_to, containing_alert
from overheard.detection.statements import StatementStory, statement_shift
from overheard.domain import (
    VISIBILITY,
    WHOLE_MODEL,
    Alert,
    Brand,
    Model,
    Run,
    Shift,
    StatementKind,
)
from overheard.measure.blocks import RunKey
from overheard.runs.plan import choose_brands, tracked
from overheard.scoring.service import Scoring

SHOWN_DECISIONS = 40
"""Rows of decisions that a card shows."""


STATEMENT_CERTAINTY = "nearly certain"
"""The level of a repeated statement: it was made, whatever chance does."""


SHOWN_CHANGES = 4
"""Changes that a card in a chat names."""


@dataclass(frozen=True, slots=True)
class ReportedStory:
    """A repeated statement, and the shift that reports it in the run in which it was news."""

    story: StatementStory
    shift: Shift


async def shifts(
    deployment: Deployment,
    call: Call,
    *,
    brands: Annotated[Sequence[str], argument("Brands; without one, all.", Kind.BRAND)] = (),
    details: Annotated[bool, option("In a chat, all changes and not the newest alone.")] = False,
    why: Annotated[bool, option("Also show for each run why nothing was reported.")] = False,
) -> Card:
    """Replay detection over all stored runs and show the alerts it would have raised, oldest first.

    Nothing is raised or sent; the analysis of a run uses only that run and earlier ones.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brands: Names of brands; empty means all tracked brands.
        details: Whether a chat shows all changes; a terminal always does.
        why: Whether to show also the decision on each run, brand and model, with the reason.

    Raises:
        UnknownName: for a brand that does not exist.
        NothingToAsk: when no brand is configured.
    """
    chosen = choose_brands(deployment.catalogue, brands)
    deployment = await deployment.caught_up(call.progress)
    runs = {run.id: run for run in await deployment.store.runs.find()}
    brand_replays = await replays(deployment, call, chosen, runs)
    model_alerts = await HistoryReader.of(deployment).model_alerts([brand.name for brand in chosen])
    reported_stories = await reported_statements(deployment, [brand.name for brand in chosen])
    changes = _changes(brand_replays, reported_stories, runs, model_alerts)
    analysed_runs = max((len(replay.monitor.evidence) for replay in brand_replays), default=0)
    card = (
        await _chat_card(deployment, call, chosen, changes, analysed_runs, details=details)
        if call.face is Face.CHAT
        else _terminal_card(deployment, call, changes, runs, analysed_runs)
    )
    if not why:
        return card
    decisions = await past_decisions(deployment, brand_replays, runs)
    return _card_with_decisions(deployment, card, decisions, runs, unchanged_record(brand_replays))


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


def _changes(
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


def _terminal_card(
    deployment: Deployment,
    call: Call,
    changes: Sequence[ReplayedShift],
    runs: Mapping[int, Run],
    analysed_runs: int,
) -> Card:
    """Return the terminal's card of the changes, which are in the order of time; `analysed_runs` is
    the number of runs with evidence.
    """
    moved = [change.shift for change in changes]
    return Card(
        title=_shift_counts(moved),
        text="\n\n".join(_terminal_sentences(deployment, call, moved, runs, analysed_runs)),
        table=_shift_table(deployment, moved, runs) if moved else None,
        footer="Run: the one after which it was raised. Began: with the likeliest one."
        if moved
        else "",
        data=[change.data for change in changes],
    )


async def _chat_card(
    deployment: Deployment,
    call: Call,
    brands: Sequence[Brand],
    changes: Sequence[ReplayedShift],
    analysed_runs: int,
    *,
    details: bool,
) -> Card:
    """Return the chat's card: the newest `SHOWN_CHANGES` changes in words and, for a single brand,
    a picture of its visibility; with `details`, a table of all changes instead. `analysed_runs` is
    the number of runs with evidence.
    """
    lines = _chat_changes(changes)
    rows = tuple(
        (
            wording.day(change.run.at, call.zone),
            _change_phrase(deployment, change.shift),
            _figures(deployment, change.shift),
        )
        for change in lines
    )
    has_table = details and bool(rows)
    only = brands[0] if len(brands) == 1 else None
    whose = only.name if only else "your brands"
    name = f" {quoted(only.name)}" if only else ""
    has_more = len(lines) > SHOWN_CHANGES or any(line.shift.statement is None for line in lines)
    steps = [Action(f"trend{name}", "Trend")] if only and analysed_runs else []
    if has_more and not details:
        steps.append(Action(f"shifts{name} --details", "Details"))
    return Card(
        title=f"What changed for {whose}" if lines else f"Nothing has changed for {whose}",
        text="" if has_table else _chat_text(deployment, call, lines, analysed_runs),
        table=Table(("Found", "What changed", "Figures"), rows) if has_table else None,
        image=await _visibility_picture(deployment, call, only, lines)
        if only and not details
        else None,
        actions=fitting(*steps),
        data=[change.data for change in changes],
    )


def _chat_changes(changes: Sequence[ReplayedShift]) -> list[ReplayedShift]:
    """Return the changes that a chat lists, newest first.

    Of several shifts of one brand at one model in one run, only the shift of the first-ranked
    metric remains; shifts that belong to a change of the model as a whole are left out.
    """
    lines: dict[tuple[RunKey, Model, str], ReplayedShift] = {}
    for change in reversed(changes):
        shift = change.shift
        key = (change.run, shift.model, f"{shift.brand} {shift.statement}")
        line = lines.setdefault(key, change)
        if _metric_rank(shift) < _metric_rank(line.shift):
            lines[key] = change
    return [change for change in lines.values() if not change.data.get("part_of")]


def _chat_text(
    deployment: Deployment, call: Call, lines: Sequence[ReplayedShift], analysed_runs: int
) -> str:
    """Return a line for each of the newest `SHOWN_CHANGES` changes (`lines`), or a sentence that
    nothing changed in the number of `analysed_runs`.
    """
    if not analysed_runs:
        return "No answers yet."
    if not lines:
        count = wording.count(analysed_runs, "check")
        return f"Nothing moved by more than chance explains, in {count}."
    return "\n".join(
        f"{wording.short_day(change.run.at, call.zone)}: {_change_phrase(deployment, change.shift)}"
        for change in lines[:SHOWN_CHANGES]
    )


def _metric_rank(shift: Shift) -> int:
    """Return the rank of a shift's metric among the metrics that a line may name: 0 is preferred,
    an unknown metric is last.
    """
    order = [*PHRASES]
    return order.index(shift.metric) if shift.metric in order else len(order)


def _change_phrase(deployment: Deployment, shift: Shift) -> str:
    """Return a shift in words, with the model as subject: ``ChatGPT names Acme far less``."""
    name = deployment.names.name(shift.model)
    if shift.brand == WHOLE_MODEL:
        return f"{name} changed how it speaks about your whole category"
    if shift.statement:
        return f"{name} {statement_phrase(shift.statement, shift.brand)}"
    return (
        f"{name} {shift_phrase(shift, deployment.scoring.metrics.get(shift.metric), shift.brand)}"
    )


def _figures(deployment: Deployment, shift: Shift) -> str:
    """Return a shift's values after and before: ``named 12 %, before 89 %``. For a statement,
    return the true value, or an empty string without one.
    """
    if statement := shift.statement:
        return f"{statement.truth} in truth" if statement.truth else ""
    metric = deployment.scoring.metrics[shift.metric]
    after, before = (wording.value(value, metric.scale) for value in (shift.after, shift.before))
    label = SUBJECTS.get(metric.name, metric.label)
    return f"{label.lower()} {after}, before {before}"


async def _visibility_picture(
    deployment: Deployment, call: Call, brand: Brand, changes: Sequence[ReplayedShift]
) -> Image | None:
    """Draw the visibility of a brand at each model, with a mark at each run in which one of the
    changes of visibility began. Return None where no visibility is stored.
    """
    metric = deployment.scoring.metrics.get(VISIBILITY)
    lines = await read_streams(deployment, [brand.name], metric=VISIBILITY) if metric else []
    if metric is None or not lines:
        return None
    starts = {run.id: run.started_at for run in await deployment.store.runs.find()}
    marks = tuple(
        Mark(starts[shift.began], "better" if shift.change > 0 else "worse")
        for shift in (change.shift for change in changes)
        if shift.metric == VISIBILITY and shift.brand == brand.name and shift.began in starts
    )
    chart = await trend_chart(deployment, call, brand, metric, lines)
    return await picture(replace(chart, marks=marks), "shifts.png")


def _shift_counts(found_shifts: Sequence[Shift]) -> str:
    """Return the title: the number of found shifts, changes of models as a whole, false claims and
    grave statements.
    """
    whole = sum(shift.brand == WHOLE_MODEL for shift in found_shifts)
    moved = sum(shift.statement is None for shift in found_shifts) - whole
    nouns = {StatementKind.CLAIM: "false claim", StatementKind.GRAVE: "grave statement"}
    kinds = Counter(shift.statement.kind for shift in found_shifts if shift.statement)
    counts = [wording.count(kinds[kind], noun) for kind, noun in nouns.items() if kinds[kind]]
    if whole:
        counts.insert(0, wording.count(whole, "change") + " of a model as a whole")
    if moved or not counts:
        counts.insert(0, wording.count(moved, "shift") if moved else "No shift")
    return wording.listing(counts)


def _terminal_sentences(
    deployment: Deployment,
    call: Call,
    found_shifts: Sequence[Shift],
    runs: Mapping[int, Run],
    analysed_runs: int,
) -> Iterator[str]:
    """Yield a sentence for each found shift in the given order; without any, one sentence on the
    number of `analysed_runs`.
    """
    if not analysed_runs:
        yield "No answers yet. Ask with overheard check, or bring history with overheard import."
    elif not found_shifts:
        count = wording.count(analysed_runs, "run")
        yield f"Nothing moved by more than chance explains, in {count}."
    for shift in found_shifts:
        if shift.statement:
            when = wording.day(runs[shift.run_id].started_at, call.zone)
            step_words = statement_step(shift.statement)
            yield f"{when}, {shift.brand} at {shift.model}: {step_words}."
            continue
        metric = deployment.scoring.metrics[shift.metric]
        when = wording.day(runs[shift.run_id].started_at, call.zone)
        size = wording.change(shift.change, metric.scale)
        if shift.brand == WHOLE_MODEL:
            yield f"{when}, {shift.model} as a whole: {shift.explanation}"
            continue
        yield (
            f"{when}, {shift.brand} at {shift.model}, {metric.label.lower()} {size}: "
            f"{shift.explanation}"
        )


def _shift_table(
    deployment: Deployment, found_shifts: Sequence[Shift], runs: Mapping[int, Run]
) -> Table:
    """Return the table of the found shifts in the given order; see `_shift_row` for its cells."""
    header = ("Run", "Brand", "Model", "Metric", "Before", "After", "Began", "Certainty")
    return Table(
        header, tuple(_shift_row(deployment, s, runs) for s in found_shifts), frozenset({4, 5})
    )


def _shift_row(deployment: Deployment, shift: Shift, runs: Mapping[int, Run]) -> tuple[str, ...]:
    """Return the 8 cells of a shift or statement: run, brand, model, metric, before, after, first
    run, certainty. `runs` are by number.
    """
    if statement := shift.statement:
        return (
            runs[shift.run_id].key,
            shift.brand,
            str(shift.model),
            statement_brief([statement]),
            "-",
            f"{statement.answers:,} of {statement.asked:,} answers",
            runs[shift.began].key,
            "-",
        )
    metric = deployment.scoring.metrics[shift.metric]
    return (
        runs[shift.run_id].key,
        shift.brand or WHOLE,
        str(shift.model),
        metric.label,
        wording.value(shift.before, metric.scale),
        wording.value(shift.after, metric.scale),
        runs[shift.began].key,
        certainty(shift.chance_a_year) or "",
    )


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
    """Return a shift for JSON output: runs by their keys, values in the units of the metric, the 90
    % interval as a pair. `runs` are by number.
    """
    return {
        "kind": "shift",
        "level": certainty(shift.chance_a_year),
        "brand": shift.brand,
        "model": str(shift.model),
        "metric": shift.metric,
        "run": runs[shift.run_id].key,
        "runs_90": [runs[run].key for run in shift.dates],
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


def _card_with_decisions(
    deployment: Deployment,
    card: Card,
    decisions: Sequence[Decision],
    runs: Mapping[int, Run],
    record: OwnRecord,
) -> Card:
    """Return the card with a second card of the newest `SHOWN_DECISIONS` decisions. The data of the
    first become an object with all shifts, all decisions and the record of unchanged runs.
    """
    metrics = deployment.scoring.metrics
    rows = [
        (runs[d.run.id].key, d.brand, str(d.model), decision_sentence(d, metrics))
        for d in decisions[:SHOWN_DECISIONS]
    ]
    left = len(decisions) - len(rows)
    reasons = Card(
        title="Why there was an alert or none",
        text=record_sentence(record) if record.runs else "",
        table=Table(("Run", "Brand", "Model", "What was decided"), tuple(rows)) if rows else None,
        footer=f"{wording.count(left, 'older row')} left out; --json has all." if left else "",
    )
    data = [{"run": runs[d.run.id].key, **decision_data(d)} for d in decisions]
    whole = {
        "shifts": card.data,
        "decisions": data,
        "record": {"runs": record.runs, "fired": record.fired},
    }
    return replace(card, more=(*card.more, reasons), data=whole)


SHIFTS = CommandSpec(
    "shifts",
    "Show what moved over the whole past, as it would have been raised run by run.",
    shifts,
    examples=("shifts", "shifts Acme", "shifts --why"),
)
