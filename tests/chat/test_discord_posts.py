"""Posts of the Discord bot: keys, edits, threads and pictures."""

from collections.abc import AsyncIterator
from dataclasses import replace

import discord
import pytest

from kit.discord_bot import ALERT, settings, titles
from kit.discord_payloads import CHANNEL
from kit.discord_peer import Peer
from kit.discord_rest import Fault
from kit.discord_rules import title, walk
from overheard.cards.card import Card, Image
from overheard.errors import ChatFailed
from overheard_discord import posts
from overheard_discord.chat import DiscordChat


@pytest.fixture
async def chat(peer: Peer) -> AsyncIterator[DiscordChat]:
    """A bot that only posts so far."""
    made = DiscordChat(settings(peer))
    yield made
    await made.close()


def report(title: str, messages: int) -> Card:
    """Return a card that takes so many messages."""
    first, *rest = (Card(f"{title} {number}", "word " * 700) for number in range(messages))
    return replace(first, more=tuple(rest))


async def test_a_post_of_the_same_key_is_one_message(chat: DiscordChat, peer: Peer) -> None:
    """Discord itself takes the second for the first, and it is found by its key."""
    first = await chat.post(CHANNEL, ALERT, key="alert 12")
    assert await chat.post(CHANNEL, ALERT, key="alert 12") == first
    assert await chat.find(CHANNEL, "alert 12") == first
    assert await chat.find(CHANNEL, "alert 13") is None
    assert len(peer.shown()) == 1


async def test_a_post_that_was_cut_off_is_found(chat: DiscordChat, peer: Peer) -> None:
    """When the connection breaks after a post, its result is unknown; the key finds the message."""
    peer.faults.append(Fault("POST", "*/messages", 0))
    with pytest.raises(ChatFailed) as caught:
        await chat.post(CHANNEL, ALERT, key="alert 12")

    assert caught.value.ambiguous
    assert await chat.find(CHANNEL, "alert 12") == peer.shown()[0]["id"]


async def test_a_message_is_edited_in_place(chat: DiscordChat, peer: Peer) -> None:
    """Another card takes its place, with its own buttons."""
    posted = await chat.post(CHANNEL, ALERT, key="alert 12")
    await chat.edit(CHANNEL, posted, replace(ALERT, title="Acme recovered", actions=()))

    [message] = peer.shown()
    assert title(message) == "Acme recovered"
    assert not any(one["type"] == 2 for one in walk(message["components"]))
    assert await chat.find(CHANNEL, "alert 12") == posted, "it is still found by its key"


async def test_an_edit_reaches_all_messages_of_a_post(chat: DiscordChat, peer: Peer) -> None:
    """Those that are too many are taken away, those that are missing are added, others stay."""
    posted = await chat.post(CHANNEL, report("open", 3), key="report")
    await chat.post(CHANNEL, Card("Another"), key="another")
    await chat.edit(CHANNEL, posted, report("edited", 2))
    assert titles(peer) == ["edited 0", "edited 1", "Another"]

    await chat.edit(CHANNEL, posted, report("grown", 3))
    assert titles(peer) == ["grown 0", "grown 1", "Another", "grown 2"]

    await chat.edit(CHANNEL, posted, report("again", 3))
    assert titles(peer) == ["again 0", "again 1", "Another", "again 2"]
    assert await chat.find(CHANNEL, "report") == posted


async def test_where_the_bot_may_not_read_it_edits_the_first_message(
    chat: DiscordChat, peer: Peer
) -> None:
    """What is in the channel is not older than it has to be."""
    posted = await chat.post(CHANNEL, report("open", 2), key="report")
    peer.faults.append(Fault("GET", "*/messages/*", 403, body={"code": 50013}))
    await chat.edit(CHANNEL, posted, report("edited", 2))

    assert titles(peer) == ["edited 0", "open 1"]


