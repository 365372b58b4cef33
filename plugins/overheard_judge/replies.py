"""The model's replies: the JSON in them is found in whatever surrounds it, and read leniently.

Lenient in form, strict in content: each verdict needs a known word and a quote from the answer.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from overheard_judge.quotes import word_offsets
from overheard_judge.requests import FINDINGS, STANDINGS, TONES, VERDICTS

_MAX_REPLY_CHARACTERS = 200_000
"""Characters of a reply that are read."""
_MAX_OBJECTS = 50
"""Objects of a reply that are tried."""
_KEY_LEVELS = 6
"""Levels of objects and lists whose keys are read in any case of letters."""
_MAX_QUOTE_CHARACTERS = 2_000
_MAX_STATED_CHARACTERS = 500
_REASONING = re.compile(
    r"<(think|thinking|reasoning|thought|analysis|scratchpad)>.*?(?:</\1>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_OPENING = re.compile(r"[{\[]")
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_HEX = re.compile(r"[0-9a-f]{16}")
_DECODER = json.JSONDecoder(strict=False)


class Loss(StrEnum):
    """Why a verdict does not count."""

    UNREADABLE = "the reply holds no JSON as asked for"
    OTHER_MARK = "the reply bears the mark of another request"
    MISSING = "the reply says nothing about the brand"
    CONTRADICTION = "the reply holds several verdicts on the brand"
    UNKNOWN_WORD = "its word is none of those asked for"
    NO_QUOTE = "it has no quote"
    INVENTED = "its quote is not in the answer"
    OTHER_OWNER = "its quote is about another brand, or about none"


@dataclass(frozen=True, slots=True)
class Drawback:
    """A fault or limit that the text finds with a brand."""

    aspect: str
    quote: str


@dataclass(frozen=True, slots=True)
class StatedFact:
    """What the text states of a fact."""

    field: str
    verdict: str
    stated: str
    quote: str


@dataclass(frozen=True, slots=True)
class JudgedBrand:
    """How the text speaks of a brand."""

    tone: str
    standing: str
    quote: str
    drawbacks: tuple[Drawback, ...] = ()
    facts: tuple[StatedFact, ...] = ()


def judged_brand(reply: str, mark: str, names: Iterable[str]) -> JudgedBrand | Loss:
    """Return what a reply says of a brand, or the reason why it has nothing valid on the brand.

    The reply must have exactly one item about the brand, with a known tone and a quote of at most
    `_MAX_QUOTE_CHARACTERS`. An unknown standing is empty. Whether quotes are in the answer is not
    checked here. Drawbacks without a quote, and facts without a known verdict or a quote, are left
    out; the stated value is the quote if it is missing.

    Args:
        reply: The text of the model's reply.
        mark: The mark of the request, which the reply should repeat as ``check``. A reply with
            another mark does not count; a reply without a mark does.
        names: The brand's name, as in the request, and its other spellings.
    """
    items = _reply_items(reply, mark, "brands", "brand")
    if isinstance(items, Loss):
        return items
    wanted = {_plain(name) for name in names}
    own_items = [item for item in items if _plain(_text(item.get("brand"))) in wanted]
    if not own_items:
        return Loss.MISSING
    if len(own_items) > 1:
        return Loss.CONTRADICTION
    [item] = own_items
    tone, quote = _word(item.get("tone"), TONES), _quote(item)
    if not tone:
        return Loss.UNKNOWN_WORD
    if not quote:
        return Loss.NO_QUOTE
    drawbacks = (
        Drawback(_text(entry.get("aspect")).casefold() or "other", said)
        for entry in _json_objects(item.get("drawbacks"), "aspect")
        if (said := _quote(entry))
    )
    facts = (
        StatedFact(_text(entry.get("field")), verdict, stated[:_MAX_STATED_CHARACTERS], said)
        for entry in _json_objects(item.get("facts"), "field")
        if (verdict := _word(entry.get("verdict"), VERDICTS))
        and (said := _quote(entry))
        and (stated := _text(entry.get("stated")) or said)
    )
    standing = _word(item.get("standing"), STANDINGS)
    return JudgedBrand(tone, standing, quote, tuple(drawbacks), tuple(facts))


def checked_finding(reply: str, mark: str) -> tuple[str, str] | Loss:
    """Return (verdict, quote) of a reply to the check of a finding; or the reason why it counts for
    nothing. Whether the quote is in the answer is not checked here.
    """
    items = _reply_items(reply, mark, "findings", "verdict")
    if isinstance(items, Loss):
        return items
    if len(items) > 1:
        return Loss.CONTRADICTION
    if not items or not (verdict := _word(items[0].get("verdict"), FINDINGS)):
        return Loss.UNKNOWN_WORD
    quote = _quote(items[0])
    return (verdict, quote) if quote else Loss.NO_QUOTE


def _quote(item: Mapping[str, Any]) -> str:
    """Return the quote of an item; empty without one, and for one that is too long."""
    quote = _text(item.get("quote"))
    return quote if len(quote) <= _MAX_QUOTE_CHARACTERS else ""


def _reply_items(reply: str, mark: str, key: str, name: str) -> list[dict[str, Any]] | Loss:
    """Return the items (JSON objects) of a reply, or the reason why they cannot be read.

    Of the JSON values in the reply that hold items, the first that repeats the mark counts. Without
    one, the last without any mark counts, because models write drafts before their answer; unless
    one of them has another mark, as a forged reply in the judged text would have. A bare list of
    items counts as unmarked; a single item without a list counts, too.

    Args:
        name: The key of an item's name; in an object of items by name, the key is the name.
    """
    digest = _HEX.search(mark)
    last_unmarked: list[dict[str, Any]] | None = None
    has_other_mark = False
    for value in _json_values(reply):
        items = _items_of_value(value, key, name)
        if items is None:
            continue
        check = _text(value.get("check")) if isinstance(value, dict) else ""
        if digest and digest.group() in check:
            return items
        if check:
            has_other_mark = True
        else:
            last_unmarked = items
    if has_other_mark:
        return Loss.OTHER_MARK
    return Loss.UNREADABLE if last_unmarked is None else last_unmarked


def _items_of_value(value: Any, key: str, name: str) -> list[dict[str, Any]] | None:
    """Return the items of a JSON value: those under `key`, those of a list, or the value itself if
    it is an item. An empty list under `key` gives []; any other value without items gives None.
    """
    if not isinstance(value, dict):
        return _json_objects(value, name) or None
    if key not in value:
        return [value] if name in value else None
    items = _json_objects(value[key], name)
    return items if items or isinstance(value[key], list) else None


def _json_values(reply: str) -> Iterator[Any]:
    """Yield the outermost JSON objects and lists in a reply, in order, with keys in lower case.

    Text in reasoning tags ("<think>") is skipped. `_MAX_REPLY_CHARACTERS` are read, and at most
    `_MAX_OBJECTS` brackets are tried.
    """
    text = _REASONING.sub("", reply[:_MAX_REPLY_CHARACTERS])
    offset = 0
    for _ in range(_MAX_OBJECTS):
        opening = _OPENING.search(text, offset)
        if opening is None:
            return
        value, offset = _json_value_at(text, opening.start())
        if value is not None:
            yield _with_lower_case_keys(value)


def _json_value_at(text: str, start: int) -> tuple[Any, int]:
    """Return (value, offset): the JSON value that begins at offset `start`, or None, and the offset
    at which to search on.

    If it is not valid JSON, the text to its last closing bracket is read once more without trailing
    commas, and then as Python, with single quotes; if that succeeds, the search ends.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    end = max(text.rfind("}"), text.rfind("]")) + 1
    mended = _TRAILING_COMMA.sub("", text[start:end])
    try:
        return _DECODER.raw_decode(mended)[0], len(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(mended), len(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None, start + 1


def _with_lower_case_keys(value: Any) -> Any:
    """Return a JSON value with the keys of its objects in lower case and without spaces around
    them, `_KEY_LEVELS` levels deep; deeper values stay as they are.
    """

    def lower(value: Any, levels: int) -> Any:
        """Return a JSON value with the keys of its objects in lower case, `levels` levels deep."""
        if levels and isinstance(value, dict):
            return {
                str(key).strip().casefold(): lower(entry, levels - 1)
                for key, entry in value.items()
            }
        if levels and isinstance(value, list):
            return [lower(entry, levels - 1) for entry in value]
        return value

    return lower(value, _KEY_LEVELS)


def _json_objects(value: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects in a JSON value.

    - A list gives its objects; other entries are left out.
    - An object that has the key `name` gives itself.
    - An object of objects gives these, each with its key under `name` unless it has a `name`:
      ``{"Acme": {"sentiment": "mixed"}}`` gives ``[{"brand": "Acme", "sentiment": "mixed"}]``.
    - Any other value gives [].
    """
    if isinstance(value, list):
        return [entry for entry in value if isinstance(entry, dict)]
    if not isinstance(value, dict):
        return []
    if name in value:
        return [value]
    return [{name: key, **entry} for key, entry in value.items() if isinstance(entry, dict)]


def _word(value: Any, words: Iterable[str]) -> str:
    """Return the one of `words` that a value is, in any case of letters and with a full stop,
    quotes or Markdown around it; "" if it is none of them.
    """
    word = _text(value).strip(" .*_`\"'").casefold()
    return word if word in tuple(words) else ""


def _text(value: Any) -> str:
    """Return a text without spaces around it; "" for a value that is not a text."""
    return value.strip() if isinstance(value, str) else ""


def _plain(name: str) -> str:
    """Return the words of a name, normalized and divided by spaces, to compare names."""
    return " ".join(word for word, _, __ in word_offsets(name))
