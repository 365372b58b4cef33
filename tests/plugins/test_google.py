"""Tests of the provider `google`: Google Search, and fields of Gemini alone."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kit.shapes import GEMINI, QUESTION, Shape
from kit.vendors import KEY, Reaction, Vendor
from overheard import (
    Citation,
    FailureKind,
    Finish,
    Model,
    Prompt,
    ProviderFailed,
    ProviderUnavailable,
    Question,
    Usage,
)
from overheard_google.provider import GoogleProvider, GoogleSettings

ASKED = Question(Prompt(QUESTION), Model("svc", "m-1"))
SEARCHED = Question(Prompt(QUESTION), Model("svc", "m-1+search"))


@pytest.fixture
def shape() -> Shape:
    """It speaks the Gemini API."""
    return GEMINI


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[Any]:
    """A provider that asks the service."""
    made = GEMINI.provider(vendor.url, temperature=0.5)
    yield made
    await made.close()


def grounded(**grounding: Any) -> Reaction:
    """Return an answer with what Google found."""
    answer = GEMINI.answer("Acme is good.", "STOP")
    answer["candidates"][0]["groundingMetadata"] = {
        "webSearchQueries": ["best tool", "tool test"],
        "groundingChunks": [
            {"web": {"uri": "https://two.test", "title": "Two"}},
            {"web": {"uri": "https://one.test", "title": "One"}},
            {"retrievedContext": {"uri": "x"}},
        ],
        "groundingSupports": [{"groundingChunkIndices": [1], "segment": {"text": "Acme"}}],
        **grounding,
    }
    return Reaction(answer)


async def test_a_model_is_asked_to_search_by_its_name(provider: Any, vendor: Vendor) -> None:
    """The request has the tool; without search it has none."""
    vendor.reactions = [grounded()]
    await provider.ask(SEARCHED, seed=7)
    await provider.ask(ASKED, seed=7)

    first, second = (call.body for call in vendor.calls)
    assert first["tools"] == [{"googleSearch": {}}]
    assert "tools" not in second
    assert second["generationConfig"] == {"seed": 7, "temperature": 0.5}


async def test_cited_sources_come_before_those_merely_retrieved(
    provider: Any, vendor: Vendor
) -> None:
    """A source is cited when a piece of the answer rests on it; each search is paid."""
    vendor.reactions = [grounded()]
    reply = await provider.ask(SEARCHED, seed=7)

    assert reply.citations == (
        Citation("https://one.test", "One"),
        Citation("https://two.test", "Two", cited=False),
    )
    assert reply.usage == Usage(10, 20, 4, 5, searches=2)
    assert reply.cost_usd == pytest.approx(1.0 + 50e-6)
    assert reply.model_version == "m-1-2026-01-01"
    assert len(reply.queries) == 2
    assert not any(search.pages for search in reply.searches)


@pytest.mark.parametrize(
    ("model", "queries", "billed"),
    [
        ("gemini-2.5-flash", ["a", "b"], 1),
        ("gemini-2.5-flash", [], 0),
        ("gemini-3.5-flash", ["a", "b"], 2),
        ("gemini-3.5-flash", None, 0),
    ],
)
async def test_searches_are_billed_by_the_answer_or_by_the_search(
    model: str, queries: list[str] | None, billed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It depends on the generation of the model."""
    monkeypatch.setenv("VENDOR_KEY", KEY)
    async with Vendor().serving() as vendor:
        vendor.reactions = [grounded(webSearchQueries=queries)]
        provider = GEMINI.provider(vendor.url)
        question = Question(Prompt(QUESTION), Model("svc", f"{model}+search"))
        reply = await provider.ask(question, seed=7)
        await provider.close()

    assert reply.usage.searches == billed


async def test_a_question_that_is_blocked_is_filtered(provider: Any, vendor: Vendor) -> None:
    """There is no answer to look at, only the reason."""
    vendor.reactions = [Reaction({"promptFeedback": {"blockReason": "SAFETY"}})]
    reply = await provider.ask(ASKED, seed=7)

    assert (reply.text, reply.finish) == ("", Finish.FILTERED)


async def test_without_its_sdk_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    monkeypatch.setitem(sys.modules, "google", None)
    provider = GoogleProvider("google", GoogleSettings(models=("m-1",)))  # type: ignore[call-arg] # the key is read from the environment

    with pytest.raises(ProviderUnavailable, match=r"pip install .*'google-genai"):
        await provider.ask(ASKED, seed=7)
    with pytest.raises(ProviderUnavailable, match="the package google is not installed"):
        await provider.verify()
    await provider.close()


async def test_a_service_that_is_busy_says_in_its_body_when_to_come_back(
    provider: Any, vendor: Vendor
) -> None:
    """Gemini sends no header for it."""
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}
    error = {"status": "RESOURCE_EXHAUSTED", "code": 429, "details": [detail]}
    vendor.reactions = [Reaction({"error": error}, 429)]

    with pytest.raises(ProviderFailed) as caught:
        await provider.ask(ASKED, seed=7)
    assert (caught.value.kind, caught.value.retry_after) == (FailureKind.RATE_LIMIT, 34)


def test_it_says_what_can_be_done(provider: Any) -> None:
    """It takes a temperature and a seed."""
    plain, searching = provider.capabilities("m-1"), provider.capabilities("m-1+search")

    assert (plain.sampling, plain.seed, plain.search) == (True, True, False)
    assert (plain.how, searching.how) == ("Gemini API", "Gemini API, Google Search")
