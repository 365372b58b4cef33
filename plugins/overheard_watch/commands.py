"""`watch`: which models are watched for unannounced changes."""

import asyncio
from dataclasses import replace
from math import inf
from typing import Annotated

from overheard import (
    Action,
    Card,
    CommandSpec,
    ConfirmationNeeded,
    Face,
    Kind,
    Model,
    OverheardError,
    Role,
    Severity,
    Style,
    View,
    argument,
    option,
    quoted,
    unknown_name,
    wording,
)
from overheard_watch.questions import questions
from overheard_watch.watching import DAYS_A_MONTH, Turn, Watched, event_sentence, watched_models

SECTION = "What is measured"
A_MODEL = argument("Which model.", Kind.MODEL)
AFTER_EVENT = "Within three days, or with the next check, I say whether it moved you."


async def start(view: View, *, model: Annotated[str, A_MODEL], agreed: bool = False) -> Card:
    """Begin to ask a model twelve fixed questions each day, the first time now. One that searches
    is watched by its sibling without search.

    Raises:
        ConfirmationNeeded: with the price of a month, until the person has agreed.
    """
    chosen = _find(view, model)
    asked = Model(chosen.provider, chosen.id)
    before = (await watched_models(view)).get(str(asked))
    stands_for = tuple(dict.fromkeys((asked, *(before.models if before else ()), chosen)))
    now, texts = view.clock.now(), tuple(questions(view.catalogue.prompts))
    watched = before or Watched(stands_for, now, texts, None, now)
    needed = await view.quote(watched.panel)
    usd = DAYS_A_MONTH * needed.usual_usd
    is_known = usd < inf
    if not agreed:
        price = (
            f"{wording.money(usd, about=True)} a month" if is_known else "its price is not known"
        )
        raise ConfirmationNeeded(price=f"12 short questions a day, {price}", usd=usd)
    watched = replace(watched, models=stands_for, budget=usd if is_known else None)
    watched = await (await Turn.of(view, watched)).take(view)
    name = view.names.name(chosen)
    search = (
        "Its web search is not watched: the same model without search is asked. "
        if chosen.searches
        else ""
    )
    return Card(
        title=f"{name} is watched",
        text=f"I ask it 12 fixed questions a day and tell you when the answers are no longer like "
        f"those before. {search}The first 14 days I only learn.",
        severity=Severity.GOOD,
        actions=(Action(f"watch stop {quoted(str(chosen))}", "Stop"),),
        footer=watched.told,
        data=watched.data(),
    )


async def stop(view: View, *, model: Annotated[str, A_MODEL]) -> Card:
    """No longer ask a model each day; what it answered is kept."""
    chosen = _find(view, model)
    watched = (await watched_models(view)).get(f"{chosen.provider}/{chosen.id}")
    if watched is None:
        return Card(f"{view.names.name(chosen)} is not watched", "So there is nothing to stop.")
    await view.work.keep(str(watched.model), None)
    return Card(
        title=f"{view.names.name(chosen)} is no longer watched",
        text="I still see when another model is served, and what its vendor announces.",
        actions=(Action(f"watch start {quoted(str(chosen))}", "Watch it again"),),
    )


async def list_watched(
    view: View, *, model: Annotated[str, option("Only this model.", Kind.MODEL)] = ""
) -> Card:
    """Show how each model is watched, and what was found last."""
    watched = list((await watched_models(view)).values())
    if model:
        watched = [one for one in watched if _find(view, model) in one.models]
    seen = {each for one in watched for each in one.models}
    others = [one for one in view.models if one not in seen]
    data = {"watched": [one.data() for one in watched]}
    if model and watched:
        return replace(_watched_card(view, watched[0]), data=data)
    lines = [_line(view, one) for one in watched]
    lines += [f"{_called(view, one)}: not watched" for one in others]
    changed = (
        f"{view.names.name(one.models[-1])} answers otherwise since about "
        f"{wording.short_day(one.event, view.zone)}."
        for one in watched
        if one.event
    )
    offers = (
        Action(f"watch start {quoted(str(one))}", f"Watch {view.names.name(one)}", Style.PRIMARY)
        for one in others[:3]
        if view.face is Face.CHAT
    )
    return Card(
        title=wording.count(len(watched), "watched model"),
        text="\n".join([*changed, *lines]),
        actions=tuple(offers),
        data=data,
    )


def _watched_card(view: View, watched: Watched) -> Card:
    """Return the card of one model, as it is posted after an event or when its month is spent."""
    name = view.names.name(watched.models[-1])
    if watched.stopped:
        told = f"{watched.told[0].upper()}{watched.told[1:]}."
        return Card(f"{name} is not watched for now", told, severity=Severity.WARNING)
    if watched.event:
        return Card(
            f"{name} was changed without notice",
            f"{event_sentence(view, watched)}\n\n{AFTER_EVENT}",
            severity=Severity.WARNING,
            actions=(Action("updates", "All updates"),),
            footer=watched.told,
        )
    return Card(f"{name} is watched", watched.told)


async def run(view: View, *, agreed: bool = False) -> Card:
    """Ask the watched models whose day has come; the running bot does so every hour."""
    now, watched = view.clock.now(), await watched_models(view)
    turns = [await Turn.of(view, one) for one in watched.values() if one.due <= now]
    panels = [turn.watched.panel for turn in turns if turn.asks]
    if panels and not agreed:
        raise await view.quote(*panels)
    taken = await asyncio.gather(*(turn.take(view) for turn in turns), return_exceptions=True)
    problems = [str(one) for one in taken if isinstance(one, OverheardError)]
    for one in taken:
        if isinstance(one, BaseException) and not isinstance(one, OverheardError):
            raise one
    return Card(
        title=wording.count(len(watched), "watched model"),
        text="\n".join(
            [*problems, *(_line(view, one) for one in (await watched_models(view)).values())]
        ),
        severity=Severity.WARNING if problems else Severity.PLAIN,
        data={"asked": len(panels), "problems": problems},
    )


def _find(view: View, name: str) -> Model:
    """Return a configured model by its id, or by its id without web search."""
    for model in view.models:
        if name in {str(model), f"{model.provider}/{model.id}"}:
            return Model.parse(name)
    raise unknown_name("model", name, list(map(str, view.models)))


def _called(view: View, model: Model) -> str:
    return view.names.name(model) if view.face is Face.CHAT else str(model)


def _line(view: View, watched: Watched) -> str:
    """Return how a model is watched, in a line; a sibling that is not in use is not named."""
    used = [one for one in watched.models if one in view.models] or watched.models
    return f"{wording.listing([_called(view, one) for one in used])}: {watched.told}"


WATCH_START = CommandSpec(
    "watch start",
    "Watch a model for unannounced changes, by 12 fixed questions a day.",
    start,
    role=Role.OPERATOR,
    spends=True,
    section=SECTION,
    examples=("watch start openai/gpt-5.4-mini",),
    title="Watch a model",
)
WATCH_STOP = CommandSpec(
    "watch stop",
    "Stop to watch a model.",
    stop,
    role=Role.OPERATOR,
    section=SECTION,
    examples=("watch stop openai/gpt-5.4-mini",),
)
WATCH_LIST = CommandSpec(
    "watch list",
    "Show which models are watched, and whether one has changed.",
    list_watched,
    section=SECTION,
)
WATCH_RUN = CommandSpec(
    "watch run",
    "Ask the watched models whose day has come; a running bot does that itself.",
    run,
    role=Role.OPERATOR,
    spends=True,
    section=SECTION,
    hourly=True,
)
