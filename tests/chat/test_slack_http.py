"""Slack by HTTP: signatures, and many workspaces that install the bot themselves."""

import asyncio
import contextlib
import json
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from kit.slack_desk import ScriptedDesk, headers, listening
from kit.slack_methods import BOT_TOKEN, CHANNEL, SECRET
from kit.slack_peer import SlackPeer
from overheard.cards.card import Card
from overheard.errors import ChatFailed, ChatUnavailable
from overheard_slack.chat import SlackChat
from overheard_slack.connection import http_server
from overheard_slack.settings import SlackSettings

UNKNOWN = ("command=%2Foverheard", "text=x", "team_id=T3", "user_id=U1", "channel_id=C1")


def free_port() -> int:
    """Return a port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def by_http(slack: SlackPeer, port: int, **more: object) -> SlackSettings:
    """Return settings for HTTP."""
    table = SlackSettings(
        mode="http",
        bot_token=SecretStr(BOT_TOKEN),
        signing_secret=SecretStr(SECRET),
        base_url=slack.api,
        port=port,
    )
    return table.model_copy(update=more)


@contextlib.asynccontextmanager
async def serving(slack: SlackPeer, **more: object) -> AsyncIterator[tuple[ScriptedDesk, str]]:
    """Serve Slack's requests within the block, which is given the desk and the address."""
    port = free_port()
    chat, desk = SlackChat(by_http(slack, port, **more), interval_s=0), ScriptedDesk()
    url = f"http://127.0.0.1:{port}"
    async with listening(chat, desk):
        async with asyncio.timeout(10):
            while not await answers(port):  # noqa: ASYNC110 - the port makes no event
                await asyncio.sleep(0.01)
        slack.events_url = f"{url}/slack/events"
        yield desk, url
    await chat.close()


async def answers(port: int) -> bool:
    """Return whether a port has a listener."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True


@pytest.mark.skipif(not hasattr(socket, "SO_REUSEPORT"), reason="the system shares no ports")
async def test_two_bots_listen_on_one_port_while_one_hands_over() -> None:
    """When the one that ends has closed it, the other one answers."""
    app = AsyncApp(token=BOT_TOKEN, signing_secret=SECRET)
    async with contextlib.AsyncExitStack() as first:
        port = await first.enter_async_context(http_server(app, SECRET, None, "127.0.0.1", 0))
        async with http_server(app, SECRET, None, "127.0.0.1", port) as same:
            await first.aclose()
            assert same == port
            assert await answers(port)
    assert not await answers(port)


async def test_commands_clicks_and_the_home_work_by_http(slack: SlackPeer) -> None:
    """As by a socket."""
    async with serving(slack) as (desk, _):
        assert await slack.command("report") is None
        [message] = await slack.until(lambda: slack.messages)
        await slack.click(message, "Again")
        await slack.visit_home()
        await slack.until(lambda: len(slack.messages) == 2 and slack.homes)

    assert [request.words for request in desk.requests] == ["report", "ping again"]
    assert headers(message) == ["Pong"]


@pytest.mark.parametrize("wrong", [{"secret": "other"}, {"age": 600}])
async def test_requests_with_a_bad_or_old_signature_are_refused(
    slack: SlackPeer, wrong: dict[str, object]
) -> None:
    """Only Slack's requests are served, and no repeated ones of Slack's."""
    async with serving(slack) as (desk, _):
        body = "command=%2Foverheard&text=report&team_id=T1&user_id=U1&channel_id=C1"
        status, _text = await slack.post(body, "application/x-www-form-urlencoded", **wrong)  # type: ignore[arg-type]

    assert status == 401
    assert desk.requests == []


async def test_slack_can_check_the_address(slack: SlackPeer) -> None:
    """It sends a challenge when the app is made."""
    async with serving(slack):
        challenge = '{"type": "url_verification", "challenge": "abc", "token": "t"}'
        status, text = await slack.post(challenge, "application/json")

    assert (status, text) == (200, '{"challenge": "abc"}')


@pytest.mark.parametrize("body", ["", "nonsense", "payload={", '{"type": 1}', "[]", "payload=[]"])
async def test_nonsense_with_a_good_signature_does_no_harm(slack: SlackPeer, body: str) -> None:
    """The next request is served."""
    async with serving(slack) as (desk, _):
        with contextlib.suppress(AssertionError):
            await slack.post(body, "application/x-www-form-urlencoded")
        await slack.command("report")
        await slack.until(lambda: desk.requests)


async def test_a_port_in_use_is_told(slack: SlackPeer) -> None:
    """With the key that names another."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        chat = SlackChat(by_http(slack, taken.getsockname()[1]))
        with pytest.raises(
            ChatUnavailable, match=r"choose another with host and port in \[slack\]"
        ):
            await chat.run(ScriptedDesk())
        await chat.close()


