"""Charts drawn beside the loop: one takes a tenth of a second, and clicks do not wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from overheard.cards import bars, charts, spans
from overheard.cards.bars import Bars
from overheard.cards.card import Image
from overheard.cards.charts import Chart
from overheard.cards.spans import Spans

Drawn = TypeVar("Drawn")

_PENCIL = Lock()
"""Matplotlib's fonts are shared, and not made for several threads at a time."""


async def picture(chart: Chart | Bars | Spans, name: str) -> Image:
    """Return a chart as a picture, with its alternative text."""
    if isinstance(chart, Bars):
        return Image(await aside(lambda: bars.draw(chart)), bars.alt(chart), name)
    if isinstance(chart, Spans):
        return Image(await aside(lambda: spans.draw(chart)), spans.alt(chart), name)
    return Image(await aside(lambda: charts.draw(chart)), charts.alt(chart), name)


async def aside(draw: Callable[[], Drawn]) -> Drawn:
    """Do something that draws, in a thread, one at a time."""

    def drawn() -> Drawn:
        with _PENCIL:
            return draw()

    return await asyncio.to_thread(drawn)
