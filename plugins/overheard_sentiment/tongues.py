"""In which language a sentence is, and what its words say in it.

The German article "die" is no death, and "gut" is no belly: where a sentence has more function
words of another language than of English, its words are those of that language alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
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


def lexicon(texts: Sequence[str]) -> Mapping[str, float] | None:
    """Return what words say in the language of a sentence; None for English, or when in doubt.

    Args:
        texts: The words, in lower case.
    """
    words = set(texts)
    if words.isdisjoint(_any()):
        return None
    tongues = [_tongue(name) for name in _OTHERS]
    counts = [(len(words & small), len(words & valences.keys())) for small, valences in tongues]
    most = max(counts)
    return tongues[counts.index(most)][1] if most[0] > len(words & _ENGLISH) else None


@cache
def _any() -> frozenset[str]:
    return frozenset().union(*(_tongue(name)[0] for name in _OTHERS))


@cache
def _tongue(name: str) -> tuple[frozenset[str], Mapping[str, float]]:
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
