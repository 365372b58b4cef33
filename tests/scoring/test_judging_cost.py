"""Tests of what it would cost to have answers judged."""

from datetime import UTC, datetime

import pytest

from kit.scripted import ScriptedProvider
from overheard.domain import Account, Model, Price, Prompt, ReservationRequest, Run
from overheard.runs.budget import TYPICAL, WORST, AnswerTokens, Estimate, question_tokens
from overheard.scoring.judge import (
    GOLD_TEXTS,
    channel_of,
    judging_cost,
    judging_cost_a_year,
    proposed_judge,
)
from overheard.testing.deployment import open_test_store
from overheard_judge.gold import rehearsals
from overheard_judge.scorer import JudgeSettings, ModelJudge
from overheard_openai.provider import OpenAIProvider, OpenAISettings

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PRICE = Price(1.0, 2.0)


class Bench:
    """A judge with a store and a provider for its model."""

    def __init__(self, budget: float = 1000.0) -> None:
        self.judge = ModelJudge(JudgeSettings(model="svc/m-1", budget=budget))
        self.store = open_test_store()

    async def cost(self, answers: int, sheets: int = 0, price: Price | None = PRICE) -> Estimate:
        """Price some answers."""
        providers = {"svc": ScriptedProvider("svc", price=price)}
        return await judging_cost([self.judge], answers, sheets, providers, self.store, NOW)

    def usd(self, calls: int, size: AnswerTokens) -> float:
        """Return what should come out: each holds an answer and gets one, after the gold."""
        gold = [question_tokens(Prompt(text)) for text in self.judge.rehearsals]
        sent = calls * (max(gold) + size.answer) + sum(gold)
        received = (calls + len(gold)) * size.answer
        return (sent * PRICE.input + received * PRICE.output) / 1e6


@pytest.mark.parametrize(("sheets", "each"), [(0, 1), (2, 3)])
async def test_each_answer_is_judged_once_and_once_more_for_each_fact_sheet(
    sheets: int, each: int
) -> None:
    """The gold texts come before them."""
    bench = Bench()
    found = await bench.cost(10, sheets)

    assert found.calls == 10 * each + len(bench.judge.rehearsals)
    assert found.typical == pytest.approx(bench.usd(10 * each, TYPICAL))
    assert found.worst == pytest.approx(bench.usd(10 * each, WORST))


async def test_a_judge_spends_no_more_than_is_left_of_its_budget() -> None:
    """Of this month; what it has under way is not left."""
    bench = Bench(budget=0.5)
    account = Account("channel", channel_of(bench.judge), "2026-11")
    run = await bench.store.runs.start(Run("judging", NOW))
    await bench.store.money.reserve(run.id, [ReservationRequest(account, 0.4, 0.5)])
    found = await bench.cost(1000)

    assert found.typical == found.worst == pytest.approx(0.1)


async def test_without_answers_nobody_is_asked_and_an_unknown_price_is_said() -> None:
    """Not even the gold texts are."""
    assert (await Bench().cost(0)).free
    found = await Bench().cost(1, price=None)
    assert found.unknown == (Model("svc", "m-1"),)
    assert not found.free


def test_a_judge_has_a_price_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """30 questions, 3 repeats, 4 models, weekly, with one fact sheet: dollars, not hundreds."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    settings = OpenAISettings(models=("gpt-6.2-sol",))  # type: ignore[call-arg] # the key is read from the environment
    providers = {"openai": OpenAIProvider("openai", settings)}
    model = proposed_judge(providers)
    assert str(model) == "openai/gpt-6-luna"
    usd = judging_cost_a_year(Model("openai", "gpt-6-luna"), 360, providers, sheets=1)
    assert usd == pytest.approx(12.5, abs=1.0)
    assert judging_cost_a_year(Model("openai", "unheard-of"), 360, providers) is None
    assert proposed_judge({}) is None
    assert len(rehearsals()) == GOLD_TEXTS
