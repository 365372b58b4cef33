"""Charts of how a brand went over time: a metric at each model, and shares of voice."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo

from overheard.alerts.story import alerts_about
from overheard.cards import wording
from overheard.cards.card import Action, Choice, fitting
from overheard.cards.charts.shares import Share, Shares
from overheard.cards.charts.trend import Chart, Mark, Series
from overheard.cards.command import quoted
from overheard.cards.model_names import ModelNames, asked_by
from overheard.deployment import Call
from overheard.domain import VISIBILITY, Brand, Metric, Model, Scale
from overheard.interfaces import Store
from overheard.measure.blocks import Stream
from overheard.measure.trends import ALWAYS, Span, trend
from overheard.views.news import News, Telling
from overheard.views.situation import Situation

NAMED = Metric(VISIBILITY, Scale.BINARY, "Visibility")
VISIBILITY_LABEL = "Named in answers"
"""The name of visibility in the menu of metrics."""
VOICE_METRIC = "share_of_voice"
_Course = dict[datetime, float]
"""The share of voice of a brand at a model, 0 to 1, by the start of the run."""


def metric_choice(metrics: Iterable[Metric], brand: Brand, shown: Metric) -> Choice | None:
    """Return the menu of all metrics that have a label. Visibility opens the report, each other
    metric its trend.

    Args:
        brand: The brand whose metrics are shown.
        shown: The metric of the card. It is selected; if it has no label, no entry is selected.

    Returns:
        None if the brand's name is so long that a command does not fit into a menu.
    """
    name = quoted(brand.name)
    labelled = [metric for metric in metrics if metric.label]
    entries = [
        Action(f"report {name}", VISIBILITY_LABEL)
        if metric.name == VISIBILITY
        else Action(f"trend {name} --metric {metric.name}", metric.label)
        for metric in labelled
    ]
    if len(fitting(*entries)) < len(entries):
        return None
    names = [metric.name for metric in labelled]
    selected = names.index(shown.name) if shown.name in names else None
    return Choice("Show", tuple(entries), selected)


async def trend_chart(call: Call, brand: Brand, metric: Metric, lines: Sequence[Stream]) -> Chart:
    """Return a chart of a metric over time, with marks for updates and shifts.

    If all streams are of one model, it has a line for the brand and each competitor. Otherwise it
    has a line for the brand at each model, without competitors.

    Args:
        lines: Streams of the metric, in the order of the legend.
    """
    models = {line.key.model for line in lines}
    by_brand = len(models) == 1
    shown = [line for line in lines if by_brand or line.key.brand == brand.name]
    marks = await chart_marks(call, brand, metric, models)
    return Chart(
        title=_chart_title(metric, brand, call.names, models),
        scale=metric.scale,
        series=tuple(
            Series(
                line.key.brand if by_brand else call.names.name(line.key.model),
                tuple((p.at, p.mean, p.low, p.high) for p in trend(line)),
                emphasis=line.key.brand == brand.name,
            )
            for line in shown
        ),
        marks=marks,
        zone=call.zone,
    )


async def news_chart(call: Call, telling: Telling, news: News) -> Chart:
    """Return a chart of how often the brand is named: with its competitors at the model that some
    news is about, with a mark where a competitor began to rise, else at each model.
    """
    situation = telling.situation
    lines = situation.headline_lines
    if news.model in situation.runs:
        lines = [line for line in lines if line.key.model == news.model]
    chart = await trend_chart(call, situation.brand, NAMED, lines)
    if news.began:
        chart = replace(chart, marks=(*chart.marks, Mark(news.began, "began")))
    place = next((one for one in situation.places if one.model == news.model), None)
    if place is None or not place.answers or telling.in_percent:
        return chart
    title = chart.title.replace("Named", f"Named, of {wording.count(place.answers, 'answer')}", 1)
    return replace(chart, title=title, answers=place.answers)


async def chart_marks(
    call: Call, brand: Brand, metric: Metric, models: Collection[Model]
) -> tuple[Mark, ...]:
    """Return the marks of a chart: first each update of one of the models (several of a model on
    one day are one mark), then the beginning of each shift of the brand's metric at one of them
    that an alert has reported. Shifts that fit an update have no mark of their own.
    """
    marks: dict[str, Mark] = {}
    for update in await call.store.updates.find():
        if update.model in models:
            day = wording.short_day(update.at, call.zone)
            label = f"{call.names.name(update.model)} update, {day}"
            marks.setdefault(f"{label} {update.at.year}", Mark(update.at, label))
    return (*marks.values(), *await _shift_marks(call.store, brand, metric, models))


async def _shift_marks(
    store: Store, brand: Brand, metric: Metric, models: Collection[Model]
) -> list[Mark]:
    """Return a mark at the beginning of each shift that any alert has reported, also one that is
    over, with the word ``better`` or ``worse``. Shifts that fit an update have no mark, because the
    update has one.
    """
    alerts = await alerts_about(store, brand.name)
    moved = [
        shift
        for alert in alerts
        for shift in alert.moved
        if shift.metric == metric.name and shift.model in models and shift.brand == brand.name
    ]
    if not moved:
        return []
    starts = await store.runs.starts()
    better, worse = ("better", "worse") if metric.higher_is_better else ("worse", "better")
    return [
        Mark(starts[s.first_run_id], better if s.change > 0 else worse)
        for s in moved
        if not s.updates
    ]


def _chart_title(metric: Metric, brand: Brand, names: ModelNames, models: set[Model]) -> str:
    """Return a chart's title: ``Named · Acme`` for several models, ``Named · Claude (API, with
    search)`` for one.
    """
    shown = "Named" if metric.name == VISIBILITY else metric.label
    if len(models) != 1:
        return f"{shown} · {brand.name}"
    [model] = models
    return f"{shown} · {names.name(model)} ({asked_by(model)})"


def voice_shares(
    situation: Situation,
    zone: tzinfo,
    *,
    models: Collection[Model] | None = None,
    span: Span = ALWAYS,
) -> Shares | None:
    """Return the share of voice of a brand and of each competitor at each time, as means over
    models.

    At each time a model counts with its newest run so far; the first time is that at which every
    model has a run. The brand's share is its measured one. The competitors divide the rest in
    proportion to their measured shares, so that all shares sum to 1; if none of them is mentioned,
    the brand has 1.

    Args:
        zone: The reader's time zone.
        models: The models that count; None for the current ones, without those in a market.

    Returns:
        None without competitors, without the metric, or without a run within the span.
    """
    counted = situation.home_models if models is None else models
    courses: dict[str, dict[Model, _Course]] = {}
    for line in situation.lines:
        if line.key.metric == VOICE_METRIC and line.key.model in counted:
            points = {point.at: point.mean for point in trend(line)}
            courses.setdefault(line.key.brand, {})[line.key.model] = points
    own_name = situation.names[0]
    own_courses = {model: course for model, course in courses.get(own_name, {}).items() if course}
    if not own_courses or len(courses) < 2:
        return None
    begin = max(min(course) for course in own_courses.values())
    all_times = sorted({at for course in own_courses.values() for at in course if at >= begin})
    times = [at for at in all_times if span.holds(at)]
    if not times:
        return None
    values: dict[str, list[float]] = {name: [] for name in situation.names}
    for at in times:
        measured = {name: _mean_of_newest(courses.get(name, {}), at) for name in situation.names}
        for name, share in _summing_to_one(measured, own_name).items():
            values[name].append(share)
    return Shares(
        "Share of voice, % of mentions",
        tuple(times),
        tuple(Share(name, tuple(values[name])) for name in situation.names),
        zone=zone,
        unusual=frozenset(at for at in times if not situation.is_usual(at)),
    )


def _summing_to_one(measured: Mapping[str, float], brand: str) -> dict[str, float]:
    """Return shares of brands (0 to 1, by name) that sum to 1.

    The brand keeps its measured share, and the others divide the rest in proportion to theirs. If
    no other has a share, the brand has 1.
    """
    others = sum(share for name, share in measured.items() if name != brand)
    if not others:
        return {name: 1.0 if name == brand else 0.0 for name in measured}
    rest = 1 - measured[brand]
    return {
        name: share if name == brand else share / others * rest for name, share in measured.items()
    }


def _mean_of_newest(courses: dict[Model, _Course], at: datetime) -> float:
    """Return the mean over models of each model's newest share at or before a time; models without
    one are left out. Return 0 if no model has one.
    """
    newest = [
        course[max(past)] for course in courses.values() if (past := [t for t in course if t <= at])
    ]
    return sum(newest) / len(newest) if newest else 0.0
