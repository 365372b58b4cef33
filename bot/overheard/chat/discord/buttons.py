"""Buttons that work for as long as their message stands: all they need is written in their id.

A click on a button with a question asks it first, which only the person who clicked sees.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import discord

from overheard.cards import words
from overheard.cards.card import Action, Style
from overheard.chat.discord import markup
from overheard.chat.limits import DISCORD

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
    label = markup.cut(words.line(action.label) or action.words, DISCORD.label)
    return discord.ui.Button(label=label, style=STYLES[action.style], custom_id=click.id)


def _sent_only(made: discord.ui.View) -> discord.ui.View:
    """Keep discord.py from holding on to a view for ever: clicks are read from the buttons' ids."""
    made.stop()
    return made
