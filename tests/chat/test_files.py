"""Files that a card hands over: the page of a report and tables, by each platform's own client."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from kit.both_chats import in_discord
from kit.discord_peer import Peer
from kit.discord_rules import walk, words
from kit.office import Office, open_office
from kit.scripted import reply
from kit.slack_desk import listening
from kit.slack_methods import CHANNEL, USER
from kit.slack_peer import SlackPeer
from overheard.cards.card import MAX_FILE_BYTES, Card, File
from overheard.chat.terminal.execution import _save_file
from overheard.commands.export import export_to
from overheard.deployment import Call
from overheard.domain import Answer, Model, Question, Run
from overheard_discord.layouts import render
from overheard_slack.chat import SlackChat

HOSTILE = '=HYPERLINK("https://evil.example")\nAcme is best \u202e.'
PAGE = File(b"<!doctype html>Acme", "acme.html", "text/html", "Acme, report of 24 Nov")


@pytest.fixture
async def office() -> Office:
    """A deployment with one answer, which begins like a formula."""
    office = await open_office()
    at = office.deployment.clock.now()
    run = await office.store.runs.start(Run("first", at))
    [prompt] = office.deployment.catalogue.prompts
    question = Question(prompt, Model("openai", "gpt-5.4-mini"))
    await office.store.answers.add([Answer(run.id, question, reply(HOSTILE), at)])
    return office


async def test_an_answer_that_is_larger_than_a_file_is_not_called_none(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card says that the newest one does not fit."""
    monkeypatch.setattr("overheard.commands.export.MAX_FILE_BYTES", 90)
    deployment = await office.deployment.refreshed()
    card = await export_to(Call(deployment, "Maya (slack:U1)", "slack:C1"), what="answers")

    assert card.title == "The newest answer is too long for a file here"
    assert card.text == "It alone is larger than 1 kB."
    assert card.file is None


async def test_in_slack_a_report_is_shared_in_its_thread(
    slack: SlackPeer, chat: SlackChat, office: Office
) -> None:
    """[Share] uploads one page, whose text is escaped."""
    async with listening(chat, office.desk):
        await slack.command("report Acme")
        [report] = await slack.until(lambda: slack.messages)
        await slack.click(report, "Share")
        await slack.until(lambda: [one for one in slack.uploads if one["filename"].endswith("l")])

    [page] = [one for one in slack.uploads if one["filename"].endswith(".html")]
    assert (page["channel"], page["thread"]) == (CHANNEL, report["ts"])
    assert page["content"].startswith(b"<!doctype html>")
    assert b"<script" not in page["content"]
    assert page["filename"] in str(slack.messages[1]["blocks"])


async def test_in_slack_an_export_is_for_the_person_who_asks(
    slack: SlackPeer, chat: SlackChat, office: Office
) -> None:
    """The file comes in a direct message, and the channel sees nothing."""
    async with listening(chat, office.desk):
        await slack.command("export answers")
        [table] = await slack.until(lambda: slack.uploads)
        await slack.until(lambda: slack.replies)

    assert table["channel"] == f"D{USER[1:]}"
    assert [one["channel"] for one in slack.messages] == [table["channel"]]
    assert "direct messages" in str(slack.replies[-1])
    _check_table(table["content"])


async def test_in_slack_a_file_that_is_refused_is_not_lost_in_silence(
    slack: SlackPeer, chat: SlackChat
) -> None:
    """The thread says why, and the message stays."""
    slack.scopes = slack.scopes.replace("files:write,", "")
    ts = await chat.post(CHANNEL, Card("Report", file=PAGE), key="1")

    message, answer = slack.messages
    assert message["ts"] == answer["thread_ts"] == ts
    assert answer["text"].startswith("acme.html was not sent. Slack did not take")
    assert "missing_scope (files:write)" in answer["text"]


async def test_in_discord_a_report_is_shared(discord: Peer) -> None:
    """[Share] answers with the page, as a component."""
    await discord.command("report", brand="Acme")
    [report] = discord.messages
    await discord.gateway.until(lambda: "Share" in str(discord.messages[report]))
    await discord.click(report, "Share")
    await discord.gateway.until(lambda: any(name.endswith(".html") for name in discord.uploads))

    [name] = [name for name in discord.uploads if name.endswith(".html")]
    *_, shared = discord.messages.values()
    files = [one for one in walk(shared["components"]) if one["type"] == 13]
    assert [one["file"]["url"] for one in files] == [f"attachment://{name}"]
    assert discord.uploads[name].startswith(b"<!doctype html>")


async def test_in_discord_an_export_is_for_the_person_who_asks(discord: Peer) -> None:
    """The answer is ephemeral."""
    name = await discord.command("export", what="answers")
    await discord.gateway.until(lambda: discord.uploads)

    assert discord.answer(name)["flags"] & 1 << 6
    _check_table(discord.uploads["answers.csv"])


async def test_in_discord_a_server_may_take_smaller_files(peer: Peer) -> None:
    """The message comes without the file, and says so."""
    peer.max_upload = 10
    chat = in_discord(peer)
    await chat.post("1000000000000000003", Card("Report", file=PAGE), key="1")
    await chat.close()

    [message] = peer.shown()
    assert "acme.html was not sent: this server takes smaller files" in words(message)
    assert peer.uploads == {}


def test_a_file_beyond_all_platforms_is_named() -> None:
    """With its size, and the limit."""
    large = replace(PAGE, content=bytes(MAX_FILE_BYTES + 1))
    [page] = render(Card("Report", file=large))

    assert page.files == ()
    assert "acme.html (8.0 MB) is not sent: a file in a chat can have 8.0 MB at most." in str(page)


async def test_an_export_that_does_not_fit_has_the_newest(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says that there is more."""
    monkeypatch.setattr("overheard.commands.export.MAX_FILE_BYTES", 300)
    at = office.deployment.clock.now()
    run = await office.store.runs.start(Run("second", at))
    [prompt] = office.deployment.catalogue.prompts
    question = Question(prompt, Model("openai", "gpt-5.4-mini"))
    await office.store.answers.add([Answer(run.id, question, reply("The newest " * 9), at)])
    card = await export_to(Call(office.deployment, channel="slack:C1"), what="answers")

    assert card.title == "1 answer"
    assert str(card.text).startswith("The newest; more than")
    assert card.file
    assert b"The newest The newest" in card.file.content


def _check_table(content: bytes) -> None:
    """Check the rows: names and not ids, and nothing that a spreadsheet would calculate."""
    header, row = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header[1:4] == ["Model", "Question", "Answer"]
    assert row[1:3] == ["ChatGPT", "Which tool is best?"]
    assert row[3].startswith("'=HYPERLINK(")
    assert "\u202e" not in row[3]


def test_a_terminal_saves_a_file_next_to_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this folder alone, whatever the file's name says."""
    monkeypatch.chdir(tmp_path)
    named = [_save_file(PAGE), _save_file(replace(PAGE, name="../acme.html"))]

    assert named == ["Saved as acme.html", "Saved as acme-2.html"]
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [PAGE.content] * 2
