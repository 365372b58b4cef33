"""Buttons and menus, and the custom ids by which a click on them is recognised.

A button works as long as its message exists, because its custom id holds the words that a click
runs. A click on a button with a question first shows the question, only to the person who clicked.
"""

from collections.abc import Mapping
from typing import Any

import discord

from overheard import Action, ButtonQuestions, Choice, Click, ClickKind, Style, wording
from overheard_discord.limits import DISCORD

STYLES = {
    Style.PLAIN: discord.ButtonStyle.secondary,
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.DANGER: discord.ButtonStyle.danger,
}
MENU_PREFIX, SWITCH_PREFIX = "menu:", "switch:"
"""The first part of a menu's custom id; a number follows that no other menu
of the message has. The answer to a choice
from a menu with `SWITCH_PREFIX` replaces the message with the menu.
"""


def button(action: Action, click: Click) -> discord.ui.Button[Any]:
    """Return the button of an action; without a label, its words are the label."""
    label = wording.cut(wording.line(action.label) or action.words, DISCORD.label)
    return discord.ui.Button(label=label, style=STYLES[action.style], custom_id=click.id)


def menu(shown: Choice, number: int, questions: ButtonQuestions) -> discord.ui.Select[Any]:
    """Return a menu as discord.py's component; a chosen entry does what its button would do.

    So the value of an entry is the custom id that a button of its action would have. A long
    placeholder or label is cut; without a label, an action's words are the label.

    Args:
        shown: The menu of a card. With a `chosen` entry, its custom id begins with
            `SWITCH_PREFIX`.
        number: A number that no other menu of the message has; it makes the custom id unique.
        questions: Keeps the questions of the entries that have one.
    """
    prefix = MENU_PREFIX if shown.chosen is None else SWITCH_PREFIX
    select: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=f"{prefix}{number}", placeholder=wording.cut(shown.label, DISCORD.placeholder)
    )
    for index, action in enumerate(shown.actions):
        select.add_option(
            label=wording.cut(wording.line(action.label) or action.words, DISCORD.option),
            value=questions.click(action).id,
            default=index == shown.chosen,
        )
    return select


def question_view(click: Click, label: str) -> discord.ui.View:
    """Return the two buttons below the question of a clicked button.

    The first runs the words of the clicked button. The second, "Cancel", removes the question.

    Args:
        label: The label of the clicked button, which the first button repeats; "Yes" if "".
    """
    consent = Action(click.words, label or "Yes", Style.PRIMARY)
    view = discord.ui.View(timeout=None)
    view.add_item(button(consent, Click(ClickKind.RUN, click.words)))
    view.add_item(button(Action("", "Cancel"), Click(ClickKind.CANCEL)))
    view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
    return view


def clicked_id(data: Mapping[str, Any]) -> str:
    """Return the custom id of a clicked button, or the value of a menu's chosen entry.

    Args:
        data: The data of a click in Discord's JSON; "" is returned when it has neither.
    """
    values = data.get("values") or ()
    return str(values[0]) if values else str(data.get("custom_id", ""))


def is_switch(interaction: discord.Interaction[Any]) -> bool:
    """Return whether an interaction is a choice from a menu whose answer replaces the message."""
    data: Mapping[str, Any] = interaction.data or {}
    return str(data.get("custom_id", "")).startswith(SWITCH_PREFIX)


def label_of(message: discord.Message | None, clicked: str) -> str:
    """Return the label of a message's button or menu entry; "" if the message has no such one.

    Args:
        message: The message; None gives "".
        clicked: The button's custom id, or the entry's value.
    """
    view = discord.ui.LayoutView.from_message(message) if message else discord.ui.LayoutView()
    for item in view.walk_children():
        for option in getattr(item, "options", ()):
            if option.value == clicked:
                return str(option.label)
        if getattr(item, "custom_id", None) == clicked:
            return str(getattr(item, "label", None) or "")
    return ""
