"""Copies of what plugins make of our dataclasses, in which everything has the type that it should.

Python checks no type in a dataclass. What is odd in a card or in a command would come to light
where it is shown, as a fault of ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from overheard.cards.card import Card
from overheard.plugins.guard import Nonsense

MOST_PARTS = 20_000
"""Values that a card may hold, and those below it."""
MOST_CHARACTERS = 4_000_000
"""Characters, or bytes of pictures, that they may hold together; a platform shows far less."""

Shape = TypeVar("Shape")


def copied(given: object, shape: type[Shape]) -> Shape:
    """Return a copy of a dataclass of this type.

    Raises:
        Nonsense: when it is another one, when something in it has another type, or when it is
            larger than anybody can read; with what, such as ``its Card.title is int``.
    """
    if not isinstance(given, shape):
        raise Nonsense(f"it is {type(given).__name__}, and no {shape.__name__}")
    copy: Shape = _Copier(shape.__name__).of(given, shape, shape.__name__)
    return copy


def copied_card(given: object) -> Card:
    """Return a copy of a card, with data that is ready for JSON.

    Raises:
        Nonsense: as above.
    """
    card = copied(given, Card)
    try:
        data = json.dumps(card.data, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        raise Nonsense("its Card.data is not ready for JSON") from None
    return replace(card, data=json.loads(data))


class _Copier:
    """Copies values, and counts them.

    Args:
        name: What is copied.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._parts = self._characters = 0

    def of(self, given: Any, shape: Any, place: str) -> Any:
        """Copy a value of a type; anything else is nonsense."""
        self._parts += 1
        self._characters += len(given) if isinstance(given, str | bytes) else 0
        if self._parts > MOST_PARTS or self._characters > MOST_CHARACTERS:
            raise Nonsense(f"its {self._name} is too large to be read")
        origin, inner = get_origin(shape), get_args(shape)
        if origin is UnionType:
            one = next((one for one in inner if _is(given, one)), None)
            return self._plain(given, one, place)
        if origin is tuple and isinstance(given, tuple | list):
            return tuple(self.of(part, inner[0], place) for part in given)
        if origin is frozenset and isinstance(given, frozenset | set):
            return frozenset(self.of(part, inner[0], place) for part in given)
        return self._plain(given, shape, place)

    def _plain(self, given: Any, shape: Any, place: str) -> Any:
        if shape is None or not _is(given, shape):
            raise Nonsense(f"its {place} is {type(given).__name__}")
        if not is_dataclass(shape):
            return given
        make: Any = shape
        hints, name = _hints(make), make.__name__
        return make(
            **{
                field.name: self.of(
                    getattr(given, field.name), hints[field.name], f"{name}.{field.name}"
                )
                for field in fields(make)
            }
        )


def _is(given: object, shape: Any) -> bool:
    if shape is Any:
        return True
    if get_origin(shape) is Callable:
        return callable(given)
    number = shape is float and isinstance(given, int)
    return number or (isinstance(shape, type) and isinstance(given, shape))


@cache
def _hints(shape: Any) -> dict[str, Any]:
    return get_type_hints(shape)
