"""A command for Overheard: how many answers name a brand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from overheard import Card, CommandSpec, Kind, View, argument, hookimpl

overheard_api = ">=1.0,<2"


async def count_answers(
    view: View, *, brand: Annotated[str, argument("The brand.", Kind.BRAND)]
) -> Card:
    """Count the answers that name a brand."""
    count = 0
    async for answer in view.history.answers():
        count += brand.casefold() in answer.reply.text.casefold()
    return Card(brand, f"Answers that name it: {count:,}.", data={"answers": count})


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the command of this plugin, for the terminal and for chats."""
    yield CommandSpec(
        "my-command",
        "Count the answers that name a brand.",
        count_answers,
        examples=("my-command Acme",),
    )
