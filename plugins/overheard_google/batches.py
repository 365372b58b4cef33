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

Document = dict[str, Any]

EXPIRY_HOURS = 48
"""The service gives up a batch after this time; its target is 24 hours."""
ENDED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})
ANSWERED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED"})


def request_of(text: str, config: GenerateContentConfig) -> Document:
    """Return a question as a request in a batch's file, in the JSON of Gemini's REST API."""
    options = config.model_dump(mode="json", by_alias=True, exclude_none=True)
    tools = options.pop("tools", None)
    contents = [{"role": "user", "parts": [{"text": text}]}]
    request: Document = {"contents": contents, "generationConfig": options}
    return request | ({"tools": tools} if tools else {})


async def submit(client: AsyncClient, model: str, requests: Mapping[str, Document]) -> str:
    """Create a batch of requests to one model, and return the batch's name at the service."""
    lines = ({"key": item, "request": request} for item, request in requests.items())
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file = await client.files.upload(
        file=BytesIO(text.encode()), config={"mime_type": "application/jsonl"}
    )
    batch = await client.batches.create(
        model=model, src=file.name or "", config={"display_name": "overheard"}
    )
    return batch.name or ""


async def retrieve(client: AsyncClient, name: str) -> FoundBatch[Document]:
    """Return the progress of a batch, and its answers and errors once it has ended.

    Args:
        client: The client of the account that created the batch.
        name: The batch's name at the service.
    """
    batch = await client.batches.get(name=name)
    state, file = _state(batch), batch.dest.file_name if batch.dest else None
    # The service may report success before the file of answers exists.
    batch_state = FoundBatch[Document](
        ended=state in ENDED and (bool(file) or state not in ANSWERED)
    )
    if batch_state.ended:
        if file:
            _read_results(await client.files.download(file=file), batch_state)
        word = "missing" if state in ANSWERED else None if state == "FAILED" else state.lower()
        batch_state.otherwise = batch_problem(word, hours=EXPIRY_HOURS, whole=True)
    return batch_state


def _state(batch: BatchJob) -> str:
    return batch.state.value.removeprefix("JOB_STATE_") if batch.state else ""


def _read_results(file: bytes, batch_state: FoundBatch[Document]) -> None:
    """Add the answers and problems in a file of batch results to `batch_state`, by request id."""
    for line in batch_lines(file.decode(errors="replace")):
        item, response, error = str(line.get("key")), line.get("response"), line.get("error") or {}
        if isinstance(response, dict):
            batch_state.answers[item] = response
        else:
            batch_state.problems[item] = batch_problem(error.get("status") or error.get("code"))
