"""Charts drawn in a process of their own, one at a time; the latest are kept."""

from __future__ import annotations

import asyncio
import atexit
import logging
import pickle
import subprocess
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from threading import Lock, Timer
from typing import TypeVar

from overheard.cards.card import Image
from overheard.cards.charts import bars, forest, trend
from overheard.cards.charts.bars import Bars
from overheard.cards.charts.forest import Spans
from overheard.cards.charts.renderer_process import Drawable

logger = logging.getLogger(__name__)

KEPT = 64
"""Pictures kept; one takes about 40 kB."""
LONGEST = 30.0
"""Seconds for one chart, with the start of the process that draws it."""


class NotDrawn(Exception):
    """A chart was not drawn."""


class Press:
    """Draws charts, for any thread; the process that does it is begun with the first.

    Args:
        kept: How many pictures are kept: the same chart is drawn once while it is among them.
        longest: Seconds after which the process is given up, and begun anew for the next chart.
    """

    def __init__(self, kept: int = KEPT, longest: float = LONGEST) -> None:
        self._most = kept
        self._longest = longest
        self._kept: OrderedDict[Drawable, bytes] = OrderedDict()
        self._keeping = Lock()
        self._drawing = Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def kept(self, chart: Drawable) -> bytes | None:
        """Return a picture that is kept, or None."""
        with self._keeping:
            if chart in self._kept:
                self._kept.move_to_end(chart)
            return self._kept.get(chart)

    def draw(self, chart: Drawable) -> bytes:
        """Return a chart as a PNG; waits for its turn, and for the process.

        Raises:
            NotDrawn: when it cannot be drawn, or takes too long.
        """
        with self._drawing:
            if (png := self.kept(chart)) is None:
                png = self._drawn(chart)
                self._keep(chart, png)
            return png

    def close(self) -> None:
        """Let the process end; the next chart begins another."""
        process, self._process = self._process, None
        if process is not None:
            _end(process)

    def _keep(self, chart: Drawable, png: bytes) -> None:
        with self._keeping:
            self._kept[chart] = png
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def _drawn(self, chart: Drawable) -> bytes:
        try:
            answer = self._ask(chart)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self.close()
            raise NotDrawn(f"the process that draws charts was lost: {error!r}") from None
        if isinstance(answer, str):
            raise NotDrawn(answer)
        return answer

    def _ask(self, chart: Drawable) -> bytes | str:
        process = self._begun()
        if process.stdin is None or process.stdout is None:
            raise EOFError
        patience = Timer(self._longest, process.kill)
        patience.start()
        try:
            pickle.dump(chart, process.stdin)
            process.stdin.flush()
            answer: bytes | str = pickle.load(process.stdout)  # noqa: S301 - from our own process
        finally:
            patience.cancel()
        return answer

    def _begun(self) -> subprocess.Popen[bytes]:
        """Return the process, begun anew where it has ended."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            # -P: a file of the folder that one stands in must not take a module's place.
            command = [sys.executable, "-P", "-m", "overheard.cards.charts.renderer_process"]
            self._process = subprocess.Popen(  # noqa: S603 - no word of it comes from outside
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            atexit.register(self.close)
        return self._process


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        try:
            if pipe is not None:
                pipe.close()
        except OSError:  # what was still to be written is lost with the process
            pass
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


Done = TypeVar("Done")

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
    return forest.alt(chart) if isinstance(chart, Spans) else trend.alt(chart)


async def aside(work: Callable[[], Done]) -> Done:
    """Do something that draws, in a thread, one at a time."""
    global _waiting  # noqa: PLW0603 - the queue is the process's own
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_ASIDE, copy_context().run, work)
    finally:
        _waiting -= 1
