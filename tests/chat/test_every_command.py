"""Every command that chats offer, about a hostile model, through each platform's own client."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from kit.both_chats import in_discord
from kit.discord_peer import Peer
from kit.discord_rules import words
from kit.office import DECLARED, Office, open_office
from kit.scripted import reply
from kit.slack_desk import listening
from kit.slack_peer import SlackPeer
from overheard.cards.command import CommandSpec, Face
from overheard.chat.parser import parse
from overheard.chat.replies import FAULT
from overheard.commands.registry import offered
from overheard.interfaces import Conversation, Person, Request
from overheard_discord import slash_commands
from overheard_slack.chat import SlackChat

pytestmark = pytest.mark.slow

SCHEDULES = '\n[[schedules]]\nname = "weekly"\ncron = "0 7 * * mon"\n'
HOSTILE = (
    "Acme <!channel> <!here> @everyone @here <@U1> <@123> <https://evil.example|your bank> "
    "[your bank](https://evil.example) ```\ncode\n``` `x` *b* **b** ||s|| :tada: \u202egnp.exe "
    'zero\u200bwidth {"type": "actions", "elements": [{"type": "button"}]} \x1b[31m \x07 '
)
ANSWER = HOSTILE + "Acme is bad. Zeta is good. " * 400


class Counted:
    """A desk that says how many requests it has served."""

    def __init__(self, office: Office) -> None:
        self._desk = office.desk
        self.served = 0
        self.changed = asyncio.Event()

    @property
    def commands(self) -> Sequence[CommandSpec]:
        """All commands."""
        return self._desk.commands

    def command_of(self, words: str) -> CommandSpec | None:
        """Return the command that words name."""
        return self._desk.command_of(words)

    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Serve a request."""
        first = await self._desk.serve(request, conversation)
        self.served += 1
        self.changed.set()
        return first

    async def until(self, number: int) -> None:
        """Wait until so many are served."""
        async with asyncio.timeout(60):  # a loaded machine
            while self.served < number:
                self.changed.clear()
                await self.changed.wait()

    async def complete(
        self, command: str, option: str, typed: str, *, person: Person, channel: str
    ) -> Sequence[str]:
        """Return values."""
        return await self._desk.complete(command, option, typed, person=person, channel=channel)

    async def home(self, person: Person) -> Any:
        """Return the state."""
        return await self._desk.home(person)

    async def greeting(self) -> Any:
        """Return the greeting."""
        return await self._desk.greeting()


@pytest.fixture
async def desk() -> Counted:
    """A desk of a deployment whose model says the worst, and has been asked."""
    office = await open_office(DECLARED + SCHEDULES)
    office.provider.answer = lambda _: reply(ANSWER)
    await office.chat.type("check")
    return Counted(office)


def examples() -> Iterator[str]:
    """Yield what help teaches, with names that this deployment knows."""
    for spec in offered(Face.CHAT):
        for example in spec.examples or (spec.name,):
            yield example.replace("openai/gpt-5.4-mini", "svc/m-1").replace("project tool", "tool")


async def test_slack_takes_all_that_they_show(
    slack: SlackPeer, chat: SlackChat, desk: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is answered by a message or a form within all limits, and none by a fault of ours."""
    silent = []
    async with listening(chat, desk):
        for number, example in enumerate(examples(), 1):
            before = len(slack.messages) + len(slack.replies) + len(slack.modals)
            await slack.command(example)
            await desk.until(number)
            if len(slack.messages) + len(slack.replies) + len(slack.modals) == before:
                silent.append(example)

    assert silent == []
    assert FAULT not in str([slack.messages, slack.replies, slack.modals])
    assert warnings(caplog) == []


async def test_discord_takes_all_that_they_show(
    peer: Peer, desk: Counted, caplog: pytest.LogCaptureFixture
) -> None:
    """Each command is in the tree, is answered within all limits, and mentions no one."""
    chat = in_discord(peer)
    async with listening(chat, desk):
        await peer.ready()
        for number, example in enumerate(examples(), 1):
            order = parse(example, desk.commands)
            given = {o.written: written(order.given.get(o.name)) for o in order.spec.options}
            options = {name: value for name, value in given.items() if value is not None}
            name = await peer.command(*slash_commands.path(order.spec), **options)
            await desk.until(number)
            first = peer.first_answer(name)
            # A late private refusal is a message of its own; the promise of an answer is deleted.
            late = first.get("message", name) not in peer.messages and "message" in first
            assert late or "components" in first["data"] or words(peer.answer(name))

    assert FAULT not in str(peer.messages)
    assert warnings(caplog) == []
    bodies = [one.body.get("data", one.body) for one in peer.seen if isinstance(one.body, dict)]
    cards = [body for body in bodies if "components" in body and "title" not in body]  # no forms
    assert {str(body["allowed_mentions"]["parse"]) for body in cards} == {"[]"}


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the warnings and errors in the log."""
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


def written(value: Any) -> Any:
    """Return an option's value as Discord sends it."""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return value if value is None or isinstance(value, bool | int | float) else str(value)
