"""Slack, the real desk and the real commands together."""

from collections.abc import AsyncIterator

import pytest

from kit.office import PRICE, Office, open_office
from kit.slack_desk import headers, listening
from kit.slack_judge import judge_view
from kit.slack_methods import CHANNEL
from kit.slack_peer import SlackPeer
from overheard.cards.command import Face
from overheard.commands.registry import offered
from overheard.interfaces import Form
from overheard_slack import workspaces
from overheard_slack.chat import SlackChat
from overheard_slack.modals import form_view


@pytest.fixture
async def office(chat: SlackChat) -> AsyncIterator[Office]:
    """A deployment whose model costs something, in Slack."""
    office = await open_office(price=PRICE)
    async with listening(chat, office.desk):
        yield office


async def test_a_check_is_asked_for_agreed_to_and_shown(slack: SlackPeer, office: Office) -> None:
    """The price comes first; the result takes its place."""
    await slack.command("check Acme")
    [question] = await slack.until(lambda: slack.messages)
    assert office.provider.asked == []

    await slack.click(question, "Ask")
    await slack.until(lambda: headers(slack.messages[0])[0].startswith("Acme: "))

    assert len(office.provider.asked) == 1
    assert len(slack.messages) == 1
    assert [run.channel for run in await office.store.runs.find()] == [f"slack:{CHANNEL}"]


async def test_the_home_shows_the_state(slack: SlackPeer, office: Office) -> None:
    """Within all limits, or Slack would refuse it."""
    await slack.visit_home()

    assert (await slack.until(lambda: slack.homes))["U1"]["blocks"]


def test_every_command_has_a_form_that_slack_takes() -> None:
    """For commands with options of all kinds."""
    for spec in offered(Face.CHAT):
        assert [*judge_view(form_view(Form(spec, "Title"), "{}"))] == [], spec.name


async def test_help_is_shown(slack: SlackPeer, office: Office) -> None:
    """Slack takes it for every command."""
    for number, name in enumerate(["", *(spec.name for spec in offered(Face.CHAT))], 1):
        await slack.command(f"help {name}")
        await slack.until(lambda: len(slack.replies) + len(slack.messages) == number)  # noqa: B023


async def test_groups_are_known_however_many_people_ask(
    slack: SlackPeer, chat: SlackChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People that are forgotten do not take the list of the groups with them."""
    monkeypatch.setattr(workspaces, "MAX_PEOPLE", 2)
    workspace = await (await chat._opened()).workspace("")
    for number in range(5):
        await workspace.people.person(f"U{number}")

    assert len(slack.of("usergroups.list")) == 1
