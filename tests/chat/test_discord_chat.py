"""Tests of the Discord bot as it is: discord.py by sockets against a small Discord on loopback."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route
from pydantic import SecretStr

from kit.discord_bot import ALERT, running, settings, titles
from kit.discord_desk import ScriptedDesk
from kit.discord_payloads import CHANNEL, GUILD, PERSON
from kit.discord_peer import Peer
from kit.discord_rest import Fault
from kit.discord_rules import title
from overheard.cards.card import Action, Card, Choice
from overheard.errors import ChatFailed, ChatLost, ChatUnavailable
from overheard.interfaces import Finding
from overheard_discord import conversation
from overheard_discord.chat import DiscordChat
from overheard_discord.client import DiscordClient
from overheard_discord.settings import DiscordSettings


@pytest.fixture
async def chat(peer: Peer) -> AsyncIterator[DiscordChat]:
    """A bot that only posts so far."""
    made = DiscordChat(settings(peer))
    yield made
    await made.close()


async def test_a_command_reaches_the_desk_and_its_answer_the_channel(
    chat: DiscordChat, peer: Peer
) -> None:
    """Options arrive by the names of the function, the person with the ids of their roles."""
    desk = ScriptedDesk(Card("Checked Acme"))
    async with running(chat, peer, desk):
        name = await peer.command("check", brands="Acme, Zeta", repeats=3)

    [request] = desk.requests
    assert request.command == "check"
    assert request.options == {"brands": ["Acme", "Zeta"], "repeats": 3}
    assert request.channel == f"discord:{CHANNEL}"
    assert (request.person.name, len(request.person.groups)) == ("ann", 1)
    assert peer.first_answer(name)["type"] == 4, "a quick answer needs no deferral"
    assert title(peer.answer(name)) == "Checked Acme"


async def test_long_work_is_acknowledged_and_becomes_one_message(
    chat: DiscordChat, peer: Peer
) -> None:
    """Discord is promised an answer at once; progress and result are the same message."""
    desk = ScriptedDesk(Card("1 of 2"), Card("Done"))
    desk.gate.clear()
    async with running(chat, peer, desk):
        name = await peer.command("check")
        assert peer.first_answer(name)["type"] == 5
        desk.gate.set()
        await peer.gateway.until(lambda: title(peer.answer(name)) == "Done")
        assert len(peer.shown()) == 1


async def test_an_answer_outlives_its_interaction(
    chat: DiscordChat, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a quarter of an hour the message is edited as any other of the bot's."""

    async def wait() -> None:
        monkeypatch.setattr(conversation, "monotonic", lambda: time.monotonic() + 15 * 60)

    desk = ScriptedDesk(Card("1 of 2"), Card("2 of 2"), Card("Done"))
    desk.between = wait
    async with running(chat, peer, desk):
        name = await peer.command("check")
        await peer.gateway.until(lambda: title(peer.answer(name)) == "Done")

    assert len(peer.shown()) == 1
    assert peer.paths("PATCH") == [f"/channels/{CHANNEL}/messages/{peer.answer(name)['id']}"] * 2


async def test_a_private_command_is_answered_privately(chat: DiscordChat, peer: Peer) -> None:
    """Only the person who asked sees the answer, whether it is quick or slow."""
    desk = ScriptedDesk(Card("Spent"))
    async with running(chat, peer, desk):
        name = await peer.command("spend")
        desk.gate.clear()
        slow = await peer.command("spend")
        desk.gate.set()
        await peer.gateway.until(lambda: title(peer.answer(slow)))

    assert peer.first_answer(name)["data"]["flags"] & 64
    assert (peer.first_answer(slow)["type"], peer.answer(slow)["flags"] & 64) == (5, 64)


async def test_a_refusal_of_a_public_command_is_private(chat: DiscordChat, peer: Peer) -> None:
    """What was acknowledged for all to see is taken back when the answer is for one alone."""
    desk = ScriptedDesk(Card("You may not"), private=True)
    desk.gate.clear()
    async with running(chat, peer, desk):
        await peer.command("check")
        desk.gate.set()
        await peer.gateway.until(lambda: any(map(title, peer.shown())))

    [message] = peer.shown()
    assert message["flags"] & 64


