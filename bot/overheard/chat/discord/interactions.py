"""Buttons and menus, and the facts about an interaction that a request needs.

Buttons work as long as their message exists, because their custom id holds all they need. A click
on a button with a question shows the question first, to the person who clicked only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import discord

from overheard.cards import wording
from overheard.cards.card import Action, Style
from overheard.chat.desk import CANCEL, CONFIRM
from overheard.chat.discord import markup
from overheard.chat.discord.layouts import Menu
from overheard.chat.discord.tree import DiscordCommand
from overheard.chat.limits import DISCORD
from overheard.chat.parser import fill
from overheard.interfaces import Person

STYLES = {
    Style.PLAIN: discord.ButtonStyle.secondary,
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.DANGER: discord.ButtonStyle.danger,
}
NAME = "discord"
"""The chat's name in configuration, routes and channel names."""
MENU_PREFIX, SWITCH_PREFIX = "menu:", "switch:"
"""The first part of a menu's custom id; its number in the message follows. The answer to a choice
from the second kind takes the place of the message.
"""
MAX_QUESTIONS = 1_000
"""Questions kept in memory; a button whose question is forgotten asks with its label."""


class ClickKind(StrEnum):
    """What a click does; the first part of a button's custom id."""

    RUN = "do"
    """Runs the button's words."""
    ASK = "ask"
    """Asks for a confirmation first."""
    CANCEL = "leave"
    """Removes the question."""


@dataclass(frozen=True, slots=True)
class Click:
    """The content of a button's custom id.

    Attributes:
        kind: What the click does.
        words: The words of the button's action.
    """

    kind: ClickKind
    words: str = ""

    @property
    def id(self) -> str:
        """The button's custom id."""
        return f"{self.kind}:{self.words}"


def read_click(custom_id: str) -> Click | None:
    """Return the content of a button's custom id, or None for any other id."""
    kind, colon, words = custom_id.partition(":")
    return Click(ClickKind(kind), words) if colon and kind in set(ClickKind) else None


class ButtonQuestions:
    """The questions of the latest buttons, for which a custom id has no room."""

    def __init__(self) -> None:
        self._questions: OrderedDict[str, str] = OrderedDict()

    def remember(self, action: Action) -> None:
        """Keep an action's question; above `MAX_QUESTIONS`, forget the oldest."""
        self._questions[action.words] = action.confirm
        self._questions.move_to_end(action.words)
        while len(self._questions) > MAX_QUESTIONS:
            self._questions.popitem(last=False)

    def question(self, words: str, label: str) -> str:
        """Return the question for an action's words; when it is forgotten, a question with the
        label.
        """
        return self._questions.get(words) or f"{label or words}: are you sure?"


def button(action: Action, questions: ButtonQuestions) -> discord.ui.Button[Any]:
    """Return the button of an action, and remember its question."""
    return _button(action, _click_on(action, questions))


def menu(shown: Menu, number: int, questions: ButtonQuestions) -> discord.ui.Select[Any]:
    """Return a menu, whose entries have the custom ids of buttons as values.

    Args:
        shown: The menu of a card.
        number: The index of the menu in its message, which makes its custom id unique.
        questions: Keeps the questions of its entries.
    """
    made: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"{MENU_PREFIX if shown.chosen is None else SWITCH_PREFIX}{number}",
        placeholder=markup.cut(shown.placeholder, DISCORD.placeholder),
    )
    for at, action in enumerate(shown.actions):
        made.add_option(
            label=markup.cut(wording.line(action.label) or action.words, DISCORD.option),
            value=_click_on(action, questions).id,
            default=at == shown.chosen,
        )
    return made


def question_view(click: Click, label: str) -> discord.ui.View:
    """Return the two buttons under a question, of which the first runs the clicked button's words
    and the second, "Cancel", removes the question.

    Args:
        click: The click on the button that has the question.
        label: The label of that button, which the first button repeats; "Yes" if empty.
    """
    yes = Action(click.words, label or "Yes", Style.PRIMARY)
    view = discord.ui.View(timeout=None)
    view.add_item(_button(yes, Click(ClickKind.RUN, click.words)))
    view.add_item(_button(Action("", "Cancel"), Click(ClickKind.CANCEL)))
    view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
    return view


