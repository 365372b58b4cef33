"""`trend`: one metric of one brand over time, at each model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

from overheard.alerts.story import alerts_about
from overheard.cards import wording
from overheard.cards.card import Action, Card, Choice, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.trend import Chart, Mark, Series
from overheard.cards.command import CommandSpec, Kind, option, quoted
from overheard.cards.model_names import ModelNames, asked_by
from overheard.commands.arguments import BrandName, Span, past_span, unknown_name
from overheard.commands.check_card import fault_sentences
from overheard.commands.standings import read_streams
from overheard.deployment import Call, Deployment
from overheard.detection.baseline import run_slice
from overheard.domain import VISIBILITY, Brand, Metric, Model
from overheard.measure.blocks import Stream
from overheard.measure.trends import Point, trend
from overheard.runs.plan import find_brand

NAMED = "Named in answers"
"""The menu's name of visibility."""


async def show_trend(
    deployment: Deployment,
    call: Call,
    *,
    brand: BrandName,
    metric: Annotated[str, option("What to show.", Kind.METRIC)] = VISIBILITY,
    model: Annotated[str, option("Only at this model, beside the competitors.", Kind.MODEL)] = "",
    since: Annotated[str, option("Since this day.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
) -> Card:
    """Show the course of a metric of a brand at each model; at a single model, beside its
    competitors.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The name of the brand.
        metric: The name of the metric.
        model: The model's name or ``provider/model``; empty means all with answers.
        since: The first day that is shown; empty shows all checks.
        until: The last day that is shown; empty shows all until now.

    Raises:
        UnknownName: for a brand, a metric or a model that does not exist.
        TimeUnreadable: for a day that cannot be read.
    """
    span = past_span(since, until, deployment.clock.now(), call.zone)
    known_brand = find_brand(deployment.catalogue, brand)
    measured = deployment.scoring.metrics
    if metric not in measured:
        raise unknown_name("metric", metric, list(measured))
    deployment = await deployment.caught_up(call.progress)
    lines = await _metric_streams(deployment, known_brand, measured[metric])
    lines = [part for line in lines if (part := _stream_within(line, span))]
    models = sorted({line.key.model for line in lines if line.key.brand == known_brand.name})
    chosen = deployment.names.find(model, models) if model else None
    if model and chosen is None:
        raise unknown_name("model with answers", model, [deployment.names.name(m) for m in models])
    shown = [line for line in lines if line.key.model == chosen] if chosen else lines
    return await _trend_card(deployment, call, known_brand, measured[metric], shown)


async def _metric_streams(deployment: Deployment, brand: Brand, metric: Metric) -> list[Stream]:
    """Return a metric's streams of a brand and its competitors, ordered by brand (its own first)
    and model.
    """
    names = [brand.name, *(rival.name for rival in deployment.catalogue.rivals(brand.name))]
    lines = await read_streams(deployment, names, metric=metric.name)
    return sorted(lines, key=lambda s: (names.index(s.key.brand), s.key.model))


def _stream_within(stream: Stream, span: Span) -> Stream | None:
    """Return the rows of a stream whose runs are within a span; None without any."""
    rows = [row for row, run in enumerate(stream.runs) if span.holds(run.at)]
    return run_slice(stream, rows[0], rows[-1] + 1) if rows else None


async def _trend_card(
    deployment: Deployment, call: Call, brand: Brand, metric: Metric, streams: Sequence[Stream]
) -> Card:
    """Return the card of a metric's course, with a chart of all `streams` and a table of the
    brand's.
    """
    own_lines = [line for line in streams if line.key.brand == brand.name]
    if not own_lines:
        return Card(
            title=_trend_title(metric, brand),
            text="No answers yet.",
            actions=fitting(Action(f"check {quoted(brand.name)}", "Check now")),
            data={"brand": brand.name, "metric": metric.name, "models": {}},
        )
    chart = await trend_chart(deployment, call, brand, metric, streams)
    points = {line.key.model: trend(line) for line in own_lines}
    return Card(
        title=_trend_title(metric, brand),
        text="\n\n".join(fault_sentences(deployment.scoring.faults)),
        table=_trend_table(points, metric, deployment.names),
        image=await picture(chart, "trend.png"),
        choice=metric_choice(deployment, brand, metric),
        actions=fitting(
            Action(f"report {quoted(brand.name)}", "Report"),
            Action(f"voice {quoted(brand.name)}", "Share of voice"),
        ),
        footer="Each question weighs the same. In brackets, the range in which the value lies nine "
        "times in ten.",
        data={
            "brand": brand.name,
            "metric": metric.name,
            "models": {
                str(model): list(map(_point_json, found)) for model, found in points.items()
            },
        },
    )


def _trend_title(metric: Metric, brand: Brand) -> str:
    if metric.name == VISIBILITY:
        return f"How often {brand.name} is named"
    return f"{metric.label} of {brand.name}"


def metric_choice(deployment: Deployment, brand: Brand, shown: Metric) -> Choice | None:
    """Return the menu of all metrics with the shown one selected; None if the brand's name is too
    long for the commands.

    Visibility opens the report, the other metrics open their trends.
    """
    name = quoted(brand.name)
    metrics = [metric for metric in deployment.scoring.metrics.values() if metric.label]
    actions = fitting(
        *(
            Action(
                f"report {name}"
                if metric.name == VISIBILITY
                else f"trend {name} --metric {metric.name}",
                NAMED if metric.name == VISIBILITY else metric.label,
            )
            for metric in metrics
        )
    )
    chosen = next((at for at, known in enumerate(metrics) if known.name == shown.name), None)
    return Choice("Show", actions, chosen) if len(actions) == len(metrics) else None


async def trend_chart(
    deployment: Deployment, call: Call, brand: Brand, metric: Metric, lines: Sequence[Stream]
) -> Chart:
    """Return a chart of a metric: of the brand and its competitors if all streams are of one model,
    else of the brand at each model.

    Args:
        deployment: The open deployment.
        call: The person who asks, the channel, and the progress display.
        brand: The brand of the chart.
        metric: The metric.
        lines: Streams of the metric, in the order of the chart's legend.
    """
    models = {line.key.model for line in lines}
    alone = len(models) == 1
    shown = [line for line in lines if alone or line.key.brand == brand.name]
    marks = await chart_marks(deployment, call, brand, metric, models)
    return Chart(
        title=_chart_title(metric, brand, deployment.names, models),
        scale=metric.scale,
        series=tuple(_stream_series(line, brand, deployment.names, alone=alone) for line in shown),
        marks=marks,
        zone=call.zone,
    )


async def chart_marks(
    deployment: Deployment, call: Call, brand: Brand, metric: Metric, models: Collection[Model]
) -> tuple[Mark, ...]:
    """Return the marks of a chart: updates of the models (those of a model on one day once), and
    the beginnings of shifts of the metric that raised alerts.
    """
    marks: dict[str, Mark] = {}
    for update in await deployment.store.updates.find():
        if update.model in models:
            day = wording.short_day(update.at, call.zone)
            label = f"{deployment.names.name(update.model)} update, {day}"
            marks.setdefault(f"{label} {update.at.year}", Mark(update.at, label))
    return (*marks.values(), *await _shift_marks(deployment, brand, metric, models))


async def _shift_marks(
    deployment: Deployment, brand: Brand, metric: Metric, models: Collection[Model]
) -> list[Mark]:
    """Return a mark at the beginning of each shift of the metric that raised an alert, except
    shifts with an update, which has its own mark.
    """
    alerts = await alerts_about(deployment.store, brand.name)
    moved = [
        shift
        for alert in alerts
        for shift in alert.moved
        if shift.metric == metric.name and shift.model in models and shift.brand == brand.name
    ]
    if not moved:
        return []
    starts = {run.id: run.started_at for run in await deployment.store.runs.find()}
    return [
        Mark(starts[s.first_run_id], "better" if _is_better(s.change, metric) else "worse")
        for s in moved
        if not s.updates
    ]


def _is_better(change: float, metric: Metric) -> bool:
    """Whether a change of a metric is good for the brand."""
    return (change > 0) == metric.higher_is_better


def _chart_title(metric: Metric, brand: Brand, names: ModelNames, models: set[Model]) -> str:
    """Return a chart's title; at a single model with the way it was asked."""
    shown = "Named" if metric.name == VISIBILITY else metric.label
    if len(models) != 1:
        return f"{shown} · {brand.name}"
    [model] = models
    return f"{shown} · {names.name(model)} ({asked_by(model)})"


def _stream_series(stream: Stream, brand: Brand, names: ModelNames, *, alone: bool) -> Series:
    points = tuple((p.at, p.mean, p.low, p.high) for p in trend(stream))
    label = stream.key.brand if alone else names.name(stream.key.model)
    return Series(label, points, emphasis=not alone or stream.key.brand == brand.name)


def _trend_table(points: dict[Model, list[Point]], metric: Metric, names: ModelNames) -> Table:
    """Return a table with each model's newest point and its change since the first point."""
    rows = []
    for model, found in points.items():
        first, last = found[0], found[-1]
        now = wording.value(last.mean, metric.scale)
        between = wording.value_range(last.low, last.high, metric.scale)
        moved = wording.change(last.mean - first.mean, metric.scale) if len(found) > 1 else "-"
        rows.append((names.name(model), f"{now} ({between})", moved, f"{len(found):,}"))
    return Table(
        ("Model", "Now", "Since the first check", "Checks"), tuple(rows), frozenset({1, 2, 3})
    )


def _point_json(point: Point) -> dict[str, Any]:
    """Return a point of a trend for JSON output."""
    return {
        "at": point.at.isoformat(),
        "value": point.mean,
        "interval": [point.low, point.high],
        "answers": point.n,
    }


TREND = CommandSpec(
    "trend",
    "Show how a metric of a brand went over time.",
    show_trend,
    examples=(
        "trend Acme",
        "trend Acme --metric sentiment",
        "trend Acme --model openai/gpt-5.4-mini",
    ),
    chart="",
)
