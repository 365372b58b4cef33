"""Forms as Slack's modals, and the options that people fill in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from overheard.cards import wording
from overheard.cards.command import CommandSpec, FormChoice, Kind, Option
from overheard.chat.limits import SLACK
from overheard.chat.parser import AUTOCOMPLETED_KINDS
from overheard.chat.slack.controls import ACTION_PREFIX
from overheard.chat.slack.text import Block, cut, plain_text_object, rich, section, small, span
from overheard.interfaces import Form

CALLBACK_ID = "overheard:form"
"""The callback id of every form."""
NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})


@dataclass(frozen=True, slots=True)
class FormMetadata:
    """The private metadata of a modal, which comes back when the modal is submitted.

    Attributes:
        command: The name of the command whose options the form asks for.
        place: Where the answer goes; see `RequestOrigin.to_json`.
        filled: The names of the options that had a value when the form was opened. Such an option
            is emptied on purpose when it comes back empty.
    """

    command: str
    place: str
    filled: tuple[str, ...] = ()

    @classmethod
    def read(cls, view: Mapping[str, Any]) -> FormMetadata:
        """Return the metadata of a view that came back."""
        data = json.loads(view["private_metadata"])
        return cls(data["command"], data["place"], tuple(data["filled"]))

    def to_json(self) -> str:
        """Return the metadata as JSON, without `filled` where it would exceed Slack's limit."""
        text = json.dumps({"command": self.command, "place": self.place, "filled": self.filled})
        fits = len(text) <= SLACK.metadata or not self.filled
        return text if fits else replace(self, filled=()).to_json()


def modal(form: Form, place: str) -> dict[str, Any]:
    """Return the view of a form.

    Args:
        form: The form to show.
        place: Where the answer goes; see `RequestOrigin.to_json`.
    """
    filled = tuple(name for name, value in form.values.items() if value not in (None, "", ()))
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "private_metadata": FormMetadata(form.command.name, place, filled).to_json(),
        "title": plain_text_object(wording.line(form.title), SLACK.modal_title),
        "submit": plain_text_object(_submit(form), SLACK.modal_title),
        "close": plain_text_object("Later" if form.command.step else "Cancel", SLACK.modal_title),
        "blocks": list(_form_blocks(form)),
    }


def _submit(form: Form) -> str:
    """Return the text of a form's button."""
    usual = "Add" if form.command.verb == "add" else "Save" if form.values else "Go"
    return form.submit or usual


def notice_view(title: str, text: str) -> dict[str, Any]:
    """Return a view with a sentence, for the place of a form that is being served."""
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": plain_text_object(wording.line(title), SLACK.modal_title),
        "close": plain_text_object("Close", SLACK.modal_title),
        "blocks": [rich(section(span(text)))],
    }


def _form_blocks(form: Form) -> Iterator[Block]:
    """Yield the blocks of a form: the problem, the summary, and an input for each option.

    Options whose menu would be empty are left out.
    """
    if form.problem:
        problem = cut(wording.visible(form.problem), SLACK.text - 10)
        yield rich(section(span("\N{WARNING SIGN}\N{VARIATION SELECTOR-16} " + problem, "bold")))
    yield small(wording.visible(form.text or form.command.summary), SLACK.context)
    for option in form.command.options[: SLACK.home - 2]:
        choices = form.choices.get(option.name)
        if choices is not None and not choices:
            continue  # there is nothing to choose from
        value = form.values.get(option.name, option.default)
        hint = form.hints.get(option.name, option.help)
        element = (
            _choice_element(option, choices, value) if choices else _input_element(option, value)
        )
        yield _input_block(option, hint, element)


def _input_block(option: Option, hint: str, element: Block) -> Block:
    """Return the input block of an option.

    Args:
        option: The option, whose name becomes the block's id.
        hint: The hint below the input.
        element: The input element.
    """
    typed_list = element["type"] == "plain_text_input" and _is_list_of_text(option)
    hint += " One a line." if typed_list else ""
    return {
        "type": "input",
        "block_id": option.name,
        "optional": not option.required,
        "label": plain_text_object(option.shown, SLACK.hint),
        "hint": plain_text_object(hint, SLACK.hint),
        "element": {"action_id": f"{ACTION_PREFIX}:{option.name}", **element},
    }


