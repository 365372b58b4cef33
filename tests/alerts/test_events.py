"""Tests of how an alert's life is shown: its state, its buttons, its events, its digest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kit.recording import HandClock
from overheard.alerts.events import (
    alert_row,
    alert_table,
    event_card,
    event_sentences,
    held_back,
    history_lines,
    quiet_hours_card,
    show_actions,
    state,
    with_state_and_actions,
)
from overheard.alerts.outbox import Routes
from overheard.alerts.service import Lifecycle
from overheard.cards.card import Card, Severity, Style
from overheard.cards.model_names import ModelNames
from overheard.cards.wording import heading
from overheard.config.sections import Config, RouteTable
from overheard.deployment import Call, assemble
from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Delivery,
    DeliveryKind,
    Metric,
    Model,
    Run,
    Scale,
    Shift,
)
from overheard.plugins import load_plugins
from overheard.testing.deployment import open_test_store

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
METRICS = {"visibility": Metric("visibility", Scale.BINARY, "Visibility")}
SHIFT = Shift("Acme", Model("svc", "m-1"), "visibility", 1, 0.7, 0.45, -0.25, (-0.4, -0.1))
CARD = Card("Acme: visibility fell", footer="Raised.", severity=Severity.BAD, data={"id": 3})
LIVE = (AlertState.OPEN, AlertState.GROWING)
OVER = (AlertState.RECOVERED, AlertState.CLOSED)


def alert_of(state: AlertState = AlertState.OPEN, **more: Any) -> Alert:
    """Make alert 3."""
    return Alert(SHIFT, NOON, state=state, **{"id": 3, **more})


@pytest.mark.parametrize(
    ("alert", "said"),
    [
        (alert_of(), "open"),
        (alert_of(by="Ada"), "open"),
        (alert_of(AlertState.GROWING, by="Ada"), "open, and grew"),
        (alert_of(AlertState.ACKNOWLEDGED, by="Ada (slack:U1)"), "acknowledged by Ada"),
        (alert_of(AlertState.RECOVERED), "recovered"),
        (alert_of(AlertState.CLOSED, by="Ada"), "closed by Ada"),
        (
            alert_of(AlertState.SNOOZED, by="Ada", until=NOON + timedelta(days=1)),
            "snoozed by Ada until 3 Mar 2026, 12:00 UTC",
        ),
        (alert_of(AlertState.SNOOZED), "snoozed until the next update of the model"),
    ],
)
def test_a_state_is_named_with_its_person_and_its_end(alert: Alert, said: str) -> None:
    """A state that no person has chosen names none."""
    assert state(alert, UTC) == said


def test_a_card_shows_the_state_of_its_alert() -> None:
    """As a field where nothing else shows it, and for machines."""
    until = NOON + timedelta(days=1)
    growing = with_state_and_actions(CARD, alert_of(AlertState.GROWING), UTC)
    snoozed = with_state_and_actions(CARD, alert_of(AlertState.SNOOZED, by="Ada", until=until), UTC)

    assert growing.fields == ()
    assert with_state_and_actions(CARD, alert_of(AlertState.RECOVERED), UTC).fields == ()
    assert growing.data == {
        "id": 3, "state": "growing", "by": "", "until": None, "follows": None
    }  # fmt: skip
    assert snoozed.data["until"] == "2026-03-03T12:00:00+00:00"


@pytest.mark.parametrize(
    ("states", "severity"),
    [
        (LIVE, Severity.BAD),
        ((AlertState.ACKNOWLEDGED, AlertState.SNOOZED), Severity.WARNING),
        ((AlertState.RECOVERED,), Severity.GOOD),
        ((AlertState.CLOSED,), Severity.PLAIN),
    ],
)
def test_the_colour_shows_the_state(states: tuple[AlertState, ...], severity: Severity) -> None:
    """Green is over, and yellow is in good hands."""
    for one in states:
        assert with_state_and_actions(CARD, alert_of(one), UTC).severity is severity


def test_the_details_lead_to_the_alert_before() -> None:
    """And machines find it in the data."""
    first, second = (
        with_state_and_actions(CARD, alert_of(follows=number), UTC, details=True)
        for number in (0, 2)
    )

    assert (first.data["follows"], second.data["follows"]) == (None, 2)
    words = [[action.words for action in card.actions] for card in (first, second)]
    assert "alerts show 2" in words[1]
    assert "alerts show 2" not in words[0]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (AlertState.OPEN, "acknowledge evidence brief show recheck snooze close close"),
        (AlertState.GROWING, "acknowledge evidence brief show recheck snooze close close"),
        (AlertState.ACKNOWLEDGED, "evidence brief show recheck snooze close close"),
        (AlertState.SNOOZED, "acknowledge evidence brief show recheck snooze close close"),
        (AlertState.RECOVERED, "evidence show"),
        (AlertState.CLOSED, "evidence show"),
    ],
)
def test_only_buttons_that_do_something_are_shown(state: AlertState, words: str) -> None:
    """Three buttons and a menu of five; what is possible depends on the state."""
    actions = with_state_and_actions(CARD, alert_of(state), UTC).actions

    assert " ".join(action.words.removeprefix("alerts ").split()[0] for action in actions) == words
    assert sum(not action.menu for action in actions) <= 3
    assert sum(action.menu for action in actions) <= 5
    assert all(" 3" in action.words for action in actions if action.words != "brief Acme")
    styles = [action.style for action in actions if action.label == "I'll take it"]
    assert styles in ([], [Style.PRIMARY])


def test_the_details_have_what_is_seldom_needed() -> None:
    """The other snoozes, the mark of an update, and opening again."""
    labels = {
        state: [
            action.label
            for action in with_state_and_actions(CARD, alert_of(state), UTC, details=True).actions
        ]
        for state in (AlertState.OPEN, AlertState.CLOSED)
    }

    details = with_state_and_actions(CARD, alert_of(follows=2), UTC, details=True).actions
    shown = {
        action.label for action in with_state_and_actions(CARD, alert_of(follows=2), UTC).actions
    }
    seldom = {action.label: action.menu for action in details if action.label not in shown}
    assert not seldom.pop("All figures"), "it is a button"
    assert "Snooze until the next update" in seldom
    assert all(seldom.values()), "they are in the menu"
    assert "The model was updated" in labels[AlertState.OPEN]
    assert "Snooze 1 day" in labels[AlertState.OPEN]
    assert "Open again" in labels[AlertState.CLOSED]


def test_checking_again_shows_its_price() -> None:
    """Where it has one."""
    labels = [
        [action.label for action in with_state_and_actions(CARD, alert_of(), UTC, price).actions]
        for price in ("", "about $0.42")
    ]

    assert "Ask again" in labels[0]
    assert "Ask again (about $0.42)" in labels[1]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("Ada (slack:U1)", "Ada closed it. Enough."),
        ("", "Someone closed it. Enough."),
        ("terminal", "Someone at the terminal closed it. Enough."),
    ],
)
def test_an_event_is_a_sentence_with_its_note(who: str, said: str) -> None:
    """Persons go by their names, without ids."""
    event = AlertEvent(AlertEventKind.CLOSED, NOON, who, "Enough.")

    assert event_sentences(event) == said
    assert event_sentences(replace(event, note="")) == said.removesuffix(" Enough.")


@pytest.mark.parametrize(
    ("what", "severity"),
    [
        (AlertEventKind.GREW, Severity.WARNING),
        (AlertEventKind.WOKEN, Severity.WARNING),
        (AlertEventKind.RECOVERED, Severity.GOOD),
        (AlertEventKind.ACKNOWLEDGED, Severity.PLAIN),
    ],
)
def test_an_event_in_a_thread_has_the_colour_of_its_news(
    what: AlertEventKind, severity: Severity
) -> None:
    """What needs attention again is a warning."""
    card = event_card(alert_of(), AlertEvent(what, NOON, "Ada"), ModelNames())

    assert (card.title, card.severity) == (f"Acme at m-1: {what.value}", severity)
    assert card.text == event_sentences(AlertEvent(what, NOON, "Ada"))


def test_the_history_has_a_line_for_each_event() -> None:
    """With the day in the reader's zone; that the alert goes on is no event for readers."""
    events = [
        AlertEvent(AlertEventKind.RAISED, NOON),
        AlertEvent(AlertEventKind.CLOSED, NOON + timedelta(hours=1), "Ada"),
    ]
    events.insert(1, AlertEvent(AlertEventKind.CONTINUED, NOON))
    assert list(history_lines(events, UTC)) == ["2 Mar: Raised.", "2 Mar: Ada closed it."]


