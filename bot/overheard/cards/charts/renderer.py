"""The process that draws charts, one at a time, and a cache of the latest pictures.

How a chart is drawn, and its colours: `svg`.

Drawing holds the interpreter for a twentieth of a second: here not the interpreter that
acknowledges what people type.
"""

import asyncio
import logging
import os
import signal
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from multiprocessing import get_context, parent_process
from threading import Lock, Thread
from typing import Any, TypeVar

from overheard.cards import wording
from overheard.cards.card import Image
from overheard.cards.charts import bars, forest, shares, trend
from overheard.cards.charts.bars import Bars, Rates
from overheard.cards.charts.forest import Pairs, Spans
from overheard.cards.charts.shares import Shares
from overheard.cards.charts.style import Theme
from overheard.cards.charts.svg import Sheet, png
from overheard.cards.charts.trend import Chart

log = logging.getLogger(__name__)

Drawable = Chart | Bars | Rates | Spans | Pairs | Shares

DRAWS: dict[type, tuple[Callable[[Any], Sheet], Callable[[Any], str]]] = {
    Chart: (trend.drawing, trend.alt_text),
    Bars: (bars.drawing, bars.alt_text),
    Rates: (bars.rates_drawing, bars.rates_alt),
    Spans: (forest.drawing, forest.alt_text),
    Pairs: (forest.pairs_drawing, forest.pairs_alt),
    Shares: (shares.drawing, shares.alt_text),
}
"""How each kind of chart is drawn, and said in words."""
MAX_ALT_CHARS = 1_000
"""Characters of the alternative text of a chart."""
MAX_KEPT = 64
"""Pictures that are kept; each takes about 40 kB."""
START_TIMEOUT_S = 120.0
"""Seconds for the process to start, which takes one on an idle machine."""
DRAW_TIMEOUT_S = 30.0
"""Seconds for one chart."""
NICENESS = 5
"""Lower priority than the process that people wait for."""


class NotDrawn(Exception):
    """A chart could not be drawn, or not in time; the message says why."""


class ChartRenderer:
    """Draws charts, for any thread, in a process that starts with the first chart.

    Args:
        max_kept: How many pictures are kept: a chart is drawn once while its picture is.
        timeout_s: Seconds after which the process is killed; the next chart starts another.
    """

    def __init__(self, max_kept: int = MAX_KEPT, timeout_s: float = DRAW_TIMEOUT_S) -> None:
        """Keep the limits; no process runs and no picture is kept before the first `draw`."""
        self._max_kept = max_kept
        self._timeout_s = timeout_s
        self._kept: OrderedDict[tuple[Drawable, Theme], bytes] = OrderedDict()
        self._pictures_lock = Lock()
        self._draw_lock = Lock()
        self._pool: ProcessPoolExecutor | None = None

    def kept(self, chart: Drawable, theme: Theme = Theme.LIGHT) -> bytes | None:
        """Return the PNG that is kept for an equal chart in the same theme, or None; draws nothing.

        The picture then counts as the latest used. Safe in any thread, also while another chart is
        drawn.
        """
        with self._pictures_lock:
            if (chart, theme) in self._kept:
                self._kept.move_to_end((chart, theme))
            return self._kept.get((chart, theme))

    def draw(self, chart: Drawable, theme: Theme = Theme.LIGHT) -> bytes:
        """Return a chart as a PNG: the kept picture of an equal chart in the same theme, else a new
        one.

        A new picture is kept; beyond `max_kept` pictures, the one that was not used for longest is
        forgotten. Charts are drawn one at a time: blocks the calling thread while other threads
        draw, at the first chart for up to `START_TIMEOUT_S`, and then for up to `timeout_s`
        seconds.

        Raises:
            NotDrawn: when the chart cannot be drawn, or takes too long.
        """
        with self._draw_lock:
            if (picture := self.kept(chart, theme)) is None:
                picture = self._drawn_png(chart, theme)
                with self._pictures_lock:
                    self._kept[chart, theme] = picture
                    while len(self._kept) > self._max_kept:
                        self._kept.popitem(last=False)
            return picture

    def close(self) -> None:
        """End the process that draws; kept pictures stay, and the next chart starts another
        process.

        Waits until the process has ended. Does nothing without a process.
        """
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        self._pool = None

    def _drawn_png(self, chart: Drawable, theme: Theme) -> bytes:
        """Return a chart as a PNG, drawn in the process for charts, which is started if none runs.

        The process is killed and forgotten when it cannot start, has ended by itself, or does not
        answer in time. It goes on after a chart that raises an error there.
        """
        try:
            return self._start_worker().submit(_draw, chart, theme).result(self._timeout_s)
        except (BrokenExecutor, OSError, TimeoutError) as error:
            self._kill_worker()
            raise NotDrawn(f"the process that draws charts was lost: {error!r}") from None
        except Exception as error:  # only of this chart: the process goes on
            raise NotDrawn(f"{type(error).__name__}: {error}") from None

    def _start_worker(self) -> ProcessPoolExecutor:
        """Return the pool of one process that draws; start it, and wait until it answers, if none
        runs.
        """
        if self._pool is None:
            # Not forked: this process has threads.
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _prepare_process)
            self._pool.submit(os.getpid).result(START_TIMEOUT_S)
        return self._pool

    def _kill_worker(self) -> None:
        """Kill the process that draws, also one that is still starting, and forget it."""
        if self._pool:
            # A process that hangs while it starts has reported no id: ask the pool for it.
            for process in list((self._pool._processes or {}).values()):
                process.kill()
        self.close()


