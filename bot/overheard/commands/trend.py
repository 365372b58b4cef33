"""`trend`: one metric of one brand over time, at each model or at one model beside the
competitors.
"""

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
from overheard.commands.arguments import BrandName, Span, past_span
from overheard.commands.check_faults import fault_sentences
from overheard.config.problems import unknown_name
from overheard.deployment import Call, Deployment
from overheard.detection.baseline import run_slice
from overheard.domain import VISIBILITY, Brand, Metric, Model
from overheard.measure.blocks import Stream
from overheard.measure.trends import Point, trend
from overheard.runs.plan import find_brand
from overheard.runs.presence import Presence
from overheard.views.news import Telling, standing_news
from overheard.views.situation import HEADLINE, SituationReader
from overheard.views.standings import read_streams

VISIBILITY_LABEL = "Named in answers"
"""The name of visibility in the menu of metrics."""


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
    """Return the card of a metric of a brand over time: at each model, or with `model` at that
    model beside the competitors. Answers without scores are scored first.

    Args:
        metric: The name of the metric, such as ``visibility`` or ``sentiment``.
        model: A model's display name or ``provider/model``; empty means all with answers.
        since: The first day that is shown; empty shows all from the first check.
        until: The last day that is shown, included; empty shows all until now.

    Raises:
        UnknownName: for a brand or a metric that does not exist, or a model without answers in this
            time.
    """
    span = past_span(since, until, deployment.clock.now(), call.zone)
    known_brand = find_brand(deployment.catalogue, brand)
    measured = deployment.scoring.metrics
    if metric not in measured:
        raise unknown_name("metric", metric, list(measured))
    deployment = await deployment.caught_up(call.progress)
    whole_streams = await _metric_streams(deployment, known_brand, measured[metric])
    streams = [part for stream in whole_streams if (part := _stream_within(stream, span))]
    situation = await SituationReader.of(deployment, call.zone).read(known_brand, HEADLINE)
    if not model:
        left = {there.model for there in situation.at_models(Presence.LEFT)}
        streams = [stream for stream in streams if stream.key.model not in left]
    else:
        models = sorted({s.key.model for s in streams if s.key.brand == known_brand.name})
        chosen = deployment.names.find(model, models)
        if chosen is None:
            names = [deployment.names.name(known_model) for known_model in models]
            raise unknown_name("model with answers", model, names)
        streams = [stream for stream in streams if stream.key.model == chosen]
    telling = Telling(situation, deployment.names, call.zone)
    return await _trend_card(deployment, call, known_brand, measured[metric], streams, telling)


async def _metric_streams(deployment: Deployment, brand: Brand, metric: Metric) -> list[Stream]:
    """Return the stored streams of a metric, those of the brand first, then those of its
    competitors; of each brand ordered by model.
    """
    names = [brand.name, *(rival.name for rival in deployment.catalogue.rivals(brand.name))]
    lines = await read_streams(
        deployment.store, deployment.scoring.versions, names, metric=metric.name
    )
    return sorted(lines, key=lambda s: (names.index(s.key.brand), s.key.model))


def _stream_within(stream: Stream, span: Span) -> Stream | None:
    """Return the part of a stream whose runs began within a span; None if no run did."""
    rows = [row for row, run in enumerate(stream.runs) if span.holds(run.at)]
    return run_slice(stream, rows[0], rows[-1] + 1) if rows else None


