"""`brands suggest`: names and facts that occur in stored answers and are not declared, for a person
to review.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import chain
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Field, Table, Tainted, fitting
from overheard.cards.command import MAX_NAME_CHARS, CommandSpec, Role, argument, quoted
from overheard.commands.arguments import BrandName
from overheard.commands.brands import rule_actions
from overheard.deployment import Call
from overheard.domain import Brand
from overheard.reading.markdown import prose
from overheard.reading.mentions import stated_values, undeclared_names
from overheard.reading.spellings import possible_spellings, risks
from overheard.runs.plan import find_brand

SUGGESTION_DAYS = 30
"""The largest age of the answers that are read, in days."""
MAX_ANSWERS = 2_000
"""How many answers are read for `brands suggest`."""
QUICK_ANSWERS = 150
"""How many answers are read where a person waits for something else: a form, or App Home."""
MIN_SHARE = 0.15
"""Smallest share of the answers with a name for which it is proposed as a competitor."""
MAX_RIVALS = 6
"""Names that are proposed as competitors."""
MAX_BUTTONS = 3
"""Buttons for competitors, and as many for other spellings."""
MAX_LABEL_CHARS = 60
DISMISSED = "dismissed:"
"""The beginning of the name of the setting with the names that a person has dismissed; the brand
follows."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Names and facts that occur in answers and are not declared.

    Attributes:
        answers: The number of answers that were read.
        rivals: Names that answers list next to a declared brand, each with the number of answers
            that have it, the most frequent first.
        spellings: Names that resemble the brand's, each with the number of its occurrences, the
            most frequent first.
        facts: By field (``price``, ``founded``): the value that most answers state of the brand,
            and the number of these answers.
    """

    answers: int = 0
    rivals: tuple[tuple[str, int], ...] = ()
    spellings: tuple[tuple[str, int], ...] = ()
    facts: Mapping[str, tuple[str, int]] = field(default_factory=dict)


async def suggestions_of(
    call: Call, brand: Brand, *, max_answers: int = MAX_ANSWERS
) -> Suggestions:
    """Return the names and facts in recent answers that the catalogue lacks for a brand. Names that
    a person has dismissed are left out.

    The newest `max_answers` answers of the last `SUGGESTION_DAYS` days are read, in a thread,
    because that may take seconds. No model is asked.

    Args:
        max_answers: The largest number of answers to read.
    """
    texts = [text async for text in _newest_texts(call, max_answers)]
    stored = await call.store.settings.get(f"{DISMISSED}{brand.name}")
    dismissed = stored.value.get("names", []) if stored else []
    others = [name for other in call.catalogue.brands if other != brand for name in other.names]
    return await asyncio.to_thread(_suggestions_in, texts, brand, others, dismissed)


def _suggestions_in(
    texts: Sequence[str], brand: Brand, others: Sequence[str], dismissed: Sequence[str]
) -> Suggestions:
    """Return the names and facts in answers that the catalogue lacks for a brand. This may take
    seconds.

    A name that resembles the brand's is a possible spelling of it. Of the other names, the
    `MAX_RIVALS` most frequent are possible competitors, if each is in at least the share
    `MIN_SHARE` of the answers. Names in `others` and `dismissed` are left out in any case of
    letters.
    """
    skipped = {name.casefold() for name in (*others, *dismissed)}
    spellings = [
        (name, times)
        for name, times in possible_spellings(brand, map(prose, texts))
        if name.casefold() not in skipped
    ]
    skipped |= {name.casefold() for name, _ in spellings}
    rivals = [
        (name, count)
        for name, count in undeclared_names(texts, [*brand.names, *others])
        if count >= MIN_SHARE * len(texts) and name.casefold() not in skipped
    ]
    facts = stated_values(texts, brand.names, others)
    return Suggestions(len(texts), tuple(rivals[:MAX_RIVALS]), tuple(spellings), facts)


async def _newest_texts(call: Call, max_answers: int) -> AsyncIterator[str]:
    """Yield the texts of up to `max_answers` answers of runs that began in the last
    `SUGGESTION_DAYS` days, those of the newest run first. Empty texts and runs outside the history
    are left out, and not counted.
    """
    since = call.clock.now() - timedelta(days=SUGGESTION_DAYS)
    runs = [r.id for r in await call.store.runs.find() if r.started_at >= since and not r.aside]
    left = max_answers
    for run in sorted(runs, reverse=True):
        async for answer in call.store.answers.stream(runs=[run]):
            if left == 0:
                return
            if answer.reply.text:
                left -= 1
                yield answer.reply.text


async def suggest_names(call: Call, *, brand: BrandName) -> Card:
    """Return the card of names in recent answers that may be missing for a brand: other spellings
    of it, and competitors. Each has a button that adds it; nothing is stored before.

    It also warns of spellings of the brand that may be read wrongly, with buttons for rules.
    """
    own_brand = find_brand(call.catalogue, brand)
    suggested = await suggestions_of(call, own_brand)
    risky = risks(own_brand, call.catalogue.brands)
    warnings = [str(risk) for risk in risky]
    advice = (
        "They do not count. Add those that fit."
        if suggested.rivals or suggested.spellings
        else f"All names in {wording.count(suggested.answers, 'answer')} are known."
    )
    rows = [(Tainted(n), "competitor", f"{c} of {suggested.answers}") for n, c in suggested.rivals]
    rows += [(Tainted(n), "your name", f"{c} times") for n, c in suggested.spellings]
    names = wording.count(len(rows), "name") if rows else "No name"
    return Card(
        title=f"{names} {'may be' if rows else 'is'} missing for {own_brand.name}",
        text="\n\n".join([advice, *warnings]),
        table=Table(("Name", "May be", "Answers"), tuple(rows), frozenset({2})) if rows else None,
        actions=fitting(
            *(
                _add_action(own_brand, "alias", own_brand.aliases, name)
                for name, _ in suggested.spellings[:MAX_BUTTONS]
            ),
            *(rival_action(own_brand, name) for name, _ in suggested.rivals[:MAX_BUTTONS]),
            *rule_actions(own_brand, risky),
        ),
        data={
            "brand": own_brand.name,
            "answers": suggested.answers,
            "spellings": [{"name": name, "times": times} for name, times in suggested.spellings],
            "competitors": [{"name": name, "answers": count} for name, count in suggested.rivals],
            "facts": {key: {"value": v, "answers": n} for key, (v, n) in suggested.facts.items()},
            "warnings": warnings,
        },
    )


def rival_action(brand: Brand, name: str) -> Action:
    """Return the button that adds a name to the competitors of a brand, which keeps the others."""
    return _add_action(brand, "competitor", brand.competitors, name)


def _add_action(brand: Brand, word: str, before: Sequence[str], name: str) -> Action:
    """Return the button that adds a name to a list of a brand."""
    given = chain.from_iterable((f"--{word}", quoted(value)) for value in (*before, name))
    label = wording.shorten(f"Add {wording.line(name)}", MAX_LABEL_CHARS)
    return Action(f"brands edit {quoted(brand.name)} {' '.join(given)}", label)


async def proposed_rivals(call: Call) -> tuple[Brand, Suggestions] | None:
    """Return the first tracked brand that config.toml does not declare, with the names and facts
    that the newest `QUICK_ANSWERS` answers suggest for it. None if there is no such brand, or if
    they suggest no competitor. Nothing is stored.
    """
    declared = {brand.name for brand in (await call.store.catalogue.declared()).brands}
    brands = [brand for brand in call.catalogue.tracked if brand.name not in declared]
    if not brands:
        return None
    suggested = await suggestions_of(call, brands[0], max_answers=QUICK_ANSWERS)
    return (brands[0], suggested) if suggested.rivals else None


def with_proposal(card: Card, proposal: tuple[Brand, Suggestions] | None) -> Card:
    """Return a card with a field that proposes the most frequent suggested name as a competitor, a
    button that adds it and a menu entry that dismisses it.

    Args:
        proposal: A brand and suggestions with a competitor; None returns the card unchanged.
    """
    if proposal is None:
        return card
    brand, suggested = proposal
    name, count = suggested.rivals[0]
    sentence = f"{wording.line(name)} is in {count} of {suggested.answers} answers. A competitor?"
    dismiss = f"brands dismiss {quoted(brand.name)} {quoted(name)}"
    added = fitting(rival_action(brand, name), Action(dismiss, "Not a competitor", menu=True))
    fields = (*card.fields, Field("Not watched yet", Tainted(sentence), wide=True))
    return replace(card, fields=fields, actions=(*card.actions, *added))


async def dismiss_name(
    call: Call,
    *,
    brand: BrandName,
    name: Annotated[str, argument("The name.", longest=MAX_NAME_CHARS)],
) -> Card:
    """Store that a name is not suggested for a brand again, and return a card with a button that
    adds it after all.
    """
    own_brand = find_brand(call.catalogue, brand)
    key = f"{DISMISSED}{own_brand.name}"
    stored = await call.store.settings.get(key)
    names = dict.fromkeys([*(stored.value.get("names", []) if stored else []), wording.line(name)])
    await call.decide(key, {"names": [*names]})
    return Card(
        "I will not propose it again",
        Tainted(wording.line(name)),
        actions=fitting(rival_action(own_brand, name)),
        data={"brand": own_brand.name, "name": name},
    )


BRANDS_SUGGEST = CommandSpec(
    "brands suggest",
    "Show names in answers that you may want to add.",
    suggest_names,
    examples=("brands suggest Acme",),
    title="Suggest names",
)
BRANDS_DISMISS = CommandSpec(
    "brands dismiss",
    "Propose a name no more.",
    dismiss_name,
    role=Role.ADMIN,
    private=True,
    examples=("brands dismiss Acme Globex",),
    title="Not a competitor",
)
