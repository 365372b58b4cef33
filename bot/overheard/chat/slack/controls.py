"""Buttons and menus of cards as Block Kit, and what a click on them says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Choice, Style, divided
from overheard.chat.limits import SLACK
from overheard.chat.slack.text import Block, plain_text_object

ACTION_PREFIX = "overheard"
"""The first part of the action ids of buttons and inputs."""
SWITCH = f"{ACTION_PREFIX}:switch"
"""The action id of a menu whose answer takes the place of its message."""


def controls(card: Card) -> Iterator[Block]:
    """Yield the actions blocks of a card: its buttons, then a choice, then the menu for rare
    actions.
    """
    # A menu has a single question for all entries, so that an action with a question is a button.
    actions = [replace(action, menu=action.menu and not action.confirm) for action in card.actions]
    buttons, entries = divided([action for action in actions if action.words or not action.menu])
    entries = _distinct_actions(entries)
    elements = [button(action, str(number)) for number, action in enumerate(buttons)]
    if card.choice and card.choice.chosen is None and card.choice.actions:
        elements.append(select(card.choice))
    if len(entries) > SLACK.menu:
        elements.append(select(Choice("More", tuple(entries)), "more"))
    elif entries:
        elements.append(_overflow_menu(entries))
    for start in range(0, len(elements), SLACK.buttons):
        yield {"type": "actions", "elements": elements[start : start + SLACK.buttons]}


def _distinct_actions(actions: Iterable[Action]) -> list[Action]:
    """Return the actions in their order, without later ones of the same words."""
    return list({action.words: action for action in reversed([*actions])}.values())[::-1]


def _overflow_menu(entries: Sequence[Action]) -> Block:
    """Return an overflow menu; choosing an entry runs the words of its action."""
    return {
        "type": "overflow",
        "action_id": f"{ACTION_PREFIX}:menu",
        "options": list(map(_option, entries)),
    }


def select(choice: Choice, name: str = "choice") -> Block:
    """Return the menu of a choice, with the current entry selected.

    Args:
        choice: The entries.
        name: The part of the menu's id that is unique in its block.
    """
    entries = [
        replace(action, label=f"{choice.label}: {action.label}") if at == choice.chosen else action
        for at, action in enumerate(choice.actions)
    ]
    options = {entry.words: _option(entry) for entry in entries[: SLACK.options]}
    element: Block = {
        "type": "static_select",
        "action_id": SWITCH if choice.chosen is not None else f"{ACTION_PREFIX}:{name}",
        "placeholder": plain_text_object(wording.line(choice.label), SLACK.label),
        "options": list(options.values()),
    }
    at = len(entries) if choice.chosen is None else choice.chosen
    chosen = [options[entry.words] for entry in entries[at : at + 1] if entry.words in options]
    return {**element, "initial_option": chosen[0]} if chosen else element


def _option(action: Action) -> Block:
    return {
        "text": plain_text_object(wording.line(action.label), SLACK.label),
        "value": action.words,
    }


def button(action: Action, name: str) -> Block:
    """Return the button of an action; an action with a question gets a confirmation dialog.

    Args:
        action: The action.
        name: The part of the button's id that is unique in its block.
    """
    label = wording.line(action.label)
    button: Block = {
        "type": "button",
        "action_id": f"{ACTION_PREFIX}:{name}",
        "text": plain_text_object(label, SLACK.label),
        "value": action.words[: SLACK.value],
    }
    if action.style is not Style.PLAIN:
        button["style"] = action.style.value
    return {**button, "confirm": _confirmation_dialog(action, label)} if action.confirm else button


def clicked_words(body: Mapping[str, Any]) -> str:
    """Return the words of the button that was clicked, or of the chosen entry of a menu."""
    action = body["actions"][0]
    chosen = action.get("selected_option") or action
    return str(chosen.get("value", ""))


def is_switch(body: Mapping[str, Any]) -> bool:
    """Return whether a click chose an entry of a menu whose answer replaces the message."""
    return bool(body["actions"][0].get("action_id") == SWITCH)


def _confirmation_dialog(action: Action, label: str) -> Block:
    """Return the dialog that asks a button's question, with the label on its button of consent."""
    confirm: Block = {
        "title": plain_text_object(label, SLACK.question_title),
        "text": plain_text_object(wording.printable(action.confirm), SLACK.question),
        "confirm": plain_text_object(label, SLACK.question_button),
        "deny": plain_text_object("Cancel", SLACK.question_button),
    }
    return {**confirm, "style": "danger"} if action.style is Style.DANGER else confirm
