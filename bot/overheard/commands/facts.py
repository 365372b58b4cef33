"""`facts`: what is true about a brand, to hold answers against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Severity, Style, Table, fitting
from overheard.cards.command import CommandSpec, Kind, Option, Role, quoted
from overheard.commands.arguments import find_fact, moment
from overheard.commands.catalogue import CHAT, FILE, changed, require_own, require_yes
from overheard.deployment import Call, Deployment
from overheard.domain import Answer, Brand, Catalogue, Fact, Finish, Model, Prompt, Question, Reply
from overheard.errors import AlreadyThere, BadUsage, NothingToChange
from overheard.finetune.examples import from_facts
from overheard.runs.plan import find_brand
from overheard.scoring.judge import judges
from overheard.scoring.service import Scoring

TRIED = 100
"""Facts of a list that are tried with the scorers: each takes some milliseconds."""
_NOTHING = "Answers are checked against nothing yet. Begin with: facts add"
_AS_OF = "--as-of yesterday, or the day on which it was checked"
_CHECKED = "Answers are checked against it from now on."
_UNREAD = (
    "It is kept for briefs and datasets, but no answer is checked against it: no scorer finds it "
    "in “{said}” Write the value in full, such as $19 a month, 2014 or yes, or let a judge read "
    "it, [scorers.judge]."
)


async def list_facts(deployment: Deployment, _: Call, *, brand: str = "") -> Card:
    """Show what is known to be true, of all brands or of one.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    name = find_brand(deployment.catalogue, brand).name if brand else ""
    facts = [fact for fact in deployment.catalogue.facts if not name or fact.brand == name]
    declared = set(map(_key, (await deployment.store.declared()).facts))
    rows = tuple(_row(fact, _key(fact) in declared) for fact in facts)
    return Card(
        title=wording.count(len(facts), "fact") + (f" about {name}" if name else ""),
        text=await _unchecked(deployment, facts[:TRIED]) if facts else _NOTHING,
        table=Table(("Brand", "Fact", "Value", "As of", "From"), rows) if rows else None,
        actions=(Action("facts add", "Add a fact", Style.PRIMARY),),
        footer=f"What comes from the configuration is changed in {deployment.config.file}.",
        data={"facts": [_data(fact, _key(fact) in declared) for fact in facts]},
    )


async def _unchecked(deployment: Deployment, facts: Sequence[Fact]) -> str:
    """Say which facts no scorer reads, or nothing."""
    names = [f"{f.brand}'s {f.field}" for f in facts if await unread(deployment, f)]
    if not names:
        return ""
    return f"No scorer reads {wording.listing(names)}, so no answer is checked against that."


async def add_fact(
    deployment: Deployment,
    call: Call,
    *,
    brand: str,
    field: str,
    value: str,
    as_of: str = "",
    source: str = "",
) -> Card:
    """Hold answers against something true.

    Raises:
        UnknownName: for a brand that does not exist.
        AlreadyThere: when there is a fact about the same.
        TimeUnreadable: when the day is none.
        BadUsage: when it is still to come.
    """
    name = find_brand(deployment.catalogue, brand).name
    for known in deployment.catalogue.facts:
        if (known.brand, known.field.casefold()) == (name, field.strip().casefold()):
            raise AlreadyThere(thing=f"A fact about the {known.field} of {name}")
    day = _read_day(deployment, call, as_of or "today")
    fact = Fact(name, field.strip(), value.strip(), day, source.strip())
    await deployment.store.set_fact(fact)
    return _told(fact, "Added a fact", await unread(deployment, fact))


