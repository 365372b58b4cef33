"""Other forms in which a name is written: without ".com", apostrophe or space, or split in two."""

from __future__ import annotations

import re
from collections.abc import Iterator

from overheard.reading.ordinary_words import is_common, is_ordinary
from overheard.reading.text import fold

_SITE = re.compile(r"([^\W\d_][\w-]{2,})\.(?:com|io|ai|co|app|net|org|so|dev|tv|me|us)", re.I)
_CAMEL = re.compile(r"([A-Z]?[a-z]{2,})([A-Z][a-z]{2,}|[A-Z]{2,})")
_TOPICS = re.compile(r"(?:.*(?:s|ing|ment))\Z")
"""Plurals and verbal nouns: "Hotels.com" is not meant by "Hotels"."""
_MIN_SPLIT = 6
"""Characters of a name that may be split in two words."""
_MIN_PART = 3
_MIN_JOINED = 6
"""Characters of a name that may be written without its spaces."""


def other_forms(name: str) -> Iterator[str]:
    """Yield further forms of a name, as they are written; some may be ordinary words.

    - the stem of a site's name: "Monday" for "Monday.com", "Salesforce" for "Salesforce.com";
    - without an apostrophe: "McDonalds" for "McDonald's"; "and" for "&", and the reverse;
    - without a space or hyphen: "BestBuy" for "Best Buy", "TMobile" for "T-Mobile";
    - a compound in two words: "Hub Spot" for "HubSpot", "Zen desk" for "Zendesk".
    """
    yield from _stem(name)
    if "'" in name or "\u2019" in name:
        bare = re.sub("['\u2019]", "", name)
        if len(bare) >= _MIN_JOINED - 1:
            yield bare
    if re.search(r"\.(?=[^\W\d_]{3})", name) and not _SITE.fullmatch(name):
        yield re.sub(r"\.(?=[^\W\d_]{3})", ". ", name)
    if "&" in name and " " in name:
        yield re.sub(r"\s*&\s*", " and ", name)
    elif " and " in name.casefold():
        yield re.sub(r"\s+and\s+", " & ", name, flags=re.IGNORECASE)
    if re.search(r"[\s-]", name) and "&" not in name:
        joined = re.sub(r"[\s-]+", "", name)
        if len(joined) >= _MIN_JOINED and not is_common(fold(joined).text):
            yield joined
    elif len(name) >= _MIN_SPLIT and name.isalpha() and name.isascii():
        yield from _parts(name)


def _stem(name: str) -> Iterator[str]:
    if found := _SITE.fullmatch(name):
        stem = found[1]
        ordinary = is_ordinary(fold(stem).text)
        if not (ordinary and _TOPICS.match(stem.casefold())):
            yield stem[0].upper() + stem[1:] if ordinary else stem


def _parts(name: str) -> Iterator[str]:
    """Yield a compound as two words of which the first has a capital."""
    if camel := _CAMEL.fullmatch(name):
        yield f"{camel[1].capitalize()} {camel[2].lower()}"
        return
    folded = fold(name).text
    if is_common(folded):
        return
    for at in range(_MIN_PART, len(folded) - _MIN_PART + 1):
        if is_common(folded[:at]) and is_common(folded[at:]):
            yield f"{folded[:at].capitalize()} {folded[at:]}"
