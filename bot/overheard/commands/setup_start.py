"""`setup start`: the last step of the set-up in chat: the first check, and whether a model (the
judge) reads tone and facts of the answers.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil
from typing import Annotated

from overheard.cards import wording
from overheard.cards.command import (
    IN_CHAT,
    CommandSpec,
    FormChoice,
    FormContent,
    Role,
    Step,
    option,
    quoted,
)
from overheard.commands.arguments import in_words
from overheard.commands.first_check import ROUND_SIZES
from overheard.commands.setup_checklist import checklist, step_after
from overheard.commands.setup_draft import REPEATS, drafted_brand, price_of_questions
from overheard.config.stored_settings import JUDGE
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Model, Setting
from overheard.runs.quote import PriceQuote
from overheard.scoring.judge import judges, judging_cost_a_year, proposed_judge

API_NOTE = "I ask by API. In the ChatGPT and Claude apps, people may see other answers."


BUDGET_FACTOR = 2
"""The judge's budget of a month, as a multiple of its expected price."""


async def judge_choices(deployment: Deployment, brand: Brand) -> list[FormChoice]:
    """Return the two entries of the question who reads tone and facts of answers: a model with its
    price a year, or rules.

    Return an empty list if there is nothing to choose: config.toml has a judge, or no model with a
    known price can be proposed as one.
    """
    proposal = _proposed_judge_and_price(deployment, brand)
    if proposal is None:
        return []
    stored = await deployment.store.settings.get(JUDGE)
    chosen_in_chat = stored is not None and stored.value.get("model")
    if judges(deployment.plugins.scorers.values()) and not chosen_in_chat:
        return []
    model, usd = proposal
    price = wording.money(usd, about=True)
    return [
        FormChoice("model", f"{deployment.names.name(model)} reads them closely, {price} a year"),
        FormChoice("rules", "Only my own rules, for nothing"),
    ]


async def store_judge_choice(
    deployment: Deployment, call: Call, brand: Brand, *, chosen: bool
) -> None:
    """Store whether a model reads tone and facts of answers.

    The model is the proposed one, and gets a monthly budget of its own: `BUDGET_FACTOR` times its
    expected price, rounded up to whole US dollars. Nothing is stored if a model was chosen before
    and is chosen again, so that it stays the same one, or if none can be proposed.

    Args:
        brand: The brand, whose number of questions determines the price.
        chosen: True for a model, False for rules.
    """
    settings = deployment.store.settings
    value: dict[str, object] = {}
    if chosen:
        proposal = _proposed_judge_and_price(deployment, brand)
        stored = await settings.get(JUDGE)
        is_chosen_already = stored is not None and stored.value.get("model")
        if proposal is None or is_chosen_already:
            return
        model, usd = proposal
        value = {"model": str(model), "budget": float(ceil(BUDGET_FACTOR * usd / 12))}
    await settings.put(Setting(JUDGE, value, call.who, deployment.clock.now()))


def _proposed_judge_and_price(deployment: Deployment, brand: Brand) -> tuple[Model, float] | None:
    """Return the model that is proposed as judge, and what it is expected to cost in US dollars a
    year if the brand is checked weekly at all models. None if no model can be proposed, or if its
    price is not known.
    """
    providers = deployment.plugins.providers
    model = proposed_judge(providers)
    if model is None:
        return None
    prompts = deployment.catalogue.prompts_for(brand.name)
    answers = len(prompts) * REPEATS * len(deployment.plugins.models)
    usd = judging_cost_a_year(model, answers, providers, sheets=1)
    return None if usd is None else (model, usd)


async def start_checks(
    deployment: Deployment,
    call: Call,
    *,
    begin: Annotated[str, option("What I do now.", label="Begin now?")] = "",
    reader: Annotated[
        str, option("A model misses less than rules do.", label="Who reads tone and facts?")
    ] = "",
) -> Step:
    """Store who reads tone and facts, and return what follows: a check at the price that the form
    showed, or the checklist alone.

    Args:
        begin: ``once`` for a check now; ``three`` for a first check, whose three rounds within a
            day show sooner what is normal; ``later`` or empty for the checklist.
        reader: ``model`` or ``rules``; empty leaves it unchanged.
    """
    brand = drafted_brand(deployment.catalogue)
    if reader:
        await store_judge_choice(deployment, call, brand, chosen=reader == "model")
        deployment = await deployment.refreshed()
    after = await step_after(deployment)
    if begin not in {"once", "three"}:
        return after
    price = await _first_price(deployment, brand, begin)
    first = " --first" if begin == "three" else ""
    words = f"check {quoted(brand.name)}{first}"
    return replace(after, run=words, agreed_usd=price.usd if price else 0.0)


async def _first_price(deployment: Deployment, brand: Brand, begin: str) -> PriceQuote | None:
    """Return the price of the first check: of one repeat, or for ``three`` of all repeats of the
    three largest rounds. None if there is nothing to ask.
    """
    repeats = sum(ROUND_SIZES[0]) if begin == "three" else 1
    return await price_of_questions(deployment, brand.name, (), repeats=repeats)


async def fill_start(deployment: Deployment, _: Call, **__: object) -> FormContent:
    """Return the form of the first check: the choices of `start_checks` with their prices, and who
    reads tone and facts, if there is a choice.

    If a check was made already, ``later`` is chosen at first, else ``once``. A model is chosen as
    reader if there is a judge now, else rules.
    """
    brand = drafted_brand(deployment.catalogue)
    labels = {"once": "Once now", "three": "Three times today: I know sooner what is normal"}
    choices = []
    for key, label in labels.items():
        price = await _first_price(deployment, brand, key)
        choices.append(FormChoice(key, f"{label}, {price.short}" if price else label))
    when = [in_words(schedule.cron) for schedule in deployment.catalogue.schedules[:1]]
    choices.append(FormChoice("later", f"Not now: {when[0]}" if when else "Not now"))
    checked = (await checklist(deployment)).steps[-1].done
    readers = await judge_choices(deployment, brand)
    on = bool(judges(deployment.plugins.scorers.values()))
    return FormContent(
        {"begin": "later" if checked else "once", "reader": "model" if on else "rules"},
        {"begin": choices, "reader": readers},
        title="5 of 5: First check",
        text=API_NOTE,
        submit="Done" if checked else "Begin",
    )


SETUP_START = CommandSpec(
    "setup start",
    "Begin with the first check.",
    start_checks,
    fill=fill_start,
    examples=("setup start",),
    role=Role.ADMIN,
    faces=IN_CHAT,
    step=True,
)
