"""Forms as Slack's modals, and the options that people fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from overheard import (
    NO,
    YES,
    CommandSpec,
    Form,
    FormChoice,
    FormField,
    InputKind,
    Kind,
    Option,
    form_fields,
    read_form,
    wording,
)
from overheard_slack.controls import ACTION_PREFIX
from overheard_slack.limits import SLACK
from overheard_slack.text import Block, plain_text_object, rich, section, small, span

CALLBACK_ID = "overheard:form"
"""The callback id of every form."""
MAX_BLOCKS_ABOVE_INPUTS = 2
"""Blocks of a form above its inputs: the problem and the text."""


def form_view(form: Form, metadata: str) -> dict[str, Any]:
    """Return the JSON of the Slack modal that asks for the options of a form's command.

    Long titles and texts are cut to Slack's limits. The button that closes the modal is "Later" for
    a step of the set-up, else "Cancel".

    Args:
        form: The form to show.
        metadata: Where the answer goes, from `RequestOrigin.for_form`; it comes back with the
            submission.
    """
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "private_metadata": metadata,
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


def notice_view(text: str) -> dict[str, Any]:
    """Return the JSON of a modal with one sentence, in place of a submitted form of the set-up."""
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": plain_text_object("Set-up", SLACK.modal_title),
        "close": plain_text_object("Close", SLACK.modal_title),
        "blocks": [rich(section(span(text)))],
    }


def _form_blocks(form: Form) -> Iterator[Block]:
    """Yield the blocks of a form: its problem if it has one, its text, and an input for each field.

    A form without a text has the summary of its command there. Fields beyond Slack's limit of
    blocks are left out.
    """
    if form.problem:
        warning = "\N{WARNING SIGN}\N{VARIATION SELECTOR-16} "
        limit = SLACK.text - len(warning)
        problem = wording.cut(wording.visible(form.problem), limit, counts=True)
        yield rich(section(span(warning + problem, "bold")))
    yield small(wording.visible(form.text or form.command.summary), SLACK.context)
    for field in form_fields(form, defaults=True)[: SLACK.home - MAX_BLOCKS_ABOVE_INPUTS]:
        option = field.option
        hint = f"{field.hint} One a line." if field.input is InputKind.LINES else field.hint
        yield {
            "type": "input",
            "block_id": option.name,
            "optional": not option.required,
            "label": plain_text_object(option.shown, SLACK.hint),
            "hint": plain_text_object(hint, SLACK.hint),
            "element": {"action_id": f"{ACTION_PREFIX}:{option.name}", **_element(field)},
        }


_PICKERS = {
    InputKind.CHANNEL: ("conversations_select", "conversation"),
    InputKind.PERSON: ("users_select", "user"),
    InputKind.CLOCK: ("timepicker", "time"),
}
"""For each input with a picker: the type of Slack's element, and the word for its value in Slack's
fields, as in ``initial_time`` and ``selected_time``.
"""


def _element(field: FormField) -> Block:
    """Return the input element of a field, with its values filled in.

    Entries of the form itself are check boxes or radio buttons, as long as Slack takes so many;
    other entries are a menu.
    """
    option, values = field.option, _menu_entries(FormChoice(v, v) for v in field.values)
    if field.input in _PICKERS:
        return _picker_element(field)
    if field.input is InputKind.FLAG:
        boxes = _menu_entries(field.entries[:1])
        element: Block = {"type": "checkboxes", "options": boxes}
        return {**element, "initial_options": boxes} if field.values == (YES,) else element
    if field.input is InputKind.SEARCH:
        kind = "multi_external_select" if option.many else "external_select"
        return {"type": kind, "min_query_length": 0, **_initial(option, values)}
    if field.input is InputKind.CHOICE:
        entries = _menu_entries(field.entries)
        boxes_fit = not option.choices and len(entries) <= SLACK.boxes
        one, many = ("radio_buttons", "checkboxes") if boxes_fit else _MENUS
        chosen = {entry["value"] for entry in values}
        selected = [entry for entry in entries if entry["value"] in chosen]
        kind = many if option.many else one
        return {"type": kind, "options": entries, **_initial(option, selected)}
    if field.input is InputKind.NUMBER:
        bounds = {"min_value": option.low, "max_value": option.high}
        element = {"type": "number_input", "is_decimal_allowed": option.kind is Kind.NUMBER}
        element |= {name: f"{bound:g}" for name, bound in bounds.items() if bound is not None}
    else:
        is_list = field.input is InputKind.LINES
        element = {"type": "plain_text_input", "multiline": is_list, "max_length": SLACK.typed}
        if option.example:
            element["placeholder"] = plain_text_object(option.example, SLACK.hint_in_input)
    text = "\n".join(field.values)[: SLACK.typed]
    return {**element, "initial_value": text} if text else element


_MENUS = ("static_select", "multi_static_select")


def _initial(option: Option, selected: Sequence[Block]) -> Block:
    """Return the field of a menu or of boxes that selects entries; without any, no field."""
    if option.many:
        return {"initial_options": selected} if selected else {}
    return {"initial_option": selected[0]} if selected else {}


def _picker_element(field: FormField) -> Block:
    """Return Slack's picker of a channel, a person or a time of day, with the field's value."""
    kind, noun = _PICKERS[field.input]
    element: Block = {"type": kind}
    for value in field.values:
        is_id = field.input is not InputKind.CLOCK
        element[f"initial_{noun}"] = value.rpartition(":")[2].rpartition("/")[2] if is_id else value
    if field.input is InputKind.CHANNEL:
        element["filter"] = {"include": ["public", "private"], "exclude_bot_users": True}
    return element


def _menu_entries(choices: Iterable[FormChoice]) -> list[Block]:
    """Return choices as the options of a menu, in their order.

    Blank values and repetitions are left out, and so are values beyond `SLACK.options`. A long
    value is cut.
    """
    labels: dict[str, str] = {}
    for choice in choices:
        if choice.value.strip():
            labels.setdefault(choice.value[: SLACK.chosen], choice.label)
    return [
        {"text": plain_text_object(wording.line(label), SLACK.label), "value": value}
        for value, label in [*labels.items()][: SLACK.options]
    ]


def menu_options(values: Sequence[str], typed: str) -> dict[str, Any]:
    """Return Slack's response with the options that a menu offers while a person types.

    The typed text is the last option: Slack accepts nothing that is not in the menu, and a person
    may type something new, such as a competitor. A blank text adds none.

    Args:
        values: The values that complete the text; those without room are left out.
        typed: The text so far.
    """
    offered = [*values[: SLACK.options - 1], typed.strip()]
    return {"options": _menu_entries(FormChoice(value, value) for value in offered)}


def read_options(
    command: CommandSpec, view: Mapping[str, Any], prefix: str = ""
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options of a submitted form, and what is wrong in it; both by option.

    Args:
        command: The command whose options the form asks for.
        view: The submitted modal, in the JSON that Slack sends.
        prefix: The text before the id of a channel in its name, such as ``T01/``, or "".
    """
    states = view["state"]["values"]
    given = {
        option.name: _given(option, states[option.name], prefix)
        for option in command.options
        if option.name in states
    }
    return read_form(command, given)


def _given(option: Option, block: Mapping[str, Any], prefix: str) -> str | list[str]:
    """Return what a person gave in an input block, from Slack's state of the block."""
    state = block.get(f"{ACTION_PREFIX}:{option.name}", {})
    if option.kind is Kind.FLAG:
        return YES if state.get("selected_options") else NO
    if "selected_options" in state:
        return [chosen["value"] for chosen in state["selected_options"] or ()]
    if chosen := state.get("selected_option"):
        return str(chosen["value"])
    if channel := state.get("selected_conversation"):
        return f"slack:{prefix}{channel}"
    if user := state.get("selected_user"):
        return f"slack:{user}"
    return str(state.get("selected_time") or state.get("value") or "")
