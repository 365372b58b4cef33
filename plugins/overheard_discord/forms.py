"""Forms as Discord's modals, and the options that people fill in."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import SelectDefaultValue, SelectDefaultValueType, ui

from overheard import (
    CommandSpec,
    Form,
    FormField,
    InputKind,
    Kind,
    Option,
    form_fields,
    read_form,
    wording,
)
from overheard_discord import slash_commands
from overheard_discord.api import NAME
from overheard_discord.limits import DISCORD

PREFIX = "form:"
"""The first part of a modal's custom id; the command's name follows."""
SHARED_INPUT = "more"
"""The input for all options that have no input to themselves, each on its own line."""
MULTILINE_LENGTH = 100
"""Characters above which a value is shown in several lines."""


def modal(form: Form) -> ui.Modal:
    """Return a form as Discord's modal, with its values in its inputs.

    The title is the form's problem, if it has one, in place of its own title. The form's text is
    left out if all five inputs are used. Of more than five options, four have an input each and the
    others share the last one. Long texts are cut to Discord's limits.
    """
    title = wording.cut(wording.line(form.problem or form.title), DISCORD.modal_title)
    dialog = ui.Modal(title=title, custom_id=PREFIX + form.command.name, timeout=None)
    asked = sorted(form_fields(form), key=lambda field: not field.option.required)
    own_count = DISCORD.inputs if len(asked) <= DISCORD.inputs else DISCORD.inputs - 1
    own, shared = asked[:own_count], asked[own_count:]
    if form.text and len(asked) < DISCORD.inputs:
        dialog.add_item(ui.TextDisplay(wording.cut(wording.visible(form.text), DISCORD.modal_text)))
    for field in own:
        dialog.add_item(_labelled_input(field))
    if shared:
        dialog.add_item(_shared_input(shared))
    dialog.stop()  # else discord.py never drops the modal; answers are read by the ids alone
    return dialog


def command_of(custom_id: str) -> str:
    """Return the name of the command in a form's custom id; "" for any other custom id.

    ``form:brands add`` gives ``brands add``.
    """
    return custom_id.removeprefix(PREFIX) if custom_id.startswith(PREFIX) else ""


def read_options(data: Mapping[str, Any], spec: CommandSpec) -> dict[str, Any]:
    """Return the values of a submitted form, by the names of the options.

    An option whose input is empty or not in the form is left out. A number that cannot be read
    stays text, so that the desk reports the problem.

    Args:
        data: The data of the submission, in Discord's JSON.
    """
    given_by_input = dict(_inputs(data.get("components", ())))
    shared_lines = dict(_named_lines(str(given_by_input.get(SHARED_INPUT, ""))))
    given = {}
    for option in spec.options:
        value = given_by_input.get(option.name, shared_lines.get(option.written))
        if value is not None:
            given[option.name] = _given(option, value)
    return read_form(spec, given)[0]


def _given(option: Option, value: str | list[str]) -> str | list[str]:
    """Return what a person gave an option, from the text or the selected values of its input.

    A typed list is separated by commas or, if there are several lines, by lines.
    """
    if option.many:
        is_line = isinstance(value, str) and "\n" not in value.strip()
        return slash_commands.split(str(value)) if is_line else value
    text = value.strip() if isinstance(value, str) else next(iter(value), "")
    is_id = text and option.kind in {Kind.CHANNEL, Kind.PERSON}
    return f"{NAME}:{text}" if is_id else text


def _labelled_input(field: FormField) -> ui.Label[ui.Modal]:
    """Return the input of a field with its label and hint, and with the field's values in it.

    It is a menu of channels or people for a field of that kind; a menu of the entries, unless the
    command has more than Discord takes; else a text field, whose hint ends with "one a line" for
    many values.
    """
    option, hint = field.option, field.hint
    is_menu = bool(field.entries) and len(option.choices) <= DISCORD.children
    item = _picker(field) or (_option_menu(field) if is_menu else _text_field(field))
    if option.many and isinstance(item, ui.TextInput):
        hint = f"{hint.rstrip('.')}; one a line"
    return ui.Label(
        text=wording.cut(option.shown, DISCORD.modal_title),
        description=wording.cut(hint, DISCORD.hint) or None,
        component=item,
    )


def _picker(field: FormField) -> ui.Item[ui.Modal] | None:
    """Return Discord's own menu of channels or people; None for a field of another kind.

    The field's channel is selected at first; in a menu of people, no person is.
    """
    option = field.option
    is_needed: dict[str, Any] = {
        "min_values": 1 if option.required else 0,
        "required": option.required,
    }
    if field.input is InputKind.PERSON:
        return ui.MentionableSelect(custom_id=option.name, **is_needed)
    if field.input is not InputKind.CHANNEL:
        return None
    ids = [value.rpartition(":")[2] for value in field.values]
    return ui.ChannelSelect(
        custom_id=option.name,
        channel_types=[discord.ChannelType.text, discord.ChannelType.news],
        default_values=[
            SelectDefaultValue(id=int(id_), type=SelectDefaultValueType.channel)
            for id_ in ids
            if id_.isascii() and id_.isdigit()
        ],
        **is_needed,
    )


def _option_menu(field: FormField) -> ui.Select[ui.Modal]:
    """Return the menu of a field, with its values selected; entries beyond Discord's limit are left
    out.

    Several entries can be chosen for an option of many values, and none for one that is not
    required.
    """
    option, shown = field.option, field.entries[: DISCORD.children]
    menu: ui.Select[ui.Modal] = ui.Select(
        custom_id=option.name,
        required=option.required,
        min_values=1 if option.required else 0,
        max_values=len(shown) if option.many else 1,
    )
    for choice in shown:
        label = wording.cut(wording.line(choice.label), DISCORD.choice)
        menu.add_option(label=label, value=choice.value, default=choice.value in field.values)
    return menu


def _text_field(field: FormField) -> ui.TextInput[ui.Modal]:
    """Return the text field of a field, with its values in it, one a line.

    It has several lines for an option of many values, and for a value that is longer than
    `MULTILINE_LENGTH` or has several lines. A value that is longer than Discord takes is cut. An
    empty field shows the option's example.
    """
    option, text = field.option, "\n".join(field.values)
    multiline = option.many or "\n" in text or len(text) > MULTILINE_LENGTH
    return ui.TextInput(
        custom_id=option.name,
        style=discord.TextStyle.long if multiline else discord.TextStyle.short,
        default=text[: DISCORD.typed] or None,
        required=option.required,
        max_length=DISCORD.typed,
        placeholder=wording.cut(option.example, DISCORD.hint) or None,
    )


def _shared_input(fields: Sequence[FormField]) -> ui.Label[ui.Modal]:
    """Return the text field that several fields share, with a line "name: value" for each.

    Its hint names the options. Many values are separated by commas, and one that has a comma is in
    quotes. What is longer than Discord takes is cut.
    """
    names = wording.listing([field.option.written for field in fields])
    lines = []
    for field in fields:
        values = ", ".join(map(slash_commands.list_item, field.values))
        value = values if field.option.many else wording.line("".join(field.values))
        lines.append(f"{field.option.written}: {value}".rstrip())
    item: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=SHARED_INPUT,
        style=discord.TextStyle.long,
        default="\n".join(lines)[: DISCORD.typed],
        required=False,
        max_length=DISCORD.typed,
    )
    hint = wording.cut(f"One a line, as name: value. {names.capitalize()}", DISCORD.hint)
    return ui.Label(text="More", description=hint, component=item)


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
