"""Units of an answer: pieces of text with an owner and a role."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class UnitRole(StrEnum):
    """What a unit says about its owner."""

    NONE = "none"
    TITLE = "title"
    """A heading or a label."""
    PRO = "pro"
    CON = "con"
    PRICE = "price"
    VERDICT = "verdict"
    BEST_FOR = "best for"
    """For whom, or for what, the owner is the best or a good choice."""
    SPECIFICATION = "specification"
    NOTE = "note"
    """A hint or consideration."""
    SHOP = "shop"
    """A shop's card: a product, its price and its rating."""
    FOOTER = "footer"
    """An offer of help, a notice of the service, or a list of sources; nobody owns it."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of an answer with one owner: a title, a sentence, a cell, or a part of a long line.

    Attributes:
        start: Offset of the first character in the body.
        end: Offset after the last character.
        text: The characters, without the label.
        owner: The name of the declared brand that the text is about; or, if `foreign`, the name of
            another product as the answer writes it; or an empty string for nobody.
        foreign: Whether the owner is no declared brand.
        shared: Further brands that own the unit: parents of the owner, and brands of one title such
            as "Acme / Bolt".
        role: What the text says about the owner.
        label: The label of the text, such as ``Pros``, or an empty string.
        section: The heading above, or an empty string.
    """

    start: int
    end: int
    text: str
    owner: str = ""
    foreign: bool = False
    shared: tuple[str, ...] = ()
    role: UnitRole = UnitRole.NONE
    label: str = ""
    section: str = ""

    def is_of(self, brand: str) -> bool:
        """Return whether a declared brand owns the unit."""
        return not self.foreign and (self.owner == brand or brand in self.shared)