@pytest.mark.parametrize(
    ("states", "title", "said", "severity"),
    [
        (LIVE, "2 alerts during quiet hours", "2 still open, below.", Severity.WARNING),
        (
            (AlertState.OPEN, AlertState.CLOSED),
            "2 alerts during quiet hours",
            "1 still open, below.",
            Severity.WARNING,
        ),
        (OVER, "2 alerts during quiet hours", "All of them are over.", Severity.PLAIN),
        (OVER[:1], "1 alert during quiet hours", "It is over.", Severity.PLAIN),
    ],
)
def test_a_digest_counts_what_is_still_open(
    states: tuple[AlertState, ...], title: str, said: str, severity: Severity
) -> None:
    """One alert that is over has a digest too: no other message shows it."""
    card = quiet_hours_card([alert_of(state) for state in states], ["m-1 fell"] * len(states), UTC)

    assert card
    assert (card.title, card.severity) == (title, severity)
    first, *lines = str(card.text).splitlines()
    assert first == said
    assert len(lines) == len(states)
    told = [f"12:00: m-1 fell ({state(alert_of(one), UTC)})" for one in states]
    assert lines == told
    assert [row["state"] for row in card.data["alerts"]] == [state.value for state in states]


def test_a_digest_of_one_open_alert_or_of_none_is_not_posted() -> None:
    """The alert has a message of its own."""
    assert quiet_hours_card([alert_of()], ["m-1 fell"], UTC) is None
    assert quiet_hours_card([], [], UTC) is None


