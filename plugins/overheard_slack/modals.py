"""Forms as Slack's modals, and the options that people fill in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from overheard import CommandSpec, Form, FormChoice, Kind, Option, wording
from overheard_slack.controls import ACTION_PREFIX
from overheard_slack.limits import SLACK
from overheard_slack.text import Block, cut, plain_text_object, rich, section, small, span

CALLBACK_ID = "overheard:form"
"""The callback id of every form."""
NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})
MAX_BLOCKS_ABOVE_INPUTS = 2
"""Blocks of a form above its inputs: the problem and the text."""


@dataclass(frozen=True, slots=True)
class FormMetadata:
    """The private metadata of a modal, which comes back when the modal is submitted.

    Attributes:
        command: The name of the command whose options the form asks for.
        origin: Where the request came from that opened the form, and so where the answer goes, as
            JSON of `RequestOrigin.to_json`.
        filled: The names of the options that had a value when the form was opened. Such an option
            is emptied on purpose when it comes back empty.
    """

    command: str
    origin: str
    filled: tuple[str, ...] = ()

    @classmethod
    def read(cls, view: Mapping[str, Any]) -> FormMetadata:
        """Return the metadata of a submitted modal, in the JSON that Slack sends."""
        data = json.loads(view["private_metadata"])
        return cls(data["command"], data["place"], tuple(data["filled"]))

    def to_json(self) -> str:
        """Return the metadata as JSON, which `read` reads.

        If it is longer than Slack takes, `filled` is left out.
        """
        text = json.dumps({"command": self.command, "place": self.origin, "filled": self.filled})
        if len(text) > SLACK.metadata and self.filled:
            return replace(self, filled=()).to_json()
        return text


def form_view(form: Form, origin: str) -> dict[str, Any]:
    """Return the JSON of the Slack modal that asks for the options of a form's command.

    Long titles and texts are cut to Slack's limits. The button that closes the modal is "Later" for
    a step of the set-up, else "Cancel".

    Args:
        form: The form to show.
        origin: Where the answer goes, as JSON of `RequestOrigin.to_json`; it comes back with the
            submission.
    """
    filled = tuple(name for name, value in form.values.items() if value not in (None, "", ()))
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "private_metadata": FormMetadata(form.command.name, origin, filled).to_json(),
        "title": plain_text_object(wording.line(form.title), SLACK.modal_title),
        "submit": plain_text_object(_submit_label(form), SLACK.modal_title),
        "close": plain_text_object("Later" if form.command.step else "Cancel", SLACK.modal_title),
        "blocks": list(_form_blocks(form)),
    }


def _submit_label(form: Form) -> str:
    """Return the text on the button that submits a form.

    Without a text in the form, it is "Add" for a command that adds, "Save" for a form that is
    filled in, and else "Go".
    """
    if form.submit:
        return form.submit
    if form.command.verb == "add":
        return "Add"
    return "Save" if form.values else "Go"


def notice_view(title: str, text: str) -> dict[str, Any]:
    """Return the JSON of a Slack modal with one sentence and a Close button.

    It is shown in place of a submitted form. A long title is cut to Slack's limit.

    Args:
        text: The sentence, which is shown literally; "-" takes the place of an empty one.
    """
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": plain_text_object(wording.line(title), SLACK.modal_title),
        "close": plain_text_object("Close", SLACK.modal_title),
        "blocks": [rich(section(span(text)))],
    }


def _form_blocks(form: Form) -> Iterator[Block]:
    """Yield the blocks of a form: its problem if it has one, its text, and an input for each
    option.

    A form without a text has the summary of its command there. An option that the form gives an
    empty list of choices is left out, and so are options beyond Slack's limit of blocks. An input
    is filled with the form's value, else with the option's default.
    """
    if form.problem:
        warning = "\N{WARNING SIGN}\N{VARIATION SELECTOR-16} "
        problem = cut(wording.visible(form.problem), SLACK.text - len(warning))
        yield rich(section(span(warning + problem, "bold")))
    yield small(wording.visible(form.text or form.command.summary), SLACK.context)
    for option in form.command.options[: SLACK.home - MAX_BLOCKS_ABOVE_INPUTS]:
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
    """Return the input block of an option: its label, its input element and its hint.

    Args:
        option: The option, whose name becomes the block's id.
        hint: The hint below the input; " One a line." is added for a list that is typed.
        element: The input element, to which the action id is added.
    """
    if element["type"] == "plain_text_input" and _is_list_of_text(option):
        hint += " One a line."
    return {
        "type": "input",
        "block_id": option.name,
        "optional": not option.required,
        "label": plain_text_object(option.shown, SLACK.hint),
        "hint": plain_text_object(hint, SLACK.hint),
        "element": {"action_id": f"{ACTION_PREFIX}:{option.name}", **element},
    }


def _choice_element(option: Option, choices: Sequence[FormChoice], value: Any) -> Block:
    """Return the input element for an option whose values are chosen from a list.

    For an option of many values: check boxes, or a multi-select menu for more than `SLACK.boxes`
    entries. For any other: radio buttons, or a menu for more than that.

    Args:
        choices: The entries, at least one; those beyond `SLACK.options` are left out.
        value: The selected value, list of values, or None. A value that is no entry is ignored; of
            several, only the first is selected where one can be chosen.
    """
    entries = [
        {
            "text": plain_text_object(wording.line(choice.label), SLACK.label),
            "value": choice.value[: SLACK.chosen],
        }
        for choice in choices[: SLACK.options]
    ]
    selected = [entry for entry in entries if entry["value"] in _value_texts(value)]
    fits_boxes = len(entries) <= SLACK.boxes
    if option.many:
        kind = "checkboxes" if fits_boxes else "multi_static_select"
        initial: Block = {"initial_options": selected} if selected else {}
    else:
        kind = "radio_buttons" if fits_boxes else "static_select"
        initial = {"initial_option": selected[0]} if selected else {}
    return {"type": kind, "options": entries, **initial}


_PICKERS = {
    Kind.CHANNEL: ("conversations_select", "conversation"),
    Kind.PERSON: ("users_select", "user"),
    Kind.CLOCK: ("timepicker", "time"),
}
"""For each kind of option with a picker: the type of Slack's element, and the word for its value in
Slack's fields, as in ``initial_time`` and ``selected_time``.
"""


def _picker_element(option: Option, value: Any) -> Block:
    """Return Slack's picker of a channel, a person or a time of day.

    Args:
        option: An option of a kind in `_PICKERS`.
        value: What is picked at first: ``slack:C01`` or ``slack:T01/C01`` for a channel,
            ``slack:U01`` for a person, ``09:00`` for a time of day. None or "" picks nothing.
    """
    kind, noun = _PICKERS[option.kind]
    initial = str(value or "")
    if option.kind is not Kind.CLOCK:
        initial = initial.rpartition(":")[2].rpartition("/")[2]  # Slack's id alone
    element: Block = {"type": kind}
    if initial:
        element[f"initial_{noun}"] = initial
    if option.kind is Kind.CHANNEL:
        element["filter"] = {"include": ["public", "private"], "exclude_bot_users": True}
    return element


def _input_element(option: Option, value: Any) -> Block:
    """Return the input element for an option, for which the form itself gives no choices.

    The first of these that fits the option is returned:

    - a picker of a channel, a person or a time of day;
    - a menu of the option's own choices;
    - one check box for a flag;
    - a menu whose values the desk completes while a person types, as for a brand;
    - a number field for a single number;
    - a text field.

    Args:
        value: The value or list of values with which the element is filled in, or None.
    """
    if option.kind in _PICKERS:
        return _picker_element(option, value)
    if option.choices:
        return _menu_element(
            option, "static_select", value, options=_distinct_options(option.choices)
        )
    if option.kind is Kind.FLAG:
        return _checkbox(ticked=bool(value))
    if option.kind.autocompleted:
        return _menu_element(option, "external_select", value, min_query_length=0)
    if option.kind in NUMBERS and not option.many:
        return _number_input(option, value)
    return _text_input(option, value)


def _menu_element(option: Option, kind: str, value: Any, **more: Any) -> Block:
    """Return a menu with its values selected; for an option of many values, a multi-select menu.

    Args:
        kind: Slack's type of the menu for one value, such as ``static_select``.
        value: The selected value or list of values; None or "" selects nothing.
        more: Further fields of the element, such as ``options``.
    """
    selected = _distinct_options(_value_texts(value))
    if option.many:
        initial: Block = {"initial_options": selected} if selected else {}
        return {"type": f"multi_{kind}", **more, **initial}
    initial = {"initial_option": selected[0]} if selected else {}
    return {"type": kind, **more, **initial}


def _checkbox(*, ticked: bool) -> Block:
    """Return a group of one check box, "yes"."""
    [yes] = _distinct_options(["yes"])
    box: Block = {"type": "checkboxes", "options": [yes]}
    return {**box, "initial_options": [yes]} if ticked else box


def _number_input(option: Option, value: Any) -> Block:
    """Return a number field within the option's range, filled with a value; None leaves it
    empty.
    """
    bounds = {"min_value": option.low, "max_value": option.high}
    element: Block = {"type": "number_input", "is_decimal_allowed": option.kind is Kind.NUMBER}
    element |= {name: f"{bound:g}" for name, bound in bounds.items() if bound is not None}
    return element if value is None else {**element, "initial_value": str(value)}


def _text_input(option: Option, value: Any) -> Block:
    """Return the text field of an option, with the option's example for the time that it is empty.

    Args:
        option: The option; a list of text gets a field of several lines.
        value: What the field is filled with; a list as one value a line, None as nothing. A text
            that is longer than Slack takes is cut.
    """
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
    """Return whether an option's values are typed, one a line."""
    return option.many and not option.choices and not option.kind.autocompleted


