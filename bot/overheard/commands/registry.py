"""All commands: each `CommandSpec` in a command module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from types import ModuleType

from overheard.cards.command import CommandSpec, Face, Kind
from overheard.commands import (
    access,
    alert_actions,
    alerts,
    answers,
    approvals,
    ask,
    audit,
    brands,
    brief,
    bursts,
    canary,
    changes,
    chat_apps,
    check,
    claims,
    compare,
    database,
    dataset,
    demo,
    digest,
    doctor,
    export,
    facts,
    guide,
    import_history,
    landscape,
    models,
    plugins,
    power,
    processes,
    prompts,
    report,
    retain,
    routes,
    runs,
    schedules,
    scores,
    setup_brand,
    setup_checklist,
    setup_places,
    setup_terminal,
    shifts,
    simulate,
    spend,
    status,
    suggestions,
    trend,
    updates,
    versus,
    voice,
)

SECTIONS: Mapping[str, tuple[ModuleType, ...]] = {
    "Measure and read": (
        check,
        report,
        trend,
        voice,
        versus,
        answers,
        changes,
        digest,
        ask,
        compare,
        status,
        runs,
        shifts,
        updates,
        canary,
    ),
    "Alerts": (alerts, alert_actions, routes),
    "Fine-tuning": (landscape, brief, dataset, approvals),
    "What is measured": (
        brands,
        suggestions,
        prompts,
        facts,
        claims,
        models,
    ),
    "Run": (processes, schedules, bursts, spend, audit),
    "Set up": (
        setup_terminal,
        setup_checklist,
        setup_brand,
        setup_places,
        access,
        plugins,
        doctor,
        chat_apps,
    ),
    "Try out": (power, demo, simulate),
    "Maintain": (scores, import_history, export, database, retain),
    "Learn": (guide,),
}
"""Under what heading help shows the commands of which modules, in this order."""


def _of(modules: Iterable[ModuleType]) -> tuple[CommandSpec, ...]:
    """Return the commands of modules, in the order of their definitions."""
    values = (value for module in modules for value in vars(module).values())
    return tuple(dict.fromkeys(spec for spec in values if isinstance(spec, CommandSpec)))


COMMANDS = _of(chain.from_iterable(SECTIONS.values()))
"""Every command there is."""


def offered(face: Face) -> tuple[CommandSpec, ...]:
    """Return the commands that a face offers, with the options that it has."""
    return tuple(_facing(spec, face) for spec in COMMANDS if face in spec.faces)


def _facing(spec: CommandSpec, face: Face) -> CommandSpec:
    """Return a command as a face has it: a chat has no options for files of this machine."""
    if face is Face.TERMINAL or not any(option.kind is Kind.FILE for option in spec.options):
        return spec
    return replace(spec, options=tuple(o for o in spec.options if o.kind is not Kind.FILE))


def sections(face: Face) -> Iterator[tuple[str, tuple[CommandSpec, ...]]]:
    """Yield each heading of help with its commands."""
    for heading, modules in SECTIONS.items():
        shown = tuple(spec for spec in _of(modules) if face in spec.faces)
        if shown:
            yield heading, shown


def find(name: str) -> CommandSpec | None:
    """Return a command by its whole name, or None."""
    return next((spec for spec in COMMANDS if spec.name == name), None)
