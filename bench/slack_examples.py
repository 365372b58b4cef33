"""Cards that chats show and the terminal does not, for `bench/slack_gallery.py`; all invented."""

from __future__ import annotations

from gallery import HOSTILE

from overheard.cards.card import Action, Card, Field, Severity, Style, Table, Tainted
from overheard.cards.command import CommandSpec, Kind, Option
from overheard.interfaces import Form

ACTIONS = (
    Action("alerts acknowledge 12", "Acknowledge", Style.PRIMARY),
    Action("alerts snooze 12 --for 1d", "Snooze 1 day"),
    Action("alerts snooze 12 --for 1w", "Snooze 1 week"),
    Action("evidence 12", "Evidence"),
    Action("alerts recheck 12", "Re-check now ($0.42)", confirm="It costs about $0.42."),
)
"""An alert's buttons."""


def more_cards() -> dict[str, Card]:
    """Return cards that chats show and the terminal does not."""
    return {
        "question": Card(
            "240 questions for about $1.42",
            "check Acme\n\nAt most $3.10.",
            actions=(Action("confirm x", "Ask", Style.PRIMARY), Action("cancel x", "Cancel")),
        ),
        "progress": Card(
            "Working on it: check Acme",
            "Asking …",
            (
                Field("Done", "120 of 240"),
                Field("Spent", "$0.71"),
                Field("Time left", "about 40 s"),
            ),
            actions=(Action("runs cancel r", "Stop", Style.DANGER, "Stop this run?"),),
        ),
        "standing": standing(),
        "wide": wide(),
        "answer": Card(
            "openai/gpt-5 says",
            Tainted("For small teams I would look at **Trello** first. " * 12 + HOSTILE),
            footer="Asked just now; $0.002",
        ),
    }


def standing() -> Card:
    """Return a table of brands."""
    rows = [
        ("Acme", "43 %", "35 to 52 %", "+0.42", "1.8"),
        ("Globex", "61 %", "52 to 69 %", "+0.31", "1.4"),
        ("Umbrella Analytics International", "20 %", "14 to 28 %", "+0.05", "3.1"),
        ("株式会社テスト", "9 %", "5 to 16 %", "0.00", "4.0"),
    ]
    header = ("Brand", "Visibility", "90 % interval", "Sentiment", "Position")
    return Card(
        "How Acme stands at openai/gpt-5", table=Table(header, tuple(rows), frozenset(range(1, 5)))
    )


def wide() -> Card:
    """Return a table that no window has room for."""
    names = ("Schedule", "When", "Time zone", "Brands", "Models", "Repeats", "Next", "Last")
    row = (
        "weekly check of all products", "Mondays at 07:00", "Europe/Berlin", "Acme, Globex",
        "openai/gpt-5, anthropic/claude", "3", "30 Mar 2026, 07:00 CEST", "complete",
    )  # fmt: skip
    return Card("Schedules", table=Table(names, (row, row), frozenset({5})))


def status() -> Card:
    """Return an invented card of the App Home."""
    return Card(
        "Overheard",
        "2 brands are measured with 3 models. The next run is on 30 Mar 2026, 07:00 CEST.",
        (Field("Open alerts", "1"), Field("Spent this month", "$12.40 of $100.00")),
        actions=(Action("report", "Report", Style.PRIMARY), Action("help", "Help")),
        more=(standing(), more_alert()),
    )


def more_alert() -> Card:
    """Return an alert that was acknowledged."""
    return Card(
        "Globex gained visibility at local/smollm2",
        "Acknowledged by Ann Lee, 24 Mar 2026, 08:12 CET.",
        severity=Severity.GOOD,
        actions=(Action("evidence 13", "Evidence"),),
    )


def form() -> Form:
    """Return a form that was sent back with a problem."""

    async def nothing(**_: object) -> Card:
        return Card("")

    options = (
        Option("name", "What it is called.", required=True),
        Option("aliases", "Other spellings.", many=True),
        Option("competitors", "Brands it competes with.", Kind.BRAND, many=True),
        Option("category", "What it is, in a few words."),
        Option("tracked", "Whether it raises alerts.", Kind.FLAG, default=True),
    )
    spec = CommandSpec("brands add", "Measure one more brand.", nothing, options)
    values = {"name": "Acme", "aliases": ["Acme Inc.", "ACME"], "competitors": ["Globex"]}
    return Form(spec, "Add a brand", values, 'There is a brand "Acme" already.')
