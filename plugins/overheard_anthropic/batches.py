"""Batches at Anthropic: questions go in, and within 24 hours each has an answer or a reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overheard import FoundBatch, batch_lines, batch_problem

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types import Message
    from anthropic.types.messages import MessageBatch


async def submit(client: AsyncAnthropic, requests: Mapping[str, Any]) -> str:
    """Hand requests in, and return the service's id of the batch."""
    batch = await client.messages.batches.create(
        requests=[{"custom_id": item, "params": request} for item, request in requests.items()]
    )
    return batch.id


async def look(client: AsyncAnthropic, batch_id: str) -> FoundBatch[Message]:
    """Return how far a batch is, and all that came of it once it has ended.

    Args:
        client: Of the account that handed it in.
        batch_id: The service's id of it.
    """
    batch = await client.messages.batches.retrieve(batch_id)
    found = FoundBatch["Message"](_done(batch), batch.processing_status == "ended")
    if found.ended:
        # The SDK's own reader of lines stops at the first that it cannot read.
        async with client.messages.batches.with_streaming_response.results(batch_id) as response:
            _read(await response.text(), found)
    return found


def _read(text: str, found: FoundBatch[Message]) -> None:
    from anthropic.types import Message

    for told in batch_lines(text):
        item, result = str(told.get("custom_id")), told.get("result") or {}
        if result.get("type") == "succeeded":
            found.answers[item] = Message.construct(**result.get("message") or {})
        else:  # it is not charged
            error = (result.get("error") or {}).get("error") or {}
            found.problems[item] = batch_problem(error.get("type") or result.get("type"))


def _done(batch: MessageBatch) -> int:
    counts = batch.request_counts
    return counts.succeeded + counts.errored + counts.expired + counts.canceled
