"""Forms as fields: what a platform shows for each option, and what the command gets from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from overheard.cards.command import CommandSpec, FormChoice, Kind, Option
from overheard.interfaces import Form

YES, NO = "yes", "no"
"""The values of a field of `InputKind.FLAG`."""
_TRUE = frozenset({YES, "true", "on", "1"})
Given = str | Sequence[str]
"""What a person gave: the text that was typed, or the values that were chosen."""


class InputKind(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    LINES = "lines"
    """Texts, one a line."""
    NUMBER = "number"
    FLAG = "flag"
    """`YES` or `NO`."""
    CHOICE = "choice"
    """An entry, or several of an option of many values."""
    SEARCH = "search"
    """A name, or several, which `Desk.complete` offers while a person types; new ones are taken."""
    CHANNEL = "channel"
    PERSON = "person"
    CLOCK = "clock"
    """A time of day, as ``09:00``."""


_OWN_INPUTS = {
    Kind.FLAG: InputKind.FLAG,
    Kind.CHANNEL: InputKind.CHANNEL,
    Kind.PERSON: InputKind.PERSON,
    Kind.CLOCK: InputKind.CLOCK,
}


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form.

    Attributes:
        option: The option, with its label (`Option.shown`), range and example.
        input: How it is filled in; a platform without such an input takes text.
        hint: What is to be filled in.
        entries: What can be chosen; empty unless something can.
        values: What is filled in at first.
    """

    option: Option
    input: InputKind
    hint: str
    entries: tuple[FormChoice, ...] = ()
    values: tuple[str, ...] = ()


def form_fields(form: Form, *, defaults: bool = False) -> list[FormField]:
    """Return the fields of a form, in the order of the command's options.

    An option for which the form has an empty list of choices has no field, and neither has a file.

    Args:
        defaults: Whether a field without a value is filled with the option's default.
    """
    return [
        _field(form, option, form.values.get(option.name, option.default if defaults else None))
        for option in form.command.options
        if option.kind is not Kind.FILE and form.choices.get(option.name, True)
    ]


def _field(form: Form, option: Option, value: Any) -> FormField:
    entries = tuple(form.choices.get(option.name, ()))
    entries = entries or tuple(FormChoice(choice, choice) for choice in option.choices)
    if entries:
        kind = InputKind.CHOICE
    elif option.kind in _OWN_INPUTS:
        kind = _OWN_INPUTS[option.kind]
    elif option.kind.autocompleted:
        kind = InputKind.SEARCH
    elif option.many:
        kind = InputKind.LINES
    else:
        is_number = option.kind in {Kind.INTEGER, Kind.NUMBER}
        kind = InputKind.NUMBER if is_number else InputKind.TEXT
    if kind is InputKind.FLAG:
        value = None if value is None else YES if value else NO
        entries = (FormChoice(YES, YES), FormChoice(NO, NO))
    items = value if isinstance(value, list | tuple) else () if value in (None, "") else (value,)
    hint = form.hints.get(option.name) or option.help
    return FormField(option, kind, hint, entries, tuple(map(str, items)))


def read_form(
    command: CommandSpec, given: Mapping[str, Given]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options of a submitted form, and what is wrong in it; both by option.

    An empty input gives no option. A value that cannot be read is an option as it was given, and a
    problem; so is a required option that was left empty, and no option.

    Args:
        given: What was given, by option; a channel or person as ``platform:id``.
    """
    options: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for option in command.options:
        if option.name not in given:
            continue
        try:
            value = _value(option, given[option.name])
        except ValueError as error:
            value, problems[option.name] = given[option.name], str(error)
        if value not in (None, "", []):
            options[option.name] = value
        elif option.required:
            problems[option.name] = "This is needed."
    return options, problems


def _value(option: Option, given: Given) -> Any:
    """Return what was given as the value of its option; None, "" or [] for an empty input."""
    if option.many:
        lines = given.splitlines() if isinstance(given, str) else given
        return [line.strip() for line in lines if line.strip()]
    text = given.strip() if isinstance(given, str) else next(iter(given), "")
    if option.kind is Kind.FLAG:
        return text.lower() in _TRUE if text else None
    if not text or option.choices or option.kind not in {Kind.INTEGER, Kind.NUMBER}:
        return text
    try:
        return option.number(text)
    except ValueError as error:
        raise ValueError(f"This must be {error}.") from None
