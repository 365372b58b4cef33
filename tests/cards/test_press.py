"""Charts drawn in a process of their own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing import active_children
from pathlib import Path

import pytest

from overheard.cards.charts import renderer
from overheard.cards.charts.bars import Bar, Bars
from overheard.cards.charts.renderer import ChartRenderer, NotDrawn


@pytest.fixture(scope="module")
def press() -> Iterator[ChartRenderer]:
    """A renderer that keeps two pictures."""
    press = ChartRenderer(max_kept=2)
    yield press
    press.close()


def chart(name: str) -> Bars:
    """Return a chart of one bar."""
    return Bars(name, (Bar("Acme", 1.0),))


def test_the_latest_charts_are_kept(press: ChartRenderer) -> None:
    """The same chart is the same picture, and the oldest of too many is forgotten."""
    first = press.draw(chart("a"))
    assert first.startswith(b"\x89PNG")
    assert press.kept(chart("a")) is first
    press.draw(chart("b"))
    press.draw(chart("c"))
    assert press.kept(chart("a")) is None
    assert press.draw(chart("a")) == first


def test_a_fault_is_told_and_the_next_chart_is_drawn(press: ChartRenderer) -> None:
    """What cannot be drawn takes nothing else with it."""
    with pytest.raises(NotDrawn, match="TypeError"):
        press.draw(Bars("d", (Bar("Acme", "much"),)))  # type: ignore[arg-type]
    assert press.draw(chart("e"))


def test_a_process_that_was_lost_is_begun_anew() -> None:
    """A process that takes too long is killed, and another one draws the next chart."""
    hasty = ChartRenderer(timeout_s=0.0)
    with pytest.raises(NotDrawn, match="lost"):
        hasty.draw(chart("f"))
    hasty._timeout_s = 30.0
    assert hasty.draw(chart("f"))
    hasty.close()


def test_a_process_that_hangs_while_it_starts_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The chart fails in time, nothing waits for the process, and the next one draws."""
    hanging = ChartRenderer()
    before = {process.pid for process in active_children()}
    with monkeypatch.context() as patch:
        patch.setattr(renderer, "_prepare_process", partial(time.sleep, 30.0))
        patch.setattr(renderer, "START_TIMEOUT_S", 0.2)
        began = time.monotonic()
        with pytest.raises(NotDrawn, match="lost"):
            hanging.draw(chart("g"))
    assert time.monotonic() - began < 10
    assert {process.pid for process in active_children()} == before
    assert hanging.draw(chart("g"))
    hanging.close()


KILLED = """
import os, signal
from overheard.cards.charts.renderer import ChartRenderer
from overheard.cards.charts.bars import Bar, Bars
renderer = ChartRenderer()
renderer.draw(Bars("a", (Bar("Acme", 1.0),)))
print(*renderer._pool._processes, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_process_ends_with_the_one_that_started_it() -> None:
    """Also where that is killed."""
    done = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, check=False)
    drawing = Path("/proc", done.stdout.decode().strip(), "cmdline")
    while drawing.exists() and drawing.read_bytes():
        time.sleep(0.02)
