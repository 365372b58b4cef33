"""`trend --show voice`: the share of voice, which is how the mentions of a market are divided among
a brand and its competitors, over time.
"""

from __future__ import annotations

from dataclasses import replace

from overheard.cards import wording
from overheard.cards.card import Action, Card, Style, fitting
from overheard.cards.charts.renderer import picture
from overheard.cards.charts.shares import Share, Shares
from overheard.cards.command import quoted
from overheard.commands.arguments import chosen_models
from overheard.deployment import Call
from overheard.domain import Brand
from overheard.measure.trends import Span
from overheard.views.courses import VOICE_METRIC, chart_marks, voice_shares
from overheard.views.news import Telling, with_standing_news
from overheard.views.situation import Situation, SituationReader

TOLD_CHANGE = 0.05
"""Smallest difference of a share to the usual one (0 to 1) with which the usual one is told."""


async def show_voice(call: Call, brand: Brand, model: str, span: Span) -> Card:
    """Return the card of the share of voice of a brand and its competitors over time.

    Args:
        deployment: A deployment whose answers are scored.
        model: A model's display name or ``provider/model``; empty means the mean of all.
        span: The time that is shown.

    Raises:
        UnknownName: for a model without answers.
    """
    situation = await SituationReader(call).read(brand)
    models = chosen_models(call, situation, model)
    shares = voice_shares(situation, call.zone, models=models, span=span)
    if shares is None:
        return _card_without_shares(situation)
    metric = call.scoring.metrics[VOICE_METRIC]
    marks = await chart_marks(call, situation.brand, metric, models)
    shares = replace(shares, marks=marks)
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
        title=voice_title(shares),
        text=voice_sentence(shares),
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