async def test_a_click_is_its_words(chat: DiscordChat, peer: Peer) -> None:
    """A button of an alert, posted before the bot was restarted, does what typing would."""
    desk = ScriptedDesk(Card("Acknowledged"))
    posted = await chat.post(CHANNEL, ALERT, key="alert 12")
    await chat.close()
    async with running(DiscordChat(settings(peer)), peer, desk):
        await peer.click(posted, "Acknowledge")

    [request] = desk.requests
    assert (request.words, request.message) == ("alerts acknowledge 12", posted)
    assert title(peer.messages[posted]) == ALERT.title, "the alert stays"


async def test_a_click_that_needs_a_yes_asks_first(chat: DiscordChat, peer: Peer) -> None:
    """The question is private and nothing happens before the yes, which counts for the alert."""
    desk = ScriptedDesk(Card("Closed"))
    async with running(chat, peer, desk):
        posted = await chat.post(CHANNEL, ALERT, key="alert 12")
        asked = await peer.click(posted, "Close")
        assert desk.requests == []
        question = peer.answer(asked)
        assert (question["content"], question["flags"]) == ("Close alert 12?", 64)
        await peer.click(question["id"], "Close")

    [request] = desk.requests
    assert (request.words, request.message) == ("alerts close 12", posted)
    assert question["id"] not in peer.messages, "the question is still there"


async def test_a_question_that_was_forgotten_is_asked_by_the_label(
    chat: DiscordChat, peer: Peer
) -> None:
    """A bot that was restarted asks all the same."""
    posted = await chat.post(CHANNEL, ALERT, key="alert 12")
    async with running(DiscordChat(settings(peer)), peer, ScriptedDesk()):
        asked = await peer.click(posted, "Close")
        assert peer.answer(asked)["content"] == "Close: are you sure?"
        await peer.click(peer.answer(asked)["id"], "Cancel")
        await peer.gateway.until(lambda: len(peer.shown()) == 1)


async def test_values_are_completed(chat: DiscordChat, peer: Peer) -> None:
    """Of several values the last one is completed."""
    desk = ScriptedDesk()
    async with running(chat, peer, desk):
        option = {"name": "brands", "type": 3, "value": "Acme, Z", "focused": True}
        command = {"name": "check", "type": 1, "options": [option]}
        data = {"id": "1", "name": "overheard", "type": 1, "options": [command]}
        name = await peer.interact(4, data)

    assert peer.first_answer(name)["data"]["choices"] == [
        {"name": "Acme, Zeta", "value": "Acme, Zeta"}
    ]
    assert desk.askers == [(PERSON, f"discord:{CHANNEL}")]


@pytest.mark.parametrize("permissions", [(), ("manage_guild",)])
async def test_commands_are_sent_only_where_they_changed(
    peer: Peer, permissions: tuple[str, ...]
) -> None:
    """A bot that starts again with the same commands sends none."""
    for asked in (4, 8):
        chat = DiscordChat(settings(peer, permissions=permissions))
        async with running(chat, peer, ScriptedDesk()):
            await peer.asked("GET", asked)

    assert len(peer.paths("PUT")) == 2
    assert peer.commands[GUILD][0]["contexts"] == [0]
    assert peer.commands[""][0]["contexts"] == [1]


async def test_another_server_is_not_served(peer: Peer) -> None:
    """A server that the configuration does not name gets no commands, and a polite word."""
    desk = ScriptedDesk(Card("Hello"))
    chat = DiscordChat(settings(peer, guilds=(5,)))
    task = asyncio.create_task(chat.run(desk))
    await peer.gateway.until(lambda: "" in peer.commands)
    name = await peer.command("check")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert GUILD not in peer.commands
    assert "does not serve this place" in peer.answer(name)["content"]
    assert desk.requests == []


async def test_an_entry_of_a_menu_is_its_words(chat: DiscordChat, peer: Peer) -> None:
    """Posted before a restart, too; an entry with a question asks it, by its own label."""
    snooze = Action("alerts snooze 12 --for 1d", "Snooze a day", menu=True)
    close = Action("alerts close 12", "Not interesting", confirm="Close alert 12?", menu=True)
    card = replace(ALERT, actions=(snooze, close))
    posted = await chat.post(CHANNEL, card, key="alert 12")
    await chat.close()
    desk = ScriptedDesk(Card("Snoozed"))
    async with running(DiscordChat(settings(peer)), peer, desk):
        await peer.choose(posted, "Snooze a day")
        asked = await peer.choose(posted, "Not interesting")
        assert peer.answer(asked)["content"] == "Not interesting: are you sure?"
        await peer.click(peer.answer(asked)["id"], "Not interesting")

    assert [request.words for request in desk.requests] == [snooze.words, close.words]
    assert {request.message for request in desk.requests} == {posted}


