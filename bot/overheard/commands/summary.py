"""What a check found, as a card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from overheard.alerts.watch import Look
from overheard.cards import words
from overheard.cards.card import Card, Field, Severity
from overheard.checks.runner import Outcome
from overheard.commands.standing import Standing, table
from overheard.domain import Panel, RunState


def summary(
    panel: Panel,
    outcome: Outcome,
    rows: Sequence[Standing],
    faults: Counter[str],
    look: Look,
    alerts: tuple[Card, ...],
) -> Card:
    """Show how the brands stand after a run, what could not be asked, and the alerts below."""
    state = outcome.state
    return Card(
        title=f"Checked {words.listing(panel.brands)}",
        text="\n\n".join(_paragraphs(outcome, faults, look, alerts)),
        fields=tuple(_fields(outcome)),
        table=table(rows),
        severity=Severity.PLAIN if state is RunState.COMPLETE else Severity.WARNING,
        footer=f"Run {outcome.run.key}",
        more=alerts,
        data={
            "run": outcome.run.key,
            "label": outcome.run.label,
            "state": state.value,
            "answers": outcome.kept + outcome.complete + outcome.incomplete,
            "kept": outcome.kept,
            "incomplete": outcome.incomplete,
            "failures": dict(outcome.failures),
            "faults": dict(faults),
            "spent_usd": outcome.spent,
            "results": [row.data() for row in rows],
            "alerts": [alert.data for alert in alerts],
        },
    )


def _paragraphs(
    outcome: Outcome, faults: Counter[str], look: Look, alerts: tuple[Card, ...]
) -> Iterator[str]:
    if alerts:
        yield f"{words.count(len(alerts), 'alert')}, below."
    elif look.compared:
        yield "Nothing has moved by more than chance explains."
    else:
        yield "There is no earlier run to compare it with; the next check has this one."
    yield from told(outcome.failures + faults)


def told(faults: Counter[str]) -> Iterator[str]:
    """Yield what went wrong, and how often."""
    for sentence, count in faults.items():
        yield f"{sentence} ({words.count(count, 'time')})"


def _fields(outcome: Outcome) -> Iterator[Field]:
    yield Field("Answers", f"{outcome.kept + outcome.complete:,}")
    if outcome.kept:
        yield Field("Of these, asked before", f"{outcome.kept:,}")
    if outcome.incomplete:
        yield Field("Incomplete, not scored", f"{outcome.incomplete:,}")
    if outcome.failures:
        yield Field("Without an answer", f"{outcome.failures.total():,}")
    yield Field("Spent", words.money(outcome.spent))
