"""The scorer of portrayal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import replace
from itertools import groupby, islice
from operator import attrgetter

from overheard import Detail, Metric, Reading, Scale, Score, Settings
from overheard_sentiment.languages import script_language
from overheard_sentiment.polarity import Polarity, Span, polarity

_GOOD = (
    r"pros|strengths|advantages|benefits|upsides|highlights|the good|good|likes"
    r"|what(?:['\u2019]s| is)"
    r" (?:good|great)|what (?:we|i|you|users|people|reviewers|customers) (?:really )?(?:like"
    r"|liked|love|loved)"
    r"|why (?:you|we|users)(?:['\u2019]ll)? (?:will )?(?:like|love)(?: it)?|reasons to (?:buy"
    r"|choose)"
    r"|vorteile|avantages|ventajas|points forts|puntos fuertes|pluspunkte|st\u00e4rken|vantaggi"
    r"|voordelen|优点"
)
_BAD = (
    r"cons|weaknesses|disadvantages|drawbacks|limitations|downsides|the bad|bad|dislikes|caveats"
    r"|considerations|watch out for|what to watch(?: out)? for|what could be better"
    r"|room for improvement"
    r"|what(?:['\u2019]s| is) (?:bad|missing|not so good|not great)"
    r"|what (?:we|i|you|users|people|reviewers|customers) (?:do not|don['\u2019]t"
    r"|didn['\u2019]t) (?:like|love)"
    r"|reasons to (?:avoid|skip)|trade-?offs|nachteile|inconv\u00e9nients|desventajas"
    r"|points faibles"
    r"|puntos d\u00e9biles|minuspunkte|schw\u00e4chen|svantaggi|nadelen|缺点"
)
LISTING = re.compile(
    rf"(?:(?:key|main|top|notable|potential|possible|major|some) )?"
    rf"(?:(?P<good>{_GOOD})|(?P<bad>{_BAD}))\b(?: (?:of|with|about|for) [^:]{{1,40}})?\W*?(?::"
    rf"|\Z)\s*",
    re.IGNORECASE,
)
"""A line, or its beginning, that introduces a list of pros or cons."""
MARKED = re.compile(r"(?P<good>[✅✔☑✓➕👍+])|(?P<bad>[❌✖✗✘➖👎⚠])")  # noqa: RUF001 - these signs are meant


_MAX_SENTENCES = 200
"""Sentences of an answer that are read for one brand; no real answer has more."""
_WINDOW_CHARACTERS = 500
"""Characters before and after a mention that are read of a long sentence."""
_MIN_ASPECT_VALENCE = 0.4
"""Smallest absolute sum of valences for which an aspect gets a verdict."""
_QUOTE_CHARACTERS = 1_000
"""Most characters of a quote."""
_PRONOUN = re.compile(
    r"(?:however,? |but |also,? |overall,? )?(?:it|its|it's|it’s|they|their|this)\b",  # noqa: RUF001 - a curly apostrophe is meant
    re.IGNORECASE,
)
_MIN_LIST_VALUE = 0.25
"""Smallest absolute value of a line among pros or cons."""
_MAX_LIST_LINES = 16
"""Lines of lists of pros and cons that are read under one heading."""
_MAX_LINE_CHARACTERS = 120
"""Characters of a line in a list of pros and cons; a longer line ends the list."""


class SentimentSettings(Settings):
    """The table ``[scorers.sentiment]``: nothing can be set."""


class Sentiment:
    """Scores how an answer speaks of a brand, offline, from a lexicon.

    The value is the mean over the sentences that are about the brand: those that name it, the
    line or the lists of pros and cons under a heading that is only its name, and those that go on
    with "It ..." or "They ..." in the same line. A brand that is named and not judged has 0; one
    that is not named has no
    score. The quote is the sentence that judges most. Aspects that are judged (price, quality,
    ease, support, features, performance, reliability, integrations, security) are details.

    English is read, and the plainest praise and blame of German, French, Spanish, Italian,
    Portuguese, Dutch, Russian, Chinese, Japanese, Korean and Arabic. A sentence in another script
    is left out; where there is no other, there is no score.

    A lexicon is right for about seven sentences in ten. That is enough to rank and to watch for
    large swings, and not to alert on small ones.
    """

    name = "sentiment"
    version = "5"
    metrics: Sequence[Metric] = (Metric("sentiment", Scale.POLARITY, "Sentiment"),)

    def score(self, reading: Reading) -> Iterator[Score]:
        """Yield the sentiment of a brand in an answer, -1 to 1, if the answer names the brand."""
        judged = list(islice(_judged(reading), _MAX_SENTENCES))
        if judged:
            mean = sum(judgement.value for judgement, _ in judged) / len(judged)
            strongest = max(judged, key=lambda pair: abs(pair[0].value))
            quote = reading.sentence(strongest[1])[:_QUOTE_CHARACTERS]
            yield Score("sentiment", mean, quote, tuple(_aspects(reading, judged)))


def _aspects(reading: Reading, judged: Sequence[tuple[Polarity, int]]) -> Iterator[Detail]:
    """Yield each aspect with a clear verdict, and the sentence that judges the aspect most."""
    by_aspect: dict[str, list[tuple[float, int]]] = {}
    for judgement, index in judged:
        for aspect, value in judgement.aspects.items():
            by_aspect.setdefault(aspect, []).append((value, index))
    for aspect, values in by_aspect.items():
        total = sum(value for value, _ in values)
        if abs(total) >= _MIN_ASPECT_VALENCE:
            _, index = max(values, key=lambda pair: abs(pair[0]))
            verdict = "positive" if total > 0 else "negative"
            yield Detail(aspect, verdict, quote=reading.sentence(index)[:_QUOTE_CHARACTERS])


def _judged(reading: Reading) -> Iterator[tuple[Polarity, int]]:
    """Yield the polarity and the index of each sentence about the brand."""
    brand = reading.brand.name
    if not reading.of(brand):
        return
    named = {mention.sentence for mention in reading.mentions}
    for index, mentions in groupby(reading.mentions, key=attrgetter("sentence")):
        own: list[Span] = []
        others: list[Span] = []
        against = False
        for mention in islice(mentions, _MAX_SENTENCES):
            against |= mention.negated and mention.brand == brand
            (own if mention.brand == brand else others).append((mention.start, mention.end))
        if not own or script_language(reading.sentence(index)) == "unknown":
            continue
        label = _is_label(reading, index, own)
        follows = list(_followers(reading, index, label, named))
        if not (follows and label):
            yield _polarity(reading, index, own, others, against=against), index
        for follower, lean in follows:
            start, _ = reading.sentences[follower]
            yield _leaning(_polarity(reading, follower, [(start, start + 1)], []), lean), follower


def _leaning(judgement: Polarity, lean: int) -> Polarity:
    """Return a line's polarity as a pro (lean 1) or con (lean -1); lean 0 changes nothing."""
    if lean:
        return replace(judgement, value=lean * max(_MIN_LIST_VALUE, lean * judgement.value))
    return judgement


