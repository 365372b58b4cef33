"""Commands of plugins: each sees a `View`, and nothing else of the deployment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec
from overheard.errors import ConfirmationNeeded
from overheard.interfaces import History, View
from overheard.plugins.copies import copied_card
from overheard.plugins.guard import Guard

LONGEST_COMMAND = 600.0
"""Seconds that a command may take."""
AT_ONCE = 200
"""Answers or scores that are handed over together."""

_END = object()

Result = TypeVar("Result")


def watched_command(spec: CommandSpec, guard: Guard) -> CommandSpec:
    """Return a command whose function sees a `View` and nothing else of the deployment."""
    asking = (ConfirmationNeeded,) if spec.asks else ()

    async def run(deployment: Any, call: Any, **options: Any) -> Card:
        view = View(
            deployment.catalogue,
            _Shown(deployment.store),
            deployment.clock,
            call.zone,
            call.who,
            call.channel,
        )
        work = partial(_card, spec, view, options)
        return await guard.call(work, LONGEST_COMMAND, passing=asking)

    return replace(spec, run=run, fill=None, opens=True)


async def _card(spec: CommandSpec, view: View, options: dict[str, Any]) -> Card:
    return copied_card(await spec.run(view, **options))


class _Shown:
    """What a store shows, read in the loop that the store belongs to; nothing can be changed."""

    def __init__(self, history: History) -> None:
        loop = asyncio.get_running_loop()

        async def read(reading: Coroutine[Any, Any, Result]) -> Result:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(reading, loop))

        # Closures, so that no attribute leads to the store itself.
        self.runs = _reader(lambda: history.runs, read)
        self.blocks = _reader(lambda: history.blocks, read)
        self.updates = _reader(lambda: history.updates, read)
        self.alerts = _reader(lambda: history.alerts, read)
        self.answers = _stream(lambda: history.answers, read)
        self.scores = _stream(lambda: history.scores, read)


def _reader(
    method: Callable[[], Callable[..., Coroutine[Any, Any, Any]]], read: Callable[..., Any]
) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def reading(*given: Any, **named: Any) -> Any:
        return await read(method()(*given, **named))

    return reading


def _stream(
    method: Callable[[], Callable[..., AsyncIterator[Any]]], read: Callable[..., Any]
) -> Callable[..., AsyncIterator[Any]]:
    async def streaming(*given: Any, **named: Any) -> AsyncIterator[Any]:
        items = method()(*given, **named)
        try:
            while batch := await read(_some(items)):
                for item in batch:
                    yield item
        finally:
            await read(_closed(items))

    return streaming


async def _some(items: AsyncIterator[Any]) -> list[Any]:
    batch: list[Any] = []
    while len(batch) < AT_ONCE and (item := await anext(items, _END)) is not _END:
        batch.append(item)
    return batch


async def _closed(items: AsyncIterator[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close:
        await close()
