"""A command for Overheard: how many answers name a brand."""

from __future__ import annotations

from collections.abc import Iterator

from overheard import Card, CommandSpec, Kind, Option, View, hookimpl

overheard_api = ">=1.0,<2"


async def count_answers(view: View, *, brand: str) -> Card:
    """Count the answers in which a brand's name stands."""
    count = 0
    async for answer in view.history.answers():
        count += brand.casefold() in answer.reply.text.casefold()
    return Card(brand, f"Answers in which it stands: {count:,}.", data={"answers": count})


@hookimpl
def overheard_commands() -> Iterator[CommandSpec]:
    """Yield the command of this plugin; it is there in the terminal and in chats."""
    yield CommandSpec(
        "my-command",
        "Count the answers in which a brand's name stands.",
        count_answers,
        (Option("brand", "The brand.", Kind.BRAND, required=True, positional=True),),
        examples=("my-command Acme",),
    )
