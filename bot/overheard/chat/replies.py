"""The cards of the desk itself: questions, refusals, suggestions and failures."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Style, fitting
from overheard.cards.command import CommandSpec, FormContent, Kind, quoted
from overheard.chat.parser import Order
from overheard.errors import (
    BadUsage,
    ConfirmationNeeded,
    OverheardError,
    UnknownCommand,
    UnknownName,
)
from overheard.interfaces import Form, Refusal

FAULT = "Something went wrong inside Overheard; its log says what."

OPEN = "This offer expires in an hour."
EXPIRED = Card(
    "This question is closed",
    "It was answered before, or it waited for more than an hour. Ask for it again.",
    severity=Severity.WARNING,
)

BEGUN = Card("I am asking now", "The result appears here in a minute or two.")

MAX_KNOWN = 3
"""Known names from which on they are left out where one is meant."""
MAX_MEANT = 2
"""Commands that are offered in place of an unknown one."""
MAX_WORDS = 120
"""Characters of what was typed that a question repeats."""
_CLAUSE_END = re.compile(r"[:;,.]")
log = logging.getLogger(__name__)


def confirmation_card(order: Order, needed: ConfirmationNeeded, token: str) -> Card:
    """Return the card that asks for a yes before a command spends or removes something.

    Args:
        order: The command and its options.
        needed: Why a yes is needed, and the price.
        token: The id of the question, which its buttons carry.
    """
    asked = _order_summary(order)
    cancel = Action(f"cancel {token}", "Cancel")
    data = {"question": needed.question}
    if order.spec.spends:
        price, _, rest = needed.reason.removesuffix(".").partition("; ")
        title, _, most = price.partition(", at most ")
        more = "; ".join(filter(None, (most and f"at most {most}", rest)))
        text = "\n\n".join(filter(None, (asked, more and f"{more[:1].upper()}{more[1:]}.")))
        actions = (Action(f"confirm {token}", "Ask", Style.PRIMARY), cancel)
        return Card(title, text, actions=actions, footer=OPEN, data=data)
    return Card(
        title=f"{_CLAUSE_END.split(order.spec.summary)[0]}?",
        text=needed.reason,
        actions=(Action(f"confirm {token}", "Go on", Style.DANGER), cancel),
        severity=Severity.WARNING,
        footer=OPEN,
        data=data,
    )


def _order_summary(order: Order) -> str:
    """Return what a command would do, at most `MAX_WORDS` characters, for the question whether to
    do it.

    The text or the brands that were given, else the command's summary; empty without either.
    """
    if order.spec.noun:  # such as ``alerts recheck 12``, whose number means nothing to a reader
        return order.spec.summary
    given = {
        option: order.options[option.name]
        for option in order.spec.options
        if option.positional and order.options.get(option.name)
    }
    if not {option.kind for option in given} <= {Kind.TEXT, Kind.BRAND}:
        return order.spec.summary
    said = [
        wording.listing(list(value)) if option.many else f"“{value}”"
        for option, value in given.items()
    ]
    return wording.shorten("\n".join(said), MAX_WORDS)


def cancelled() -> Card:
    """Return the card for a command that was cancelled instead of confirmed."""
    return Card("Left as it is", "Nothing was done.")


def not_allowed(reason: str, wanted: str = "") -> Card:
    """Return the card for a command that a person may not run.

    Args:
        reason: Why not; a `Refusal` also says who can be asked, for whom a button is added.
        wanted: The words of the refused command, which the button passes on.
    """
    actions: tuple[Action, ...] = ()
    if isinstance(reason, Refusal) and reason.first:
        actions = (Action("access code", "Enter the code", Style.PRIMARY),)
    elif isinstance(reason, Refusal) and reason.ask:
        words = f"access ask {quoted(wanted)}" if wanted else "access ask"
        actions = fitting(Action(words, f"Ask {reason.ask}"))
    return Card("Not allowed", str(reason), actions=actions, severity=Severity.WARNING)


def unknown_command_card(
    error: UnknownCommand,
    close: Sequence[CommandSpec],
    typed: str,
    steps: Sequence[Action] = (),
) -> Card:
    """Return the card for an unknown command, with buttons for the commands that may have been
    meant.

    Args:
        error: The error.
        close: Commands of similar names.
        typed: The words as typed.
        steps: Actions that are useful now, for words that resemble no command.
    """
    meant = [
        Action(_corrected_words(typed, spec), spec.name.capitalize())
        for spec in close[:MAX_MEANT]
        if spec.name != "help"
    ]
    return Card(
        "Unknown command",
        _error_sentence(error).removesuffix('; "help" shows all of them.')
        + ("?" if error.hint else "."),
        actions=(*fitting(*(meant if close else steps[:MAX_MEANT])), Action("help", "Help")),
        severity=Severity.WARNING,
    )


def _corrected_words(typed: str, spec: CommandSpec) -> str:
    """Return what was typed, with the name of a command in place of the first words."""
    rest = typed.split()[len(spec.name.split()) :]
    return " ".join([spec.name, *rest])


def terminal_only(spec: CommandSpec) -> Card:
    """Return the card for a command that only the terminal offers."""
    text = f"{spec.name} works on the machine that Overheard runs on: overheard {spec.name}"
    return Card("Only in the terminal", text, severity=Severity.WARNING)


def refused(error: BadUsage) -> Card:
    """Return the card for a command whose words or options are wrong."""
    return Card("Not understood", _error_sentence(error), severity=Severity.WARNING)


def form_title(spec: CommandSpec) -> str:
    """Return the title of a command's form."""
    noun = spec.noun.removesuffix("s")
    return spec.title or f"{spec.verb} {noun}".strip().capitalize()


