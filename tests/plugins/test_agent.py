"""Tests of asking Perplexity: what its Agent API is sent, and adds to an answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from kit.shapes import AGENT, QUESTION, Shape
from kit.vendors import KEY, Document, Reaction, Vendor
from overheard import (
    Citation,
    Finish,
    Model,
    PluginSettings,
    Prompt,
    ProviderFailed,
    Question,
    Search,
)
from overheard_compatible import overheard_providers
from overheard_compatible.agent import AgentProvider
from overheard_compatible.provider import CompatibleProvider


@pytest.fixture
def shape() -> Shape:
    """The Agent API."""
    return AGENT


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[Any]:
    """A provider that asks it."""
    made: Any = AGENT.provider(vendor.url, max_searches=2)
    yield made
    await made.close()


async def ask(provider: Any, name: str = "m-1+search") -> Any:
    """Ask once."""
    return await provider.ask(Question(Prompt(QUESTION), Model("svc", name)), seed=7)


def found(*numbers: int) -> Document:
    """Return what a search brings."""
    results = [{"id": n, "url": f"https://{n}.test", "title": f"No. {n}"} for n in numbers]
    return {"type": "search_results", "queries": ["acme"], "results": results}


async def test_a_search_is_ordered_and_not_left_to_the_model(provider: Any, vendor: Vendor) -> None:
    """And only where the name of the model says so."""
    vendor.reactions = [Reaction(AGENT.answer("Acme.", "completed"))]
    await ask(provider)
    await ask(provider, "m-1")

    searched, plain = (call.body for call in vendor.calls)
    assert searched["tools"] == [searched["tool_choice"]] == [{"type": "web_search"}]
    assert searched["max_tool_calls"] == 2
    assert plain == {"model": "m-1", "input": QUESTION, "store": False}
    assert provider.capabilities("m-1+search").how == "Perplexity Agent API, web search"
    assert not provider.capabilities("m-1").search


async def test_sources_stand_beside_the_answer_and_are_cited_by_their_numbers(
    provider: Any, vendor: Vendor
) -> None:
    """Of whichever search they come; the others were merely retrieved."""
    answer = AGENT.answer("Acme is good [2][web:3].", "completed")
    answer["output"] = [found(1, 2), found(3), *answer["output"]]
    vendor.reactions = [Reaction(answer)]
    reply = await ask(provider)

    assert {c.url: c.cited for c in reply.citations} == {
        "https://1.test": False,
        "https://2.test": True,
        "https://3.test": True,
    }
    assert Citation("https://2.test", "No. 2") in reply.citations


async def test_what_it_searched_for_and_fetched_is_kept(provider: Any, vendor: Vendor) -> None:
    """Earlier answers have results without their queries."""
    answer = AGENT.answer("Acme.", "completed")
    page = {"url": "https://2.test/p", "title": "", "snippet": "x"}
    fetched = {"type": "fetch_url_results", "contents": [page]}
    earlier = {name: value for name, value in found(3).items() if name != "queries"}
    answer["output"] = [found(1, 2), earlier, fetched, *answer["output"]]
    vendor.reactions = [Reaction(answer)]
    reply = await ask(provider)

    assert reply.searches == (
        Search("acme", ("https://1.test", "https://2.test")),
        Search("", ("https://2.test/p",)),
    )


async def test_what_it_says_that_it_charged_goes_first(provider: Any, vendor: Vendor) -> None:
    """With the number of searches."""
    answer = AGENT.answer("Acme.", "completed")
    answer["usage"] |= {"cost": {"currency": "USD", "total_cost": 0.0125}}
    answer["usage"] |= {"tool_calls_details": {"search_web": {"invocation": 2}}}
    vendor.reactions = [Reaction(answer)]
    reply = await ask(provider)

    assert (reply.cost_usd, reply.usage.searches) == (0.0125, 2)


async def test_a_failure_that_comes_as_well_received_is_no_answer(
    provider: Any, vendor: Vendor
) -> None:
    """The service sends it with the status 200."""
    vendor.reactions = [Reaction(AGENT.answer("", "failed") | {"error": {"message": KEY}})]
    reply = await ask(provider)

    assert reply.finish is Finish.FAILED
    assert KEY not in str(reply)


async def test_what_cannot_be_read_is_told_by_the_name_of_its_api(
    provider: Any, vendor: Vendor
) -> None:
    """Not by the one of those that speak Chat Completions."""
    vendor.reactions = [Reaction(b"<html>", content_type="text/html")]
    with pytest.raises(ProviderFailed, match="cannot be read as one of the Agent API"):
        await ask(provider)


def test_its_answers_are_not_read_as_they_are_written() -> None:
    """The configuration says so before anything is asked."""
    with pytest.raises(ValidationError, match="stream: the answers of Perplexity are read whole"):
        AGENT.provider("http://localhost", stream=True, api_key_env="HOME")


def test_the_preset_chooses_how_it_is_asked() -> None:
    """All other services speak Chat Completions."""
    table = {"base_url": "http://localhost/v1", "api_key_env": "HOME", "models": ["m-1"]}
    tables = {name: {**table, "preset": name} for name in ("perplexity", "xai")}
    providers = overheard_providers(PluginSettings(tables, "providers", "config.toml"))
    made = {one.name: type(one) for one in providers}

    assert made == {"perplexity": AgentProvider, "xai": CompatibleProvider}
