"""The commands as tools of a model that reads questions, and the check of its calls."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from overheard.cards.command import CommandSpec, Kind, Option, Role
from overheard.chat.parser import Order, fill
from overheard.chat.questions.names import KnownNames
from overheard.chat.questions.situation import Situation
from overheard.chat.questions.vocabulary import folded_words, vocabulary
from overheard.domain import Metric
from overheard.errors import BadUsage

HELP = "help"
DRAWBACKS = "drawbacks"
"""A subject of answers that may be meant where it is not said."""
MAX_VALUE_CHARS = 300
"""The longest value of an option that a model can give."""
_QUOTE = re.compile('["\u201c\u201d]')
_CHANNEL = re.compile(r"#(\w+)\|([\w-]+)|<#(\d+)>")
"""A channel in a question, with the id that its chat gives it."""


class InvalidCall(Exception):
    """A call of a tool that cannot be carried out; the message says why, for the model."""


class UnknownChannel(InvalidCall):
    """A call with a channel that the person named without its id; `spec` is the command."""

    def __init__(self, spec: CommandSpec) -> None:
        super().__init__("that channel is not known")
        self.spec = spec


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool: a command, and its options as texts."""

    command: str
    options: Mapping[str, str] = field(default_factory=dict)


@cache
def notes() -> Mapping[str, Any]:
    """Return what is told of the commands beside their own words, from ``tools.toml``."""
    return tomllib.loads(files(__package__).joinpath("tools.toml").read_text(encoding="utf-8"))


@cache
def task() -> str:
    """Return what a model is to do with a question, from ``task.txt``."""
    return files(__package__).joinpath("task.txt").read_text(encoding="utf-8")


def offered_tools(commands: Iterable[CommandSpec]) -> dict[str, CommandSpec]:
    """Return the commands that a model can choose, by name, without the options that it cannot."""
    hidden, unused = tuple(notes()["hidden"]), set(notes()["unused"].split())
    return {
        spec.name: replace(
            spec, options=tuple(o for o in spec.options if o.required or o.name not in unused)
        )
        for spec in commands
        if not spec.name.startswith(hidden)
    }


def reads(spec: CommandSpec) -> bool:
    """Return whether a command only reads; any other costs or changes something, or makes a file
    for people outside.
    """
    return spec.role is Role.VIEWER and not (spec.asks or spec.public)


def described(tools: Mapping[str, CommandSpec]) -> str:
    """Return a line for each tool: its options with their types, what it does, and its use."""
    lines = []
    for name, spec in tools.items():
        options = ", ".join(map(_described_option, spec.options))
        kind = "" if reads(spec) else "ACTION "
        use = " ".join(notes()["use"].get(name, "").split())
        lines.append(f"- {kind}{name}({options}): {spec.summary} {use}".rstrip())
    return "\n".join(lines)


def _described_option(option: Option) -> str:
    kind = notes()["kinds"].get(option.kind, option.kind.value)
    if option.choices:
        kind = "|".join(map(str, option.choices))
    return f"{option.name}{'*' if option.required else ''}: {kind}{'[]' if option.many else ''}"


def reply_schema(tools: Mapping[str, CommandSpec]) -> dict[str, Any]:
    """Return the JSON schema of a reply: up to two calls of tools, and what is lacking.

    Options are a list of names and values, so that the schema is small and fits the strict mode of
    every service, however many tools there are.
    """
    text = {"type": "string"}
    names = sorted({option.name for spec in tools.values() for option in spec.options})
    option = _object({"name": {"type": "string", "enum": names}, "value": text})
    options = {"type": "array", "items": option}
    call = _object({"command": {"type": "string", "enum": [*tools]}, "options": options})
    return _object(
        {
            "calls": {"type": "array", "items": call},
            "lacks": {"type": "string", "enum": [*notes()["lacks"]]},
            "lacking": text,
        }
    )


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [*properties],
        "additionalProperties": False,
    }


