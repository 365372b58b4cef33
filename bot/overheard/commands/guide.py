"""`help`: what there is to do, with examples."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import LONGEST_ACTION, Action, Card, Field, Severity, Table, picked
from overheard.cards.command import CommandSpec, Face, Option, argument, quoted
from overheard.commands.registry import CommandListing, sections
from overheard.commands.setup.checklist import checklist
from overheard.config.problems import unknown_name
from overheard.deployment import Call
from overheard.deprecations import OLD_COMMANDS
from overheard.errors import CommandRemoved, OverheardError
from overheard.session import Session

EVERYTHING = "everything"
"""The argument with which help lists all commands."""
MAX_SUGGESTIONS = 5
"""Next steps that help offers at a time."""


async def show_help(
    call: Call | Session,
    *,
    command: Annotated[Sequence[str], argument("What to teach, such as brands add.")] = (),
) -> Card:
    """Return the card of help.

    The words select one of four cards: the next steps, all commands, one command (``brands add``),
    or all commands of a noun (``brands``).

    Args:
        call: A call, or in a terminal the session; both have the commands of plugins.
        command: The words of a command or noun, in any case of letters; those of an earlier release
            are those that do the same now. `EVERYTHING` shows all commands. Empty shows the next
            steps in a chat with an open deployment, else all commands.

    Raises:
        UnknownName: when no command and no noun has that name.
        CommandRemoved: for a command of an earlier release.
    """
    name = " ".join(command).casefold()
    if old := OLD_COMMANDS.get(name):
        if not old.instead:
            raise CommandRemoved(name=name, reason=old.reason)
        name, _, _ = old.instead.partition(" --")
    groups = [*sections(call.face, _plugin_commands(call))]
    listings = [listing for _, group in groups for listing in group]
    if not name and call.face is Face.CHAT and isinstance(call, Call):
        return await _next_steps_card(call, listings)
    if name in {"", EVERYTHING}:
        return _all_commands_card(groups)
    for listing in listings:
        if listing.name == name:
            return command_help_card(listing.load(call.face))
    verbs = [listing for listing in listings if listing.noun == name]
    if not verbs:
        nouns = dict.fromkeys(listing.noun for listing in listings if listing.noun)
        raise unknown_name("command", name, [*(listing.name for listing in listings), *nouns])
    return _noun_card(name, [listing.load(call.face) for listing in verbs])


def _plugin_commands(call: Call | Session) -> Collection[CommandSpec]:
    """Return the commands of plugins for help; none if the configuration cannot be read, so that
    help works in any case.
    """
    if isinstance(call, Call):
        return call.plugins.commands.values()
    try:
        return call.plugin_commands
    except OverheardError:
        return ()


def command_help_card(spec: CommandSpec, missing: Sequence[Option] = ()) -> Card:
    """Return the card that explains one command: its purpose, usage, options and examples.

    The first example becomes a button if the command only reads and needs no option.

    Args:
        missing: The required options that a person left out: the card names them first and is a
            warning. Empty when a person asks for help.
    """
    missing_sentence = ""
    if missing:
        names = wording.listing([option.placeholder for option in missing])
        missing_sentence = f"{names} {'is' if len(missing) == 1 else 'are'} missing. "
    fields = [
        Field(_option_term(option), _option_meaning(option), wide=True) for option in spec.options
    ]
    if spec.examples:
        fields.append(Field("Examples", "\n".join(spec.examples), wide=True))
    return Card(
        title=spec.name,
        text=f"{missing_sentence}{spec.summary}\n\n{spec.usage}",
        fields=tuple(fields),
        actions=tuple(_example_actions(spec)),
        severity=Severity.WARNING if missing else Severity.PLAIN,
        data={
            **picked(spec, "name", "summary", "usage", "examples"),
            "options": {_option_term(option): _option_meaning(option) for option in spec.options},
        },
    )


def _all_commands_card(groups: Sequence[tuple[str, Sequence[CommandListing]]]) -> Card:
    """Return the card of all commands, with a field for each group."""
    return Card(
        title="What Overheard does",
        text=(
            "It asks AI models what buyers ask, scores what they say about your brand and its "
            "competitors, and speaks up when a model update changed it.\n\n"
            "Begin with a brand and the questions of its buyers, then check. "
            "help COMMAND teaches any of these:"
        ),
        fields=tuple(
            Field(heading, _command_lines(listings), wide=True) for heading, listings in groups
        ),
        data={"commands": {spec.name: spec.summary for _, specs in groups for spec in specs}},
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A suggested next step.

    Attributes:
        words: The command as typed.
        label: The label of its button.
        purpose: A sentence on what the command is for.
    """

    words: str
    label: str
    purpose: str


