"""The process that draws charts: reads them from its input, and answers with pictures.

Drawing holds the interpreter for a twentieth of a second. Here that is another interpreter than the
one that acknowledges what people type. It ends when its input does, however that came to be.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from overheard.cards.charts import bars, forest, trend
from overheard.cards.charts.bars import Bars
from overheard.cards.charts.forest import Spans
from overheard.cards.charts.trend import Chart

Drawable = Chart | Bars | Spans

DRAWS: dict[type, Callable[[Any], bytes]] = {
    Chart: trend.draw,
    Bars: bars.draw,
    Spans: forest.draw,
}
NICENESS = 5
"""Less urgent than the process that people wait for."""


def serve(asked: BinaryIO, answers: BinaryIO) -> None:
    """Draw what is asked for until the input ends; a fault is answered as text."""
    while True:
        try:
            chart: Drawable = pickle.load(asked)  # noqa: S301 - from the process that began this one
        except EOFError:
            return
        pickle.dump(_drawn(chart), answers)
        answers.flush()


def _drawn(chart: Drawable) -> bytes | str:
    try:
        return DRAWS[type(chart)](chart)
    except Exception as error:  # of matplotlib; the next chart may be fine
        return f"{type(error).__name__}: {error}"


def main() -> None:
    """Draw until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that began this one
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError):
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
