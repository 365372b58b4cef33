"""Alerts in Slack: posted once, found again, edited, and what Slack says no to."""

import asyncio
import socket

import pytest
from pydantic import SecretStr

from kit.slack_desk import headers
from kit.slack_methods import BOT_TOKEN, CHANNEL, Fault
from kit.slack_peer import SlackPeer
from overheard.cards.card import Action, Card, Image, Tainted
from overheard.errors import ChatFailed
from overheard_slack.chat import SlackChat
from overheard_slack.client import SlackFailed
from overheard_slack.settings import SlackSettings

PICTURE = Image(b"\x89PNG picture", "Acme: from 84 % to 43 %.")


async def test_a_post_is_found_by_its_key(slack: SlackPeer, chat: SlackChat) -> None:
    """The key is in the message's metadata, in the channel as in a thread."""
    first = await chat.post(CHANNEL, Card("Alert"), key="alert:1")
    reply = await chat.post(CHANNEL, Card("Evidence"), key="alert:1:evidence", thread=first)

    assert await chat.find(CHANNEL, "alert:1") == first
    assert await chat.find(CHANNEL, "alert:1:evidence") == reply
    assert await chat.find(CHANNEL, "alert:2") is None
    assert "alert:1" not in str(slack.messages[0]["blocks"]) + slack.messages[0]["text"]


async def test_a_post_is_found_on_a_later_page(slack: SlackPeer, chat: SlackChat) -> None:
    """Other people's messages come before it."""
    first = await chat.post(CHANNEL, Card("Alert"), key="alert:1")
    talk = {"channel": CHANNEL, "text": "hi", "ts": "1.1"}
    slack.messages += [{**talk, "ts": f"{n}.0"} for n in range(450)]

    assert await chat.find(CHANNEL, "alert:1") == first


async def test_a_post_is_found_in_the_thread_of_an_old_message(
    slack: SlackPeer, chat: SlackChat
) -> None:
    """An alert of last month can get news today."""
    old = await chat.post(CHANNEL, Card("Alert"), key="alert:1")
    slack.messages[0]["ts"] = old = f"{float(old) - 30 * 86_400:.6f}"
    reply = await chat.post(CHANNEL, Card("Recovered"), key="alert:1:recovered", thread=old)

    assert await chat.find(CHANNEL, "alert:1:recovered") == reply


async def test_without_the_scope_nobody_can_look(slack: SlackPeer, chat: SlackChat) -> None:
    """That is no proof that a message is not there."""
    slack.scopes = "chat:write"

    with pytest.raises(ChatFailed, match=r"missing_scope \(channels:history\); add the scope"):
        await chat.find(CHANNEL, "alert:1")


async def test_a_post_in_a_thread_can_show_in_the_channel(
    slack: SlackPeer, chat: SlackChat
) -> None:
    """Where it is asked for."""
    first = await chat.post(CHANNEL, Card("Alert"), key="1")
    await chat.post(CHANNEL, Card("Recovered"), key="2", thread=first, broadcast=True)

    assert "reply_broadcast" not in slack.messages[0]
    assert slack.messages[1]["reply_broadcast"] is True


async def test_a_long_post_goes_on_in_its_thread(slack: SlackPeer, chat: SlackChat) -> None:
    """The channel has one message with its picture; the rest follows below."""
    long = Card("Alert", "x " * 5700, image=PICTURE, more=(Card("More", "y " * 5900),))
    ts = await chat.post(CHANNEL, long, key="1")

    assert [message.get("thread_ts", "") for message in slack.messages] == ["", ts]
    assert [block["type"] for block in slack.messages[0]["blocks"]].count("image") == 1


async def test_a_post_is_edited_in_place(slack: SlackPeer, chat: SlackChat) -> None:
    """And stays findable by its key."""
    ts = await chat.post(CHANNEL, Card("Open"), key="1")
    await chat.edit(CHANNEL, ts, Card("Acknowledged by Ann"))

    assert [headers(message) for message in slack.messages] == [["Acknowledged by Ann"]]
    assert await chat.find(CHANNEL, "1") == ts


async def test_a_post_waits_when_slack_asks_for_it(slack: SlackPeer, chat: SlackChat) -> None:
    """A short wait is waited out."""
    slack.faults["chat.postMessage"] = [Fault(429, "", {"Retry-After": "0"})]

    assert await chat.post(CHANNEL, Card("Alert"), key="1")
    assert len(slack.messages) == 1


async def test_a_long_wait_is_told(slack: SlackPeer, chat: SlackChat) -> None:
    """The outbox tries again when that time has passed."""
    slack.faults["chat.postMessage"] = [Fault(429, "", {"Retry-After": "600"})]

    with pytest.raises(ChatFailed) as failed:
        await chat.post(CHANNEL, Card("Alert"), key="1")

    assert failed.value.retry_after == 600
    assert not failed.value.ambiguous
    assert slack.messages == []


