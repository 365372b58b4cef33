"""The form that a word has in common with its inflections.

It is no dictionary form: "makes", "making" and "made" all become "mak". It only needs to be the
same for the words of a list and those of a sentence.
"""

from collections.abc import Iterable
from functools import lru_cache

from overheard_sentiment.lists import lists

_IRREGULAR = {
    form: family.split()[0]
    for family in lists("words").lines("families")
    for form in family.split()
}
_SUFFIXED = 5
"""Letters of the shortest word that loses "ing", "ies", "ied" or "ed"."""
_PLURAL = 4
"""Letters of the shortest word that loses "s"."""
_DOUBLED = 4
"""Letters of the shortest word whose last two may be one: "stopped", and not "add"."""


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return the form that a lower-case word shares with its inflections: "made" and "making" both
    give "mak".

    An irregular form becomes the first form of its family. A word of `_SUFFIXED` letters or more
    loses "ing" or "ed", and "ies" or "ied" becomes "y"; one of `_PLURAL` letters or more loses "s",
    but not after "s", "u", "i" or an apostrophe ("bus"). Then an "e" at the end goes, and one of
    two equal letters at the end.
    """
    word = _IRREGULAR.get(word, word)
    if len(word) >= _SUFFIXED and word.endswith("ing"):
        word = word[:-3]
    elif len(word) >= _SUFFIXED and word.endswith(("ies", "ied")):
        word = word[:-3] + "y"
    elif len(word) >= _SUFFIXED and word.endswith("ed"):
        word = word[:-2]
    elif len(word) >= _PLURAL and word.endswith("s") and word[-2] not in "sui'":
        word = word[:-1]
    if len(word) > 2 and word.endswith("e"):
        word = word[:-1]
    if len(word) >= _DOUBLED and word[-1] == word[-2]:
        word = word[:-1]
    return word


def stems(words: Iterable[str]) -> frozenset[str]:
    """Return the stems of lower-case words."""
    return frozenset(map(stem, words))
