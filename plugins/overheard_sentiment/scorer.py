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
"""A line under a heading, or the beginning of one, that says whether what follows is good."""
MARKED = re.compile(r"(?P<good>[✅✔☑✓➕👍+])|(?P<bad>[❌✖✗✘➖👎⚠])")  # noqa: RUF001 - these signs are meant


_MOST = 200
"""Sentences of an answer that are read for one brand; no real answer has more."""
_WIDE = 500
"""Characters before and behind a mention that are read in a sentence that does not end."""
_JUDGED = 0.4
"""What is said of an aspect must come to this, on the scale of the lexicon."""
_QUOTED = 1_000
"""Characters of a quote."""
_POINTING = re.compile(
    r"(?:however,? |but |also,? |overall,? )?(?:it|its|it's|it’s|they|their|this)\b",  # noqa: RUF001 - a curly apostrophe is meant
    re.IGNORECASE,
)
_LEANING = 0.25
"""The least weight of a line among pros or cons."""
_LISTED = 16
"""Lines of such lists that are read under one heading."""
_SHORT = 120
"""Characters of a line of such a list; a longer one ends it."""


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
        """Yield the score of one brand in one answer, if the answer names it."""
        judged = list(islice(_judged(reading), _MOST))
        if judged:
            mean = sum(one.value for one, _ in judged) / len(judged)
            strongest = max(judged, key=lambda pair: abs(pair[0].value))
            quote = reading.sentence(strongest[1])[:_QUOTED]
            yield Score("sentiment", mean, quote, tuple(_aspects(reading, judged)))


def _aspects(reading: Reading, judged: Sequence[tuple[Polarity, int]]) -> Iterator[Detail]:
    """Yield each aspect that is judged, with the sentence that judges it most."""
    found: dict[str, list[tuple[float, int]]] = {}
    for found_here, index in judged:
        for aspect, value in found_here.aspects.items():
            found.setdefault(aspect, []).append((value, index))
    for aspect, values in found.items():
        total = sum(value for value, _ in values)
        if abs(total) >= _JUDGED:
            _, index = max(values, key=lambda pair: abs(pair[0]))
            verdict = "positive" if total > 0 else "negative"
            yield Detail(aspect, verdict, quote=reading.sentence(index)[:_QUOTED])


def _judged(reading: Reading) -> Iterator[tuple[Polarity, int]]:
    """Yield polarity and index of each sentence about the brand."""
    brand = reading.brand.name
    if not reading.of(brand):
        return
    named = {mention.sentence for mention in reading.mentions}
    for index, mentions in groupby(reading.mentions, key=attrgetter("sentence")):
        mine: list[Span] = []
        others: list[Span] = []
        against = False
        for mention in islice(mentions, _MOST):
            against |= mention.negated and mention.brand == brand
            (mine if mention.brand == brand else others).append((mention.start, mention.end))
        if not mine or script_language(reading.sentence(index)) == "unknown":
            continue
        label = _is_label(reading, index, mine)
        follows = list(_followers(reading, index, label, named))
        if not (follows and label):
            yield _polarity(reading, index, mine, others, against=against), index
        for at, lean in follows:
            start, _ = reading.sentences[at]
            yield _leaning(_polarity(reading, at, [(start, start + 1)], []), lean), at


def _leaning(found: Polarity, lean: int) -> Polarity:
    """Return a line's polarity as one among pros (1) or cons (-1); 0 changes nothing."""
    if lean:
        return replace(found, value=lean * max(_LEANING, lean * found.value))
    return found


def _polarity(
    reading: Reading,
    index: int,
    mine: Sequence[Span],
    others: Sequence[Span],
    *,
    against: bool = False,
) -> Polarity:
    """Return the polarity of a sentence, of which no more than a window is read."""
    start, end = reading.sentences[index]
    start, end = max(start, mine[0][0] - _WIDE), min(end, mine[0][1] + _WIDE)
    here = [(a - start, b - start) for a, b in mine if b <= end]
    there = [(a - start, b - start) for a, b in others if start <= a and b <= end]
    return polarity(reading.body[start:end], here, there, against=against)


def _followers(
    reading: Reading, index: int, label: bool, named: Set[int]
) -> Iterator[tuple[int, int]]:
    """Yield the sentences that go on about what this one names, and which way they lean."""
    under = reading.sentence(index + 1) if index + 1 < len(reading.sentences) else ""
    if label and (LISTING.match(under) or MARKED.match(under)):
        yield from _listed(reading, index + 1, named)
        return
    for at in range(index + 1, min(index + 4, len(reading.sentences))):
        start, end = reading.sentences[at]
        same_line = "\n" not in reading.body[reading.sentences[at - 1][1] : start]
        points = same_line and _POINTING.match(reading.body, start, end)
        if at in named or (not points and not (label and at == index + 1)):
            return
        yield at, 0


def _listed(reading: Reading, index: int, named: Set[int]) -> Iterator[tuple[int, int]]:
    """Yield the lines of the lists that begin here, with 1 for a pro and -1 for a con."""
    heading = 0
    for at in range(index, min(index + _LISTED, len(reading.sentences))):
        start, _ = reading.sentences[at]
        end = reading.body.find("\n", start)
        if at in named or (len(reading.body) if end < 0 else end) - start > _SHORT:
            return
        line = reading.sentence(at)
        found = LISTING.match(line) or MARKED.match(line)
        lean = (1 if found["good"] else -1) if found else heading
        if found and found.end() == len(line):
            heading = lean
        elif lean:
            yield at, lean


def _is_label(reading: Reading, index: int, mine: Sequence[Span]) -> bool:
    """Whether a sentence is little more than the brand's name."""
    start, end = reading.sentences[index]
    rest = end - start - sum(b - a for a, b in mine)
    return rest <= 8 and not reading.body[start:end].rstrip().endswith((".", "!", "?"))
