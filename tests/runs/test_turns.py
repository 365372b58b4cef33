"""Tests of questions with follow-ups: one conversation is one question, asked for real."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.run_house import Analyst
from kit.scripted import Quiet, ScriptedProvider, reply
from kit.shapes import GEMINI, SHAPES, Shape
from kit.vendors import KEY, Reaction, Vendor
from overheard.config.catalogue import PromptTable
from overheard.config.sections import AskingTable, BudgetTable, LimitTable
from overheard.domain import (
    Answer,
    BatchStatus,
    Brand,
    Capabilities,
    Catalogue,
    FailureKind,
    Finish,
    Model,
    Panel,
    Price,
    Prompt,
    Question,
    Run,
    Usage,
    UsualUsage,
    answers_to_turns,
)
from overheard.errors import ProviderFailed, ProviderUnavailable
from overheard.runs.budget import TYPICAL, WORST, Estimate, Tariff
from overheard.runs.call import ProviderCall, with_estimated_cost
from overheard.runs.history_lines import AnswerLine, answer_line
from overheard.runs.limits import Limits, RetryPolicy
from overheard.runs.plan import askable, lay_out, new_run, skip_note
from overheard.runs.quote import NOTHING, Pricing
from overheard.runs.runner import AskingMeans
from overheard.runs.service import PricedAsking, RunService
from overheard.runs.tasks import InlineQueue
from overheard.testing import FixedClock
from overheard.testing.deployment import open_test_store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FIRST, NEXT = "Which tools suit five people?", "Which of these is cheapest?"
TURNED, PLAIN = Prompt(f"{FIRST} >> {NEXT}"), Prompt("Which tool is best?")
MODEL = Model("svc", "m-1")
PRICE = Price(1.0, 10.0, batch=0.5)


class Talking(ScriptedProvider):
    """Takes conversations."""

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all alike
        """Return that it does."""
        return Capabilities(follow_ups=True)


class Selling(Talking):
    """Sells batches as well; `sold` are the questions that were submitted."""

    def __init__(self, *, price: Price) -> None:
        super().__init__(price=price)
        self.sold: list[Question] = []

    def capabilities(self, model: str) -> Capabilities:  # noqa: ARG002 - all alike
        """Return that it does both."""
        return Capabilities(follow_ups=True, batch=True)

    async def submit(self, questions: Mapping[str, Question]) -> str:
        """Take questions."""
        self.sold += questions.values()
        return "b-1"

    async def look(self, batch: str, questions: Mapping[str, Question]) -> BatchStatus:  # noqa: ARG002 - there is one
        """Return all answers."""
        return BatchStatus(1, True, dict.fromkeys(questions, reply("Of the batch.")))

    async def cancel(self, batch: str) -> None:
        """Cancel nothing."""


def pricing(provider: Any, store: Any) -> Pricing:
    """Return what prices the questions to one provider."""

    async def unjudged(*_: object) -> Estimate:
        return NOTHING

    clock = FixedClock(NOON)
    return Pricing(store, {"svc": provider}, BudgetTable(), clock, unjudged, spread=False)


def service(provider: Any, store: Any, limits: Limits | None = None) -> RunService[str]:
    """Return a run service that asks one provider."""
    providers, clock = {"svc": provider}, FixedClock(NOON)
    retries = RetryPolicy(AskingTable(tries=2), first=0.001)
    limits = limits or Limits()
    means = AskingMeans(store, providers, limits, BudgetTable(), retries, clock, Quiet())
    return RunService(means, InlineQueue(), Analyst())


async def asked_once(provider: Any, prompt: Prompt = TURNED) -> tuple[Answer, Any]:
    """Return the answer of one call, and its failure."""
    run = Run("r", NOON, Panel((), (prompt,), (MODEL,)), id=1)
    return await ProviderCall(provider, Question(prompt, MODEL), run, FixedClock(NOON)).make()


@pytest.mark.parametrize("shape", SHAPES, ids=str)
async def test_each_vendor_is_sent_the_conversation_so_far(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question, the model's own answer, and the follow-up, through its real SDK."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    async with Vendor().serving() as vendor:
        word = shape.words[Finish.COMPLETE]
        vendor.reactions = [
            Reaction(shape.answer("Acme and Globex.", word)),
            Reaction(shape.answer("Globex.", word)),
        ]
        provider: Any = shape.provider(vendor.url)
        answer, failure = await asked_once(provider)
        await provider.close()
        first, second = [call.body for call in vendor.calls]

    assert failure is None
    assert (answer.reply.earlier, answer.reply.text) == (("Acme and Globex.",), "Globex.")
    said = [("user", FIRST), ("assistant", "Acme and Globex."), ("user", NEXT)]
    if shape is GEMINI:
        told = [(one["role"], one["parts"][0]["text"]) for one in second["contents"]]
        said[1] = ("model", "Acme and Globex.")
    else:
        sent = second["messages"] if "messages" in second else second["input"]
        told = [(one["role"], one["content"]) for one in sent]
    assert told == said
    assert FIRST in str(first)
    assert NEXT not in str(first)
    assert answer.reply.usage.output_tokens == 40
    assert answer.reply.cost_usd == pytest.approx(2 * (10 * 1e-6 + 20 * 2e-6), rel=0.5)


@pytest.mark.parametrize(
    "broken",
    [
        ProviderFailed(model=MODEL, reason="it broke.", kind=FailureKind.SERVER),
        ProviderFailed(model=MODEL, reason="it broke.", ambiguous=True),
        ProviderUnavailable(provider="svc", reason="it has no key", remedy="set one"),
    ],
)
async def test_a_follow_up_that_fails_leaves_what_the_first_answer_has_cost(
    broken: Exception,
) -> None:
    """The call has no answer, and its money is booked, however the next turn fails."""
    provider, store = Talking(price=PRICE), open_test_store()
    provider.answer = lambda question: (
        broken if question.said else reply("Acme.", cost_usd=0.25, usage=Usage(10, 20))
    )
    answer, failure = await asked_once(provider)
    run = new_run(Panel((), (TURNED,), (MODEL,)), NOON, aside=True)
    await service(provider, store).ask_aside(run)

    assert failure is not None
    assert not failure.retryable
    assert (answer.reply.text, answer.reply.finish) == ("", Finish.FAILED)
    assert (answer.reply.cost_usd, answer.reply.earlier) == (0.25, ("Acme.",))
    assert await store.money.spent() == pytest.approx(0.25)


async def test_a_first_answer_without_a_cost_has_the_price_of_its_usage() -> None:
    """When the follow-up fails; a call that fails at once costs nothing."""
    provider = Talking(price=PRICE)
    broken = ProviderFailed(model=MODEL, reason="it broke.", kind=FailureKind.SERVER)
    for usage, usd in ((Usage(10, 20), PRICE.cost(Usage(10, 20))), (None, None)):
        provider.answer = lambda question, usage=usage: (  # type: ignore[misc] # a default value
            broken if question.said or usage is None else reply("Acme.", cost_usd=None, usage=usage)
        )
        answer, failure = await asked_once(provider)
        priced = with_estimated_cost(answer, failure, Tariff.of(MODEL, {"svc": provider}))

        assert priced.reply.cost_usd == (usd and pytest.approx(usd))


async def test_what_a_judge_quotes_is_no_follow_up() -> None:
    """Its question has a limit, and the text that it quotes may hold anything."""
    provider, question = Talking(), Question(Prompt("Judge: Home >> Tools"), MODEL, limit=50)
    run = Run("r", NOON, Panel((), (), (MODEL,)), id=1)
    await ProviderCall(provider, question, run, FixedClock(NOON)).make()

    assert provider.asked == [question]
    tariff, plain = Tariff(PRICE), Prompt("Judge: Home -- Tools")
    assert tariff.cost(question.prompt, WORST, answer_limit=50) == tariff.cost(
        plain, WORST, answer_limit=50
    )


async def test_turns_may_be_alike_and_empty_ones_are_left_out() -> None:
    """Each is asked once, in its order."""
    provider = Talking()
    answer, _ = await asked_once(provider, Prompt("? >> ?"))

    assert [question.prompt.text for question in provider.asked] == ["?", "?"]
    assert len(answer.reply.earlier) == 1
    assert Prompt("a >>  >> b").turns == ("a", "b")
    assert Prompt("a >> ").turns == ("a",)
    assert Prompt("").turns == ("",)


async def test_a_conversation_counts_as_its_calls_against_the_limits_of_a_minute() -> None:
    """At the model and at its provider."""
    provider, store = Talking(), open_test_store()
    limits = Limits(dict.fromkeys(("svc", "svc/m-1"), LimitTable(requests_per_minute=60)))
    run = new_run(Panel((), (TURNED,), (MODEL,)), NOON, aside=True)
    await service(provider, store, limits).ask_aside(run)

    now = asyncio.get_running_loop().time()
    for limiter in limits.limiters(provider, [MODEL]):
        assert limiter.requests.delay(60, now) > 1


async def test_no_follow_up_is_asked_after_an_answer_that_was_cut() -> None:
    """The conversation ends there, and is not scored."""
    provider = Talking()
    provider.answer = lambda _: reply("Acme an", Finish.CUT)
    answer, _ = await asked_once(provider)

    assert (answer.complete, answer.reply.text, len(provider.asked)) == (False, "Acme an", 1)


async def test_a_conversation_is_stored_with_its_turns_and_read_from_the_last() -> None:
    """Also when it is exported and imported; the text of all turns is there."""
    provider, store = Talking(), open_test_store()
    provider.answer = lambda question: reply("Globex." if question.said else "Acme and Globex.")
    panel = lay_out(Catalogue((Brand("Acme"),), (TURNED, PLAIN)), {"svc": provider})
    result = await service(provider, store).ask_aside(new_run(panel, NOON, aside=True))
    outcome, answers = result
    [kept] = [one for one in answers if one.question.prompt.key == TURNED.key]

    assert outcome.complete == 2
    assert (kept.reply.earlier, kept.reply.text) == (("Acme and Globex.",), "Globex.")
    assert kept.conversation == f"Acme and Globex.\n\n↪ {NEXT}\n\nGlobex."
    line = answer_line(kept, Run("r", NOON))
    read = AnswerLine.model_validate(line).answer(1)
    assert (read.reply.earlier, read.reply.text) == (kept.reply.earlier, kept.reply.text)
    assert answers_to_turns(TURNED, "One text without a line.") == ("One text without a line.",)


async def test_a_model_without_conversations_is_not_asked_and_that_is_said() -> None:
    """In the price, and in a sentence; its other questions are asked, and the run is complete."""
    provider, store = ScriptedProvider(), open_test_store()
    panel = lay_out(Catalogue((Brand("Acme"),), (TURNED, PLAIN)), {"svc": provider})
    run = await store.runs.start(new_run(panel, NOON))
    outcome = await service(provider, store).ask(run)

    assert len(panel) == 1
    assert skip_note(panel) == "1 question is not asked of svc/m-1, which takes no follow-up"
    two = replace(panel, skips=panel.skips | {("other", "svc/m-2")})
    note = "2 questions are not asked of m-1 and m-2, which take no follow-up"
    assert skip_note(two, lambda model: model.name) == note
    priced = replace(pricing(provider, store), name=lambda _: "Gemini")
    assert (await priced.quote(new_run(panel, NOON))).price.endswith(
        "; 1 question is not asked of Gemini, which takes no follow-up"
    )
    assert [one.prompt for one in provider.asked] == [PLAIN]
    assert outcome.state == "complete"
    stored = await store.runs.get(run.id)
    assert stored is not None
    assert stored.panel == panel


async def test_a_command_is_not_priced_what_it_does_not_ask() -> None:
    """Its panel has a follow-up that the model does not take."""
    provider, store = ScriptedProvider(price=PRICE), open_test_store()
    asking = PricedAsking(
        pricing(provider, store),
        service(provider, store),
        lambda panel: new_run(askable(panel, {"svc": provider}), NOON, aside=True),
        Counter(),
        agreed=True,
    )
    panel = Panel((), (TURNED, PLAIN), (MODEL,))
    needed = await asking.quote(panel)
    asked = await asking.ask(panel)

    assert needed.price.startswith("1 question for")
    assert asking.priced.total() == 0
    assert [one.question.prompt for one in asked.answers] == [PLAIN]


def test_the_price_of_a_conversation_counts_the_answers_that_are_sent_again() -> None:
    """Two answers, and the question twice, with the first answer in the second call."""
    providers: dict[str, Any] = {"svc": Talking(price=PRICE)}
    tokens = round(len(TURNED.text) / 3) + 50
    both = (2 * tokens + TYPICAL.answer) * 1e-6 + 2 * TYPICAL.answer * 10e-6

    used = UsualUsage(3, input_tokens=tokens, output_tokens=TYPICAL.answer)
    tariff = Tariff.of(MODEL, providers)
    assert tariff.cost(TURNED, TYPICAL) == pytest.approx(both)
    assert tariff.usual_cost(TURNED, used) == pytest.approx(both)
    task = replace(tariff, able=Capabilities(follow_ups=True, batch=True, batch_only=True))
    assert task.usual_cost(TURNED, used) == PRICE.cost(Usage(tokens, TYPICAL.answer))


async def test_in_a_batch_conversations_are_asked_beside_it() -> None:
    """The vendor's batch has the other questions, and every question has one answer."""
    provider, store = Selling(price=PRICE), open_test_store()
    provider.answer = lambda question: reply(f"Answer {len(question.said)}.")
    catalogue = Catalogue((Brand("Acme"),), (TURNED, PLAIN))
    panel = replace(lay_out(catalogue, {"svc": provider}), batch=True)
    quote = await pricing(provider, store).quote(new_run(panel, NOON))
    result = await service(provider, store).execute(quote)
    answers = {one.question.prompt: one.reply async for one in store.answers.stream()}

    assert result.outcome.complete == 2
    assert [question.prompt.text for question in provider.asked] == [FIRST, NEXT]
    assert [question.prompt for question in provider.sold] == [PLAIN]
    assert {prompt: one.text for prompt, one in answers.items()} == {
        TURNED: "Answer 2.",
        PLAIN: "Of the batch.",
    }
    tariff = Tariff.of(MODEL, {"svc": provider})
    both = tariff.cost(PLAIN, TYPICAL, batch=True) + tariff.cost(TURNED, TYPICAL)
    assert quote.asking.typical == pytest.approx(both)


def test_the_configuration_says_what_is_asked_then() -> None:
    """Each follow-up is one more turn of the same question."""
    table = PromptTable(text=FIRST, then=(NEXT, "And for ten people?"))
    [prompt] = table.prompts(())

    assert prompt.turns == (FIRST, NEXT, "And for ten people?")
    assert prompt.key != Prompt(FIRST).key