async def test_an_edit_that_was_cut_off_is_made_up_for(chat: DiscordChat, peer: Peer) -> None:
    """A second attempt finds the messages that were added, and adds no message twice."""
    posted = await chat.post(CHANNEL, report("open", 1), key="report")
    peer.faults.append(Fault("POST", "*/messages", 0))
    with pytest.raises(ChatFailed):
        await chat.edit(CHANNEL, posted, report("edited", 3))
    await chat.edit(CHANNEL, posted, report("edited", 3))

    assert titles(peer) == ["edited 0", "edited 1", "edited 2"]


@pytest.mark.parametrize("broadcast", [False, True])
async def test_history_goes_into_a_thread(chat: DiscordChat, peer: Peer, broadcast: bool) -> None:
    """The thread is begun once; a post can be shown in the channel too."""
    posted = await chat.post(CHANNEL, ALERT, key="alert 12")
    for number in range(2):
        key = f"alert 12, change {number}"
        told = await chat.post(
            CHANNEL, Card("It grew"), key=key, thread=posted, broadcast=broadcast
        )
        assert await chat.find(CHANNEL, key) == told

    assert len(peer.shown(posted)) == 2
    assert len(peer.shown()) == (3 if broadcast else 1)


async def test_where_no_thread_can_be_a_post_refers_to_the_message(
    chat: DiscordChat, peer: Peer
) -> None:
    """A direct message or a lack of permission does not swallow the history."""
    posted = await chat.post(CHANNEL, ALERT, key="alert 12")
    peer.faults.append(Fault("POST", "*/threads", 403, body={"code": 50013}))
    told = await chat.post(CHANNEL, Card("It grew"), key="a change", thread=posted)

    assert peer.messages[told]["reference"]["message_id"] == int(posted)


@pytest.mark.parametrize("code", [50083, 160005], ids=["put away", "locked"])
async def test_history_goes_on_where_its_thread_is_closed(
    chat: DiscordChat, peer: Peer, code: int
) -> None:
    """In the channel, with a reference to the message."""
    posted = await chat.post(CHANNEL, ALERT, key="alert 12")
    peer.faults.append(Fault("POST", f"/channels/{posted}/messages", 403, body={"code": code}))
    told = await chat.post(CHANNEL, Card("It grew"), key="a change", thread=posted)

    assert peer.messages[told]["channel_id"] == CHANNEL
    assert peer.messages[told]["reference"]["message_id"] == int(posted)


async def test_pictures_are_attached_with_their_words(chat: DiscordChat, peer: Peer) -> None:
    """A chart is an attachment that the message shows, and its words its description."""
    await chat.post(CHANNEL, replace(ALERT, image=Image(b"png", "It fell.")), key="alert 12")

    [seen] = [one for one in peer.seen if one.path.endswith("/messages")]
    assert seen.files == ("chart-1.png",)
    assert seen.body["attachments"][0]["description"] == "It fell."
    [gallery] = [one for one in walk(seen.body["components"]) if one["type"] == 12]
    assert gallery["items"][0]["media"]["url"] == "attachment://chart-1.png"
    assert gallery["items"][0]["description"] == "It fell."


async def test_a_message_with_an_embed_becomes_components(chat: DiscordChat, peer: Peer) -> None:
    """Content and embeds, which may not stand next to components, go with the same edit."""
    client = await chat.logged_in()
    embed = discord.Embed(description="Acme fell")
    sent = await client.get_partial_messageable(int(CHANNEL)).send("Acme", embed=embed)
    await chat.edit(CHANNEL, str(sent.id), ALERT)

    [message] = peer.shown()
    assert (message["content"], message["embeds"]) == ("", [])
    assert title(message) == ALERT.title


async def test_no_post_is_looked_for_without_end(
    chat: DiscordChat, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every other call, it fails when Discord lets it wait."""
    monkeypatch.setattr(posts, "POST_TIMEOUT_S", 0.2)
    body = {"message": "slow down", "retry_after": 5, "global": False}
    peer.faults.append(
        Fault("GET", "*/messages", 429, {"Retry-After": "5", "Via": "1.1 google"}, body)
    )
    with pytest.raises(ChatFailed, match="took too long"):
        await chat.find(CHANNEL, "alert 12")
