"""The set-up in chat, by each platform's own client: from an empty deployment to a first result."""

import asyncio
import sys
from collections.abc import Awaitable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import pytest

from kit.both_chats import in_discord, in_slack, program
from kit.discord_payloads import (
    CHANNEL as DISCORD_CHANNEL,
    GUILD,
    USER as DISCORD_BOT,
    channel,
    guild,
    member,
)
from kit.discord_peer import Peer
from kit.discord_rules import words
from kit.office import PRICE, Office, open_office
from kit.slack_desk import headers
from kit.slack_methods import CHANNEL, USER
from kit.slack_peer import SlackPeer
from overheard.domain import Question

PROFILE = "Competitor: Globex\n- **Competitor:** Initech (a rival)\nAlso called: Acme Boards\n\
Founded: 2010\nLowest price: $14 a month\nFree plan: no"
QUESTIONS = "1. Which board is easiest to learn?\n2. Which board suits a small team?\n3. Not Acme?"
ME = "UBOT"
MAX_INTERACTIONS, MAX_PUBLIC, MAX_S = 5, 1, 180
"""What a new user does, the messages that others see, and the seconds until the first result."""


@dataclass
class Drive:
    """Counts what a person does from an empty deployment to the first result.

    Attributes:
        interactions: Clicks, forms that are sent and commands.
        begun: When it began.
    """

    interactions: int = 0
    begun: float = field(default_factory=monotonic)

    async def do(self, deed: Awaitable[Any]) -> Any:
        """Do one thing."""
        self.interactions += 1
        return await deed

    def judge(self, where: str, public: int) -> None:
        """Print the figures, and hold them against their limits."""
        seconds = monotonic() - self.begun
        sys.stdout.write(
            f"\n{where}: {self.interactions} interactions, {public} public messages, "
            f"{seconds:.1f} s to the first result\n"
        )
        assert self.interactions <= MAX_INTERACTIONS
        assert public <= MAX_PUBLIC
        assert seconds < MAX_S


@pytest.fixture
async def office() -> Office:
    """An empty deployment with one provider, whose model has a price."""
    office = await open_office("", price=PRICE)
    office.provider.answer = answer
    return office


def answer(question: Question) -> str:
    """Return what the model says to a question."""
    prompt = question.prompt.text
    if prompt.startswith("The brand"):
        return PROFILE
    return QUESTIONS if prompt.startswith("List ") else "Acme is best, then Globex."


