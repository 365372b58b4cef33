"""Buttons that work for as long as their message stands: all they need is written in their id.

A click on a button with a question asks it first, which only the person who clicked sees.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import discord

from overheard.cards import wording
from overheard.cards.card import Action, Style
from overheard.cards.command import CommandSpec
from overheard.chat.desk import CANCEL, CONFIRM
from overheard.chat.discord import markup
from overheard.chat.discord.tree import Called
from overheard.chat.limits import DISCORD
from overheard.chat.parser import fill
from overheard.interfaces import Person

STYLES = {
    Style.PLAIN: discord.ButtonStyle.secondary,
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.DANGER: discord.ButtonStyle.danger,
}
MOST_QUESTIONS = 1_000
"""Questions kept in memory; a button whose question is forgotten asks for its label."""


class Does(StrEnum):
    """What a click does; the first half of a button's id."""

    WORDS = "do"
    """Does what its words say."""
    ASK = "ask"
    """Asks first whether to."""
    LEAVE = "leave"
    """Takes the question back."""


@dataclass(frozen=True, slots=True)
class Click:
    """What a button's id says: what to do, and the words of its action."""

    does: Does
    words: str = ""

    @property
    def id(self) -> str:
        """The button's id."""
        return f"{self.does}:{self.words}"


def read(custom_id: str) -> Click | None:
    """Read a button's id; None for one that is not ours."""
    does, colon, rest = custom_id.partition(":")
    return Click(Does(does), rest) if colon and does in set(Does) else None


class Questions:
    """The questions of the latest buttons: Discord gives a button no room to carry its own."""

    def __init__(self) -> None:
        self._questions: OrderedDict[str, str] = OrderedDict()

    def remember(self, action: Action) -> None:
        """Keep an action's question, and forget the oldest of too many."""
        self._questions[action.words] = action.confirm
        self._questions.move_to_end(action.words)
        while len(self._questions) > MOST_QUESTIONS:
            self._questions.popitem(last=False)

    def ask(self, spoken: str, label: str) -> str:
        """Return what to ask before an action's words are carried out."""
        return self._questions.get(spoken) or f"{label or spoken}: are you sure?"


def view(actions: Sequence[Action], questions: Questions) -> discord.ui.View:
    """Return buttons for a message."""
    made = discord.ui.View(timeout=None)
    for action in actions:
        click = Click(Does.ASK if action.confirm else Does.WORDS, action.words)
        if markup.size(click.id) <= DISCORD.custom_id:
            made.add_item(_button(action, click))
        if action.confirm:
            questions.remember(action)
    return _sent_only(made)


def question(click: Click, label: str) -> discord.ui.View:
    """Return the buttons under a question: yes, in the words of the button, and no."""
    yes = Action(click.words, label or "Yes", Style.PRIMARY)
    made = discord.ui.View(timeout=None)
    made.add_item(_button(yes, Click(Does.WORDS, click.words)))
    made.add_item(_button(Action("", "Cancel"), Click(Does.LEAVE)))
    return _sent_only(made)


def label_of(message: discord.Message | None, custom_id: str) -> str:
    """Return what stands on a message's button."""
    rows = message.components if message else []
    buttons = (child for row in rows for child in getattr(row, "children", ()))
    return next((b.label or "" for b in buttons if b.custom_id == custom_id), "")


def _button(action: Action, click: Click) -> discord.ui.Button[discord.ui.View]:
    label = markup.cut(wording.line(action.label) or action.words, DISCORD.label)
    return discord.ui.Button(label=label, style=STYLES[action.style], custom_id=click.id)


def _sent_only(made: discord.ui.View) -> discord.ui.View:
    """Keep discord.py from holding on to a view for ever: clicks are read from the buttons' ids."""
    made.stop()
    return made


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