def _choice_element(option: Option, choices: Sequence[FormChoice], value: Any) -> Block:
    """Return check boxes, radio buttons or a menu of entries, with the current values selected.

    Args:
        option: The option, which says whether several entries can be chosen.
        choices: The entries; those without room are left out.
        value: The current value or list of values, or None.
    """
    entries = [
        {
            "text": plain_text_object(wording.line(choice.label), SLACK.label),
            "value": choice.value[: SLACK.chosen],
        }
        for choice in choices[: SLACK.options]
    ]
    ticked = [entry for entry in entries if entry["value"] in _value_texts(value)]
    boxes = len(entries) <= SLACK.boxes
    if option.many:
        kind = "checkboxes" if boxes else "multi_static_select"
        return {
            "type": kind,
            "options": entries,
            **({"initial_options": ticked} if ticked else {}),
        }
    kind = "radio_buttons" if boxes else "static_select"
    initial = {"initial_option": ticked[0]} if ticked else {}
    return {"type": kind, "options": entries, **initial}


_PICKERS = {
    Kind.CHANNEL: ("conversations_select", "conversation"),
    Kind.PERSON: ("users_select", "user"),
    Kind.CLOCK: ("timepicker", "time"),
}
"""The picker for the values of a kind, and what Slack calls a value of it."""


def _picker_element(option: Option, value: Any) -> Block:
    """Return the picker of a channel, a person or a time of day, filled with a value."""
    kind, noun = _PICKERS[option.kind]
    given = str(value or "").rpartition(":" if noun != "time" else "\0")[2].rpartition("/")[2]
    element: Block = {"type": kind, **({f"initial_{noun}": given} if given else {})}
    if option.kind is Kind.CHANNEL:
        element["filter"] = {"include": ["public", "private"], "exclude_bot_users": True}
    return element


def _input_element(option: Option, value: Any) -> Block:
    """Return the input element for an option by the option's kind, filled with a value."""
    if option.kind in _PICKERS:
        return _picker_element(option, value)
    if option.choices:
        return _menu_element(
            option, "static_select", value, options=_distinct_options(option.choices)
        )
    if option.kind is Kind.FLAG:
        return _checkbox(ticked=bool(value))
    if option.kind in AUTOCOMPLETED_KINDS:
        return _menu_element(option, "external_select", value, min_query_length=0)
    if option.kind in NUMBERS and not option.many:
        return _number(option, value)
    return _text_input(option, value)


def _menu_element(option: Option, kind: str, value: Any, **more: Any) -> Block:
    """Return a menu with the current values selected; for an option of many values, a multi-select
    menu.

    Args:
        option: The option.
        kind: Slack's type of the menu, such as ``static_select``.
        value: The current value or list of values, or None.
        more: Further fields of the element.
    """
    chosen = _distinct_options(_value_texts(value))
    if option.many:
        initial = {"initial_options": chosen} if chosen else {}
        return {"type": f"multi_{kind}", **more, **initial}
    return {"type": kind, **more, **({"initial_option": chosen[0]} if chosen else {})}


def _checkbox(*, ticked: bool) -> Block:
    [yes] = _distinct_options(["yes"])
    box: Block = {"type": "checkboxes", "options": [yes]}
    return {**box, "initial_options": [yes]} if ticked else box


def _number(option: Option, value: Any) -> Block:
    bounds = {"min_value": option.low, "max_value": option.high}
    element: Block = {"type": "number_input", "is_decimal_allowed": option.kind is Kind.NUMBER}
    element |= {name: f"{bound:g}" for name, bound in bounds.items() if bound is not None}
    return element if value is None else {**element, "initial_value": str(value)}