async def test_a_list_of_alerts_has_a_row_for_each() -> None:
    """It is called by what moved: readers know no numbers; who types one finds it at the end."""
    closed, store = [alert_of(AlertState.CLOSED, by="Ada")], open_test_store()
    deployment = await assemble(Config(), store, load_plugins(Config()), clock=HandClock(NOON))
    table = alert_table(Call(deployment), closed)
    assert table
    in_chat = alert_table(Call(deployment, channel="slack:C1"), closed)
    assert in_chat
    assert in_chat.header == table.header[:3]
    assert alert_table(Call(deployment), []) is None

    assert table.header == ("What moved", "Raised", "State", "Alert")
    assert table.rows == (
        ("Acme at m-1: named less", "2 Mar 2026, 12:00 UTC", "closed by Ada", "3"),
    )
    assert table.right == frozenset({3})
    assert heading(table, list(table.rows[0][:1])) == "Acme at m-1: named less"
    [button] = show_actions(Call(deployment), [alert_of()])
    assert (button.words, button.label) == ("alerts show 3", "Acme at m-1, 2 Mar")
    assert alert_row(alert_of(follows=2)) == {
        "kind": "brand",
        "part_of": None,
        "id": 3, "opened_at": "2026-03-02T12:00:00+00:00", "brand": "Acme", "model": "svc/m-1",
        "metric": "visibility", "before": 0.7, "after": 0.45, "state": "open", "by": "",
        "until": None, "follows": 2,
    }  # fmt: skip


async def test_a_digest_gathers_the_alerts_of_one_night_and_channel() -> None:
    """Neither those of another night or channel, nor other messages."""
    store, clock = open_test_store(), HandClock(NOON.replace(hour=23))
    routes = [
        RouteTable(channel=channel, quiet="22:00-07:00") for channel in ("slack:C1", "slack:C2")
    ]
    life = Lifecycle(store, Routes(routes, METRICS), clock)
    for number, key in enumerate(("first", "second", "third")):
        run = await store.runs.start(Run(key, clock.now()))
        moved = replace(SHIFT, model=Model("svc", key), run_id=run.id)
        await life.raise_alert(Alert(moved, clock.now()))
        clock.pass_(hours=number * 24)
    found = await store.deliveries.find()
    digests = [d for d in found if d.kind is DeliveryKind.QUIET_HOURS]
    assert found[0] == digests[0], "it comes before its alerts"
    nights = {(d.channel, d.subject): [a.id for a in await held_back(store, d)] for d in digests}

    ends = [(NOON.replace(hour=7) + timedelta(days=day)).isoformat() for day in (1, 2)]
    assert nights == {
        ("slack:C1", ends[0]): [1, 2],
        ("slack:C2", ends[0]): [1, 2],
        ("slack:C1", ends[1]): [3],
        ("slack:C2", ends[1]): [3],
    }
    nothing = Delivery(DeliveryKind.QUIET_HOURS, "d", "slack:C3", NOON, subject=ends[0])
    assert await held_back(store, nothing) == []