def filled(view: dict[str, Any], **typed: str) -> dict[str, Any]:
    """Return the state of a Slack form: what it shows at first, and what was typed."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, name = block["element"], block["block_id"]
        told: dict[str, Any] = {"type": element["type"], "value": element.get("initial_value")}
        for key in ("option", "options", "conversation", "time", "user"):
            if f"initial_{key}" in element:
                told[f"selected_{key}"] = element[f"initial_{key}"]
        state[name] = told | ({"value": typed[name]} if name in typed else {})
    return state


def boxes(view: dict[str, Any], name: str) -> list[str]:
    """Return the labels of a group of check boxes."""
    block = next(one for one in view["blocks"] if one.get("block_id") == name)
    return [option["text"]["text"] for option in block["element"]["options"]]


async def following(slack: SlackPeer, ack: dict[str, Any]) -> dict[str, Any]:
    """Return the form that follows one, also where it takes longer than Slack waits."""
    view: dict[str, Any] = ack["view"]
    if view["title"]["text"] == "Set-up":
        await slack.until(lambda: slack.modals[-1]["title"]["text"] != "Set-up")
        view = slack.modals[-1]
    return view


def closed(ack: dict[str, Any] | None) -> bool:
    """Whether a form closes: at once, or after what takes longer than Slack waits."""
    return ack is None or ack["view"]["title"]["text"] == "Set-up"


async def test_in_slack_three_interactions_lead_to_the_first_result(
    slack: SlackPeer, office: Office
) -> None:
    """The invited bot greets the inviter alone, an owner sets it up, and one message is public."""
    slack.owners.add(USER)
    drive = Drive()
    async with program(office, in_slack(slack)):
        joined = {"type": "member_joined_channel", "channel": CHANNEL, "inviter": USER}
        await slack.event({**joined, "user": ME}, "Ev1")
        [greeting] = await slack.until(lambda: slack.whispers)
        assert (greeting["user"], headers(greeting)) == (USER, ["Hello, I am Overheard"])

        await drive.do(slack.click(greeting, "Set up", own=True))
        [brand] = await slack.until(lambda: slack.modals)
        typed = {"name": "Acme", "website": "https://acme.com/x", "category": "project board"}
        ack = await drive.do(slack.submit(brand, filled(brand, **typed)))
        questions = await following(slack, ack)
        assert questions["title"]["text"] == "2 of 5: Questions"
        assert boxes(questions, "names") == [
            "Globex",
            "Initech",
            "Acme Boards (another name of yours)",
        ]
        asked = boxes(questions, "questions")
        assert asked[:2] == ["Which board is easiest to learn?", "Which board suits a small team?"]
        assert not any("Acme" in text for text in asked)
        assert boxes(questions, "then")[0].startswith("Ask now, ")
        ack = await drive.do(slack.submit(questions, filled(questions)))
        assert closed(ack)
        await slack.until(
            lambda: slack.messages and headers(slack.messages[0])[0].startswith("Acm")
        )

    drive.judge("Slack", len([one for one in slack.messages if "thread_ts" not in one]))
    catalogue = await office.store.catalogue.current()
    acme = catalogue.brand("Acme Boards")
    assert acme
    assert (acme.name, acme.tracked, acme.domains) == ("Acme", True, ("acme.com",))
    assert acme.competitors == ("Globex", "Initech")
    assert len(catalogue.prompts) == 8
    assert {entry.command for entry in await office.store.audit.find()} == {
        "access grant",
        "setup brand",
        "setup questions",
        "check",
    }


async def test_in_slack_it_is_left_and_taken_up_after_a_restart(
    slack: SlackPeer, office: Office
) -> None:
    """A slow model keeps the form open; what it suggested waits until somebody goes on."""
    slack.owners.add(USER)
    going = asyncio.Event()

    async def slow(question: Question) -> str:
        await going.wait()
        return answer(question)

    office.provider.answer = slow
    async with program(office, in_slack(slack)):
        await slack.command("setup brand")
        [brand] = await slack.until(lambda: slack.modals)
        ack = await slack.submit(brand, filled(brand, name="Acme", category="board"))
        assert ack["view"]["title"]["text"] == "Set-up"
        going.set()
        await slack.until(lambda: len(slack.modals) == 3)
        assert slack.modals[-1]["title"]["text"] == "2 of 5: Questions"
    asked = len(office.provider.asked)

    async with program(office, in_slack(slack)):
        await slack.command("setup")
        [card] = await slack.until(lambda: slack.replies)
        assert headers(card) == ["1 of 5 steps done"]
        await slack.click(card, "Choose questions", own=True)
        questions = (await slack.until(lambda: slack.modals[3:]))[-1]
        assert "Globex" in boxes(questions, "names")
        typed = filled(questions, own="Why Acme?")
        typed["then"]["selected_option"] = {"value": "later"}
        facts = await following(slack, await slack.submit(questions, typed))
        assert filled(facts)["founded"]["value"] == "2010"
        places = await following(slack, await slack.submit(facts, filled(facts)))
        assert filled(places)["channel"]["selected_conversation"] == CHANNEL
        assert filled(places)["timezone"]["value"] == "Europe/Berlin"
        start = await following(slack, await slack.submit(places, filled(places, month="5")))
        later = filled(start)
        later["begin"]["selected_option"] = {"value": "later"}
        assert closed(await slack.submit(start, later))
        told = (await slack.until(lambda: slack.replies[1:]))[-1]
        assert headers(told) == ["4 of 5 steps done"]

    assert len(office.provider.asked) == asked == 2
    assert slack.messages == []
    deployment = await office.deployment.refreshed()
    [route], [digest] = deployment.config.routes, deployment.config.reports
    assert (route.channel, route.timezone) == (f"slack:{CHANNEL}", "Europe/Berlin")
    assert (digest.cron, deployment.config.budget.month) == ("0 10 * * mon", 5.0)
    [schedule] = deployment.catalogue.schedules
    assert (schedule.cron, schedule.repeats) == ("0 9 * * mon", 3)
    assert {fact.field: fact.value for fact in deployment.catalogue.facts} == {
        "price": "$14 a month",
        "free plan": "no",
        "founded": "2010",
    }


async def test_in_slack_who_is_no_owner_is_told_who_can_begin(
    slack: SlackPeer, office: Office
) -> None:
    """With a button for the code; hostile names stay text, and are told in the form."""
    async with program(office, in_slack(slack)):
        await slack.command("setup brand")
        [told] = await slack.until(lambda: slack.replies)
        assert "Enter the code" in str(told["blocks"])
        assert slack.modals == []
        slack.owners.add("U2")
        await slack.command("setup brand", user_id="U2")
        [brand] = await slack.until(lambda: slack.modals)
        ack = await slack.submit(brand, filled(brand, name="A", website="no site"), user="U2")
        assert "must be a web domain" in str(ack["view"]["blocks"][0])
        hostile = "<!channel>\u202e *bold* <https://evil.example|x> @everyone " + "y" * 30
        ack = await slack.submit(ack["view"], filled(brand, name=hostile), user="U2")
        questions = await following(slack, ack)
        assert questions["title"]["text"] == "2 of 5: Questions"
        assert await slack.submit(questions, filled(questions), user="U2") is None
        await slack.until(
            lambda: any("No answer names" in str(headers(one)) for one in slack.messages)
        )
    assert not any("<!channel>" in one.get("text", "") for one in slack.messages)


def modal_inputs(modal: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the inputs of a Discord form."""
    return [one["component"] for one in modal["components"] if "component" in one]


