"""Consistency over simulated histories: whatever happens, no card contradicts another or itself.

Each test replays a history of checks with changes, returns, false claims, updates, refusals, quiet
hours and people who act, and renders what every surface shows of it.
"""

import io
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from kit.alert_shapes import DAY, MODEL, NOON, evidence_of, shift_of, stream_of
from kit.simulated_year import ANSWERS, CHANNEL, USUAL, Year
from kit.stories import read_stories
from overheard.alerts.events import with_state_and_actions
from overheard.alerts.message import alert_message
from overheard.alerts.outbox import Outgoing
from overheard.alerts.story import StoryState, periods_of
from overheard.cards.card import Card
from overheard.cards.charts.renderer import without_pictures
from overheard.chat.terminal.console import print_card
from overheard.commands.alerts import alert_card
from overheard.commands.changes import list_updates
from overheard.commands.delivery_cards import compose_delivery
from overheard.commands.report import report
from overheard.commands.status import status
from overheard.deployment import Call
from overheard.detection.placement import AlertAction, place
from overheard.domain import Alert, AlertState, DeliveryKind, Shift
from overheard_discord import layouts
from overheard_slack import blocks

NOT_SAID = re.compile(
    r"\b(prompts?|runs?|panel|baseline|bursts?|canary|tau|served model|fingerprint|edition|"
    r"scorers?|judge|stream|cron|interval|openai/|anthropic/|slack:)\b",
    re.IGNORECASE,
)
"""Words that marketing people are not shown in the message of an alert."""
ZONES = re.compile(r"\b(UTC|GMT|CET|CEST|EST|PST|JST)\b")
COUNTS = re.compile(
    r"(?:Named|Recommended first|Named first) in (\d+) of (\d+) answers, usually (\d+)"
)
MEAN = re.compile(r"usually \d+; (\d+) on average since")
OVER = re.compile(r"again|has Acme's .* right|no longer|as before")
"""What the title of an alert says that is over."""
PATIENCE = 4
"""Weeks at the old level after which an alert must be over."""


def words(card: Card) -> str:
    """Return all that a card says, its menus and buttons apart."""
    fields = [f"{field.name}: {field.value}" for field in card.fields]
    rows = [" ".join(map(str, row)) for row in card.table.rows] if card.table else []
    alt = [card.image.alt] if card.image else []
    parts = [card.title, card.text, *fields, *rows, *alt, card.footer]
    own = " \n".join(str(part) for part in parts if part)
    return " \n".join([own, *map(words, card.more)])


def surfaces(card: Card) -> Iterator[str]:
    """Yield what Slack, Discord and the terminal show of a card."""
    yield json.dumps([list(one.blocks) for one in blocks.render(card)], ensure_ascii=False)
    pieces = [piece for page in layouts.render(card) for piece in page.pieces]
    yield "\n".join(piece.text for piece in pieces if isinstance(piece, layouts.TextWithButton))
    console = Console(file=io.StringIO(), width=80, record=True)
    print_card(card, console)
    yield " ".join(console.export_text().replace("│", " ").split())


