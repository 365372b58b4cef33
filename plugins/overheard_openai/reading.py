"""Reading what the Responses API returns."""

from collections.abc import Iterator, Mapping
from typing import Any

from overheard import Citation, Fields, Finish, Search

INCOMPLETE = {"max_output_tokens": Finish.LENGTH, "content_filter": Finish.FILTERED}


def text_of(response: Fields) -> str:
    """Return the text of the answer and of a refusal, joined in order; "" without either. Reasoning
    and searches are left out.
    """
    parts = _contents(response)
    return "".join(
        part.text if part.type == "output_text" else part.refusal
        for part in parts
        if part.type in {"output_text", "refusal"}
    )


def finish_of(response: Fields) -> Finish:
    """Return how the answer ended. A refusal goes before the response's status.

    An incomplete answer was cut at the answer window (`Finish.LENGTH`), filtered, or cut for
    another reason (`Finish.CUT`), as is one with an unknown status.
    """
    if any(part.type == "refusal" for part in _contents(response)):
        return Finish.REFUSED
    if response.status == "completed":
        return Finish.COMPLETE
    if response.status == "incomplete":
        reason = getattr(response.incomplete_details, "reason", None)
        return INCOMPLETE.get(reason or "", Finish.CUT)
    return Finish.FAILED if response.status == "failed" else Finish.CUT


def citations_of(response: Fields) -> list[Citation]:
    """Return the sources that the answer cites, then all sources that the search retrieved, as
    uncited.

    Both are in the response's order. A source that is cited is in both parts.
    """
    cited = [
        Citation(note.url, note.title or "")
        for part in _contents(response)
        for note in getattr(part, "annotations", None) or ()
        if note.type == "url_citation"
    ]
    retrieved = [
        Citation(source.url, cited=False)
        for call in _search_calls(response)
        for source in getattr(call.action, "sources", None) or ()
        if source.type == "url"
    ]
    return cited + retrieved


def searches_of(response: Fields) -> Iterator[Search]:
    """Yield what the model searched for, with the pages that the call of the tool showed it, and
    the pages that it opened or read in.

    Earlier responses have one query for each call, or a call without an action. Where a call has
    several queries, the service does not say which of them showed what.
    """
    for call in _search_calls(response):
        action = call.action or Fields()
        found = tuple(source.url for source in action.sources or () if source.type == "url")
        for query in action.queries or (action.query,):
            if query:
                yield Search(query, found)
        if action.url:
            yield Search("", (action.url,))


def usage_of(response: Fields) -> Mapping[str, object]:
    """Return the billed tokens and searches as the service reports them, by the field names of
    `overheard.Usage`.

    A missing count is 0. Where the service reports no number of searches, the search calls of the
    response are counted.
    """
    usage: Any = response.usage
    tools: Any = getattr(response, "tool_usage", None)
    reported_searches = getattr(getattr(tools, "web_search", None), "num_requests", None)
    return {
        "input_tokens": getattr(usage, "input_tokens", 0),
        "output_tokens": getattr(usage, "output_tokens", 0),
        "cached_tokens": _token_detail(usage, "input_tokens_details", "cached_tokens"),
        "reasoning_tokens": _token_detail(usage, "output_tokens_details", "reasoning_tokens"),
        "searches": sum(_is_billed(call) for call in _search_calls(response))
        if reported_searches is None
        else reported_searches,
    }


def _is_billed(call: Any) -> bool:
    """Return whether a call of the web search tool is billed as a search.

    Opening a page, or finding words in one, is not billed; a call without a type is.
    """
    return getattr(call.action, "type", "search") == "search"


def _contents(response: Fields) -> Iterator[Any]:
    """Yield the content parts of all messages of a response, in order."""
    for item in response.output:
        if item.type == "message":
            yield from item.content


def _search_calls(response: Fields) -> Iterator[Any]:
    """Return the calls of the web search tool in a response, in order."""
    return (item for item in response.output if item.type == "web_search_call")


def _token_detail(usage: Any, group: str, name: str) -> object:
    """Return a count from a group of a response's usage, such as ``input_tokens_details``; 0 for a
    missing one.
    """
    return getattr(getattr(usage, group, None), name, 0)
