"""Batches at OpenAI: a file of requests is uploaded; files of answers follow within 24 hours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from overheard import Fields, FoundBatch, batch_lines, batch_problem

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch

ENDPOINT: Literal["/v1/responses"] = "/v1/responses"
FILE_LIFETIME_S = 30 * 24 * 3600
"""Seconds for which the service keeps the files; the longest time that the service allows."""
HTTP_OK = 200
ENDED_STATES = frozenset({"completed", "failed", "expired", "cancelled"})


async def submit(client: AsyncOpenAI, requests: Mapping[str, Mapping[str, Any]]) -> str:
    """Upload requests as a file, create a batch, and return the service's id of the batch.

    The service deletes the file, and later those with the results, after `FILE_LIFETIME_S` seconds.
    Errors of the SDK are raised as they are.

    Args:
        client: The client of the account.
        requests: The bodies of the requests, by our ids.
    """
    lines = (
        {"custom_id": item_id, "method": "POST", "url": ENDPOINT, "body": body}
        for item_id, body in requests.items()
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file = await client.files.create(
        file=("questions.jsonl", text.encode()),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": FILE_LIFETIME_S},
    )
    batch = await client.batches.create(
        input_file_id=file.id,
        endpoint=ENDPOINT,
        completion_window="24h",
        output_expires_after={"anchor": "created_at", "seconds": FILE_LIFETIME_S},
    )
    return batch.id


async def retrieve(client: AsyncOpenAI, batch_id: str) -> FoundBatch[Fields]:
    """Ask the service for a batch, and return its progress; once the batch has ended, with its
    answers and problems by our ids.

    Errors of the SDK are raised as they are. A request without a result in any file gets the
    problem `otherwise`.

    Args:
        client: The client of the account that created the batch.
        batch_id: The service's id of the batch.
    """
    batch = await client.batches.retrieve(batch_id)
    counts = batch.request_counts
    batch_state = FoundBatch[Fields](
        counts.completed + counts.failed if counts else 0, batch.status in ENDED_STATES
    )
    if batch_state.ended:
        for name in filter(None, (batch.output_file_id, batch.error_file_id)):
            _read_results((await client.files.content(name)).text, batch_state)
        batch_state.otherwise = _missing_result_problem(batch)
    return batch_state


def _read_results(text: str, batch_state: FoundBatch[Fields]) -> None:
    """Add the answers and problems in a file of batch results to `batch_state`, by our request ids.

    An answer has status 200; any other line is a problem. A line that is no JSON object is skipped.
    """
    for line in batch_lines(text):
        item, response = str(line.get("custom_id")), line.get("response") or {}
        body = response.get("body") or Fields()
        if response.get("status_code") == HTTP_OK:
            batch_state.answers[item] = body
        else:
            error = line.get("error") or body.get("error") or {}
            code = error.get("code") or error.get("type") or response.get("status_code")
            batch_state.problems[item] = batch_problem(code)


def _missing_result_problem(batch: Batch) -> str:
    """Return the problem of the requests of an ended batch that have no line in any file: why the
    whole batch was refused, or that it was cancelled, has expired, or lost them.
    """
    if batch.status == "failed":
        errors = (batch.errors.data if batch.errors else None) or []
        return batch_problem(next((error.code for error in errors), None), whole=True)
    return batch_problem("missing" if batch.status == "completed" else batch.status)
