"""Reading what services return as Chat Completions, with what each of them adds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from overheard import Citation, Fields, Finish

if TYPE_CHECKING:
    from openai import AsyncStream
    from openai.types.chat import ChatCompletionChunk

FINISHES = {
    "stop": Finish.COMPLETE,
    "end_turn": Finish.COMPLETE,
    "length": Finish.LENGTH,
    "model_length": Finish.LENGTH,
    "content_filter": Finish.FILTERED,
}

XAI_TICKS = 1e10
"""xAI's ticks per US dollar."""


def text_of(completion: Any) -> str:
    """Return the text of the answer, else of the refusal; "" without either."""
    message = completion.choices[0].message
    return message["content"] or message.refusal or ""


def finish_of(completion: Any) -> Finish:
    """Return how the answer ended. A refusal goes before the reported reason; an unknown or missing
    reason gives `Finish.CUT`.
    """
    choice = completion.choices[0]
    if choice.message.refusal:
        return Finish.REFUSED
    return FINISHES.get(choice.finish_reason or "", Finish.CUT)


def citations_of(completion: Any) -> list[Citation]:
    """Return the sources: first those of annotations (OpenAI, OpenRouter), which are cited, then
    those of a list (xAI, Perplexity), each in the order of the response.

    A source of a list is cited when the answer has its place in the list, as in ``[1]``. A source
    without an address keeps its place and is left out.
    """
    numbers = {int(number) for number in re.findall(r"\[(\d{1,3})\]", text_of(completion))}
    return [
        *_annotated_sources(completion.choices[0].message),
        *(
            Citation(url, title, cited=place in numbers)
            for place, (url, title) in enumerate(_listed_sources(completion), 1)
            if isinstance(url, str)
        ),
    ]


def usage_of(completion: Any) -> Mapping[str, object]:
    """Return the billed tokens and searches as the service reports them, by the field names of
    `overheard.Usage`; a missing count is 0.
    """
    usage: Any = completion.usage
    return {
        "input_tokens": getattr(usage, "prompt_tokens", 0),
        "output_tokens": getattr(usage, "completion_tokens", 0),
        "cached_tokens": detail(usage, "prompt_tokens_details", "cached_tokens")
        or getattr(usage, "prompt_cache_hit_tokens", 0),
        "reasoning_tokens": detail(usage, "completion_tokens_details", "reasoning_tokens"),
        "searches": getattr(usage, "num_sources_used", 0),
    }


def cost_of(completion: Any) -> object:
    """Return the cost in US dollars as the service reports it; None if it reports none.

    xAI reports ticks, Perplexity a group with a total, OpenRouter the cost. The value is not
    checked and may be no number.
    """
    usage: Any = completion.usage
    ticks = getattr(usage, "cost_in_usd_ticks", None)
    if isinstance(ticks, int | float):
        return ticks / XAI_TICKS
    cost = getattr(usage, "cost", None)
    return get(cost, "total_cost") if isinstance(cost, dict) else cost


def _annotated_sources(message: Any) -> Iterator[Citation]:
    """Yield the cited sources in the annotations of a message, in order; those without an address
    are left out.
    """
    for note in getattr(message, "annotations", None) or ():
        citation = get(note, "url_citation")
        if isinstance(url := get(citation, "url"), str):
            yield Citation(url, title_of(citation))


def _listed_sources(completion: Any) -> Iterator[tuple[object, str]]:
    """Yield (address, title) of each source in a list beside the answer, in order.

    ``search_results`` (Perplexity) goes before ``citations`` (other services). The title may be "".
    The address is no text where the service gives none.
    """
    found = getattr(completion, "search_results", None) or getattr(completion, "citations", None)
    for source in found or ():
        if isinstance(source, str):
            yield source, ""
        else:
            yield get(source, "url"), title_of(source)


def title_of(source: Any) -> str:
    """Return the title of a source; "" when it has none, or one that is no text."""
    title = get(source, "title")
    return title if isinstance(title, str) else ""


def get(item: Any, name: str) -> Any:
    """Return a field of an object of the SDK, or of a dictionary; None for a missing field or
    object.
    """
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)


def detail(usage: Any, group: str, name: str) -> object:
    """Return a count from a group of an answer's usage, such as ``prompt_tokens_details``; 0 for a
    missing count or group.
    """
    return get(get(usage, group), name) or 0


CHUNK_FIELDS = ("model", "system_fingerprint", "usage", "citations", "search_results")
"""Fields of a chunk in addition to the text; the last value counts."""


async def join_chunks(stream: AsyncStream[ChatCompletionChunk]) -> Fields:
    """Read a stream to its end, and return its chunks as one answer.

    Texts and annotations are joined; of other fields the last value counts. A stream that ends
    early raises no error: its answer has no finish reason, and counts as cut. Errors of the SDK are
    raised as they are.
    """
    message: dict[str, Any] = {"content": "", "refusal": "", "annotations": []}
    fields: dict[str, Any] = {}
    finish = None
    async for chunk in stream:
        fields |= {name: value for name in CHUNK_FIELDS if (value := getattr(chunk, name, None))}
        for choice in chunk.choices[:1]:
            for name, so_far in message.items():
                message[name] = so_far + (getattr(choice.delta, name, None) or type(so_far)())
            finish = choice.finish_reason or finish
    whole = Fields(finish_reason=finish, message=Fields(message))
    return Fields(fields, choices=[whole])
