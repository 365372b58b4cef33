"""Questions in words in Discord: discord.py in a simulated Discord, by SimCord."""

from dataclasses import dataclass
from typing import Any

import pytest
from simcord import ChannelHandle, Env, MemberActor

from kit.discord_desk import ScriptedDesk
from kit.discord_rules import title
from overheard.cards.card import Card
from overheard_discord.client import DiscordClient
from overheard_discord.settings import DiscordSettings


@pytest.fixture
def desk() -> ScriptedDesk:
    """What the bot brings requests to."""
    return ScriptedDesk(Card("Working on it"), Card("2nd of 5"))


@pytest.fixture
def simcord_bot(desk: ScriptedDesk) -> DiscordClient:
    """What SimCord runs."""
    return DiscordClient(DiscordSettings(), desk)


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


@pytest.fixture
async def world(simcord_env: Env, desk: ScriptedDesk) -> World:
    """A server that the bot has joined."""
    guild = simcord_env.create_guild()
    ann = guild.add_member(simcord_env.create_user("ann"), roles=[guild.create_role("Marketing")])
    channel = guild.create_text_channel("brand")
    await simcord_env.settle()
    return World(simcord_env, desk, channel, ann)


async def test_a_mention_is_answered_by_a_reply(world: World) -> None:
    """Without the mention; a later card takes the place of the first in the same message."""
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
