"""Forms as Discord's modals, and the options that people fill in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import SelectDefaultValue, SelectDefaultValueType, ui

from overheard.cards import wording
from overheard.cards.command import CommandSpec, FormChoice, Kind, Option
from overheard.chat.discord import markup, tree
from overheard.chat.discord.api import NAME
from overheard.chat.limits import DISCORD
from overheard.interfaces import Form

PREFIX = "form:"
"""The first part of a modal's custom id; the command's name follows."""
SHARED_INPUT = "more"
"""The input for all options that have no input to themselves, each on its own line."""
YES, NO = "yes", "no"
MULTILINE_LENGTH = 100
"""Characters above which a value is shown in several lines."""


def modal(form: Form) -> ui.Modal:
    """Return a form as Discord's modal, filled with its values.

    Options without an input of their own share the last input. Options whose menu would be empty
    are left out.
    """
    title = markup.cut(wording.line(form.problem or form.title), DISCORD.modal_title)
    dialog = ui.Modal(title=title, custom_id=PREFIX + form.command.name, timeout=None)
    asked = [o for o in form.command.options if form.choices.get(o.name, ("typed",))]
    own, shared = split_options(asked)
    if form.text and len(own) + bool(shared) < DISCORD.inputs:
        dialog.add_item(ui.TextDisplay(markup.cut(wording.visible(form.text), DISCORD.modal_text)))
    for option in own:
        dialog.add_item(_labelled_input(option, form))
    if shared:
        dialog.add_item(_shared_input(shared, form.values))
    dialog.stop()  # else discord.py never drops the modal; answers are read by the ids alone
    return dialog


def split_options(options: Iterable[Option]) -> tuple[Sequence[Option], Sequence[Option]]:
    """Return the options with an input of their own, and the options that share the last input.

    Required options come first; files cannot be typed and are left out.
    """
    asked = [option for option in options if option.kind is not Kind.FILE]
    asked.sort(key=lambda option: not option.required)
    room = DISCORD.inputs if len(asked) <= DISCORD.inputs else DISCORD.inputs - 1
    return asked[:room], asked[room:]


def command_of(custom_id: str) -> str:
    """Return the command's name in the custom id of a submitted form, or an empty string."""
    return custom_id.removeprefix(PREFIX) if custom_id.startswith(PREFIX) else ""


def read_options(data: Mapping[str, Any], spec: CommandSpec) -> dict[str, Any]:
    """Return the values of a submitted form by option; see `_option_value` for the values.

    Args:
        data: The data of Discord's interaction.
        spec: The command of the form.
    """
    typed = dict(_inputs(data.get("components", ())))
    lines = dict(_named_lines(str(typed.get(SHARED_INPUT, ""))))
    given = [(option, typed.get(option.name, lines.get(option.written))) for option in spec.options]
    options = {
        option.name: _option_value(option, text) for option, text in given if text is not None
    }
    return {name: value for name, value in options.items() if value is not None}


