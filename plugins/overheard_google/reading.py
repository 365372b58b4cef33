"""Reading what Gemini returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from overheard import Citation, Finish, Search

if TYPE_CHECKING:
    from google.genai.types import Candidate, GenerateContentResponse, GroundingMetadata

FINISHES = {
    "STOP": Finish.COMPLETE,
    "MAX_TOKENS": Finish.LENGTH,
    **dict.fromkeys(
        ("SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
        Finish.FILTERED,
    ),
}

BILLED_BY_PROMPT = ("gemini-1", "gemini-2")
"""How the ids of models begin that are billed for one search however many they make."""


def text_of(response: GenerateContentResponse) -> str:
    """Return the text of the answer without the model's thoughts; "" for a response without an
    answer.
    """
    content = getattr(_candidate(response), "content", None)
    parts = getattr(content, "parts", None) or ()
    return "".join(part.text for part in parts if part.text and not part.thought)


def finish_of(response: GenerateContentResponse) -> Finish:
    """Return how the answer ended.

    A response without an answer counts as filtered if the question was blocked, else as failed. An
    unknown or missing reason gives `Finish.CUT`.
    """
    candidate = _candidate(response)
    if candidate is None:
        blocked = getattr(response.prompt_feedback, "block_reason", None)
        return Finish.FILTERED if blocked else Finish.FAILED
    reason = candidate.finish_reason
    return FINISHES.get(reason.value if reason else "", Finish.CUT)


def citations_of(response: GenerateContentResponse) -> list[Citation]:
    """Return all sources with a web address, in the response's order.

    Those that support a part of the answer are marked as cited.
    """
    grounding = _grounding(response)
    cited = set(_cited_places(grounding))
    chunks = (grounding.grounding_chunks if grounding else None) or ()
    return [
        Citation(chunk.web.uri, chunk.web.title or "", place in cited, chunk.web.domain or "")
        for place, chunk in enumerate(chunks)
        if chunk.web and chunk.web.uri
    ]


def searches_of(response: GenerateContentResponse) -> Iterator[Search]:
    """Yield what the model searched for; the service does not say which search showed what."""
    queries = getattr(_grounding(response), "web_search_queries", None)
    return (Search(query) for query in queries or () if query)


def usage_of(response: GenerateContentResponse, model: str) -> Mapping[str, object]:
    """Return the billed tokens and searches as the service reports them, by the field names of
    `overheard.Usage`.

    `output_tokens` includes the model's thoughts, and is None when a reported count is no number. A
    missing count is 0.

    Args:
        model: The model's id, which decides how searches are billed.
    """
    usage = response.usage_metadata
    thoughts = getattr(usage, "thoughts_token_count", None) or 0
    shown = getattr(usage, "candidates_token_count", None) or 0
    are_numbers = isinstance(shown, int | float) and isinstance(thoughts, int | float)
    return {
        "input_tokens": getattr(usage, "prompt_token_count", 0),
        "output_tokens": shown + thoughts if are_numbers else None,
        "cached_tokens": getattr(usage, "cached_content_token_count", 0),
        "reasoning_tokens": thoughts,
        "searches": _searches(response, model),
    }


def _searches(response: GenerateContentResponse, model: str) -> int:
    """Return the number of billed searches: at most 1 for models that are billed by the question,
    else the number of queries that are not empty.
    """
    queries = len([*searches_of(response)])
    return min(1, queries) if model.startswith(BILLED_BY_PROMPT) else queries


def _candidate(response: GenerateContentResponse) -> Candidate | None:
    """Return the first answer of a response; None without one."""
    return response.candidates[0] if response.candidates else None


def _grounding(response: GenerateContentResponse) -> GroundingMetadata | None:
    """Return what the first answer says of its search; None without an answer or a search."""
    candidate = _candidate(response)
    return candidate.grounding_metadata if candidate else None


def _cited_places(grounding: GroundingMetadata | None) -> Iterator[int]:
    """Yield the indices of the sources that support a part of the answer; one may come again."""
    for support in (grounding.grounding_supports if grounding else None) or ():
        yield from support.grounding_chunk_indices or ()
