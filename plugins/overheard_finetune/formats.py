"""Vendors' formats for training files, and the published rules for such files."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from overheard_finetune.examples import Example

Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VendorFormat:
    """A vendor's format. A limit is None where the vendor publishes none.

    Attributes:
        name: The name in commands, and of the folder.
        title: The vendor's name for people.
        chat: Converts an example to a line.
        pair: Converts an example and its wrong answer to a preference pair; None without such a
            format.
        source: The page with the rules.
        as_of: The latest day on which the rules were checked, or None.
        assistant: The name of the model's role.
        fewest: Smallest number of examples in a training or preference file.
        most: Largest number of examples in a training or preference file.
        validation: Largest number of examples in a validation file.
        tokens: Largest number of tokens of an example.
        size: Largest size of a training file in bytes.
        validation_size: Largest size of a validation file in bytes; None means `size`.
        total: Largest number of examples in training and validation together.
        notice: What limits who can still train with the files, as a sentence, or an empty string.
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
    notice: str = ""


def _message(role: str, text: str) -> Line:
    """Return a turn of a chat with the keys of OpenAI."""
    return {"role": role, "content": text}


def _messages(example: Example) -> Line:
    """Return an example as a chat of two turns with the keys of OpenAI."""
    user, assistant = _message("user", example.question), _message("assistant", example.answer)
    return {"messages": [user, assistant]}


def _openai_pair(example: Example) -> Line:
    """Return an example with a rejected answer as a preference pair in OpenAI's format: the taught
    answer is preferred to the rejected one.
    """
    return {
        "input": {"messages": [_message("user", example.question)]},
        "preferred_output": [_message("assistant", example.answer)],
        "non_preferred_output": [_message("assistant", example.rejected)],
    }


def _trl_pair(example: Example) -> Line:
    """Return an example with a rejected answer as a preference pair in the format of the library
    TRL: the taught answer is chosen, the other one rejected.
    """
    return {
        "prompt": [_message("user", example.question)],
        "chosen": [_message("assistant", example.answer)],
        "rejected": [_message("assistant", example.rejected)],
    }


def _turn(role: str, text: str) -> Line:
    """Return a turn of a chat with the keys of Vertex AI."""
    return {"role": role, "parts": [{"text": text}]}


def _vertex(example: Example) -> Line:
    """Return an example as a chat of two turns with the keys of Vertex AI."""
    return {"contents": [_turn("user", example.question), _turn("model", example.answer)]}


def _vertex_pair(example: Example) -> Line:
    """Return an example with a rejected answer as a preference pair in Vertex AI's format: the
    taught answer has the score 1, the rejected one the score 0.
    """
    scored = ((example.answer, 1), (example.rejected, 0))
    return {
        "contents": [_turn("user", example.question)],
        "completions": [
            {"score": score, "completion": _turn("model", text)} for text, score in scored
        ],
    }


