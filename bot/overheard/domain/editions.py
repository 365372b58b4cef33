"""Editions of the scores: history read in one way, from its first answer to its last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from overheard.domain.catalogue import Catalogue


class EditionState(StrEnum):
    """What an edition is good for."""

    USED = "used"
    """Reports, trends and detection read it. There is one at most."""
    SCORING = "scoring"
    """History is being scored for it."""
    READY = "ready"
    """All that costs nothing is scored; somebody has to say whether it is to be used."""
    KEPT = "kept"
    """It was used, or begun, before another one; it can be used again."""
    LEFT = "left"
    """Somebody cancelled it or switched away from it; it is not used again by itself."""


PENDING = frozenset({EditionState.SCORING, EditionState.READY})
"""Editions that are to be used; there is one at most."""


@dataclass(frozen=True, slots=True)
class Edition:
    """A set of scores that compare: one version of each scorer, over one catalogue.

    Attributes:
        versions: Of each scorer, as `Block.version` names it.
        catalogue: The brands and facts that the scores were given for; without prompts and
            schedules.
        at: When it was begun.
        state: What it is good for.
        note: Why it waits to be used, as a sentence, or an empty string.
        id: The store's number, 0 before it is stored.
    """

    versions: frozenset[str]
    catalogue: Catalogue
    at: datetime
    state: EditionState = EditionState.SCORING
    note: str = ""
    id: int = 0


def pending(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition that is to be used, or None."""
    return next((one for one in editions if one.state in PENDING), None)


def used(editions: Sequence[Edition]) -> Edition | None:
    """Return the edition that is used, or None before anything was scored."""
    return next((one for one in editions if one.state is EditionState.USED), None)
