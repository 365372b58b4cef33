"""`watch ends`: models in use that their vendors end, and how to change over without a gap."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import inf
from typing import Annotated, Any

from overheard import (
    Action,
    BadUsage,
    Card,
    CommandSpec,
    ConfirmationNeeded,
    Kind,
    Model,
    ModelUpdate,
    OverheardError,
    Panel,
    Role,
    Severity,
    Style,
    View,
    argument,
    option,
    quoted,
    wording,
)
from overheard_watch.notices import Notice, all_notices

SECTION = "What is measured"
TOLD_AT = (3, 14, 30, 60)
"""Days before its last day at which it is posted that a model ends."""
OVERLAP = 4
"""Checks in which the old and the new model are asked, before only the new one is."""
LATER = timedelta(days=7)
"""After this a reminder is posted."""
REREAD = timedelta(hours=20)
BY_ITSELF = "schedule"
"""The channel of a command that the bot carries out by itself."""
READ, OVERLAPS = "read", "overlap:"
"""Names under which is kept when the lists were read, and which models overlap."""


class EndUnknown(OverheardError):
    """A reminder is asked for of a model that does not end, or has ended."""

    message = "No source that I can read says that {model} is yet to end; see watch ends."

    model: str


async def show_ends(
    view: View, *, model: Annotated[str, option("Only this model.", Kind.MODEL)] = ""
) -> Card:
    """Return which models in use end, by whose word, and what was proposed. The running bot reads
    the lists once a day, posts an ending at `TOLD_AT`, and reports models that were made anew.
    """
    kept, now = await view.work.kept(), view.clock.now()
    by_itself = view.channel == BY_ITSELF
    last_read = kept.get(READ, {}).get("at", "")
    if by_itself and last_read and now - datetime.fromisoformat(last_read) < REREAD:
        return Card("Read already today")
    problems: list[str] = []
    notices = await all_notices(view, problems)
    models = [view.find_model(model)] if model else list(view.models)
    ends = {one: found for one in models if (found := _ends_of(one, notices))}
    if by_itself:
        await _report_changed(view, notices, kept.get(READ, {}).get("made", {}))
        await _post_ends(view, {one: ends[one] for one in ends if f"{OVERLAPS}{one}" not in kept})
        await _change_over(view, kept)
    if model and ends:
        return await _ending_card(view, models[0], ends[models[0]], kept)
    lines = [f"{_title(view, one, found[0])}: {_sources(found)}" for one, found in ends.items()]
    return Card(
        title=wording.count(len(ends), "model of yours ends", "models of yours end"),
        text="\n".join([*problems, *lines]) or "No list that I can read says so.",
        severity=Severity.WARNING if ends or problems else Severity.PLAIN,
        actions=tuple(
            Action(f"watch ends --model {quoted(str(one))}", f"{one.id}: what now?")
            for one in list(ends)[:3]
        ),
        data={
            "problems": problems,
            "ends": [
                {"model": str(one), "ends": _iso(each), "source": each.source}
                for one, found in ends.items()
                for each in found
            ],
        },
    )


def _iso(notice: Notice) -> str:
    return notice.ends.isoformat() if notice.ends else ""


def _ends_of(model: Model, notices: Sequence[Notice]) -> list[Notice]:
    """Return who says when a model ends, each source once, the vendor's own list first."""
    found = [one for one in notices if one.ends and one.is_of(model)]
    by_source = {one.source: one for one in found}
    return sorted(by_source.values(), key=lambda one: not one.source.endswith("model list"))


def _sources(found: Sequence[Notice]) -> str:
    """Return who says when a model ends; where they disagree, each with its day."""
    days = {one.ends for one in found}
    if len(days) == 1:
        return f"{wording.listing([one.source for one in found])}, read on {_day(found[0].read)}"
    said = [f"{one.source} says {_day(one.ends)}" for one in found if one.ends]
    return f"{wording.listing(said)}, read on {_day(found[0].read)}"


def _day(day: date | None) -> str:
    return f"{day.day} {day:%b}" if day else ""


def _ended(view: View, notice: Notice) -> bool:
    return bool(notice.ends and notice.ends < view.clock.now().date())


def _title(view: View, model: Model, notice: Notice) -> str:
    verb = "ended" if _ended(view, notice) else "ends"
    return f"{_family(view, model)}'s model {model.id} {verb} on {_day(notice.ends)}"