def _value_texts(value: Any) -> list[str]:
    """Return an option's value, or each of its values, as text; an empty list for None and ""."""
    if value is None or value == "":
        return []
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _distinct_options(values: Sequence[str]) -> list[Block]:
    """Return values as the options of a menu, in their order.

    Blank values and repetitions are left out, and so are values beyond `SLACK.options`. A long
    value is cut.
    """
    distinct = dict.fromkeys(value[: SLACK.chosen] for value in values if value.strip())
    return [
        {"text": plain_text_object(wording.line(value), SLACK.label), "value": value}
        for value in [*distinct][: SLACK.options]
    ]


def menu_options(values: Sequence[str], typed: str) -> dict[str, Any]:
    """Return Slack's response with the options that a menu offers while a person types.

    The typed text is the last option: Slack accepts nothing that is not in the menu, and a person
    may type something new, such as a competitor. A blank text adds none.

    Args:
        values: The values that complete the text; those without room are left out.
        typed: The text so far.
    """
    return {"options": _distinct_options([*values[: SLACK.options - 1], typed.strip()])}


def read_options(
    command: CommandSpec, view: Mapping[str, Any], prefix: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options of a submitted form, and what is wrong in it.

    An empty input gives no option, unless it was filled in when the form was opened: then the
    option is empty on purpose. An empty input of a required option is a problem.

    Args:
        command: The command whose options the form asks for.
        view: The submitted modal, in the JSON that Slack sends.
        prefix: The text before the id of a channel in its name, such as ``T01/``, or "".

    Returns:
        The values by the options' names; and by the option's name, a sentence for each value that
        is missing, is no number or is out of range.
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
    """Return the value that a person gave an option.

    The first of these that fits the option decides:

    - a picked channel or person: ``slack:C01`` or ``slack:U01``; a picked time of day: ``09:00``;
    - a flag: whether its box is ticked;
    - a menu, check boxes or a field of many values: a list of texts;
    - a number: an int or a float;
    - anything else: a text.

    An empty input gives "", an empty list for many values, or False for a flag.

    Args:
        state: Slack's state of the option's input; empty when the form has no such input.
        prefix: The text before the id of a channel in its name, such as ``T01/``, or "".

    Raises:
        ValueError: when a number cannot be read or is out of range; with a sentence for the person.
    """
    if option.kind in _PICKERS:
        return _picked_value(option, state, prefix)
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


def _picked_value(option: Option, state: Mapping[str, Any], prefix: str) -> str:
    """Return the value of a picker: ``slack:C01``, ``slack:U01`` or ``09:00``; "" for none.

    Args:
        option: An option of a kind in `_PICKERS`.
        prefix: The text before the id of a channel in its name, such as ``T01/``, or "".
    """
    _, noun = _PICKERS[option.kind]
    picked = str(state.get(f"selected_{noun}") or "")
    if not picked or option.kind is Kind.CLOCK:
        return picked
    return f"slack:{prefix}{picked}" if option.kind is Kind.CHANNEL else f"slack:{picked}"


def _parse_number(option: Option, text: str) -> float | int:
    """Return a text as a number: an int for an option of whole numbers, else a float.

    Raises:
        ValueError: when the text is no such number, or is below the option's smallest or above its
            largest value; with a sentence for the person.
    """
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
