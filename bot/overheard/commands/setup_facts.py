"""`setup facts`: the third step of the set-up in chat, which states what is true of the brand, and
what must never be said of it.
"""

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
from overheard.commands.facts import FACTS
from overheard.commands.setup_checklist import SKIPPED, step_after
from overheard.commands.setup_draft import add_findings_from_answers, drafted_brand
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Catalogue, Fact, Setting

NEVER = "never say"
"""The field of values that are not true of a brand."""
FACT_FIELDS = ("price", "free plan", "founded")
"""The fields of facts for which the form has inputs."""


FACT_OPTIONS: Mapping[str, Option] = {
    "price": option("Such as $14 a month.", label="Lowest price", example="$14 a month"),
    "free plan": option("Whether it can be used for free.", label="Free plan"),
    "founded": option("The year.", label="Founded", example="2010"),
    NEVER: option("Such as discontinued.", label="Never to be said of you"),
}
"""The inputs, by the field of the fact."""


def fact_form_values(
    catalogue: Catalogue, brand: Brand, suggested: Mapping[str, str]
) -> tuple[dict[str, object], bool]:
    """Return the values of the form of facts, by the names of its inputs, and whether any of them
    is only suggested.

    An input has the value of the stored fact, else a suggestion, else it is empty. The input
    ``never`` has the stored values that are not true of the brand.

    Args:
        suggested: Suggested values by field, such as ``price``.
    """
    known = {f.field: f.value for f in catalogue.facts if f.brand == brand.name}
    never = [f.value for f in catalogue.facts if f.brand == brand.name and f.untrue]
    values: dict[str, object] = {"never": never}
    has_suggestion = False
    for field in FACT_FIELDS:
        value = known.get(field) or suggested.get(field, "")
        has_suggestion = has_suggestion or bool(value and field not in known)
        values[field.replace(" ", "_")] = value
    return values, has_suggestion


async def store_facts(
    deployment: Deployment,
    call: Call,
    brand: Brand,
    given: Mapping[str, str],
    never: Sequence[str],
) -> None:
    """Store what was typed in the form of facts.

    A changed value replaces the fact, which keeps the earlier values as outdated. An empty or equal
    value changes nothing. If the brand has no fact and nothing was typed, it is stored that the
    facts were left out.

    Args:
        given: The typed values by field, such as ``price``.
        never: Values that are not true of the brand; those that are stored already are not stored
            again.

    Raises:
        ReadOnly: when config.toml declares a fact with another value; nothing is stored then.
    """
    store, now = deployment.store.catalogue, deployment.clock.now()
    today = now.astimezone(call.zone).date()
    facts = [fact for fact in deployment.catalogue.facts if fact.brand == brand.name]
    changes: list[tuple[Fact, Fact | None]] = []
    for field, typed in given.items():
        value = wording.line(typed).strip()
        before = next((fact for fact in facts if fact.field.casefold() == field), None)
        if not value or (before and before.value == value):
            continue
        fact = Fact(brand.name, field, value, today)
        if before:
            await FACTS.require_own(deployment, before, replace(before, value=value))
            fact = replace(fact, previous=(before.value, *before.previous))
        changes.append((fact, before))
    for fact, before in changes:
        if before:
            await store.remove_fact(before)
        await store.set_fact(fact)
    untrue = {fact.value for fact in facts if fact.untrue}
    for typed in never:
        value = wording.line(typed).strip()
        if value and value not in untrue:
            await store.set_fact(Fact(brand.name, NEVER, value, today))
    nothing_typed = not any(given.values()) and not any(never)
    if not facts and nothing_typed:
        await deployment.store.settings.put(Setting(SKIPPED, {}, call.who, now))


async def set_facts(
    deployment: Deployment,
    call: Call,
    *,
    price: Annotated[str, FACT_OPTIONS["price"]] = "",
    free_plan: Annotated[str, FACT_OPTIONS["free plan"]] = "",
    founded: Annotated[str, FACT_OPTIONS["founded"]] = "",
    never: Annotated[Sequence[str], FACT_OPTIONS[NEVER]] = (),
) -> Step:
    """Store the facts of the form about the brand that is being set up, and return the next step,
    `setup places`. If nothing was typed and there are no facts, it is stored that they were left
    out.

    Args:
        price: The lowest price, such as ``$14 a month``.
        free_plan: ``yes`` or ``no``.
        never: Values that are not true of the brand, such as ``discontinued``.

    Raises:
        ReadOnly: when config.toml declares a fact with another value.
    """
    facts = {"price": price, "free plan": free_plan, "founded": founded}
    await store_facts(deployment, call, drafted_brand(deployment.catalogue), facts, never)
    return await step_after(deployment, "setup places")


async def fill_facts(deployment: Deployment, call: Call, **__: object) -> FormContent:
    """Return the form of facts: stored values, and where none is stored, what models said of the
    brand, to be confirmed.

    Findings in stored answers are added to the draft of the set-up first.
    """
    brand = drafted_brand(deployment.catalogue)
    draft, _ = await add_findings_from_answers(deployment, call, brand)
    values, suggested = fact_form_values(deployment.catalogue, brand, draft.facts)
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
