"""Tests of batches at OpenAI, Anthropic and Google, through their SDKs."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from kit.batch_service import (
    CANCELLED,
    CUT,
    ERRORED,
    EXPIRED,
    MISSING,
    ODD,
    OK,
    BatchService,
    selling,
)
from kit.shapes import GEMINI, MESSAGES, RESPONSES, Shape
from kit.vendors import KEY
from overheard import Batching, Finish, Model, Prompt, ProviderFailed, ProviderUnavailable, Question

PRICES = {"m-1": {"input": 1.0, "output": 2.0, "search": 0.5, "batch": 0.5}}
QUESTIONS = {
    f"q-{n}": Question(Prompt(f"Which tool suits {n} people?"), Model("svc", "m-1"))
    for n in range(5)
}
SHAPES = [RESPONSES, MESSAGES, GEMINI]


@pytest.fixture
def service() -> Iterator[BatchService]:
    """A service that sells batches."""
    with selling() as running:
        yield running


@pytest.fixture(params=SHAPES, ids=str)
async def provider(
    request: pytest.FixtureRequest, service: BatchService, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """A provider of each vendor that sells them."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    shape: Shape = request.param
    made: Any = shape.provider(service.url, prices=PRICES, max_tokens=300)
    yield made
    await made.close()


async def test_a_batch_carries_what_a_single_call_would(
    provider: Any, service: BatchService
) -> None:
    """Under our ids, with the same window."""
    await provider.submit(QUESTIONS)

    assert provider.capabilities("m-1").batch
    assert isinstance(provider, Batching)
    [handed_in] = service.batches.values()
    sent = handed_in.questions
    assert list(sent) == list(QUESTIONS)
    assert sent["q-3"]["model"] == "m-1"
    assert "Which tool suits 3 people?" in str(sent["q-3"])
    assert 300 in (sent["q-3"] | sent["q-3"].get("generationConfig", {})).values()


async def test_a_batch_that_is_under_way_says_so(provider: Any, service: BatchService) -> None:
    """And nothing else."""
    service.ready = False
    look = await provider.look(await provider.submit(QUESTIONS), QUESTIONS)

    assert not look.ended
    assert not look.replies
    assert not look.problems


async def test_answers_come_back_under_our_ids_at_the_price_of_a_batch(
    provider: Any, service: BatchService
) -> None:
    """In any order of the answers; at half of the price of a call."""
    look = await provider.look(await provider.submit(QUESTIONS), QUESTIONS)

    assert look.ended
    assert set(look.replies) == set(QUESTIONS)
    reply = look.replies["q-2"]
    assert reply.text == "Acme is good. (q-2)"
    assert reply.finish is Finish.COMPLETE
    assert reply.served_model == "m-1-2026-01-01"
    assert reply.cost_usd == pytest.approx(0.5 * (10 * 1e-6 + 20 * 2e-6))


async def test_each_question_without_an_answer_has_its_reason(
    provider: Any, service: BatchService
) -> None:
    """In our words: the service's may hold a secret."""
    fates = dict(zip(QUESTIONS, (OK, ERRORED, EXPIRED, CANCELLED, MISSING), strict=True))
    service.fate = fates.__getitem__
    look = await provider.look(await provider.submit(QUESTIONS), QUESTIONS)

    assert list(look.replies) == ["q-0"]
    assert set(look.problems) == {"q-1", "q-2", "q-3", "q-4"}
    assert "answers it in the batch with an error (" in look.problems["q-1"]
    assert "the service did not come to it within" in look.problems["q-2"]
    assert "was cancelled" in look.problems["q-3"]
    assert "ended without an answer" in look.problems["q-4"]
    assert "secret" not in str(look.problems)


async def test_an_answer_that_cannot_be_read_is_a_problem_of_its_question_alone(
    provider: Any, service: BatchService
) -> None:
    """The others would never be collected otherwise."""
    service.fate = lambda item: {"q-1": CUT, "q-3": ODD}.get(item, OK)
    look = await provider.look(await provider.submit(QUESTIONS), QUESTIONS)

    assert set(look.replies) == {"q-0", "q-2", "q-4"}
    assert set(look.problems) == {"q-1", "q-3"}
    assert all("that can be read; ask again." in problem for problem in look.problems.values())


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("failed", r"refuses the whole batch \((token_limit_exceeded|without a reason)\)"),
        ("expired", "within (24|48) hours"),
        ("cancelled", "was cancelled before"),
    ],
)
@pytest.mark.parametrize("provider", [RESPONSES, GEMINI], ids=str, indirect=True)
async def test_a_batch_that_ends_without_answers_gives_one_reason_for_all(
    provider: Any, service: BatchService, ending: str, told: str
) -> None:
    """Where a vendor ends batches as a whole."""
    service.ending = ending
    look = await provider.look(await provider.submit(QUESTIONS), QUESTIONS)

    assert look.ended
    assert set(look.problems) == set(QUESTIONS)
    assert all(re.search(told, problem) for problem in look.problems.values())
    assert "secret" not in str(look.problems)


@pytest.mark.parametrize("provider", [GEMINI], ids=str, indirect=True)
async def test_a_batch_has_not_ended_before_its_answers_are_there(
    provider: Any, service: BatchService
) -> None:
    """Google says that it is through a little before."""
    service.written = False
    name = await provider.submit(QUESTIONS)
    assert not (await provider.look(name, QUESTIONS)).ended

    service.written = True
    assert len((await provider.look(name, QUESTIONS)).replies) == 5


async def test_a_batch_can_be_cancelled(provider: Any, service: BatchService) -> None:
    """What is answered by then can be collected."""
    service.ready = False
    name = await provider.submit(QUESTIONS)
    await provider.cancel(name)

    assert [batch.cancelled for batch in service.batches.values()] == [True]
    assert (await provider.look(name, QUESTIONS)).ended


@pytest.mark.parametrize(("status", "error"), [(503, ProviderFailed), (401, ProviderUnavailable)])
async def test_a_refusal_is_told_as_that_of_a_question(
    provider: Any, service: BatchService, status: int, error: type[Exception]
) -> None:
    """In one sentence without the key."""
    name = await provider.submit(QUESTIONS)
    service.refusal = status
    for call in (provider.submit(QUESTIONS), provider.look(name, QUESTIONS)):
        with pytest.raises(error) as raised:
            await call
        assert KEY not in str(raised.value)


def test_a_model_is_sold_in_batches_when_its_price_there_is_known() -> None:
    """It is never guessed; and no page says that OpenAI's batches can search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VENDOR_KEY", KEY)
        openai, *others = (s.provider("http://localhost", prices=PRICES) for s in SHAPES)
        unknown = [s.provider("http://localhost") for s in SHAPES]

    assert not any(one.capabilities("m-1").batch for one in unknown)  # type: ignore[attr-defined]
    assert not openai.capabilities("m-1+search").batch  # type: ignore[attr-defined]
    assert all(one.capabilities("m-1+search").batch for one in others)  # type: ignore[attr-defined]