async def assert_consistent(year: Year) -> None:
    """Assert every rule of one story an event, at the present moment of a history."""
    deployment = await year.deployment.refreshed()
    call = Call(deployment, channel=CHANNEL, zone=deployment.zone)
    alerts = await deployment.store.alerts.find()
    live = [alert for alert in alerts if not alert.state.over]
    with without_pictures():
        messages = {alert.id: await alert_card(call, alert) for alert in alerts[:3]}
        details = [await alert_card(call, a, details=True) for a in alerts[:2]]
        home = await status(call)
        reported = await report(call)
        updated = await list_updates(call)
    cards = [*messages.values(), *details, home, reported, updated]

    for card in cards:
        said = words(card)
        assert len(set(ZONES.findall(said))) <= 1, said
        assert "second model would" not in said
        assert "did not move with it" not in said
        assert not re.search(r"position (rose|fell)|nothing has moved", said, re.IGNORECASE), said
        assert "probability of under" not in said
        for shown in surfaces(card):
            assert card.title.split(",")[0][:40] in shown.replace("\N{NO-BREAK SPACE}", " ")
    for alert in alerts[:3]:
        _assert_message(alert, messages[alert.id])

    keys = [(alert.shift.brand, alert.shift.model) for alert in live]
    assert len(keys) == len(set(keys)), "two open alerts of one story"
    stories = await read_stories(deployment.store, deployment.clock.now())
    moved = {key for key, story in stories.items() if story.state is StoryState.MOVED}
    assert moved == set(keys)
    assert [row["id"] for row in home.data["alerts"]] == [alert.id for alert in live]
    for alert in live[:2]:
        assert messages.get(alert.id, home).title.rstrip(".") in words(home)
        titles = [messages[one.id].title.rstrip(".") for one in live if one.id in messages]
        assert any(title in year.checked for title in titles), year.checked
    updates = [(u["source"], u["model"], u["at"][:10]) for u in updated.data["updates"]]
    marked = [tuple(one) for source, *one in updates if source == "people"]
    known = [tuple(one) for source, *one in updates if source != "people"]
    assert len(marked) == len(set(marked))
    assert not set(marked) & set(known), "an update is marked twice"
    _assert_no_recovery_is_open(year, live)


def _assert_message(alert: Alert, card: Card) -> None:
    """Assert that an alert's message agrees with itself and keeps its budgets."""
    said = " ".join(map(str, (card.title, card.text, card.footer)))
    assert not NOT_SAID.search(said), said
    assert len(said.split()) <= 60
    assert len(re.findall(r"\d+", said)) <= 12
    assert sum(not action.menu for action in card.actions) <= 3
    assert sum(action.menu for action in card.actions) <= 5
    is_over = bool(OVER.search(card.title))
    assert is_over == (alert.state is AlertState.RECOVERED), (alert.state, card.title)
    assert not re.search(r"It says .* in 0 answers|still stated", said), said
    if found := COUNTS.search(said):
        now, total, usual = map(int, found.groups())
        worse, better = "less" in card.title, "more" in card.title
        if (worse and now >= usual) or (better and now <= usual):
            mean = MEAN.search(said)
            assert mean, said
            assert int(mean[1]) < usual if worse else int(mean[1]) > usual, said
        assert now < usual or "took your place" not in said, said
        assert card.image
        assert f"Acme {now}" in card.image.alt or f"{now}" in card.image.alt, card.image.alt
        assert total == ANSWERS


def _assert_no_recovery_is_open(year: Year, live: list[Alert]) -> None:
    for alert in live:
        latest = list(islice(year.shares(alert.shift.model.provider), PATIENCE + 2))
        script = year.scripts[alert.shift.model.provider][max(0, year.week - 8) : year.week + 1]
        settled = all(abs(share - USUAL) < 0.05 for share in latest) and len(latest) > PATIENCE
        if settled and not any(week.lies or week.refuses for week in script):
            started = alert.shift.before
            assert abs(started - USUAL) > 0.2, f"alert {alert.id} is open though all is as it was"


async def assert_delivered(year: Year, sent: dict[str, int]) -> None:
    """Compose what is due in the channel, and assert that each alert is one message."""
    deliveries = year.deployment.store.deliveries
    now = year.clock.now()
    until = now + timedelta(days=1)
    due = await deliveries.claim("test", now, until, chats=["fake"], limit=50)
    for delivery in due:
        with without_pictures():
            outgoing = await compose_delivery(year.deployment, delivery)
        if isinstance(outgoing, Outgoing) and delivery.kind is DeliveryKind.ALERT:
            sent[delivery.key] = sent.get(delivery.key, 0) + (not delivery.message)
        if outgoing is None or isinstance(outgoing, Outgoing):
            message = delivery.message or (f"m{delivery.id}" if outgoing else "")
            shown = outgoing.revision if outgoing else delivery.wanted
            await deliveries.record(delivery, "test", message=message, shown=shown)
    assert all(count == 1 for count in sent.values()), sent


async def live_through(seed: int, weeks: int, every: int) -> Year:
    """Replay a history, and assert the rules every so many weeks, when something has changed."""
    year = await Year.open(seed, weeks)
    sent: dict[str, int] = {}
    for number in range(weeks):
        year.week = number
        await year.pass_week()
        await assert_delivered(year, sent)
        if number >= 6 and (number % every == 0 or number == weeks - 1):
            await assert_consistent(year)
    return year


