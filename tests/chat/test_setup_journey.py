"""The set-up in chat, by each platform's own client: from an empty deployment to a first result."""

import asyncio
import re
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
from kit.office import DECLARED, PRICE, Office, open_office
from kit.slack_desk import headers
from kit.slack_methods import CHANNEL, USER
from kit.slack_peer import SlackPeer
from overheard.commands.schedules import WEEKLY
from overheard.commands.setup.starting import fill_places
from overheard.deployment import Call
from overheard.domain import Question, Schedule

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


NOTICED = (
    r"a week shows a fall of about \d+ points within a month\. 6 times each would show \d+ points, "
    r"for about \$\d\S+ more a month.*A check is about \$0\.02 for 27 questions; one a week is"
)
"""What the step of places says of how much is noticed, and of prices."""


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
    """A slow model keeps the form open; what it suggested waits until the form is opened again."""
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
        noticed = (
            r"a check a week shows a fall of about \d+ points within a month\. 6 times each would"
        )
        assert re.search(
            rf"{noticed} show \d+ points, for about \$\d\S+ more", str(places["blocks"])
        )
        start = await following(slack, await slack.submit(places, filled(places, month="5")))
        assert boxes(start, "begin") == [
            "Once now, about $0.02 for 27 questions",
            "Three times today, to learn faster, about $0.08 for 90 questions",
            "Not now: every Monday at 9:00",
        ]
        await slack.command("check Acme")
        price = (await slack.until(lambda: slack.messages))[-1]
        assert "27 questions for about $0.02" in str(price["blocks"])
        later = filled(start)
        later["begin"]["selected_option"] = {"value": "later"}
        assert closed(await slack.submit(start, later))
        told = (await slack.until(lambda: slack.replies[1:]))[-1]
        assert headers(told) == ["4 of 5 steps done"]

    assert len(office.provider.asked) == asked == 2
    assert len(slack.messages) == 1  # the price of the typed check
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


async def test_the_price_of_weekly_checks_is_that_of_their_repeats() -> None:
    """Both sentences of the step of places are of one plan."""
    office = await open_office(DECLARED, price=PRICE)
    await office.store.catalogue.set_schedule(Schedule(WEEKLY, "0 9 * * mon", "UTC", ("Acme",), 1))
    form = await fill_places(Call(await office.deployment.refreshed()))

    assert str(form.text).startswith("1 question, once each")
    assert "for 1 question; one a week" in str(form.hints["month"])


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


async def test_before_the_set_up_every_first_word_leads_to_it(
    slack: SlackPeer, peer: Peer, office: Office
) -> None:
    """A mention, a message to the bot and a typed command are answered with a button, and with no
    word of a file.
    """
    async with program(office, in_slack(slack)):
        await slack.say("<@UBOT> how do we look?")
        await slack.until(lambda: slack.messages)
        await slack.say("check", channel="D1")
        await slack.until(lambda: slack.messages[1:])
        await slack.command("report")
        await slack.until(lambda: slack.replies)
    async with program(office, in_discord(peer)):
        await peer.ready()
        asked = await peer.command("check")
        await peer.gateway.until(lambda: words(peer.answer(asked)))

    assert [one["channel"] for one in slack.messages] == [CHANNEL, "D1"]
    for shown in (str(one["blocks"]) for one in (*slack.messages, *slack.replies)):
        assert "I do not know your brand yet" in shown
        assert "Set up" in shown
        assert "[[" not in shown
    assert "I do not know your brand yet" in words(peer.answer(asked))


async def test_without_a_competitor_the_set_up_says_so_and_is_not_complete(
    slack: SlackPeer, office: Office
) -> None:
    """Where the model names none, the form asks for them; the first result says what is open."""
    slack.owners.add(USER)
    office.provider.answer = lambda question: (
        "What is Acme?" if question.prompt.text.startswith("The brand") else answer(question)
    )
    async with program(office, in_slack(slack)):
        await slack.command("setup brand")
        [brand] = await slack.until(lambda: slack.modals)
        typed = filled(brand, name="Acme", category="project board")
        questions = await following(slack, await slack.submit(brand, typed))
        assert "I found no competitor: name some." in str(questions["blocks"])
        assert closed(await slack.submit(questions, filled(questions)))
        still_open = "Still to be set up: facts; where and when; competitors."
        await slack.until(lambda: slack.messages and still_open in str(slack.messages[0]))
        await slack.click(slack.messages[0], "Set up: 2 of 5")
        card = (await slack.until(lambda: slack.replies + slack.whispers))[-1]
        assert "8 questions, and no competitor to compare you with" in str(card["blocks"])
        await slack.click(card, "Add facts", own=True)
        await slack.until(lambda: slack.modals[2:])
        await slack.command("setup questions")
        again = (await slack.until(lambda: slack.modals[3:]))[-1]
        typed = filled(again, names="Globex\nInitech")
        typed["then"]["selected_option"] = {"value": "later"}
        await following(slack, await slack.submit(again, typed))
    [acme] = [one for one in (await office.store.catalogue.current()).brands if one.tracked]
    assert acme.competitors == ("Globex", "Initech")


async def test_an_owner_of_the_second_chat_takes_the_rights_there(
    slack: SlackPeer, peer: Peer, office: Office
) -> None:
    """Who is none is told so, without a button that leads nowhere; the first admin is told."""
    async with program(office, in_discord(peer)):
        await peer.ready()
        asked = await peer.command("setup", "brand")
        modal = peer.first_answer(asked)["data"]
        await peer.interact(5, submission(modal, name="Acme"))
        await peer.gateway.until(
            lambda: any("1 of 5" in words(one) for one in peer.messages.values())
        )
    slack.owners.add("U2")
    async with program(office, in_slack(slack)):
        await slack.command("subscribe", user_id="U3")
        [refused] = await slack.until(lambda: slack.replies)
        assert "Only ann can change this. An owner of this workspace" in str(refused["blocks"])
        assert "actions" not in {block["type"] for block in refused["blocks"]}
        await slack.command("subscribe", user_id="U2")
        await slack.until(lambda: any("Alerts come" in str(one) for one in slack.messages))
    granted = [one for one in await office.store.audit.find() if one.command == "access grant"]
    assert len(granted) == 2
    [told] = await office.store.deliveries.find()
    assert told.channel.startswith("discord:@")
