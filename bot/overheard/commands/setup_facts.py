"""`setup facts`: the step of the set-up in chat that states what is true of the brand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import (
    IN_CHAT,
    CommandSpec,
    FormChoice,
    FormContent,
    Option,
    Role,
    Step,
    option,
)
from overheard.commands.setup_checklist import SKIPPED, step_after
from overheard.commands.setup_draft import drafted_brand, with_answers
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
    """Return the values of the form of facts, and whether any of them is a suggestion: stored facts
    first, else `suggested`, by the names of fields.
    """
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
    """Store typed facts (`given`, by field) and untrue values (`never`). A changed value keeps the
    earlier ones as outdated; an empty value changes nothing.

    A fact that config.toml declares is not changed. Without any fact, the step is stored as left
    out.
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


async def set_facts(
    deployment: Deployment,
    call: Call,
    *,
    price: Annotated[str, FACT_OPTIONS["price"]] = "",
    free_plan: Annotated[str, FACT_OPTIONS["free plan"]] = "",
    founded: Annotated[str, FACT_OPTIONS["founded"]] = "",
    never: Annotated[Sequence[str], FACT_OPTIONS["never say"]] = (),
) -> Step:
    """Store the typed facts about the brand and return the next step; without any fact, the step is
    stored as left out.
    """
    facts = {"price": price, "free plan": free_plan, "founded": founded}
    await keep_facts(deployment, call, drafted_brand(deployment), facts, never)
    return await step_after(deployment, "setup places")


async def fill_facts(deployment: Deployment, call: Call, **__: object) -> FormContent:
    """Return the form of facts, with stored values and, for the other fields, what models said.
    Raises BadUsage without a brand.
    """
    brand = drafted_brand(deployment)
    draft, _ = await with_answers(deployment, call, brand)
    values, suggested = fact_values(deployment, brand, draft.facts)
    text = "When a model says otherwise, I tell you at once."
    if suggested:
        text += f" Filled in is what {draft.asked or 'answers'} said: please confirm or correct it."
    return FormContent(
        values,
        {"free_plan": [FormChoice("yes", "Yes"), FormChoice("no", "No")]},
        title="3 of 5: Facts",
        text=text,
        submit="Next",
    )


SETUP_FACTS = CommandSpec(
    "setup facts",
    "Say what is true of your brand.",
    set_facts,
    fill=fill_facts,
    examples=("setup facts",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