def _prepare_process() -> None:
    """Set up the process that draws, as its first work in that process.

    Ctrl-C is ignored, stdout is joined to stderr, the priority is lowered by `NICENESS` where the
    system can do that, and a thread ends the process when its parent ends.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    os.dup2(2, 1)  # prints of a library must not come between a command's output
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(NICENESS)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent process ends, also by a kill, and then end this process at once."""
    if parent := parent_process():
        parent.join()
        os._exit(0)


def _draw(chart: Drawable, theme: Theme) -> bytes:
    return png(drawing(chart), theme)


def drawing(chart: Drawable) -> Sheet:
    """Return a chart of any kind as a drawing, from which `Sheet.svg` or `png` makes a picture."""
    return DRAWS[type(chart)][0](chart)


Done = TypeVar("Done")

MAX_WAITING = 24
"""Charts that wait for their turn, for about three seconds; further charts are shown as text."""

_RENDERER = ChartRenderer()
"""Shared by all of the process: one core draws."""
_THREAD = ThreadPoolExecutor(1, "charts")
"""The queue of charts, so that no thread of the event loop waits for one."""
_waiting = 0
_without_pictures: ContextVar[bool] = ContextVar("without_pictures", default=False)
_theme: ContextVar[Theme] = ContextVar("theme", default=Theme.LIGHT)


@contextmanager
def without_pictures() -> Iterator[None]:
    """Make `picture` and `drawn_picture` return empty pictures within the block, for output that
    shows none.

    Holds for the calling task or thread, and for tasks that it starts in the block.
    """
    before = _without_pictures.set(True)
    try:
        yield
    finally:
        _without_pictures.reset(before)


_dark_platforms: frozenset[str] = frozenset()


def darken(platforms: Iterable[str]) -> None:
    """Set the chats whose pictures get a dark background; pictures in all others get a light one.

    Args:
        platforms: The names of the chats, such as ``discord``; they replace those set before.
    """
    global _dark_platforms  # noqa: PLW0603 - a process serves one set of chats
    _dark_platforms = frozenset(platforms)


@contextmanager
def themed(channel: str) -> Iterator[None]:
    """Draw all pictures within the block in the theme of a channel: dark on a platform that
    `darken` has set, else light.

    Holds for the calling task or thread, and for tasks that it starts in the block.

    Args:
        channel: ``platform:id``, such as ``discord:123``.
    """
    is_dark = channel.partition(":")[0] in _dark_platforms
    before = _theme.set(Theme.DARK if is_dark else Theme.LIGHT)
    try:
        yield
    finally:
        _theme.reset(before)


async def picture(chart: Drawable, name: str) -> Image:
    """Return a chart as a picture with its alternative text, without blocking the event loop.

    A kept picture is returned at once; otherwise the task waits until the chart is drawn. The PNG
    is empty, so that the alternative text is shown instead, within `without_pictures`, when the
    chart cannot be drawn, and when it is not kept and `MAX_WAITING` charts wait already.
    """
    kept = None if _without_pictures.get() else _RENDERER.kept(chart, _theme.get())
    if kept is None and _waiting < MAX_WAITING:
        return await run_in_chart_thread(lambda: drawn_picture(chart, name))
    return Image(kept or b"", alt_text(chart), name)


def drawn_picture(chart: Drawable, name: str) -> Image:
    """Return a chart as a picture with its alternative text; blocks the thread until it is drawn.

    The PNG is empty, so that the alternative text is shown instead, within `without_pictures` and
    when the chart cannot be drawn; the latter is logged.
    """
    if _without_pictures.get():
        return Image(b"", alt_text(chart), name)
    try:
        return Image(_RENDERER.draw(chart, _theme.get()), alt_text(chart), name)
    except NotDrawn as error:
        log.warning("A chart is described in words: %s", error)
        return Image(b"", alt_text(chart), name)


def alt_text(chart: Drawable) -> str:
    """Return the alternative text of a chart of any kind, cut to `MAX_ALT_CHARS`."""
    return wording.shorten(DRAWS[type(chart)][1](chart), MAX_ALT_CHARS)


async def run_in_chart_thread(work: Callable[[], Done]) -> Done:
    """Call a function in the thread for charts, and return what the function returns.

    Calls run one at a time, in the order in which they come; each counts as a waiting chart until
    it has ended (`MAX_WAITING`). The function sees the caller's context variables, such as the
    theme.

    Raises:
        Exception: what the function raises.
    """
    global _waiting  # noqa: PLW0603 - the queue is the process's own
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREAD, copy_context().run, work)
    finally:
        _waiting -= 1
