"""The model's replies, read strictly; invalid items and quotes without evidence are left out."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overheard import Reading
from overheard_judge.requests import ASPECTS

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
_MAX_REPLY_CHARACTERS = 200_000
"""Characters of a reply that are read."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Aspect(_Strict):
    """How the text speaks of one aspect of a brand."""

    aspect: str
    sentiment: Literal["positive", "negative"]
    quote: str = Field(min_length=1, max_length=2_000)


class Portrayal(_Strict):
    """How the text speaks of a brand."""

    brand: str
    sentiment: Literal["positive", "negative", "neutral", "mixed"]
    quote: str = Field(min_length=1, max_length=2_000)
    aspects: list[Any] = Field(default_factory=list, max_length=50)

    def judged(self) -> Iterator[Aspect]:
        """Yield the valid aspects, each kind once."""
        found = {item.aspect: item for item in _valid(Aspect, self.aspects)}
        yield from (item for name, item in found.items() if name in ASPECTS)


class Claim(_Strict):
    """What the text states of a fact."""

    field: str
    verdict: Literal["correct", "stale", "wrong"]
    stated: str = Field(max_length=500)
    quote: str = Field(min_length=1, max_length=2_000)


Item = TypeVar("Item", bound=_Strict)


def portrayals(reply: str, mark: str) -> dict[str, Portrayal]:
    """Return the portrayal of each brand by name; a brand with two portrayals is left out.

    Args:
        reply: The text of the model's reply.
        mark: The mark of the request, which the reply must repeat as ``check``.
    """
    items = list(_valid(Portrayal, _items(reply, mark, "brands")))
    counts = Counter(item.brand for item in items)
    return {item.brand: item for item in items if counts[item.brand] == 1}


def stated(reply: str, mark: str) -> list[Claim]:
    """Return what the text states of facts."""
    return list(_valid(Claim, _items(reply, mark, "claims")))


def _items(reply: str, mark: str, key: str) -> list[Any]:
    """Return the list under `key` in a JSON reply; an empty list for an invalid reply or mark."""
    fenced = _FENCE.match(reply[:_MAX_REPLY_CHARACTERS])
    try:
        document = json.loads(fenced.group(1) if fenced else reply[:_MAX_REPLY_CHARACTERS])
    except (ValueError, RecursionError):
        return []
    if (
        not isinstance(document, dict)
        or document.keys() != {"check", key}
        or document["check"] != mark
    ):
        return []
    return document[key] if isinstance(document[key], list) else []


def _valid(kind: type[Item], items: Iterable[Any]) -> Iterator[Item]:
    for item in items:
        try:
            yield kind.model_validate(item)
        except ValidationError:
            continue


_MAX_DISTANCE_SENTENCES = 3
"""Sentences after a mention that may continue about the brand."""
_PRONOUN = re.compile(
    r"(?:(?:however|but|also|overall|still|yet),? )?(?:it|its|it['\u2019]s|they|their|this"
    r"|the (?:company|firm|business|brand|platform|tool|app|software|service|product|team))\b",
    re.IGNORECASE,
)
_HEADING_CHARACTERS = 8
"""Most characters in addition to the name in a line that counts as a heading."""
_TOKEN = re.compile(r"\S+")


def is_about(quote: str, reading: Reading) -> bool:
    """Return whether a quote occurs in the answer, in a sentence about the brand.

    Such a sentence names the brand, or continues about the brand ("It ...", or below its name) with
    no other brand in between. White space is ignored. So text about another brand, or addressed to
    the judge, is no evidence.
    """
    return any(_is_about_brand(span, reading) for span in places(quote, reading.body))


def places(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of a quote in a text, ignoring white space; a quote needs words."""
    words = _TOKEN.findall(quote)
    if any(word[0].isalnum() or len(word) > 1 for word in words):
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        yield from (found.span() for found in pattern.finditer(text))


def _is_about_brand(span: tuple[int, int], reading: Reading) -> bool:
    """Return whether a span of the answer is in a sentence about the brand; see `is_about`."""
    starts = [start for start, _ in reading.sentences]
    first, last = (max(0, bisect_right(starts, at) - 1) for at in (span[0], span[1] - 1))
    if any(first <= mention.sentence <= last for mention in reading.of(reading.brand.name)):
        return True
    earlier = [m for m in reading.mentions if m.sentence < first]
    names_other = any(first <= mention.sentence <= last for mention in reading.mentions)
    if names_other or not earlier or first - earlier[-1].sentence > _MAX_DISTANCE_SENTENCES:
        return False
    nearest = earlier[-1].sentence
    names = [m for m in earlier if m.sentence == nearest]
    start, end = reading.sentences[nearest]
    label = end - start - sum(m.end - m.start for m in names) <= _HEADING_CHARACTERS
    continues = label or _PRONOUN.match(reading.sentence(first)) is not None
    return continues and all(m.brand == reading.brand.name for m in names)
