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
    """Return a question's text and settings as a request of a batch file, in the JSON of Gemini's
    REST API. Tools and the system text stand beside the settings there, and settings that are None
    are left out.
    """
    options = config.model_dump(mode="json", by_alias=True, exclude_none=True)
    contents = [{"role": "user", "parts": [{"text": text}]}]
    request: JsonObject = {"contents": contents, "generationConfig": options}
    for name in ("tools", "toolConfig"):
        if name in options:
            request[name] = options.pop(name)
    if told := options.pop("systemInstruction", None):
        request["systemInstruction"] = {"parts": [{"text": told}]}
    return request


async def submit(client: AsyncClient, model: str, requests: Mapping[str, JsonObject]) -> str:
    """Upload requests as a file, create a batch, and return the service's name of the batch.

    Errors of the SDK are raised as they are.

    Args:
        client: The client of the account.
        model: The model's id, for all requests.
        requests: The requests, by our ids.
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
    """Ask the service for a batch, and return its progress; once the batch has ended, with its
    answers and problems by our ids.

    Errors of the SDK are raised as they are.

    The number of processed requests stays 0: the service does not report it. A batch that the
    service calls successful counts as unfinished until its file of answers exists.

    Args:
        client: The client of the account that created the batch.
        name: The service's name of the batch.
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
        batch_state.otherwise = _missing_result_problem(state)
    return batch_state


def _missing_result_problem(state: str) -> str:
    """Return the problem of the requests without a result, from the state of an ended batch, such
    as ``EXPIRED``.
    """
    if state in ANSWERED_STATES:
        return batch_problem("missing")
    code = "" if state == "FAILED" else state.lower()
    return batch_problem(code, hours=EXPIRY_HOURS, whole=True)


def _job_state(batch: BatchJob) -> str:
    """Return the state of a batch, such as ``SUCCEEDED``; "" if the service reports none."""
    return batch.state.value.removeprefix("JOB_STATE_") if batch.state else ""


def _read_results(file: bytes, batch_state: FoundBatch[JsonObject]) -> None:
    """Add the answers and problems in a file of batch results to `batch_state`, by our request ids.

    A line with a ``response`` object has an answer; any other is a problem. A line that is no JSON
    object is skipped.

    Args:
        file: The content of the file, in JSON lines of UTF-8.
    """
    for line in batch_lines(file.decode(errors="replace")):
        item, response, error = str(line.get("key")), line.get("response"), line.get("error") or {}
        if isinstance(response, dict):
            batch_state.answers[item] = response
        else:
            batch_state.problems[item] = batch_problem(error.get("status") or error.get("code"))