async def test_the_signing_secret_is_needed(
    slack: SlackPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, anyone could command the bot."""
    monkeypatch.delenv("SLACK_SIGNING_SECRET", raising=False)
    chat = SlackChat(by_http(slack, 0, signing_secret=None))
    with pytest.raises(ChatUnavailable, match="SLACK_SIGNING_SECRET"):
        await chat.run(ScriptedDesk())
    await chat.close()


async def test_a_workspace_installs_the_bot_by_itself(slack: SlackPeer, tmp_path: Path) -> None:
    """Then it is served with the token that it was given, and posts find it by its team."""
    many = workspaces(tmp_path)
    async with serving(slack, **many) as (desk, url):
        assert (await install(url, "good")) == 200
        await slack.command("report", team_id="T2")
        await slack.until(lambda: slack.messages)
        _, refusal = await slack.post("&".join(UNKNOWN), "application/x-www-form-urlencoded")

    assert [request.channel for request in desk.requests] == [f"slack:T2/{CHANNEL}"]
    assert refusal == "Overheard is not installed in this workspace, or not any more."

    chat = SlackChat(by_http(slack, 0, **many), interval_s=0)
    assert await chat.post(f"T2/{CHANNEL}", Card("Alert"), key="1")
    with pytest.raises(ChatFailed, match='workspace "T3" has not installed it'):
        await chat.post(f"T3/{CHANNEL}", Card("Alert"), key="2")
    await chat.close()


@pytest.mark.parametrize("body", ["{", "payload=%7B", "[" * 9_999])
async def test_a_malformed_body_without_a_signature_is_refused_unread(
    slack: SlackPeer, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    """Anybody may send one; the log does not grow by it."""
    async with serving(slack) as (desk, _):
        status, _text = await slack.post(body, "application/json", secret="other")

    assert (status, desk.requests, caplog.messages) == (401, [], [])


@pytest.mark.parametrize(
    ("event", "kept"),
    [
        ({"type": "app_uninstalled"}, False),
        ({"type": "tokens_revoked", "tokens": {"bot": ["UB"], "oauth": []}}, False),
        ({"type": "tokens_revoked", "tokens": {"oauth": ["U1"]}}, True),
    ],
)
async def test_the_tokens_of_a_workspace_that_left_are_removed(
    slack: SlackPeer, tmp_path: Path, event: dict[str, object], *, kept: bool
) -> None:
    """Those of the bot; a person's own were never stored."""
    many = workspaces(tmp_path)
    async with serving(slack, **many) as (_, url):
        assert (await install(url, "good")) == 200
        body = {"type": "event_callback", "team_id": "T2", "event": event, "event_id": "Ev1"}
        await slack.post(json.dumps(body), "application/json")
        async with asyncio.timeout(5):
            while _installed(tmp_path) != (int(kept), int(kept)):  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.02)  # Slack's event is acknowledged before it is served

    assert _installed(tmp_path) == (int(kept), int(kept))


def _installed(folder: Path) -> tuple[int, int]:
    """Return how many bots and installations are kept."""
    with contextlib.closing(sqlite3.connect(folder / "slack.db")) as database:
        [(bots,)] = database.execute("SELECT count(*) FROM slack_bots")
        [(installations,)] = database.execute("SELECT count(*) FROM slack_installations")
    return bots, installations


async def test_installations_that_nobody_ends_are_forgotten(
    slack: SlackPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may begin one: those that expired, and the oldest of too many."""
    monkeypatch.setattr("overheard_slack.workspaces.MAX_STATES", 3)
    async with (
        serving(slack, **workspaces(tmp_path)) as (_, url),
        aiohttp.ClientSession() as browser,
    ):
        for _ in range(8):
            async with browser.get(f"{url}/slack/install") as page:
                assert page.status == 200
    with contextlib.closing(sqlite3.connect(tmp_path / "slack.db")) as database:
        [(count,)] = database.execute("SELECT count(*) FROM slack_oauth_states")
    assert count == 4


def workspaces(folder: Path) -> dict[str, Any]:
    """Return the settings with which many workspaces install the bot."""
    return {
        "client_id": "1.1",
        "client_secret": SecretStr("client-secret"),
        "installations": f"sqlite:///{folder / 'slack.db'}",
        "url": "https://bot.example.com",
    }


async def install(url: str, code: str) -> int:
    """Install the bot as a browser does, and return the status of the last page."""
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{url}/slack/install") as page:
            [state] = re.findall(r"[?&](?:amp;)?state=([\w-]+)", await page.text())
            cookie = page.headers["Set-Cookie"].split(";")[0]
        back = f"{url}/slack/oauth_redirect?code={code}&state={state}"
        async with browser.get(back, headers={"Cookie": cookie}) as page:
            return page.status


async def test_a_database_that_cannot_be_used_is_told(slack: SlackPeer, tmp_path: Path) -> None:
    """With the key that names another."""
    (tmp_path / "slack.db").write_bytes(b"no database" * 1000)
    chat = SlackChat(
        by_http(
            slack,
            0,
            client_id="1.1",
            client_secret=SecretStr("s"),
            installations=f"sqlite:///{tmp_path / 'slack.db'}",
        )
    )
    with pytest.raises(ChatUnavailable, match=r"name another with installations in \[slack\]"):
        await chat.run(ScriptedDesk())
    await chat.close()
