"""Forms as Discord's modals, and what comes back from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import discord
from discord import ui

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Kind, Option
from overheard.chat.discord import markup, tree
from overheard.chat.limits import DISCORD
from overheard.interfaces import Form

PREFIX = "form:"
MORE = "more"
"""The input for all options that have no input of their own, one a line."""
YES, NO = "yes", "no"
LONG_LINE = 100
"""Characters from which a value is shown in several lines."""


def modal(form: Form) -> ui.Modal:
    """Return the modal of a form. What has no room of its own shares the last input."""
    title = markup.cut(wording.line(form.problem or form.title), DISCORD.modal_title)
    made = ui.Modal(title=title, custom_id=PREFIX + form.command.name, timeout=None)
    own, shared = parted(form.command.options)
    for option in own:
        made.add_item(_labelled(option, form.values.get(option.name)))
    if shared:
        made.add_item(_more(shared, form.values))
    made.stop()  # discord.py would keep it for ever; what comes back is read from its ids
    return made


def parted(options: Iterable[Option]) -> tuple[Sequence[Option], Sequence[Option]]:
    """Return the options with an input of their own, and those that share the last one."""
    asked = [option for option in options if option.kind is not Kind.FILE]
    asked.sort(key=lambda option: not option.required)
    room = DISCORD.inputs if len(asked) <= DISCORD.inputs else DISCORD.inputs - 1
    return asked[:room], asked[room:]


def command_of(custom_id: str) -> str:
    """Return the name of the command whose form was sent, or an empty string."""
    return custom_id.removeprefix(PREFIX) if custom_id.startswith(PREFIX) else ""


def read(data: Mapping[str, Any], spec: CommandSpec) -> dict[str, Any]:
    """Return the options that a form came back with; those left empty are empty or left out."""
    typed = dict(_inputs(data.get("components", ())))
    own, shared = parted(spec.options)
    found = {option.name: _value(option, typed.get(option.name, "")) for option in own}
    lines = dict(_lines(typed.get(MORE, "")))
    found |= {o.name: _value(o, lines[o.written]) for o in shared if o.written in lines}
    return {name: value for name, value in found.items() if value is not None}


def _labelled(option: Option, value: Any) -> ui.Label[ui.Modal]:
    chosen = _choices(option)
    item = _menu(option, chosen, value) if chosen else _input(option, value)
    return ui.Label(
        text=markup.cut(option.written.replace("-", " ").capitalize(), DISCORD.modal_title),
        description=markup.cut(_hint(option), DISCORD.hint) or None,
        component=item,
    )


def _hint(option: Option) -> str:
    return f"{option.help.rstrip('.')}; one a line" if option.many else option.help


def _choices(option: Option) -> tuple[str, ...]:
    if option.kind is Kind.FLAG:
        return (YES, NO)
    return () if option.many or len(option.choices) > DISCORD.children else option.choices


def _menu(option: Option, choices: Sequence[str], value: Any) -> ui.Select[ui.Modal]:
    told = written(option, value)
    menu: ui.Select[ui.Modal] = ui.Select(
        custom_id=option.name, required=option.required, min_values=1 if option.required else 0
    )
    for one in choices:
        menu.add_option(label=one, value=one, default=one == told)
    return menu


def _input(option: Option, value: Any) -> ui.TextInput[ui.Modal]:
    told = written(option, value)
    long = option.many or "\n" in told or len(told) > LONG_LINE
    return ui.TextInput(
        custom_id=option.name,
        style=discord.TextStyle.long if long else discord.TextStyle.short,
        default=told[: DISCORD.typed] or None,
        required=option.required,
        max_length=DISCORD.typed,
    )


def _more(options: Sequence[Option], values: Mapping[str, Any]) -> ui.Label[ui.Modal]:
    names = wording.listing([option.written for option in options])
    told = "\n".join(f"{o.written}: {_one_line(o, values.get(o.name))}".rstrip() for o in options)
    item: ui.TextInput[ui.Modal] = ui.TextInput(
        custom_id=MORE,
        style=discord.TextStyle.long,
        default=told[: DISCORD.typed],
        required=False,
        max_length=DISCORD.typed,
    )
    hint = markup.cut(f"One a line, as name: value. {names.capitalize()}", DISCORD.hint)
    return ui.Label(text="More", description=hint, component=item)


def written(option: Option, value: Any) -> str:
    """Return a value as people would type it."""
    if value is None:
        return ""
    if option.kind is Kind.FLAG:
        return YES if value else NO
    return "\n".join(map(str, value)) if option.many and not isinstance(value, str) else str(value)


def _one_line(option: Option, value: Any) -> str:
    told = written(option, value)
    return ", ".join(map(tree.quoted, told.splitlines())) if option.many else wording.line(told)


def _inputs(components: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the ids of inputs with what was typed or chosen, however they are nested."""
    for one in components:
        inner = [one["component"]] if "component" in one else one.get("components", ())
        yield from _inputs(inner)
        if "custom_id" in one:
            yield one["custom_id"], str(one.get("value") or "".join(one.get("values") or ()))


def _lines(typed: str) -> Iterator[tuple[str, str]]:
    for one in typed.splitlines():
        name, colon, value = one.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _value(option: Option, typed: str) -> Any:
    """Return what was typed as an option's value; None where nothing was. What is no number stays
    text, for the desk to tell.
    """
    typed = typed.strip()
    if option.many:
        return tree.split(typed) if "\n" not in typed else [*filter(None, _stripped(typed))]
    if not typed:
        return "" if option.kind is Kind.TEXT and not option.choices else None
    if option.kind is Kind.FLAG:
        return typed.lower() in {YES, "true", "on", "1"}
    return _number(option, typed)


def _stripped(typed: str) -> Iterator[str]:
    return (one.strip() for one in typed.splitlines())


def _number(option: Option, typed: str) -> Any:
    reader = {Kind.INTEGER: int, Kind.NUMBER: float}.get(option.kind)
    if reader is None:
        return typed
    try:
        return reader(typed)
    except ValueError:
        return typed
