"""Charts beside the loop: clicks and commands do not wait for one that is being drawn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import TypeVar

from overheard.cards import bars, charts, spans
from overheard.cards.bars import Bars
from overheard.cards.card import Image
from overheard.cards.engraver import Drawable
from overheard.cards.press import NotDrawn, Press
from overheard.cards.spans import Spans

Done = TypeVar("Done")

logger = logging.getLogger(__name__)

MOST_WAITING = 24
"""Charts that wait for their turn, about two seconds' worth; a further one is told in words."""

_PRESS = Press()
"""One for the process, as the cores are: whoever wants a chart takes turns at it."""
_ASIDE = ThreadPoolExecutor(1, "charts")
"""Its queue is the queue of charts, and no thread of the loop's own waits for one."""
_waiting = 0
_unseen: ContextVar[bool] = ContextVar("unseen", default=False)


@contextmanager
def unseen() -> Iterator[None]:
    """Draw nothing within the block: whoever reads what comes of it sees no pictures."""
    before = _unseen.set(True)
    try:
        yield
    finally:
        _unseen.reset(before)


async def picture(chart: Drawable, name: str) -> Image:
    """Return a chart as a picture, with its alternative text.

    One that cannot be drawn, or not soon because too many are wanted at once, has no picture: the
    words stand for it.
    """
    kept = _PRESS.kept(chart)
    if kept is None and _waiting < MOST_WAITING:
        return await aside(lambda: printed(chart, name))
    return Image(kept or b"", alt(chart), name)


def printed(chart: Drawable, name: str) -> Image:
    """Return the same from a thread, which waits for as long as that takes."""
    if _unseen.get():
        return Image(b"", alt(chart), name)
    try:
        return Image(_PRESS.draw(chart), alt(chart), name)
    except NotDrawn as error:
        logger.warning("A chart is told in words: %s", error)
        return Image(b"", alt(chart), name)


def alt(chart: Drawable) -> str:
    """Return in words what a chart shows."""
    if isinstance(chart, Bars):
        return bars.alt(chart)
    return spans.alt(chart) if isinstance(chart, Spans) else charts.alt(chart)


async def aside(work: Callable[[], Done]) -> Done:
    """Do something that draws, in a thread, one at a time."""
    global _waiting  # noqa: PLW0603 - the queue is the process's own
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_ASIDE, copy_context().run, work)
    finally:
        _waiting -= 1
