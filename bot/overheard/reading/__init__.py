"""The content of an answer: prose, mentions, claims and citations. Pure functions over text."""

from __future__ import annotations

from collections.abc import Iterable

from overheard.domain import Brand, Unit


def read_units(text: str, brands: Iterable[Brand]) -> tuple[Unit, ...]:
    """Return the units of a text in order: titles, sentences and cells, each with its owner and
    role.

    Scorers find them in `Reading.units`; this is for tests and for texts without a question.

    Args:
        text: An answer, in Markdown or plain.
        brands: The declared brands; text about another product has a foreign owner.
    """
    # The patterns of this package take long to compile, and few plugins read a text themselves.
    from overheard.reading.markdown import laid_out
    from overheard.reading.mentions import MentionFinder
    from overheard.reading.structure import units
    from overheard.reading.text import sentences

    page = laid_out(text)
    return units(page, MentionFinder(brands).find(page.body, sentences(page.body)))
