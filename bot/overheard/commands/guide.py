"""`help`: what there is to do, with examples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import LONGEST_ACTION, Action, Card, Field, Severity, Table
from overheard.cards.command import CommandSpec, Option, argument
from overheard.commands.arguments import unknown
from overheard.deployment import Call, Deployment, Session
from overheard.errors import OverheardError

FIRST_STEPS = ("brands add", "prompts add", "check", "report", "alerts")
"""The commands that a new user needs, in this order."""


async def show_help(
    deployment: Deployment | Session,
    call: Call,
    *,
    command: Annotated[Sequence[str], argument("What to teach, such as brands add.")] = (),
) -> Card:
    """Show what there is to do, or teach one command or noun.

    Args:
        deployment: Knows the commands of plugins.
        call: Says where the answer is read.
        command: The words of a command's name; empty shows all.

    Raises:
        UnknownName: when there is no such command.
    """
    from overheard.commands.registry import offered, sections  # it lists this module too

    name = " ".join(command).casefold()
    added = _added(deployment, call)
    if not name:
        more = [("Added by plugins", added)] if added else []
        return _overview([*sections(call.face), *more])
    commands = (*offered(call.face), *added)
    for spec in commands:
        if spec.name == name:
            return teach(spec)
    verbs = [spec for spec in commands if spec.noun == name]
    if not verbs:
        nouns = dict.fromkeys(spec.noun for spec in commands if spec.noun)
        raise unknown("command", name, [*(spec.name for spec in commands), *nouns])
    return _noun(name, verbs)


def _added(deployment: Deployment | Session, call: Call) -> tuple[CommandSpec, ...]:
    """Return the commands of plugins; help is there even when the configuration is broken."""
    try:
        commands = deployment.plugins.commands
    except OverheardError:
        return ()
    return tuple(spec for spec in commands.values() if call.face in spec.faces)


def teach(spec: CommandSpec, missing: Sequence[Option] = ()) -> Card:
    """Teach one command: what it does, what it takes, and examples.

    Args:
        spec: The command.
        missing: What it cannot do without, and was not given.
    """
    names = wording.listing([option.placeholder for option in missing])
    lacking = f"{names} {'is' if len(missing) == 1 else 'are'} missing. " if missing else ""
    fields = [Field(_term(option), _meaning(option), wide=True) for option in spec.options]
    if spec.examples:
        fields.append(Field("Examples", "\n".join(spec.examples), wide=True))
    return Card(
        title=spec.name,
        text=f"{lacking}{spec.summary}\n\n{spec.usage}",
        fields=tuple(fields),
        actions=tuple(_try(spec)),
        severity=Severity.WARNING if missing else Severity.PLAIN,
        data={
            "name": spec.name,
            "summary": spec.summary,
            "usage": spec.usage,
            "options": {_term(option): _meaning(option) for option in spec.options},
            "examples": list(spec.examples),
        },
    )


def _overview(found: Iterable[tuple[str, Sequence[CommandSpec]]]) -> Card:
    parts = list(found)
    names = {spec.name: spec for _, specs in parts for spec in specs}
    steps = [Action(name, name) for name in FIRST_STEPS if name in names or f"{name} list" in names]
    return Card(
        title="What Overheard does",
        text=(
            "It asks AI models what buyers ask, scores what they say about your brand and its "
            "competitors, and speaks up when a model update changed it.\n\n"
            "Begin with a brand and the questions of its buyers, then check. "
            "help COMMAND teaches any of these:"
        ),
        fields=tuple(Field(heading, _list(specs), wide=True) for heading, specs in parts),
        actions=tuple(steps),
        data={"commands": {spec.name: spec.summary for spec in names.values()}},
    )


def _list(specs: Sequence[CommandSpec]) -> str:
    """Write the commands of a section: a verb with what it does, a noun with its verbs."""
    lines: dict[str, str] = {}
    for spec in specs:
        if not spec.noun:
            lines[spec.name] = f"{spec.name}: {spec.summary}"
        elif spec.noun in lines:
            lines[spec.noun] += f", {spec.verb}"
        else:
            lines[spec.noun] = f"{spec.noun}: {spec.verb}"
    return "\n".join(lines.values())


def _noun(name: str, verbs: Sequence[CommandSpec]) -> Card:
    return Card(
        title=name,
        table=Table(("Command", ""), tuple((spec.name, spec.summary) for spec in verbs)),
        fields=(Field("Examples", "\n".join(e for v in verbs for e in v.examples[:1]), wide=True),),
        actions=tuple(Action(f"help {spec.name}", spec.name) for spec in verbs),
        data={"commands": {spec.name: spec.summary for spec in verbs}},
    )


def _term(option: Option) -> str:
    return option.placeholder if option.positional else f"--{option.written}"


def _meaning(option: Option) -> str:
    choices = f" One of {', '.join(option.choices)}." if option.choices else ""
    several = " Can be given several times." if option.many and not option.positional else ""
    usual = f" By default {option.default}." if option.default not in (None, "", False, ()) else ""
    return f"{option.help.rstrip('.')}.{choices}{several}{usual}"


def _try(spec: CommandSpec) -> list[Action]:
    """Return a button for an example that costs nothing and changes nothing."""
    if spec.asks or spec.role or any(option.required for option in spec.options):
        return []
    return [Action(one, one) for one in spec.examples[:1] if len(one) <= LONGEST_ACTION]


HELP = CommandSpec(
    "help",
    "Show what there is to do, with examples.",
    show_help,
    private=True,
    examples=("help", "help check", "help brands add"),
    opens=False,
)
