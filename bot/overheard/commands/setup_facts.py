"""The facts of the set-up in chat: a few fields that buyers ask about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from overheard.cards import wording
from overheard.cards.command import Option, option
from overheard.commands.setup_progress import SKIPPED
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Fact, Setting

NEVER = "never say"
FACT_OPTIONS: Mapping[str, Option] = {
    "price": option("Such as $14 a month.", label="Lowest price", example="$14 a month"),
    "free plan": option("Whether it can be used for free.", label="Free plan"),
    "founded": option("The year.", label="Founded", example="2010"),
    NEVER: option("Such as discontinued.", label="Never to be said of you"),
}
"""The inputs, by the field of the fact."""


def fact_values(
    deployment: Deployment, brand: Brand, suggested: Mapping[str, str]
) -> tuple[dict[str, object], bool]:
    """Return the values of the form, and whether any of them is a model's suggestion."""
    known = {f.field: f.value for f in deployment.catalogue.facts if f.brand == brand.name}
    never = [f.value for f in deployment.catalogue.facts if f.brand == brand.name and f.untrue]
    values: dict[str, object] = {"never": never}
    taken = False
    for field in ("price", "free plan", "founded"):
        value = known.get(field) or suggested.get(field, "")
        taken = taken or bool(value and field not in known)
        values[field.replace(" ", "_")] = value
    return values, taken


async def keep_facts(
    deployment: Deployment,
    call: Call,
    brand: Brand,
    given: Mapping[str, str],
    never: Sequence[str],
) -> None:
    """Store facts: a changed value keeps the one before as outdated; an empty one changes nothing.

    What config.toml declares stays as it is. Without any fact, the step counts as left out.
    """
    store, now = deployment.store.catalogue, deployment.clock.now()
    today = now.astimezone(call.zone).date()
    facts = [fact for fact in deployment.catalogue.facts if fact.brand == brand.name]
    for field, typed in given.items():
        value = wording.line(typed).strip()
        before = next((fact for fact in facts if fact.field.casefold() == field), None)
        if not value or (before and before.value == value):
            continue
        fact = Fact(brand.name, field, value, today)
        if before:
            fact = replace(fact, previous=(before.value, *before.previous))
            if not await store.remove_fact(before):
                continue  # config.toml has it
        await store.set_fact(fact)
    known = {fact.value for fact in facts if fact.untrue}
    for typed in never:
        value = wording.line(typed).strip()
        if value and value not in known:
            await store.set_fact(Fact(brand.name, NEVER, value, today))
    if not facts and not any(given.values()) and not any(never):
        await deployment.store.settings.put(Setting(SKIPPED, {}, call.who, now))
