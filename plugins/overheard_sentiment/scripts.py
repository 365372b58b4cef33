"""Sentences in scripts whose words nobody can tell apart by spaces or endings alone.

What judges in Chinese, Japanese, Korean and Arabic is found anywhere in a sentence; in Russian, at
the beginning of a word. A sentence in yet another script is not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files

_LETTERS = {
    "korean": re.compile(r"[\uac00-\ud7af]"),
    "japanese": re.compile(r"[\u3041-\u30ff]"),
    "chinese": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    "russian": re.compile(r"[\u0400-\u04ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
}
"""By which letters a language is known; Japanese has Chinese ones too, and is looked for first."""
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")
_OTHER = re.compile(r"[^\W\d_]")
_BEFORE = re.compile(
    r"(?:不|没有?|沒有?|无|無|并非|\bне|\bнет|\bбез|لا|ليس|ليست|غير|بدون|안|못)\s*(?:太|是|很|очень|так)?\s*\Z"  # noqa: RUF001 - Russian is meant
)
_BEHIND = re.compile(r"[^、。,.]{0,5}?(?:ない|ません|ありません|지 않|지 못|不)")
_WEIGHT = 3
"""How many Latin letters one of another script outweighs: brands keep theirs everywhere."""
_FLIP = -0.74


@lru_cache(maxsize=1024)
def language(sentence: str) -> str:
    """Return in which of these languages a sentence is: an empty string for one in Latin letters,
    and ``unknown`` for a script that nobody reads.
    """
    if sentence.isascii():
        return ""
    latin = len(_LATIN.findall(sentence))
    letters = len(_OTHER.findall(sentence)) - latin
    if letters * _WEIGHT <= latin:  # a name in other letters, in an English sentence
        return ""
    found = {name: len(known.findall(sentence)) for name, known in _LETTERS.items()}
    return next((name for name, count in found.items() if count * 3 > letters), "unknown")


def judgements(sentence: str, name: str) -> Iterator[tuple[int, int, float]]:
    """Yield where a sentence of one of these languages judges, and with which valence."""
    if name == "unknown":
        return
    pattern, valences = _lexicon(name)
    for found in pattern.finditer(sentence.lower()):
        value = valences[found.group(1)]
        denied = _BEFORE.search(sentence, max(0, found.start() - 6), found.start())
        if denied or (name in {"japanese", "korean"} and _BEHIND.match(sentence, found.end())):
            value *= _FLIP
        yield found.start(), found.end(), value


@cache
def _lexicon(name: str) -> tuple[re.Pattern[str], Mapping[str, float]]:
    text = files("overheard_sentiment").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    valences: dict[str, float] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            value, *listed = line.split()
            valences.update(dict.fromkeys(listed, float(value)))
    longest = "|".join(map(re.escape, sorted(valences, key=len, reverse=True)))
    head, tail = (r"\b", r"\w*") if name == "russian" else ("", "")
    return re.compile(f"{head}({longest}){tail}"), valences
