"""The language of an answer."""

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
"""By language code, the scripts as the first word of Unicode character names. Other languages are
not checked."""

_FUNCTION = {
    "en": "the and of to is that for with are this you it they from which not but your can these",
    "de": "der die und ist das den mit für auf ein eine sich nicht auch von dem zu sind oder wie",
    "fr": "le les et est des une pour dans qui que sur avec sont pas vous du ou au plus cette",
    "es": "el los y es las una para que con por son más su lo como pero muy del sus también",
    "it": "il gli e è che di per una con sono della più anche nel ma come alla dei questo le",
    "pt": "os e é uma para que com não são mais do da em como você também mas pela dos à",
    "nl": "het een en van is dat voor met zijn niet ook je op te deze maar naar bij worden de",
}
MIN_WORDS = 20
"""Words (or letters) below which a text is too short to be checked."""
MAX_READ_WORDS = 400
"""Words of a text that are read; of its letters, `_LETTERS_PER_WORD` times as many."""
_LETTERS_PER_WORD = 10
_MIN_FUNCTION_WORDS = 6
"""Function words of another language from which a text may be in that language."""
_MAX_WORDS_PER_FUNCTION_WORD = 10
"""Words of the text for each of these function words, at most."""
_MIN_RATIO_TO_EXPECTED = 4
"""How many times as many as the function words of the expected language there have to be."""


def is_foreign(text: str, language: str) -> bool:
    """Return whether a text is clearly not in the expected language; such an answer is marked
    (`Finish.FOREIGN`) and not scored.

    It is not if most of its letters are of a script that the language is not written in. In the
    Latin script, the function words have to be those of another language. Doubtful texts give
    False: a list of names, a text under `MIN_WORDS`, a closely related language, and every text if
    the scripts of the expected language are unknown.

    Args:
        language: The expected language, such as ``de`` or ``pt-BR``; "" accepts every language.
    """
    expected = language.lower().replace("_", "-").partition("-")[0]
    if not (scripts := SCRIPTS.get(expected)):
        return False
    script = _main_script(text)
    if script and script not in scripts:
        return script != LATIN or _shows_other_language(text, exclude="")
    return script == LATIN and _shows_other_language(text, exclude=expected)


def _main_script(text: str) -> str:
    """Return the Unicode name of the script of more than half of the letters, such as ``LATIN``; ""
    if no script has so many, or without letters.

    A text in ASCII and a text of fewer than `MIN_WORDS` letters count as Latin. Chinese characters
    next to hiragana or katakana are Japanese: ``HIRAGANA``. Only the first letters are read, see
    `MAX_READ_WORDS`.
    """
    letters = list(islice(filter(str.isalpha, text), _LETTERS_PER_WORD * MAX_READ_WORDS))
    if text.isascii() or len(letters) < MIN_WORDS:
        return LATIN if letters else ""
    names = Counter(unicodedata.name(letter, "").split(" ")[0].split("-")[0] for letter in letters)
    kana = names["HIRAGANA"] + names["KATAKANA"]
    if kana and kana + names["CJK"] > len(letters) / 2:
        return "HIRAGANA"
    script, count = names.most_common(1)[0]
    return script if count > len(letters) / 2 else ""


def _shows_other_language(text: str, exclude: str) -> bool:
    """Return whether the function words of a text show another language than the expected one.

    The language with the most function words has to have enough of them: see `_MIN_FUNCTION_WORDS`
    and the two constants after it. False for a text under `MIN_WORDS`.
    """
    words = list(islice(re.findall(r"[^\W\d_]+", text.lower()), MAX_READ_WORDS))
    hits = {name: sum(map(own.__contains__, words)) for name, own in _function_words().items()}
    excluded_hits = hits.pop(exclude, 0)
    most_hits = max(hits.values()) if exclude in _FUNCTION or not exclude else hits["en"]
    return len(words) >= MIN_WORDS and most_hits >= max(
        _MIN_FUNCTION_WORDS,
        len(words) / _MAX_WORDS_PER_FUNCTION_WORD,
        _MIN_RATIO_TO_EXPECTED * excluded_hits,
    )


@cache
def _function_words() -> dict[str, frozenset[str]]:
    """Return, by language, the function words that belong to this language only."""
    listed = {name: words.split() for name, words in _FUNCTION.items()}
    times = Counter(chain.from_iterable(map(set, listed.values())))
    return {name: frozenset(w for w in own if times[w] == 1) for name, own in listed.items()}
