"""Tests of the Discord bot as people use it: discord.py in a simulated Discord, by SimCord."""

from dataclasses import dataclass
from typing import Any

import pytest
import simcord
from simcord import ChannelHandle, Env, MemberActor

from kit.discord_desk import SPECS, ScriptedDesk
from kit.discord_rules import title, walk
from overheard.cards.card import Action, Card, Field, Image, Quote, Severity, Table, Tainted
from overheard.cards.command import Face
from overheard.chat.parser import spec_of
from overheard.commands.registry import offered
from overheard.errors import ChatFailed
from overheard.interfaces import Form
from overheard_discord.client import DiscordClient
from overheard_discord.posts import Poster
from overheard_discord.settings import DiscordSettings


def heading(message: Any) -> str:
    """Return the title of a message."""
    return title({"components": message.components})


def labels(message: Any) -> list[str]:
    """Return the labels of a message's buttons."""
    return [one["label"] for one in walk(message.components) if one["type"] == 2]


ADD = next(spec for spec in SPECS if spec.name == "brands add")
FULL = Card(
    "Acme lost visibility at openai/gpt-5",
    Tainted("openai/gpt-5 names Acme less often. @everyone " + "word " * 2_000),
    fields=tuple(Field(f"Fact {n}", Tainted("value " * 300), wide=n % 3 == 0) for n in range(30)),
    table=Table(("Prompt", "Before"), tuple((Tainted("Which? " * 9), "84 %") for _ in range(40))),
    quotes=(Quote("openai/gpt-5", Tainted("Acme is fine. " * 400)),),
    image=Image(b"png", "It fell. " * 300),
    actions=tuple(Action(f"alerts snooze 12 --days {n}", f"Snooze {n}") for n in range(30)),
    severity=Severity.BAD,
    footer="Run 14",
    more=tuple(Card(f"Card {n}", "text " * 500) for n in range(20)),
)


@dataclass
class World:
    """A server with a channel and a person, and the desk behind the bot."""

    env: Env
    desk: ScriptedDesk
    channel: ChannelHandle
    ann: MemberActor

    @property
    def me(self) -> int:
        """The bot's id."""
        assert self.env.bot.user
        return self.env.bot.user.id

    def answers(self, channel: ChannelHandle) -> list[Any]:
        """Return the bot's messages in a channel."""
        return [message for message in channel.history() if message.author.id == self.me]

    def post(self) -> Poster:
        """Return what posts by the bot that is running."""
        return Running(self.env.bot)


class Running(Poster):
    """Posts by a bot that is running."""

    def __init__(self, bot: Any) -> None:
        self._bot = bot

    async def logged_in(self) -> DiscordClient:
        """Return the bot."""
        assert isinstance(self._bot, DiscordClient)
        return self._bot


@pytest.fixture
def desk() -> ScriptedDesk:
    """What the bot brings requests to."""
    return ScriptedDesk(Card("Hello"))


@pytest.fixture
def simcord_bot(desk: ScriptedDesk) -> DiscordClient:
    """What SimCord runs."""
    return DiscordClient(DiscordSettings(), desk)


@pytest.fixture
async def world(simcord_env: Env, desk: ScriptedDesk) -> World:
    """A server that the bot has joined."""
    guild = simcord_env.create_guild()
    marketing = guild.create_role("Marketing")
    ann = guild.add_member(simcord_env.create_user("ann"), roles=[marketing])
    channel = guild.create_text_channel("brand")
    await simcord_env.settle()
    return World(simcord_env, desk, channel, ann)


async def test_commands_are_there_at_once(world: World) -> None:
    """A server that the bot joins sees them, and direct messages have their own."""
    offered = world.ann.available_commands(world.channel)
    assert offered == (
        "overheard check",
        "overheard spend",
        "overheard-setup brands list",
        "overheard-setup brands add",
        "overheard-setup brands edit",
    )
    assert world.ann.user.available_commands() == offered


async def test_options_are_checked_by_discord(world: World) -> None:
    """Numbers have bounds, and names are suggested."""
    with pytest.raises(simcord.OptionError):
        await world.ann.slash(world.channel, "overheard check", repeats=10)
    shown = await world.ann.autocomplete(world.channel, "overheard check", "brands", "Acme, aj")
    assert [choice["value"] for choice in shown] == ['Acme, "Ajax, Inc"']


async def test_the_fullest_card_is_taken(world: World) -> None:
    """Discord takes every message of a card that breaks every limit."""
    world.desk.cards = (FULL,)
    result = await world.ann.slash(world.channel, "overheard check")
    sent = [result.response, *result.followups]
    assert len(sent) == 6
    assert not any(one.message.mention_everyone for one in sent if one)


