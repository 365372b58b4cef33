"""Questions in words in Slack: mentions, direct messages, threads and the assistant panel."""

import asyncio
from typing import Any

from kit.slack_desk import ScriptedDesk
from kit.slack_methods import CHANNEL
from kit.slack_peer import SlackPeer
from overheard.cards.card import Card
from overheard.interfaces import Conversation, Request
from overheard_slack.chat import SlackChat


async def test_a_mention_is_answered_in_its_thread(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Without the mention, and without the markup of links."""
    ts = await slack.say("<@UBOT> how is <http://monday.com|monday.com> doing &amp; why?")
    await slack.until(lambda: slack.messages)

    [request], [message] = desk.requests, slack.messages
    assert request.question == "how is monday.com doing & why?"
    assert (request.channel, request.message, request.thread) == (f"slack:{CHANNEL}", "", ts)
    assert (message["channel"], message["thread_ts"]) == (CHANNEL, ts)


async def test_a_mention_in_a_thread_means_its_first_message(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Such as that of an alert."""
    await slack.say("<@UBOT> why?", thread="1700000000.000001")
    await slack.until(lambda: slack.messages)

    assert desk.requests[0].message == "1700000000.000001"
    assert slack.messages[0]["thread_ts"] == "1700000000.000001"


async def test_direct_messages_are_answered_where_they_are(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """In the thread of the message, or in the thread that it stands in; both show a status."""
    root = await slack.say("what changed?", channel="D1")
    await slack.until(lambda: len(slack.messages) == 1)
    await slack.say("what changed?", channel="D1", thread="1700000000.000009")
    await slack.until(lambda: len(slack.messages) == 2)

    assert [request.question for request in desk.requests] == ["what changed?"] * 2
    threads = [root, "1700000000.000009"]
    assert [message.get("thread_ts") for message in slack.messages] == threads
    assert [call["thread_ts"] for call in slack.of("assistant.threads.setStatus")] == threads


async def test_who_opens_the_conversation_is_shown_what_to_ask(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Without a thread, for which Slack would ignore the call; nothing is asked of the desk."""
    opened = {"type": "app_home_opened", "user": "U1", "channel": "D1", "tab": "messages"}
    await slack.event(opened, "EvOpened")
    await slack.until(lambda: slack.of("assistant.threads.setSuggestedPrompts"))
    viewed = {"type": "slack#/types/channel_id", "value": "C1", "team_id": "T1"}
    looks = {"type": "app_context_changed", "context": {"entities": [viewed]}}
    await slack.event(looks, "EvContext")

    [call] = slack.of("assistant.threads.setSuggestedPrompts")
    assert (call["channel_id"], call.get("thread_ts")) == ("D1", None)
    assert {prompt["title"] for prompt in call["prompts"]} >= {"How are we doing?"}
    assert desk.requests == []


async def test_the_panel_of_an_older_app_proposes_questions(
    slack: SlackPeer, desk: ScriptedDesk, chat: SlackChat
) -> None:
    """As soon as a thread is opened in it; nothing is asked of the desk, and the check of the chat
    says how the app is brought up to date.
    """
    thread = {"user_id": "U1", "channel_id": "D1", "thread_ts": "1700000000.000005", "context": {}}
    await slack.event({"type": "assistant_thread_started", "assistant_thread": thread}, "EvPanel")
    await slack.until(lambda: slack.of("assistant.threads.setSuggestedPrompts"))

    [call] = slack.of("assistant.threads.setSuggestedPrompts")
    assert call["thread_ts"] == "1700000000.000005"
    assert desk.requests == []
    [old] = [finding for finding in await chat.examine([]) if finding.place == "slack: app"]
    assert "assistant_view" in old.problem
    assert "overheard slack manifest" in old.remedy


async def test_bots_edits_and_repeated_events_are_not_answered(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """The bot answers neither itself nor other bots, and each message once."""
    await slack.say("hello", channel="D1", bot_id="B1")
    await slack.say("hello", channel="D1", user="UBOT")
    await slack.say("hello", channel="D1", subtype="message_changed")
    await slack.say("hello in a channel", type="message", channel_type="channel")
    ts = await slack.say("<@UBOT> hello")
    await slack.until(lambda: slack.messages)
    await slack.say("<@UBOT> hello", ts=ts)
    await asyncio.sleep(0.05)

    assert len(desk.requests) == 1


async def test_events_are_acknowledged_while_an_answer_takes_long(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Slack sends an event again that is not acknowledged within three seconds."""
    going = asyncio.Event()

    async def wait(_: Request, conversation: Conversation) -> None:
        await going.wait()
        await conversation.show(Card("Late"))

    desk.serves = wait
    await asyncio.wait_for(slack.say("<@UBOT> hello"), 2)
    going.set()
    message: dict[str, Any] = (await slack.until(lambda: slack.messages))[0]

    assert message["thread_ts"]
