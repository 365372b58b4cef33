"""Text made comparable: case, width, accents, apostrophes and hyphens no longer tell apart."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_APOSTROPHES = "\u2018\u2019\u02bc\u02b9\u2032\uff07`\u00b4"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d"
_TRADE_MARKS = "\u2122\u00ae\u00a9\u2120"


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and the way back to the original's offsets.

    Attributes:
        text: The folded text.
        origins: For each offset into it, the end included, the offset in the original; None where
            the two are the same.
    """

    text: str
    origins: tuple[int, ...] | None = None

    def origin(self, offset: int) -> int:
        """Return where an offset lies in the original."""
        return offset if self.origins is None else self.origins[offset]


def fold(text: str) -> Folded:
    """Fold a text. Hyphens become spaces, so that "Coca-Cola" is "Coca Cola"."""
    folded = text.translate(_TABLE)
    if len(folded) == len(text):  # no character folds to nothing, so none grew either
        return Folded(folded)
    lengths = (len(_TABLE[ord(char)]) for char in text)
    origins = [at for at, length in enumerate(lengths) for _ in range(length)]
    return Folded(folded, (*origins, len(text)))


class _Table(dict[int, str]):
    """Folds a character when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str:
    if char in _APOSTROPHES:
        return "'"
    if char in _HYPHENS or char in _TRADE_MARKS or (char.isspace() and char != "\n"):
        return " "
    if "\ud800" <= char <= "\udfff":  # half a character, which no search can take
        return "\ufffd"
    folded = unicodedata.normalize("NFKC", char).casefold()
    return "".join(map(_plain, folded)).strip("\u0307") or char


def _plain(char: str) -> str:
    """Drop the accent of a Latin or Greek letter; in other scripts marks make other letters."""
    accented = char < "\u0250" or "\u0370" <= char < "\u0400" or "\u1e00" <= char < "\u2000"
    return unicodedata.normalize("NFD", char)[0] if accented else char


_TABLE = _Table()
