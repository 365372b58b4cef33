"""The scorer of visibility: whether, where and how prominently an answer names a brand.

Which brand an answer recommends is decided in `standing` and `first_choice`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from overheard import Detail, Mention, Metric, Reading, Scale, Score, Settings, UnitRole
from overheard_visibility.memo import once_an_answer

_ABOUT_A_FACT = "fact"
"""The tag of prompts that ask for a fact about a brand."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_ABSENT = tuple(Score(metric, 0.0) for metric in ("visibility", "first_choice", "top1", "top3"))
_NO_SHARE = Score("share_of_voice", 0.0)
"""The scores of a brand that an answer does not name."""


class VisibilitySettings(Settings):
    """The table ``[scorers.visibility]``: nothing can be set."""


class Visibility:
    """Scores a brand's place among the brands that an answer names.

    A branded question names the brand or a competitor. Answers repeat the names of their question,
    so a branded question counts for ``branded_visibility`` alone.

    - ``visibility``: 1 when the answer's prose names the brand, else 0. Its detail is the standing:
      ``first choice``, ``listed`` or ``only named``.
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
    version = "15"
    metrics: Sequence[Metric] = (
        Metric("visibility", Scale.BINARY, "Visibility"),
        Metric("first_choice", Scale.BINARY, "First choice"),
        Metric("position", Scale.RANK, "Position"),
        Metric("top1", Scale.BINARY, "Named first"),
        Metric("top3", Scale.BINARY, "First three"),
        Metric("share_of_voice", Scale.SHARE, "Share of voice"),
        Metric("branded_visibility", Scale.BINARY, "Visibility, branded questions"),
    )

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield the scores of `reading.brand` in an answer; nothing for a question about a fact.

        A question that names the brand or a competitor gives only ``branded_visibility``. An answer
        that does not name the brand gives zeros.
        """
        if _ABOUT_A_FACT in reading.answer.question.prompt.tags:
            return  # the question names the brand, so a mention shows nothing
        own = reading.of(reading.brand.name)
        if reading.branded:
            yield from _scores_when_branded(reading, own)
        elif own:
            yield from _scores_when_named(reading, own)
            yield Score("share_of_voice", len(own) / len(reading.mentions))
        else:
            yield from _ABSENT
            if reading.mentions:
                yield _NO_SHARE


def _scores_when_branded(reading: Reading, own: Sequence[Mention]) -> Iterator[Score]:
    """Yield the score of a brand for a question that names the brand or a competitor."""
    quote = reading.sentence(own[0].sentence)[:_QUOTE_CHARACTERS] if own else ""
    yield Score("branded_visibility", float(bool(own)), quote)


def _scores_when_named(reading: Reading, own: Sequence[Mention]) -> Iterator[Score]:
    """Yield the scores of a brand that the answer names; `own` are its mentions, in order."""
    # Its patterns take long to compile, and help needs none.
    from overheard_visibility.standing import FIRST_CHOICE, standing

    rank, quote = _rank(reading), reading.sentence(own[0].sentence)[:_QUOTE_CHARACTERS]
    stands = standing(reading, own)
    chosen = stands.verdict == FIRST_CHOICE
    yield Score("visibility", 1.0, quote, (stands,))
    yield Score("first_choice", float(chosen), stands.quote if chosen else "")
    yield Score("position", float(rank), quote, tuple(_ranks(reading)))
    yield Score("top1", float(rank == 1), quote if rank == 1 else "")
    yield Score("top3", float(rank <= 3), quote if rank <= 3 else "")


def _ranks(reading: Reading) -> Iterator[Detail]:
    """Yield the brand's rank (1 is best) in each ranked list that has the brand, if the answer has
    two or more lists of several brands.
    """
    lists = [ranking for ranking in reading.rankings if len(ranking) > 1]
    for number, ranking in enumerate(lists if len(lists) > 1 else (), start=1):
        if reading.brand.name in ranking:
            rank = ranking.index(reading.brand.name) + 1
            yield Detail(f"ranking {number}", str(rank), stated=f"{rank} of {len(ranking)}")


def _rank(reading: Reading) -> int:
    return _order(reading).index(reading.brand.name) + 1


@once_an_answer
def _order(reading: Reading) -> list[str]:
    """Return the named brands by rank: in the order of first mention, unless a list is numbered.

    The brands of the first numbered list have the list's order, wherever else they are mentioned. A
    brand that is not in the list is placed by its first mention within or after the list; a brand
    that is only mentioned before the list comes last.
    """
    ranking = next((order for order in reading.rankings if len(order) > 1), ())
    places: dict[str, int] = {}
    at = -1
    for brand in ranking:
        at = _next_place(reading, brand, at)
        places[brand] = at
    begin = places[ranking[0]] if ranking else 0
    within = [m for m in reading.mentions if m.start >= begin]
    for mention in within:
        places.setdefault(mention.brand, mention.start)
    for mention in reading.mentions:
        places.setdefault(mention.brand, len(reading.body) + mention.start)
    return sorted(places, key=lambda brand: places[brand])


def _next_place(reading: Reading, brand: str, after: int) -> int:
    """Return the offset of a brand's next title, else of its next mention, else `after`."""
    titles = (u.start for u in reading.units if u.role is UnitRole.TITLE and u.is_of(brand))
    mentions = (mention.start for mention in reading.of(brand))
    return next((at for at in chain(titles, mentions) if at > after), after)