def _polarity(
    reading: Reading,
    index: int,
    own: Sequence[Span],
    others: Sequence[Span],
    *,
    against: bool = False,
) -> Polarity:
    """Return the polarity of a sentence toward a brand, from a window around its first mention.

    Args:
        reading: The answer.
        index: Index of the sentence.
        own: (start, end) offsets of the brand's mentions in the body; one or more.
        others: (start, end) offsets of the mentions of other brands.
        against: Whether the sentence advises against the brand.
    """
    start, end = reading.sentences[index]
    start, end = (
        max(start, own[0][0] - _WINDOW_CHARACTERS),
        min(end, own[0][1] + _WINDOW_CHARACTERS),
    )
    own_spans = [(a - start, b - start) for a, b in own if b <= end]
    other_spans = [(a - start, b - start) for a, b in others if start <= a and b <= end]
    return polarity(reading.body[start:end], own_spans, other_spans, against=against)


def _followers(
    reading: Reading, index: int, label: bool, named: Set[int]
) -> Iterator[tuple[int, int]]:
    """Yield the sentences after a sentence that continue about the same brand.

    Args:
        reading: The answer.
        index: Index of the sentence.
        label: Whether the sentence is only the brand's name.
        named: Indices of the sentences that name a brand.

    Yields:
        The index of each sentence; and 1 for a line of pros, -1 for a line of cons, else 0.
    """
    next_sentence = reading.sentence(index + 1) if index + 1 < len(reading.sentences) else ""
    if label and (LISTING.match(next_sentence) or MARKED.match(next_sentence)):
        yield from _listed(reading, index + 1, named)
        return
    for follower in range(index + 1, min(index + 4, len(reading.sentences))):
        start, end = reading.sentences[follower]
        same_line = "\n" not in reading.body[reading.sentences[follower - 1][1] : start]
        points = same_line and _PRONOUN.match(reading.body, start, end)
        if follower in named or (not points and not (label and follower == index + 1)):
            return
        yield follower, 0


def _listed(reading: Reading, index: int, named: Set[int]) -> Iterator[tuple[int, int]]:
    """Yield the index of each line in the following lists, with 1 for a pro and -1 for a con."""
    heading = 0
    for line_index in range(index, min(index + _MAX_LIST_LINES, len(reading.sentences))):
        start, _ = reading.sentences[line_index]
        end = reading.body.find("\n", start)
        if (
            line_index in named
            or (len(reading.body) if end < 0 else end) - start > _MAX_LINE_CHARACTERS
        ):
            return
        line = reading.sentence(line_index)
        marker = LISTING.match(line) or MARKED.match(line)
        lean = (1 if marker["good"] else -1) if marker else heading
        if marker and marker.end() == len(line):
            heading = lean
        elif lean:
            yield line_index, lean


def _is_label(reading: Reading, index: int, own: Sequence[Span]) -> bool:
    """Return whether a sentence is little more than the brand's name."""
    start, end = reading.sentences[index]
    rest = end - start - sum(b - a for a, b in own)
    return rest <= 8 and not reading.body[start:end].rstrip().endswith((".", "!", "?"))
