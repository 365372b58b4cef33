"""An alert's whole life, from the answers of a model to one message on each platform."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from kit.both_chats import Chats, eventually
from kit.loopback import ChatService
from kit.office import executed
from kit.program import PROMPTS, Program
from overheard.commands.alert_actions import close
from overheard.commands.check import check
from overheard.config.loader import load_config
from overheard.deployment import Call, Deployment
from overheard.runtime.server import Server
from overheard.runtime.wiring import open_deployment

REPEATS = 2
ANSWERS = REPEATS * len(PROMPTS)


class House:
    """A running deployment whose model names the brand as often as a test chooses."""

    def __init__(self, deployment: Deployment, service: ChatService, chats: Chats) -> None:
        self.deployment = deployment
        self.chats = chats
        self._service = service

    async def ask(self, share: float) -> str:
        """Check once; the brand is in that share of the answers. Return what is said of it."""
        asked = Counter[str]()

        def answer(prompt: str) -> str:
            number = REPEATS * PROMPTS.index(prompt) + asked[prompt]
            asked[prompt] += 1
            named = number * 7 % ANSWERS < ANSWERS * share
            return f"{'Acme' if named else 'Zeta'} is good. ({prompt})"

        self._service.answer = answer
        card = await executed(check(Call(await self.deployment.refreshed()), repeats=REPEATS))
        assert card.data["state"] == "complete"
        return str(card.text)

    async def shows(self, *titles: str) -> None:
        """Wait until each platform's channel shows messages whose titles begin so, and no more."""
        for shown in (self.chats.in_slack, self.chats.in_discord):
            await self.chats.eventually(shown, *titles)


@pytest.fixture
async def house(
    program: Program, config: str, chats: Chats, service: ChatService
) -> AsyncIterator[House]:
    """The deployment, with a route to each platform."""
    alerts = '[alerts]\nmetrics = ["visibility"]\nfalse_alarms_per_year = 1\n'
    program.configure(config + alerts + chats.routes() + chats.tables() + "[health]\nport = 0\n")
    loaded = load_config(program.folder / "config.toml")
    async with open_deployment(loaded) as deployment:
        platforms = deployment.plugins.chats
        work = asyncio.create_task(Server(deployment, platforms).run())
        yield House(deployment, service, chats)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        for chat in platforms.values():
            await chat.close()


@pytest.mark.slow
async def test_one_message_lives_through_all_that_happens(house: House, chats: Chats) -> None:
    """It is raised, grows, recovers, happens again and is closed in place on both platforms."""
    for share in (0.9, 0.9, 0.9):
        assert "Still learning what is normal" in await house.ask(share)
    assert "I ask again to" in await house.ask(0.5)  # today, or tomorrow late in the evening
    assert "1 new alert" in await house.ask(0.5)
    await house.shows("m-1 names Acme far less")
    later = " ".join([await house.ask(share) for share in (0.0, 0.0)])
    assert "1 open alert has changed" in later
    assert "new alert" not in later
    await house.shows("m-1 names Acme far less")
    await eventually(lambda: f"Named in 0 of {ANSWERS} answers" in str(chats.slack.messages))
    for share in (0.9, 0.9):
        await house.ask(share)
    recovered = "m-1 names Acme again"
    await house.shows(recovered)
    for share in (0.0, 0.0):
        await house.ask(share)
    await house.shows("m-1 names Acme far less")
    await close(Call(house.deployment), alert="1")
    await eventually(lambda: "closed by" in str(chats.slack.messages))

    assert len(chats.in_slack()) == len(chats.in_discord()) == 1
    for threads in (chats.slack_threads, chats.discord_threads):
        await eventually(lambda threads=threads: len(threads()) == 4)  # type: ignore[misc]
        for told in ("It has grown.", "Recovered.", "It happened again.", "closed it."):
            assert sum(told in thread for thread in threads()) == 1, told
