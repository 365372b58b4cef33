"""What a sentence asks, or supposes of its reader, judges nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_ASKING = frozenset(
    {"is", "are", "was", "were", "do", "does", "did", "has", "have", "can", "could", "will"}
    | {"would", "should", "which", "who", "isn't", "aren't", "doesn't", "don't"}
)
_IF = frozenset({"if", "unless", "whether", "whenever"})
_READER = frozenset({"you", "your", "you're", "you've", "you'd", "you'll", "budget", "money"})
_ENDS = frozenset(".,;:!?|\u2013\u2014") | {"then"}
_SUBJECT = 2
"""How many words behind "if" its subject may stand."""


def supposed(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield the parts of a sentence that judge nobody, as indices of their first and last + 1 word.

    They are a question that a yes or a no answers, and "if you need strong reports": the strong
    reports are what the reader wants, and nobody's yet.
    """
    if texts and texts[-1] == "?" and texts[0] in _ASKING:
        yield 0, len(texts)
        return
    for at, text in enumerate(texts):
        if text in _IF and not _READER.isdisjoint(texts[at + 1 : at + 1 + _SUBJECT]):
            end = next((e for e in range(at, len(texts)) if texts[e] in _ENDS), len(texts))
            yield at, end
