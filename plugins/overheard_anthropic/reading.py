"""Reading what the Messages API returns."""

from collections.abc import Iterator, Mapping
from typing import Any

from overheard import Citation, Fields, Finish, Search

FINISHES = {
    "end_turn": Finish.COMPLETE,
    "stop_sequence": Finish.COMPLETE,
    "max_tokens": Finish.LENGTH,
    "model_context_window_exceeded": Finish.LENGTH,
    "refusal": Finish.REFUSED,
}
"""A paused turn is not among them: it is an answer that was cut."""


def text_of(message: Fields) -> str:
    """Return the text blocks of the answer, joined in order, without its reasoning and searches."""
    return "".join(block.text for block in message.content if block.type == "text")


def finish_of(message: Fields) -> Finish:
    """Return how the answer ended: complete, refused, or cut at a token limit (`Finish.LENGTH`).

    Any other or no reason gives `Finish.CUT`, also a paused turn.
    """
    return FINISHES.get(message.stop_reason or "", Finish.CUT)


def citations_of(message: Fields) -> list[Citation]:
    """Return the sources that the answer cites, then all sources that the search retrieved, as
    uncited.

    Both are in the message's order. A source that is cited is in both parts.
    """
    cited = [
        Citation(note.url, note.title or "")
        for block in message.content
        if block.type == "text"
        for note in block.citations or ()
        if note.type == "web_search_result_location"
    ]
    return cited + [
        Citation(source.url, source.title or "", cited=False)
        for source in _retrieved_sources(message)
    ]


def searches_of(message: Fields) -> Iterator[Search]:
    """Yield what the model searched for, each with the pages that it was shown, and the pages that
    it fetched.
    """
    shown = {
        block.tool_use_id: tuple(source.url for source in block.content)
        for block in message.content
        if block.type == "web_search_tool_result" and isinstance(block.content, list)
    }
    for block in message.content:
        if block.name == "web_search":
            yield Search((block.input or Fields()).query, shown.get(block.id, ()))
        elif block.name == "web_fetch":
            yield Search("", ((block.input or Fields()).url,))


def usage_of(message: Fields) -> Mapping[str, object]:
    """Return the billed tokens and searches as the service reports them, by the field names of
    `overheard.Usage`.

    `input_tokens` includes the tokens read from and written to the cache, which the service counts
    apart. It is None when the service does not report it, or reports a count that is no number from
    0 on. Any other missing count is 0.
    """
    usage: Any = message.usage
    uncached: Any = getattr(usage, "input_tokens", None)
    cached = getattr(usage, "cache_read_input_tokens", None) or 0
    cache_writes = getattr(usage, "cache_creation_input_tokens", None) or 0
    counts = (uncached, cached, cache_writes)
    counted = all(isinstance(count, int | float) and count >= 0 for count in counts)
    details = getattr(usage, "output_tokens_details", None)
    tools = getattr(usage, "server_tool_use", None)
    return {
        "input_tokens": uncached + cached + cache_writes if counted else None,
        "output_tokens": getattr(usage, "output_tokens", 0),
        "cached_tokens": cached,
        "reasoning_tokens": getattr(details, "thinking_tokens", 0),
        "searches": getattr(tools, "web_search_requests", 0),
    }


def _retrieved_sources(message: Fields) -> Iterator[Any]:
    """Yield the retrieved sources of all searches in order; a failed search has none."""
    for block in message.content:
        if block.type == "web_search_tool_result" and isinstance(block.content, list):
            yield from block.content
