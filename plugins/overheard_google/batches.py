"""Batches at Google: a file of questions goes in, and within two days a file of answers comes out.

Questions and answers go through files, because those keep our ids: answers that the service
returns without a file are neither in order nor named.
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

HOURS = 48
"""After so many the service gives a batch up; it means to be through within 24."""
ENDED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED", "FAILED", "CANCELLED", "EXPIRED"})
ANSWERED = frozenset({"SUCCEEDED", "PARTIALLY_SUCCEEDED"})


def request_of(text: str, config: GenerateContentConfig) -> Document:
    """Return a question as a line of a file has it, where no SDK writes it."""
    told = config.model_dump(mode="json", by_alias=True, exclude_none=True)
    tools = told.pop("tools", None)
    asked = {"contents": [{"role": "user", "parts": [{"text": text}]}], "generationConfig": told}
    return asked | ({"tools": tools} if tools else {})


async def submit(client: AsyncClient, model: str, requests: Mapping[str, Document]) -> str:
    """Hand requests to one model in, and return the service's name of the batch."""
    lines = ({"key": item, "request": request} for item, request in requests.items())
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file = await client.files.upload(
        file=BytesIO(text.encode()), config={"mime_type": "application/jsonl"}
    )
    batch = await client.batches.create(
        model=model, src=file.name or "", config={"display_name": "overheard"}
    )
    return batch.name or ""


async def look(client: AsyncClient, name: str) -> FoundBatch[Document]:
    """Return how far a batch is, and all that came of it once it has ended.

    Args:
        client: Of the account that handed it in.
        name: The service's name of it.
    """
    batch = await client.batches.get(name=name)
    state, file = _state(batch), batch.dest.file_name if batch.dest else None
    # The service may say that it is through before the file of answers is there.
    found = FoundBatch[Document](ended=state in ENDED and (bool(file) or state not in ANSWERED))
    if found.ended:
        if file:
            _read(await client.files.download(file=file), found)
        word = "missing" if state in ANSWERED else None if state == "FAILED" else state.lower()
        found.otherwise = batch_problem(word, hours=HOURS, whole=True)
    return found


def _state(batch: BatchJob) -> str:
    return batch.state.value.removeprefix("JOB_STATE_") if batch.state else ""


def _read(file: bytes, found: FoundBatch[Document]) -> None:
    for told in batch_lines(file.decode(errors="replace")):
        item, response, error = str(told.get("key")), told.get("response"), told.get("error") or {}
        if isinstance(response, dict):
            found.answers[item] = response
        else:
            found.problems[item] = batch_problem(error.get("status") or error.get("code"))
