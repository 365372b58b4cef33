"""`facts`: what is true about a brand, against which answers are checked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.alerts.events import show_actions
from overheard.alerts.run_analysis import detect_statements
from overheard.cards import wording
from overheard.cards.card import Action, Card
from overheard.cards.command import Kind, Option, quoted
from overheard.commands.arguments import find_fact
from overheard.commands.catalogue import CatalogueNoun, optional
from overheard.deployment import Call
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
from overheard.reading.phrasings import fact_wordings
from overheard.runs.plan import find_brand
from overheard.runs.suggestions import fact_question
from overheard.scoring.judge import judges
from overheard.scoring.service import Scoring

MAX_CHECKED_FACTS = 100
"""How many facts of a list are tried with the scorers: each takes some milliseconds."""
SHOWN_CHARS = 160
"""The length of a statement that is shown."""
SHOWN_ALERTS = 2
"""Alerts of a card that have a button."""
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
    catalogue: Catalogue, searched: Catalogue, given: Mapping[str, Any], kind: str
) -> Fact:
    """Return the fact of a catalogue about a field of a brand. Of several removed values of the
    field, which were true one after the other, return the last one.
    """
    brand = find_brand(catalogue, given["brand"]).name
    is_removed = searched is not catalogue
    facts = searched.facts[::-1] if is_removed else searched.facts
    return find_fact(facts, brand, given["field"], kind=f"{kind} about {brand}")


async def _checked_fact(call: Call, fact: Fact, before: Fact | None) -> Fact:
    """Return a fact as it is to be stored."""
    today = call.clock.now().astimezone(call.zone).date()
    if before is None:
        brand = find_brand(call.catalogue, fact.brand).name
        return replace(fact, brand=brand, as_of=fact.as_of or today)
    if fact.value == before.value:
        return fact
    earlier_values = dict.fromkeys([before.value, *before.previous])
    earlier_values.pop(fact.value, None)
    is_day_given = fact.as_of not in {before.as_of, None}
    return replace(
        fact, previous=tuple(earlier_values), as_of=fact.as_of if is_day_given else today
    )


def _existing_fact(catalogue: Catalogue, fact: Fact) -> Fact | None:
    """Return the catalogue's fact about the same field of the same brand, in any case of letters;
    None if there is none.
    """
    brand = find_brand(catalogue, fact.brand).name
    brand_and_field = (brand, fact.field.casefold())
    return next(
        (f for f in catalogue.facts if (f.brand, f.field.casefold()) == brand_and_field), None
    )


async def _changed_card(call: Call, fact: Fact, _: Fact | None, participle: str) -> Card:
    """Return the card of a fact that was added, changed or restored: whether and how answers are
    checked against it, its fields, and the alerts on stored answers that contradict it. If no
    scorer checks it, or if there is such an alert, the card is a warning.
    """
    unread_sentence = await unread_by_scorers(call, fact)
    has_judge = bool(judges(call.plugins.scorers.values()))
    is_checked = has_judge or not unread_sentence
    alerts = await _contradicting_alerts(call, fact) if is_checked else []
    fields = {
        "Brand": fact.brand,
        fact.field: fact.value,
        "As of": _as_of_words(fact),
        "Before": ", ".join(fact.previous),
        "Source": fact.source,
    }
    sentences = [_CHECKED]
    if unread_sentence:
        sentences = [_JUDGED if has_judge else _UNREAD.format(said=unread_sentence)]
    actions = show_actions(call, alerts[:SHOWN_ALERTS])
    question = fact_question(fact)
    asked_keys = {prompt.key for prompt in call.catalogue.prompts}
    is_unasked = question is not None and question.key not in asked_keys
    if is_unasked and is_checked:
        sentences.append(_DIRECT)
        actions.append(Action(f"prompts suggest {quoted(fact.brand)} --facts", "Ask directly"))
    for alert in alerts:
        statements = [statement for statement in alert.statements if statement.topic == fact.field]
        last_statement = wording.shorten(wording.line(statements[-1].said), SHOWN_CHARS)
        model = call.names.name(alert.shift.model)
        sentences.append(f"{model} says otherwise: “{last_statement}”.")
    return FACTS.changed_card(
        fact,
        participle,
        " ".join(sentences),
        fields,
        *actions,
        warning=bool(alerts) or not is_checked,
        checked=is_checked,
        alerts=[alert.id for alert in alerts],
    )


async def _contradicting_alerts(call: Call, fact: Fact) -> list[Alert]:
    """Score the stored answers anew with a changed fact, store the alerts on what they say wrongly
    of its brand, and return the new and grown ones of these alerts that are about the fact's field.

    A long history is scored in the background later (`commands.scores`). The list is then empty,
    and the alerts follow.
    """
    call = await (await call.refreshed()).caught_up()
    is_history_scored = call.scoring.versions == call.deployment.current.versions
    if not is_history_scored:
        return []
    alerts = await detect_statements(call, [fact.brand])
    return [
        alert
        for alert in alerts
        if any(statement.topic == fact.field for statement in alert.statements)
    ]


def _as_of_words(fact: Fact) -> str:
    """Return the day on which a fact was checked: ``3 Mar 2026``; empty if it is not known."""
    day = fact.as_of
    return f"{day.day} {wording.MONTHS[day.month - 1]} {day.year}" if day else ""


async def _unread_facts_sentence(call: Call, facts: Sequence[Fact]) -> str:
    """Return a sentence on the facts that only a judge could read in answers: it names them, and
    says that only the judge checks them, or nobody if there is no judge. Empty without such a fact.
    Only the first `MAX_CHECKED_FACTS` facts are tried, since that takes time.
    """
    names = [
        f"{fact.brand}'s {fact.field}"
        for fact in facts[:MAX_CHECKED_FACTS]
        if await unread_by_scorers(call, fact)
    ]
    if not names:
        return ""
    if judges(call.plugins.scorers.values()):
        return f"Only the judge checks {wording.listing(names)}."
    return f"No scorer reads {wording.listing(names)}, so no answer is checked against that."


async def unread_by_scorers(call: Call, fact: Fact) -> str:
    """Try whether the scorers find a fact in plain sentences that state it, judges aside, which
    would cost money. Nothing is stored.

    Returns:
        Empty if a scorer finds the fact in one of them, and for a fact of an unknown brand. Else
        the first of these sentences, such as ``Acme's price is $10 a month.``, shortened to
        `SHOWN_CHARS`.
    """
    all_scorers = call.plugins.scorers.values()
    scorers = [scorer for scorer in all_scorers if scorer not in judges(all_scorers)]
    brand = call.catalogue.brand(fact.brand)
    if brand is None:
        return ""
    now = call.clock.now()
    sentences = list(dict.fromkeys(_fact_sentences(brand, fact)))
    answers = [
        Answer(
            run_id=1,
            question=Question(Prompt(""), _NO_MODEL, number),
            reply=Reply(sentence, Finish.COMPLETE),
            asked_at=now,
            id=number,
        )
        for number, sentence in enumerate(sentences, 1)
    ]
    records = await Scoring(scorers, Catalogue((brand,), facts=(fact,))).score(answers)
    topics = {detail.topic for record in records for detail in record.score.details}
    if fact.field in topics:
        return ""
    return wording.shorten(wording.line(sentences[0]), SHOWN_CHARS)


def _fact_sentences(brand: Brand, fact: Fact) -> Iterator[str]:
    """Yield a fact in several wordings, from a whole sentence to the bare value; some may be
    equal.
    """
    yield f"{brand.name}'s {fact.field} is {fact.value.rstrip('.')}."
    for stated in (None, fact):
        yield from (answer for _, answer in fact_wordings(brand, stated))
    yield f"{brand.name}: {fact.field}: {fact.value}"
    yield from (fact.value, f"{brand.name} {fact.value}")


FACTS: CatalogueNoun[Fact] = CatalogueNoun(
    name="facts",
    singular="fact",
    shape=Fact,
    key=_KEY,
    new=_KEY,
    fields=_FIELDS,
    edit_fields=(Option("value", "What is true now.", positional=True), *optional(_FIELDS[1:])),
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
    notes=_unread_facts_sentence,
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
