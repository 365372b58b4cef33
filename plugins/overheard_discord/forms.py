"""Forms as Discord's modals, and the options that people fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import SelectDefaultValue, SelectDefaultValueType, ui

from overheard import CommandSpec, Form, FormChoice, Kind, Option, wording
from overheard_discord import markup, slash_commands
from overheard_discord.api import NAME
from overheard_discord.limits import DISCORD

PREFIX = "form:"
"""The first part of a modal's custom id; the command's name follows."""
SHARED_INPUT = "more"
"""The input for all options that have no input to themselves, each on its own line."""
YES, NO = "yes", "no"
MULTILINE_LENGTH = 100
"""Characters above which a value is shown in several lines."""


def modal(form: Form) -> ui.Modal:
    """Return a form as Discord's modal, with its values in its inputs.

    The title is the form's problem, if it has one, in place of its own title. The form's text is
    left out if all five inputs are used. Of more than five options, four have an input each and the
    others share the last one. Options that are files, or that the form gives an empty list of
    choices, are left out. Long texts are cut to Discord's limits.
    """
    title = markup.cut(wording.line(form.problem or form.title), DISCORD.modal_title)
    dialog = ui.Modal(title=title, custom_id=PREFIX + form.command.name, timeout=None)
    own, shared = split_options(
        option
        for option in form.command.options
        if option.name not in form.choices or form.choices[option.name]
    )
    input_count = len(own) + (1 if shared else 0)
    if form.text and input_count < DISCORD.inputs:
        dialog.add_item(ui.TextDisplay(markup.cut(wording.visible(form.text), DISCORD.modal_text)))
    for option in own:
        dialog.add_item(_labelled_input(option, form))
    if shared:
        dialog.add_item(_shared_input(shared, form.values))
    dialog.stop()  # else discord.py never drops the modal; answers are read by the ids alone
    return dialog


def split_options(options: Iterable[Option]) -> tuple[Sequence[Option], Sequence[Option]]:
    """Return the options with an input of their own, and the options that share the last input.

    Up to five options have an input each, and the second list is empty. Of more options, four have
    an input each, and the others share the fifth. Required options come first. Files cannot be
    typed and are left out.
    """
    asked = [option for option in options if option.kind is not Kind.FILE]
    asked.sort(key=lambda option: not option.required)
    own_count = DISCORD.inputs if len(asked) <= DISCORD.inputs else DISCORD.inputs - 1
    return asked[:own_count], asked[own_count:]


def command_of(custom_id: str) -> str:
    """Return the name of the command in a form's custom id; "" for any other custom id.

    ``form:brands add`` gives ``brands add``.
    """
    return custom_id.removeprefix(PREFIX) if custom_id.startswith(PREFIX) else ""


def read_options(data: Mapping[str, Any], spec: CommandSpec) -> dict[str, Any]:
    """Return the values of a submitted form, by the names of the options.

    An option whose input is not in the form is left out. An empty input gives an empty list for
    many values, and "" for a text without choices; any other option with an empty input is left
    out. A number that cannot be read stays text, so that the desk reports the problem.

    Args:
        data: The data of the submission, in Discord's JSON.
    """
    given_by_input = dict(_inputs(data.get("components", ())))
    shared_lines = dict(_named_lines(str(given_by_input.get(SHARED_INPUT, ""))))
    options: dict[str, Any] = {}
    for option in spec.options:
        given = given_by_input.get(option.name, shared_lines.get(option.written))
        if given is None:
            continue
        value = _option_value(option, given)
        if value is not None:
            options[option.name] = value
    return options


def _labelled_input(option: Option, form: Form) -> ui.Label[ui.Modal]:
    """Return the input of an option with its label and hint, and with the option's value in it.

    It is a menu of channels or people for an option of that kind; a menu, if the form or the option
    has choices; else a text field, whose hint ends with "one a line" for many values.

    Args:
        form: The form with its values, choices and hints; without a hint, it is the option's help.
    """
    value = form.values.get(option.name)
    choices = form.choices.get(option.name) or [
        FormChoice(choice, choice) for choice in _choices(option)
    ]
    item = _picker(option, value)
    if item is None:
        item = _option_menu(option, choices, value) if choices else _text_field(option, value)
    hint = form.hints.get(option.name) or option.help
    if option.many and isinstance(item, ui.TextInput):
        hint = f"{hint.rstrip('.')}; one a line"
    return ui.Label(
        text=markup.cut(option.shown, DISCORD.modal_title),
        description=markup.cut(hint, DISCORD.hint) or None,
        component=item,
    )


def _picker(option: Option, value: Any) -> ui.Item[ui.Modal] | None:
    """Return Discord's own menu of channels or people; None for an option of another kind.

    Args:
        value: The channel that is selected at first, such as ``discord:123``; a value of another
            form selects none. In a menu of people, no person is selected at first.
    """
    min_values = 1 if option.required else 0
    if option.kind is Kind.CHANNEL:
        channel_id = str(value or "").rpartition(":")[2]
        is_id = channel_id.isascii() and channel_id.isdigit()
        return ui.ChannelSelect(
            custom_id=option.name,
            channel_types=[discord.ChannelType.text, discord.ChannelType.news],
            min_values=min_values,
            required=option.required,
            default_values=[_default_channel(int(channel_id))] if is_id else [],
        )
    if option.kind is Kind.PERSON:
        return ui.MentionableSelect(
            custom_id=option.name, min_values=min_values, required=option.required
        )
    return None


def _choices(option: Option) -> tuple[str, ...]:
    """Return the entries of an option's menu: yes and no for a flag, else the option's choices.

    It is empty for an option without choices, and for one with more than Discord takes: both are
    typed.
    """
    if option.kind is Kind.FLAG:
        return (YES, NO)
    return () if len(option.choices) > DISCORD.children else option.choices


def _default_channel(number: int) -> SelectDefaultValue:
    return SelectDefaultValue(id=number, type=SelectDefaultValueType.channel)


def _option_menu(option: Option, choices: Sequence[FormChoice], value: Any) -> ui.Select[ui.Modal]:
    """Return the menu of an option, with its values selected.

    Several entries can be chosen for an option of many values, and none for one that is not
    required.

    Args:
        choices: The entries, at least one; those beyond Discord's limit are left out.
        value: The selected value or list of values; None selects nothing.
    """
    selected = value_text(option, value).split("\n")
    shown = choices[: DISCORD.children]
    menu: ui.Select[ui.Modal] = ui.Select(
        custom_id=option.name,
        required=option.required,
        min_values=1 if option.required else 0,
        max_values=len(shown) if option.many else 1,
    )
    for choice in shown:
        label = markup.cut(wording.line(choice.label), DISCORD.choice)
        menu.add_option(label=label, value=choice.value, default=choice.value in selected)
    return menu


def _text_field(option: Option, value: Any) -> ui.TextInput[ui.Modal]:
    """Return the text field of an option, with a value in it.

    It has several lines for an option of many values, and for a value that is longer than
    `MULTILINE_LENGTH` or has several lines. A value that is longer than Discord takes is cut. An
    empty field shows the option's example.

    Args:
        value: The value or list of values; None leaves the field empty.
    """
    text = value_text(option, value)
    multiline = option.many or "\n" in text or len(text) > MULTILINE_LENGTH
    return ui.TextInput(
        custom_id=option.name,
        style=discord.TextStyle.long if multiline else discord.TextStyle.short,
        default=text[: DISCORD.typed] or None,
        required=option.required,
        max_length=DISCORD.typed,
        placeholder=markup.cut(option.example, DISCORD.hint) or None,
    )


def _shared_input(options: Sequence[Option], values: Mapping[str, Any]) -> ui.Label[ui.Modal]:
    """Return the text field that several options share, with a line "name: value" for each.

    Its hint names the options. What is longer than Discord takes is cut.

    Args:
        options: The options, at least one.
        values: The values by the options' names; a line without one ends after the colon.
    """
    names = wording.listing([option.written for option in options])
    lines = "\n".join(
        f"{option.written}: {_one_line(option, values.get(option.name))}".rstrip()
        for option in options
    )
    item: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=SHARED_INPUT,
        style=discord.TextStyle.long,
        default=lines[: DISCORD.typed],
        required=False,
        max_length=DISCORD.typed,
    )
    hint = markup.cut(f"One a line, as name: value. {names.capitalize()}", DISCORD.hint)
    return ui.Label(text="More", description=hint, component=item)


def value_text(option: Option, value: Any) -> str:
    """Return an option's value as the text that stands in its input.

    A flag is "yes" or "no". Many values have one line each; a text for many values is returned as
    it is. None is "".

    Args:
        value: Its value: a text, number or boolean, a list or tuple for many values, or None.
    """
    if value is None:
        return ""
    if option.kind is Kind.FLAG:
        return YES if value else NO
    if option.many and not isinstance(value, str):
        return "\n".join(map(str, value))
    return str(value)


def _one_line(option: Option, value: Any) -> str:
    """Return an option's value as text on one line.

    Many values are separated by commas, and one that has a comma is in quotes: ``Acme, "Ajax,
    Inc"``.

    Args:
        value: Its value, as `value_text` takes it.
    """
    text = value_text(option, value)
    if option.many:
        return ", ".join(map(slash_commands.list_item, text.splitlines()))
    return wording.line(text)


def _inputs(components: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str | list[str]]]:
    """Yield the inputs of a submitted form, also those within other components.

    Yields:
        The custom id of an input, and the list of values selected in its menu or the text of its
        field, which may be "".
    """
    for component in components:
        if "component" in component:
            yield from _inputs([component["component"]])
        else:
            yield from _inputs(component.get("components", ()))
        if "custom_id" in component:
            selected = component.get("values")
            text = str(component.get("value") or "")
            yield component["custom_id"], text if selected is None else selected


def _named_lines(typed: str) -> Iterator[tuple[str, str]]:
    """Yield the name, in lower case, and the value of each line "name: value".

    The value of a line that ends after its colon is ""; lines without a colon are skipped.
    """
    for line in typed.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _option_value(option: Option, given: str | list[str]) -> Any:
    """Return an option's value from what its input holds.

    By the option's kind, it is

    - ``discord:123`` for a channel or person;
    - a list of texts for many values. Typed values are separated by commas or, if there are several
      lines, by lines;
    - for a flag, whether the text is yes, true, on or 1;
    - an int or float for a number. A number that cannot be read stays text, so that the desk
      reports the problem;
    - otherwise the text.

    An empty input gives an empty list for many values, "" for a text without choices, and None for
    any other option.

    Args:
        given: The text of the input, or the list of values selected in it.
    """
    if isinstance(given, list) and option.many:
        return given
    text = next(iter(given), "") if isinstance(given, list) else given.strip()
    if text and option.kind in {Kind.CHANNEL, Kind.PERSON}:
        return f"{NAME}:{text}"
    if option.many:
        return _listed_values(text)
    if not text:
        return "" if option.kind is Kind.TEXT and not option.choices else None
    if option.kind is Kind.FLAG:
        return text.lower() in {YES, "true", "on", "1"}
    return _number_or_text(option, text)


def _listed_values(text: str) -> list[str]:
    """Return the values of a list that a person typed, one a line or, on one line, with commas."""
    if "\n" not in text:
        return slash_commands.split(text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number_or_text(option: Option, typed: str) -> Any:
    """Return a text as an int or float, if its option is a number of that kind.

    The text itself is returned for an option of another kind, and for a text that is no number.
    """
    reader = {Kind.INTEGER: int, Kind.NUMBER: float}.get(option.kind)
    if reader is None:
        return typed
    try:
        return reader(typed)
    except ValueError:
        return typed
