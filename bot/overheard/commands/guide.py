"""`help`: what there is to do, with examples."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import LONGEST_ACTION, Action, Card, Field, Severity, Table
from overheard.cards.command import CommandSpec, Face, Option, argument, quoted
from overheard.commands.arguments import unknown_name
from overheard.commands.registry import ADDED, CommandListing, sections
from overheard.deployment import Call, Deployment
from overheard.errors import OverheardError
from overheard.runs.plan import tracked
from overheard.session import Session

EVERYTHING = "everything"
"""The argument with which help lists all commands."""
MAX_SUGGESTIONS = 5
"""Next steps that help offers at a time."""


async def show_help(
    deployment: Deployment | Session,
    call: Call,
    *,
    command: Annotated[Sequence[str], argument("What to teach, such as brands add.")] = (),
) -> Card:
    """Show the next steps or all commands, or explain one command or noun.

    Args:
        deployment: The deployment or session, which has the commands of plugins.
        call: The person who asks, and the channel.
        command: The words of a command's name, or `EVERYTHING`; empty shows the next steps in a
            chat, and all commands in a terminal.

    Raises:
        UnknownName: when there is no such command.
    """
    name = " ".join(command).casefold()
    groups = [*sections(call.face), *_plugin_group(deployment, call)]
    listings = [listing for _, group in groups for listing in group]
    if not name and call.face is Face.CHAT and isinstance(deployment, Deployment):
        return await _next_steps_card(deployment, listings)
    if name in {"", EVERYTHING}:
        return _all_commands_card(groups)
    for listing in listings:
        if listing.name == name:
            return teach(listing.load(call.face))
    verbs = [listing for listing in listings if listing.noun == name]
    if not verbs:
        nouns = dict.fromkeys(listing.noun for listing in listings if listing.noun)
        raise unknown_name("command", name, [*(listing.name for listing in listings), *nouns])
    return _noun_card(name, [listing.load(call.face) for listing in verbs])


def _plugin_group(
    deployment: Deployment | Session, call: Call
) -> Iterator[tuple[str, Sequence[CommandListing]]]:
    """Yield the commands of plugins under their heading; nothing without any, or when the
    configuration cannot be read.
    """
    with suppress(OverheardError):
        specs = (
            deployment.plugin_commands
            if isinstance(deployment, Session)
            else deployment.plugins.commands.values()
        )
        if added := [CommandListing.of(spec) for spec in specs if call.face in spec.faces]:
            yield ADDED, added


def teach(spec: CommandSpec, missing: Sequence[Option] = ()) -> Card:
    """Return the card of one command: its purpose, its options, and examples.

    Args:
        spec: The command.
        missing: The required options that were not given.
    """
    names = wording.listing([option.placeholder for option in missing])
    lacking = f"{names} {'is' if len(missing) == 1 else 'are'} missing. " if missing else ""
    fields = [
        Field(_option_term(option), _option_meaning(option), wide=True) for option in spec.options
    ]
    if spec.examples:
        fields.append(Field("Examples", "\n".join(spec.examples), wide=True))
    return Card(
        title=spec.name,
        text=f"{lacking}{spec.summary}\n\n{spec.usage}",
        fields=tuple(fields),
        actions=tuple(_example_actions(spec)),
        severity=Severity.WARNING if missing else Severity.PLAIN,
        data={
            "name": spec.name,
            "summary": spec.summary,
            "usage": spec.usage,
            "options": {_option_term(option): _option_meaning(option) for option in spec.options},
            "examples": list(spec.examples),
        },
    )


def _all_commands_card(groups: Sequence[tuple[str, Sequence[CommandListing]]]) -> Card:
    """Return the card of all commands, with a field for each group (a heading and its commands)."""
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


async def _next_steps_card(deployment: Deployment, commands: Iterable[CommandListing]) -> Card:
    """Return the card of the next steps that fit the state of a deployment, the most useful first.

    Args:
        deployment: The open deployment.
        commands: All commands, for the card's data.
    """
    suggestions = await next_steps(deployment)
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


async def next_steps(deployment: Deployment) -> list[Suggestion]:
    """Return up to `MAX_SUGGESTIONS` steps that fit the state of a deployment, the most useful
    first.
    """
    return [suggestion async for suggestion in _suggestions(deployment)][:MAX_SUGGESTIONS]


async def _suggestions(deployment: Deployment) -> AsyncIterator[Suggestion]:
    """Yield the steps that fit the state of a deployment: open alerts first, then missing set-up,
    then reading.
    """
    catalogue, store = deployment.catalogue, deployment.store
    brands = tracked(catalogue)
    if not brands:
        yield Suggestion("setup brand", "Set up", "Your brand, its competitors and questions.")
        return
    name = quoted(brands[0].name)
    for alert in (await store.alerts.find(live=True))[:1]:
        yield Suggestion(
            f"alerts show {alert.id}", "Open the alert", "See what changed, and take it."
        )
    if not catalogue.prompts_for(brands[0].name):
        yield Suggestion("prompts add", "Add a question", "What your buyers would ask.")
    is_checked = bool(await store.runs.find(limit=1))
    if not is_checked:
        yield Suggestion("check", "Check now", "Ask the models for the first time.")
    if not any(fact.brand == brands[0].name for fact in catalogue.facts):
        yield Suggestion(
            "facts add", "Add a fact", "Your price, your plans: I say who gets them wrong."
        )
    if not catalogue.schedules:
        yield Suggestion(
            "schedules plan", "Check every week", "A change shows only between checks."
        )
    if not deployment.config.routes:
        yield Suggestion(
            "subscribe", "Alerts into this channel", "I speak up when something shifts."
        )
    if is_checked:
        yield Suggestion(f"report {name}", "Report", "How often each model names you.")
        yield Suggestion(f"versus {name}", "Against a rival", "Who is ahead at which model.")
        yield Suggestion(f"brief {name}", "What to do?", "What to write first.")
        yield Suggestion(
            f"voice {name}", "Share of voice", "You among your competitors, over time."
        )
        yield Suggestion("check", "Check now", "Ask again today.")
    yield Suggestion("prompts list", "Questions", "What is asked.")
    yield Suggestion("brands list", "Competitors", "Whom you are measured beside.")
    yield Suggestion("routes list", "Channels", "Where alerts and summaries go.")


def _command_lines(specs: Sequence[CommandListing]) -> str:
    """Return the commands of a group as lines: a single command with its summary, a noun with its
    verbs.
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
    """Return the card of the commands (`verbs`) that share a noun."""
    return Card(
        title=name,
        table=Table(("Command", ""), tuple((spec.name, spec.summary) for spec in verbs)),
        fields=(Field("Examples", "\n".join(e for v in verbs for e in v.examples[:1]), wide=True),),
        actions=tuple(Action(f"help {spec.name}", spec.name) for spec in verbs),
        data={"commands": {spec.name: spec.summary for spec in verbs}},
    )


def _option_term(option: Option) -> str:
    return option.placeholder if option.positional else f"--{option.written}"


def _option_meaning(option: Option) -> str:
    choices = f" One of {', '.join(option.choices)}." if option.choices else ""
    several = " Can be given several times." if option.many and not option.positional else ""
    usual = f" By default {option.default}." if option.default not in (None, "", False, ()) else ""
    return f"{option.help.rstrip('.')}.{choices}{several}{usual}"


def _example_actions(spec: CommandSpec) -> list[Action]:
    """Return a button for the first example of a command that neither asks models nor changes
    anything; else an empty list.
    """
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
