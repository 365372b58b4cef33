"""How each vendor's trainer reads examples, and the rules that it publishes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from overheard.finetune.examples import Example

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """A vendor's format.

    Attributes:
        name: The folder, and what people call it.
        title: Whose it is.
        chat: Writes an example.
        pair: Writes an example with its wrong answer; None where there is no such format.
        assistant: What the one who answers is called.
        fewest: The fewest examples of a file that is learnt, pairs included.
        most: The most, or None where none is published.
        validation: The most examples of a validation file, or None.
        tokens: The most tokens of an example, or None.
        size: The most bytes of a training file, or None.
        validation_size: The most bytes of a validation file; None where it is that of training.
        total: The most examples of both together, or None.
        source: The page that says so.
        as_of: The latest day for which that is known to hold; None where nothing proves one.
    """

    name: str
    title: str
    chat: Callable[[Example], Line]
    pair: Callable[[Example], Line] | None
    source: str
    as_of: date | None = None
    assistant: str = "assistant"
    fewest: int = 1
    most: int | None = None
    validation: int | None = None
    tokens: int | None = None
    size: int | None = None
    validation_size: int | None = None
    total: int | None = None


def _message(role: str, text: str) -> Line:
    return {"role": role, "content": text}


def _messages(example: Example) -> Line:
    user, assistant = _message("user", example.question), _message("assistant", example.answer)
    return {"messages": [user, assistant]}


def _openai_pair(example: Example) -> Line:
    return {
        "input": {"messages": [_message("user", example.question)]},
        "preferred_output": [_message("assistant", example.answer)],
        "non_preferred_output": [_message("assistant", example.rejected)],
    }


def _trl_pair(example: Example) -> Line:
    return {
        "prompt": [_message("user", example.question)],
        "chosen": [_message("assistant", example.answer)],
        "rejected": [_message("assistant", example.rejected)],
    }


def _turn(role: str, text: str) -> Line:
    return {"role": role, "parts": [{"text": text}]}


def _vertex(example: Example) -> Line:
    return {"contents": [_turn("user", example.question), _turn("model", example.answer)]}


def _vertex_pair(example: Example) -> Line:
    scored = ((example.answer, 1), (example.rejected, 0))
    return {
        "contents": [_turn("user", example.question)],
        "completions": [
            {"score": score, "completion": _turn("model", text)} for text, score in scored
        ],
    }


FORMATS: Mapping[str, Format] = {
    each.name: each
    for each in (
        Format(
            "openai",
            "OpenAI",
            _messages,
            _openai_pair,
            "https://developers.openai.com/api/docs/guides/direct-preference-optimization",
            as_of=date(2026, 5, 7),
            fewest=10,  # .../docs/guides/supervised-fine-tuning, the same day
            tokens=65_536,  # the shortest that is documented, by Microsoft for gpt-4o
            size=512 * 10**6,  # of any file: .../docs/api-reference/files/create, 2026-11-10
        ),
        Format(
            "bedrock",
            "Anthropic in Amazon Bedrock",
            _messages,
            None,
            "https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html",
            fewest=32,
            most=10_000,
            validation=1_000,
            tokens=32_000,
            size=10 * 10**9,
            validation_size=10**9,
            total=10_000,
        ),
        Format(
            "vertex",
            "Gemini in Google Cloud (Vertex AI)",
            _vertex,
            _vertex_pair,
            "https://docs.cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-supervised-tuning",
            assistant="model",
            most=1_000_000,
            validation=5_000,
            tokens=128_000,  # of a pair: .../gemini-preference-tuning-prepare; an example, 131,072
            size=10**9,
        ),
        Format(
            "huggingface",
            "Hugging Face trainers (TRL)",
            _messages,
            _trl_pair,
            "https://huggingface.co/docs/trl/dataset_formats",
            as_of=date(2026, 11, 25),  # TRL 1.16 read the files: training/vendors.py
        ),
    )
}
"""The formats, by name."""
