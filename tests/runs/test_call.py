"""Tests of one call: what becomes of a reply, and what it is taken to have cost."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.scripted import ScriptedProvider, reply
from overheard.domain import (
    FREE,
    Answer,
    FailureKind,
    Finish,
    Model,
    Panel,
    Price,
    Prompt,
    Question,
    Reply,
    Run,
    Usage,
    UsualUsage,
)
from overheard.errors import OverheardError, PluginPaused, ProviderFailed, ProviderUnavailable
from overheard.plugins import GuardedProvider
from overheard.plugins.guard import Guard, Guards
from overheard.runs.budget import Tariff
from overheard.runs.call import (
    CALL_TIMEOUT_S,
    ESTIMATE_NOTE,
    NO_ANSWER,
    CallCounters,
    ProviderCall,
    checked_reply,
    sampling_seed,
    with_estimated_cost,
)
from overheard.testing import FixedClock

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PROMPT = Prompt("x" * 300, language="en")
ASKED = Question(PROMPT, Model("svc", "m-1"))
RUN = Run("r", NOON, Panel(("Acme",), (PROMPT,), (ASKED.model,), seed=5), id=7)
GERMAN = "Das ist ein gutes Werkzeug für kleine Teams, und es kostet nicht viel im Monat. " * 5


def failure(kind: FailureKind = FailureKind.SERVER, *, ambiguous: bool = False) -> ProviderFailed:
    """Return a failure of the service."""
    return ProviderFailed(model=ASKED.model, reason="it broke.", kind=kind, ambiguous=ambiguous)


class Told(OverheardError):
    """A problem that is no failure of the service."""

    message = "It is told."


async def made(
    answer: object, question: Question = ASKED, *, guarded: bool = False
) -> tuple[Answer, ProviderFailed | None, bool]:
    """Return the answer of a call, its failure, and whether the reply could not be read."""
    provider = ScriptedProvider()
    provider.answer = lambda _: answer
    asked = (
        GuardedProvider(
            provider, Guards(Guard("", module="overheard_svc", remedy="ask its author"))
        )
        if guarded
        else provider
    )
    call = ProviderCall(asked, question, RUN, FixedClock(NOON))
    return *await call.make(), call.unread


async def test_an_answer_has_its_question_its_run_and_its_times() -> None:
    """When it was asked by the calendar, and how long it took by the clock of the event loop."""
    provider = ScriptedProvider()
    provider.pause = 0.02
    call = ProviderCall(provider, ASKED, RUN, FixedClock(NOON))
    answer, failed = await call.make()

    assert failed is None
    assert (answer.run_id, answer.question, answer.asked_at, answer.error) == (7, ASKED, NOON, "")
    assert answer.reply.text == "Acme is good."
    assert answer.latency == call.ended - call.begun >= 0.02
    assert provider.seeds == [sampling_seed(RUN, ASKED)]


FAULT = "The provider svc fails ("
EMPTY = "svc returned an empty answer; try again later."


@pytest.mark.parametrize("guarded", [False, True])
@pytest.mark.parametrize(
    ("said", "finish", "error"),
    [
        (reply("Acme is good."), Finish.COMPLETE, ""),
        (reply("Acme is", Finish.LENGTH), Finish.LENGTH, ""),
        (reply("", Finish.CUT), Finish.CUT, ""),
        (reply(" \u200b"), Finish.FAILED, EMPTY),
        (reply("Acme.", Finish.FAILED), Finish.FAILED, EMPTY),
        (reply(GERMAN), Finish.FOREIGN, ""),
        (reply(GERMAN, Finish.CUT), Finish.CUT, ""),
    ],
)
async def test_a_reply_is_what_a_reader_can_read_of_it(
    said: Reply, finish: Finish, error: str, *, guarded: bool
) -> None:
    """Nothing visible is no answer, and another language is none to score."""
    answer, failed, unread = await made(said, guarded=guarded)

    assert (answer.reply.finish, answer.error) == (finish, error)
    assert answer.reply == replace(said, finish=finish)
    assert (failed, unread) == (None, False)


@pytest.mark.parametrize(
    ("said", "error", "unread"),
    [
        (3, f"{FAULT}", True),
        (KeyError("secret"), f"{FAULT}KeyError)", True),
        (SystemExit(3), f"{FAULT}SystemExit)", True),
        (Told(), "It is told.", True),
        (PluginPaused(part="svc", problem="is paused"), "svc is paused.", False),
        (asyncio.CancelledError(), f"{FAULT}it cancels its own call)", False),
    ],
)
async def test_a_fault_of_a_plugin_is_an_answer_that_says_so(
    said: object, error: str, *, unread: bool
) -> None:
    """Where the service may have been asked, the reply could not be read."""
    answer, failed, unread_then = await made(said)

    assert answer.reply is NO_ANSWER
    assert answer.error.startswith(error)
    assert answer.error
    assert (failed, unread_then) == (None, unread)


async def test_what_the_service_reports_is_returned_and_what_cannot_be_used_is_raised() -> None:
    """A failure is the error of its answer."""
    broken = failure()
    answer, failed, unread = await made(broken)
    assert failed is broken
    assert (answer.error, answer.reply, unread) == (str(broken), NO_ANSWER, False)
    with pytest.raises(ProviderUnavailable):
        await made(ProviderUnavailable(provider="svc", reason="x", remedy="y"))


async def test_a_call_without_a_sign_of_life_ends_after_ten_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may be charged all the same."""
    assert CALL_TIMEOUT_S == 600.0
    monkeypatch.setattr("overheard.runs.call.CALL_TIMEOUT_S", 0.02)
    answer, failed, unread = await made(asyncio.sleep(60))

    assert failed is not None
    assert (failed.kind, failed.ambiguous, unread) == (FailureKind.TIMEOUT, True, False)
    assert "it gave no sign of life for 0 s" in answer.error