def _family(view: View, model: Model) -> str:
    return view.names.name(model).partition(" (")[0]


async def _report_changed(
    view: View, notices: Sequence[Notice], made_before: Mapping[str, str]
) -> None:
    """Report the models that a vendor's list says were made at another time than it said before;
    keep these times, and that the lists were read.
    """
    now = view.clock.now()
    made = dict(made_before)
    for model in view.models:
        for one in notices:
            if not (one.source.endswith("model list") and one.changed and one.is_of(model)):
                continue
            at = one.changed.isoformat()
            if made.get(str(model), at) != at:
                recent = now - timedelta(days=1) < one.changed <= now
                note = f"{one.source}: made on {_day(one.changed.date())}"
                changed_at = one.changed if recent else now
                await view.work.report(ModelUpdate(model, changed_at, "feed", note))
            made[str(model)] = at
    await view.work.keep(READ, {"at": now.isoformat(), "made": made})


async def _post_ends(view: View, ends: Mapping[Model, Sequence[Notice]]) -> None:
    today = view.clock.now().date()
    for model, (notice, *_) in ends.items():
        left = (notice.ends - today).days if notice.ends else -1
        if 0 <= left <= max(TOLD_AT):
            told_at = min(days for days in TOLD_AT if left <= days)
            key = f"ends-{model}-{notice.ends}-{told_at}"
            await view.work.post(key, "watch ends", model=str(model))


async def _ending_card(
    view: View, model: Model, found: Sequence[Notice], kept: Mapping[str, Mapping[str, Any]]
) -> Card:
    """Return the card of one model that ends, with what is proposed and its price, or with the
    model that is asked together with it already.
    """
    schedules = view.catalogue.schedules
    named = dict.fromkeys(
        brand.name
        for brand in view.catalogue.brands
        if brand.tracked and any(not s.brands or brand.name in s.brands for s in schedules)
    )
    asks = wording.count(len(schedules), "schedule asks", "schedules ask")
    lost = f"{asks} it: {wording.listing(list(named))}. After that day they would have no figures."
    lost = lost if schedules else ""
    new = next((one.replacement for one in found if one.replacement), "")
    proposed, footer, actions = "No source names a successor.", "", []
    if chosen := kept.get(f"{OVERLAPS}{model}"):
        lost, name = "", Model.parse(chosen["also_ask"][0]).id
        how = "in its place" if chosen["leave"] else f"with it for {OVERLAP} checks, then alone"
        proposed = f"{name} is asked {how}."
    elif new:
        follower = Model(model.provider, new + model.name.removeprefix(model.id))
        panel = await _newest_panel(view, model)
        price = await _usual_price(view, replace(panel, models=(follower,)) if panel else None)
        before = await _usual_price(view, panel)
        about = wording.money(OVERLAP * price, about=True) if price < inf else ""
        about = f" {about[0].upper()}{about[1:]}." if about else ""
        proposed = (
            f"Proposed: {new}. I ask both in four checks, then change over, so that a step is "
            f"not mistaken for news.{about}"
        )
        then, now = (wording.money(usd, about=True) for usd in (price, before))
        if then != now and price < inf > before:
            footer = f" · afterwards a check costs {then}, now {now}"
        words = f"watch overlap {quoted(str(model))} {quoted(str(follower))}"
        actions.append(Action(words, "Start with the next check", Style.PRIMARY))
    actions.append(Action(f"watch overlap {quoted(str(model))}", "Choose another"))
    if not chosen and not _ended(view, found[0]):
        actions.append(Action(f"watch remind {quoted(str(model))}", "Remind me in a week"))
    return Card(
        title=_title(view, model, found[0]),
        text="\n\n".join(filter(None, (lost, proposed))),
        severity=Severity.WARNING,
        actions=tuple(actions),
        footer=f"{_sources(found)}{footer}",
        data={
            "model": str(model),
            "ends": [{"day": _iso(one), "source": one.source} for one in found],
            "replacement": new,
        },
    )


