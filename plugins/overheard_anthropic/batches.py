"""Batches at Anthropic: each request has an answer or an error within 24 hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from overheard import Fields, FoundBatch, batch_lines, batch_problem

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from anthropic.types.messages import MessageBatch


async def submit(client: AsyncAnthropic, requests: Mapping[str, Any]) -> str:
    """Create a batch of requests, and return the service's id of the batch.

    Errors of the SDK are raised as they are.

    Args:
        client: The client of the account.
        requests: The requests, by our ids.
    """
    batch = await client.messages.batches.create(
        requests=[{"custom_id": item, "params": request} for item, request in requests.items()]
    )
    return batch.id


async def retrieve(client: AsyncAnthropic, batch_id: str) -> FoundBatch[Fields]:
    """Ask the service for a batch, and return its progress; once the batch has ended, with its
    answers and problems by our ids.

    Errors of the SDK are raised as they are.

    Args:
        client: The client of the account that created the batch.
        batch_id: The service's id of the batch.
    """
    batch = await client.messages.batches.retrieve(batch_id)
    batch_state = FoundBatch[Fields](_processed_count(batch), batch.processing_status == "ended")
    if batch_state.ended:
        # The SDK's own line reader stops at the first line that it cannot parse.
        async with client.messages.batches.with_streaming_response.results(batch_id) as response:
            _read_results(await response.text(), batch_state)
    return batch_state


def _read_results(text: str, batch_state: FoundBatch[Fields]) -> None:
    """Add the answers and problems in a file of batch results to `batch_state`, by our request ids.

    A line of the type ``succeeded`` has an answer; any other is a problem. A line that is no JSON
    object is skipped.
    """
    for line in batch_lines(text):
        item, result = str(line.get("custom_id")), line.get("result") or {}
        if result.get("type") == "succeeded":
            batch_state.answers[item] = result.get("message") or Fields()
        else:  # a failed request is not charged
            error = (result.get("error") or {}).get("error") or {}
            batch_state.problems[item] = batch_problem(error.get("type") or result.get("type"))


def _processed_count(batch: MessageBatch) -> int:
    """Return how many requests of a batch have an answer, an error, or were given up."""
    counts = batch.request_counts
    return counts.succeeded + counts.errored + counts.expired + counts.canceled