LEVELS = (USUAL, USUAL, 0.1, 0.45)


def turns(seed: int, weeks: int = 30) -> Iterator[tuple[list[Alert], list[float]]]:
    """Yield the alerts about a brand that moves as chance has it, and how often it was named, after
    each week; each change is found at once, and a person sometimes takes or closes an alert.
    """
    chance = random.Random(seed)  # noqa: S311 - a simulation
    alerts: list[Alert] = []
    shares: list[float] = []
    for week in range(1, weeks):
        share = USUAL if week < 6 or chance.random() < 0.5 else chance.choice(LEVELS)
        share = round(share * ANSWERS) / ANSWERS
        if shares and share != shares[-1]:
            moved = {"before": shares[-1], "after": share, "change": share - shares[-1]}
            alerts = placed(shift_of(run_id=week, began=week, **moved), alerts, NOON + week * DAY)
        shares.append(share)
        if alerts and not alerts[0].state.over and (state := chance.choice(ACTS)):
            over = NOON + week * DAY if state.over else None
            alerts = [
                replace(alerts[0], state=state, by="Ada (slack:U1)", over_at=over),
                *alerts[1:],
            ]
        yield alerts, shares


ACTS = (None, None, None, AlertState.ACKNOWLEDGED, AlertState.SNOOZED, AlertState.CLOSED)


def placed(shift: Shift, alerts: list[Alert], at: datetime) -> list[Alert]:
    """Return the alerts, the newest first, after a shift, as `Lifecycle` leaves them."""
    found = place([shift], alerts, at)
    ended: dict[str, Any] = {"state": AlertState.RECOVERED, "over_at": at}
    after: dict[AlertAction, dict[str, Any]] = {
        AlertAction.GROW: {"state": AlertState.GROWING, "over_at": None},
        AlertAction.EASE: {},
        AlertAction.RECOVER: ended,
    }
    changed = []
    for alert in alerts:
        if alert.id == found.alert and found.action in after:
            back = found.action is not AlertAction.GROW
            later = (*alert.later, replace(shift, recovery=back))
            changed.append(replace(alert, later=later, **after[found.action]))
        elif alert.id in found.recovers:
            changed.append(replace(alert, **ended))
        else:
            changed.append(alert)
    if found.action is AlertAction.RAISE:
        changed.insert(0, Alert(shift, at, follows=found.follows, id=len(alerts) + 1))
    return changed


@pytest.mark.parametrize("seed", range(12))
def test_a_story_is_one_message_however_often_it_turns(seed: int) -> None:
    """At most one alert is open, none is open when all is as it was, and every message agrees with
    its picture and with what is usual.
    """
    for alerts, shares in turns(seed):
        live = [alert for alert in alerts if not alert.state.over]
        assert len(live) <= 1
        if alerts and not any(alert.state is AlertState.CLOSED for alert in alerts):
            assert bool(live) == (shares[-1] < shares[0])
        starts = {run: NOON + run * DAY for run in range(len(shares) + 1)}
        for alert in alerts[:1]:
            others = [other for other in alerts if other is not alert]
            stream = stream_of("Acme", MODEL, [[0, 0]] * len(shares))
            total = np.repeat(np.array(shares)[:, None] * ANSWERS / 2, 2, axis=1)
            sized = replace(stream, n=np.full(total.shape, ANSWERS // 2), total=total)
            known = evidence_of(
                began=starts[alert.shift.began],
                streams=(sized,),
                earlier=periods_of(others, starts),
                until=alert.over_at,
                grown={later.run_id: starts[later.run_id] for later in alert.later},
            )
            with without_pictures():
                card = with_state_and_actions(alert_message(alert, known), alert, UTC)
            _assert_message(alert, card)


@pytest.mark.slow
async def test_no_card_contradicts_another() -> None:
    """Four months."""
    await live_through(seed=3, weeks=16, every=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
async def test_no_card_contradicts_another_in_a_year(seed: int) -> None:
    """A year of weekly checks."""
    await live_through(seed=seed, weeks=52, every=1)