async def _next_steps_card(call: Call, commands: Iterable[CommandListing]) -> Card:
    """Return the card of up to `MAX_SUGGESTIONS` next steps, each with a button, the most useful
    first. Another button lists all commands.
    """
    suggestions = await next_steps(call)
    return Card(
        title="What can I do now?",
        fields=tuple(
            Field(
                suggestion.label,
                suggestion.purpose,
                wide=True,
                action=Action(suggestion.words, suggestion.label),
            )
            for suggestion in suggestions
        ),
        actions=(Action(f"help {EVERYTHING}", "Everything"),),
        data={
            "things": {suggestion.words: suggestion.purpose for suggestion in suggestions},
            "commands": {spec.name: spec.summary for spec in commands},
        },
    )


async def next_steps(call: Call) -> list[Suggestion]:
    """Return up to `MAX_SUGGESTIONS` steps that fit the state of a deployment, the most useful
    first. Without a tracked brand it is only the set-up.
    """
    return [suggestion async for suggestion in _suggestions(call)][:MAX_SUGGESTIONS]


async def _suggestions(call: Call) -> AsyncIterator[Suggestion]:
    """Yield all steps that fit the state of a deployment, the most useful first."""
    setup = await checklist(call)
    brands = call.catalogue.tracked
    steps = [Suggestion(step.words, step.begin, step.purpose) for step in setup.open]
    if not brands:
        yield steps[0]
        return
    name = quoted(brands[0].name)
    for alert in (await call.store.alerts.find(live=True))[:1]:
        yield Suggestion(
            f"alerts show {alert.id}", "Open the alert", "See what changed, and take it."
        )
    for step in steps:
        yield step
    if setup.decided["start"]:
        yield Suggestion(f"report {name}", "Report", "How often each model names you.")
        yield Suggestion(
            f"trend {name} --show versus", "Against a rival", "Who is ahead at which model."
        )
        yield Suggestion(f"brief {name}", "What to do?", "What to write first.")
        yield Suggestion(
            f"trend {name} --show voice", "Share of voice", "You among your competitors, over time."
        )
        yield Suggestion("check", "Check now", "Ask again today.")
    yield Suggestion("prompts list", "Questions", "What is asked.")
    yield Suggestion("brands list", "Competitors", "Whom you are measured beside.")
    yield Suggestion("routes list", "Channels", "Where alerts and summaries go.")


def _command_lines(specs: Sequence[CommandListing]) -> str:
    """Return the commands of a group of help as text, one line for each single command or noun.

    A single command has its summary (``check: Ask ...``); a noun has its verbs (``brands: list,
    add``). The lines are in the order of the first command of each.
    """
    lines: dict[str, str] = {}
    for spec in specs:
        if not spec.noun:
            lines[spec.name] = f"{spec.name}: {spec.summary}"
        elif spec.noun in lines:
            lines[spec.noun] += f", {spec.verb}"
        else:
            lines[spec.noun] = f"{spec.noun}: {spec.verb}"
    return "\n".join(lines.values())


def _noun_card(name: str, verbs: Sequence[CommandSpec]) -> Card:
    """Return the card of a noun: a table of its commands with their summaries, the first example of
    each, and a button for the help of each.
    """
    examples = [example for spec in verbs for example in spec.examples[:1]]
    return Card(
        title=name,
        table=Table(("Command", ""), tuple((spec.name, spec.summary) for spec in verbs)),
        fields=(Field("Examples", "\n".join(examples), wide=True),),
        actions=tuple(Action(f"help {spec.name}", spec.name) for spec in verbs),
        data={"commands": {spec.name: spec.summary for spec in verbs}},
    )


def _option_term(option: Option) -> str:
    """Return an option's name in help: ``BRAND`` for a positional option, else ``--repeats``."""
    return option.placeholder if option.positional else f"--{option.written}"


def _option_meaning(option: Option) -> str:
    """Return the meaning of an option as sentences: its help, its allowed values, that it can be
    given several times, and its default. A default that says nothing (None, False, 0, empty) is
    left out.
    """
    choices = f" One of {', '.join(option.choices)}." if option.choices else ""
    several = " Can be given several times." if option.many and not option.positional else ""
    usual = f" By default {option.default}." if option.default not in (None, "", False, ()) else ""
    return f"{option.help.rstrip('.')}.{choices}{several}{usual}"


def _example_actions(spec: CommandSpec) -> list[Action]:
    """Return a list with one button, which runs the first example of a command."""
    if spec.asks or spec.role or any(option.required for option in spec.options):
        return []
    return [
        Action(example, example) for example in spec.examples[:1] if len(example) <= LONGEST_ACTION
    ]


HELP = CommandSpec(
    "help",
    "Show what can be done now, or teach a command with examples.",
    show_help,
    private=True,
    examples=("help", "help everything", "help check", "help brands add"),
    opens=False,
)
