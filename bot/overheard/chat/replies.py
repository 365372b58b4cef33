"""The cards of the desk itself: questions, refusals, suggestions and failures."""

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
    CommandRemoved,
    ConfirmationNeeded,
    NotSetUp,
    OverheardError,
    UnknownCommand,
    UnknownName,
)
from overheard.interfaces import Form, Refusal
from overheard.plugins import plugin_at_fault

FAULT = "Something went wrong inside Overheard; its log says what."

EXPIRY_NOTE = "This offer expires in an hour."
EXPIRED = Card(
    "This question is closed",
    "It was answered before, or it waited for more than an hour. Ask for it again.",
    severity=Severity.WARNING,
    failed=True,
)

NO_BRAND = Card(
    "I do not know your brand yet",
    "Setting me up takes two minutes: your brand, its competitors, and what your buyers ask.",
    actions=(Action("setup brand", "Set up", Style.PRIMARY), Action("help", "What can you do?")),
)
_FIRST_STEPS = {
    "brand": NO_BRAND,
    "prompt": Card(
        "I have no questions yet",
        "Choose what your buyers ask; I suggest some.",
        actions=(Action("setup questions", "Choose questions", Style.PRIMARY),),
    ),
    "model": Card("No AI model is connected yet", "Who runs me can connect one, and then restart."),
}
"""What is shown where a thing is missing that a deployment begins with."""
BEGUN = Card("I am asking now", "The result appears here in a minute or two.")

MAX_KNOWN = 3
"""An error that suggests a name lists the other known names only up to this number."""
MAX_MEANT = 2
"""Commands that are offered in place of an unknown one."""
MAX_SUMMARY_CHARS = 120
"""Characters of what was typed that a question for a yes repeats."""
_CLAUSE_END = re.compile(r"[:;,.]")
log = logging.getLogger(__name__)


def confirmation_card(order: Order, needed: ConfirmationNeeded, token: str) -> Card:
    """Return the card that asks for a yes before a command spends or removes something.

    For a command that spends, the title is its price, and the button says "Ask"; the text says what
    is asked, and the highest price. For others the title is what the command does, as a question.

    Args:
        order: The command and its options.
        needed: Why a yes is needed; for a command that spends, the price in words.
        token: The id of the waiting command, which both buttons carry.
    """
    cancel = Action(f"cancel {token}", "Cancel")
    data = {"question": needed.question}
    if order.spec.spends:
        # A reason such as "40 questions for about $0.42, at most $2.10; 10 answers are reused."
        price, _, remarks = needed.reason.removesuffix(".").partition("; ")
        title, _, highest_price = price.partition(", at most ")
        details = "; ".join(filter(None, (highest_price and f"at most {highest_price}", remarks)))
        details_sentence = details and f"{details[:1].upper()}{details[1:]}."
        text = "\n\n".join(filter(None, (_order_summary(order), details_sentence)))
        actions = (Action(f"confirm {token}", "Ask", Style.PRIMARY), cancel)
        return Card(title, text, actions=actions, footer=EXPIRY_NOTE, data=data)
    return Card(
        title=f"{_CLAUSE_END.split(order.spec.summary)[0]}?",
        text=needed.reason,
        actions=(Action(f"confirm {token}", "Go on", Style.DANGER), cancel),
        severity=Severity.WARNING,
        footer=EXPIRY_NOTE,
        data=data,
    )


def _order_summary(order: Order) -> str:
    """Return what a command would do, for the question whether to do it."""
    if order.spec.noun:  # such as ``alerts recheck 12``, whose number means nothing to a reader
        return order.spec.summary
    given = {
        option: order.options[option.name]
        for option in order.spec.options
        if option.positional and order.options.get(option.name)
    }
    if not {option.kind for option in given} <= {Kind.TEXT, Kind.BRAND}:
        return order.spec.summary
    lines = [
        wording.listing(list(value)) if option.many else f"“{value}”"
        for option, value in given.items()
    ]
    return wording.shorten("\n".join(lines), MAX_SUMMARY_CHARS)


def cancelled() -> Card:
    """Return the card for a command that was cancelled instead of confirmed."""
    return Card("Left as it is", "Nothing was done.")


def not_allowed(reason: str, wanted: str = "") -> Card:
    """Return the card for a command that a person may not run.

    Without an admin yet, its button opens the form for the first admin's code. With a person to
    ask, its button asks that person; it is left out when its words are too long. Otherwise there is
    no button.

    Args:
        reason: Why not, as a sentence; a `Refusal` also says whether there is an admin, and whom to
            ask.
        wanted: The words of the refused command, which the button passes on; or empty.
    """
    actions: tuple[Action, ...] = ()
    if isinstance(reason, Refusal) and reason.first:
        actions = (Action("access code", "Enter the code", Style.PRIMARY),)
    elif isinstance(reason, Refusal) and reason.ask:
        words = f"access ask {quoted(wanted)}" if wanted else "access ask"
        actions = fitting(Action(words, f"Ask {reason.ask}"))
    return Card("Not allowed", str(reason), actions=actions, severity=Severity.WARNING, failed=True)


