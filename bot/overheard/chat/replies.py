"""What the desk says itself: questions, refusals, suggestions, faults."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from overheard.cards.card import Action, Card, Field, Severity, Style
from overheard.cards.command import CommandSpec
from overheard.chat.parser import Order
from overheard.errors import BadUsage, ConfirmationNeeded, OverheardError, UnknownCommand

FAULT = "Something went wrong inside Overheard; its log says what."

EXPIRED = Card(
    "This question is closed",
    "It was answered before, or it waited for more than an hour. Ask for it again.",
    severity=Severity.WARNING,
)

log = logging.getLogger(__name__)


def question(order: Order, needed: ConfirmationNeeded, token: str) -> Card:
    """Ask for a yes before something is spent or taken away."""
    style = Style.PRIMARY if order.spec.spends else Style.DANGER
    return Card(
        title="Go on?",
        text=f"{order.words}\n\n{needed.reason}",
        actions=(
            Action(f"confirm {token}", "Go on", style),
            Action(f"cancel {token}", "Cancel"),
        ),
        severity=Severity.WARNING,
        footer="This question stands for an hour.",
        data={"question": needed.question},
    )


def left(order: Order) -> Card:
    """Say that a command was left."""
    return Card("Left as it is", f"Nothing was done: {order.words}")


def cut_off(*, goes_on: bool) -> Card:
    """Say what becomes of a command that is cut off because the bot ends."""
    text = (
        "What was answered is kept. It goes on by itself, and the result is posted here."
        if goes_on
        else "Please send the command again in a moment."
    )
    return Card("Overheard is being restarted", text, severity=Severity.WARNING)


def not_allowed(reason: str) -> Card:
    """Say why somebody may not do something."""
    return Card("Not allowed", reason, severity=Severity.WARNING)


def unknown(error: UnknownCommand, close: Sequence[CommandSpec]) -> Card:
    """Say which commands may have been meant."""
    buttons = [Action(f"help {spec.name}", spec.name) for spec in close]
    return Card(
        "Unknown command",
        _sentence(error),
        fields=tuple(Field(spec.name, spec.summary, wide=True) for spec in close),
        actions=(*buttons, Action("help", "Help")),
        severity=Severity.WARNING,
    )


def elsewhere(spec: CommandSpec) -> Card:
    """Say where a command can be used that no chat offers."""
    text = f"{spec.name} works on the machine that Overheard runs on: overheard {spec.name}"
    return Card("Only in the terminal", text, severity=Severity.WARNING)


def refused(error: BadUsage) -> Card:
    """Say what was wrong with a command."""
    return Card("Not understood", _sentence(error), severity=Severity.WARNING)


def heading(spec: CommandSpec) -> str:
    """Return what stands above a command's form."""
    noun = spec.noun.removesuffix("s")
    return spec.title or f"{spec.verb} {noun}".strip().capitalize()


def failed(error: Exception) -> Card:
    """Say what went wrong; what nobody foresaw goes to the log and not to the chat."""
    if not isinstance(error, OverheardError):
        log.error("A command failed.", exc_info=error)
    return Card("That did not work", sentence(error), severity=Severity.BAD, failed=True)


def sentence(error: Exception) -> str:
    """Return an error as one sentence for people."""
    return _sentence(error) if isinstance(error, OverheardError) else FAULT


def _sentence(error: OverheardError) -> str:
    return str(error)[:1].upper() + str(error)[1:]
