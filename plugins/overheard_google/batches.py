"""Batches at Google: a file of requests is uploaded, and a file of answers follows within 2 days.

Files are used because they keep the requests' ids: answers without a file are neither in order
nor named.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

from overheard import FoundBatch, batch_lines, batch_problem

if TYPE_CHECKING:
    from google.genai.client import AsyncClient
    from google.genai.types import BatchJob, GenerateContentConfig

JsonObject = dict[str, Any]

EXPIRY_HOURS = 48
"""The service gives up a batch after this time; its target is 24 hours."""
ENDED_STATES = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})
ANSWERED_STATES = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED"})


def request_of(text: str, config: GenerateContentConfig) -> JsonObject:
    """Return a question's text and settings as a request for a batch file, in the JSON of Gemini's
    REST API.
    """
    options = config.model_dump(mode="json", by_alias=True, exclude_none=True)
    tools = options.pop("tools", None)
    contents = [{"role": "user", "parts": [{"text": text}]}]
    request: JsonObject = {"contents": contents, "generationConfig": options}
    return request | ({"tools": tools} if tools else {})


async def submit(client: AsyncClient, model: str, requests: Mapping[str, JsonObject]) -> str:
    """Upload requests to one model, by our ids, as a file, create a batch, and return the batch's
    name at the service.
    """
    lines = ({"key": item, "request": request} for item, request in requests.items())
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file = await client.files.upload(
        file=BytesIO(text.encode()), config={"mime_type": "application/jsonl"}
    )
    batch = await client.batches.create(
        model=model, src=file.name or "", config={"display_name": "overheard"}
    )
    return batch.name or ""


async def retrieve(client: AsyncClient, name: str) -> FoundBatch[JsonObject]:
    """Ask the service for a batch, and return its state; once the batch has ended, with its answers
    and errors. The number of processed requests is not known.

    Args:
        client: The client of the account that created the batch.
        name: The batch's name at the service.
    """
    batch = await client.batches.get(name=name)
    state, file = _job_state(batch), batch.dest.file_name if batch.dest else None
    # The service may report success before the file of answers exists.
    batch_state = FoundBatch[JsonObject](
        ended=state in ENDED_STATES and (bool(file) or state not in ANSWERED_STATES)
    )
    if batch_state.ended:
        if file:
            _read_results(await client.files.download(file=file), batch_state)
        word = (
            "missing" if state in ANSWERED_STATES else None if state == "FAILED" else state.lower()
        )
        batch_state.otherwise = batch_problem(word, hours=EXPIRY_HOURS, whole=True)
    return batch_state


def _job_state(batch: BatchJob) -> str:
    return batch.state.value.removeprefix("JOB_STATE_") if batch.state else ""


def _read_results(file: bytes, batch_state: FoundBatch[JsonObject]) -> None:
    """Add the answers and problems in a file of batch results (JSON lines) to `batch_state`, by our
    request ids.
    """
    for line in batch_lines(file.decode(errors="replace")):
        item, response, error = str(line.get("key")), line.get("response"), line.get("error") or {}
        if isinstance(response, dict):
            batch_state.answers[item] = response
        else:
            batch_state.problems[item] = batch_problem(error.get("status") or error.get("code"))
