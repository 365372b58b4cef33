"""Answers that repeat themselves: how the time of reading and scoring grows with their length.

    python bench/repetition.py

Models that loop write such answers. Each text is read and scored by each built-in scorer at two
lengths, of which the second is four times the first; the time may grow by a little more than that.
A text that takes under 50 ms at the greater length is well, whatever it grows by.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import permutations
from typing import TypeVar

from grading import answer

from overheard import Brand, Fact, Reading
from overheard.reading.reader import Reader
from overheard_accuracy import Accuracy
from overheard_citations import Citations
from overheard_sentiment import Sentiment
from overheard_visibility import Visibility

Result = TypeVar("Result")

LENGTHS = (15_000, 60_000)
"""Characters."""
FAST_S = 0.05
MOST_GROWTH = 7.0
"""A linear cost grows by 4; a quadratic one by 16."""
PARTS = ("Acme", "Zenith", "is better than", "and", "cheap", "costs $9", "founded in 2014", "**")
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
SCORERS: dict[str, Callable[[Reading], object]] = {
    "accuracy": lambda reading: list(Accuracy().score(reading)),
    "citations": lambda reading: list(Citations().score(reading)),
    "sentiment": lambda reading: list(Sentiment().score(reading)),
    "visibility": lambda reading: list(Visibility().score(reading)),
}
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


def timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds of CPU that some work takes, and its result."""
    begun = time.process_time()
    result = work()
    return time.process_time() - begun, result


def durations(text: str) -> dict[str, float]:
    """Return the seconds that reading a text, and each scorer, takes."""
    facts = tuple(Fact("Acme", field, value) for field, value in FACTS)
    rival = Brand("Zenith")
    reader = Reader([BRAND, rival])
    seconds = dict[str, float]()
    seconds["reading"], reading = timed(
        lambda: reader.read(answer(text)).reading(BRAND, [rival], facts)
    )
    for name, score in SCORERS.items():
        seconds[name], _ = timed(partial(score, reading))
    return seconds


def main() -> None:
    """Print the repeated texts whose time of reading or scoring grows faster than their length;
    exit with 1 if there are any.
    """
    bad = 0
    for fragment in fragments():
        short, long = (durations((fragment * length)[:length]) for length in LENGTHS)
        for name, seconds in long.items():
            growth = seconds / max(short[name], FAST_S / 4)
            if seconds > FAST_S and growth > MOST_GROWTH:
                bad += 1
                times = f"{short[name]:8.2f} s{seconds:8.2f} s  x {growth:.1f}"
                print(f"{name:12}{fragment!r:40}{times}")
    print(f"{bad} texts take more time than in proportion to their length.")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
