"""Whether files keep what the vendors ask of them, read as the vendors will read them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from overheard.finetune.formats import Format, Line

SHOWN = 5
"""Places that a sentence names."""
_KEYS = ({"role", "content"}, {"role", "parts"})
"""All that a turn holds."""


def broken(
    form: Format, files: Mapping[str, Sequence[bytes]], origins: Mapping[bytes, str] | None = None
) -> Iterator[str]:
    """Yield what is wrong with a vendor's files, as sentences.

    Args:
        form: The vendor's format.
        files: The lines as they are written, by file; names begin with ``train``, ``eval`` or
            ``preferences``.
        origins: Where each line comes from, so that a sentence can say what to mend.
    """
    for name, written in files.items():
        where = f"{form.name}/{name}.jsonl"
        read = list(map(json.loads, written))
        if name in {"train", "preferences"}:
            yield from _counts(where, len(read), form.fewest, form.most)
        elif name.startswith("eval"):
            yield from _counts(where, len(read), 0, form.validation)
        yield from _sizes(form, where, written, name, origins or {})
        yield from _faulty(
            where,
            "has roles out of order, an empty text, or a key too many",
            (number for number, line in enumerate(read, 1) if not _well_formed(form, name, line)),
        )
        yield from _faulty(where, "stands there twice", _repeated(written))
    yield from _together(form, files)


def _counts(where: str, count: int, fewest: int, most: int | None) -> Iterator[str]:
    if count < fewest:
        yield f"{where} has {count:,} examples, and {fewest:,} are needed"
    if most is not None and count > most:
        yield f"{where} has {count:,} examples, and {most:,} are allowed"


def _together(form: Format, files: Mapping[str, Sequence[bytes]]) -> Iterator[str]:
    """Yield whether training and the largest validation file have too many examples together."""
    trained = len(files.get("train", ()))
    tried = max((len(lines) for name, lines in files.items() if name.startswith("eval")), default=0)
    if form.total is not None and trained + tried > form.total:
        yield (
            f"{form.name} has {trained + tried:,} examples for training and validation together, "
            f"and {form.total:,} are allowed"
        )


def _sizes(
    form: Format, where: str, written: Sequence[bytes], name: str, origins: Mapping[bytes, str]
) -> Iterator[str]:
    limit = (name.startswith("eval") and form.validation_size) or form.size
    if limit and sum(len(line) + 1 for line in written) > limit:
        yield f"{where} is larger than {limit:,} bytes"
    if form.tokens:
        # A token is at least a byte, so a line of no more bytes has no more tokens.
        long = {n: line for n, line in enumerate(written, 1) if len(line) > form.tokens}
        known = list(dict.fromkeys(filter(None, map(origins.get, long.values()))))
        told = f" ({'; '.join(known[:SHOWN])})" if known else ""
        yield from _faulty(where, f"may have more than {form.tokens:,} tokens{told}", long)


def _repeated(written: Sequence[bytes]) -> Iterator[int]:
    seen: set[bytes] = set()
    for number, line in enumerate(written, 1):
        if line in seen:
            yield number
        seen.add(line)


def _faulty(where: str, problem: str, numbers: Iterable[int]) -> Iterator[str]:
    found = list(numbers)
    if found:
        listed = ", ".join(map(str, found[:SHOWN])) + (" ..." if len(found) > SHOWN else "")
        yield f"{where}, line {listed}: {problem}"


def _well_formed(form: Format, name: str, line: Line) -> bool:
    if name.startswith("preferences"):
        return all(_texts(form, part) for part in _parts(line))
    turns = line.get("messages") or line.get("contents") or []
    roles = [turn.get("role") for turn in turns]
    alternating = roles == ["user", form.assistant] * (len(roles) // 2)
    return len(line) == 1 and len(roles) >= 2 and alternating and _texts(form, turns)


def _parts(line: Line) -> Iterator[list[Any]]:
    """Yield the turns of each part of a pair."""
    for key, part in line.items():
        if key == "completions":
            yield [one["completion"] for one in part]
        else:
            yield part["messages"] if isinstance(part, dict) else part


def _texts(form: Format, turns: Sequence[Any]) -> bool:
    known = {"user", form.assistant}
    return bool(turns) and all(
        turn.keys() in _KEYS and turn["role"] in known and _text(turn).strip() for turn in turns
    )


def _text(turn: Mapping[str, Any]) -> str:
    if "parts" in turn:
        return "".join(part["text"] for part in turn["parts"])
    return str(turn["content"])
