"""Charts drawn in a process of their own."""

import time
from collections.abc import Iterator

import pytest

from overheard.cards.charts.bars import Bar, Bars
from overheard.cards.charts.renderer import NotDrawn, Press


@pytest.fixture(scope="module")
def press() -> Iterator[Press]:
    """A press that keeps two pictures."""
    press = Press(kept=2)
    yield press
    press.close()


def chart(name: str) -> Bars:
    """Return a chart of one bar."""
    return Bars(name, (Bar("Acme", 1.0),))


def test_the_latest_charts_are_kept(press: Press) -> None:
    """The same chart is the same picture, and the oldest of too many is forgotten."""
    first = press.draw(chart("a"))
    assert first.startswith(b"\x89PNG")
    assert press.kept(chart("a")) is first
    press.draw(chart("b"))
    press.draw(chart("c"))
    assert press.kept(chart("a")) is None
    assert press.draw(chart("a")) == first


def test_a_fault_is_told_and_the_next_chart_is_drawn(press: Press) -> None:
    """What cannot be drawn takes nothing else with it."""
    with pytest.raises(NotDrawn, match="TypeError"):
        press.draw(Bars("d", (Bar("Acme", "much"),)))  # type: ignore[arg-type]
    assert press.draw(chart("e"))


def test_a_process_that_was_lost_is_begun_anew() -> None:
    """One that takes too long is given up."""
    hasty = Press(longest=0.0)
    begun = time.monotonic()
    with pytest.raises(NotDrawn, match="lost"):
        hasty.draw(chart("f"))
    assert time.monotonic() - begun < 20
    hasty._longest = 30.0
    assert hasty.draw(chart("f"))
    hasty.close()
