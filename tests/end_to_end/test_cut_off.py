"""Commands that a bot had begun in a chat when it was ended, and what people see of them."""

from __future__ import annotations

import pytest

from both_chats import Chats, eventually
from end_to_end.test_delivery import TITLE, Bots, bots
from loopback import ChatService

__all__ = ["bots"]

pytestmark = pytest.mark.slow
CUT_OFF, DONE = "Overheard is being restarted", "Acme: 1st of 3 at m-1"


@pytest.fixture(autouse=True)
def _spends_without_asking(bots: Bots) -> None:
    file = bots.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}[chat]\nspend_without_asking = 1.0\n", encoding="utf-8")


def _titles(chats: Chats) -> list[str]:
    """Return the messages in Slack's channel, except the alert."""
    return [title for title in chats.in_slack() if title != TITLE]


@pytest.mark.parametrize("killed", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_a_check_that_was_begun_in_slack_goes_on_and_its_result_is_posted(
    bots: Bots, chats: Chats, service: ChatService, killed: bool
) -> None:
    """The next bot does both; the one that ends says so before, where it can."""
    slack, service.delay = chats.slack, 1.0
    async with bots.running() as first:
        await bots.until("slack", "up")
        await bots.settled()
        await slack.command("check")
        await eventually(lambda: len(service.calls) > 2 and _titles(chats))
        if killed:
            first.kill()
            await first.wait()
        else:
            assert "Traceback" not in await bots.stop(first)
            assert _titles(chats) == [CUT_OFF]
            assert "the result is posted here" in str(slack.messages)
    begun = _titles(chats)
    service.delay = 0.0
    async with bots.running():
        await eventually(lambda: _titles(chats) == [*begun, DONE])
        await bots.settled()
    assert "has gone on by itself" in str(slack.messages[-1])
    assert len({str(call["messages"]) for call in service.calls}) == 12
    assert len(service.calls) <= 12 + 2


@pytest.mark.long
async def test_an_answer_that_was_cut_off_is_to_be_asked_for_again(
    bots: Bots, chats: Chats, service: ChatService
) -> None:
    """Nothing goes on of a free question, and nothing claims to."""
    slack, service.delay = chats.slack, 10.0
    async with bots.running() as first:
        await bots.until("slack", "up")
        await bots.settled()
        await slack.command("ask Which tool is best?")
        await eventually(lambda: service.calls and _titles(chats))
        await bots.stop(first)
        assert _titles(chats) == [CUT_OFF]
        assert "send the command again" in str(slack.messages)