async def remind(
    view: View, *, model: Annotated[str, argument("The model that ends.", Kind.MODEL)]
) -> Card:
    """Post the card of a model that ends again in a week, as it is then, where alerts go.

    Raises:
        EndUnknown: when no source says that it is yet to end.
    """
    ending, at = view.find_model(model), view.clock.now() + LATER
    found = _ends_of(ending, await all_notices(view, []))
    if not found or _ended(view, found[0]):
        raise EndUnknown(model=ending.id)
    await view.work.post(f"reminder-{ending}-{at:%Y-%m-%d}", "watch ends", at, model=str(ending))
    day = wording.day(at, view.zone)
    return Card(f"I remind you of {ending.id} on {day}", severity=Severity.GOOD)


async def _newest_panel(view: View, model: Model) -> Panel | None:
    """Return the questions of the newest check, put to this model alone."""
    runs = await view.history.runs(limit=50)
    panels = (run.panel for run in runs if run.panel and not run.aside)
    newest = next((panel for panel in panels if model in panel.models), None)
    return replace(newest, models=(model,)) if newest else None


async def _usual_price(view: View, panel: Panel | None) -> float:
    if panel is None:
        return inf
    try:
        return (await view.quote(panel)).usual_usd
    except OverheardError:  # beyond the budget, or the model is unknown: then no price is shown
        return inf


async def overlap(
    view: View,
    *,
    old: Annotated[str, argument("The model that ends.", Kind.MODEL)],
    new: Annotated[str, argument("The model that follows it.", Kind.MODEL)],
    agreed: bool = False,
) -> Card:
    """Ask a model beside another in the next four scheduled checks, and then in its place.

    Raises:
        ConfirmationNeeded: with the price of the four checks, until the person has agreed.
        BadUsage: when both are the same model.
    """
    ending, follower = view.find_model(old), view.find_model(new)
    if ending == follower:
        raise BadUsage(problem="Both are the same model", usage="watch overlap OLD NEW")
    panel = await _newest_panel(view, ending)
    usd = OVERLAP * await _usual_price(view, replace(panel, models=(follower,)) if panel else None)
    if not agreed:
        price = wording.money(usd, about=True) if usd < inf else "at a price that is not known"
        raise ConfirmationNeeded(price=f"{OVERLAP} checks of {follower.id}, {price}", usd=usd)
    now = view.clock.now()
    value: dict[str, Any] = {"also_ask": [str(follower)], "leave": [], "since": now.isoformat()}
    await view.work.keep(f"{OVERLAPS}{ending}", value)
    # A mark in the charts of the new model, before its first check: here its history begins.
    await view.work.report(ModelUpdate(follower, now, "announced", f"follows {ending}"))
    return Card(
        title=f"{follower.id} is asked beside {ending.id}",
        text=f"In {OVERLAP} scheduled checks both are asked; after these only {follower.id}. Its "
        f"charts begin with a mark, and what it says is not compared with {ending.id}.",
        severity=Severity.GOOD,
        data=value,
    )


async def _change_over(view: View, kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Leave out each old model whose successor was asked in enough checks beside it."""
    for name, value in kept.items():
        if not name.startswith(OVERLAPS) or value["leave"]:
            continue
        since, follower = datetime.fromisoformat(value["since"]), value["also_ask"][0]
        checks = [
            run
            for run in await view.history.runs()
            if not run.aside and run.panel and run.label != "burst" and run.started_at >= since
            if follower in map(str, run.panel.models)
        ]
        if len(checks) >= OVERLAP:
            await view.work.keep(name, {**value, "leave": [name.removeprefix(OVERLAPS)]})


WATCH_ENDS = CommandSpec(
    "watch ends",
    "Show which models in use end, by their vendors' lists and public feeds.",
    show_ends,
    section=SECTION,
    examples=("watch ends", "watch ends --model openai/gpt-5.4-mini"),
    hourly=True,
)
WATCH_REMIND = CommandSpec(
    "watch remind",
    "Remind me in a week that a model ends.",
    remind,
    role=Role.OPERATOR,
    section=SECTION,
    examples=("watch remind openai/gpt-5.4-mini",),
)
WATCH_OVERLAP = CommandSpec(
    "watch overlap",
    "Ask a model and its successor in four checks, then the successor alone.",
    overlap,
    role=Role.OPERATOR,
    spends=True,
    section=SECTION,
    examples=("watch overlap openai/gpt-5.4-mini openai/gpt-6-luna",),
    title="Change over",
)
