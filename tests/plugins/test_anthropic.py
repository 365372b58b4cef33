"""Tests of the provider `anthropic`: web search, and fields of the Messages API alone."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.shapes import MESSAGES, QUESTION, Shape
from kit.vendors import Document, Reaction, Vendor
from overheard import Citation, Model, Prompt, Question, Search, Usage

ASKED = Question(Prompt(QUESTION), Model("svc", "m-1"))
SEARCHED = Question(Prompt(QUESTION), Model("svc", "m-1+search"))


@pytest.fixture
def shape() -> Shape:
    """It speaks the Messages API."""
    return MESSAGES


@pytest.fixture
async def provider(vendor: Vendor) -> AsyncIterator[Any]:
    """A provider that asks the service."""
    made = MESSAGES.provider(vendor.url, max_searches=2, country="DE")
    yield made
    await made.close()


def searched(found: object) -> Reaction:
    """Return an answer in two pieces after a search, the second with a source."""
    note = {"type": "web_search_result_location", "url": "https://one.test", "title": "One"}
    note |= {"cited_text": "Acme", "encrypted_index": "x"}
    blocks: list[Document] = [
        {"type": "server_tool_use", "id": "1", "name": "web_search", "input": {"query": "tools"}},
        {"type": "web_search_tool_result", "tool_use_id": "1", "content": found},
        {"type": "text", "text": "Acme "},
        {"type": "text", "text": "is good.", "citations": [note]},
    ]
    answer = MESSAGES.answer("", "end_turn")
    answer["usage"]["server_tool_use"] = {"web_search_requests": 1, "web_fetch_requests": 0}
    return Reaction(answer | {"content": blocks})


def hit(url: str) -> Document:
    """Return something that a search found."""
    return {"type": "web_search_result", "url": url, "title": "Hit", "encrypted_content": "x"}


async def test_a_model_is_asked_to_search_by_its_name(provider: Any, vendor: Vendor) -> None:
    """The request has the tool, its limit and its place; without search it has none."""
    vendor.reactions = [searched([])]
    await provider.ask(SEARCHED, seed=7)
    await provider.ask(ASKED, seed=7)

    first, second = (call.body for call in vendor.calls)
    assert first["model"] == "m-1"
    assert first["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "max_uses": 2,
            "user_location": {"type": "approximate", "country": "DE"},
        }
    ]
    assert "tools" not in second


async def test_cited_sources_come_before_those_merely_retrieved(
    provider: Any, vendor: Vendor
) -> None:
    """The pieces of the answer are one text, and the search is paid."""
    vendor.reactions = [searched([hit("https://two.test"), hit("https://one.test")])]
    reply = await provider.ask(SEARCHED, seed=7)

    assert reply.text == "Acme is good."
    assert reply.citations == (
        Citation("https://one.test", "One"),
        Citation("https://two.test", "Hit", cited=False),
    )
    assert reply.usage == Usage(10, 20, 4, 5, searches=1)
    assert reply.cost_usd == pytest.approx(0.5 + 50e-6)


async def test_what_it_searched_for_and_fetched_is_kept(provider: Any, vendor: Vendor) -> None:
    """Each search with its own hits; one that failed was shown nothing."""
    answer = searched([hit("https://two.test")])
    fetch = {"type": "server_tool_use", "id": "2", "name": "web_fetch"}
    again = {"type": "server_tool_use", "id": "3", "name": "web_search", "input": {"query": "x"}}
    error = {"type": "web_search_tool_result_error", "error_code": "unavailable"}
    lost = {"type": "web_search_tool_result", "tool_use_id": "3", "content": error}
    coded = {"type": "server_tool_use", "id": "4", "name": "code_execution", "input": {"code": "1"}}
    more = [{**fetch, "input": {"url": "https://two.test/p"}}, again, lost, coded]
    content = answer.body["content"]  # type: ignore[call-overload] # it is a document
    vendor.reactions = [Reaction({**answer.body, "content": [*more, *content]})]  # type: ignore[dict-item] # too
    reply = await provider.ask(SEARCHED, seed=7)

    assert reply.searches == (
        Search("", ("https://two.test/p",)),
        Search("x"),
        Search("tools", ("https://two.test",)),
    )


async def test_a_search_that_failed_does_not_cost_the_answer(provider: Any, vendor: Vendor) -> None:
    """An error is in place of the hits."""
    error = {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}
    vendor.reactions = [searched(error)]

    reply = await provider.ask(SEARCHED, seed=7)
    assert reply.citations == (Citation("https://one.test", "One"),)


@pytest.mark.parametrize("count", [None, "10", -1])
async def test_a_count_that_is_none_does_not_cost_the_answer(
    provider: Any, vendor: Vendor, count: object
) -> None:
    """What the answer costs is not known then, and not nothing."""
    answer = MESSAGES.answer("Acme.", "end_turn")
    answer["usage"]["input_tokens"] = count
    vendor.reactions = [Reaction(answer)]

    reply = await provider.ask(ASKED, seed=7)
    assert (reply.text, reply.usage, reply.cost_usd) == ("Acme.", Usage(), None)


async def test_tokens_that_the_cache_held_are_tokens_sent(provider: Any, vendor: Vendor) -> None:
    """The service counts them apart; here they are a part of what was sent."""
    answer = MESSAGES.answer("Acme.", "end_turn")
    answer["usage"]["cache_creation_input_tokens"] = 3
    vendor.reactions = [Reaction(answer)]

    usage = (await provider.ask(ASKED, seed=7)).usage
    assert (usage.input_tokens, usage.cached_tokens) == (13, 4)


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ("2026-01-01T00:00:00Z", datetime(2026, 1, 1, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", None),
        ("once", None),
    ],
)
async def test_the_date_of_a_served_model_is_looked_up(
    provider: Any, vendor: Vendor, told: str, known: datetime | None
) -> None:
    """The epoch means an unknown date."""
    vendor.reactions = [searched([])]
    vendor.models = lambda _: {"id": "m-1-2026-01-01", "type": "model", "created_at": told}

    assert (await provider.ask(ASKED, seed=7)).model_created == known
    assert vendor.looked_up == ["/v1/models/m-1-2026-01-01"]


def test_it_takes_no_temperature_and_no_seed(provider: Any) -> None:
    """Sampling is a capability, not a setting of all providers."""
    plain, searching = provider.capabilities("m-1"), provider.capabilities("m-1+search")

    assert (plain.sampling, plain.seed, plain.search) == (False, False, False)
    assert plain.how == "Messages API"
    assert (searching.search, searching.searches) == (True, 2)
    assert searching.how == "Messages API, web search"
    assert plain.answer_limit is None
