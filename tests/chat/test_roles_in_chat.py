"""Who may do what, by each platform's own client: groups, roles, and other people's buttons."""

from typing import Any

import pytest

from kit.both_chats import in_discord, in_slack, program
from kit.discord_payloads import PERSON, member
from kit.discord_peer import Peer
from kit.discord_rules import title, words
from kit.office import PRICE, Office, open_office
from kit.slack_desk import headers
from kit.slack_methods import CHANNEL
from kit.slack_peer import SlackPeer
from overheard.cards.card import Action, Card

RECHECK = Card("Alert 1", actions=(Action("alerts recheck 1", "Check again"),))


@pytest.fixture
async def office() -> Office:
    """A deployment whose model costs something."""
    return await open_office(price=PRICE)


async def refusals(office: Office) -> list[tuple[str, str]]:
    """Return what the audit log says was not allowed, and by whom it was tried."""
    entries = await office.store.audit.find()
    return [(one.who, one.words) for one in entries if one.outcome.startswith("Only operators")]


async def test_in_slack_a_group_spends_and_its_readers_do_not(
    slack: SlackPeer, office: Office
) -> None:
    """Not by a click on another person's question, nor after a restart."""
    access = {"everyone": "viewer", "operators": ("slack:S1",)}
    async with program(office, in_slack(slack), **access):
        await slack.command("check Acme")
        [question] = await slack.until(lambda: slack.messages)
        await slack.click(question, "Ask", user="U2")
        [told] = await slack.until(lambda: slack.replies)
        assert (headers(told), told["response_type"]) == (["\u26a0\ufe0f Not allowed"], "ephemeral")

    chat = in_slack(slack)
    async with program(office, chat, **access):
        await chat.post(CHANNEL, RECHECK, key="alert")
        for label in ("Ask", "Check again"):
            message = next(one for one in slack.messages if label in str(one["blocks"]))
            slack.replies.clear()
            await slack.click(message, label, user="U2")
            [told] = await slack.until(lambda: slack.replies)
            assert headers(told) == ["\u26a0\ufe0f Not allowed"]
        assert office.provider.asked == []
        await slack.click(question, "Ask")
        await slack.until(lambda: headers(slack.messages[0])[0].startswith("Acme: 1st"))

    tried = {words for _, words in await refusals(office)}
    assert tried == {"check Acme", "alerts recheck 1"}
    assert len(await refusals(office)) == 3
    assert len(office.provider.asked) == 1


async def test_in_discord_a_role_spends_and_others_do_not(peer: Peer, office: Office) -> None:
    """A removed role loses its rights at once, also for an open question."""
    reader, asker = (
        member({"id": PERSON, "username": "ann", "discriminator": "0", "avatar": None}, *roles)
        for roles in ((), ("77",))
    )
    async with program(
        office,
        in_discord(peer),
        everyone="viewer",
        operators=("discord:77",),
        admins=("discord:1",),
    ):
        await peer.ready()
        await peer.interact(2, command("check"), member=asker)
        await peer.gateway.until(lambda: any("'Ask'" in str(one) for one in peer.shown()))
        [question] = peer.shown()
        await peer.click(question["id"], "Ask", member=reader)
        await peer.gateway.until(lambda: len(peer.shown()) == 2)
        assert title(peer.shown()[1]) == "Not allowed"
        assert peer.shown()[1]["flags"] & 64
        assert office.provider.asked == []
        await peer.click(question["id"], "Ask", member=asker)
        await peer.gateway.until(lambda: "Acme: 1st" in words(peer.shown()[0]))

    assert [words for _, words in await refusals(office)] == ["check"]
    assert len(office.provider.asked) == 1


def command(name: str) -> dict[str, Any]:
    """Return what a person without options sends."""
    return {
        "id": "1",
        "name": "overheard",
        "type": 1,
        "options": [{"name": name, "type": 1, "options": []}],
    }
