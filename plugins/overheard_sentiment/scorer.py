"""The scorer of portrayal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from overheard import Detail, Metric, Reading, Scale, Score, Settings, UnitRole, once_an_answer

if TYPE_CHECKING:
    from overheard_sentiment.portrayal import Portrayal

_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_STATED_CHARACTERS = 200
"""Most characters of the words of a drawback."""
_MAX_DRAWBACKS = 20
"""Drawbacks of an answer that are kept."""
_NO_DRAWBACK, _NOT_HEDGED = Score("drawback", 0.0), Score("hedged", 0.0)
_MIN_ASPECT_VALENCE = 0.4
"""Smallest absolute sum of valences for which an aspect gets a verdict."""


class SentimentSettings(Settings):
    """The table ``[scorers.sentiment]``: nothing can be set."""


class Sentiment:
    """Scores how an answer speaks of a brand, offline, from patterns, lexicons and learnt weights.

    All text that is the brand's counts: what names it, and what is below its heading, in its list
    or in its row of a table. The metrics exist only where the brand is named.

    - ``drawback``: 1 when the answer names a drawback of the brand, else 0. Each drawback is a
      detail with its aspect, its words and its sentence; the surest is the first, and the quote.
    - ``sentiment``: (P - 3 D) / (P + 3 D + 2), -1 to 1, where P is the number of praising words and
      D the number of drawbacks. Its details are the tone (positive, mixed, neutral, negative) and
      the aspects that are judged: price, quality, ease, support, features, performance,
      reliability, integrations, security.
    - ``hedged``: 1 when the model says of itself what it does not know ("I cannot verify"). That is
      news of the model and nobody's drawback, so alerts leave it out unless they name it.

    English is read, and the plainest praise and blame of German, French, Spanish, Italian,
    Portuguese, Dutch, Russian, Chinese, Japanese, Korean and Arabic. Text in another script is left
    out; where there is no other, there is no score. Alerts prefer ``drawback``, because answers
    hardly ever blame.
    """

    name = "sentiment"
    version = "28"
    metrics: Sequence[Metric] = (
        Metric("sentiment", Scale.POLARITY, "Sentiment"),
        Metric("drawback", Scale.BINARY, "Drawback named", lower_is_better=True),
        Metric("hedged", Scale.BINARY, "Hedged", lower_is_better=True, of_model=True),
    )

    def score(self, reading: Reading) -> Sequence[Score]:
        """Return the sentiment of an answer toward `reading.brand` (-1 to 1), whether it names a
        drawback and whether it hedges (0 or 1), with quotes and details.

        Nothing is returned if the brand is not named, or only in text that no lexicon covers. A
        quote is empty without a drawback or hedge.
        """
        if not reading.of(reading.brand.name):
            return ()
        from overheard_sentiment.portrayal import portrayal  # its patterns take long to compile

        found = portrayal(reading)
        if not found.readable:
            return ()
        details = (Detail("tone", found.tone), *_aspect_details(found))
        surest = sorted(found.drawbacks, key=lambda drawback: -drawback.odds)
        named = tuple(
            Detail(
                drawback.aspect,
                "negative",
                drawback.stated[:_STATED_CHARACTERS],
                drawback.quote[:_QUOTE_CHARACTERS],
            )
            for drawback in surest[:_MAX_DRAWBACKS]
        )
        hedge = _hedge(reading)
        return (
            Score("sentiment", found.value, found.strongest[:_QUOTE_CHARACTERS], details),
            Score("drawback", 1.0, named[0].quote, named) if named else _NO_DRAWBACK,
            Score("hedged", 1.0, hedge[:_QUOTE_CHARACTERS]) if hedge else _NOT_HEDGED,
        )


@once_an_answer
def _hedge(reading: Reading) -> str:
    """Return the first text in which the model says what it does not know; "" without one."""
    return next((unit.text for unit in reading.units if unit.role is UnitRole.HEDGE), "")


def _aspect_details(found: Portrayal) -> Iterator[Detail]:
    """Yield a detail for each aspect that is clearly judged, positive or negative, with the text
    that judges it most.

    An aspect whose valences add up to less than `_MIN_ASPECT_VALENCE` in size is left out.
    """
    for aspect, values in found.aspects.items():
        total = sum(value for value, _ in values)
        if abs(total) >= _MIN_ASPECT_VALENCE:
            _, text = max(values, key=lambda pair: abs(pair[0]))
            verdict = "positive" if total > 0 else "negative"
            yield Detail(aspect, verdict, quote=text[:_QUOTE_CHARACTERS])
