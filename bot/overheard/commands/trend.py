"""`trend`: one metric of one brand over time, at each model or at one model beside the
competitors; shares of voice; and a brand against another.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from overheard.cards import wording
from overheard.cards.card import Action, Card, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.command import CommandSpec, Kind, argument, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.arguments import past_span
from overheard.commands.check_news import fault_sentences
from overheard.commands.versus import show_versus
from overheard.commands.voice import show_voice
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.detection.baseline import run_slice
from overheard.domain import VISIBILITY, Brand, Metric, Model
from overheard.measure.blocks import Stream
from overheard.measure.trends import Point, Span, trend
from overheard.runs.plan import choose_brands
from overheard.runs.presence import Presence
from overheard.views.courses import metric_choice, trend_chart
from overheard.views.news import Telling, standing_news
from overheard.views.situation import HEADLINE, SituationReader
from overheard.views.standings import read_streams


async def show_trend(
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    other: Annotated[str, argument("A competitor to compare it with.", Kind.BRAND)] = "",
    show: Annotated[
        Literal["metric", "voice", "versus"],
        option("A metric, shares of voice, or the brand against a competitor at each model."),
    ] = "metric",
    metric: Annotated[str, option("Which metric.", Kind.METRIC)] = VISIBILITY,
    model: Annotated[str, option("Only at this model, beside the competitors.", Kind.MODEL)] = "",
    since: Annotated[str, option("Since this day.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
) -> Card:
    """Return the card of a metric of a brand over time, of shares of voice (`show_voice`), or of
    the brand against a competitor (`show_versus`). Answers without scores are scored first.

    Args:
        brand: The brand's name or alias; empty means the first tracked brand.
        other: A competitor, which means `show` "versus"; empty there for the leading one.
        metric: The name of the metric, such as ``visibility`` or ``sentiment``.
        model: A model's display name or ``provider/model``; empty means all with answers.
        since: The first day that is shown; empty shows all from the first check.
        until: The last day that is shown, included; empty shows all until now.

    Raises:
        UnknownName: for a brand or a metric that does not exist, or a model without answers in this
            time.
        NothingToAsk: when no brand is named and none is tracked.
    """
    span = past_span(since, until, call.clock.now(), call.zone)
    chosen = choose_brands(call.catalogue, [brand] if brand else [])[0]
    if other or show == "versus":
        return await show_versus(call, chosen.name, other, model, span)
    if show == "voice":
        return await show_voice(await call.caught_up(), chosen, model, span)
    return await _show_metric(call, chosen, metric, model, span)


async def _show_metric(call: Call, brand: Brand, metric: str, model: str, span: Span) -> Card:
    """Return the card of a metric at each model, or with `model` at that model beside the
    competitors. Its table has the brand only. Without a stream of the brand it offers a check.
    """
    measured = call.scoring.metrics
    if metric not in measured:
        raise unknown_name("metric", metric, list(measured))
    call = await call.caught_up()
    shown = measured[metric]
    whole_streams = await _metric_streams(call, brand, shown)
    streams = [
        run_slice(stream, rows[0], rows[-1] + 1)
        for stream in whole_streams
        if (rows := [row for row, run in enumerate(stream.runs) if span.holds(run.at)])
    ]
    situation = await SituationReader(call).read(brand, HEADLINE)
    if not model:
        left = {there.model for there in situation.at_models(Presence.LEFT)}
        streams = [stream for stream in streams if stream.key.model not in left]
    else:
        models = sorted({s.key.model for s in streams if s.key.brand == brand.name})
        chosen = call.names.find(model, models)
        if chosen is None:
            names = [call.names.name(known_model) for known_model in models]
            raise unknown_name("model with answers", model, names)
        streams = [stream for stream in streams if stream.key.model == chosen]
    telling = Telling(situation, call.names, call.zone)
    own_lines = [line for line in streams if line.key.brand == brand.name]
    if not own_lines:
        return Card(
            title=_trend_title(shown, brand),
            text="No answers yet.",
            actions=fitting(Action(f"check {quoted(brand.name)}", "Check now")),
            data={"brand": brand.name, "metric": metric, "models": {}},
        )
    chart = await trend_chart(call, brand, shown, streams)
    points = {line.key.model: trend(line) for line in own_lines}
    parts = (*standing_news(telling), telling.left_sentence())
    faults = fault_sentences(call.scoring.faults)
    return Card(
        title=telling.dated(_trend_title(shown, brand)),
        text="\n\n".join(filter(None, (*parts, *faults))),
        table=_trend_table(points, shown, call.names),
        image=await picture(chart, "trend.png"),
        choice=metric_choice(call.scoring.metrics.values(), brand, shown),
        actions=fitting(
            Action(f"report {quoted(brand.name)}", "Report"),
            Action(f"trend {quoted(brand.name)} --show voice", "Share of voice"),
        ),
        footer="Each question weighs the same. In brackets, the range in which the value lies nine "
        "times in ten.",
        data={
            "brand": brand.name,
            "metric": metric,
            "models": {
                str(model): list(map(_point_json, found)) for model, found in points.items()
            },
            "situation": telling.situation.data(),
        },
    )


async def _metric_streams(call: Call, brand: Brand, metric: Metric) -> list[Stream]:
    """Return the stored streams of a metric, those of the brand first, then those of its
    competitors; of each brand ordered by model.
    """
    names = [brand.name, *(rival.name for rival in call.catalogue.rivals(brand.name))]
    lines = await read_streams(call.store, call.scoring.versions, names, metric=metric.name)
    return sorted(lines, key=lambda s: (names.index(s.key.brand), s.key.model))


def _trend_title(metric: Metric, brand: Brand) -> str:
    """Return ``How often Acme is named`` for visibility, ``Sentiment of Acme`` for others."""
    if metric.name == VISIBILITY:
        return f"How often {brand.name} is named"
    return f"{metric.label} of {brand.name}"


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
    "Show how a metric or shares of voice went over time, or a brand against another.",
    show_trend,
    examples=(
        "trend Acme",
        "trend Acme --metric sentiment",
        "trend Acme --model openai/gpt-5.4-mini",
        "trend Acme --show voice --since 2026-09-01",
        "trend Acme Zeta",
    ),
    chart="",
)
