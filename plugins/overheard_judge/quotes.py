"""Whether a quote occurs in an answer, and whether it is about the brand that it is given for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from overheard import Reading

_FOLLOWING = 3
"""Sentences behind one that names a brand which may go on about it."""
_POINTING = re.compile(
    r"(?:(?:however|but|also|overall|still|yet),? )?(?:it|its|it['\u2019]s|they|their|this"
    r"|the (?:company|firm|business|brand|platform|tool|app|software|service|product|team))\b",
    re.IGNORECASE,
)
_LABEL = 8
"""Characters besides the name in a line that is a heading for what stands below."""
_TOKEN = re.compile(r"\S+")


def is_about(quote: str, reading: Reading) -> bool:
    """Whether a quote occurs in the answer, and stands in a sentence that names the brand or that
    goes on about it ("It ...", or below its name) with no other brand in between.

    White space does not count. So what an answer says to whoever judges it, or of another brand,
    is no evidence.
    """
    return any(_concerns(span, reading) for span in places(quote, reading.body))


def places(quote: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a quote occurs in a text, whatever the white space; one without words nowhere."""
    words = _TOKEN.findall(quote)
    if any(word[0].isalnum() or len(word) > 1 for word in words):
        pattern = re.compile(r"\s+".join(map(re.escape, words)))
        yield from (found.span() for found in pattern.finditer(text))


def _concerns(span: tuple[int, int], reading: Reading) -> bool:
    starts = [start for start, _ in reading.sentences]
    first, last = (max(0, bisect_right(starts, at) - 1) for at in (span[0], span[1] - 1))
    if any(first <= mention.sentence <= last for mention in reading.of(reading.brand.name)):
        return True
    before = [m for m in reading.mentions if m.sentence < first]
    here = any(first <= mention.sentence <= last for mention in reading.mentions)
    if here or not before or first - before[-1].sentence > _FOLLOWING:
        return False
    nearest = before[-1].sentence
    names = [m for m in before if m.sentence == nearest]
    start, end = reading.sentences[nearest]
    label = end - start - sum(m.end - m.start for m in names) <= _LABEL
    goes_on = label or _POINTING.match(reading.sentence(first)) is not None
    return goes_on and all(m.brand == reading.brand.name for m in names)