@dataclass(frozen=True, slots=True)
class CallReader:
    """Reads calls of tools as commands, and checks their names, dates and values.

    Attributes:
        tools: The commands that can be called, by name.
        metrics: The metrics that are measured, by name.
        said: What the person has said: the question, and those before.
        channel: The channel of the question, as ``platform:id``.
    """

    tools: Mapping[str, CommandSpec]
    metrics: Mapping[str, Metric]
    names: KnownNames
    situation: Situation
    said: str
    channel: str = ""

    def order(self, call: ToolCall) -> Order:
        """Return the command of a call. A required brand that is not given is the only tracked one;
        other required options may be missing in a command that is not read, for its form.

        Raises:
            InvalidCall: when the command or an option does not exist, an option cannot have its
                value, or a command that only reads lacks an option.
        """
        spec = self.tools.get(call.command)
        if spec is None:
            raise InvalidCall(f'there is no tool "{call.command}"')
        known = {option.name: option for option in spec.options}
        values: dict[str, Any] = {}
        for given, text in call.options.items():
            name = next((n for n in (given, f"{given}s", given[:-1]) if n in known), given)
            if name not in known:
                raise InvalidCall(f"{spec.name} has no option {name}")
            option = known[name]
            parts = re.split(r"[,;\n]", text) if option.many else [text]
            parsed = [self._value(option, part.strip(), spec) for part in parts if part.strip()]
            values[name] = parsed if option.many else "".join(parsed)
        own = self.situation.own
        if "brand" in known and known["brand"].required and len(own) == 1:
            values.setdefault("brand", own[0])
        if values.get("since", "") > values.get("until", "9"):
            raise InvalidCall("since is after until")
        try:
            order = fill(self.situation.commands[spec.name], values)
        except BadUsage as error:
            raise InvalidCall(error.problem) from None
        if order.missing and reads(spec):
            lacking = ", ".join(option.name for option in order.missing)
            raise InvalidCall(f"{spec.name} needs {lacking}")
        return order

    def require_known(self, order: Order) -> None:
        """Require that a typed command is one to its last word.

        Raises:
            InvalidCall: for a brand, model, metric or alert that is not known, for several words of
                text not all in quotation marks, and for words behind ``help`` that are no command.
        """
        for option in order.spec.options:
            given = order.given.get(option.name, ())
            for value in map(str, given if isinstance(given, tuple) else (given,)):
                find = self._finders.get(option.kind) if option.positional else None
                if find and find(value) is None:
                    raise InvalidCall(f'"{value}" is not known')
                is_quoted = _QUOTE.search(self.said) and not _QUOTE.search(value)
                if option.kind is Kind.TEXT and " " in value and not is_quoted:
                    raise InvalidCall("it is a sentence")
        if order.spec.name == HELP and " ".join(order.given.get("command", ())) not in self.tools:
            raise InvalidCall("it names no command")

    def _value(self, option: Option, text: str, spec: CommandSpec) -> str:
        """Return a value as the command takes it."""
        if len(text) > MAX_VALUE_CHARS:
            raise InvalidCall(f"{option.name} is too long")
        find = self._finders.get(option.kind)
        found = find(text) if find else text
        if found is None and not reads(spec) and self.is_said(text):
            if option.kind is Kind.CHANNEL:
                raise UnknownChannel(spec)
            return text
        is_subject = option.kind is Kind.TEXT and not option.choices and reads(spec)
        if found is None or (is_subject and not (self.is_said(text) or self._is_topic(text))):
            raise InvalidCall(f'"{text[:60]}" is no {option.name} that is known, or a day to come')
        return found

    @property
    def _finders(self) -> Mapping[Kind, Callable[[str], str | None]]:
        return {
            Kind.BRAND: lambda text: self.names.by_words["brand"].get(folded_words(text)),
            Kind.MODEL: self._model,
            Kind.METRIC: self._metric,
            Kind.ALERT: self._alert,
            Kind.TIME: self._day,
            Kind.CHANNEL: self._channel,
        }

    def is_said(self, text: str) -> bool:
        """Return whether a text is a part of what the person has said."""
        words, said = folded_words(text), folded_words(self.said)
        return bool(words) and any(
            said[at : at + len(words)] == words for at in range(len(said) - len(words) + 1)
        )

    def _is_topic(self, text: str) -> bool:
        return text in {DRAWBACKS, *self.names.topics.values(), *vocabulary("en").topics.values()}

    def _model(self, text: str) -> str | None:
        shown = self.names.models_by_words.get(folded_words(text), ())
        models = [id_ for id_, name in self.situation.models.items() if name in shown]
        exact = [id_ for id_, name in self.situation.models.items() if text in {id_, name}]
        return next(iter(exact or models), None)

    def _metric(self, text: str) -> str | None:
        labels = {metric.label.casefold(): name for name, metric in self.metrics.items()}
        return text if text in self.metrics else labels.get(text.casefold())

    def _alert(self, text: str) -> str | None:
        number = text.removeprefix("#")
        alerts = (*self.situation.alerts, self.situation.thread_alert)
        is_known = number in {str(alert.id) for alert in alerts if alert}
        return number if is_known or (number.isdigit() and self.is_said(number)) else None

    def _day(self, text: str) -> str | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day.isoformat() if day <= self.situation.today else None

    def _channel(self, text: str) -> str | None:
        """Return a channel that the question names with its id, as ``platform:id``."""
        platform = self.channel.partition(":")[0]
        for found in _CHANNEL.finditer(self.said):
            id_ = found[1] or found[3]
            if text.strip("<#>") in {id_, found[2], found[0].strip("<#>")}:
                return f"{platform}:{id_}"
        return None
