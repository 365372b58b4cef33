"""`plugins`: what is installed, and what is wrong with it."""

from __future__ import annotations

from overheard.cards import words
from overheard.cards.card import Card, Severity, Table
from overheard.plugins import PluginReport, Plugins


def plugins(loaded: Plugins) -> Card:
    """Show every plugin as Loaded or Failed, and the remedy for each fault."""
    faulty = loaded.faulty
    faults = "\n\n".join(f"{_named(report)} {report.problem.rstrip('.')}." for report in faulty)
    return Card(
        title=words.count(len(loaded.reports), "plugin"),
        text=faults or "All of them are loaded.",
        table=Table(
            ("Plugin", "Version", "State", "Provides"),
            tuple((r.name, r.version, _state(r), ", ".join(r.provides)) for r in loaded.reports),
        ),
        severity=Severity.WARNING if faulty else Severity.GOOD,
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
            ]
        },
    )


def _named(report: PluginReport) -> str:
    return f"{report.name} {report.version}".rstrip()


def _state(report: PluginReport) -> str:
    return "Loaded" if report.loaded else "Failed"