def _labelled_input(option: Option, form: Form) -> ui.Label[ui.Modal]:
    """Return an option's input with its label and hint, filled with the option's value."""
    value = form.values.get(option.name)
    choices = form.choices.get(option.name) or [
        FormChoice(value, value) for value in _choices(option)
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
    """Return a menu of channels or people, for an option of that kind; None for any other
    option.
    """
    number = str(value or "").rpartition(":")[2]
    known = number.isascii() and number.isdigit()
    needed = int(option.required)
    if option.kind is Kind.CHANNEL:
        kinds = [discord.ChannelType.text, discord.ChannelType.news]
        chosen = [_default_channel(int(number))] if known else []
        return ui.ChannelSelect(
            custom_id=option.name,
            channel_types=kinds,
            min_values=needed,
            required=option.required,
            default_values=chosen,
        )
    if option.kind is Kind.PERSON:
        return ui.MentionableSelect(
            custom_id=option.name, min_values=needed, required=option.required
        )
    return None


def _choices(option: Option) -> tuple[str, ...]:
    """Return the entries of an option's menu; empty for an option that is typed."""
    if option.kind is Kind.FLAG:
        return (YES, NO)
    return () if len(option.choices) > DISCORD.children else option.choices


def _default_channel(number: int) -> SelectDefaultValue:
    return SelectDefaultValue(id=number, type=SelectDefaultValueType.channel)


def _option_menu(option: Option, choices: Sequence[FormChoice], value: Any) -> ui.Select[ui.Modal]:
    """Return the menu of an option, with its current values selected; entries without room are left
    out.
    """
    chosen = value_text(option, value).split("\n")
    shown = choices[: DISCORD.children]
    menu: ui.Select[ui.Modal] = ui.Select(
        custom_id=option.name,
        required=option.required,
        min_values=1 if option.required else 0,
        max_values=len(shown) if option.many else 1,
    )
    for choice in shown:
        label = markup.cut(wording.line(choice.label), DISCORD.choice)
        menu.add_option(label=label, value=choice.value, default=choice.value in chosen)
    return menu


def _text_field(option: Option, value: Any) -> ui.TextInput[ui.Modal]:
    """Return the text field of an option, filled with a value; long and multiple values get several
    lines.
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
    """Return the input that several options share, with a line "name: value" for each."""
    names = wording.listing([option.written for option in options])
    lines = "\n".join(f"{o.written}: {_one_line(o, values.get(o.name))}".rstrip() for o in options)
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
    """Return a value as a person would type it; a list has one line for each value, None is
    empty.
    """
    if value is None:
        return ""
    if option.kind is Kind.FLAG:
        return YES if value else NO
    return "\n".join(map(str, value)) if option.many and not isinstance(value, str) else str(value)


def _one_line(option: Option, value: Any) -> str:
    """Return a value as text on one line; the values of a list are separated by commas."""
    text = value_text(option, value)
    return ", ".join(map(tree.list_item, text.splitlines())) if option.many else wording.line(text)


def _inputs(components: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str | list[str]]]:
    """Yield the custom id of each input, nested or not, with its text or its list of selected
    values.
    """
    for item in components:
        inner = [item["component"]] if "component" in item else item.get("components", ())
        yield from _inputs(inner)
        if "custom_id" in item:
            chosen = item.get("values")
            yield item["custom_id"], chosen if chosen is not None else str(item.get("value") or "")


def _named_lines(typed: str) -> Iterator[tuple[str, str]]:
    """Yield the name (in lower case) and value of each line "name: value"; other lines are
    skipped.
    """
    for line in typed.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _option_value(option: Option, given: str | list[str]) -> Any:
    """Return an option's value from the text or selection of its input; None for an empty input.

    An empty text option gives an empty string, an option of many values a list. A number that
    cannot be read stays text, so that the desk reports the problem.
    """
    if isinstance(given, list) and option.many:
        return given
    typed = (given[0] if given else "") if isinstance(given, list) else given.strip()
    if typed and option.kind in {Kind.CHANNEL, Kind.PERSON}:
        return f"{NAME}:{typed}"
    if option.many:
        return tree.split(typed) if "\n" not in typed else [*filter(None, _split_and_strip(typed))]
    if not typed:
        return "" if option.kind is Kind.TEXT and not option.choices else None
    if option.kind is Kind.FLAG:
        return typed.lower() in {YES, "true", "on", "1"}
    return _typed_number(option, typed)


def _split_and_strip(typed: str) -> Iterator[str]:
    return (line.strip() for line in typed.splitlines())


def _typed_number(option: Option, typed: str) -> Any:
    """Return a text as an int or float, as its option requires.

    The text itself is returned for an option of another kind, and for a text that is no number.
    """
    reader = {Kind.INTEGER: int, Kind.NUMBER: float}.get(option.kind)
    if reader is None:
        return typed
    try:
        return reader(typed)
    except ValueError:
        return typed
