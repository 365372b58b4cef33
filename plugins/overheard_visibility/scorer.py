"""The scorer of visibility: whether, where and how prominently an answer names a brand.

Which brand an answer recommends is decided in `standing` and `first_choice`.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from overheard import (
    Detail,
    Mention,
    Metric,
    Reading,
    Scale,
    Score,
    Settings,
    UnitRole,
    once_an_answer,
)

_ABOUT_A_FACT = "fact"
"""The tag of prompts that ask for a fact about a brand."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_NOT_FIRST, _NOT_TOP = Score("first_choice", 0.0), (Score("top1", 0.0), Score("top3", 0.0))
_ABSENT = (Score("visibility", 0.0), _NOT_FIRST, *_NOT_TOP)
_ABSENT_AMONG_OTHERS = (*_ABSENT, Score("share_of_voice", 0.0))
"""The scores of a brand that an answer does not name."""


class VisibilitySettings(Settings):
    """The table ``[scorers.visibility]``: nothing can be set."""


class Visibility:
    """Scores a brand's place among the brands that an answer names.

    A branded question names the brand or a competitor. Answers repeat the names of their question,
    so a branded question counts for ``branded_visibility`` alone.

    - ``visibility``: 1 when the answer's prose names the brand, else 0. Its detail is the standing:
      ``first choice``, ``listed``, ``only named`` or ``advised against``.
    - ``first_choice``: 1 when the brand is the answer's own pick for the question, 0 otherwise,
      also where it is not named.
    - ``position``: the brand's rank among itself and its competitors, from 1; only where it is
      named. The first numbered list goes first, in its order, then come the others by first
      mention; further numbered lists are details of it.
    - ``top1``, ``top3``: 1 when that rank is 1, or at most 3; 0 otherwise, also where the brand is
      not named, so that every answer counts.
    - ``share_of_voice``: the brand's mentions among all mentions of the brand and its competitors;
      only where any of them is named.
    - ``branded_visibility``: 1 when the answer to a branded question names the brand, else 0.
    """

    name = "visibility"
    version = "25"
    metrics: Sequence[Metric] = (
        Metric("visibility", Scale.BINARY, "Visibility"),
        Metric("first_choice", Scale.BINARY, "First choice"),
        Metric("position", Scale.RANK, "Position"),
        Metric("top1", Scale.BINARY, "Named first"),
        Metric("top3", Scale.BINARY, "First three"),
        Metric("share_of_voice", Scale.SHARE, "Share of voice"),
        Metric("branded_visibility", Scale.BINARY, "Visibility, branded questions"),
    )

    def score(self, reading: Reading) -> Sequence[Score]:
        """Return the scores of `reading.brand` in an answer.

        - Question with the tag ``fact``: nothing, as it names the brand.
        - Question that names the brand or a competitor: ``branded_visibility`` alone.
        - Answer that names the brand: all other metrics.
        - Answer that does not: 0 for ``visibility``, ``first_choice``, ``top1`` and ``top3``, no
          ``position``; ``share_of_voice`` is 0, or absent if no competitor is named either.
        """
        if _ABOUT_A_FACT in reading.answer.question.prompt.tags:
            return ()  # the question names the brand, so a mention shows nothing
        own = reading.of(reading.brand.name)
        if reading.branded:
            quote = reading.sentence(own[0].sentence)[:_QUOTE_CHARACTERS] if own else ""
            return (Score("branded_visibility", float(bool(own)), quote),)
        if own:
            return _scores_when_named(reading, own)
        return _ABSENT_AMONG_OTHERS if reading.mentions else _ABSENT


def _scores_when_named(reading: Reading, own: Sequence[Mention]) -> Sequence[Score]:
    """Return the scores of a brand that the answer names.

    The quote is the first sentence with the brand; for the first choice, the text that shows it.
    Scores of 0 have no quote.

    Args:
        reading: The answer, to a question that names no brand.
        own: The brand's mentions in the answer, at least one, in order.
    """
    # The patterns of this module take long to compile, and the program's help needs none.
    from overheard_visibility.standing import FIRST_CHOICE, standing

    rank = _order(reading).index(reading.brand.name) + 1
    quote = reading.sentence(own[0].sentence)[:_QUOTE_CHARACTERS]
    detail = standing(reading.among_all(), own)
    is_chosen = detail.verdict == FIRST_CHOICE
    return (
        Score("visibility", 1.0, quote, (detail,)),
        Score("first_choice", 1.0, detail.quote) if is_chosen else _NOT_FIRST,
        Score("position", float(rank), quote, tuple(_ranks(reading))),
        Score("top1", 1.0, quote) if rank == 1 else _NOT_TOP[0],
        Score("top3", 1.0, quote) if rank <= 3 else _NOT_TOP[1],
        Score("share_of_voice", len(own) / len(reading.mentions)),
    )


def _ranks(reading: Reading) -> Iterator[Detail]:
    """Yield a detail for each ranked list that has the brand: topic "ranking 2", verdict the
    brand's rank in the list (1 is best), stated "3 of 5".

    Lists of a single brand are skipped. Nothing is yielded unless two or more lists remain.
    """
    lists = [ranking for ranking in reading.rankings if len(ranking) > 1]
    if len(lists) < 2:
        return
    for number, ranking in enumerate(lists, start=1):
        if reading.brand.name in ranking:
            rank = ranking.index(reading.brand.name) + 1
            yield Detail(f"ranking {number}", str(rank), stated=f"{rank} of {len(ranking)}")


@once_an_answer
def _order(reading: Reading) -> list[str]:
    """Return the named brands by rank, the best first.

    Without a numbered list of several brands, the order is that of first mention. Otherwise the
    brands of the first such list keep the list's order, wherever else they are mentioned. A brand
    that is not in the list is placed by its first mention within or after the list. A brand that is
    only mentioned before the list comes last.
    """
    ranking = next((order for order in reading.rankings if len(order) > 1), ())
    places: dict[str, int] = {}
    place = -1
    for brand in ranking:
        place = _next_place(reading, brand, place)
        places[brand] = place
    list_start = places[ranking[0]] if ranking else 0
    for mention in reading.mentions:
        if mention.start >= list_start:
            places.setdefault(mention.brand, mention.start)
    for mention in reading.mentions:
        places.setdefault(mention.brand, len(reading.body) + mention.start)
    return sorted(places, key=lambda brand: places[brand])


def _next_place(reading: Reading, brand: str, after: int) -> int:
    """Return the offset of the brand's first title behind offset `after`; without one, that of its
    first mention behind `after`; without either, `after`.
    """
    titles = (
        unit.start for unit in reading.units if unit.role is UnitRole.TITLE and unit.is_of(brand)
    )
    mentions = (mention.start for mention in reading.of(brand))
    return next((start for start in chain(titles, mentions) if start > after), after)