def unknown_command_card(
    error: UnknownCommand,
    close: Sequence[CommandSpec],
    typed: str,
    next_steps: Sequence[Action] = (),
) -> Card:
    """Return the card for an unknown command, with up to `MAX_MEANT` buttons and one for help.

    The buttons repeat what was typed with the name of a similar command; without a similar command,
    they are the useful next steps.

    Args:
        error: The error, whose hint may name the nearest command.
        close: Commands of similar names, the most similar first.
        typed: The words as typed.
        next_steps: Actions that are useful now.
    """
    corrections = [
        Action(
            " ".join([spec.name, *typed.split()[len(spec.name.split()) :]]), spec.name.capitalize()
        )
        for spec in close[:MAX_MEANT]
        if spec.name != "help"
    ]
    offered = corrections if close else next_steps[:MAX_MEANT]
    sentence = _error_sentence(error).removesuffix('; "help" shows all of them.')
    return Card(
        "Unknown command",
        sentence + ("?" if error.hint else "."),
        actions=(*fitting(*offered), Action("help", "Help")),
        severity=Severity.WARNING,
    )


def terminal_only(spec: CommandSpec) -> Card:
    """Return the card for a command that only the terminal offers."""
    text = f"{spec.name} works on the machine that Overheard runs on: overheard {spec.name}"
    return Card("Only in the terminal", text, severity=Severity.WARNING)


def refused(error: BadUsage | CommandRemoved) -> Card:
    """Return the card for a command that was removed, or whose words or options are wrong."""
    return Card("Not understood", _error_sentence(error), severity=Severity.WARNING, failed=True)


def form_title(spec: CommandSpec) -> str:
    """Return the title of a command's form: its own title, else its verb and noun ("Add brand")."""
    noun = spec.noun.removesuffix("s")
    return spec.title or f"{spec.verb} {noun}".strip().capitalize()


def filled_form(
    spec: CommandSpec, content: Mapping[str, Any] | FormContent, problem: str = ""
) -> Form:
    """Return the form of a command with its values filled in.

    Args:
        content: The values by option, or a `FormContent` with everything that the form shows; an
            empty title is that of the command.
        problem: What was wrong with the values that a person sent, as a sentence; or empty.
    """
    if not isinstance(content, FormContent):
        return Form(spec, form_title(spec), content, problem)
    return Form(
        command=spec,
        title=content.title or form_title(spec),
        values=content.values,
        problem=problem,
        choices=content.choices,
        hints=content.hints,
        text=content.text,
        submit=content.submit,
    )


def failed(error: Exception, order: Order | None = None) -> Card:
    """Return the card for an error.

    The details of an unexpected exception are logged with its traceback.
    If a name was nearly right, a button repeats the command with the suggested name, and more than
    `MAX_KNOWN` known names are not listed.

    Args:
        order: The command that failed, or None when there was none.
    """
    if not isinstance(error, OverheardError):
        log.error("A command failed.", exc_info=error)
    if isinstance(error, NotSetUp):
        return replace(_FIRST_STEPS[error.kind], severity=Severity.WARNING, failed=True)
    title, text = "That did not work", error_sentence(error)
    actions: tuple[Action, ...] = ()
    if order and isinstance(error, UnknownName) and (suggested := _SUGGESTED.search(error.hint)):
        corrected = replace(order, options=_with_name(order.options, error.name, suggested[1]))
        label = f"{corrected.words[:1].upper()}{corrected.words[1:]}"
        actions = fitting(Action(corrected.words, label, Style.PRIMARY))
        known_names = error.known.count(", ") + 1
        if known_names > MAX_KNOWN:
            text = f"{text.partition('; known: ')[0]}?"
    return Card(title, text, actions=actions, severity=Severity.BAD, failed=True)


_SUGGESTED = re.compile(r'did you mean "(.+)"')


def _with_name(options: Mapping[str, Any], wrong: str, right: str) -> dict[str, Any]:
    """Return options in which the right name replaces each value that equals the wrong one.

    The items of lists are replaced likewise; lists and tuples become tuples.
    """

    def corrected(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return tuple(corrected(item) for item in value)
        return right if value == wrong else value

    return {name: corrected(value) for name, value in options.items()}


def error_sentence(error: Exception) -> str:
    """Return an error as one sentence; for an unexpected exception its kind and the plugin in which
    it arose, or `FAULT`.
    """
    if isinstance(error, OverheardError):
        return _error_sentence(error)
    plugin = plugin_at_fault(error)
    what = f"{type(error).__name__} in {plugin}"
    return f"{what}: the plugin's author can mend that; the log says where." if plugin else FAULT


def _error_sentence(error: OverheardError) -> str:
    """Return an error as a sentence for a chat, with a capital letter."""
    sentence = str(error)
    if isinstance(error, UnknownName) and error.kind in _NOUNS_OF_IDS:
        sentence = f'there is no {_NOUNS_OF_IDS[error.kind]} called "{error.name}"{error.hint}.'
    sentence = sentence.replace("; known: none yet.", ".")
    return sentence[:1].upper() + sentence[1:]


_NOUNS_OF_IDS = {"run": "check", "item": "task", "published item": "published task"}
"""What readers call things whose names are ids, of which no list is shown."""
