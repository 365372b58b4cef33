"""Sentences in other languages than English: by function words, or by script."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files

_ENGLISH = frozenset(
    {
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "and",
        "or",
        "of",
        "to",
        "for",
        "with",
        "it",
        "its",
        "that",
    }
    | {"in", "on", "but", "not", "you", "i", "we", "they", "this", "at", "as", "by", "from", "if"}
    | {"has", "have", "than"}
)
_OTHERS = ("german", "french", "spanish", "italian", "portuguese", "dutch")
NEGATIONS = frozenset(
    {
        "nicht",
        "kein",
        "keine",
        "keinen",
        "keinem",
        "keiner",
        "nie",
        "niemals",
        "kaum",
        "wenig",
        "ohne",
    }
    | {"pas", "jamais", "sans", "aucun", "aucune", "ni", "nunca", "ningún", "ninguna", "tampoco"}
    | {"non", "mai", "nessun", "nessuna", "senza", "poco", "não", "nunca", "sem", "nem", "nenhuma"}
    | {"niet", "geen", "nooit", "zonder", "nauwelijks"}
    | {"moins", "menos", "meno", "weniger", "minder"}
)
"""Words of these languages that deny what follows; English has no such words."""
INTENSE = frozenset(
    {"sehr", "besonders", "äußerst", "wirklich", "absolut", "très", "vraiment", "extrêmement"}
    | {"muy", "realmente", "molto", "davvero", "muito", "zeer", "erg"}
)
"""Words of these languages that strengthen what follows."""


def foreign_lexicon(texts: Sequence[str]) -> Mapping[str, float] | None:
    """Return what words say in the language of a sentence; None for English, or when in doubt.

    Args:
        texts: The words, in lower case.
    """
    words = set(texts)
    if words.isdisjoint(_function_words()):
        return None
    tongues = [_language(name) for name in _OTHERS]
    counts = [(len(words & small), len(words & valences.keys())) for small, valences in tongues]
    most = max(counts)
    return tongues[counts.index(most)][1] if most[0] > len(words & _ENGLISH) else None


@cache
def _function_words() -> frozenset[str]:
    return frozenset().union(*(_language(name)[0] for name in _OTHERS))


@cache
def _language(name: str) -> tuple[frozenset[str], Mapping[str, float]]:
    """Return the function words of a language, and the valences of others."""
    function: frozenset[str] = frozenset()
    valences: dict[str, float] = {}
    for head, listed in _lines(name):
        if head == "=":
            function = frozenset(listed)
        else:
            valences.update(dict.fromkeys(listed, float(head)))
    return function, valences


def _lines(name: str) -> Iterator[tuple[str, list[str]]]:
    text = files("overheard_sentiment").joinpath(f"{name}.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            head, *listed = line.split()
            yield head, listed


_LETTERS = {
    "korean": re.compile(r"[\uac00-\ud7af]"),
    "japanese": re.compile(r"[\u3041-\u30ff]"),
    "chinese": re.compile(r"[\u3400-\u9fff\uf900-\ufaff]"),
    "russian": re.compile(r"[\u0400-\u04ff]"),
    "arabic": re.compile(r"[\u0600-\u06ff]"),
}
"""The letters of each language. Japanese has Chinese letters too, and so comes first."""
_LATIN = re.compile(r"[a-zA-Z\u00c0-\u024f]")
_OTHER = re.compile(r"[^\W\d_]")
_BEFORE = re.compile(
    r"(?:不|没有?|沒有?|无|無|并非|\bне|\bнет|\bбез|لا|ليس|ليست|غير|بدون|안|못)\s*(?:太|是|很|очень|так)?\s*\Z"  # noqa: RUF001 - Russian is meant
)
_BEHIND = re.compile(r"[^、。,.]{0,5}?(?:ない|ません|ありません|지 않|지 못|不)")
_WEIGHT = 3
"""How many Latin letters one of another script outweighs: brands keep theirs everywhere."""
_NEGATED = -0.74


@lru_cache(maxsize=1024)
def script_language(sentence: str) -> str:
    """Return the language of a sentence in another script than Latin.

    Latin letters give an empty string, and a script that is not supported gives ``unknown``.
    """
    if sentence.isascii():
        return ""
    latin = len(_LATIN.findall(sentence))
    letters = len(_OTHER.findall(sentence)) - latin
    if letters * _WEIGHT <= latin:  # a name in other letters, in an English sentence
        return ""
    found = {name: len(known.findall(sentence)) for name, known in _LETTERS.items()}
    return next((name for name, count in found.items() if count * 3 > letters), "unknown")


def script_judgements(sentence: str, name: str) -> Iterator[tuple[int, int, float]]:
    """Yield where a sentence of one of these languages judges, and with which valence."""
    if name == "unknown":
        return
    pattern, valences = _lexicon(name)
    for found in pattern.finditer(sentence.lower()):
        value = valences[found.group(1)]
        denied = _BEFORE.search(sentence, max(0, found.start() - 6), found.start())
        if denied or (name in {"japanese", "korean"} and _BEHIND.match(sentence, found.end())):
            value *= _NEGATED
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
