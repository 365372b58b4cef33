"""The judge of the set-up in chat: a model that reads tone and facts, switched on by a yes."""

from __future__ import annotations

from math import ceil

from overheard.cards import wording
from overheard.cards.command import Choice
from overheard.commands.setup_draft import REPEATS
from overheard.config.stored import JUDGE
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, Model, Setting
from overheard.scoring.judge import judges, judging_cost_a_year, proposed_judge

HEADROOM = 2
"""The judge's budget of a month, as a multiple of what it is expected to cost."""


async def judge_choices(deployment: Deployment, brand: Brand) -> list[Choice]:
    """Return whether a model reads tone and facts, as entries of a form, the model with its price.

    Empty where config.toml has a judge, and where no configured model is proposed.
    """
    found, kept = _proposal(deployment, brand), await deployment.store.settings.get(JUDGE)
    of_chat = kept is not None and kept.value.get("model")
    if found is None or (judges(deployment.plugins.scorers.values()) and not of_chat):
        return []
    model, usd = found
    price = wording.money(usd, about=True)
    return [
        Choice("model", f"{deployment.names.name(model)} reads them closely, {price} a year"),
        Choice("rules", "Only my own rules, for nothing"),
    ]


async def keep_judge(deployment: Deployment, call: Call, brand: Brand, *, chosen: bool) -> None:
    """Store whether a model reads tone and facts; what was chosen before with a model stays.

    Its budget is twice what it is expected to cost in a month, in whole dollars.
    """
    settings, found = deployment.store.settings, _proposal(deployment, brand)
    kept = await settings.get(JUDGE)
    if chosen and (found is None or (kept and kept.value.get("model"))):
        return
    value: dict[str, object] = {}
    if chosen and found:
        model, usd = found
        value = {"model": str(model), "budget": float(ceil(HEADROOM * usd / 12))}
    await settings.put(Setting(JUDGE, value, call.who, deployment.clock.now()))


def judge_in_words(deployment: Deployment) -> str:
    """Return who reads tone and facts, as a sentence; empty without a judge."""
    found = judges(deployment.plugins.scorers.values())
    return f"{deployment.names.name(found[0].model)} reads tone and facts." if found else ""


def _proposal(deployment: Deployment, brand: Brand) -> tuple[Model, float] | None:
    """Return the model that is proposed, and what it costs a year in US dollars; or None."""
    providers = deployment.plugins.providers
    model = proposed_judge(providers)
    if model is None:
        return None
    models = sum(len(provider.models()) for provider in providers.values())
    answers = len(deployment.catalogue.prompts_for(brand.name)) * REPEATS * models
    usd = judging_cost_a_year(model, answers, providers, sheets=1)
    return None if usd is None else (model, usd)