def filled_form(
    spec: CommandSpec, content: Mapping[str, Any] | FormContent, problem: str = ""
) -> Form:
    """Return the form of a command with its values.

    Args:
        spec: The command.
        content: The values by option, or all that the form shows.
        problem: What was wrong with the values that a person sent; or empty.
    """
    if not isinstance(content, FormContent):
        return Form(spec, form_title(spec), content, problem)
    return Form(
        spec,
        content.title or form_title(spec),
        content.values,
        problem,
        content.choices,
        content.hints,
        content.text,
        content.submit,
    )


def failed(error: Exception, order: Order | None = None) -> Card:
    """Return the card for an error; the details of an unexpected exception are only logged.

    Args:
        error: The error.
        order: The command; a button repeats it with the right name when a name was nearly right.
    """
    if not isinstance(error, OverheardError):
        log.error("A command failed.", exc_info=error)
    title, text = "That did not work", error_sentence(error)
    actions: tuple[Action, ...] = ()
    if order and isinstance(error, UnknownName) and (meant := _MEANT.search(error.hint)):
        right = replace(order, options=_with_name(order.options, error.name, meant[1]))
        label = f"{right.words[:1].upper()}{right.words[1:]}"
        actions = fitting(Action(right.words, label, Style.PRIMARY))
        if error.known.count(", ") >= MAX_KNOWN:
            text = f"{text.partition('; known: ')[0]}?"
    return Card(title, text, actions=actions, severity=Severity.BAD, failed=True)


_MEANT = re.compile(r'did you mean "(.+)"')


def _with_name(options: Mapping[str, Any], wrong: str, right: str) -> dict[str, Any]:
    """Return options in which the right name replaces each value, also in a list, that equals a
    wrong one.
    """

    def mended(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return tuple(mended(item) for item in value)
        return right if value == wrong else value

    return {name: mended(value) for name, value in options.items()}


def error_sentence(error: Exception) -> str:
    """Return an error as one sentence; for an unexpected exception, `FAULT`."""
    return _error_sentence(error) if isinstance(error, OverheardError) else FAULT


def _error_sentence(error: OverheardError) -> str:
    """Return an error as a sentence for a chat, where objects have no ids."""
    said = str(error)
    if isinstance(error, UnknownName) and error.kind in _BY_ID:
        said = f'there is no {_BY_ID[error.kind]} called "{error.name}"{error.hint}.'
    said = said.replace("; known: none.", ".")
    return said[:1].upper() + said[1:]


_BY_ID = {"run": "check", "item": "task", "published item": "published task"}
"""What readers call things whose names are ids, of which no list is shown."""
