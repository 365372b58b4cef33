"""`facts`: what is true about a brand, against which answers are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.alerts.events import alert_label
from overheard.alerts.run_analysis import detect_statements
from overheard.cards import wording
from overheard.cards.card import Action, Card
from overheard.cards.command import Kind, Option, quoted
from overheard.cards.model_names import ModelNames
from overheard.commands.arguments import find_fact
from overheard.commands.catalogue import CatalogueNoun, optional
from overheard.deployment import Call, Deployment
from overheard.domain import (
    Alert,
    Answer,
    Brand,
    Catalogue,
    Fact,
    Finish,
    Model,
    Prompt,
    Question,
    Reply,
)
from overheard.finetune.examples import from_facts
from overheard.runs.plan import find_brand
from overheard.runs.suggestions import fact_question
from overheard.scoring.judge import judges
from overheard.scoring.service import Scoring

MAX_CHECKED_FACTS = 100
"""How many facts of a list are tried with the scorers: each takes some milliseconds."""
SHOWN_CHARS = 160
"""The length of a statement that is shown."""
SHOWN_ALERTS = 2
_NO_MODEL = Model("nobody", "plainly")
_CHECKED = "Answers are checked against it from now on."
_JUDGED = "Only the judge checks answers against it: no other scorer reads such a field."
_DIRECT = "General questions rarely bring it up; ask about it directly."
_UNREAD = (
    "It is kept for briefs and datasets, but no answer is checked against it: no scorer finds it "
    "in “{said}” Write the value in full, such as $19 a month, 2014 or yes, or let a judge read "
    "it, [scorers.judge]."
)

_KEY = (
    Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),
    Option("field", "What it is about, such as price.", required=True, positional=True),
)
_FIELDS = (
    Option("value", "The truth.", required=True, positional=True),
    Option("as_of", "The day on which it was checked; today.", Kind.TIME, default=""),
    Option("source", "A page that states it.", default=""),
)


def _find_fact_among(
    catalogue: Catalogue, among: Catalogue, given: Mapping[str, Any], kind: str
) -> Fact:
    """Return the fact of the brand and field in `given` among those of the catalogue `among`; of
    several removed values the last one. `kind` is the noun in the error. Raises UnknownName.
    """
    brand = find_brand(catalogue, given["brand"]).name
    # Of several removed values that were true one after the other, the last one is meant.
    facts = among.facts if among is catalogue else among.facts[::-1]
    return find_fact(facts, brand, given["field"], kind=f"{kind} about {brand}")


async def _checked_fact(
    deployment: Deployment, call: Call, fact: Fact, before: Fact | None
) -> Fact:
    """Return a fact in its stored form: with the day on which its value was checked, and its
    earlier values, including that of `before` (None for a new fact).

    Raises:
        UnknownName: for a brand that does not exist.
    """
    today = deployment.clock.now().astimezone(call.zone).date()
    if before is None:
        brand = find_brand(deployment.catalogue, fact.brand).name
        return replace(fact, brand=brand, as_of=fact.as_of or today)
    if fact.value == before.value:
        return fact
    earlier = dict.fromkeys([before.value, *before.previous])
    earlier.pop(fact.value, None)
    as_of = today if fact.as_of in {before.as_of, None} else fact.as_of
    return replace(fact, previous=tuple(earlier), as_of=as_of)


def _existing_fact(catalogue: Catalogue, fact: Fact) -> Fact | None:
    """Return the catalogue's fact about the same field of the same brand, or None."""
    brand = find_brand(catalogue, fact.brand).name
    wanted = (brand, fact.field.casefold())
    return next((f for f in catalogue.facts if (f.brand, f.field.casefold()) == wanted), None)


async def _changed_card(
    deployment: Deployment, call: Call, fact: Fact, _: Fact | None, done: str
) -> Card:
    """Return the card of a fact that was added, changed or restored (`done` is the participle),
    with the alerts on answers that contradict the fact.
    """
    unread_sentence = await judge_only_note(deployment, fact)
    judged = bool(judges(deployment.plugins.scorers.values()))
    alerts = (
        await _contradicting_alerts(deployment, call, fact) if judged or not unread_sentence else []
    )
    fields = {
        "Brand": fact.brand,
        fact.field: fact.value,
        "As of": _as_of_words(fact),
        "Before": ", ".join(fact.previous),
        "Source": fact.source,
    }
    text = _CHECKED
    if unread_sentence:
        text = _JUDGED if judged else _UNREAD.format(said=unread_sentence)
    asked = fact_question(fact)
    is_new = asked is not None and asked.key not in {p.key for p in deployment.catalogue.prompts}
    direct = is_new and (judged or not unread_sentence)
    shown = [
        Action(f"alerts show {alert.id}", alert_label(alert, call.zone, deployment.names))
        for alert in alerts
    ]
    contradicted = _contradiction_sentences(alerts, fact, deployment.names)
    return FACTS.changed_card(
        fact,
        done,
        " ".join([text, *([_DIRECT] if direct else ()), *contradicted]),
        fields,
        *shown[:SHOWN_ALERTS],
        *([Action(f"facts ask {quoted(fact.brand)}", "Ask directly")] if direct else ()),
        warning=bool((unread_sentence and not judged) or alerts),
        checked=judged or not unread_sentence,
        alerts=[alert.id for alert in alerts],
    )