def clicked_id(data: Mapping[str, Any]) -> str:
    """Return the custom id of the button that was clicked, or the value of the chosen entry."""
    values = data.get("values") or ()
    return str(values[0]) if values else str(data.get("custom_id", ""))


def is_switch(interaction: discord.Interaction[Any]) -> bool:
    """Return whether a click chose an entry of a menu whose answer replaces the message."""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", "")).startswith(SWITCH_PREFIX)


def label_of(message: discord.Message | None, clicked: str) -> str:
    """Return the label of a button or menu entry.

    Args:
        message: The message with the button; None gives "".
        clicked: The button's custom id, or the entry's value; "" is returned for an unknown one.
    """
    for component in _all_components(message.components if message else ()):
        for option in getattr(component, "options", ()):
            if option.value == clicked:
                return str(option.label)
        if getattr(component, "custom_id", None) == clicked:
            return str(getattr(component, "label", None) or "")
    return ""


def _all_components(components: Iterable[Any]) -> Iterator[Any]:
    """Yield components and all components nested in them, in reading order."""
    for component in components:
        yield component
        accessory = getattr(component, "accessory", None)
        inner = getattr(component, "children", ())
        yield from _all_components((*inner, accessory) if accessory else inner)


def _click_on(action: Action, questions: ButtonQuestions) -> Click:
    """Return the click that an action's button stands for, and remember the question of the
    action.
    """
    if action.confirm:
        questions.remember(action)
    return Click(ClickKind.ASK if action.confirm else ClickKind.RUN, action.words)


def _button(action: Action, click: Click) -> discord.ui.Button[Any]:
    label = markup.cut(wording.line(action.label) or action.words, DISCORD.label)
    return discord.ui.Button(label=label, style=STYLES[action.style], custom_id=click.id)


def person(interaction: discord.Interaction[Any]) -> Person:
    """Return the person of an interaction, with the ids of the person's roles and no time zone.

    In a server, a person with the permission Manage Server counts as an owner.
    """
    user = interaction.user
    # `Member.roles` lacks the roles of servers that have not arrived; the ids are always there.
    roles = tuple(str(role) for role in getattr(user, "_roles", ()))
    owner = interaction.guild_id is not None and interaction.permissions.manage_guild
    return Person(NAME, str(user.id), user.display_name, roles, owner=owner)


def channel_name(interaction: discord.Interaction[Any]) -> str:
    """Return the name of an interaction's channel, such as ``discord:123``.

    A thread has the name of the channel that it belongs to.
    """
    channel, number = interaction.channel, interaction.channel_id
    return f"{NAME}:{channel.parent_id if isinstance(channel, discord.Thread) else number}"


def clicked_message(interaction: discord.Interaction[Any]) -> str:
    """Return the id of the message whose button was clicked, or an empty string.

    The answer to a button's question counts as a click on the message with the button.
    """
    message = interaction.message
    if message is None:
        return ""
    origin = message.interaction_metadata if message.flags.ephemeral else None
    return str((origin and origin.interacted_message_id) or message.id)


def request_fields(call: DiscordCommand) -> dict[str, Any]:
    """Return the fields of a `Request` for a command: its words, or its name and options.

    A command that can fill in a form, and has only its required options, is passed as words. The
    desk then opens the form.
    """
    spec = call.spec
    needed = {option.name for option in spec.options if option.required}
    if spec.fill and set(call.options) <= needed:
        return {"words": fill(spec, call.options).words}
    return {"command": spec.name, "options": call.options}


def is_private_click(interaction: discord.Interaction[Any]) -> bool:
    """Return whether an interaction is a click in a message that only this person sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral


def answers_question(words: str) -> bool:
    """Return whether words answer a question of the desk."""
    return words.partition(" ")[0] in {CONFIRM, CANCEL}
