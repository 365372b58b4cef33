"""Tests of the provider `openai`: web search, and fields of the Responses API alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.shapes import QUESTION, RESPONSES, Shape
from kit.vendors import Document, Reaction, Vendor
from overheard import Answer, Citation, Finish, Model, Prompt, Question, Run, Search, Usage
from overheard_openai.provider import OpenAIProvider, OpenAISettings
from overheard_sources.causes import cells_of

ASKED = Question(Prompt(QUESTION), Model("svc", "m-1"))
SEARCHED = Question(Prompt(QUESTION), Model("svc", "m-1+search"))


@pytest.fixture
def shape() -> Shape:
    """It speaks the Responses API."""
    return RESPONSES


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[Any]:
    """A provider that asks the service."""
    made = RESPONSES.provider(vendor.url, max_searches=2, country="DE", temperature=0.5)
    yield made
    await made.close()


def searched(*calls: Document, **more: Any) -> Reaction:
    """Return an answer after searches, with two notes on one page."""
    answer = RESPONSES.answer("Acme is good.", "completed")
    note: Document = {"type": "url_citation", "url": "https://one.test", "title": "One"}
    note |= {"start_index": 0, "end_index": 4}
    [message] = answer["output"]
    message["content"][0]["annotations"] = [note, note, {"type": "file_citation"}]
    return Reaction(answer | {"output": [*calls, message]} | more)


def call(kind: str = "search", *urls: str) -> Document:
    """Return one use of the search tool."""
    sources = [{"type": "url", "url": url} for url in urls]
    action = {"type": kind, "query": "tools", "sources": sources}
    return {"type": "web_search_call", "id": "1", "status": "completed", "action": action}


async def test_a_model_is_asked_to_search_by_its_name(provider: Any, vendor: Vendor) -> None:
    """The tool, its limit, its place and the sources are asked for."""
    vendor.reactions = [searched()]
    await provider.ask(SEARCHED, seed=7)

    body = vendor.calls[0].body
    assert body["model"] == "m-1"
    assert body["tools"] == [
        {"type": "web_search", "user_location": {"type": "approximate", "country": "DE"}}
    ]
    assert body["max_tool_calls"] == 2
    assert body["include"] == ["web_search_call.action.sources"]


async def test_without_search_nothing_is_said_of_it(provider: Any, vendor: Vendor) -> None:
    """Not even that it may not."""
    vendor.reactions = [searched()]
    await provider.ask(ASKED, seed=7)

    assert not {"tools", "include", "max_tool_calls"} & vendor.calls[0].body.keys()
    assert vendor.calls[0].body["temperature"] == 0.5


async def test_cited_sources_come_before_those_merely_retrieved(
    provider: Any, vendor: Vendor
) -> None:
    """Each once; and each search is paid, but no look at a page."""
    calls = [call("search", "https://two.test", "https://one.test"), call("open_page")]
    vendor.reactions = [searched(*calls)]
    reply = await provider.ask(SEARCHED, seed=7)

    assert reply.citations == (
        Citation("https://one.test", "One"),
        Citation("https://two.test", cited=False),
    )
    assert reply.usage == Usage(10, 20, 4, 5, searches=1)
    assert reply.cost_usd == pytest.approx(0.5 + 50e-6)


async def test_what_it_searched_for_and_opened_is_kept(provider: Any, vendor: Vendor) -> None:
    """In the shape of now, with several queries a call, and in earlier ones."""
    several: Document = call("search", "https://two.test", "https://one.test")
    several["action"] |= {"query": "tools", "queries": ["tools", "tools 2026"]}
    opening: Document = {**call(), "action": {"type": "open_page", "url": "https://two.test/p"}}
    reading = {"type": "find_in_page", "url": "https://two.test/p", "pattern": "price"}
    bare = {"type": "web_search_call", "id": "2", "status": "completed"}
    vendor.reactions = [searched(several, opening, {**call(), "action": reading}, bare)]
    vendor.reactions += [searched(call("search", "https://one.test"))]
    now, earlier = [await provider.ask(SEARCHED, seed=7) for _ in range(2)]

    shown = ("https://two.test", "https://one.test")
    assert now.searches[:2] == (Search("tools", shown), Search("tools 2026", shown))
    assert now.opened == ("https://two.test/p",)
    assert earlier.searches == (Search("tools", ("https://one.test",)),)


async def test_what_was_shown_is_known_of_the_shapes_that_tell_it(
    provider: Any, vendor: Vendor
) -> None:
    """A call of before, without an action or without its sources, tells nothing of it."""
    bare = {"type": "web_search_call", "id": "2", "status": "completed"}
    silent: Document = {**bare, "action": {"type": "search", "query": "tools"}}
    told: Document = call("search", "https://two.test/p")
    vendor.reactions = [searched(told), searched(silent), searched(bare)]
    runs = [Run("w", datetime(2026, 1, day, tzinfo=UTC), id=day) for day in (1, 8, 15)]
    answers = [
        Answer(run.id, SEARCHED, await provider.ask(SEARCHED, seed=7), run.started_at)
        for run in runs
    ]
    cells = cells_of([[run] for run in runs], answers, ())

    assert [cell.searched for cell in cells] == [1, 1, 1]
    assert [cell.sites for cell in cells] == [{"one.test"}] * 3
    assert [cell.shown for cell in cells] == [{"one.test", "two.test"}, None, None]


async def test_the_services_own_count_of_searches_goes_first(provider: Any, vendor: Vendor) -> None:
    """It is what is billed."""
    vendor.reactions = [searched(call(), tool_usage={"web_search": {"num_requests": 3}})]

    assert (await provider.ask(SEARCHED, seed=7)).usage.searches == 3


async def test_the_date_of_a_served_model_is_looked_up_once(provider: Any, vendor: Vendor) -> None:
    """By a free call."""
    vendor.reactions = [searched()]
    vendor.models = lambda _: {"id": "m-1-2026-01-01", "object": "model", "created": 1_767_225_600}
    replies = await asyncio.gather(*(provider.ask(ASKED, seed=7) for _ in range(3)))

    assert {reply.model_created for reply in replies} == {datetime(2026, 1, 1, tzinfo=UTC)}
    assert vendor.looked_up == ["/v1/models/m-1-2026-01-01"]


async def test_azure_tells_the_served_model_in_a_header(provider: Any, vendor: Vendor) -> None:
    """The body repeats the name of the deployment."""
    answer = RESPONSES.answer("Acme.", "completed")
    vendor.reactions = [Reaction(answer, headers={"x-ms-served-model": "gpt-5-2025-08-07"})]

    assert (await provider.ask(ASKED, seed=7)).served_model == "gpt-5-2025-08-07"


async def test_a_response_that_failed_is_no_answer(provider: Any, vendor: Vendor) -> None:
    """Although its status is 200."""
    failed = {"status": "failed", "error": {"code": "server_error", "message": "x"}, "output": []}
    vendor.reactions = [Reaction(RESPONSES.answer("", "failed") | failed)]

    assert (await provider.ask(ASKED, seed=7)).finish is Finish.FAILED


def test_what_can_be_done_depends_on_the_model_and_on_how_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reasoning model takes no temperature, and a fine-tuned one is a model like any other."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk")
    settings = OpenAISettings.model_validate({"models": ["gpt-5.4"], "temperature": 1})
    provider = OpenAIProvider("openai", settings)

    assert not provider.capabilities("gpt-5.4").sampling
    assert provider.capabilities("gpt-5.4").batch
    assert provider.capabilities("ft:gpt-4.1:acme::abc").sampling
    assert provider.price("ft:gpt-4.1:acme::abc") is None
    assert provider.capabilities("gpt-5.4").how == "Responses API"
    assert provider.capabilities("gpt-5.4+search").how == "Responses API, web search"
    assert provider.capabilities("gpt-5.4+search").searches == 3
