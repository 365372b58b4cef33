"""The model's replies: the JSON in them is found in whatever surrounds it, and read leniently.

Lenient in form, strict in content: each verdict needs a known word and a quote from the answer.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from overheard_judge.quotes import word_offsets
from overheard_judge.requests import ASPECTS, SENTIMENTS, VERDICTS

_MAX_REPLY_CHARACTERS = 200_000
"""Characters of a reply that are read."""
_MAX_OBJECTS = 50
"""Objects of a reply that are tried."""
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
class Aspect:
    """How the text speaks of one aspect of a brand."""

    aspect: str
    sentiment: str
    quote: str


@dataclass(frozen=True, slots=True)
class JudgedPortrayal:
    """How the text speaks of a brand."""

    brand: str
    sentiment: str
    quote: str
    aspects: tuple[Aspect, ...] = ()


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """What the text states of a fact."""

    field: str
    verdict: str
    stated: str
    quote: str


def portrayal_of(reply: str, mark: str, names: Iterable[str]) -> JudgedPortrayal | Loss:
    """Return the portrayal of a brand in a reply, or the reason why the reply has no valid
    portrayal.

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
    found = {
        (sentiment, _text(item.get("quote")))
        for item in own_items
        if (sentiment := _word(item.get("sentiment"), SENTIMENTS))
    }
    if not own_items:
        return Loss.MISSING
    if len(own_items) > 1:
        return Loss.CONTRADICTION
    if not found:
        return Loss.UNKNOWN_WORD
    [(sentiment, quote)] = found
    if not 0 < len(quote) <= _MAX_QUOTE_CHARACTERS:
        return Loss.NO_QUOTE
    return JudgedPortrayal(
        _text(own_items[0]["brand"]), sentiment, quote, tuple(_valid_aspects(own_items[0]))
    )


def stated(reply: str, mark: str) -> list[JudgedClaim] | Loss:
    """Return the valid claims in a reply, in its order; or the reason why the reply cannot be read.
    A claim needs a known verdict and a quote.

    Args:
        reply: The text of the model's reply.
        mark: The mark of the request, which the reply should repeat as ``check``.
    """
    items = _reply_items(reply, mark, "claims", "field")
    if isinstance(items, Loss):
        return items
    return [
        JudgedClaim(_text(item.get("field")), verdict, said[:_MAX_STATED_CHARACTERS], quote)
        for item in items
        if (verdict := _word(item.get("verdict"), VERDICTS))
        and 0 < len(quote := _text(item.get("quote"))) <= _MAX_QUOTE_CHARACTERS
        and (said := _text(item.get("stated")) or quote)
    ]


def _valid_aspects(item: Mapping[str, Any]) -> Iterator[Aspect]:
    """Yield the aspects of a brand's item that have a known name, a sentiment and a quote; of
    several with one name, the last.
    """
    found = {}
    for aspect in _json_objects(item.get("aspects"), "aspect"):
        name, sentiment = _text(aspect.get("aspect")).casefold(), _word(aspect.get("sentiment"))
        quote = _text(aspect.get("quote"))
        if name in ASPECTS and sentiment in {"positive", "negative"} and quote:
            found[name] = Aspect(name, sentiment, quote[:_MAX_QUOTE_CHARACTERS])
    yield from found.values()


def _reply_items(reply: str, mark: str, key: str, name: str) -> list[dict[str, Any]] | Loss:
    """Return the items (JSON objects) of a reply, or the reason why they cannot be read.

    The first object that repeats the mark is taken; without one, the last object without any mark,
    because models write drafts before their answer.

    Args:
        reply: The text of the model's reply.
        mark: The mark of the request.
        key: The key of the list of items.
        name: The key of an item's name; in an object of items by name, the key is the name.
    """
    code = _HEX.search(mark)
    unmarked, wrong = [], False
    for value in _json_values(reply):
        items = (
            _json_objects(value.get(key), name)
            if isinstance(value, dict)
            else _json_objects(value, name)
        )
        if isinstance(value, dict) and key not in value:
            items = [value] if name in value else []
        check = _text(value.get("check")) if isinstance(value, dict) else ""
        readable = bool(items) or (isinstance(value, dict) and isinstance(value.get(key), list))
        if readable and code and code.group() in check:
            return items
        if readable and not check:
            unmarked.append(items)
        wrong = wrong or (readable and bool(check))
    if unmarked and not wrong:
        return unmarked[-1]
    return Loss.OTHER_MARK if wrong else Loss.UNREADABLE


def _json_values(reply: str) -> Iterator[Any]:
    """Yield the outermost JSON objects and lists in a reply, in order, outside of reasoning tags
    and with keys in lower case; at most `_MAX_OBJECTS` are tried.
    """
    text = _REASONING.sub("", reply[:_MAX_REPLY_CHARACTERS])
    at = 0
    for _ in range(_MAX_OBJECTS):
        opening = _OPENING.search(text, at)
        if opening is None:
            return
        value, at = _json_value_at(text, opening.start())
        if value is not None:
            yield _with_lower_case_keys(value)


def _json_value_at(text: str, start: int) -> tuple[Any, int]:
    """Return the JSON value that begins at offset `start`, or None, and the offset at which to
    search on; a trailing comma and Python's single quotes are accepted.
    """
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        pass
    # The rest may have a trailing comma, or single quotes as in Python.
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
    """Return a JSON value with the keys of its objects in lower case, six levels deep."""

    def lower(value: Any, depth: int) -> Any:
        """Return a JSON value with the keys of its objects in lower case, `depth` levels deep."""
        if depth and isinstance(value, dict):
            return {str(k).strip().casefold(): lower(v, depth - 1) for k, v in value.items()}
        if depth and isinstance(value, list):
            return [lower(part, depth - 1) for part in value]
        return value

    return lower(value, 6)


def _json_objects(value: Any, name: str) -> list[dict[str, Any]]:
    """Return the objects in a JSON list, or in an object of objects, whose keys are then stored
    under `name`; a single object that has the key `name` gives itself. Other values give [].
    """
    if isinstance(value, dict):
        if name in value:
            return [value]
        value = [{name: key, **each} for key, each in value.items() if isinstance(each, dict)]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _word(value: Any, words: Iterable[str] = SENTIMENTS) -> str:
    """Return the allowed word that a value is, in any case of letters and with a full stop."""
    word = _text(value).strip(" .*_`\"'").casefold()
    return word if word in tuple(words) else ""


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _plain(name: str) -> str:
    return " ".join(word for word, _, __ in word_offsets(name))