async def test_a_card_after_a_longer_one_takes_all_its_place(world: World) -> None:
    """Progress and result are one answer, however many messages each needs."""
    world.desk.cards = (FULL, Card("Done"))
    result = await world.ann.slash(world.channel, "overheard check")
    assert result.response
    assert heading(result.response) == "Done"
    assert result.response.attachments == []
    assert result.followups == []


async def test_a_form_is_filled_in(world: World) -> None:
    """Opened by a command, sent back as one, and wrong values reach the desk as they are."""
    world.desk.form = Form(ADD, "Add a brand", {"aliases": ["Acme Inc"]})
    shown = await world.ann.slash(world.channel, "overheard-setup brands add", name="Acme")
    assert shown.modal
    assert shown.modal["title"] == "Add a brand"
    result = await world.ann.submit_modal(
        shown, {"name": "Acme", "aliases": "Acme Inc", "more": "weight: 2.5"}
    )

    assert result.response
    assert heading(result.response) == "Hello"
    assert world.desk.requests[-1].options["weight"] == 2.5
    assert world.desk.requests[-1].options["aliases"] == ["Acme Inc"]


async def test_a_command_without_changes_asks_for_them(world: World) -> None:
    """The desk hears that it was typed, so that what is to be edited is shown in a form."""
    await world.ann.slash(world.channel, "overheard-setup brands edit", brand="Acme Tools")
    await world.ann.slash(
        world.channel, "overheard-setup brands edit", brand="Acme Tools", category="tool"
    )
    form, change = world.desk.requests
    assert (form.command, form.options) == ("brands edit", {"brand": "Acme Tools"})
    assert change.options == {"brand": "Acme Tools", "category": "tool"}
    assert form.typed
    assert change.typed


async def test_a_value_that_no_command_takes_reaches_the_desk(world: World) -> None:
    """The desk says what is wrong; an error before it would leave the person without an answer."""
    result = await world.ann.slash(world.channel, "overheard-setup brands edit", brand="  ")
    [request] = world.desk.requests
    assert (request.command, request.options["brand"]) == ("brands edit", "  ")
    assert result.response
    assert heading(result.response) == "Hello"


async def test_a_click_on_a_private_message_is_answered_in_its_place(world: World) -> None:
    """What only one person sees does not pile up."""
    world.desk.cards = (Card("Price", actions=(Action("check --yes", "Go on"),)),)
    world.desk.private = True
    price = await world.ann.slash(world.channel, "overheard check")
    assert price.response
    world.desk.cards = (Card("Done"),)
    done = await world.ann.click(price.response, label="Go on")

    assert heading(price.response) == "Done"
    assert done.followups == []


async def test_a_public_answer_to_a_private_click_leaves_nothing_behind(world: World) -> None:
    """The question about the price is gone, and the whole channel sees the result."""
    world.desk.cards = (Card("Price", actions=(Action("check --yes", "Go on"),)),)
    world.desk.private = True
    price = await world.ann.slash(world.channel, "overheard check")
    world.desk.cards, world.desk.private = (Card("Done"),), False
    assert price.response
    done = await world.ann.click(price.response, label="Go on")

    assert price.response is None
    assert [(one.ephemeral, heading(one)) for one in done.followups] == [(False, "Done")]


async def test_a_click_that_only_reads_is_answered_in_private(world: World) -> None:
    """Details that one person asks for do not fill the channel; what everybody is to see does."""
    actions = (
        Action("brands list", "Details"),
        Action("brands", "All"),
        Action("brands add Acme", "Add"),
    )
    await world.post().post(str(world.channel.id), Card("Alert", actions=actions), key="12")
    message = world.channel.last_message
    assert message
    for seconds, label in ((0.0, "Details"), (0.2, "Details"), (0.0, "All")):
        world.desk.pause = seconds
        read = await world.ann.click(message, label=label)
        assert [told.ephemeral for told in filter(None, [read.response, *read.followups])][-1:] == [
            True
        ]
    world.desk.pause = 0.0
    added = await world.ann.click(message, label="Add")
    [told] = filter(None, [added.response, *added.followups])
    assert not told.ephemeral


def test_what_everybody_is_to_see_is_no_answer_to_one() -> None:
    """A shared report is public, though sharing only reads; so is what changes something."""
    answer_one = {spec.name: spec.answers_one for spec in offered(Face.CHAT)}
    assert answer_one["alerts show"]
    assert answer_one["evidence"]
    shared = spec_of("report Acme --share", offered(Face.CHAT))
    assert shared
    assert not shared.answers_one
    assert answer_one["report"]
    assert not answer_one["check"]
    assert not answer_one["brands add"]