async def test_a_channel_is_left_alone_for_as_long_as_slack_asks(
    slack: SlackPeer, chat: SlackChat
) -> None:
    """Nothing is sent there during the wait, and other channels go on."""
    slack.members.add("C2")
    slack.faults["chat.postMessage"] = [Fault(429, "", {"Retry-After": "600"})]
    for _ in range(3):
        with pytest.raises(ChatFailed) as failed:
            await chat.post(CHANNEL, Card("Alert"), key="1")
        assert 590 < (failed.value.retry_after or 0) <= 600
    await chat.post("C2", Card("Alert"), key="2")

    assert len(slack.of("chat.postMessage")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, done=True),
        Fault(503, "busy", content_type="text/plain", done=True),
        Fault(200, "[]", content_type="application/json", done=True),
        Fault(200, "{not json", content_type="application/json", done=True),
        Fault(200, "", content_type="application/json", done=True),
        Fault(200, "null", content_type="application/json", done=True),
        Fault(200, '"ok"', content_type="application/json", done=True),
        Fault(200, '{"ok": false, "error": "internal_error"}', content_type="application/json"),
        Fault(hang_up=True, done=True),
    ],
    ids=lambda fault: f"{fault.status} {fault.body[:12]}" if not fault.hang_up else "hang up",
)
async def test_a_post_of_which_nobody_knows_is_not_made_twice(
    slack: SlackPeer, chat: SlackChat, fault: Fault
) -> None:
    """After a fault that may have come too late, the message is looked for, not sent again."""
    slack.faults["chat.postMessage"] = [fault]

    with pytest.raises(ChatFailed) as failed:
        await chat.post(CHANNEL, Card("Alert"), key="1")

    assert failed.value.ambiguous
    assert len(slack.of("chat.postMessage")) == 1
    found = await chat.find(CHANNEL, "1")
    assert (found is not None) is fault.done


async def test_an_edit_is_made_again_after_a_fault(slack: SlackPeer, chat: SlackChat) -> None:
    """It does no harm to make it twice."""
    ts = await chat.post(CHANNEL, Card("Open"), key="1")
    slack.faults["chat.update"] = [Fault(502), Fault(hang_up=True)]
    await chat.edit(CHANNEL, ts, Card("Closed"))

    assert headers(slack.messages[0]) == ["Closed"]


async def test_a_refusal_names_its_remedy(chat: SlackChat) -> None:
    """It is certain that nothing was posted."""
    with pytest.raises(SlackFailed) as failed:
        await chat.post("C9", Card("Alert"), key="1")

    assert not failed.value.ambiguous
    assert str(failed.value) == (
        "Slack did not take a message: chat.postMessage answered not_in_channel; "
        "invite the bot there with /invite."
    )


async def test_a_refused_text_is_not_posted_again(slack: SlackPeer, chat: SlackChat) -> None:
    """It has no simpler form, as a picture or a table has."""
    refused = Fault(
        200, '{"ok": false, "error": "invalid_blocks"}', content_type="application/json"
    )
    slack.faults["chat.postMessage"] = [refused, refused]
    with pytest.raises(SlackFailed, match="invalid_blocks"):
        await chat.post(CHANNEL, Card("Alert"), key="1")

    assert len(slack.of("chat.postMessage")) == 1


async def test_slack_that_cannot_be_reached_is_certain() -> None:
    """No connection, no message."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        base_url = f"http://127.0.0.1:{closed.getsockname()[1]}/api/"
        chat = SlackChat(SlackSettings(bot_token=SecretStr(BOT_TOKEN), base_url=base_url))
        with pytest.raises(ChatFailed, match="cannot be reached") as failed:
            await chat.post(CHANNEL, Card("Alert"), key="1")
        await chat.close()

    assert not failed.value.ambiguous


async def test_messages_in_a_channel_keep_their_distance(slack: SlackPeer) -> None:
    """Slack takes one a second and channel; another channel does not wait."""
    chat = SlackChat(
        SlackSettings(bot_token=SecretStr(BOT_TOKEN), base_url=slack.api), interval_s=0.15
    )
    slack.members.add("C2")
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.gather(
        *(chat.post(CHANNEL, Card(str(n)), key=str(n)) for n in range(3)),
        chat.post("C2", Card("Other"), key="other"),
    )
    await chat.close()

    assert loop.time() - began >= 0.3
    channels = [message["channel"] for message in slack.messages]
    assert channels.index("C2") < 2


async def test_a_strangers_words_go_through_unharmed(slack: SlackPeer, chat: SlackChat) -> None:
    """50,000 characters that try everything become messages that Slack takes."""
    hostile = Tainted("<!channel> @everyone <https://evil.example|bank> ```\u202e " * 1000)
    await chat.post(CHANNEL, Card("Answer", hostile, actions=(Action("help", "Help"),)), key="1")

    assert "<!channel>" not in slack.messages[0]["text"]


async def test_an_edit_changes_what_followed_in_the_thread_too(
    slack: SlackPeer, chat: SlackChat
) -> None:
    """What is too much goes, and what is missing comes."""
    more = tuple(Card(f"More {n}", "y " * 5900) for n in range(2))
    ts = await chat.post(CHANNEL, Card("Alert", "x " * 5900, more=more), key="1")
    assert len(slack.messages) == 3

    await chat.edit(CHANNEL, ts, Card("Alert", "x " * 5900, more=(Card("Other", "z " * 5900),)))
    assert [m.get("thread_ts", "") for m in slack.messages] == ["", ts]
    assert "z z" in str(slack.messages[1]["blocks"])
    assert "y y" not in str(slack.messages)

    await chat.edit(CHANNEL, ts, Card("Alert", "x " * 5900, more=more))
    assert [m.get("thread_ts", "") for m in slack.messages] == ["", ts, ts]


async def test_an_edit_that_was_cut_off_is_told(
    slack: SlackPeer, chat: SlackChat, caplog: pytest.LogCaptureFixture
) -> None:
    """What followed in the thread is there still, as it was."""
    ts = await chat.post(CHANNEL, Card("Open"), key="1")
    slack.faults["conversations.replies"] = [Fault()] * 3
    await chat.edit(CHANNEL, ts, Card("Closed"))

    assert f"may be as it was in {CHANNEL}" in caplog.text
