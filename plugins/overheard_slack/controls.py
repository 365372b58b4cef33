"""Buttons and menus of cards as Block Kit, and what a click on them says."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from overheard import Action, Card, Choice, Style, divided, wording
from overheard_slack.limits import SLACK
from overheard_slack.text import Block, plain_text_object

ACTION_PREFIX = "overheard"
"""The first part of the action ids of buttons and inputs."""
SWITCH = f"{ACTION_PREFIX}:switch"
"""The action id of a menu whose answer replaces the message with the menu."""


def controls(card: Card) -> Iterator[Block]:
    """Yield the actions blocks at the end of a card: buttons, then a choice, then a menu "More".

    Entries of the card's menu that have a question become buttons, because Slack has one question
    for a whole menu. An entry without words is left out, and of entries with the same words, the
    first is kept. A choice with a chosen entry is not among the controls, because it is shown
    above.
    """
    actions = [replace(action, menu=action.menu and not action.confirm) for action in card.actions]
    buttons, entries = divided([action for action in actions if action.words or not action.menu])
    elements = [button(action, str(number)) for number, action in enumerate(buttons)]
    if card.choice and card.choice.chosen is None and card.choice.actions:
        elements.append(select(card.choice))
    if len(entries) > SLACK.menu:
        elements.append(select(Choice("More", tuple(entries)), "more"))
    elif entries:
        options = list(map(_option, entries))
        elements.append(
            {"type": "overflow", "action_id": f"{ACTION_PREFIX}:menu", "options": options}
        )
    for start in range(0, len(elements), SLACK.buttons):
        yield {"type": "actions", "elements": elements[start : start + SLACK.buttons]}


def select(choice: Choice, name: str = "choice") -> Block:
    """Return the menu of a choice; a chosen entry runs the words of its action.

    With a `chosen` entry, that entry is selected, its label begins with the label of the choice
    ("Show: visibility"), and the menu has the id `SWITCH`, so that the answer replaces the message.
    Entries beyond `SLACK.options` are left out. Of entries with the same words, the last is shown.

    Args:
        choice: The entries, at least one.
        name: For a choice without a `chosen` entry, the part of the menu's id that is unique in its
            block.
    """
    element: Block = {
        "type": "static_select",
        "action_id": SWITCH if choice.chosen is not None else f"{ACTION_PREFIX}:{name}",
        "placeholder": plain_text_object(wording.line(choice.label), SLACK.label),
        "options": [],
    }
    for index, entry in enumerate(choice.actions[: SLACK.options]):
        label = f"{choice.label}: {entry.label}" if index == choice.chosen else entry.label
        element["options"].append(_option(replace(entry, label=label)))
        if index == choice.chosen:
            element["initial_option"] = element["options"][-1]
    return element


def _option(action: Action) -> Block:
    """Return an action as an entry of a menu, whose value is the words of the action."""
    return {
        "text": plain_text_object(wording.line(action.label), SLACK.label),
        "value": action.words,
    }


def button(action: Action, name: str) -> Block:
    """Return the button of an action, whose value is the words of the action.

    Slack itself asks the question of an action that has one, before it sends the click. A long
    label, and words that are too long, are cut.

    Args:
        name: The part of the button's id that is unique in its block.
    """
    label = wording.line(action.label)
    element: Block = {
        "type": "button",
        "action_id": f"{ACTION_PREFIX}:{name}",
        "text": plain_text_object(label, SLACK.label),
        "value": action.words[: SLACK.value],
    }
    if action.style is not Style.PLAIN:
        element["style"] = action.style.value
    if action.confirm:
        element["confirm"] = _confirmation_dialog(action, label)
    return element


def clicked_words(body: Mapping[str, Any]) -> str:
    """Return the words of the clicked button or of the chosen menu entry, or "" without words.

    Args:
        body: The click, in the JSON that Slack sends.
    """
    clicked = body["actions"][0]
    element = clicked.get("selected_option") or clicked
    return str(element.get("value", ""))


def is_switch(body: Mapping[str, Any]) -> bool:
    """Return whether a click is a choice from a menu whose answer replaces the message.

    Args:
        body: The click, in the JSON that Slack sends.
    """
    return bool(body["actions"][0].get("action_id") == SWITCH)


def _confirmation_dialog(action: Action, label: str) -> Block:
    """Return the dialog that asks the question of a button before its click counts.

    Texts that are longer than Slack takes are cut.

    Args:
        action: The action of the button. If its style is "danger", the button of consent is red.
    """
    dialog: Block = {
        "title": plain_text_object(label, SLACK.question_title),
        "text": plain_text_object(wording.printable(action.confirm), SLACK.question),
        "confirm": plain_text_object(label, SLACK.question_button),
        "deny": plain_text_object("Cancel", SLACK.question_button),
    }
    return {**dialog, "style": "danger"} if action.style is Style.DANGER else dialog