async def _trend_card(
    deployment: Deployment,
    call: Call,
    brand: Brand,
    metric: Metric,
    streams: Sequence[Stream],
    telling: Telling,
) -> Card:
    """Return the card of a metric over time. Its chart has the brand at each model, or if all
    streams are of one model, the brand and its competitors there. Its table has the brand only.
    Without a stream of the brand it offers a check.
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
        text="\n\n".join(
            filter(
                None,
                [
                    *standing_news(telling),
                    telling.left_sentence(),
                    *fault_sentences(deployment.scoring.faults),
                ],
            )
        ),
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
            "situation": telling.situation.data(),
        },
    )


def _trend_title(metric: Metric, brand: Brand) -> str:
    """Return ``How often Acme is named`` for visibility, ``Sentiment of Acme`` for others."""
    if metric.name == VISIBILITY:
        return f"How often {brand.name} is named"
    return f"{metric.label} of {brand.name}"


def metric_choice(deployment: Deployment, brand: Brand, shown: Metric) -> Choice | None:
    """Return the menu of all metrics that have a label. Visibility opens the report, each other
    metric its trend.

    Args:
        brand: The brand whose metrics are shown.
        shown: The metric of the card. It is selected; if it has no label, no entry is selected.

    Returns:
        None if the brand's name is so long that a command does not fit into a menu.
    """
    name = quoted(brand.name)
    metrics = [metric for metric in deployment.scoring.metrics.values() if metric.label]
    entries = [
        Action(f"report {name}", VISIBILITY_LABEL)
        if metric.name == VISIBILITY
        else Action(f"trend {name} --metric {metric.name}", metric.label)
        for metric in metrics
    ]
    if len(fitting(*entries)) < len(entries):
        return None
    names = [metric.name for metric in metrics]
    selected = names.index(shown.name) if shown.name in names else None
    return Choice("Show", tuple(entries), selected)


async def trend_chart(
    deployment: Deployment, call: Call, brand: Brand, metric: Metric, lines: Sequence[Stream]
) -> Chart:
    """Return a chart of a metric over time, with marks for updates and shifts.

    If all streams are of one model, it has a line for the brand and each competitor. Otherwise it
    has a line for the brand at each model, without competitors.

    Args:
        lines: Streams of the metric, in the order of the legend.
    """
    models = {line.key.model for line in lines}
    by_brand = len(models) == 1
    shown = [line for line in lines if by_brand or line.key.brand == brand.name]
    marks = await chart_marks(deployment, call, brand, metric, models)
    return Chart(
        title=_chart_title(metric, brand, deployment.names, models),
        scale=metric.scale,
        series=tuple(
            _stream_series(line, brand, deployment.names, by_brand=by_brand) for line in shown
        ),
        marks=marks,
        zone=call.zone,
    )


async def chart_marks(
    deployment: Deployment, call: Call, brand: Brand, metric: Metric, models: Collection[Model]
) -> tuple[Mark, ...]:
    """Return the marks of a chart: first each update of one of the models (several of a model on
    one day are one mark), then the beginning of each shift of the brand's metric at one of them
    that an alert has reported. Shifts that fit an update have no mark of their own.
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
    """Return a mark at the beginning of each shift that any alert has reported, also one that is
    over, with the word ``better`` or ``worse``. Shifts that fit an update have no mark, because the
    update has one.
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
    starts = await deployment.store.runs.starts()
    return [
        Mark(starts[s.first_run_id], "better" if _is_better(s.change, metric) else "worse")
        for s in moved
        if not s.updates
    ]


def _is_better(change: float, metric: Metric) -> bool:
    """Return whether a change of a metric, which is not 0, is good for the brand."""
    return (change > 0) == metric.higher_is_better


def _chart_title(metric: Metric, brand: Brand, names: ModelNames, models: set[Model]) -> str:
    """Return a chart's title: ``Named · Acme`` for several models, ``Named · Claude (API, with
    search)`` for one.

    Args:
        metric: The metric, whose label is the first word; visibility is ``Named``.
    """
    shown = "Named" if metric.name == VISIBILITY else metric.label
    if len(models) != 1:
        return f"{shown} · {brand.name}"
    [model] = models
    return f"{shown} · {names.name(model)} ({asked_by(model)})"


def _stream_series(stream: Stream, brand: Brand, names: ModelNames, *, by_brand: bool) -> Series:
    """Return the line of a stream in a chart, with its 90 % interval.

    Args:
        brand: The brand of the chart, whose line is emphasised.
        by_brand: Whether the chart has a line for each brand; else for each model.
    """
    points = tuple((p.at, p.mean, p.low, p.high) for p in trend(stream))
    label = stream.key.brand if by_brand else names.name(stream.key.model)
    return Series(label, points, emphasis=stream.key.brand == brand.name)


def _trend_table(points: dict[Model, list[Point]], metric: Metric, names: ModelNames) -> Table:
    """Return a table with a row for each model, in the order of `points`: the newest value with its
    90 % interval, the change from the first value to the newest (``-`` with a single one), and the
    number of runs.

    Args:
        points: The values of each model, the oldest first and at least one.
    """
    rows = []
    for model, found in points.items():
        first, last = found[0], found[-1]
        now = wording.value(last.mean, metric.scale)
        interval = wording.value_range(last.low, last.high, metric.scale)
        change = wording.change(last.mean - first.mean, metric.scale) if len(found) > 1 else "-"
        rows.append((names.name(model), f"{now} ({interval})", change, f"{len(found):,}"))
    return Table(
        ("Model", "Now", "Since the first check", "Checks"), tuple(rows), frozenset({1, 2, 3})
    )


def _point_json(point: Point) -> dict[str, Any]:
    """Return the value of one run for JSON output, with its 90 % interval, in the units of the
    metric.
    """
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