def submission(modal: dict[str, Any], **typed: str) -> dict[str, Any]:
    """Return what Discord sends for a form: what it shows at first, and what was typed."""
    told = []
    for item in modal_inputs(modal):
        name = item["custom_id"]
        value: dict[str, Any] = {"type": item["type"], "custom_id": name}
        if item["type"] == 4:
            value["value"] = typed.get(name, item.get("value") or "")
        elif "options" in item:
            value["values"] = [o["value"] for o in item["options"] if o.get("default")]
        else:
            value["values"] = [one["id"] for one in item.get("default_values", [])]
        told.append({"type": 18, "component": value})
    return {"custom_id": modal["custom_id"], "components": told}


async def test_in_discord_five_interactions_lead_to_the_first_result(
    peer: Peer, office: Office
) -> None:
    """Who has Manage Server sets it up on a private card; the result alone is public."""
    drive = Drive()
    async with program(office, in_discord(peer)):
        await peer.ready()
        asked = await drive.do(peer.command("setup", "list"))
        await peer.gateway.until(lambda: "0 of 5 steps done" in words(peer.answer(asked)))
        card = peer.answer(asked)
        assert card["flags"] & 64
        clicked = await drive.do(peer.click(card["id"], "Set up"))
        modal = peer.first_answer(clicked)["data"]
        typed = submission(modal, name="Acme", website="acme.com", category="project board")
        await drive.do(peer.interact(5, typed, message=peer.messages[card["id"]]))
        await peer.gateway.until(lambda: "1 of 5" in words(peer.messages[card["id"]]))
        clicked = await drive.do(peer.click(card["id"], "Choose questions"))
        modal = peer.first_answer(clicked)["data"]
        names, *_ = modal_inputs(modal)
        assert [one["label"] for one in names["options"]][:2] == ["Globex", "Initech"]
        shown = peer.messages[card["id"]]
        await drive.do(peer.interact(5, submission(modal), message=shown))
        await peer.gateway.until(
            lambda: any("Acme: 1st" in words(one) for one in peer.messages.values())
        )
        drive.judge("Discord", len([one for one in peer.shown() if not one["flags"] & 64]))
    assert len((await office.store.catalogue.current()).prompts) == 8


async def test_in_discord_a_new_server_is_greeted_once(peer: Peer, office: Office) -> None:
    """In the first channel in which the bot may write; the steps of places have pickers."""
    async with program(office, in_discord(peer)):
        await peer.ready()
        place = channel(str(int(DISCORD_CHANNEL) + 7)) | {"guild_id": str(int(GUILD) + 7)}
        there = guild(peer.gateway.permissions) | {"id": str(int(GUILD) + 7), "channels": [place]}
        there["members"] = [member(DISCORD_BOT)]
        there["roles"] = [{**there["roles"][0], "id": there["id"]}]
        peer.threads.add(place["id"])  # a channel that it knows
        await peer.gateway.send("GUILD_CREATE", there)
        await peer.gateway.until(lambda: peer.shown(place["id"]))
        [greeting] = peer.shown(place["id"])
        assert "Hello, I am Overheard" in words(greeting)
        clicked = await peer.click(greeting["id"], "Set up")
        modal = peer.first_answer(clicked)["data"]
        assert modal["title"] == "1 of 5: Your brand"
        await peer.interact(5, submission(modal, name="Acme"), message=greeting)
        clicked = await peer.command("setup", "places")
        modal = peer.first_answer(clicked)["data"]
        kinds = {item["custom_id"]: item["type"] for item in modal_inputs(modal)}
        assert kinds == {"channel": 8, "days": 3, "time": 4, "timezone": 4, "month": 4}
        await peer.interact(5, submission(modal, month="3"))
        await peer.gateway.until(
            lambda: any("2 of 5" in words(one) for one in peer.messages.values())
        )
    config = (await office.deployment.refreshed()).config
    assert [route.channel for route in config.routes] == [f"discord:{DISCORD_CHANNEL}"]