async def edit_fact(
    deployment: Deployment,
    call: Call,
    *,
    brand: str,
    field: str,
    value: str | None = None,
    as_of: str | None = None,
    source: str | None = None,
) -> Card:
    """Change a fact that somebody added; an answer with the old value is then out of date.

    Raises:
        UnknownName: for a fact that does not exist.
        ReadOnly: when the configuration declares it.
        NothingToChange: when nothing would change.
        TimeUnreadable: when the day is none.
        BadUsage: when it is still to come.
    """
    before = await _own(deployment, brand, field)
    now = (value or before.value).strip()
    other = now != before.value
    earlier = dict.fromkeys([before.value, *before.previous] if other else before.previous)
    earlier.pop(now, None)
    day = _read_day(deployment, call, as_of) if as_of else None
    after = replace(
        before,
        value=now,
        previous=tuple(earlier),
        as_of=day or (_read_day(deployment, call, "today") if other else before.as_of),
        source=changed(before.source, source),
    )
    if after == before:
        raise NothingToChange(usage=FACTS_EDIT.usage)
    await deployment.store.set_fact(after)
    if other:
        await deployment.store.remove_fact(before)
    return _told(after, "Changed a fact", await unread(deployment, after))


async def fill_fact(
    deployment: Deployment, _: Call, *, brand: str, field: str
) -> Mapping[str, Any]:
    """Return a fact as a form for `edit_fact` shows it."""
    found = find_fact(
        deployment.catalogue.facts, find_brand(deployment.catalogue, brand).name, field
    )
    return {
        "brand": found.brand,
        "field": found.field,
        "value": found.value,
        "as_of": found.as_of.isoformat() if found.as_of else "",
        "source": found.source,
    }


async def remove_fact(
    deployment: Deployment, _: Call, *, brand: str, field: str, agreed: bool = False
) -> Card:
    """Hold answers against a fact no longer.

    Raises:
        UnknownName: for a fact that does not exist.
        ReadOnly: when the configuration declares it.
        ChangeNeedsYes: when nobody has agreed.
    """
    found = await _own(deployment, brand, field)
    what = f'{found.brand}, "{found.field}"'
    require_yes(f"answers are no longer checked against this fact: {what}", agreed=agreed)
    await deployment.store.remove_fact(found)
    undo = f"facts restore {quoted(found.brand)} {quoted(found.field)}"
    return Card(
        title="Removed a fact",
        text=f"Answers are no longer checked against this fact: {what}.",
        actions=fitting(Action(undo, "Undo")),
        data={"removed": {"brand": found.brand, "field": found.field}},
    )


async def restore_fact(deployment: Deployment, _: Call, *, brand: str, field: str) -> Card:
    """Hold answers against a fact again that was removed.

    Raises:
        UnknownName: when no such fact was removed.
    """
    name = find_brand(deployment.catalogue, brand).name
    retired = (await deployment.store.retired()).facts
    # Of several values that were true one after the other, the last one is meant.
    found = find_fact(retired[::-1], name, field, kind=f"removed fact about {name}")
    await deployment.store.set_fact(found)
    return _told(found, "Restored a fact", await unread(deployment, found))


async def _own(deployment: Deployment, brand: str, field: str) -> Fact:
    """Return a fact that people may change."""
    name = find_brand(deployment.catalogue, brand).name
    found = find_fact(deployment.catalogue.facts, name, field, kind=f"fact about {name}")
    declared = set(map(_key, (await deployment.store.declared()).facts))
    require_own(deployment, f"The {found.field} of {name}", declared=_key(found) in declared)
    return found


def _read_day(deployment: Deployment, call: Call, text: str) -> date:
    at, now = moment(text, deployment.clock.now(), call.zone), deployment.clock.now()
    if at > now:
        raise BadUsage(problem=f"{wording.day(at, call.zone)} is still to come", usage=_AS_OF)
    return at.astimezone(call.zone).date()


def _key(fact: Fact) -> tuple[str, str, str]:
    return (fact.brand, fact.field, fact.value)


def _told(fact: Fact, done: str, unread_in: str) -> Card:
    edit = f"facts edit {quoted(fact.brand)} {quoted(fact.field)}"
    fields = {
        "Brand": fact.brand,
        fact.field: fact.value,
        "As of": _day(fact),
        "Before": ", ".join(fact.previous),
        "Source": fact.source,
    }
    return Card(
        title=done,
        text=_UNREAD.format(said=unread_in) if unread_in else _CHECKED,
        fields=tuple(Field(name, value) for name, value in fields.items() if value),
        actions=fitting(Action(edit, "Edit")),
        severity=Severity.WARNING if unread_in else Severity.GOOD,
        data={**_data(fact, declared=False), "checked": not unread_in},
    )


