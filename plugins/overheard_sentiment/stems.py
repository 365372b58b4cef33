"""The form that a word has in common with its inflections.

It is no dictionary form: "makes", "making" and "made" all become "mak". It only needs to be the
same for the words of a list and those of a sentence.
"""

from __future__ import annotations

from functools import lru_cache

_FAMILIES = """
be is are was were been am|have has had|do does did done|go goes went gone|make made|take took taken
fall fell fallen|break broke broken|wear wore worn|tear tore torn|give gave given|leave left
keep kept|come came|lose lost|get got gotten|run ran|pay paid|stand stood|hold held|fight fought
buy bought|catch caught|teach taught|sell sold|tell told|feel felt|find found|win won|lead led
beat beaten|blow blew blown|outdo outdid outdone|freeze froze frozen|shine shone|stick stuck
sink sank sunk|know knew known|die died dying|drive drove driven|eat ate eaten|say said|see saw seen
speak spoke spoken|strike struck|swear swore sworn|throw threw thrown|grow grew grown
rise rose risen|choose chose chosen|shake shook shaken|hang hung|burn burnt|build built|send sent
spend spent|favor favour|favorite favourite
its it's their his her our your my
"""
_IRREGULAR = {
    form: family.split()[0]
    for line in _FAMILIES.split("\n")
    for family in line.split("|")
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


def stems(words: str) -> frozenset[str]:
    """Return the stems of lower-case words that are separated by white space."""
    return frozenset(map(stem, words.split()))
