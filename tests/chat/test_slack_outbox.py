"""Alerts from the outbox to Slack, through all that can go wrong on the way."""

import pytest

from outbox_bot import Bot
from overheard.chat.slack.chat import SlackChat
from slack_desk import headers
from slack_methods import CHANNEL, Fault
from slack_peer import SlackPeer

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


async def test_one_message_lives_through_the_alerts_life(slack: SlackPeer, chat: SlackChat) -> None:
    """Edited in place, its history in the thread."""
    bot = Bot(chat, CHANNEL)
    alert = await bot.raise_alert()
    await bot.settle()
    await bot.lifecycle.acknowledge(alert.id, "Ada")
    await bot.settle()

    message, history = slack.messages
    assert headers(message) == ["Alert: acknowledged"]
    assert history["thread_ts"] == message["ts"]