async def test_an_answer_takes_the_place_of_its_question(world: World) -> None:
    """Who agreed to a price sees the question become the work, and then the result."""
    world.desk.cards = (Card("Go on?", actions=(Action("confirm 7f", "Go on"),)),)
    question = await world.ann.slash(world.channel, "overheard check")
    world.desk.cards = (Card("1 of 2"), Card("Done"))
    assert question.response
    done = await world.ann.click(question.response, label="Go on")

    assert heading(question.response) == "Done"
    assert labels(question.response) == []
    assert done.followups == []


async def test_a_question_stays_for_others(world: World) -> None:
    """A person without rights gets a private refusal, at once or late."""
    world.desk.cards = (Card("Go on?", actions=(Action("confirm 7f", "Go on"),)),)
    question = await world.ann.slash(world.channel, "overheard check")
    world.desk.cards, world.desk.private = (Card("Not allowed"),), True
    for seconds in (0.0, 0.2):
        world.desk.pause = seconds
        assert question.response
        refused = await world.ann.click(question.response, label="Go on")
        [told] = [*filter(None, [refused.response]), *refused.followups][-1:]
        assert told.ephemeral
        assert heading(told) == "Not allowed"
        assert heading(question.response) == "Go on?"


async def test_progress_of_a_private_command_is_private(world: World) -> None:
    """Only the person who asked sees the answer, with any message of the desk before it."""
    world.desk.cards = (Card("1 of 2"), Card("Done"))
    world.desk.always_public = True
    result = await world.ann.slash(world.channel, "overheard spend")
    assert result.response
    assert result.response.ephemeral
    assert world.channel.last_message is None


async def test_direct_messages_are_served(world: World) -> None:
    """Without a server there are no roles."""
    result = await world.ann.user.slash("overheard-setup brands list")
    assert result.response
    assert world.desk.requests[-1].person.groups == ()


async def test_an_outage_is_told(world: World) -> None:
    """Whether a message went through is said to be unknown."""
    world.env.inject_error("POST", "/channels/*/messages", status=500)
    with pytest.raises(ChatFailed) as caught:
        await world.post().post(str(world.channel.id), Card("Alert"), key="12")
    assert caught.value.ambiguous


async def test_a_mention_is_answered_by_a_reply(world: World) -> None:
    """Without the mention; a later card takes the place of the first in the same message."""
    world.desk.cards = (Card("Working on it"), Card("2nd of 5"))
    asked = await world.ann.send(world.channel, f"<@{world.me}> how are we doing?")
    await world.env.settle()

    [request], [answer] = world.desk.requests, world.answers(world.channel)
    assert request.question == "how are we doing?"
    assert request.channel == f"discord:{world.channel.id}"
    assert request.message == ""
    assert len(request.person.groups) == 1
    assert title({"components": [one.to_dict() for one in answer.components]}) == "2nd of 5"
    assert answer.reference.message_id == asked.id


async def test_a_direct_message_needs_no_mention(world: World) -> None:
    """It is answered in the conversation with the person."""
    await world.ann.send_dm("what changed?")
    await world.env.settle()

    assert [request.question for request in world.desk.requests] == ["what changed?"]
    assert len(world.answers(world.ann.user.dm_channel)) == 1


async def test_a_reply_means_the_message_that_it_replies_to(world: World) -> None:
    """Such as that of an alert. A mention without words asks for help."""
    await world.ann.send(world.channel, f"<@{world.me}>")
    await world.env.settle()
    [alert] = world.answers(world.channel)
    await world.ann.send(world.channel, f"why? <@{world.me}>", reply_to=alert)
    await world.env.settle()

    first, second = world.desk.requests
    assert first.question == "help"
    assert (second.question, second.message) == ("why?", str(alert.id))


async def test_other_messages_are_not_answered(world: World) -> None:
    """Those of bots, and those that do not mention the bot."""
    bot = world.env.create_user("other", bot=True)
    await world.ann.send(world.channel, "how are we doing?")
    await world.ann.send(world.channel, f"what does {bot.mention} think?")
    await bot.send_dm("hello")
    await world.env.settle()

    assert world.desk.requests == []


async def test_refusals_are_sent_to_the_person(world: World) -> None:
    """A private card is a direct message, because a reply in a channel is seen by all."""
    world.desk.private = True
    await world.ann.send(world.channel, f"<@{world.me}> how are we doing?")
    await world.env.settle()

    assert world.answers(world.channel) == []
    assert len(world.answers(world.ann.user.dm_channel)) == 1