FORMATS: Mapping[str, VendorFormat] = {
    vendor_format.name: vendor_format
    for vendor_format in (
        VendorFormat(
            "openai",
            "OpenAI",
            _messages,
            _openai_pair,
            "https://developers.openai.com/api/docs/guides/direct-preference-optimization",
            as_of=date(2026, 5, 7),
            fewest=10,  # .../docs/guides/supervised-fine-tuning, the same day
            tokens=65_536,  # the shortest that is documented, by Microsoft for gpt-4o
            size=512 * 10**6,  # of any file: .../docs/api-reference/files/create, 2026-11-10
            notice="OpenAI starts no fine-tuning job for new users, and none at all after "
            "6 January 2027.",  # .../docs/deprecations
        ),
        VendorFormat(
            "bedrock",
            "Anthropic in Amazon Bedrock",
            _messages,
            None,
            "https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html",
            as_of=date(2026, 7, 28),
            fewest=32,
            most=10_000,
            validation=1_000,
            tokens=32_000,
            size=10 * 10**9,
            validation_size=10**9,
            total=10_000,
            notice="No Claude can be tuned today: the only one that Bedrock tuned, Claude 3 Haiku, "
            "ended there on 10 September 2026. Bedrock tunes models of Amazon and Meta, from files "
            "of another form.",  # .../model-lifecycle-legacy.html, custom-model-fine-tuning.html
        ),
        VendorFormat(
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
        VendorFormat(
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


SHOWN_PLACES = 5
"""Largest number of places that a message names."""
_KEYS = ({"role", "content"}, {"role", "parts"})
"""The allowed keys of a turn."""


def format_problems(
    vendor_format: VendorFormat,
    files: Mapping[str, Sequence[bytes]],
    origins: Mapping[bytes, str] | None = None,
) -> Iterator[str]:
    """Yield a clause for each rule of a vendor that the files of a dataset violate; nothing for
    files that satisfy all rules.

    The rules are the numbers of examples, the size of a file, the length of a line, the keys and
    the order of turns, and that no line repeats another one of its file.

    Args:
        vendor_format: The vendor's format.
        files: The encoded lines by the name of the file: ``train``, ``preferences``, or a name that
            begins with ``eval``.
        origins: Where each line comes from, such as an approved answer; it is named with lines that
            are too long. None for no names.
    """
    for name, encoded_lines in files.items():
        where = f"{vendor_format.name}/{name}.jsonl"
        lines = list(map(json.loads, encoded_lines))
        if name in {"train", "preferences"}:
            yield from _count_problems(where, len(lines), vendor_format.fewest, vendor_format.most)
        elif name.startswith("eval"):
            yield from _count_problems(where, len(lines), 0, vendor_format.validation)
        yield from _size_problems(vendor_format, where, encoded_lines, name, origins or {})
        malformed = [
            number
            for number, line in enumerate(lines, 1)
            if not _is_well_formed(vendor_format, name, line)
        ]
        problem = "has roles out of order, an empty text, or a key too many"
        yield from _line_problems(where, problem, malformed)
        yield from _line_problems(
            where, "repeats an earlier line", _repeated_line_numbers(encoded_lines)
        )
    yield from _total_problems(vendor_format, files)


def _count_problems(where: str, count: int, fewest: int, most: int | None) -> Iterator[str]:
    """Yield a clause if a file (its path ``where``) has fewer than ``fewest`` examples, or more
    than ``most``; None allows any number.
    """
    if count < fewest:
        yield f"{where} has {count:,} examples, and {fewest:,} are needed"
    if most is not None and count > most:
        yield f"{where} has {count:,} examples, and {most:,} are allowed"


def _total_problems(
    vendor_format: VendorFormat, files: Mapping[str, Sequence[bytes]]
) -> Iterator[str]:
    """Yield a clause if the training file and the largest validation file together have more than
    `VendorFormat.total` examples; nothing for a format without such a limit.
    """
    training_count = len(files.get("train", ()))
    validation_count = max(
        (len(lines) for name, lines in files.items() if name.startswith("eval")), default=0
    )
    total_count = training_count + validation_count
    if vendor_format.total is not None and total_count > vendor_format.total:
        yield (
            f"{vendor_format.name} has {total_count:,} examples for training and "
            f"validation together, and {vendor_format.total:,} are allowed"
        )


def _size_problems(
    vendor_format: VendorFormat,
    where: str,
    encoded_lines: Sequence[bytes],
    name: str,
    origins: Mapping[bytes, str],
) -> Iterator[str]:
    """Yield a clause if a file has more bytes than its format allows, and a clause with the numbers
    of the lines that may have more tokens than allowed. Nothing for limits that are None.

    Args:
        encoded_lines: The encoded lines of the file; each has a line break besides.
        name: The name of the file; one that begins with ``eval`` is a validation file, for which
            the format may have another limit of bytes.
        origins: Where lines come from; up to `SHOWN_PLACES` origins of lines are named.
    """
    limit = (name.startswith("eval") and vendor_format.validation_size) or vendor_format.size
    if limit and sum(len(line) + 1 for line in encoded_lines) > limit:
        yield f"{where} is larger than {limit:,} bytes"
    if vendor_format.tokens:
        # A token is at least a byte, so a line of no more bytes has no more tokens.
        long_lines = {
            n: line for n, line in enumerate(encoded_lines, 1) if len(line) > vendor_format.tokens
        }
        known_origins = list(dict.fromkeys(filter(None, map(origins.get, long_lines.values()))))
        places = f" ({'; '.join(known_origins[:SHOWN_PLACES])})" if known_origins else ""
        yield from _line_problems(
            where, f"may have more than {vendor_format.tokens:,} tokens{places}", long_lines
        )


def _repeated_line_numbers(encoded_lines: Sequence[bytes]) -> Iterator[int]:
    """Yield the number, from 1, of each line that repeats an earlier line."""
    seen: set[bytes] = set()
    for number, line in enumerate(encoded_lines, 1):
        if line in seen:
            yield number
        seen.add(line)


def _line_problems(where: str, problem: str, numbers: Iterable[int]) -> Iterator[str]:
    """Yield one clause that says a problem of some lines of a file: ``openai/train.jsonl, line 3,
    7: repeats an earlier line``. Nothing without numbers.

    Args:
        problem: What is wrong with each of the lines.
        numbers: The numbers of the lines; the first `SHOWN_PLACES` are named.
    """
    line_numbers = list(numbers)
    if line_numbers:
        listed = ", ".join(map(str, line_numbers[:SHOWN_PLACES])) + (
            " ..." if len(line_numbers) > SHOWN_PLACES else ""
        )
        yield f"{where}, line {listed}: {problem}"


def _is_well_formed(vendor_format: VendorFormat, name: str, line: Line) -> bool:
    """Return whether a line has the keys of its format and no others, and in each turn a text that
    is not blank.

    The roles of a chat must alternate, beginning with the user and ending with the model. For a
    preference pair (a file whose name begins with ``preferences``) each part is checked by itself,
    and any order of the roles is accepted.
    """
    if name.startswith("preferences"):
        return all(_turns_have_texts(vendor_format, part) for part in _turns_of_parts(line))
    turns = line.get("messages") or line.get("contents") or []
    roles = [turn.get("role") for turn in turns]
    alternating = roles == ["user", vendor_format.assistant] * (len(roles) // 2)
    return (
        len(line) == 1
        and len(roles) >= 2
        and alternating
        and _turns_have_texts(vendor_format, turns)
    )


def _turns_of_parts(line: Line) -> Iterator[list[Any]]:
    """Yield the turns of each part of a decoded preference pair, in the order of the line: the
    question, the preferred and the rejected answer.
    """
    for key, part in line.items():
        if key == "completions":
            yield [entry["completion"] for entry in part]
        else:
            yield part["messages"] if isinstance(part, dict) else part


def _turns_have_texts(vendor_format: VendorFormat, turns: Sequence[Any]) -> bool:
    """Return whether there are turns and each has the allowed keys, the role of the user or of the
    model, and a text that is not blank.
    """
    roles = {"user", vendor_format.assistant}
    return bool(turns) and all(
        turn.keys() in _KEYS and turn["role"] in roles and _turn_text(turn).strip()
        for turn in turns
    )


def _turn_text(turn: Mapping[str, Any]) -> str:
    """Return the text of a turn, which is in its parts or in its content."""
    if "parts" in turn:
        return "".join(part["text"] for part in turn["parts"])
    return str(turn["content"])