def _row(fact: Fact, declared: bool) -> tuple[str, ...]:
    return (fact.brand, fact.field, fact.value, _day(fact), FILE if declared else CHAT)


def _day(fact: Fact) -> str:
    day = fact.as_of
    return f"{day.day} {wording.MONTHS[day.month - 1]} {day.year}" if day else ""


def _data(fact: Fact, declared: bool) -> dict[str, Any]:
    return {
        "brand": fact.brand,
        "field": fact.field,
        "value": fact.value,
        "as_of": fact.as_of.isoformat() if fact.as_of else None,
        "source": fact.source,
        "previous": list(fact.previous),
        "from": FILE if declared else CHAT,
    }


_WHAT = (
    Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),
    Option("field", "What it is about, such as price.", required=True, positional=True),
)


def _details(default: str | None) -> tuple[Option, ...]:
    return (
        Option("as_of", "The day on which it was checked; today.", Kind.TIME, default=default),
        Option("source", "A page that states it.", default=default),
    )


FACTS_LIST = CommandSpec(
    "facts list",
    "Show what is known to be true.",
    list_facts,
    (Option("brand", "Only of this brand.", Kind.BRAND, positional=True, default=""),),
    examples=("facts", "facts list Acme"),
)
FACTS_ADD = CommandSpec(
    "facts add",
    "Hold answers against something true.",
    add_fact,
    (*_WHAT, Option("value", "The truth.", required=True, positional=True), *_details("")),
    Role.ADMIN,
    examples=('facts add Acme price "$10 a month" --source https://acme.com/pricing',),
)
FACTS_EDIT = CommandSpec(
    "facts edit",
    "Change a fact; an answer with the old value is then out of date.",
    edit_fact,
    (*_WHAT, Option("value", "What is true now.", positional=True), *_details(None)),
    Role.ADMIN,
    examples=('facts edit Acme price "$12 a month"',),
    fill=fill_fact,
)
FACTS_REMOVE = CommandSpec(
    "facts remove",
    "Hold answers against a fact no longer.",
    remove_fact,
    _WHAT,
    Role.ADMIN,
    examples=("facts remove Acme price",),
    confirms=True,
)
FACTS_RESTORE = CommandSpec(
    "facts restore",
    "Hold answers against a fact again that was removed.",
    restore_fact,
    _WHAT,
    Role.ADMIN,
    examples=("facts restore Acme price",),
)


LONGEST = 160
"""Characters of a statement that is shown."""
_NOBODY = Model("nobody", "plainly")


async def unread(deployment: Deployment, fact: Fact) -> str:
    """Return a plain statement of a fact that no scorer reads; empty where one does, or a judge,
    which reads all.
    """
    scorers = deployment.plugins.scorers.values()
    brand = deployment.catalogue.brand(fact.brand)
    if brand is None or judges(scorers):
        return ""
    now, said = deployment.clock.now(), list(dict.fromkeys(_stated(brand, fact)))
    answers = [
        Answer(1, Question(Prompt(""), _NOBODY, at), Reply(text, Finish.COMPLETE), now, id=at)
        for at, text in enumerate(said, 1)
    ]
    records = await Scoring(scorers, Catalogue((brand,), facts=(fact,))).score(answers)
    found = any(d.topic == fact.field for r in records for d in r.score.details)
    return "" if found else wording.shorten(wording.line(said[0]), LONGEST)


def _stated(brand: Brand, fact: Fact) -> Iterator[str]:
    """Yield a fact in plain sentences; one that is never to be said stands as it is."""
    yield f"{brand.name}'s {fact.field} is {fact.value.rstrip('.')}."
    yield from (example.answer for example in from_facts(brand, [fact]))
    yield f"{brand.name}: {fact.field}: {fact.value}"
    yield from (fact.value, f"{brand.name} {fact.value}")
