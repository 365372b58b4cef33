"""Whether a text is in another language than the one that was asked for, where that is plain."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import chain, islice

LATIN = "LATIN"
SCRIPTS = {
    **dict.fromkeys(("be", "bg", "kk", "mk", "mn", "ru", "uk"), ("CYRILLIC",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("DEVANAGARI",)),
    "el": ("GREEK",),
    "he": ("HEBREW",),
    "ja": ("HIRAGANA", "KATAKANA", "CJK"),
    "ko": ("HANGUL",),
    "sr": ("CYRILLIC", LATIN),
    "th": ("THAI",),
    "zh": ("CJK",),
    **dict.fromkeys(
        ("ca", "cs", "da", "de", "en", "es", "fi", "fr", "hu", "id", "it", "nb", "nl", "no"),
        (LATIN,),
    ),
    **dict.fromkeys(("pl", "pt", "ro", "sk", "sl", "sv", "tr", "vi"), (LATIN,)),
}
"""As the names of characters begin; a language that is not here is not judged."""

_FUNCTION = {
    "en": "the and of to is that for with are this you it they from which not but your can these",
    "de": "der die und ist das den mit für auf ein eine sich nicht auch von dem zu sind oder wie",
    "fr": "le les et est des une pour dans qui que sur avec sont pas vous du ou au plus cette",
    "es": "el los y es las una para que con por son más su lo como pero muy del sus también",
    "it": "il gli e è che di per una con sono della più anche nel ma come alla dei questo le",
    "pt": "os e é uma para que com não são mais do da em como você também mas pela dos à",
    "nl": "het een en van is dat voor met zijn niet ook je op te deze maar naar bij worden de",
}
LEAST = 20
"""Words below which a text tells too little."""
LOOKED_AT = 400
"""Words and, times ten, letters that are looked at."""


def is_foreign(text: str, language: str) -> bool:
    """Say whether a text is plainly in another language.

    A list of names is in no language, and of two that are close to each other neither is plainly
    the other; so where it is not certain, it is not foreign.

    Args:
        text: What was said.
        language: What was asked for, such as ``de`` or ``pt-BR``; an empty one asks for nothing.
    """
    wanted = language.lower().replace("_", "-").partition("-")[0]
    if not (scripts := SCRIPTS.get(wanted)):
        return False
    script = _script(text)
    if script and script not in scripts:
        return script != LATIN or _speaks(text, exclude="")
    return script == LATIN and _speaks(text, exclude=wanted)


def _script(text: str) -> str:
    """Return in what most letters are written; an empty string when that is not plain."""
    letters = list(islice(filter(str.isalpha, text), 10 * LOOKED_AT))
    if text.isascii() or len(letters) < LEAST:
        return LATIN if letters else ""
    names = Counter(unicodedata.name(letter, "").split(" ")[0].split("-")[0] for letter in letters)
    kana = names["HIRAGANA"] + names["KATAKANA"]
    if kana and kana + names["CJK"] > len(letters) / 2:
        return "HIRAGANA"
    script, count = names.most_common(1)[0]
    return script if count > len(letters) / 2 else ""


def _speaks(text: str, exclude: str) -> bool:
    """Say whether function words show a language that is not the one to exclude.

    Of a language whose words are not known here, it is only told from English.
    """
    words = list(islice(re.findall(r"[^\W\d_]+", text.lower()), LOOKED_AT))
    hits = {name: sum(map(own.__contains__, words)) for name, own in _own().items()}
    mine = hits.pop(exclude, 0)
    most = max(hits.values()) if exclude in _FUNCTION or not exclude else hits["en"]
    return len(words) >= LEAST and most >= max(6, len(words) / 10, 4 * mine)


@cache
def _own() -> dict[str, frozenset[str]]:
    """Return the function words that are of one language alone."""
    listed = {name: words.split() for name, words in _FUNCTION.items()}
    times = Counter(chain.from_iterable(map(set, listed.values())))
    return {name: frozenset(w for w in own if times[w] == 1) for name, own in listed.items()}
