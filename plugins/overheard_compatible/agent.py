"""The provider for Perplexity's Agent API: a Responses API with other fields for sources."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from overheard import Capabilities, Citation, Finish, Question, Reply, Search
from overheard_compatible.provider import CompatibleProvider
from overheard_compatible.reading import cost_of, detail, get, title_of

MIN_WINDOW_TOKENS = 16
"""The shortest answer window; the service raises a shorter window to this."""
INCOMPLETE = {"max_output_tokens": Finish.LENGTH, "content_filter": Finish.FILTERED}


class AgentProvider(CompatibleProvider):
    """One account at Perplexity."""

    def capabilities(self, model: str) -> Capabilities:
        """Return the capabilities of a model; it searches the web if its name ends in ``+search``,
        with the configured limit of searches.
        """
        able = self.described(model, self._preset.how, "web search", sampling=True)
        return replace(able, market=able.market | {"language"})

    async def ask(self, question: Question, *, seed: int) -> Reply:  # noqa: ARG002 - none is taken
        """Send a question to the service, and return its reply. `seed` is not sent.

        The cost is what the service reports, else that of the price list.
        """
        async with self.asking(question.model):
            headers, response = await self.structured(
                question, lambda asked: self.post("/responses", self._request(asked))
            )
            return self.service.reply(
                question,
                text_of(response),
                finish_of(response),
                headers=headers,
                usage=usage_of(response),
                served_model=response["model"],
                citations=citations_of(response),
                searches=searches_of(response),
                cost=cost_of(response),
            )

    def _request(self, question: Question) -> dict[str, Any]:
        """Return the request for a question.

        It asks the service to store nothing. A limit of the answer below `MIN_WINDOW_TOKENS` is
        raised to that. A question with a limit has temperature 0, any other the configured one. A
        model that searches must use its search, with the configured limit of searches.
        """
        temperature, effort = self.sampling(question, self.settings.temperature)
        request: dict[str, Any] = {
            "model": question.model.id,
            "input": question.messages if question.said else question.prompt.text,
            "store": False,
        }
        if window := self.service.window(question):
            request["max_output_tokens"] = max(window, MIN_WINDOW_TOKENS)
        if effort:
            request["reasoning"] = {"effort": effort}
        if temperature is not None:
            request["temperature"] = temperature
        market = self.market(question.model)
        if market.persona:
            request["instructions"] = market.persona
        if market.language:
            request["language_preference"] = market.language
        if question.model.searches:  # without tool_choice, a model does not always search
            [tool] = self._preset.search["tools"]
            place = {"user_location": market.location} if market.location else {}
            request |= {"tools": [{**tool, **place}], "tool_choice": {"type": "web_search"}}
            request["max_tool_calls"] = self.settings.max_searches
        return request


def text_of(response: Any) -> str:
    """Return the text of the answer, joined in order; "" without an answer."""
    parts = (part for item in _output(response, "message") for part in get(item, "content") or ())
    return "".join(get(part, "text") or "" for part in parts)


def finish_of(response: Any) -> Finish:
    """Return how the answer ended, from the response's status.

    An incomplete answer was cut at the answer window (`Finish.LENGTH`), filtered, or cut for
    another reason (`Finish.CUT`), as is one with an unknown status. A failed answer arrives with
    HTTP status 200.
    """
    if response.status == "completed":
        return Finish.COMPLETE
    if response.status == "incomplete":
        return INCOMPLETE.get(get(response.incomplete_details, "reason") or "", Finish.CUT)
    return Finish.FAILED if response.status == "failed" else Finish.CUT


def citations_of(response: Any) -> list[Citation]:
    """Return the retrieved sources that have an address, in order.

    A source is cited when the answer has its number, as in ``[web:1]`` or ``[1]``: its id, or
    without one its place from 1.
    """
    numbers = {int(number) for number in re.findall(r"\[(?:web:)?(\d{1,3})\]", text_of(response))}
    results = [
        source
        for item in _output(response, "search_results")
        for source in get(item, "results") or ()
    ]
    return [
        Citation(url, title_of(source), cited=(get(source, "id") or place) in numbers)
        for place, source in enumerate(results, 1)
        if isinstance(url := get(source, "url"), str)
    ]


def searches_of(response: Any) -> Iterator[Search]:
    """Yield what the model searched for, with the pages that the search showed it, and the pages
    that it fetched. Earlier responses have results without their queries.
    """
    for item in _output(response, "search_results"):
        shown = tuple(get(source, "url") for source in get(item, "results") or ())
        for query in get(item, "queries") or ():
            yield Search(query, shown)
    for item in _output(response, "fetch_url_results"):
        yield Search("", tuple(get(page, "url") for page in get(item, "contents") or ()))


def usage_of(response: Any) -> Mapping[str, object]:
    """Return the billed tokens and searches as the service reports them, by the field names of
    `overheard.Usage`. A missing count is None, or 0 for cached and reasoning tokens.
    """
    usage: Any = response.usage
    return {
        "input_tokens": get(usage, "input_tokens"),
        "output_tokens": get(usage, "output_tokens"),
        "cached_tokens": detail(usage, "input_tokens_details", "cached_tokens"),
        "reasoning_tokens": detail(usage, "output_tokens_details", "reasoning_tokens"),
        "searches": get(get(get(usage, "tool_calls_details"), "search_web"), "invocation"),
    }


def _output(response: Any, kind: str) -> Iterator[Any]:
    """Return the output items of one type, such as ``message``, in order."""
    return (item for item in response.output if get(item, "type") == kind)
