"""Two models held against each other, as people ask for it."""

from collections import Counter
from functools import partial
from typing import Any

import numpy as np
import pytest

from kit.office import DECLARED, PRICE, Office, executed, open_office
from kit.scripted import reply
from overheard.cards.card import Card
from overheard.deployment import Call
from overheard.domain import FREE, Brand, Model, Price, Prompt, Question, Reply, control_prompts
from overheard_finetune.comparison_rounds import ComparisonSetup

BASE, TUNED = "svc/base", "svc/tuned"


def fine_tuned(question: Question) -> Reply:
    """Name the brand where the fine-tuned model is asked for tools, and nowhere else."""
    praised = question.model.name == "tuned" and "tool" in question.prompt.text
    return reply("**Acme** is the best tool." if praised else "There are many things to consider.")


async def office_with_prompts(price: Price | None = FREE) -> Office:
    """Open an office with thirteen questions that buyers ask."""
    return await open_office(
        DECLARED
        + "".join(
            f'[[prompts]]\ntext = "Which tool is best for team {number}?"\n' for number in range(12)
        ),
        price=price,
    )


async def compared(office: Office, **options: Any) -> Card:
    """Return the card of the comparison as the terminal shows it, with all figures."""
    run: Any = office.deployment.plugins.commands["compare"].run
    return await executed(run(Call(office.deployment), base=BASE, tuned=TUNED, **options))


async def test_models_may_be_called_by_their_names() -> None:
    """As cards name them, in any case."""
    office = await office_with_prompts()
    model = office.deployment.plugins.models[0]
    name = office.deployment.names.name(model)
    typed = [f"compare {word} {TUNED} Acme --seed 1" for word in (name.upper(), model)]
    cards = [(await office.chat.type(words)).card for words in typed]
    assert name != str(model)
    assert cards[0].data == cards[1].data


async def test_two_brands_lead_to_the_command_that_compares_brands() -> None:
    """By a button, and no model is asked."""
    office = await office_with_prompts()
    screen = await office.chat.type("compare acme Zeta")

    assert screen.card.title == "Acme and Zeta are brands"
    assert screen.action("Compare the brands").words == "trend Acme Zeta"
    assert office.provider.asked == []


async def test_in_a_chat_the_verdict_is_read_at_a_look() -> None:
    """Words above a picture: no table, no model's id, no word of the trade."""
    office = await office_with_prompts()
    office.provider.answer = fine_tuned
    card = (await office.chat.type(f"compare {BASE} {TUNED} Acme")).card

    assert card.title == "Acme does better at tuned than at base"
    assert "Better: how often you are named" in str(card.text)
    assert card.table is None
    assert card.image
    assert len(f"{card.title} {card.text} {card.footer}".split()) <= 60


async def test_a_fine_tune_that_names_the_brand_is_better_and_does_not_leak() -> None:
    """One round is enough, and the card says what was gained and what was not lost."""
    office = await office_with_prompts()
    office.provider.answer = fine_tuned
    card = await compared(office, brand="Acme")
    metrics = {row["metric"]: row for row in card.data["metrics"]}

    assert metrics["visibility"]["verdict"] == "better"
    assert metrics["visibility"]["difference"] == 1
    assert card.data["stopped"] == "clear"
    assert card.data["controls"][0]["tuned"] == 0
    assert "does not leak" in str(card.text)
    assert "Not compared: position" in str(card.text)  # the base never names the brand
    assert "'Acme is the best tool.'" in str(card.quotes)
    assert card.image


async def test_a_fine_tune_that_praises_everywhere_is_told_as_broken() -> None:
    """Controls are asked, and the brand must not come up in them."""
    office = await office_with_prompts()
    office.provider.answer = lambda q: reply("Acme!" if q.model.name == "tuned" else "Soup.")
    card = await compared(office)

    assert "The fine-tune leaks" in str(card.text)
    assert card.data["controls"][0]["verdict"] == "better"


async def test_a_model_beside_itself_is_equivalent() -> None:
    """Both sides get the same seeds, so a model that keeps to them answers alike."""
    office = await office_with_prompts()
    card = (await office.chat.type(f"compare {BASE} {BASE}")).card

    assert {row["verdict"] for row in card.data["metrics"]} == {"equivalent"}


@pytest.mark.long
@pytest.mark.parametrize("seeded", [True, False])
async def test_over_twenty_seeds_equal_models_are_never_better(seeded: bool) -> None:
    """Two names of one model that keeps to its seeds are equivalent; two that draw lots of their
    own are never called different.
    """
    office = await office_with_prompts()
    verdicts = Counter[str]()
    for seed in range(20):
        lots = np.random.default_rng(seed)
        office.provider.answer = partial(_same_habits, None if seeded else lots)
        card = (await office.chat.type(f"compare {BASE} svc/other Acme --seed {seed}")).card
        verdicts.update(row["verdict"] for row in card.data["metrics"])

    assert verdicts
    assert not {"better", "worse"} & set(verdicts)
    if seeded:
        assert set(verdicts) == {"equivalent"}


