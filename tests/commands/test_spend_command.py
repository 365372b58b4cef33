"""What `spend` says of a ledger that is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.office import Office, open_office
from kit.scripted import SteppingClock, reply
from overheard.cards.card import Card, Choice, Severity
from overheard.cards.charts.renderer import without_pictures
from overheard.commands.spend import spend
from overheard.deployment import Call
from overheard.domain import (
    TERMINAL,
    Account,
    Answer,
    Model,
    Panel,
    Prompt,
    Question,
    ReservationRequest,
    Run,
    Usage,
)

NOW = datetime(2026, 3, 20, 15, 30, tzinfo=UTC)
SHARED, OWN = Prompt("Which tool is best?"), Prompt("Is Acme good?", brands=("Acme",))
ONE, TWO = Model("svc", "m-1"), Model("other", "x")
CONFIG = '[[brands]]\nname = "Acme"\n[[brands]]\nname = "Zeta"\n[[prompts]]\ntext = "Which?"\n'
ADA = "Ada (slack:U1)"
CHAT = "slack:C1"


async def ledger(config: str = "", *, terminal_only: bool = False) -> Office:
    """Open an office that paid for answers of two models: $4 today by Ada, of which $1 is an
    estimate; $2 five days ago in the terminal; $10 in the month before, and $32 for an import.
    """
    office = await open_office(CONFIG + config)
    object.__setattr__(office.deployment, "clock", SteppingClock(NOW))
    entries: list[tuple[str, datetime, Panel | None, str, str, list[Any]]] = [
        ("old", datetime(2026, 2, 27, 9, tzinfo=UTC), both(), ADA, "slack:C1", [(OWN, TWO, 10.0)]),
        ("days", NOW - timedelta(days=5), both(), "terminal", "terminal", [(OWN, ONE, 2.0)]),
    ]
    if not terminal_only:
        today = [(SHARED, ONE, 2.0), (SHARED, TWO, 1.0), (OWN, TWO, 1.0)]
        entries += [
            ("now", NOW - timedelta(hours=2), both(), ADA, "slack:C1", today),
            ("import", datetime(2026, 3, 1, tzinfo=UTC), None, "", "", [(SHARED, ONE, 32.0)]),
        ]
    for key, at, panel, who, channel, paid in entries:
        run = await office.store.runs.start(Run(key, at, panel, asked_by=who, channel=channel))
        for number, (prompt, model, usd) in enumerate(paid):
            usage = Usage(9, 9) if (prompt, model) != (OWN, TWO) else Usage()
            said = reply(cost_usd=usd, usage=usage)
            question = Question(prompt, model, number)
            await office.store.answers.add([Answer(run.id, question, said, at)])
    return office


def both() -> Panel:
    """Return a panel for two brands."""
    return Panel(("Acme", "Zeta"), (SHARED, OWN), (ONE, TWO), repeats=3)


async def told(office: Office, channel: str = CHAT, **options: Any) -> Card:
    """Return the card."""
    with without_pictures():
        return await spend(Call(office.deployment, channel=channel), **options)


async def test_each_way_to_sum_up_divides_all_that_was_spent() -> None:
    """By service, model, brand, person and channel, the largest first; brands share what is asked
    for both, and what belongs to nobody has a line of its own.
    """
    card = await told(await ledger())
    data = card.data

    assert (data["spent_usd"], data["estimated_usd"], data["answers"]) == (38.0, 1.0, 5)
    assert list(data["by_provider"].items()) == [("svc", 36.0), ("other", 2.0)]
    assert list(data["by_model"].items()) == [("svc/m-1", 36.0), ("other/x", 2.0)]
    assert list(data["by_brand"].items()) == [("(none)", 32.0), ("Acme", 4.5), ("Zeta", 1.5)]
    assert list(data["by_asker"].items()) == [("(unknown)", 32.0), (ADA, 4.0), ("terminal", 2.0)]
    assert list(data["by_channel"].items()) == [
        ("(none)", 32.0),
        ("slack:C1", 4.0),
        ("terminal", 2.0),
    ]
    assert card.footer == "Brands that share an answer share its cost."
    assert card.title == "Spent about $38.00"
    assert card.text == (
        "Since 1 Mar 2026, for 5 answers. Of this, $1.00 is estimated: the services did not report "
        "the usage."
    )


@pytest.mark.parametrize(
    ("options", "since", "until", "usd", "words"),
    [
        ({}, "2026-03-01", None, 38.0, "Since 1 Mar 2026, for 5 answers."),
        ({"days": 1}, "2026-03-20", None, 4.0, "Since 20 Mar 2026, for 3 answers."),
        ({"days": 5}, "2026-03-16", None, 4.0, "Since 16 Mar 2026, for 3 answers."),
        ({"days": 6}, "2026-03-15", None, 6.0, "Since 15 Mar 2026, for 4 answers."),
        ({"days": 6, "since": "2026-02-01"}, "2026-02-01", None, 48.0, "Since 1 Feb 2026, for 6"),
        (
            {"since": "2026-02-27", "until": "2026-03-15"},
            *("2026-02-27", "2026-03-16", 44.0),
            "From 27 Feb 2026 to 15 Mar 2026, for 3 answers.",
        ),
        ({"until": "2026-02-27"}, "2026-02-01", "2026-02-28", 10.0, "From 1 Feb 2026 to"),
        ({"days": 1, "until": "2026-03-01"}, "2026-03-02", "2026-03-02", 0.0, "From 2 Mar 2026 to"),
    ],
)
async def test_the_time_is_this_month_or_the_one_that_is_given(
    options: dict[str, Any], since: str, until: str | None, usd: float, words: str
) -> None:
    """Days count from midnight, today is one of them, and a last day is included."""
    card = await told(await ledger(), **options)

    assert card.data["since"] == f"{since}T00:00:00+00:00"
    assert card.data["until"] == (until and f"{until}T00:00:00+00:00")
    assert card.data["spent_usd"] == usd
    assert str(card.text).startswith(words)


async def test_each_limit_shows_what_is_spent_and_held_of_it() -> None:
    """A limit of nothing is used up; accounts without a limit are not listed."""
    budget = '[budget]\nday = 8\nmonth = 0\nbrands = { Acme = 9 }\nchannels = { "slack:C1" = 5 }\n'
    office = await ledger(budget)
    [run] = [r for r in await office.store.runs.find() if r.key == "now"]
    day = Account("day", period="2026-03-20")
    await office.store.money.reserve(run.id, [ReservationRequest(day, 1.5, 99.0)])
    card = await told(office)

    assert card.data["budget"] == [
        {"key": "day", "spent": 4.0, "held": 1.5, "allowed": 8.0, "share": 0.5},
        {"key": "month", "spent": 38.0, "held": 0.0, "allowed": 0.0, "share": 1.0},
        {"key": "brands.Acme", "spent": 4.5, "held": 0.0, "allowed": 9.0, "share": 0.5},
        {"key": "channels.slack:C1", "spent": 4.0, "held": 0.0, "allowed": 5.0, "share": 0.8},
    ]
    assert [(field.name, field.value) for field in card.fields] == [
        ("Today", "$4.00 of $8.00 (50 %)"),
        ("This month", "$38.00 of $0.00 (100 %)"),
        ("Acme, this month", "$4.50 of $9.00 (50 %)"),
        ("slack:C1, this month", "$4.00 of $5.00 (80 %)"),
    ]


@pytest.mark.parametrize(("limit", "near"), [(5.0, True), (5.01, False)])
async def test_a_limit_that_is_nearly_spent_is_a_warning(limit: float, near: bool) -> None:
    """From four fifths on."""
    card = await told(await ledger(f"[budget]\nday = {limit}\n"))

    assert card.severity is (Severity.WARNING if near else Severity.PLAIN)


async def test_a_chat_has_a_menu_of_what_there_is_to_compare() -> None:
    """Each entry keeps the words that were typed; a chart that has one bar is not offered."""
    office = await ledger()
    menu = (await told(office, by="brand", since="2026-02-01", days=3)).choice
    assert isinstance(menu, Choice)
    typed = "--days 3 --since 2026-02-01"

    assert [(entry.words, entry.label) for entry in menu.actions] == [
        (f"spend --by model {typed}", "By model"),
        (f"spend --by brand {typed}", "By brand"),
        (f"spend --by asker {typed}", "By person"),
        (f"spend --by provider {typed}", "By service"),
    ]
    assert menu.chosen == 1
    assert (await told(office, by="channel")).choice is None
    few = await ledger(terminal_only=True)
    assert (await told(few)).choice is None
    two = (await told(few, since="2026-02-01", by="brand")).choice
    assert isinstance(two, Choice)
    assert [entry.label for entry in two.actions] == [
        "By model",
        "By brand",
        "By person",
        "By service",
    ]


async def test_names_are_those_that_readers_know() -> None:
    """Models and people have the names that readers know; a table of one line says nothing new."""
    office = await ledger()
    card = await told(office, by="asker")

    assert card.table is not None
    assert card.table.header == ("Person", "Spent")
    assert card.table.rows == (("(unknown)", "$32.00"), ("Ada", "$4.00"), ("terminal", "$2.00"))
    assert (card.table.right, card.table.pictured) == (frozenset({1}), True)
    assert [action.label for action in card.actions] == ["Budget"]
    assert card.more == ()
    assert card.image is not None
    assert "Spent by person" in card.image.alt
    assert (await told(office, by="channel")).table.header[0] == "Channel"  # type: ignore[union-attr]
    few = await told(await ledger(terminal_only=True), TERMINAL)
    assert few.more == ()
    assert few.footer == ""


async def test_a_time_without_answers_is_no_picture() -> None:
    """And nothing of it is an estimate."""
    card = await told(await ledger(), days=1, until="2026-03-01")

    assert card.title == "Spent $0.00"
    assert (card.image, card.table, card.choice) == (None, None, None)
    assert "estimated" not in str(card.text)


async def test_a_time_of_estimates_alone_says_so() -> None:
    """The one answer before March reported no usage."""
    card = await told(await ledger(), since="2026-02-01", until="2026-02-28")

    assert card.title == "Spent about $10.00"
    assert str(card.text).endswith(
        "for 1 answer. This is estimated: the services did not report the usage."
    )
