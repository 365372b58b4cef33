"""`plugins`: what is installed, and what is wrong with it."""

from __future__ import annotations

from typing import Protocol

from overheard.cards import words
from overheard.cards.card import Card, Severity, Table
from overheard.cards.command import CommandSpec, Option
from overheard.commands.finding import unknown
from overheard.plugins import PluginReport, Plugins
from overheard.settings import described


class HasPlugins(Protocol):
    """A deployment, open or not."""

    @property
    def plugins(self) -> Plugins:
        """What is installed, and what became of it."""
        ...


async def plugins(deployment: HasPlugins) -> Card:
    """Show every plugin as Loaded or Failed, and the remedy for each fault."""
    loaded = deployment.plugins
    faulty = loaded.faulty
    told = [f"{_named(report)} {report.problem.rstrip('.')}." for report in faulty]
    faults = "\n\n".join([*told, *loaded.paused])
    return Card(
        title=words.count(len(loaded.reports), "plugin"),
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


async def show_plugin(deployment: HasPlugins, *, name: str) -> Card:
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
        text=report.problem or (", ".join(report.provides) or "It provides nothing as it is set."),
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


def _named(report: PluginReport) -> str:
    return f"{report.name} {report.version}".rstrip()


def _state(report: PluginReport) -> str:
    return "Loaded" if report.loaded else "Failed"


PLUGINS = CommandSpec(
    "plugins list", "Show what is installed, and what is wrong with it.", plugins, opens=False
)
PLUGINS_SHOW = CommandSpec(
    "plugins show",
    "Show what a plugin provides, and what can be set for it.",
    show_plugin,
    (Option("name", "Its name.", required=True, positional=True),),
    examples=("plugins show openai",),
    opens=False,
)
