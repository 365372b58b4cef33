"""Forms as Slack's modals, and what people filled into them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from overheard.cards import wording
from overheard.cards.command import CommandSpec, Kind, Option
from overheard.chat.limits import SLACK
from overheard.chat.slack.blocks import CLICK
from overheard.chat.slack.text import Block, cut, plain, rich, section, shown, small, span
from overheard.interfaces import Form

FORM = "overheard:form"
"""The callback id of every form."""
NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})
LISTED = frozenset({Kind.BRAND, Kind.MODEL, Kind.METRIC, Kind.PROMPT, Kind.SCHEDULE, Kind.ALERT})
"""Kinds whose values the desk knows; Slack asks for them while somebody types."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a modal carries unseen.

    Attributes:
        command: Whose options it asks for.
        place: Where the answer goes, as text.
        filled: The options that were filled in when it opened: emptied, they are meant to be.
    """

    command: str
    place: str
    filled: tuple[str, ...] = ()

    @classmethod
    def read(cls, view: Mapping[str, Any]) -> Carried:
        """Read it from a view that was sent back."""
        told = json.loads(view["private_metadata"])
        return cls(told["command"], told["place"], tuple(told["filled"]))

    def written(self) -> str:
        """Return it as the view takes it; where that is too long, without what was filled in."""
        told = json.dumps({"command": self.command, "place": self.place, "filled": self.filled})
        fits = len(told) <= SLACK.metadata or not self.filled
        return told if fits else replace(self, filled=()).written()


def modal(form: Form, place: str) -> dict[str, Any]:
    """Return the view of a form; `place` comes back with it."""
    filled = tuple(name for name, value in form.values.items() if value not in (None, "", ()))
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": Carried(form.command.name, place, filled).written(),
        "title": plain(wording.line(form.title), SLACK.modal_title),
        "submit": plain("Save" if form.values else "Go", SLACK.modal_title),
        "close": plain("Cancel", SLACK.modal_title),
        "blocks": list(_blocks(form)),
    }


def _blocks(form: Form) -> Iterator[Block]:
    if form.problem:
        told = cut(shown(form.problem), SLACK.text - 10)
        yield rich(section(span("\N{WARNING SIGN}\N{VARIATION SELECTOR-16} " + told, "bold")))
    yield small(shown(form.command.summary), SLACK.context)
    for option in form.command.options[: SLACK.home - 2]:
        yield _input(option, form.values.get(option.name, option.default))


def _input(option: Option, value: Any) -> Block:
    label = option.written.replace("-", " ").capitalize()
    hint = option.help + (" One a line." if _is_list_of_text(option) else "")
    return {
        "type": "input",
        "block_id": option.name,
        "optional": not option.required,
        "label": plain(label, SLACK.hint),
        "hint": plain(hint, SLACK.hint),
        "element": {"action_id": f"{CLICK}:{option.name}", **_element(option, value)},
    }


def _element(option: Option, value: Any) -> Block:
    if option.choices:
        return _menu(option, "static_select", value, options=_options(option.choices))
    if option.kind is Kind.FLAG:
        return _checkbox(ticked=bool(value))
    if option.kind in LISTED:
        return _menu(option, "external_select", value, min_query_length=0)
    if option.kind in NUMBERS and not option.many:
        return _number(option, value)
    return _typed(option, value)


def _menu(option: Option, kind: str, value: Any, **more: Any) -> Block:
    chosen = _options(_texts(value))
    if option.many:
        initial = {"initial_options": chosen} if chosen else {}
        return {"type": f"multi_{kind}", **more, **initial}
    return {"type": kind, **more, **({"initial_option": chosen[0]} if chosen else {})}


def _checkbox(*, ticked: bool) -> Block:
    [yes] = _options(["yes"])
    box: Block = {"type": "checkboxes", "options": [yes]}
    return {**box, "initial_options": [yes]} if ticked else box


def _number(option: Option, value: Any) -> Block:
    bounds = {"min_value": option.low, "max_value": option.high}
    element: Block = {"type": "number_input", "is_decimal_allowed": option.kind is Kind.NUMBER}
    element |= {name: f"{bound:g}" for name, bound in bounds.items() if bound is not None}
    return element if value is None else {**element, "initial_value": str(value)}


def _typed(option: Option, value: Any) -> Block:
    element: Block = {
        "type": "plain_text_input",
        "multiline": _is_list_of_text(option),
        "max_length": SLACK.typed,
    }
    text = "\n".join(_texts(value))[: SLACK.typed]
    return {**element, "initial_value": text} if text else element


def _is_list_of_text(option: Option) -> bool:
    return option.many and not option.choices and option.kind not in LISTED


def _texts(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _options(values: Sequence[str]) -> list[Block]:
    kept = dict.fromkeys(value[: SLACK.chosen] for value in values if value.strip())
    return [
        {"text": plain(wording.line(value), SLACK.label), "value": value}
        for value in [*kept][: SLACK.options]
    ]


def menu(values: Sequence[str], typed: str) -> dict[str, Any]:
    """Return the choices that Slack shows while somebody types.

    What was typed can be chosen too: a menu lets nobody write, and a competitor may be new.
    """
    return {"options": _options([*values[: SLACK.options - 1], typed.strip()])}


def read(command: CommandSpec, view: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Read what was filled in.

    Returns:
        The options by name, and for those that cannot be read what is wrong with them.
    """
    filled = Carried.read(view).filled
    options: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for option in command.options:
        told = view["state"]["values"].get(option.name, {}).get(f"{CLICK}:{option.name}", {})
        try:
            value = _value(option, told)
        except ValueError as error:
            problems[option.name] = str(error)
            continue
        if value not in (None, "", []) or option.name in filled:
            options[option.name] = value
        elif option.required:
            problems[option.name] = "This is needed."
    return options, problems


def _value(option: Option, told: Mapping[str, Any]) -> Any:
    """Return an option's value: a text, a number, a truth or a list of texts."""
    if option.kind is Kind.FLAG:
        return bool(told.get("selected_options"))
    if "selected_options" in told:
        return [chosen["value"] for chosen in told["selected_options"] or ()]
    if "selected_option" in told:
        return (told["selected_option"] or {}).get("value", "")
    text = str(told.get("value") or "").strip()
    if _is_list_of_text(option):
        return [line.strip() for line in text.splitlines() if line.strip()]
    return _numeral(option, text) if text and option.kind in NUMBERS else text


def _numeral(option: Option, text: str) -> float | int:
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
