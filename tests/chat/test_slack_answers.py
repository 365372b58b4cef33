"""The real slack-bolt app in Socket Mode: what people ask, and where it is answered."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from kit.slack_desk import ScriptedDesk, headers
from kit.slack_methods import CHANNEL, USER, Fault
from kit.slack_peer import SlackPeer
from overheard.cards.card import Action, Card, Choice, Image, Table
from overheard.interfaces import Conversation, Person, Request
from overheard_slack import posts
from overheard_slack.blocks import render

SHARES = Table(("Brand", "ChatGPT"), (("HubSpot", "92 %"), ("Acme", "38 %")), caption="Shares")
PICTURE = Image(b"\x89PNG picture", "Acme: from 84 % to 43 %.")
REFUSED = Fault(200, '{"ok": false, "error": "invalid_blocks"}', content_type="application/json")


def kinds(message: Mapping[str, Any]) -> list[str]:
    """Return the types of a message's blocks."""
    return [block["type"] for block in message["blocks"]]


async def test_a_command_is_served_in_its_channel(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """The desk gets the words and the person; the answer is in the channel."""
    assert await slack.command("  report Acme ") is None
    [message] = await slack.until(lambda: slack.messages)

    [request] = desk.requests
    assert request.person == Person("slack", USER, "Ann Lee", ("S1",), "Europe/Berlin")
    assert (request.channel, request.words) == (f"slack:{CHANNEL}", "report Acme")
    assert headers(message) == ["Pong"]
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


async def test_progress_and_result_are_one_message(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Each card takes the place of the one before."""

    async def work(_: Request, conversation: Conversation) -> None:
        for done in ("1 of 2", "2 of 2", "Done"):
            await conversation.show(Card(done))

    desk.serves = work
    await slack.command("check")
    await slack.until(lambda: slack.messages and slack.messages[0]["edits"] == 2)

    assert [headers(message) for message in slack.messages] == [["Done"]]


async def test_an_answer_that_somebody_deleted_is_posted_anew(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """The result of long work is not lost with its progress."""

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(Card("Working on it"))
        slack.messages.clear()
        await conversation.show(Card("Done"))

    desk.serves = work
    await slack.command("check")
    await slack.until(lambda: len(slack.of("chat.postMessage")) == 2)

    assert [headers(message) for message in slack.messages] == [["Done"]]


async def test_of_cards_that_wait_only_the_newest_is_shown(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Progress that no reader could have seen is not shown."""

    async def work(_: Request, conversation: Conversation) -> None:
        await asyncio.gather(*(conversation.show(Card(f"{n} of 50")) for n in range(50)))

    desk.serves = work
    await slack.command("check")
    await slack.until(lambda: slack.messages and headers(slack.messages[0]) == ["49 of 50"])

    assert len(slack.of("chat.postMessage")) + len(slack.of("chat.update")) <= 2


async def test_a_longer_answer_grows_and_a_shorter_one_shrinks(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Messages that a later card does not need are taken away."""

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(Card("Long", "x " * 5900, more=(Card("More", "y " * 5900),)))
        await conversation.show(Card("Short"))

    desk.serves = work
    await slack.command("report")
    await slack.until(lambda: slack.of("chat.delete"))

    assert len(slack.of("chat.postMessage")) == 2
    assert [headers(message) for message in slack.messages] == [["Short"]]


async def test_a_private_answer_is_seen_by_one_person(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """It goes to the response URL: first at once, then the last card, in few uses."""

    async def work(_: Request, conversation: Conversation) -> None:
        for number in range(20):
            await conversation.show(Card(str(number)), private=True)

    desk.serves = work
    await slack.command("spend")
    await slack.until(lambda: len(slack.replies) == 2)

    assert [headers(reply) for reply in slack.replies] == [["0"], ["19"]]
    assert {reply["response_type"] for reply in slack.replies} == {"ephemeral"}
    assert slack.messages == []


async def test_it_answers_where_the_bot_is_no_member(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """A slash command works in every channel; so does its response URL."""
    await slack.command("report", channel="C9")
    [reply] = await slack.until(lambda: slack.replies)

    assert headers(reply) == ["Pong"]
    assert reply["response_type"] == "in_channel"


async def test_what_a_response_url_refuses_goes_to_the_person(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """It may be used up, or half an hour old."""

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(Card("Spent"), private=True)

    desk.serves = work
    await slack.command("spend", response_url=f"{slack.url}/gone")
    [message] = await slack.until(lambda: slack.messages)

    assert message["channel"] == "D1"


async def test_a_click_does_what_its_words_say_in_the_thread(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Slash commands do not work in threads; buttons do."""
    await slack.command("ping")
    [message] = await slack.until(lambda: slack.messages)
    await slack.click(message, "Again")
    await slack.until(lambda: len(slack.messages) == 2)

    assert (desk.requests[1].words, desk.requests[1].message) == ("ping again", message["ts"])
    assert slack.messages[1]["thread_ts"] == message["ts"]


async def test_a_click_on_a_private_card_replaces_it(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """What only one person sees is edited through the response URL."""

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(desk.card, private=True)

    desk.serves = work
    await slack.command("spend")
    [first] = await slack.until(lambda: slack.replies)
    await slack.click(first, "Again", own=True)
    await slack.until(lambda: len(slack.replies) == 2)

    assert [reply["replace_original"] for reply in slack.replies] == [False, True]


async def test_a_public_answer_to_a_private_click_takes_it_away(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """A question that only one person saw is gone when all see the answer."""
    private = {"blocks": list(render(desk.card)[0].blocks)}
    await slack.click(private, "Again", own=True)
    [message] = await slack.until(lambda: slack.messages)

    assert headers(message) == ["Pong"]
    assert [reply.get("delete_original") for reply in slack.replies] == [True]


async def test_the_answer_to_a_question_takes_its_place(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """A price that was agreed to becomes the result, and its buttons are gone."""
    desk.card = Card("It costs $1", actions=(Action("confirm abc", "Go on"),))
    await slack.command("check")
    [question] = await slack.until(lambda: slack.messages)
    desk.card = Card("Checked")
    await slack.click(question, "Go on")
    await slack.until(lambda: slack.messages and slack.messages[0]["edits"])

    assert [headers(message) for message in slack.messages] == [["Checked"]]


async def test_public_progress_is_taken_back_before_a_private_answer(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """No stale progress stays in the channel."""

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(Card("Working on it"))
        await conversation.show(Card("Spent"), private=True)

    desk.serves = work
    await slack.command("spend")
    [reply] = await slack.until(lambda: slack.replies)

    assert headers(reply) == ["Spent"]
    assert slack.messages == []


async def test_a_picture_is_uploaded_once_and_shown_in_the_message(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """With its words, for those who cannot see it."""

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(Card("Trend", image=PICTURE))
        await conversation.show(Card("Trend, again", image=PICTURE))

    desk.serves = work
    await slack.command("trend")
    [upload] = await slack.until(lambda: slack.uploads)
    await slack.until(lambda: slack.messages and slack.messages[0]["edits"])

    assert upload["content"] == PICTURE.png
    assert upload["alt_txt"] == PICTURE.alt
    assert upload["channel"] == upload["thread"] == ""
    [shown] = [block for block in slack.messages[0]["blocks"] if block["type"] == "image"]
    assert shown == {"type": "image", "slack_file": {"id": upload["id"]}, "alt_text": PICTURE.alt}
    assert len(slack.uploads) == 1


@pytest.mark.parametrize(("refusals", "is_shown"), [(2, True), (3, False)])
async def test_a_picture_is_shown_once_slack_has_processed_it(
    slack: SlackPeer,
    desk: ScriptedDesk,
    monkeypatch: pytest.MonkeyPatch,
    refusals: int,
    is_shown: bool,
) -> None:
    """Until then Slack refuses its message; in the end the picture is told in words."""
    monkeypatch.setattr(posts, "PROCESSING_PAUSES_S", (0.0,) * 3)
    slack.faults["chat.postMessage"] = [REFUSED] * refusals
    desk.card = Card("Trend", image=PICTURE)
    await slack.command("trend")
    [message] = await slack.until(lambda: slack.messages)

    assert ("image" in kinds(message)) == is_shown
    assert (f"Chart: {PICTURE.alt}" in str(message["blocks"])) != is_shown
    assert len(slack.uploads) == 1


async def test_another_metric_takes_the_place_of_the_first(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """A menu that says what is shown changes its own message, without another in the thread."""
    entries = (Action("report Acme", "Named"), Action("trend Acme --metric top1", "First"))
    desk.card = Card("Report", choice=Choice("Show", entries, 0))
    await slack.command("report")
    [message] = await slack.until(lambda: slack.messages)
    desk.card = Card("Trend", choice=Choice("Show", entries, 1))
    await slack.click(message, "First")
    await slack.until(lambda: slack.messages[0]["edits"])

    [message] = slack.messages
    assert headers(message) == ["Trend"]
    assert desk.requests[-1].words == "trend Acme --metric top1"


async def test_a_refused_data_table_is_text(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """No cell is lost, and the next table is a data table again."""
    slack.faults["chat.postMessage"] = [REFUSED]
    desk.card = Card("Report", table=SHARES)
    for number in (1, 2):
        await slack.command("report")
        await slack.until(lambda: len(slack.messages) == number)  # noqa: B023

    assert ["data_table" in kinds(message) for message in slack.messages] == [False, True]
    text = str(slack.messages[0]["blocks"])
    assert all(cell in text for cell in ("HubSpot", "92 %", "Shares"))


@pytest.mark.parametrize("uploaded", [0, 1])
async def test_a_picture_that_cannot_be_uploaded_is_told_in_words(
    slack: SlackPeer, desk: ScriptedDesk, uploaded: int
) -> None:
    """Without the scope files:write the message has its words, and the pictures from before."""
    desk.card = Card("Share", image=Image(PICTURE.png + b"-", "Shares."))
    if uploaded:
        await slack.command("share")
        await slack.until(lambda: slack.messages)
    slack.scopes = slack.scopes.replace("files:write", "none")
    desk.card = replace(desk.card, more=(Card("Trend", image=PICTURE),))
    await slack.command("trend")
    *_, message = await slack.until(lambda: slack.messages[uploaded:])

    assert f"Chart: {PICTURE.alt}" in str(message["blocks"])
    assert str(message["blocks"]).count("slack_file") == uploaded


async def test_a_repeated_event_is_served_once(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Slack sends again what it believes was lost; both are acknowledged."""
    payload = slack.typed("check")
    await slack.send("slash_commands", payload)
    await slack.send("slash_commands", payload)
    await slack.command("last")
    await slack.until(lambda: len(slack.messages) == 2)

    assert [request.words for request in desk.requests] == ["check", "last"]
    assert len(slack.acks) == 3


async def test_commands_are_acknowledged_while_work_goes_on(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Work never holds up an acknowledgement."""
    never = asyncio.Event()

    async def work(_: Request, __: Conversation) -> None:
        await never.wait()

    desk.serves = work
    for number in range(30):
        await slack.command(f"check {number}")

    assert len(slack.acks) == 30


async def test_the_home_greets_and_its_buttons_work(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """A click there is answered in the conversation with the bot, and the Home is updated."""
    await slack.visit_home()
    await slack.until(lambda: USER in slack.homes)
    assert headers(slack.homes[USER]) == ["Hello Ann Lee"]

    await slack.click_home("Report")
    await slack.until(lambda: len(slack.of("views.publish")) == 2)

    assert desk.requests[0].words == "report"
    assert slack.messages[0]["channel"] == "D1"


async def test_the_home_shows_its_picture(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """As a message does."""
    desk.picture = Image(b"png", "Acme 8 of 24.")
    await slack.visit_home()
    await slack.until(lambda: USER in slack.homes)

    assert "image" in kinds(slack.homes[USER])


async def test_people_have_no_zone_without_the_scope(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Optional scopes may be missing: the command's own name is used."""
    slack.scopes = "commands,chat:write"
    await slack.command("report")
    await slack.until(lambda: slack.messages)

    assert desk.requests[0].person == Person("slack", USER, "ann")


async def test_a_zone_that_an_outage_kept_back_is_asked_for_soon_again(
    slack: SlackPeer, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack is asked again soon, and not only after the lifetime of a good answer."""
    monkeypatch.setattr("overheard_slack.workspaces.RETRY_AFTER_OUTAGE_S", 0.0)
    slack.faults["users.info"] = [Fault(503)] * 5
    await slack.command("report")
    await slack.until(lambda: slack.messages)
    slack.faults.clear()
    await slack.command("report")
    await slack.until(lambda: len(slack.messages) == 2)

    assert [request.person.zone for request in desk.requests] == ["", "Europe/Berlin"]