def _text_input(option: Option, value: Any) -> Block:
    """Return the text field of an option, filled with a value; a list has one value a line."""
    element: Block = {
        "type": "plain_text_input",
        "multiline": _is_list_of_text(option),
        "max_length": SLACK.typed,
    }
    text = "\n".join(_value_texts(value))[: SLACK.typed]
    if option.example:
        element["placeholder"] = plain_text_object(option.example, SLACK.hint_in_input)
    return {**element, "initial_value": text} if text else element


def _is_list_of_text(option: Option) -> bool:
    return option.many and not option.choices and option.kind not in AUTOCOMPLETED_KINDS


def _value_texts(value: Any) -> list[str]:
    """Return an option's value or values as a list of texts; empty for None and an empty text."""
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _distinct_options(values: Sequence[str]) -> list[Block]:
    """Return values as the options of a menu: distinct, not empty, at most `SLACK.options`."""
    distinct = dict.fromkeys(value[: SLACK.chosen] for value in values if value.strip())
    return [
        {"text": plain_text_object(wording.line(value), SLACK.label), "value": value}
        for value in [*distinct][: SLACK.options]
    ]


def menu_options(values: Sequence[str], typed: str) -> dict[str, Any]:
    """Return the options that a menu offers while a person types, with the typed text as the last.

    A menu accepts no other text, and a competitor may be new.
    """
    return {"options": _distinct_options([*values[: SLACK.options - 1], typed.strip()])}


def read_options(
    command: CommandSpec, view: Mapping[str, Any], prefix: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options of a submitted form, and its problems.

    Args:
        command: The command whose options the form asks for.
        view: The submitted view.
        prefix: The text before the id of a channel in its name, such as ``T1/``.

    Returns:
        The values by the options' names, and a sentence for each value that cannot be read.
    """
    filled = FormMetadata.read(view).filled
    options: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for option in command.options:
        blocks = view["state"]["values"].get(option.name, {})
        try:
            value = _option_value(option, blocks.get(f"{ACTION_PREFIX}:{option.name}", {}), prefix)
        except ValueError as error:
            problems[option.name] = str(error)
            continue
        if value not in (None, "", []) or option.name in filled:
            options[option.name] = value
        elif option.required:
            problems[option.name] = "This is needed."
    return options, problems


def _option_value(option: Option, state: Mapping[str, Any], prefix: str) -> Any:
    """Return an option's value: a text, a number, a boolean or a list of texts.

    Args:
        option: The option.
        state: Slack's state of the option's input.
        prefix: See `read_options`.

    Raises:
        ValueError: when a number cannot be read or is out of range.
    """
    if option.kind in _PICKERS:
        chosen = str(state.get(f"selected_{_PICKERS[option.kind][1]}") or "")
        named = {Kind.CHANNEL: f"slack:{prefix}{chosen}", Kind.PERSON: f"slack:{chosen}"}
        return named.get(option.kind, chosen) if chosen else ""
    if option.kind is Kind.FLAG:
        return bool(state.get("selected_options"))
    if "selected_options" in state:
        return [chosen["value"] for chosen in state["selected_options"] or ()]
    if "selected_option" in state:
        return (state["selected_option"] or {}).get("value", "")
    text = str(state.get("value") or "").strip()
    if _is_list_of_text(option):
        return [line.strip() for line in text.splitlines() if line.strip()]
    return _parse_number(option, text) if text and option.kind in NUMBERS else text


def _parse_number(option: Option, text: str) -> float | int:
    """Return a text as a number within the option's range, or raise ValueError."""
    try:
        number: float | int = int(text) if option.kind is Kind.INTEGER else float(text)
    except ValueError:
        kind = "whole number" if option.kind is Kind.INTEGER else "number"
        raise ValueError(f"This must be a {kind}.") from None
    if option.low is not None and number < option.low:
        raise ValueError(f"This must be {option.low:g} or more.")
    if option.high is not None and number > option.high:
        raise ValueError(f"This must be {option.high:g} or less.")
    return number
