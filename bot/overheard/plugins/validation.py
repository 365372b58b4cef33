"""Validation of what plugins return: copies of plain types, checked once, before any use.

Python checks no type in a dataclass. The copies hold no object of a class of the plugin's own,
so that no code of a plugin runs later, where it would seem to be a fault of the core.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields, replace
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import SchemaValidator, ValidationError
from pydantic_core.core_schema import no_info_before_validator_function

from overheard.cards.card import Card
from overheard.domain import ModelUpdate, Reply, Score, Usage
from overheard.domain.models import MAX_ANSWER_CHARS, MAX_SOURCE_CHARS, MAX_SOURCES

MAX_CARD_CHARACTERS = 1_500_000
"""Characters of a card that is written out; a platform shows far less."""
MAX_QUOTE_LENGTH = 10_000
"""Characters of a score's quote, and of each part of its details."""
MAX_RESULTS = 1_000
"""Scores of one reading, or updates of one feed."""
MAX_TOKENS = 2**31 - 1
"""The largest number of tokens that every database stores."""
NOT_A_SCORE = Score("", 0.0)
"""Takes the place of what is no score, or one without a finite number; it is of no metric."""

Shape = TypeVar("Shape")
_COUNTS = attrgetter(*(field.name for field in fields(Usage)))
_FORM_VALUES = TypeAdapter(dict[str, str | int | float | bool], config=ConfigDict(strict=True))


@dataclass(frozen=True, slots=True)
class ScorerReply:
    """A reply of the child process of scorers for one reading, sent as one line of JSON.

    Attributes:
        scores: The scores; see `validated_scores`.
        problem: The fault, as the rest of a sentence that begins with the scorer; empty without a
            fault.
    """

    scores: tuple[Score, ...] = ()
    problem: str = ""


class Nonsense(Exception):
    """An invalid value from a plugin; the text quotes no value of the plugin."""


def validated(given: object, shape: type[Shape]) -> Shape:
    """Return a copy of a dataclass instance in which every value, at any depth, has its declared
    type.

    A list becomes a tuple, a set a frozenset and an int a float, where these are declared. No other
    value is converted.

    Args:
        given: The object that a plugin returned.

    Raises:
        Nonsense: when the object is of another class or a value has another type; the text names
            the first wrong value, such as ``its fields[0].value is int``.
    """
    if not isinstance(given, shape):
        raise Nonsense(f"it is {type(given).__name__}, and no {shape.__name__}")
    try:
        copy: Shape = _validator(shape).validate_python((given,))[0]  # type: ignore[arg-type] # hashable
    except ValidationError as error:
        raise Nonsense(_first_misfit(given, error)) from None
    return copy


