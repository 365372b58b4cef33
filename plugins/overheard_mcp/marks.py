"""What the documents of commands need before a program reads them: text of third parties is marked,
and a share of too few answers is no figure.
"""

import re
import secrets
from typing import Any

from overheard import printable
from overheard_mcp.tools import described

TOO_FEW = 5
"""Answers below which a share is left out; its interval and the number of answers stay."""
_WORD = re.compile(r"\S{0,80}")
"""Dates, ids, states, addresses: no instruction."""
_QUOTED = re.compile(r"“[^”]*\s[^”]*”?")
"""Quotations of several words within our own texts."""


class Marker:
    """Marks texts of one result with a tag that nobody who wrote them could know."""

    def __init__(self) -> None:
        self._id = secrets.token_hex(4)
        self.used = False

    @property
    def note(self) -> str:
        """What a reader has to know of the tag; empty when it was not used."""
        return f'<untrusted id="{self._id}"> {described()["untrusted"]}' if self.used else ""

    def text(self, words: str) -> str:
        """Return a text of third parties with the tag around it."""
        self.used = True
        return f'<untrusted id="{self._id}">{printable(words)}</untrusted id="{self._id}">'

    def own(self, words: str) -> str:
        """Return a text of Overheard with what it quotes marked."""
        return _QUOTED.sub(lambda quotation: self.text(quotation[0]), words)

    def document(self, value: Any, key: str = "") -> Any:
        """Return a part of a document with its texts of third parties marked, and without shares of
        too few answers.

        Args:
            key: The key that the part is below.
        """
        if isinstance(value, str):
            if _WORD.fullmatch(value):
                return value
            return self.own(value) if key in described()["ours"] else self.text(value)
        if isinstance(value, dict):
            return _without_few(
                {
                    self.document(name) if key == "by_asker" else name: self.document(part, name)
                    for name, part in value.items()
                }
            )
        if isinstance(value, (list, tuple)):
            return [self.document(part, key) for part in value]
        return value


def _without_few(part: dict[str, Any]) -> dict[str, Any]:
    """Return a part of a document; where it is a share of too few answers, the share is None and
    ``too_few_answers`` is true.
    """
    answers = part.get("answers")
    shares = [key for key in ("value", "named") if isinstance(part.get(key), int | float)]
    if not shares or not isinstance(answers, int) or answers >= TOO_FEW:
        return part
    return {**part, **dict.fromkeys(shares), "too_few_answers": True}