async def test_another_metric_takes_the_place_of_the_first(chat: DiscordChat, peer: Peer) -> None:
    """A menu that says what is shown changes its own message, which is still found by its key."""
    entries = (Action("report Acme", "Named"), Action("trend Acme --metric top1", "First"))
    desk = ScriptedDesk(Card("Trend", choice=Choice("Show", entries, 1)))
    async with running(chat, peer, desk):
        report = Card("Report", choice=Choice("Show", entries, 0))
        posted = await chat.post(CHANNEL, report, key="weekly")
        await peer.choose(posted, "First")
        desk.gate.clear()
        slow = asyncio.create_task(peer.choose(posted, "Named"))
        await slow
        desk.gate.set()
        await peer.gateway.until(lambda: len(desk.requests) == 2)

    assert titles(peer) == ["Trend"]
    assert await chat.find(CHANNEL, "weekly") == posted


async def test_nobody_is_pinged(chat: DiscordChat, peer: Peer) -> None:
    """Every message forbids mentions, with any content and by any way of sending."""
    async with running(chat, peer, ScriptedDesk(ALERT, ALERT)):
        await chat.edit(CHANNEL, await chat.post(CHANNEL, ALERT, key="alert 12"), ALERT)
        await peer.command("check")
        await peer.click(peer.shown()[0]["id"], "Close")
        await peer.asked("PATCH", 2)

    bodies = [one.body.get("data", one.body) for one in peer.seen if isinstance(one.body, dict)]
    assert len(bodies) == 5
    assert all(body["allowed_mentions"]["parse"] == [] for body in bodies)


async def test_a_permission_that_there_is_not_is_said(peer: Peer) -> None:
    """Who may see the commands is not guessed."""
    chat = DiscordChat(settings(peer, permissions=("manage_gild",)))
    with pytest.raises(ChatUnavailable, match='did you mean "manage_guild"'):
        await chat.run(ScriptedDesk())


async def test_commands_can_be_for_some_members_only(peer: Peer) -> None:
    """Until a server's administrator decides otherwise."""
    async with running(
        DiscordChat(settings(peer, permissions=("manage_guild",))), peer, ScriptedDesk()
    ):
        assert peer.commands[GUILD][0]["default_member_permissions"] == "32"


async def test_a_rate_limit_says_when_to_come_back(chat: DiscordChat, peer: Peer) -> None:
    """A limit that is too long to wait for is an error with its seconds, and surely not posted."""
    body = {"message": "slow down", "retry_after": 900, "global": False}
    peer.faults.append(
        Fault("POST", "*/messages", 429, {"Retry-After": "900", "Via": "1.1 google"}, body)
    )
    with pytest.raises(ChatFailed) as caught:
        await chat.post(CHANNEL, ALERT, key="alert 12")

    assert caught.value.retry_after == 900
    assert not caught.value.ambiguous


async def test_a_short_rate_limit_is_waited_for(chat: DiscordChat, peer: Peer) -> None:
    """discord.py waits as long as Discord asks."""
    body = {"message": "slow down", "retry_after": 0.05, "global": False}
    peer.faults.append(
        Fault("POST", "*/messages", 429, {"Retry-After": "1", "Via": "1.1 google"}, body)
    )
    assert await chat.post(CHANNEL, ALERT, key="alert 12")


async def test_what_discord_says_is_one_sentence(chat: DiscordChat, peer: Peer) -> None:
    """A lack of permission names the remedy."""
    peer.faults.append(Fault("POST", "*/messages", 403, body={"code": 50013}))
    with pytest.raises(ChatFailed, match="lacks a permission in the channel"):
        await chat.post(CHANNEL, ALERT, key="alert 12")
    with pytest.raises(ChatFailed, match='"#brand" is no id'):
        await chat.post("#brand", ALERT, key="alert 12")


async def test_a_dropped_connection_is_resumed(chat: DiscordChat, peer: Peer) -> None:
    """No command is lost: the session resumes, and the bot does not start again."""
    desk = ScriptedDesk(Card("Hello"))
    async with running(chat, peer, desk):
        peer.gateway.drop()
        await peer.gateway.until(lambda: peer.gateway.opened == ["identify", "resume"])
        await peer.command("check")

    assert len(desk.requests) == 1


