"""`trend`: one metric of one brand over time, at each model or at one model beside the
competitors; shares of voice; and a brand against another.
"""

from dataclasses import replace
from datetime import tzinfo
from typing import Annotated, Any, Literal

from overheard.cards import wording
from overheard.cards.card import Action, Card, Table, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.shares import Share, Shares
from overheard.cards.command import CommandSpec, Kind, argument, option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.answers import card_without_answers
from overheard.commands.arguments import chosen_models, named_model, past_span
from overheard.commands.check_card import fault_sentences
from overheard.commands.versus import show_versus
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.detection.baseline import run_slice
from overheard.domain import VISIBILITY, Brand, Metric, Model
from overheard.measure.trends import Point, Span, trend
from overheard.runs.plan import choose_brands
from overheard.runs.presence import Presence
from overheard.views.courses import (
    VOICE_METRIC,
    chart_marks,
    metric_choice,
    trend_chart,
    voice_shares,
)
from overheard.views.news import Telling, standing_news, with_standing_news
from overheard.views.situation import HEADLINE, SituationReader
from overheard.views.standings import read_streams

TOLD_CHANGE = 0.05
"""Smallest difference of a share to the usual one (0 to 1) with which the usual one is told."""


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
    """Return the card of a metric of a brand over time, of shares of voice (_show_voice), or of
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
        return await _show_voice(await call.caught_up(), chosen, model, span)
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
    names = [brand.name, *(rival.name for rival in call.catalogue.rivals(brand.name))]
    lines = await read_streams(call.store, call.scoring.versions, names, metric=metric)
    whole_streams = sorted(lines, key=lambda s: (names.index(s.key.brand), s.key.model))
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
        chosen = named_model(call.names, model, models)
        streams = [stream for stream in streams if stream.key.model == chosen]
    telling = Telling(situation, call.names, call.zone)
    own_lines = [line for line in streams if line.key.brand == brand.name]
    if not own_lines:
        text = "No answers yet."
        if any(line.key.brand == brand.name for line in whole_streams):
            text = "No answers in this time." if span != Span() else telling.left_sentence()
        title = _trend_title(shown, brand)
        return card_without_answers(brand, text, title=title, metric=metric, models={})
    points = {line.key.model: trend(line) for line in own_lines}
    told = (*standing_news(telling), telling.left_sentence(), *fault_sentences(call.scoring.faults))
    return Card(
        title=telling.dated(_trend_title(shown, brand)),
        text="\n\n".join(filter(None, told)),
        table=_trend_table(points, shown, span, call.names, call.zone),
        image=await picture(await trend_chart(call, brand, shown, streams), "trend.png"),
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


def _trend_title(metric: Metric, brand: Brand) -> str:
    """Return ``How often Acme is named`` for visibility, ``Sentiment of Acme`` for others."""
    if metric.name == VISIBILITY:
        return f"How often {brand.name} is named"
    return f"{metric.label} of {brand.name}"


def _trend_table(
    points: dict[Model, list[Point]], metric: Metric, span: Span, names: ModelNames, zone: tzinfo
) -> Table:
    """Return a table with a row for each model, in the order of `points`: the newest value with its
    90 % interval, and its day where another model's is newer, the change from the first value to
    the newest (``-`` with a single one), and the number of runs. The day of the first value is
    named where all models share it.
    """
    newest_day = max(found[-1].at.astimezone(zone).date() for found in points.values())
    rows = []
    for model, found in points.items():
        first, last = found[0], found[-1]
        now = wording.value(last.mean, metric.scale)
        interval = wording.value_range(last.low, last.high, metric.scale)
        is_old = last.at.astimezone(zone).date() < newest_day
        day = f", {wording.short_day(last.at, zone)}" if is_old else ""
        change = wording.change(last.mean - first.mean, metric.scale) if len(found) > 1 else "-"
        rows.append((names.name(model), f"{now} ({interval}){day}", change, f"{len(found):,}"))
    days = {wording.short_day(found[0].at, zone) for found in points.values()}
    since = f"Since {min(days)}" if len(days) == 1 else "Change in this time"
    since = since if span.begin else "Since the first check"
    return Table(("Model", "Newest", since, "Checks"), tuple(rows), frozenset({1, 2, 3}))


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


async def _show_voice(call: Call, brand: Brand, model: str, span: Span) -> Card:
    """Return the card of the share of voice of a brand and its competitors over time."""
    situation = await SituationReader(call).read(brand)
    models = situation.home_models
    if model:
        models = chosen_models(call.names, situation.current_models, situation.runs, model)
    shares = voice_shares(situation, call.zone, models=models, span=span)
    if shares is None:
        few = len(situation.names) < 2
        return card_without_answers(
            brand,
            "Nothing was measured in this time.",
            title=f"{brand.name}'s share of voice",
            lacks="Add competitors: the share is that of all brands of your market." if few else "",
            models=[],
            times=[],
            shares={},
            usual={},
        )
    metric = call.scoring.metrics[VOICE_METRIC]
    shares = replace(shares, marks=await chart_marks(call, situation.brand, metric, models))
    names = [call.names.name(model) for model in models]
    day = wording.short_day(shares.times[-1], shares.zone)
    own_name, shown = quoted(brand.name), sorted(situation.runs)
    actions = [Action(f"report {own_name}", "Report"), Action(f"brief {own_name}", "What to do?")]
    if len(models) < len(shown):
        actions.append(Action(f"trend {own_name} --show voice", "All models", menu=True))
    for one in shown if len(shown) > 1 else ():
        if [one] != list(models):
            name = call.names.name(one)
            words = f"trend {own_name} --show voice --model {quoted(name)}"
            actions.append(Action(words, f"Only {name}", menu=True))
    card = Card(
        title=f"{brand.name}'s share of voice: {_share_words(shares, shares.shares[0])}",
        text=_voice_sentence(shares),
        image=await picture(shares, "share-of-voice.png"),
        actions=fitting(*actions),
        footer=f"Of all mentions of these {wording.count(len(situation.names), 'brand')}, at "
        f"{wording.listing(names)}, until {day}.",
        data={
            "brand": brand.name,
            "models": [str(model) for model in models],
            "times": [at.isoformat() for at in shares.times],
            "shares": {share.label: list(share.values) for share in shares.shares},
            "usual": {share.label: shares.usual(share) for share in shares.shares},
        },
    )
    return with_standing_news(card, Telling(situation, call.names, call.zone))


def _voice_sentence(shares: Shares) -> str:
    """Return a sentence on which brand has the largest share now. If a competitor has gained most
    of what the brand lost, it has its present and its usual share, in a second sentence for another
    one.
    """
    own_share = shares.shares[0]
    leader = max(shares.shares, key=lambda share: share.values[-1])
    who = "You lead" if leader == own_share else f"{leader.label} leads"
    if leader == shares.gained:
        return f"{who} and gained most: {_share_words(shares, leader)}."
    leads = f"{who} with {wording.percent(leader.values[-1])}."
    if gained := shares.gained:
        return f"{leads} {gained.label} gained most: {_share_words(shares, gained)}."
    return leads


def _share_words(shares: Shares, share: Share) -> str:
    """Return a brand's present share and its usual one: ``31 %, usually 38 %``.

    The usual share is left out if there is none, or if it differs by less than `TOLD_CHANGE`; the
    competitor that gained most always has it.
    """
    now, usual = share.values[-1], shares.usual(share)
    if usual is None:
        return wording.percent(now)
    if abs(now - usual) < TOLD_CHANGE and share != shares.gained:
        return wording.percent(now)
    return f"{wording.percent(now)}, usually {wording.percent(usual)}"


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
