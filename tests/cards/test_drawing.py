"""The queue of charts."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from overheard.cards.card import Image
from overheard.cards.charts import renderer
from overheard.cards.charts.bars import Bar, Bars
from overheard.cards.charts.renderer import (
    MAX_WAITING,
    alt_text,
    darken,
    drawn_picture,
    picture,
    run_in_chart_thread,
    themed,
    without_pictures,
)

PNG = b"\x89PNG"


def chart(name: str) -> Bars:
    """Return a chart of one bar."""
    return Bars(name, (Bar("Acme", 1.0),))


@asynccontextmanager
async def crowd() -> AsyncIterator[None]:
    """Want as many charts as may wait, within the block; none is done before its end."""
    gate = threading.Event()
    waiting = [asyncio.create_task(run_in_chart_thread(gate.wait)) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    try:
        yield
    finally:
        gate.set()
        await asyncio.gather(*waiting)


async def test_of_too_many_charts_the_rest_are_told_in_words() -> None:
    """Nobody waits for them; when the others are done, the same chart is drawn."""
    async with crowd():
        told = await picture(chart("a"), "a.png")

    assert (told.png, told.alt) == (b"", alt_text(chart("a")))
    assert (await picture(chart("a"), "a.png")).png.startswith(PNG)


async def test_a_chart_that_was_drawn_already_needs_no_turn() -> None:
    """It is there at once, however many others are wanted."""
    drawn = await picture(chart("b"), "b.png")
    async with crowd():
        assert await picture(chart("b"), "b.png") == drawn


async def test_what_nobody_sees_is_not_drawn() -> None:
    """Nor where a whole card is composed in the thread that draws."""
    with without_pictures():
        told = await picture(chart("c"), "c.png")
        composed = await run_in_chart_thread(lambda: drawn_picture(chart("c"), "c.png"))

    assert told == composed == Image(b"", alt_text(chart("c")), "c.png")
    assert (await picture(chart("c"), "c.png")).png.startswith(PNG)


async def test_pictures_fit_the_background_of_the_chat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same chart is dark for Discord and light elsewhere."""
    monkeypatch.setattr(renderer, "_dark_platforms", frozenset())
    darken(["discord"])
    with themed("discord:1"):
        dark = await picture(chart("d"), "d.png")
    with themed("slack:C1"):
        light = await picture(chart("d"), "d.png")

    assert dark.png != light.png
    assert (await picture(chart("d"), "d.png")).png == light.png
