"""Answers that repeat themselves: how the time of reading and scoring grows with their length.

    python bench/repetition.py

Models that loop write such answers. Each text is read and scored by each built-in scorer at two
lengths, of which the second is four times the first; the time may grow by a little more than that.
A text that takes under 50 ms at the greater length is well, whatever it grows by.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import permutations

from overheard import Answer, Brand, Fact, Model, Prompt, Question, Reading, Reply, Run, Scorer
from overheard.domain import Usage
from overheard.reading.reader import Reader
from overheard_accuracy import Accuracy
from overheard_citations import Citations
from overheard_sentiment import Sentiment
from overheard_visibility import Visibility

LENGTHS = (15_000, 60_000)
"""Characters."""
FAST_S = 0.05
MOST_GROWTH = 7.0
"""A linear cost grows by 4; a quadratic one by 16."""
PARTS = ("Acme", "Zenith", "is better than", "and", "cheap", "costs $9", "founded in 2014", "**", "# ")
ENDS = (" ", ". ", "\n", ", ", "\n- ")
WHOLE = (
    "|a|b|\n|-|-|\n",
    "| Acme | $9 |\n",
    "Acme is better than Zenith and ",
    "> ",
    "(",
    "[a](b) ",
    "[",
    "`",
    "*a_",
    "- - ",
    "1. Acme\n",
    "not bad but ",
    "Acme: Founded: 2014\n",
    "no, ",
    "$9 ",
    "2014 ",
    "A. ",
    "Acme's ",
    "&amp;",
    "<b>",
    "https://acme.com/ ",
    "\n\n",
    "Acme, unlike Zenith, ",
    "not ",
    "John Smith ",
    "Acme (Acme (",
)
BRAND = Brand("Acme", aliases=("Acme Pro",), competitors=("Zenith",))
FACTS = (
    ("founded", "2014"),
    ("headquarters", "Berlin, Germany"),
    ("CEO", "Jane Roe"),
    ("price", "$12 per month"),
    ("employees", "200"),
    ("owner", "Globex"),
    ("free plan", "yes"),
    ("integrations", "Slack; Jira"),
)


def fragments() -> Iterator[str]:
    """Yield what texts repeat."""
    yield from WHOLE
    for one, other in permutations(PARTS, 2):
        yield f"{one} {other}{ENDS[(len(one) + len(other)) % len(ENDS)]}"


def timed(work: Callable[[], object]) -> float:
    """Return the seconds of CPU that some work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def durations(text: str, scorers: Mapping[str, Scorer]) -> dict[str, float]:
    """Return the seconds that reading a text, and each scorer, takes."""
    zenith = Brand("Zenith")
    facts = tuple(Fact("Acme", field, value) for field, value in FACTS)
    reader = Reader((BRAND, zenith))
    question = Question(Prompt("Which tool is best?"), Model("svc", "m-1"))
    answer = Answer(1, question, Reply(text), datetime(2026, 1, 5, tzinfo=UTC))
    found: list[Reading] = []
    seconds = {"reading": timed(lambda: found.append(reader.read(answer, BRAND, facts)))}
    for name, scorer in scorers.items():
        seconds[name] = timed(lambda: list(scorer.score(found[0])))  # noqa: B023 - called at once
    return seconds


def main() -> None:
    """Print the texts whose time grows faster than their length."""
    wrong = 0
    print(Reader, Usage, Run)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
