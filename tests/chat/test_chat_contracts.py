"""The built-in chats pass the kit's check."""

from collections.abc import Iterator
from typing import Any

from kit.both_chats import in_discord
from kit.discord_payloads import CHANNEL as DISCORD_CHANNEL
from kit.discord_peer import Peer
from kit.discord_rules import words
from kit.slack_methods import CHANNEL as SLACK_CHANNEL
from kit.slack_peer import SlackPeer
from overheard.testing import check_chat
from overheard_discord.limits import DISCORD
from overheard_slack.chat import SlackChat
from overheard_slack.limits import SLACK


def marked_up(part: Any) -> Iterator[str]:
    """Yield the texts of blocks that Slack reads as markup; others are literal."""
    if isinstance(part, dict) and part.get("type") == "mrkdwn":
        yield part["text"]
    elif isinstance(part, dict | list):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from marked_up(inner)


async def test_slack_passes(slack: SlackPeer, chat: SlackChat) -> None:
    """The peer refuses what Slack would, and mentions in text from outside have no effect."""
    await check_chat(
        chat,
        SLACK_CHANNEL,
        sent=lambda: [[*marked_up(m["blocks"]), m["text"]] for m in slack.messages],
        longest=SLACK.message,
        pings=["<!channel>", "<@U1>"],  # a bare @ calls nobody in Slack
    )


async def test_discord_passes(peer: Peer) -> None:
    """Its peer refuses what Discord would."""
    chat = in_discord(peer)
    await check_chat(
        chat,
        DISCORD_CHANNEL,
        sent=lambda: [words(message) for message in peer.shown()],
        longest=DISCORD.text,
        pings=["<@U1>"],  # a bare @ is void by allowed_mentions
    )
    await chat.close()
