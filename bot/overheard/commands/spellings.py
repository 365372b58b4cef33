"""`brands suggest`: names in answers that may be other spellings of a brand; a person decides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import chain

from overheard.cards import wording
from overheard.cards.card import Action, Card, Table, Tainted, fitting
from overheard.cards.command import CommandSpec, Kind, Option, quoted
from overheard.commands.spelling_rules import rule_actions
from overheard.deployment import Call, Deployment
from overheard.domain import Brand
from overheard.reading.markdown import prose
from overheard.reading.spellings import risks, similar_names
from overheard.runs.plan import find_brand

DAYS = 30
READ = 2_000
"""Answers that are read at most, the oldest first."""
BUTTONS = 3


async def suggest_aliases(deployment: Deployment, _: Call, *, brand: str) -> Card:
    """Show names in the answers of the last days that look like a brand's; nothing counts by them.

    Raises:
        UnknownName: for a brand that does not exist.
    """
    found = find_brand(deployment.catalogue, brand)
    others = [name for b in deployment.catalogue.brands if b != found for name in b.names]
    bodies = [body async for body in _bodies(deployment)]
    taken = {name.casefold() for name in others}
    near = [(n, c) for n, c in similar_names(found, bodies) if n.casefold() not in taken]
    risky = risks(found, deployment.catalogue.brands)
    warnings = [str(risk) for risk in risky]
    advice = (
        "They do not count. Add those that mean it as aliases."
        if near
        else f"No name in {wording.count(len(bodies), 'answer')} looks like it."
    )
    return Card(
        title=f"{wording.count(len(near), 'possible spelling')} of {found.name}",
        text="\n\n".join([advice, *warnings]),
        table=Table(("Name", "Times"), tuple((Tainted(n), str(c)) for n, c in near), frozenset({1}))
        if near
        else None,
        actions=fitting(
            *(_alias(found, name) for name, _ in near[:BUTTONS]), *rule_actions(found, risky)
        ),
        data={
            "brand": found.name,
            "spellings": [{"name": name, "times": times} for name, times in near],
            "warnings": warnings,
        },
    )


async def _bodies(deployment: Deployment) -> AsyncIterator[str]:
    since = deployment.clock.now() - timedelta(days=DAYS)
    runs = [r.id for r in await deployment.store.runs() if r.started_at >= since and not r.aside]
    left = READ
    async for answer in deployment.store.answers(runs=runs):
        if left == 0:
            return
        left -= 1
        yield prose(answer.reply.text)


def _alias(brand: Brand, name: str) -> Action:
    spelled = chain.from_iterable(("--alias", quoted(one)) for one in (*brand.aliases, name))
    return Action(
        f"brands edit {quoted(brand.name)} {' '.join(spelled)}", wording.shorten(name, 60)
    )


BRANDS_SUGGEST = CommandSpec(
    "brands suggest",
    "Show names in answers that may be other spellings of a brand.",
    suggest_aliases,
    (Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),),
    examples=("brands suggest Acme",),
    title="Suggest spellings",
)
