"""Putting a streamed answer together, as if it had come whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import AsyncStream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

TOLD = ("model", "system_fingerprint", "usage", "citations", "search_results")
"""What a chunk may tell beside the text; the last word counts."""


async def gathered(stream: AsyncStream[ChatCompletionChunk]) -> ChatCompletion:
    """Return the answer of a stream.

    A stream that ends early raises nothing: its answer has no finish reason, and is cut.
    """
    from openai.types.chat import ChatCompletion

    message: dict[str, Any] = {"content": "", "refusal": "", "annotations": []}
    told: dict[str, Any] = {}
    finish = None
    async for chunk in stream:
        told |= {name: value for name in TOLD if (value := getattr(chunk, name, None))}
        for choice in chunk.choices[:1]:
            for name, so_far in message.items():
                message[name] = so_far + (getattr(choice.delta, name, None) or type(so_far)())
            finish = choice.finish_reason or finish
    choices = [{"index": 0, "finish_reason": finish, "message": message}]
    return ChatCompletion.construct(choices=choices, **told)
