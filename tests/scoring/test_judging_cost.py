"""Tests of what it would cost to have answers judged."""

from datetime import UTC, datetime

import pytest

from kit.scripted import ScriptedProvider
from overheard.domain import Account, Model, Price, ReservationRequest, Run
from overheard.runs.budget import Estimate
from overheard.scoring.judge import (
    GOLD_TEXTS,
    LARGEST_REQUEST,
    READ_SHARE,
    REQUEST,
    channel_of,
    judging_cost,
    judging_cost_a_year,
    proposed_judge,
)
from overheard.testing.deployment import open_test_store
from overheard_judge.gold import rehearsals
from overheard_judge.requests import reading_request
from overheard_judge.scorer import JudgeSettings, ModelJudge
from overheard_openai.provider import OpenAIProvider, OpenAISettings

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PRICE = Price(1.0, 2.0)


class Bench:
    """A judge with a store and a provider for its model."""

    def __init__(self, budget: float = 1000.0, share: float = READ_SHARE) -> None:
        self.judge = ModelJudge(JudgeSettings(model="svc/m-1", budget=budget, share=share))
        self.store = open_test_store()

    async def cost(self, answers: int, price: Price | None = PRICE) -> Estimate:
        """Price some answers."""
        providers = {"svc": ScriptedProvider("svc", price=price)}
        return await judging_cost([self.judge], providers, self.store, answers, NOW)


@pytest.mark.parametrize(("share", "read"), [(1.0, 100), (0.1, 10), (0.004, 1)])
async def test_the_share_that_is_read_is_priced_with_the_gold_texts(
    share: float, read: int
) -> None:
    """One request an answer."""
    bench = Bench(share=share)
    found = await bench.cost(100)

    calls = read + len(bench.judge.rehearsals)
    assert found.calls == calls
    assert found.typical == pytest.approx(calls * PRICE.cost(REQUEST))
    assert found.worst == pytest.approx(calls * PRICE.cost(LARGEST_REQUEST))


async def test_a_request_is_no_larger_than_is_reckoned() -> None:
    """That about the longest answer that is sent, by four characters a token."""
    text, _ = reading_request("word " * 4_000, ["Acme", "Zeta", "Umbra", "Globex"])
    assert len(text) / 4 < LARGEST_REQUEST.input_tokens
    usual, _ = reading_request("word " * 360, ["Acme", "Zeta", "Umbra", "Globex"])
    assert 0.8 * REQUEST.input_tokens < len(usual) / 4 < REQUEST.input_tokens


async def test_a_judge_spends_no_more_than_is_left_of_its_budget() -> None:
    """Of this month; what it has under way is not left."""
    bench = Bench(budget=0.5)
    account = Account("channel", channel_of(bench.judge), "2026-11")
    run = await bench.store.runs.start(Run("judging", NOW))
    await bench.store.money.reserve(run.id, [ReservationRequest(account, 0.4, 0.5)])
    found = await bench.cost(1_000_000)

    assert found.typical == found.worst == pytest.approx(0.1)


async def test_without_answers_nobody_is_asked_and_an_unknown_price_is_said() -> None:
    """Not even the gold texts are."""
    assert (await Bench().cost(0)).free
    found = await Bench().cost(1, price=None)
    assert found.unknown == (Model("svc", "m-1"),)
    assert not found.free


def test_a_judge_has_a_price_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """30 questions, 3 repeats, 4 models, weekly: dollars, not hundreds."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    settings = OpenAISettings(models=("gpt-6.2-sol",))  # type: ignore[call-arg] # the key is read from the environment
    providers = {"openai": OpenAIProvider("openai", settings)}
    model = proposed_judge(providers)
    assert str(model) == "openai/gpt-6-luna"
    usd = judging_cost_a_year(Model("openai", "gpt-6-luna"), 360, providers)
    assert usd == pytest.approx(1.5, abs=1.0)
    assert judging_cost_a_year(Model("openai", "unheard-of"), 360, providers) is None
    assert proposed_judge({}) is None
    assert len(rehearsals()) == GOLD_TEXTS
