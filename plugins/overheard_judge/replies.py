"""What the model replied, read strictly: an item that does not hold up is left out by itself."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from overheard_judge.requests import ASPECTS

_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*)\n\s*```\s*\Z", re.DOTALL)
_LONGEST = 200_000
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
        """Yield the aspects that hold up, each kind once."""
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
    """Return how brands are spoken of, by name; what is said of a brand twice counts for nothing.

    Args:
        reply: What the model wrote.
        mark: The mark of what it was asked, which the reply must bear.
    """
    items = list(_valid(Portrayal, _items(reply, mark, "brands")))
    times = Counter(item.brand for item in items)
    return {item.brand: item for item in items if times[item.brand] == 1}


def stated(reply: str, mark: str) -> list[Claim]:
    """Return what the text states of facts."""
    return list(_valid(Claim, _items(reply, mark, "claims")))


def _items(reply: str, mark: str, key: str) -> list[Any]:
    fenced = _FENCE.match(reply[:_LONGEST])
    try:
        found = json.loads(fenced.group(1) if fenced else reply[:_LONGEST])
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, dict) or found.keys() != {"check", key} or found["check"] != mark:
        return []
    return found[key] if isinstance(found[key], list) else []


def _valid(kind: type[Item], items: Iterable[Any]) -> Iterator[Item]:
    for item in items:
        try:
            yield kind.model_validate(item)
        except ValidationError:
            continue
