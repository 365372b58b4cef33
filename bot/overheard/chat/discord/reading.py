"""What a person did in Discord, as a request says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord

from overheard.cards.command import CommandSpec
from overheard.chat.desk import CANCEL, CONFIRM
from overheard.chat.discord.tree import Called
from overheard.chat.parsing import fill
from overheard.interfaces import Person

NAME = "discord"


def person(interaction: discord.Interaction[Any]) -> Person:
    """Return who did it. Discord tells nobody's time zone."""
    user = interaction.user
    # `Member.roles` knows only roles of servers that have arrived; their ids came with this.
    roles = tuple(str(role) for role in getattr(user, "_roles", ()))
    return Person(NAME, str(user.id), user.display_name, roles)


def place(interaction: discord.Interaction[Any]) -> int | None:
    """Return the channel where it was done; for a thread, the channel it belongs to."""
    channel = interaction.channel
    return channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id


def clicked(interaction: discord.Interaction[Any]) -> str:
    """Return the id of the message whose button was clicked, or an empty string.

    A yes to a question counts as a click on the message that the question was about.
    """
    message = interaction.message
    if message is None:
        return ""
    asked = message.interaction_metadata if message.flags.ephemeral else None
    return str((asked and asked.interacted_message_id) or message.id)


def wish(called: Called) -> dict[str, Any]:
    """Return what a request says. A command that could fill in a form, and was given no more than
    it needs, is as if it had been typed: the desk then opens the form.
    """
    spec = called.spec
    needed = {option.name for option in spec.options if option.required}
    if spec.fill and set(called.options) <= needed:
        return {"words": fill(spec, called.options).words}
    return {"command": spec.name, "options": called.options}


def sees_alone(interaction: discord.Interaction[Any]) -> bool:
    """Whether a button was clicked that only this person sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral


def decides(typed: str) -> bool:
    """Whether words answer a question of the desk's, whose place the answer takes."""
    return typed.partition(" ")[0] in {CONFIRM, CANCEL}


def named(typed: str, specs: Sequence[CommandSpec]) -> CommandSpec | None:
    """Return the command whose name words begin with."""
    return next((s for s in specs if f"{typed} ".startswith(f"{s.name} ")), None)