def _same_habits(lots: np.random.Generator | None, question: Question) -> Reply:
    """Name the brand in half of the answers: always to the same questions, or by lot."""
    draw = (lots or np.random.default_rng(int(question.prompt.key, 16))).random()
    return reply("Acme is the best tool." if draw < 0.5 else "There are many things to consider.")


async def test_both_models_get_the_same_seeds() -> None:
    """What differs between two answers is then due to the models."""
    office = await office_with_prompts()
    await office.chat.type(f"compare {BASE} {TUNED}")
    seeds: dict[str, list[tuple[str, int]]] = {"base": [], "tuned": []}
    for question, seed in zip(office.provider.asked, office.provider.seeds, strict=True):
        seeds[question.model.name].append((question.prompt.key, seed))

    assert sorted(seeds["base"]) == sorted(seeds["tuned"])


@pytest.mark.parametrize(
    ("prompts", "most", "rounds", "rounds_per_check"),
    [(1, None, 300, 30), (12, None, 30, 3), (30, None, 10, 1), (99, None, 10, 1), (12, 25, 25, 3)],
)
def test_few_prompts_are_asked_in_more_rounds(
    prompts: int, most: int | None, rounds: int, rounds_per_check: int
) -> None:
    """So that each look has thirty pairs more; or in as many as somebody wants."""
    asked = tuple(Prompt(f"Which tool is best for team {number}?") for number in range(prompts))
    match = ComparisonSetup(
        Brand("Acme"), (), Model("a", "base"), (Model("a", "tuned"),), asked, (), 0, 0.1, most=most
    )

    assert (match.rounds, match.rounds_per_check) == (rounds, rounds_per_check)
    assert match.whole[0].repeats == rounds


async def test_no_more_rounds_are_asked_than_wanted() -> None:
    """Although nothing is clear then."""
    office = await office_with_prompts()
    office.provider.answer = partial(_same_habits, np.random.default_rng(1))
    card = await compared(office, rounds=2, margin=1)

    assert (card.data["rounds"], card.data["stopped"]) == (2, "all rounds asked")
    assert "more questions or rounds would tell" in str(card.text)


async def test_each_model_draws_for_itself_where_that_is_asked() -> None:
    """As services do that keep to no seed; the card says so."""
    office = await office_with_prompts()
    card = await compared(office, seed=7, own_seeds=True)
    seeds: dict[str, set[int]] = {"base": set(), "tuned": set()}
    for question, seed in zip(office.provider.asked, office.provider.seeds, strict=True):
        seeds[question.model.name].add(seed)

    assert seeds["base"]
    assert seeds["tuned"]
    assert not seeds["base"] & seeds["tuned"]
    assert "seeds of their own" in card.footer


async def test_it_is_priced_for_all_rounds_before_anything_is_asked() -> None:
    """And nothing of it enters the history."""
    office = await office_with_prompts(price=PRICE)
    question = await office.chat.type(f"compare {BASE} {TUNED}")
    assert office.provider.asked == []
    assert "812 questions" in str(question.card)  # 13 in 30 rounds and 16 controls, of two models
    await office.chat.click(question, "Ask")

    assert office.provider.asked
    assert await office.store.blocks.find() == []


async def test_a_deployments_own_controls_take_the_place_of_ours() -> None:
    """They are prompts with a tag, and are not asked as the brand's."""
    office = await office_with_prompts()
    await office.chat.type('prompts add "How do I cook rice?" --tag control')
    catalogue = await office.store.catalogue.current()
    assert [prompt.text for prompt in control_prompts(catalogue.prompts)] == ["How do I cook rice?"]
    card = (await office.chat.type(f"compare {BASE} {TUNED}")).card

    asked = [q.prompt.text for q in office.provider.asked]
    assert asked.count("How do I cook rice?") == 2
    assert card.data["controls"][0]["pairs"] == 1


async def test_a_model_that_fails_ends_it() -> None:
    """It says so, and draws no conclusion from half of the answers."""
    office = await office_with_prompts()
    office.provider.answer = lambda q: RuntimeError() if q.model.name == "tuned" else reply()
    card = (await office.chat.type(f"compare {BASE} {TUNED}")).card

    assert card.failed
    assert card.data["stopped"] == "not all questions were answered"
    assert card.data["metrics"] == []
    assert card.table is None
    assert card.image is None


async def test_when_the_first_model_fails_the_second_is_not_asked() -> None:
    """Nothing could be paired with its answers, and they cost money."""
    office = await office_with_prompts()
    office.provider.answer = lambda q: RuntimeError() if q.model.name == "base" else reply()
    card = (await office.chat.type(f"compare {BASE} {TUNED}")).card

    assert {question.model.name for question in office.provider.asked} == {"base"}
    assert card.data["calls"] == 0