async def _contradicting_alerts(deployment: Deployment, call: Call, fact: Fact) -> list[Alert]:
    """Score the stored answers with a fact, and return the alerts on answers that contradict the
    fact.

    A long history is scored in the background (`commands.editions`); the list is then empty, and
    the alerts follow.
    """
    deployment = await (await deployment.refreshed()).caught_up(call.progress)
    if deployment.scoring.versions != deployment.current.versions:
        return []
    alerts = await detect_statements(deployment, [fact.brand])
    return [a for a in alerts if any(s.topic == fact.field for s in a.statements)]


def _contradiction_sentences(
    alerts: Iterable[Alert], fact: Fact, names: ModelNames
) -> Iterator[str]:
    """Yield a sentence for each alert, with the newest quote that contradicts the fact."""
    for alert in alerts:
        statements = [statement for statement in alert.statements if statement.topic == fact.field]
        quoted = wording.shorten(wording.line(statements[-1].said), SHOWN_CHARS)
        yield f"{names.name(alert.shift.model)} says otherwise: “{quoted}”."


def _as_of_words(fact: Fact) -> str:
    day = fact.as_of
    return f"{day.day} {wording.MONTHS[day.month - 1]} {day.year}" if day else ""


async def _unread_sentence(deployment: Deployment, facts: Sequence[Fact]) -> str:
    """Return a sentence with the facts (of the first `MAX_CHECKED_FACTS`) that no scorer but a
    judge can read; empty without any.
    """
    some = facts[:MAX_CHECKED_FACTS]
    names = [f"{f.brand}'s {f.field}" for f in some if await judge_only_note(deployment, f)]
    if not names:
        return ""
    if judges(deployment.plugins.scorers.values()):
        return f"Only the judge checks {wording.listing(names)}."
    return f"No scorer reads {wording.listing(names)}, so no answer is checked against that."


async def judge_only_note(deployment: Deployment, fact: Fact) -> str:
    """Return a plain sentence of a fact that no scorer but a judge can read; empty if a scorer
    reads the fact.
    """
    every = deployment.plugins.scorers.values()
    scorers = [scorer for scorer in every if scorer not in judges(every)]
    brand = deployment.catalogue.brand(fact.brand)
    if brand is None:
        return ""
    now, statements = deployment.clock.now(), list(dict.fromkeys(_fact_sentences(brand, fact)))
    answers = [
        Answer(1, Question(Prompt(""), _NO_MODEL, at), Reply(text, Finish.COMPLETE), now, id=at)
        for at, text in enumerate(statements, 1)
    ]
    records = await Scoring(scorers, Catalogue((brand,), facts=(fact,))).score(answers)
    is_read = any(d.topic == fact.field for r in records for d in r.score.details)
    return "" if is_read else wording.shorten(wording.line(statements[0]), SHOWN_CHARS)


def _fact_sentences(brand: Brand, fact: Fact) -> Iterator[str]:
    """Yield a fact in several plain sentences."""
    yield f"{brand.name}'s {fact.field} is {fact.value.rstrip('.')}."
    yield from (example.answer for example in from_facts(brand, [fact]))
    yield f"{brand.name}: {fact.field}: {fact.value}"
    yield from (fact.value, f"{brand.name} {fact.value}")


FACTS: CatalogueNoun[Fact] = CatalogueNoun(
    name="facts",
    singular="fact",
    shape=Fact,
    key=_KEY,
    new=_KEY,
    fields=_FIELDS,
    edit_fields=(
        Option("value", "What is true now.", positional=True),
        *optional(_FIELDS[1:]),
    ),
    find=_find_fact_among,
    reference=lambda fact: (fact.brand, fact.field),
    identity=lambda fact: (fact.brand, fact.field, fact.value),
    existing=_existing_fact,
    label=lambda fact: f"The {fact.field} of {fact.brand}",
    loss=lambda f: f'answers are no longer checked against this fact: {f.brand}, "{f.field}"',
    keep=lambda store, fact: store.catalogue.set_fact(fact),
    retire=lambda store, fact: store.catalogue.remove_fact(fact),
    check=_checked_fact,
    card=_changed_card,
    columns={
        "Brand": lambda fact: fact.brand,
        "Fact": lambda fact: fact.field,
        "Value": lambda fact: fact.value,
        "As of": _as_of_words,
    },
    empty="Answers are checked against nothing yet.",
    concerns=lambda fact, brand: fact.brand == brand,
    relation="about",
    more_data=("previous",),
    notes=_unread_sentence,
)

FACTS_LIST = FACTS.command("list", "Show what is known to be true.", "facts", "facts list Acme")
FACTS_ADD = FACTS.command(
    "add",
    "Hold answers against something true.",
    'facts add Acme price "$10 a month" --source https://acme.com/pricing',
)
FACTS_EDIT = FACTS.command(
    "edit",
    "Change a fact; an answer with the old value is then out of date.",
    'facts edit Acme price "$12 a month"',
)
FACTS_REMOVE = FACTS.command(
    "remove", "Hold answers against a fact no longer.", "facts remove Acme price"
)
FACTS_RESTORE = FACTS.command(
    "restore", "Hold answers against a fact again that was removed.", "facts restore Acme price"
)
