"""Whether a brand that an answer names is recommended, advised against, or merely mentioned."""

from __future__ import annotations

import re
from collections.abc import Sequence

from overheard import Detail, Mention, Reading

_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_WINDOW_CHARACTERS = 60
"""Characters before and after a name that are read."""
_CHOICE = (
    r"(?:choice|option|pick|fit|bet|starting point|contender|all-rounder|alternative|tool|place)s?"
)
_PRAISED = (
    r"(?:best|top|great|good|excellent|solid|strong|safe|ideal|perfect|right|favou?rite|first)"
)
_BEFORE = re.compile(
    rf"""
    (?:
      \b(?:(?:I|we)(?:['\u2019]d|\ would|\ usually|\ always|\ personally)?\ )?
        (?:recommend|suggest|go\ (?:with|for)|start\ with|opt\ for|prefer)
      |\b(?:I|we)(?:['\u2019]d|\ would)\ (?:pick|choose|buy|take|use|look\ at)
      |(?:\A|[,;:.]\ )(?:so\ |then\ )?(?:choose|pick|consider|try|get|buy|take|use)
      |\b(?:my|our|the)\ (?:\w+\ )?(?:{_PRAISED}|overall)?\ ?{_CHOICE}
        (?:\ (?:is|would\ be|overall\ is)|:)
      |\bhard\ to\ beat
      |(?:\A|[.!?|]\ )\W*(?:my\ |our\ |the\ )?(?:(?:overall|clear)\ )?
        (?:winner(?:\ is|:)|verdict:|(?:best|top\ pick|runner-up)(?:\ [\w-]+){{0,4}}:)
    )
    \ (?:(?:using|trying|checking\ out|looking\ at|going\ with)\ )?(?:the\ )?
    (?:(?-i:[A-Z0-9])[^\s,;.!?]*(?:,\ |\ (?:and|or)\ ))*  # others in the same breath
    \Z""",
    re.IGNORECASE | re.VERBOSE,
)
_AFTER = re.compile(
    rf"""
    (?:['\u2019]s)?(?:\ \w+)?
    \ (?:is|are|remains|makes|would\ be|stands\ out|comes\ first|ranks\ first)
    (?:\ (?:still|often|probably|generally|also|easily|clearly))?
    (?:\ (?:a|an|the|my|our|one\ of\ the)(?:\ \w+)?\ {_PRAISED}(?:\ \w+){{0,2}}?\ {_CHOICE}
      |\ (?:my|our|the)\ (?:\w+\ )?(?:{_PRAISED}\ )?(?:recommendation|{_CHOICE})
      |\ (?:hard|tough|difficult)\ to\ beat|\ worth\ (?:a\ look|considering|it|every)
      |\ (?:highly\ )?recommended|\ the\ (?:best|one\ to)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_LABEL = re.compile(
    rf"\A[\s*|:\u2013\u2014(-]*(?:\W*best\b|{_PRAISED}\ {_CHOICE}|our\ pick|top\ pick|winner)",
    re.IGNORECASE,
)


def standing(reading: Reading, own: Sequence[Mention]) -> Detail:
    """Return the standing of the brand as a detail, with the sentence that shows the standing.

    Args:
        reading: The answer.
        own: The brand's mentions in the answer; one or more.
    """
    against = next((mention for mention in own if mention.negated), None)
    chosen = next((m for m in own if not m.negated and _is_recommended(reading, m)), None)
    if chosen:
        return _detail("recommended", reading, chosen)
    if against:
        return _detail("advised against", reading, against)
    return Detail("standing", "mentioned")


def _is_recommended(reading: Reading, mention: Mention) -> bool:
    """Return whether the words around a mention recommend the brand."""
    start, end = reading.sentences[mention.sentence]
    if reading.body[end - 1 : end] == "?":
        return False
    before = reading.body[max(start, mention.start - _WINDOW_CHARACTERS) : mention.start]
    after = reading.body[mention.end : min(end, mention.end + _WINDOW_CHARACTERS)]
    return bool(_BEFORE.search(before) or _AFTER.match(after) or _LABEL.match(after))


def _detail(verdict: str, reading: Reading, mention: Mention) -> Detail:
    return Detail("standing", verdict, quote=reading.sentence(mention.sentence)[:_QUOTE_CHARACTERS])
