"""`plugins`: what is installed, and what is wrong with it."""

from __future__ import annotations

import sys
from typing import Annotated

from overheard.cards import wording
from overheard.cards.card import Action, Card, Severity, Table, fitting
from overheard.cards.command import CommandSpec, Face, Role, argument
from overheard.commands.arguments import unknown
from overheard.config.settings import described
from overheard.deployment import Call, Deployment, Session
from overheard.plugins import PluginReport, distribution_of, entry_of


async def plugins(
    deployment: Deployment | Session,
    call: Call,
    *,
    name: Annotated[str, argument("Show this one alone.")] = "",
) -> Card:
    """Show every plugin as Loaded or Failed, and the remedy for each fault; or one plugin.

    Raises:
        UnknownName: when that one is not installed.
    """
    if name:
        return await show_plugin(deployment, call, name=name)
    loaded = deployment.plugins
    faults = "\n\n".join([*(report.sentence for report in loaded.faulty), *loaded.paused])
    return Card(
        title=wording.count(len(loaded.reports), "plugin"),
        text=faults or "All of them are loaded.",
        table=Table(
            ("Plugin", "Version", "State", "Provides"),
            tuple((r.name, r.version, _state(r), ", ".join(r.provides)) for r in loaded.reports),
        ),
        severity=Severity.WARNING if faults else Severity.GOOD,
        data={
            "plugins": [
                {
                    "name": report.name,
                    "version": report.version,
                    "state": _state(report).lower(),
                    "provides": list(report.provides),
                    "problem": report.problem,
                }
                for report in loaded.reports
            ],
            "paused": loaded.paused,
        },
    )


async def show_plugin(
    deployment: Deployment | Session, _: Call, *, name: Annotated[str, argument("Its name.")]
) -> Card:
    """Show what one plugin provides, and what can be set for it.

    Raises:
        UnknownName: when it is not installed.
    """
    reports = {report.name: report for report in deployment.plugins.reports}
    report = reports.get(name)
    if report is None:
        raise unknown("plugin", name, list(reports))
    keys = [
        (f"[{table}]", key, kind, default)
        for table, settings in report.settings.items()
        for key, kind, default in described(settings)
    ]
    return Card(
        title=_named(report),
        text=report.problem or ", ".join(report.provides) or _idle(report),
        table=Table(("Table", "Key", "Value", "Default"), tuple(keys)) if keys else None,
        severity=Severity.WARNING if report.problem else Severity.GOOD,
        data={
            "name": report.name,
            "version": report.version,
            "distribution": report.distribution,
            "provides": list(report.provides),
            "problem": report.problem,
            "settings": [
                dict(zip(("table", "key", "value", "default"), k, strict=True)) for k in keys
            ],
        },
    )


def _idle(report: PluginReport) -> str:
    """Say why a plugin provides nothing although nothing is wrong with it."""
    missing = [f"[{table}]" for table in report.settings if table.endswith(".NAME")]
    if not missing:
        return "It provides nothing as it is set."
    example = f'{" or ".join(missing)} with plugin = "{report.name}"'
    return f"It provides nothing until the configuration has a table for it: {example}."


def _named(report: PluginReport) -> str:
    return f"{report.name} {report.version}".rstrip()


def _state(report: PluginReport) -> str:
    return "Loaded" if report.loaded else "Failed"


async def resume_plugin(
    deployment: Deployment | Session, _: Call, *, name: Annotated[str, argument("Its name.")]
) -> Card:
    """Try a plugin again at once that is paused after faults.

    Raises:
        UnknownName: when it is not installed.
    """
    reports = [report.name for report in deployment.plugins.reports]
    if name not in reports:
        raise unknown("plugin", name, reports)
    parts = deployment.plugins.resume(name)
    resumed = f"Tried again from now on: {', '.join(map(_uncapitalised, parts))}."
    return Card(
        title=name,
        text=resumed if parts else "Nothing of it is paused.",
        severity=Severity.GOOD,
        data={"name": name, "resumed": parts},
    )


async def pin_plugin(
    _: Deployment | Session,
    __: Call,
    *,
    name: Annotated[str, argument("Its name, or that of its distribution.")],
) -> Card:
    """Print what to write into ``[plugins] allow`` to allow a plugin as it is installed now, and no
    other. None of its code runs.

    Args:
        name: Of the plugin or of its distribution.

    Raises:
        Unpinnable: when it is not installed, or its files cannot be known.
    """
    entry = entry_of(distribution_of(name))
    sys.stdout.write(f'"{entry}"\n')  # one line, whole at any width
    return Card("", data={"allow": entry})


def notice_card(plugin: str, text: str) -> Card:
    """Return the notice for admins of a plugin that is paused, or of something else that needs
    them, where no plugin is named.
    """
    resume = Action(f"{PLUGINS_RESUME.name} {plugin}", "Try it again now")
    return Card(
        title=f"The plugin {plugin} needs you" if plugin else "Overheard needs you",
        text=text,
        severity=Severity.WARNING,
        actions=fitting(resume) if plugin else (),
    )


def _uncapitalised(part: str) -> str:
    return part[:1].lower() + part[1:]


PLUGINS = CommandSpec(
    "plugins list",
    "Show what is installed, and what is wrong with it.",
    plugins,
    examples=("plugins", "plugins openai"),
    opens=False,
)
PLUGINS_SHOW = CommandSpec(
    "plugins show",
    "Show what a plugin provides, and what can be set for it.",
    show_plugin,
    examples=("plugins show openai",),
    opens=False,
)
PLUGINS_RESUME = CommandSpec(
    "plugins resume",
    "Resume a plugin that is paused after faults.",
    resume_plugin,
    role=Role.ADMIN,
    examples=("plugins resume acme",),
    faces=frozenset({Face.CHAT}),
)
PLUGINS_PIN = CommandSpec(
    "plugins pin",
    "Show what to write to allow a plugin as it is installed now, and no other.",
    pin_plugin,
    examples=("plugins pin acme",),
    faces=frozenset({Face.TERMINAL}),
    opens=False,
)
