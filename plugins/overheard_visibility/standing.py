"""How a brand that an answer names stands in it: first choice, listed, or only named."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

from overheard import Detail, Mention, Reading, Unit, UnitRole
from overheard_visibility.picks import (
    AFTER,
    AWARD,
    AWARDED,
    BEFORE,
    CONDITION,
    DISMISSED,
    IN_DOUBT,
    LEFT_OUT,
    NICHE,
    PICKED,
    PLAIN_WORDS,
    WORD,
)

FIRST_CHOICE, LISTED, ONLY_NAMED = "first choice", "listed", "only named"
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_WINDOW_CHARACTERS = 70
"""Characters before and after a name that are read."""
_FEW_UNITS = 2
"""Most units of a brand that a sentence may dismiss."""
_OFFERS = frozenset({UnitRole.TITLE, UnitRole.BEST_FOR, UnitRole.SHOP, UnitRole.PRO})


def standing(reading: Reading, own: Sequence[Mention]) -> Detail:
    """Return the standing of the brand as a detail, with the text that shows the standing.

    - ``first choice``: the answer's own pick for the question as it was asked ("best overall",
      "I would go with X", "for most people X"); a pick for a part of the readers is none.
    - ``listed``: offered as an option: text is about it.
    - ``only named``: a partner, a rival in a comparison, or what the answer advises against.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer; one or more.
    """
    owned = reading.owned()
    first = next(_first_choices(reading, owned), None)
    if first is not None:
        return Detail("standing", FIRST_CHOICE, quote=first[:_QUOTE_CHARACTERS])
    offered = next((unit for unit in owned if _is_offer(unit)), None)
    plain = len(owned) <= _FEW_UNITS and not any(unit.role in _OFFERS for unit in owned)
    if plain and any(DISMISSED.search(unit.text) or _is_aside(unit) for unit in owned):
        offered = None
    if all(unit.role is UnitRole.SHOP for unit in owned):
        offered = None
    if offered is None or all(mention.negated for mention in own):
        return Detail(
            "standing", ONLY_NAMED, quote=reading.sentence(own[0].sentence)[:_QUOTE_CHARACTERS]
        )
    return Detail("standing", LISTED, quote=offered.text[:_QUOTE_CHARACTERS])


def _is_aside(unit: Unit) -> bool:
    """Return whether a unit is a sentence in parentheses."""
    return unit.text.startswith("(") and unit.text.rstrip(".").endswith(")")


def _first_choices(reading: Reading, owned: Sequence[Unit]) -> Iterator[str]:
    """Yield the texts that make the brand the first choice."""
    names = [name for brand in (reading.brand, *reading.competitors) for name in brand.names]
    asked = {word.casefold() for word in WORD.findall(reading.answer.question.prompt.text)}
    for unit in owned:
        title = unit.text if unit.role is UnitRole.TITLE else unit.label
        for name in names:
            title = title.replace(name, "X")
        awarded = AWARD.match(title) or AWARDED.match(title)
        if (
            (awarded and not CONDITION.search(title))
            or _is_asked_for(title, asked)
            or (unit.role is UnitRole.VERDICT and _decides(reading, unit))
        ):
            yield unit.text
    chosen = [m for m in reading.mentions if not m.negated and _is_chosen(reading, m)]
    alone = {mention.brand for mention in chosen} == {reading.brand.name}
    if not chosen:
        yield from _picked(reading)
    for mention in chosen:
        if mention.brand == reading.brand.name and (alone or not _is_limited(reading, mention)):
            yield reading.sentence(mention.sentence)


def _picked(reading: Reading) -> Iterator[str]:
    """Yield the sentences that pick the brand, and name no other, in an answer with one pick."""
    by_sentence: dict[int, set[str]] = {}
    for mention in reading.mentions:
        by_sentence.setdefault(mention.sentence, set()).add(mention.brand)
    picks: list[tuple[str, str]] = []
    negated = {mention.sentence for mention in reading.mentions if mention.negated}
    for index, brands in by_sentence.items():
        text = reading.sentence(index)
        picks_one = PICKED.search(text) or IN_DOUBT.search(text)
        if len(brands) > 1 or index in negated or not picks_one or text[-1] == "?":
            continue
        rest = IN_DOUBT.sub("", text)
        if not (CONDITION.search(rest) or DISMISSED.search(rest)):
            picks.append((next(iter(brands)), text))
    if {brand for brand, _ in picks} == {reading.brand.name}:
        yield from (text for _, text in picks)


def _is_asked_for(title: str, asked: Container[str]) -> bool:
    """Return whether a title is an award for what the question asks for: "Best for travel"."""
    found = NICHE.match(title)
    if not found:
        return False
    niche = [word.casefold() for word in WORD.findall(found["niche"])]
    named = [word for word in niche if word not in PLAIN_WORDS]
    return bool(named) and all(word in asked for word in named)


def _decides(reading: Reading, unit: Unit) -> bool:
    """Return whether a verdict names the brand alone, without a condition or advice against it."""
    named = [m for m in reading.mentions if unit.start <= m.start < unit.end]
    alone = {mention.brand for mention in named} == {reading.brand.name}
    against = any(mention.negated for mention in named) or DISMISSED.search(unit.text)
    return alone and not against and not CONDITION.search(unit.text)


def _is_offer(unit: Unit) -> bool:
    return (
        unit.role is not UnitRole.FOOTER
        and not LEFT_OUT.search(unit.section)
        and not LEFT_OUT.search(unit.label)
    )


def _is_chosen(reading: Reading, mention: Mention) -> bool:
    """Return whether the words around a mention make the brand the answer's pick."""
    before, after = _around(reading, mention)
    asks = reading.body[reading.sentences[mention.sentence][1] - 1] == "?"
    return not asks and bool(BEFORE.search(before) or AFTER.match(after))


def _is_limited(reading: Reading, mention: Mention) -> bool:
    """Return whether a pick is for a part of the readers only: "if you ...", "for travel"."""
    return any(map(CONDITION.search, _around(reading, mention)))


def _around(reading: Reading, mention: Mention) -> tuple[str, str]:
    """Return the words before and after a mention in its sentence."""
    start, end = reading.sentences[mention.sentence]
    before = reading.body[max(start, mention.start - _WINDOW_CHARACTERS) : mention.start]
    return before, reading.body[mention.end : min(end, mention.end + _WINDOW_CHARACTERS)]
