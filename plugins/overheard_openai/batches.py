"""Batches at OpenAI: a file of questions goes in, and within 24 hours files of answers come out."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types import Batch
    from openai.types.responses import Response

ENDPOINT: Literal["/v1/responses"] = "/v1/responses"
KEPT_FOR = 30 * 24 * 3600
"""Seconds for which the service keeps the files: the longest that it offers."""
ENDED = frozenset({"completed", "failed", "expired", "cancelled"})

EXPIRED = "the service did not come to it within 24 hours; ask again."
CANCELLED = "its batch was cancelled before the service came to it."
MISSING = "its batch ended without an answer to it; ask again."
REFUSED = (
    "the service refuses the whole batch ({code}); check the model and its limits for batches."
)
FAILED = "the service answers it in the batch with an error ({code}); check the model and settings."
BY_WORD = {
    "batch_expired": EXPIRED,
    "expired": EXPIRED,
    "batch_cancelled": CANCELLED,
    "cancelled": CANCELLED,
}
"""What the code word of a question, or the state of the whole batch, means."""


@dataclass
class Found:
    """What the service says of a batch; see `overheard.BatchLook`."""

    done: int = 0
    ended: bool = False
    responses: dict[str, Response] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


async def submit(client: AsyncOpenAI, requests: Mapping[str, Mapping[str, Any]]) -> str:
    """Hand requests in, and return the service's id of the batch."""
    lines = (
        {"custom_id": item, "method": "POST", "url": ENDPOINT, "body": body}
        for item, body in requests.items()
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file = await client.files.create(
        file=("questions.jsonl", text.encode()),
        purpose="batch",
        expires_after={"anchor": "created_at", "seconds": KEPT_FOR},
    )
    batch = await client.batches.create(
        input_file_id=file.id,
        endpoint=ENDPOINT,
        completion_window="24h",
        output_expires_after={"anchor": "created_at", "seconds": KEPT_FOR},
    )
    return batch.id


async def look(client: AsyncOpenAI, batch_id: str, items: Collection[str]) -> Found:
    """Return how far a batch is, and all that came of it once it has ended.

    Args:
        client: Of the account that handed it in.
        batch_id: The service's id of it.
        items: The ids of the questions that it has.
    """
    batch = await client.batches.retrieve(batch_id)
    counts = batch.request_counts
    found = Found(counts.completed + counts.failed if counts else 0, batch.status in ENDED)
    if found.ended:
        for name in filter(None, (batch.output_file_id, batch.error_file_id)):
            _read((await client.files.content(name)).text, found)
        answered = found.responses.keys() | found.problems.keys()
        found.problems |= dict.fromkeys(set(items) - answered, _ending(batch))
    return found


def _read(text: str, found: Found) -> None:
    from openai.types.responses import Response

    for line in text.splitlines():
        told = json.loads(line) if line.strip() else {}
        item, response = told.get("custom_id"), told.get("response") or {}
        if not isinstance(item, str):
            continue
        body = response.get("body") or {}
        if response.get("status_code") == 200:
            found.responses[item] = Response.construct(**body)
        else:
            error = told.get("error") or body.get("error") or {}
            word = _word(error.get("code") or error.get("type") or response.get("status_code"))
            found.problems[item] = BY_WORD.get(word, FAILED.format(code=word))


def _ending(batch: Batch) -> str:
    """Say why a question of a batch has no line in any file."""
    if batch.status == "failed":
        return REFUSED.format(code=next(_codes(batch), "without a reason"))
    return BY_WORD.get(batch.status, MISSING)


def _codes(batch: Batch) -> Iterator[str]:
    errors = (batch.errors.data if batch.errors else None) or []
    return (_word(error.code) for error in errors)


def _word(told: object) -> str:
    """Return a code word; anything longer may hold a secret."""
    word = str(told)
    return word if re.fullmatch(r"\w{1,60}", word) else "without a reason"
