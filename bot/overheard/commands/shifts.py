"""`shifts`: what the monitor would have raised over all that is in the store, run by run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from overheard.alerts.events import WHOLE
from overheard.alerts.history import (
    HistoryReader,
    chance_alarm_record,
    past_decisions,
    record_sentence,
    replays,
)
from overheard.alerts.metric_wording import METRIC_WORDS, shift_phrase, words_of
from overheard.alerts.reasons import certainty, decision_data, decision_sentence
from overheard.alerts.statement_wording import statement_brief, statement_phrase, statement_step
from overheard.cards import wording
from overheard.cards.card import Action, Card, Image, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.trend import Mark
from overheard.cards.command import CommandSpec, Face, Kind, argument, option, quoted
from overheard.commands.replayed_shifts import ReplayedShift, replayed_shifts, reported_statements
from overheard.commands.standings import read_streams
from overheard.commands.trend import trend_chart
from overheard.deployment import Call, Deployment
from overheard.detection.decide import Decision
from overheard.detection.learning import OwnRecord
from overheard.domain import VISIBILITY, WHOLE_MODEL, Brand, Model, Run, Shift, StatementKind
from overheard.measure.blocks import RunKey
from overheard.runs.plan import choose_brands

SHOWN_DECISIONS = 40
"""Largest number of decisions on a card."""


SHOWN_CHANGES = 4
"""Largest number of changes on a card in a chat."""


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
    changes = replayed_shifts(brand_replays, reported_stories, runs, model_alerts)
    analysed_runs = max((len(replay.monitor.evidence) for replay in brand_replays), default=0)
    card = (
        await _chat_card(deployment, call, chosen, changes, analysed_runs, details=details)
        if call.face is Face.CHAT
        else _terminal_card(deployment, call, changes, runs, analysed_runs)
    )
    if not why:
        return card
    decisions = await past_decisions(deployment, brand_replays, runs)
    return _card_with_decisions(
        deployment, card, decisions, runs, chance_alarm_record(brand_replays)
    )


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
    order = [name for name, words in METRIC_WORDS.items() if words.better]
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
    label = words_of(metric.name).title or metric.label
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
