"""Alerts from the outbox to Discord, through all that can go wrong on the way."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from kit.both_chats import in_discord
from kit.discord_payloads import CHANNEL, GUILD
from kit.discord_peer import Peer
from kit.discord_rest import DIRECT, Fault
from kit.discord_rules import title, words
from kit.outbox_bot import Bot
from overheard.cards.card import Card

MESSAGES = "/channels/*/messages"


@pytest.fixture
async def bot(peer: Peer) -> AsyncIterator[Bot]:
    """A bot that posts there."""
    chat = in_discord(peer)
    yield Bot(chat, CHANNEL)
    await chat.close()


def titles(peer: Peer) -> list[str]:
    """Return the titles of the channel's messages."""
    return [title(message) for message in peer.shown()]


async def test_an_outage_of_an_hour_is_waited_out(peer: Peer, bot: Bot) -> None:
    """Discord takes no message and shows none; then there is one."""
    await bot.raise_alert()
    begun = bot.clock.now()
    peer.faults += [Fault("POST", MESSAGES, 503, times=12), Fault("GET", MESSAGES, 503, times=12)]
    while bot.clock.now() - begun < timedelta(hours=1):
        await bot.outbox.work()
        bot.clock.pass_(seconds=30)
    assert titles(peer) == []
    [stuck] = await bot.store.deliveries.find(waiting=True)
    assert stuck.problem
    peer.faults.clear()
    await bot.settle()

    assert titles(peer) == ["Alert: open"]


@pytest.mark.parametrize("lost", [1, 3])
async def test_an_answer_that_was_lost_is_no_reason_to_post_again(
    peer: Peer, bot: Bot, lost: int
) -> None:
    """The message is posted, and the connection is cut before the bot receives the answer."""
    await bot.raise_alert()
    peer.faults.append(Fault("POST", MESSAGES, 0, times=lost))
    await bot.settle()

    assert titles(peer) == ["Alert: open"]


async def test_a_recurrence_links_to_the_earlier_message(peer: Peer, bot: Bot) -> None:
    """By its address, as long as it is there."""
    bot.earlier = await bot.chat.post(CHANNEL, Card("The earlier one"), key="earlier")
    alert = await bot.raise_alert()
    await bot.settle()

    link = (
        f"[Go to the earlier alert](https://discord.com/channels/{GUILD}/{CHANNEL}/{bot.earlier})"
    )
    assert link in words(peer.shown()[1]).splitlines()
    del peer.messages[bot.earlier]
    await bot.handling.close(alert.id, "Ada")
    await bot.settle()
    assert [link in str(message) for message in peer.shown()] == [False]


async def test_what_is_for_one_person_is_a_direct_message(peer: Peer, bot: Bot) -> None:
    """Such as the request to an admin; it is posted once, and edited there."""
    message = await bot.chat.post("@2000000000000000009", Card("Someone needs you"), key="k")
    await bot.chat.edit("@2000000000000000009", message, Card("Done"))

    assert peer.shown() == []
    assert [title(one) for one in peer.shown(DIRECT)] == ["Done"]
    assert await bot.chat.find("@2000000000000000009", "k") == message
