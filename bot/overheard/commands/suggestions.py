"""`brands suggest`: names and facts in answers that are not declared, to be reviewed."""

from __future__ import annotations

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
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Setting
from overheard.reading.markdown import prose
from overheard.reading.spellings import risks, similar_names
from overheard.reading.undeclared_products import stated_values, undeclared_names
from overheard.runs.plan import find_brand, tracked

SUGGESTION_DAYS = 30
"""The age of the answers that are read."""
MAX_ANSWERS = 2_000
"""How many answers are read for `brands suggest`."""
QUICK_ANSWERS = 150
"""How many answers are read where a person waits for something else: a form, or App Home."""
MIN_SHARE = 0.15
"""Of the answers; a name in fewer is not proposed as a competitor."""
MAX_RIVALS = 6
MAX_BUTTONS = 3
DISMISSED = "dismissed:"
"""The beginning of the name of the setting with the names that a person has dismissed; the brand
follows."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Names and facts that occur in answers and are not declared.

    Attributes:
        answers: The number of answers that were read.
        rivals: Names that are listed next to the brand or its competitors, with the number of
            answers that hold them, most frequent first.
        spellings: Names that resemble the brand's, with the number of their occurrences.
        facts: The most frequent value and the number of answers that state it, by field.
    """

    answers: int = 0
    rivals: tuple[tuple[str, int], ...] = ()
    spellings: tuple[tuple[str, int], ...] = ()
    facts: Mapping[str, tuple[str, int]] = field(default_factory=dict)


async def suggestions_of(
    deployment: Deployment, brand: Brand, *, most: int = MAX_ANSWERS
) -> Suggestions:
    """Return the names and facts in the newest answers of the last `SUGGESTION_DAYS` days that are
    not declared for a brand.

    Args:
        deployment: The open deployment.
        brand: The brand.
        most: The largest number of answers to read.
    """
    texts = [text async for text in _newest_texts(deployment, most)]
    dismissed = await deployment.store.settings.get(f"{DISMISSED}{brand.name}")
    left_out = dismissed.value.get("names", []) if dismissed else []
    known = [name for declared in deployment.catalogue.brands for name in declared.names]
    others = [
        name for other in deployment.catalogue.brands if other != brand for name in other.names
    ]
    return await asyncio.to_thread(_suggestions_in, texts, brand, known, others, left_out)


def _suggestions_in(
    texts: Sequence[str],
    brand: Brand,
    known: Sequence[str],
    others: Sequence[str],
    left_out: Sequence[str],
) -> Suggestions:
    """Return the names and facts in texts that are not declared. Computes for up to seconds.

    Args:
        texts: The answers.
        brand: The brand.
        known: The names and aliases of all declared brands.
        others: Those of all brands but this one.
        left_out: The names that a person has dismissed.
    """
    skipped = {name.casefold() for name in (*others, *left_out)}
    spellings = [
        (name, times)
        for name, times in similar_names(brand, map(prose, texts))
        if name.casefold() not in skipped
    ]
    alike = {name.casefold() for name, _ in spellings}
    rivals = [
        (name, count)
        for name, count in undeclared_names(texts, known)
        if count >= MIN_SHARE * len(texts) and name.casefold() not in skipped | alike
    ]
    facts = stated_values(texts, brand.names, others)
    return Suggestions(len(texts), tuple(rivals[:MAX_RIVALS]), tuple(spellings), facts)


async def _newest_texts(deployment: Deployment, most: int) -> AsyncIterator[str]:
    """Yield the texts of up to `most` answers of the last `SUGGESTION_DAYS` days, newest run first;
    runs outside the history are left out.
    """
    since = deployment.clock.now() - timedelta(days=SUGGESTION_DAYS)
    runs = [
        r.id for r in await deployment.store.runs.find() if r.started_at >= since and not r.aside
    ]
    left = most
    for run in sorted(runs, reverse=True):
        async for answer in deployment.store.answers.stream(runs=[run]):
            if left == 0:
                return
            if answer.reply.text:
                left -= 1
                yield answer.reply.text


async def suggest_names(deployment: Deployment, _: Call, *, brand: BrandName) -> Card:
    """Show names in recent answers that may be other spellings of a brand or competitors; a person
    has to add them.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    own_brand = find_brand(deployment.catalogue, brand)
    suggested = await suggestions_of(deployment, own_brand)
    risky = risks(own_brand, deployment.catalogue.brands)
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
    """Return the button that adds a name to a brand's competitors."""
    return _add_action(brand, "competitor", brand.competitors, name)


def _add_action(brand: Brand, word: str, before: Sequence[str], name: str) -> Action:
    given = chain.from_iterable((f"--{word}", quoted(value)) for value in (*before, name))
    label = wording.shorten(f"Add {wording.line(name)}", 60)
    return Action(f"brands edit {quoted(brand.name)} {' '.join(given)}", label)


async def proposed(deployment: Deployment) -> tuple[Brand, Suggestions] | None:
    """Return the first tracked brand that config.toml does not declare, with its suggestions; None
    without a suggested competitor.
    """
    fixed = {brand.name for brand in (await deployment.store.catalogue.declared()).brands}
    brands = [brand for brand in tracked(deployment.catalogue) if brand.name not in fixed]
    suggested = await suggestions_of(deployment, brands[0], most=QUICK_ANSWERS) if brands else None
    return (brands[0], suggested) if suggested and suggested.rivals else None


def with_proposal(card: Card, proposal: tuple[Brand, Suggestions] | None) -> Card:
    """Return a card with a field and buttons that propose the most frequent undeclared name of the
    proposal as a competitor; the card unchanged without a proposal.
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
    deployment: Deployment,
    call: Call,
    *,
    brand: BrandName,
    name: Annotated[str, argument("The name.", longest=MAX_NAME_CHARS)],
) -> Card:
    """Store that a name is not suggested again for a brand.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    own_brand = find_brand(deployment.catalogue, brand)
    settings, key = deployment.store.settings, f"{DISMISSED}{own_brand.name}"
    stored = await settings.get(key)
    names = dict.fromkeys([*(stored.value.get("names", []) if stored else []), wording.line(name)])
    await settings.put(Setting(key, {"names": [*names]}, call.who, deployment.clock.now()))
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