async def test_a_call_of_a_run_that_ends_is_cancelled_with_it() -> None:
    """That is no fault of the plugin."""
    task = asyncio.create_task(made(asyncio.sleep(60)))
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.wait({task})

    assert task.cancelled()


PRICE = Price(1.0, 10.0)
USUAL = (150 * 1 + 400 * 10) / 1e6
"""A question of 300 characters and 50 tokens more, and 400 tokens of an answer."""


def booked(said: Reply, failed: ProviderFailed | None, price: Price | None, **more: Any) -> Answer:
    """Return an answer with its estimated cost."""
    answer = Answer(7, ASKED, said, NOON, error="It broke." if failed else "")
    return with_estimated_cost(answer, failed, Tariff(price), **more)


@pytest.mark.parametrize(
    ("said", "failed", "price", "usd"),
    [
        (reply(cost_usd=0.5), None, PRICE, 0.5),
        (reply(cost_usd=0.0), None, FREE, 0.0),
        (reply(cost_usd=0.0), None, None, 0.0),
        (reply(cost_usd=None), None, FREE, None),
        (reply(cost_usd=None), None, None, None),
        (reply(cost_usd=0.0, usage=Usage(100, 20)), None, PRICE, 300e-6),
        (reply("x" * 60, cost_usd=0.0, usage=Usage(0, 20)), None, PRICE, USUAL),
        (reply("x" * 60, cost_usd=None, usage=Usage(100, 20)), None, PRICE, USUAL),
        (reply("x" * 60, cost_usd=None), None, PRICE, USUAL),
        (reply("x" * 3000, cost_usd=None), None, PRICE, (150 + 10_000) / 1e6),
        (NO_ANSWER, failure(), PRICE, None),
        (NO_ANSWER, failure(ambiguous=True), PRICE, USUAL),
        (NO_ANSWER, failure(FailureKind.MALFORMED), PRICE, USUAL),
        (NO_ANSWER, failure(ambiguous=True), FREE, None),
        (NO_ANSWER, failure(ambiguous=True), None, None),
    ],
)
def test_what_may_be_billed_is_estimated(
    said: Reply, failed: ProviderFailed | None, price: Price | None, usd: float | None
) -> None:
    """By the reported tokens, else by the length of the text, else by a usual answer; a failure
    that is counted says so.
    """
    answer = booked(said, failed, price)

    assert answer.reply.cost_usd == (usd if usd is None else pytest.approx(usd))
    assert replace(answer.reply, cost_usd=said.cost_usd) == said
    counted = failed is not None and usd is not None
    assert answer.error == ("It broke." if failed else "") + f" {ESTIMATE_NOTE}" * counted


