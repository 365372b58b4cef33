"""Charts drawn in a process of their own, one at a time; the latest are kept."""

from __future__ import annotations

import atexit
import logging
import pickle
import subprocess
import sys
from collections import OrderedDict
from threading import Lock, Timer

from overheard.cards.engraver import Drawable

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
            command = [sys.executable, "-P", "-m", "overheard.cards.engraver"]
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