def validated_card(given: object) -> Card:
    """Return a copy of a card whose data consist of JSON values; other values in the data become
    texts.

    Raises:
        Nonsense: when the object is no card, a value has another type than declared, the data have
            no JSON form, or the card without them exceeds `MAX_CARD_CHARACTERS`.
    """
    copy = validated(given, Card)
    try:
        data = json.dumps(copy.data, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        raise Nonsense("its data is not ready for JSON") from None
    if len(repr(replace(copy, data=None))) > MAX_CARD_CHARACTERS:
        raise Nonsense("its Card is too large to be read")
    return replace(copy, data=json.loads(data))


def validated_values(given: object) -> dict[str, str | int | float | bool]:
    """Return a copy of the values with which a form is filled in, by option.

    Raises:
        Nonsense: when it is no mapping of texts to texts, numbers and truth values.
    """
    try:
        return _FORM_VALUES.validate_python(given)
    except ValidationError:
        raise Nonsense("its form has other values than texts and numbers") from None


def validated_reply(given: object) -> Reply:
    """Return a copy of a provider's reply.

    Raises:
        Nonsense: when the object is no reply; a value has another type than declared; the text and
            the answers to earlier turns exceed `MAX_ANSWER_CHARS` together; sources or searches are
            too many, or endless; a count of the usage is not 0 to `MAX_TOKENS`; the cost is
            negative or not finite; the model's creation time has no time zone.
    """
    if not isinstance(given, Reply):
        raise Nonsense(f"it returns {type(given).__name__}")
    copy = validated(given, Reply)
    if sum(map(len, (*copy.earlier, copy.text))) > MAX_ANSWER_CHARS:
        raise Nonsense(f"its text is longer than {MAX_ANSWER_CHARS:,} characters")
    sources = copy.citations
    longest = max((max(len(s.url), len(s.title)) for s in sources), default=0)
    if len(sources) > MAX_SOURCES or longest > MAX_SOURCE_CHARS:
        raise Nonsense(f"its citations are more than {MAX_SOURCES:,}, or endless")
    texts = [text for search in copy.searches for text in (search.query, *search.pages)]
    many = max(len(copy.searches), *(len(search.pages) for search in copy.searches), 0)
    if many > MAX_SOURCES or any(len(text) > MAX_SOURCE_CHARS for text in texts):
        raise Nonsense("its searches are too many, or endless")
    if not all(0 <= count <= MAX_TOKENS for count in _COUNTS(copy.usage)):
        raise Nonsense(f"its usage is not within 0 to {MAX_TOKENS}")
    if copy.cost_usd is not None and not (math.isfinite(copy.cost_usd) and copy.cost_usd >= 0):
        raise Nonsense("its cost_usd is not a number of dollars")
    if copy.model_created is not None and copy.model_created.tzinfo is None:
        raise Nonsense("its model_created has no time zone")
    return copy


def validated_updates(given: Iterable[Any]) -> list[ModelUpdate]:
    """Return copies of the updates that a feed returned, in their order.

    Raises:
        Nonsense: when an item is no update, a value has another type than declared, a time has no
            zone, or there are more than `MAX_RESULTS` items.
    """
    try:
        updates = [validated(update, ModelUpdate) for update in bounded_list(given)]
    except Nonsense as error:
        raise Nonsense(f"it returns what is no ModelUpdate: {error}") from None
    if not all(update.at.tzinfo for update in updates):
        raise Nonsense("it returns a ModelUpdate without a time zone")
    return updates


def validated_scores(given: Iterable[Any]) -> list[Score]:
    """Return copies of the scores that a scorer returned; `NOT_A_SCORE` replaces other objects.

    The range of a metric's scale is not checked here.

    Raises:
        Nonsense: when there are more than `MAX_RESULTS`, or a text exceeds `MAX_QUOTE_LENGTH`.
    """
    return [_validated_score(score) for score in bounded_list(given)]


def written_reply(reply: ScorerReply) -> bytes:
    """Return a reply of the child process as a line of JSON."""
    return _scorer_reply().dump_json(reply) + b"\n"


def read_reply(line: bytes) -> ScorerReply:
    """Return the reply in a line of JSON from the child process.

    Raises:
        Nonsense: when the line is something else.
    """
    try:
        return _scorer_reply().validate_json(line, strict=True)
    except ValidationError:
        raise Nonsense("its process sends what is no reply") from None


def bounded_list(given: Iterable[Any]) -> list[Any]:
    """Return the items of an iterable, which may be endless.

    Raises:
        Nonsense: when there are more than `MAX_RESULTS`.
    """
    items = list(islice(given, MAX_RESULTS + 1))
    if len(items) > MAX_RESULTS:
        raise Nonsense(f"it returns more than {MAX_RESULTS:,} items")
    return items


def _validated_score(given: object) -> Score:
    """Return a copy of a score; `NOT_A_SCORE` for another object, a value of another type than
    declared, or a number that is not finite.
    """
    try:
        score = validated(given, Score)
    except Nonsense:
        return NOT_A_SCORE
    if not math.isfinite(score.value):  # JSON has no such numbers
        return NOT_A_SCORE
    texts = [score.quote, *(text for detail in score.details for text in astuple(detail))]
    if max(map(len, texts)) > MAX_QUOTE_LENGTH:
        raise Nonsense(f"its quote is longer than {MAX_QUOTE_LENGTH:,} characters")
    return score


@cache
def _scorer_reply() -> TypeAdapter[ScorerReply]:
    return TypeAdapter(ScorerReply)


@cache
def _validator(shape: type) -> SchemaValidator:
    """Return the validator of a dataclass within a tuple of one item, where pydantic takes a
    configuration.
    """
    config = ConfigDict(strict=True, revalidate_instances="always", arbitrary_types_allowed=True)
    schema: Any = TypeAdapter(tuple[shape], config=config).core_schema  # type: ignore[valid-type]
    _allow_lists(schema)
    return SchemaValidator(schema)


def _allow_lists(schema: Any) -> None:
    """Change a pydantic core schema in place, at all depths, so that a list is converted where a
    tuple is declared, and a set where a frozenset is.
    """
    if isinstance(schema, list):
        for item in schema:
            _allow_lists(item)
    if not isinstance(schema, dict):
        return
    for value in schema.values():
        _allow_lists(value)
    conversions: dict[str, tuple[type, type]] = {
        "tuple": (list, tuple),
        "frozenset": (set, frozenset),
    }
    if conversion := conversions.get(schema.get("type", "")):
        accepted, declared = conversion
        inner = dict(schema)
        schema.clear()
        schema.update(
            no_info_before_validator_function(
                lambda given: declared(given) if isinstance(given, accepted) else given, inner
            )
        )


def _first_misfit(given: object, error: ValidationError) -> str:
    """Return the path and the type of the first wrong value: ``its table.rows[0] is str``; ``it is
    str`` when that is the object itself.
    """
    path, value = "", given
    for key in error.errors(include_url=False, include_input=False)[0]["loc"][1:]:
        try:
            value = value[key] if isinstance(key, int) else getattr(value, key)  # type: ignore[index]
        except Exception:  # the rest names the members of a union
            break
        path += f"[{key}]" if isinstance(key, int) else f".{key}"
    kind = type(value).__name__
    return f"its {path.removeprefix('.')} is {kind}" if path else f"it is {kind}"