def test_a_reply_that_could_not_be_read_is_counted_as_usual() -> None:
    """Whatever it says of its cost."""
    answer = booked(reply(cost_usd=0.0), None, PRICE, unread=True)
    assert answer.reply.cost_usd == pytest.approx(USUAL)
    assert answer.error.endswith(ESTIMATE_NOTE)


def test_what_is_not_told_costs_at_least_what_the_model_usually_does() -> None:
    """A model may think at length before a short answer."""
    thinking = {ASKED.model: UsualUsage(9, 0, 100.0, 5_000.0)}
    answer = Answer(7, ASKED, reply("Acme.", cost_usd=None), NOON)
    priced = with_estimated_cost(answer, None, Tariff(PRICE), thinking)
    assert priced.reply.cost_usd == pytest.approx((100 + 5_000 * 10) / 1e6)


def test_a_short_answer_is_counted_as_such() -> None:
    """A question may limit its answer."""
    short = replace(ASKED, limit=16)
    answer = Answer(7, short, NO_ANSWER, NOON)
    priced = with_estimated_cost(answer, failure(ambiguous=True), Tariff(PRICE))
    assert priced.reply.cost_usd == pytest.approx((150 + 16 * 10) / 1e6)


def test_a_reply_that_is_none_says_what_is_wrong_with_it() -> None:
    """With what people can do."""
    given, error = checked_reply(object(), ASKED, "ask for help")
    assert given is NO_ANSWER
    assert error.startswith(FAULT)
    assert error.endswith("; ask for help.")
    assert checked_reply(reply(), ASKED, "ask for help") == (reply(), "")


def test_a_seed_depends_on_the_panel_the_prompt_and_the_repeat_alone() -> None:
    """So that answers of models differ by the models, and repeats are samples of their own."""
    seeds = {
        (base, text, number): sampling_seed(
            replace(RUN, panel=replace(RUN.panel or Panel((), (), ()), seed=base)),
            Question(Prompt(text), model, number),
        )
        for base in (0, 5)
        for text in ("Which?", "Why?")
        for number in (0, 1)
        for model in (Model("svc", "m-1"), Model("other", "x"))
    }
    assert len(set(seeds.values())) == 8
    assert all(0 <= seed < 2**31 for seed in seeds.values())
    assert max(seeds.values()) > 2**29
    imported = sampling_seed(replace(RUN, panel=None), Question(Prompt("Which?"), ASKED.model))
    assert imported == seeds[0, "Which?", 0]


def test_calls_are_counted_by_how_they_ended() -> None:
    """A batch's hours of waiting are no latency."""
    counters = CallCounters()
    whole = Answer(7, ASKED, reply(cost_usd=0.5), NOON, latency=2.0)
    counters.called(whole)
    counters.called(replace(whole, reply=reply(finish=Finish.CUT)))
    counters.called(replace(whole, error="It fails.", reply=NO_ANSWER))
    counters.called(whole, failure(FailureKind.RATE_LIMIT))
    counters.collected([replace(whole, latency=9000.0)] * 2)
    counters.retried("svc")

    def value(name: str, **labels: str) -> float | None:
        return counters.registry.get_sample_value(name, {"provider": "svc", **labels})

    assert [
        value("overheard_asks_total", outcome=name)
        for name in ("answered", "cut", "fault", "rate_limit")
    ] == [3, 1, 1, 1]
    assert value("overheard_ask_duration_seconds_count") == 4
    assert value("overheard_ask_duration_seconds_sum") == 8.0
    assert value("overheard_ask_retries_total") == 1
    assert value("overheard_spend_dollars_total") == 2.0
