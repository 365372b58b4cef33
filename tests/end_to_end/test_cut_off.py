"""Commands that a bot had begun in a chat when it was ended, and what people see of them."""

import pytest

from end_to_end.test_delivery import Bots, bots
from kit.both_chats import Chats, eventually
from kit.loopback import ChatService

__all__ = ["bots"]

pytestmark = pytest.mark.slow
CUT_OFF, AGAIN = "Restarted; the result comes below", "Restarted; please ask again"
DONE = "Open since "
"""The beginning of the result's title: the check has raised an alert, which comes first."""


@pytest.fixture(autouse=True)
def _spends_without_asking(bots: Bots) -> None:
    file = bots.folder / "config.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(f"{text}[chat]\nspend_without_asking = 1.0\n", encoding="utf-8")


def _titles(chats: Chats) -> list[str]:
    """Return the messages in Slack's channel, except the alert, whose title follows the answers."""
    return [title for title in chats.in_slack() if not title.startswith("m-1 ")]


@pytest.mark.parametrize("killed", [False, pytest.param(True, marks=pytest.mark.long)])
async def test_a_check_that_was_begun_in_slack_goes_on_and_its_result_is_posted(
    bots: Bots, chats: Chats, service: ChatService, killed: bool
) -> None:
    """The next bot does both. The one that ends says so before; after a kill, or where the service
    takes longer than the bot may wait, the next one turns the card of progress into the same.
    """
    slack, service.delay = chats.slack, 1.0
    async with bots.running() as first:
        await bots.until("slack", "up")
        await bots.settled()
        await slack.command("check")
        await eventually(lambda: len(service.calls) > 2 and _titles(chats))
        if killed:
            await eventually(bots.kept_progress)
            first.kill()
            await first.wait()
            assert _titles(chats) == ["Working on it: check"]
            bots.expire()
        else:
            assert "Traceback" not in await bots.stop(first)
            assert _titles(chats) == [CUT_OFF] or bots.kept_progress()
            bots.expire()
    service.delay = 0.0
    async with bots.running():
        await eventually(lambda: len(_titles(chats)) > 1)
        cut_off, result = _titles(chats)
        assert cut_off == CUT_OFF
        assert result.startswith(DONE)
        await bots.settled()
    assert "have gone on" in str(slack.messages[-1])
    assert len({str(call["messages"]) for call in service.calls}) == 12
    assert len(service.calls) <= 12 + 2


async def test_a_question_that_was_cut_off_in_discord_says_so(
    bots: Bots, chats: Chats, service: ChatService
) -> None:
    """After a kill, the card of its progress asks for the question again."""
    service.delay = 20.0
    async with bots.running() as first:
        await bots.until("discord", "up")
        await bots.settled()
        await chats.discord.command("ask", question="Which tool is best?")
        await eventually(bots.kept_progress)
        assert chats.in_discord()[1:] == ['Working on it: ask "Which tool is best?"']
        first.kill()
        await first.wait()
    bots.expire()
    async with bots.running():
        await eventually(lambda: chats.in_discord()[1:] == [AGAIN])