async def test_heartbeats_are_sent(chat: DiscordChat, peer: Peer) -> None:
    """The connection is kept alive in the rhythm that Discord asks for."""
    peer.gateway.interval = 50
    async with running(chat, peer, ScriptedDesk()):
        await peer.gateway.until(lambda: peer.gateway.heartbeats > 1)


async def test_a_silent_gateway_is_left_and_resumed(peer: Peer) -> None:
    """An open connection without any message counts as lost."""
    peer.gateway.interval, peer.gateway.acknowledges = 50, False
    async with running(DiscordChat(settings(peer), silence_s=1.5), peer, ScriptedDesk()):
        await peer.gateway.until(lambda: "resume" in peer.gateway.opened)


async def test_a_gateway_that_stays_away_ends_the_run(peer: Peer) -> None:
    """The chat fails, so that its supervisor starts it again."""
    chat = DiscordChat(settings(peer, gateway_url="ws://127.0.0.1:9/"), silence_s=0.5)
    with pytest.raises(ChatLost, match="gateway"):
        await chat.run(ScriptedDesk())


@pytest.mark.parametrize("token", ["bad.to.ken", None])
async def test_a_bad_token_is_said_with_its_remedy(peer: Peer, token: str | None) -> None:
    """It is not tried again, and the token is not repeated."""
    secret = SecretStr(token) if token else None
    chat = DiscordChat(settings(peer, token=secret))
    with pytest.raises(ChatUnavailable, match="DISCORD_TOKEN") as caught:
        await chat.run(ScriptedDesk())

    assert "bad.to.ken" not in str(caught.value)
    [finding] = await chat.examine([])
    assert "DISCORD_TOKEN" in finding.remedy


async def test_a_token_that_the_gateway_refuses_is_bad_too(peer: Peer) -> None:
    """A token that was reset while the bot ran ends it with the same sentence."""
    peer.gateway.refuses = True
    with pytest.raises(ChatUnavailable, match="refuses the token"):
        await DiscordChat(settings(peer)).run(ScriptedDesk())


async def test_it_ends_at_once_though_work_is_under_way(chat: DiscordChat, peer: Peer) -> None:
    """A cancelled run cancels what it serves, and does not wait for Discord's goodbye."""
    desk = ScriptedDesk(Card("Never"))
    desk.gate.clear()
    async with running(chat, peer, desk):
        await peer.command("check")
        began = time.monotonic()

    assert time.monotonic() - began < 10, "it waited for a goodbye"
    assert desk.cancelled == 1


async def test_what_is_in_order_is_found_in_order(chat: DiscordChat, peer: Peer) -> None:
    """Token, server and channel are looked at, and nothing is wrong."""
    findings = await chat.examine([CHANNEL])
    assert [finding.problem for finding in findings] == ["", "", ""]


async def test_what_is_wrong_is_found_with_a_remedy(peer: Peer) -> None:
    """Permissions that lack are named, and places that the bot is not in."""
    peer.gateway.permissions = str((1 << 10) | (1 << 11) | (1 << 16))
    chat = DiscordChat(settings(peer, guilds=(int(GUILD), 77)))
    absent, channel, unknown, wrong = faulty(await chat.examine([CHANNEL, "99", "brand"]))
    await chat.close()

    assert "client_id=" in absent.remedy
    assert "embed links, attach files, create public threads" in channel.problem
    assert "no such channel" in unknown.problem
    assert "no channel's id" in wrong.problem


def faulty(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield what has a problem."""
    return (finding for finding in findings if finding.problem)


async def test_other_clients_stay_where_they_are(chat: DiscordChat, peer: Peer) -> None:
    """The addresses are those of this bot alone, and stay so when another one is made."""
    desk = ScriptedDesk(Card("Checked Acme"))
    async with running(chat, peer, desk):
        assert Route.BASE.startswith("https://discord.com/")
        assert "discord.gg" in str(DiscordWebSocket.DEFAULT_GATEWAY)
        other = DiscordClient(DiscordSettings(api_url="http://127.0.0.1:1/api"))
        assert await chat.post(CHANNEL, ALERT, key="alert 12")
        assert title(peer.answer(await peer.command("check"))) == "Checked Acme"
        with pytest.raises(OSError, match=r"127\.0\.0\.1:1"):
            await other.login("token")
        await other.close()
