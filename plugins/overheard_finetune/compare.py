"""`compare`: do models represent a brand better than a base model, such as its fine-tunes?"""

import secrets
from collections.abc import Sequence
from typing import Annotated

from overheard import (
    Action,
    Brand,
    Card,
    CommandSpec,
    Kind,
    Role,
    View,
    argument,
    fitting,
    option,
    quoted,
    unknown_name,
)
from overheard_finetune.comparison_cards import comparison_card
from overheard_finetune.comparison_rounds import ComparisonSetup, ModelComparison
from overheard_finetune.comparison_verdicts import MARGIN
from overheard_finetune.errors import NothingAsked

SEED_BITS = 31
"""Bits of a random seed, which then fits into 32 bits with a sign."""


async def compare(
    view: View,
    *,
    base: Annotated[str, argument("The model to compare with.", Kind.MODEL)],
    tuned: Annotated[str, argument("The other model.", Kind.MODEL)],
    more: Annotated[Sequence[str], argument("Further models, or the brand.", word="more")] = (),
    brand: Annotated[str, option("The brand; without one, the first.", Kind.BRAND)] = "",
    margin: Annotated[
        float, option("Points of a rate within which two models are equivalent.", low=1, high=50)
    ] = MARGIN * 100,
    seed: Annotated[int | None, option("Base of the sampling seeds.", low=0)] = None,
    own_seeds: Annotated[bool, option("Let each model draw for itself.")] = False,
    rounds: Annotated[int | None, option("How many rounds may be asked.", low=1, high=200)] = None,
    agreed: bool = False,
) -> Card:
    """Compare models with a base model by the same questions, round by round, until the headline of
    each is settled or the rounds are used up; return the card. The answers are stored and charged,
    outside the history.

    Args:
        base: The base model, as ``provider/model`` or by its name.
        tuned: The other model; if it is the base again, two shares of its answers are compared.
        more: Further models; a name of a brand is that of the brand.
        brand: The brand; empty means the first that is tracked.
        margin: Differences of a rate up to this many points (of 100) count as equivalent.
        seed: Base of the sampling seeds; None draws a random number.
        rounds: The largest number of rounds; None for ten, or more with few prompts.
        agreed: Whether a person has agreed to the price.

    Raises:
        ConfirmationNeeded: until a person has agreed, with the price of all rounds.
        UnknownName: for a brand or a provider that does not exist.
        NothingAsked: when there is no tracked brand, or no question for the brand.
        BudgetExceeded: when the budget does not cover all rounds.
    """
    named = [view.catalogue.brand(name) for name in (base, tuned)]
    if all(named):
        return _brands_card(*(found.name for found in named if found))
    brands = [word for word in more if view.catalogue.brand(word)]
    measured = _find_brand(view, brand or next(iter(brands), ""))
    prompts = view.catalogue.prompts_for(measured.name)
    candidates = [view.find_model(word) for word in (tuned, *more) if word not in brands]
    setup = ComparisonSetup(
        brand=measured,
        rivals=view.catalogue.rivals(measured.name),
        base=view.find_model(base),
        candidates=tuple(dict.fromkeys(candidates)),
        prompts=tuple(prompt for prompt in prompts if not prompt.is_control),
        controls=view.catalogue.controls,
        seed=secrets.randbits(SEED_BITS) if seed is None else seed,
        margin=margin / 100,
        own_seeds=own_seeds,
        most=rounds,
    )
    if not setup.prompts:
        raise NothingAsked(brand=measured.name)
    if not agreed:
        raise await view.quote(*setup.whole)
    return await comparison_card(view, setup, await ModelComparison(setup, view).play())


def _brands_card(brand: str, other: str) -> Card:
    """Return the card that says which command compares two brands."""
    return Card(
        title=f"{brand} and {other} are brands",
        text="This compares models. Brands are compared by what models have answered.",
        actions=fitting(Action(f"trend {quoted(brand)} {quoted(other)}", "Compare the brands")),
    )


def _find_brand(view: View, name: str) -> Brand:
    """Return a brand by its name or alias; for an empty name the first that is tracked."""
    brands = view.catalogue.brands
    if name:
        found = view.catalogue.brand(name)
        if found is None:
            raise unknown_name("brand", name, [brand.name for brand in brands])
        return found
    tracked = next((brand for brand in brands if brand.tracked), None)
    if tracked is None:
        raise NothingAsked(brand="any brand")
    return tracked


COMPARE = CommandSpec(
    "compare",
    "Ask models the same, and see which of them represents a brand better.",
    compare,
    section="Fine-tuning",
    role=Role.OPERATOR,
    spends=True,
    examples=(
        "compare local/base local/tuned",
        "compare openai/gpt-5.4-mini anthropic/claude-sonnet-5-5 Acme",
    ),
    opens=False,
    chart="",
)
