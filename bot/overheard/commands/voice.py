"""`voice`: the share of voice, which is how the mentions of a market are divided among a brand and
its competitors, over time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.shares import Share, Shares
from overheard.cards.command import CommandSpec, Kind, argument, option, quoted
from overheard.commands.arguments import ALWAYS, Span, past_span
from overheard.commands.trend import chart_marks
from overheard.config.problems import unknown_name
from overheard.deployment import Call, Deployment
from overheard.domain import Model
from overheard.measure.trends import trend
from overheard.runs.plan import choose_brands
from overheard.views.news import Telling, standing_news
from overheard.views.situation import Situation, SituationReader

VOICE_METRIC = "share_of_voice"
TOLD_CHANGE = 0.03
"""Smallest difference of a share to the usual one (0 to 1) with which the usual one is told."""
_Course = dict[datetime, float]
"""The share of voice of a brand at a model, 0 to 1, by the start of the run."""


async def show_voice(
    deployment: Deployment,
    call: Call,
    *,
    brand: Annotated[str, argument("The brand; without one, the first.", Kind.BRAND)] = "",
    model: Annotated[str, option("Only at this model.", Kind.MODEL)] = "",
    since: Annotated[str, option("Since this day.", Kind.TIME)] = "",
    until: Annotated[str, option("Until this day, included.", Kind.TIME)] = "",
) -> Card:
    """Return the card of the share of voice of a brand and its competitors over time. Answers
    without scores are scored first.

    Args:
        brand: The name of the brand; empty means the first tracked brand.
        model: A model's display name or ``provider/model``; empty means the mean of all.
        since: The first day that is shown; empty shows all from the first check.
        until: The last day that is shown, included; empty shows all until now.

    Raises:
        UnknownName: for a brand that does not exist, or a model without answers.
        NothingToAsk: when no brand is configured.
    """
    measured = choose_brands(deployment.catalogue, [brand] if brand else [])[0]
    span = past_span(since, until, deployment.clock.now(), call.zone)
    deployment = await deployment.caught_up(call.progress)
    situation = await SituationReader.of(deployment, call.zone).read(measured)
    models = chosen_models(deployment, situation, model)
    shares = voice_shares(situation, call.zone, models=models, span=span)
    if shares is None:
        return _card_without_shares(situation)
    metric = deployment.scoring.metrics[VOICE_METRIC]
    marks = await chart_marks(deployment, call, situation.brand, metric, models)
    return await _voice_card(deployment, call, situation, models, replace(shares, marks=marks))


def chosen_models(deployment: Deployment, situation: Situation, name: str) -> list[Model]:
    """Return the models with answers about the brand of a situation, sorted. With a name, return a
    list with that one.

    Args:
        name: A display name or ``provider/model``; empty for all models.

    Raises:
        UnknownName: when no model with answers has the name.
    """
    if not name:
        return situation.current_models
    models = sorted(situation.runs)
    chosen = deployment.names.find(name, models)
    if chosen is None:
        shown = [deployment.names.name(shown_model) for shown_model in models]
        raise unknown_name("model with answers", name, shown)
    return [chosen]


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
        models: The models that count; None for the current ones.

    Returns:
        None without competitors, without the metric, or without a run within the span.
    """
    counted = situation.current_models if models is None else models
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

    Args:
        measured: The measured share of each brand, which need not sum to 1.
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


def voice_title(shares: Shares) -> str:
    """Return the brand's share of voice in words: ``Acme's share of voice: 31 %, usually 38 %``.
    The usual share is left out if it differs by less than `TOLD_CHANGE`.
    """
    own_share = shares.shares[0]
    return f"{own_share.label}'s share of voice: {_share_words(shares, own_share)}"


def voice_sentence(shares: Shares) -> str:
    """Return a sentence on which brand has the largest share now. If a competitor has gained most
    of what the brand lost, a second sentence has its present and its usual share.

    Args:
        shares: The shares over time; the first is that of the brand, which is called "you".
    """
    own_share = shares.shares[0]
    leader = max(shares.shares, key=lambda share: share.values[-1])
    who = "You lead" if leader == own_share else f"{leader.label} leads"
    sentences = [f"{who} with {wording.percent(leader.values[-1])}."]
    if gained := shares.gained:
        sentences.append(f"{gained.label} gained most: {_share_words(shares, gained)}.")
    return " ".join(sentences)


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


async def _voice_card(
    deployment: Deployment,
    call: Call,
    situation: Situation,
    models: Collection[Model],
    shares: Shares,
) -> Card:
    """Return the card of the shares of voice, with a picture of them over time, and what stands
    whatever is asked.
    """
    telling = Telling(situation, deployment.names, call.zone)
    names = [deployment.names.name(model) for model in models]
    day = wording.short_day(shares.times[-1], shares.zone)
    return Card(
        title=voice_title(shares),
        text="\n\n".join([voice_sentence(shares), *standing_news(telling)]),
        image=await picture(shares, "share-of-voice.png"),
        actions=fitting(*_voice_actions(deployment, situation, models)),
        footer=f"Of all mentions of these {wording.count(len(situation.names), 'brand')}, at "
        f"{wording.listing(names)}, until {day}.",
        data=_voice_json(situation, models, shares),
    )


def _voice_actions(
    deployment: Deployment, situation: Situation, models: Collection[Model]
) -> Iterator[Action]:
    """Yield buttons for the report and for advice. Then yield a menu entry for each choice of
    models that the card does not show: all of them, then each single one in their sorted order. A
    report with a single model has no menu.

    Args:
        situation: That of the brand, with all models.
    """
    own_name = quoted(situation.brand.name)
    yield Action(f"report {own_name}", "Report")
    yield Action(f"brief {own_name}", "What to do?")
    if len(models) < len(situation.runs):
        yield Action(f"voice {own_name}", "All models", menu=True)
    for model in sorted(situation.runs):
        if len(situation.runs) > 1 and [model] != list(models):
            name = deployment.names.name(model)
            yield Action(f"voice {own_name} --model {quoted(name)}", f"Only {name}", menu=True)


def _voice_json(situation: Situation, models: Collection[Model], shares: Shares) -> dict[str, Any]:
    """Return the shares of voice for JSON output, 0 to 1.

    Each brand has a list of shares in the order of ``times``, and its usual share (None without an
    earlier usual run).
    """
    return {
        "brand": situation.brand.name,
        "models": [str(model) for model in models],
        "times": [at.isoformat() for at in shares.times],
        "shares": {share.label: list(share.values) for share in shares.shares},
        "usual": {share.label: shares.usual(share) for share in shares.shares},
        "situation": situation.data(),
    }


def _card_without_shares(situation: Situation) -> Card:
    """Return the card shown instead of shares: a brand without competitors needs some; otherwise
    nothing was measured in the time that was asked for.
    """
    own_name = quoted(situation.brand.name)
    title = f"{situation.brand.name}'s share of voice"
    data = {"brand": situation.brand.name, "models": [], "times": [], "shares": {}, "usual": {}}
    if len(situation.names) < 2:
        text = "Add competitors: the share is that of all brands of your market."
        action = Action(f"brands edit {own_name}", "Add competitors", Style.PRIMARY)
    else:
        text = "Nothing was measured in this time."
        action = Action(f"check {own_name}", "Check now", Style.PRIMARY)
    return Card(title, text, actions=fitting(action), data=data)


VOICE = CommandSpec(
    "voice",
    "Show how the mentions of your market are shared among you and your competitors.",
    show_voice,
    examples=("voice Acme", "voice Acme --model ChatGPT", "voice Acme --since 2026-09-01"),
    chart="",
)
