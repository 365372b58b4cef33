"""Connecting to Slack: tokens, sockets that drop or fall silent, and the end."""

import asyncio
import logging

import pytest
from pydantic import SecretStr

from kit.slack_desk import ScriptedDesk, listening
from kit.slack_methods import APP_TOKEN, BOT_TOKEN
from kit.slack_peer import SlackPeer
from overheard.errors import ChatUnavailable
from overheard.interfaces import Conversation, Request
from overheard_slack.chat import SlackChat
from overheard_slack.connection import SocketTimeouts
from overheard_slack.settings import SlackSettings


def watched(slack: SlackPeer, timeouts: SocketTimeouts) -> SlackChat:
    """Return a chat with these timeouts of its socket."""
    settings = SlackSettings(
        bot_token=SecretStr(BOT_TOKEN), app_token=SecretStr(APP_TOKEN), base_url=slack.api
    )
    return SlackChat(settings, interval_s=0, timeouts=timeouts)


async def test_bad_tokens_end_it_with_a_remedy(slack: SlackPeer) -> None:
    """The token is not tried again, and the error shows no secret."""
    for bot, app, key in (
        ("xoxb-bad", APP_TOKEN, "bot_token"),
        (BOT_TOKEN, "xapp-bad", "app_token"),
    ):
        settings = SlackSettings(
            bot_token=SecretStr(bot), app_token=SecretStr(app), base_url=slack.api
        )
        chat = SlackChat(settings)
        with pytest.raises(ChatUnavailable) as refused:
            await chat.run(ScriptedDesk())
        await chat.close()

        assert f"it refused the {key} (invalid_auth)" in str(refused.value)
        assert "bad" not in str(refused.value)


async def test_a_missing_token_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable that it is read from."""
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    with pytest.raises(ChatUnavailable, match="set the environment variable SLACK_BOT_TOKEN"):
        await SlackChat(SlackSettings()).run(ScriptedDesk())


async def test_client_ids_in_the_environment_change_nothing(
    slack: SlackPeer, chat: SlackChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """slack-bolt would take them for an installation of many workspaces, and drop the token."""
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.1")
    monkeypatch.setenv("SLACK_CLIENT_SECRET", "other")
    async with listening(chat, ScriptedDesk()):
        await slack.command("report")
        await slack.until(lambda: slack.messages)


async def test_what_is_warned_of_reaches_the_log(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """slack-bolt sets levels of loggers, and none of ours but its own."""
    ours = logging.getLogger("overheard")
    level = ours.level
    await slack.command("report")
    await slack.until(lambda: slack.messages)

    assert (ours.level, logging.getLogger("overheard.chat").level) == (level, logging.NOTSET)
    assert len(desk.requests) == 1


async def test_it_connects_anew_when_slack_asks(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """As Slack does every few hours."""
    await slack.command("first")
    opened = slack.opened
    await slack.disconnect()
    await slack.until(lambda: slack.opened > opened)
    await slack.command("second")
    await slack.until(lambda: len(slack.messages) == 2)

    assert [request.words for request in desk.requests] == ["first", "second"]


async def test_a_dropped_socket_is_built_anew(slack: SlackPeer) -> None:
    """And requests come through again."""
    chat, desk = watched(slack, SocketTimeouts(silence_s=5, ping_interval_s=0.1)), ScriptedDesk()
    async with listening(chat, desk):
        await slack.command("first")
        opened = slack.opened
        await slack.drop()
        await slack.until(lambda: slack.opened > opened)
        await slack.command("second")
        await slack.until(lambda: len(desk.requests) == 2)
    await chat.close()


async def test_a_silent_socket_is_built_anew(slack: SlackPeer) -> None:
    """A socket on which nothing arrives and no ping is answered, although it is open."""
    chat, desk = watched(slack, SocketTimeouts(silence_s=0.4, ping_interval_s=0.2)), ScriptedDesk()
    slack.mute = True
    async with listening(chat, desk):
        await slack.until(lambda: slack.opened == 2)
        assert not chat.connected
        slack.mute = False
        await slack.command("report")
        await slack.until(lambda: desk.requests)
        assert chat.connected
    assert not chat.connected
    await chat.close()


async def test_it_ends_at_once_when_cancelled(slack: SlackPeer, chat: SlackChat) -> None:
    """Work under way is cancelled, and the desk knows."""
    cancelled = asyncio.Event()
    started = asyncio.Event()

    async def work(_: Request, __: Conversation) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    desk = ScriptedDesk()
    desk.serves = work
    async with listening(chat, desk):
        await slack.command("check")
        await started.wait()

    assert cancelled.is_set()
