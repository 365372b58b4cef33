"""How a brand that an answer names stands in it: first choice, listed, or only named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from overheard import Detail, Mention, Reading, Unit, UnitRole

FIRST_CHOICE, LISTED, ONLY_NAMED = "first choice", "listed", "only named"
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_WINDOW_CHARACTERS = 70
"""Characters before and after a name that are read."""
_CHOICE = (
    r"(?:choice|option|pick|bet|recommendation|all-rounder|winner|answer|tool|one|starting\ point)"
)
_AWARD = re.compile(
    r"""\W*(?:the\ |our\ |my\ )*(?:\w+['\u2019]s\ )?(?:
      (?:best|top|first|strongest|clear|\#1|no\.\ ?1
      |number\ one)\ (?:overall(?!\ (?:performance|value|budget|sound|design))|pick|choice
      |recommendation|all-?rounder|bet)
        (?!\ for\ (?!most|the\ majority|you\b))
      |(?:overall\ |the\ |clear\ )*winner|editor['\u2019]?s['\u2019]?\ (?:choice|pick)|(?:our
      |my)\ (?:pick|choice)
      |overall\ (?:best|pick|winner|recommendation)|(?:top|best)\ pick\ overall|best\ for\ most\b
      |go\ with\b|start\ with\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""A label or title of the answer's own choice for the question as it was asked."""
_BEFORE = re.compile(
    rf"""
    (?:
      (?:\A|[.!?|]\ )\W*(?:bottom\ line|verdict|(?:my|our|final)?\ ?recommendation|(?:short
      |quick)\ answer
        |the\ answer|(?:my|our)\ pick|winner|tl;?dr|overall)[:,]
      |\b(?:I|we)(?:['\u2019]d|\ would|\ usually|\ always|\ personally)?\ (?:\w+\ )?(?:recommend
      |suggest|go\ (?:with|for)
        |start\ (?:the\ \w+\ )?with|opt\ for|pick|choose|buy|take|get|trial|try|reach\ for
        |stretch\ to|lean\ (?:to|toward)s?)
      |(?:\A|[,;:.\u2013\u2014]\ ?)(?:so\ |then\ |just\ |definitely\ )?(?:go\ (?:with|for)|get
      |buy|start\ with|pick|choose|take)
      |\b(?:my|our|the)\ (?:\w+\ ){{0,2}}?(?:best|top|first|overall|clear|safest
      |strongest)\ (?:\w+\ )?{_CHOICE}
        (?:\ (?:for\ (?:most|you)\b[^,.]{{0,24}}\ )?(?:is|would\ be|overall\ is)|:)
      |\b(?:my|our)\ {_CHOICE}(?:\ (?:is|would\ be)|:)
      |\b(?:overall\ |clear\ )?winner(?:\ (?:here\ )?is|:)|\bfor\ most\ (?:people|users|teams
      |homes|buyers|families
        |businesses|households|companies|readers|of\ them|shoppers
        |travell?ers)[^.]{{0,40}}?(?:,|is|with|get)
      |\bbest\ (?:overall|all-round(?:er)?|choice|pick)(?:\ \w+){{0,2}}(?:\ is|:)|\bhard\ to\ beat
      |\bthe\ (?:one|tool|{_CHOICE})\ (?:I|we|to)\b[^,.]{{0,40}}?\ is
    )
    \ (?:(?:using|trying|checking\ out|looking\ at|going\ with|the|an?)\ )*
    \Z""",
    re.IGNORECASE | re.VERBOSE,
)
_AFTER = re.compile(
    rf"""
    (?:['\u2019]s)?(?:\ [\w.+-]+){{0,4}}?
    \ (?:is|are|remains|wins|takes|gets|would\ be|stands\ out|comes\ out|comes|makes|ranks
    |edges|emerges)
    (?:\ (?:still|often|probably|generally|also|easily|clearly|arguably|as|my|our|the|an?|here))*
    (?:\ (?:best|top|clear|overall|safest|strongest|first|easiest)(?:\ (?:overall
    |all-round))?\ {_CHOICE}
      |\ (?:best|strongest)(?:\ overall|\ for\ most)\b|\ winner\b|\ {_CHOICE}\ (?:for\ most
      |overall|I\b|to\ (?:get|buy|beat))
      |\ (?:out\ )?(?:ahead|on\ top)\b|\ first\b(?!\ \w+ed)|\ (?:best|first)\ {_CHOICE}\b
      |\ (?:hard|tough)\ to\ beat\b|\ (?:my|our)\ {_CHOICE})
    |\ (?:wins|takes\ it|gets\ (?:my|our)\ vote|it\ is)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CONDITION = re.compile(
    r"\b(?:if|unless|when|where|only|but\ for|for\ (?!most|the\ money|you\b|me\b))", re.IGNORECASE
)
"""Words around a recommendation that limit it to a part of the readers."""
_LEFT_OUT = re.compile(
    r"\b(?:skip|avoid|left out|leave out|not recommended|didn['\u2019]t make|did not make"
    r"|passed on|pass on|stay away"
    r"|worth avoiding|ruled out|not worth|discontinued|where (?:i|we) looked|sources?)\b",
    re.IGNORECASE,
)
_DISMISSED = re.compile(
    r"\b(?:(?:do not|don['\u2019]t|nobody|no one|hardly|rarely"
    r"|wouldn['\u2019]t)\b[^.]{0,28}\bneeds?"
    r"|only (?:worth|makes? sense|interesting|if you already)|still makes sense"
    r"|is mostly (?:bought|for)"
    r"|comes? up|you (?:mention|asked about|come from)|stopped (?:taking|selling|making)|no longer"
    r"|discontinued|overkill|would pay for|(?:above|over|beyond) your (?:limit|budget|range)"
    r"|(?:i|we)(?:['\u2019]d| would) (?:skip|avoid|pass|leave)|not (?:worth|recommended|for you)"
    r"|left (?:it )?out|are not on|isn['\u2019]t on (?:this|the|our) list|instead of|unlike)\b",
    re.IGNORECASE,
)
"""Words of a sentence that names a brand and does not offer it."""
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
    if plain and any(_DISMISSED.search(unit.text) for unit in owned):
        offered = None
    if offered is None or all(mention.negated for mention in own):
        return Detail(
            "standing", ONLY_NAMED, quote=reading.sentence(own[0].sentence)[:_QUOTE_CHARACTERS]
        )
    return Detail("standing", LISTED, quote=offered.text[:_QUOTE_CHARACTERS])


def _first_choices(reading: Reading, owned: Sequence[Unit]) -> Iterator[str]:
    """Yield the texts that make the brand the first choice."""
    names = [name for brand in (reading.brand, *reading.competitors) for name in brand.names]
    for unit in owned:
        title = unit.text if unit.role is UnitRole.TITLE else unit.label
        for name in names:
            title = title.replace(name, "X")
        if _AWARD.match(title) and not _CONDITION.search(title):
            yield unit.text
    chosen = [m for m in reading.mentions if not m.negated and _is_chosen(reading, m)]
    alone = {mention.brand for mention in chosen} == {reading.brand.name}
    for mention in chosen:
        if mention.brand == reading.brand.name and (alone or not _is_limited(reading, mention)):
            yield reading.sentence(mention.sentence)


def _is_offer(unit: Unit) -> bool:
    return (
        unit.role is not UnitRole.FOOTER
        and not _LEFT_OUT.search(unit.section)
        and not _LEFT_OUT.search(unit.label)
    )


def _is_chosen(reading: Reading, mention: Mention) -> bool:
    """Return whether the words around a mention make the brand the answer's pick."""
    before, after = _around(reading, mention)
    asks = reading.body[reading.sentences[mention.sentence][1] - 1] == "?"
    return not asks and bool(_BEFORE.search(before) or _AFTER.match(after))


def _is_limited(reading: Reading, mention: Mention) -> bool:
    """Return whether a pick is for a part of the readers only: "if you ...", "for travel"."""
    return any(map(_CONDITION.search, _around(reading, mention)))


def _around(reading: Reading, mention: Mention) -> tuple[str, str]:
    """Return the words before and after a mention in its sentence."""
    start, end = reading.sentences[mention.sentence]
    before = reading.body[max(start, mention.start - _WINDOW_CHARACTERS) : mention.start]
    return before, reading.body[mention.end : min(end, mention.end + _WINDOW_CHARACTERS)]
