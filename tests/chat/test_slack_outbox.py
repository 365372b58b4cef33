"""Alerts from the outbox to Slack, through all that can go wrong on the way."""

from typing import Any

import pytest

from kit.outbox_bot import Bot
from kit.slack_desk import headers
from kit.slack_methods import CHANNEL, Fault
from kit.slack_peer import SlackPeer
from overheard.cards.card import Card
from overheard_slack.chat import SlackChat

JSON = "application/json"
OUTAGE = [Fault(503), Fault(502), Fault(hang_up=True), Fault(429, "", {"Retry-After": "0"})]
LOST = [
    Fault(500, done=True),
    Fault(hang_up=True, done=True),
    Fault(200, "[]", content_type=JSON, done=True),
]


@pytest.mark.parametrize(
    "faults", [OUTAGE * 3, LOST[:1], LOST[1:2], LOST[2:]], ids=["outage", "500", "cut", "nonsense"]
)
async def test_whatever_slack_does_there_is_one_message(
    slack: SlackPeer, chat: SlackChat, faults: list[Fault]
) -> None:
    """An outage is waited out; an answer that was lost is no reason to post again."""
    bot = Bot(chat, CHANNEL)
    await bot.raise_alert()
    slack.faults["chat.postMessage"] = [*faults]
    await bot.settle()

    assert [headers(message) for message in slack.messages] == [["Alert: open"]]
    assert slack.faults["chat.postMessage"] == []


async def test_a_recurrence_links_to_the_earlier_message(slack: SlackPeer, chat: SlackChat) -> None:
    """By its permalink, also when it is edited; no more once it is deleted."""
    bot = Bot(chat, CHANNEL)
    bot.earlier = await chat.post(CHANNEL, Card("The earlier one"), key="earlier")
    alert = await bot.raise_alert()
    await bot.settle()
    await bot.handling.acknowledge(alert.id, "Ada")
    await bot.settle()

    permalink = f"https://acme.slack.com/archives/{CHANNEL}/p{bot.earlier.replace('.', '')}"
    assert links(slack.messages[1]) == [permalink]
    del slack.messages[0]
    await bot.handling.close(alert.id, "Ada")
    await bot.settle()
    assert (headers(slack.messages[0]), links(slack.messages[0])) == (["Alert: closed"], [])


async def test_a_link_that_cannot_be_had_holds_nothing_up(
    slack: SlackPeer, chat: SlackChat
) -> None:
    """Slack returns no permalink, and the alert is posted without it."""
    bot = Bot(chat, CHANNEL)
    bot.earlier = "1.0"
    slack.faults["chat.getPermalink"] = [Fault(200, "[]", content_type=JSON)]
    await bot.raise_alert()
    await bot.settle()

    assert [links(message) for message in slack.messages] == [[]]


def links(message: dict[str, Any]) -> list[str]:
    """Return where a message leads."""
    parts = [part for block in message["blocks"] for part in block.get("elements", [])]
    return [run["url"] for part in parts for run in part.get("elements", []) if "url" in run]
