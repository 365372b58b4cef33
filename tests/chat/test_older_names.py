"""The words of earlier releases: typed, clicked, sent by an old form, in each chat and terminal."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kit.discord_peer import Peer
from kit.discord_rules import words
from kit.office import DECLARED, Office, asked_office, open_office
from kit.program import Program
from kit.slack_desk import headers
from kit.slack_peer import SlackPeer
from overheard.cards.command import Face
from overheard.chat.parser import named, spec_of
from overheard.commands.registry import offered
from overheard.deprecations import OLD_COMMANDS
from overheard.domain import PendingConfirmation

CHAT = offered(Face.CHAT)
ANYWHERE = {spec.name: spec for spec in (*offered(Face.TERMINAL), *CHAT)}
IN_CHANNEL = "Alerts of Acme come into this channel"
GUIDE = Path(__file__).parents[2] / "docs" / "commands.md"


@pytest.fixture
async def office() -> Office:
    """A deployment that declares Acme."""
    return await open_office(forms=True)


@pytest.mark.parametrize(
    "name", [name for name, old in OLD_COMMANDS.items() if old.instead], ids=lambda name: name
)
def test_old_words_are_a_command_of_today(name: str) -> None:
    """Those that replace them name a command with options that it has; no command has the name."""
    assert name not in ANYWHERE
    order = named(name, [*ANYWHERE.values()])
    told = re.findall(r"--([\w-]+)", OLD_COMMANDS[name].instead)
    assert {option.written for option in order.spec.options} >= {*told}
    found = spec_of(f"{name} Acme", [*ANYWHERE.values()])
    assert found
    assert found.name == order.spec.name


def test_the_guide_has_a_table_of_them() -> None:
    """With what is typed now, or with what does the work."""
    section = GUIDE.read_text(encoding="utf-8").split("## Older names")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| `([^`|]+)` \| (.+) \|$", section, flags=re.MULTILINE))
    assert rows.keys() == OLD_COMMANDS.keys()
    for name, old in OLD_COMMANDS.items():
        assert not old.instead or rows[name] == f"`{old.instead}`", name


async def test_typed_words_do_the_same(office: Office) -> None:
    """In any case of letters, and help teaches the new words."""
    typed = await office.chat.type("Subscribe Acme --quiet 22:00-07:00")
    taught = await office.chat.type("help subscribe")
    chosen = await office.chat.choose("unsubscribe", brand="Acme")

    assert typed.card.title == IN_CHANNEL
    assert taught.card.title == "routes add"
    assert chosen.card.title == f"{IN_CHANNEL} no more"
    assert [note[1] for note in office.gate.notes] == [
        "routes add Acme --quiet 22:00-07:00",
        "help subscribe",
        "routes remove Acme",
    ]


async def test_a_yes_to_an_old_question_does_it(office: Office) -> None:
    """It was asked before the update, and waits in the store under the old name."""
    now = office.deployment.clock.now()
    waiting = PendingConfirmation(
        token="T1",
        command="facts ask",
        options={"brand": "Acme", "agreed_usd": None},
        platform="fake",
        person="U1",
        name="Ada",
        channel="fake:general",
        until=now + timedelta(hours=1),
    )
    await office.store.chat_state.add_pending(waiting)
    done = await office.chat.type("confirm T1")

    assert done.card.title == "Added 1 question about Acme"


async def test_posted_buttons_of_two_forms_lead_to_what_replaces_them(office: Office) -> None:
    """Suggestions of the named brand, for a yes to the price; and the step of days and times."""
    suggested = await office.chat.type('prompts choose "Acme"')
    planned = await office.chat.type("schedules plan")

    assert "suggestion for Acme" in str(suggested.card.title)
    assert planned.form
    assert planned.form.title == "4 of 5: Where and when"


async def test_a_removed_command_names_what_does_its_work(office: Office) -> None:
    """Typed, sent by a form, and asked for in help;
    for this person alone.
    """
    reason = 'There is no command "bursts run" any more: alerts recheck asks again for an alert'
    typed = await office.chat.type("bursts run")
    chosen = await office.chat.choose("bursts run")
    helped = await office.chat.type("help bursts run")

    for screen in (typed, chosen, helped):
        assert str(screen.card.text).startswith(reason)
        assert screen.private


@pytest.mark.usefixtures("in_slack")
async def test_in_slack_an_old_button_does_it(slack: SlackPeer) -> None:
    """It was posted before the update."""
    button = {
        "type": "button",
        "action_id": "overheard:0",
        "text": {"type": "plain_text", "text": "Alerts here"},
        "value": "subscribe Acme",
    }
    old: dict[str, Any] = {"blocks": [{"type": "actions", "elements": [button]}]}
    await slack.click(old, "Alerts here")
    [message] = await slack.until(lambda: slack.messages)
    assert headers(message)[0].endswith(IN_CHANNEL)


@pytest.mark.usefixtures("in_slack")
async def test_in_slack_an_old_form_does_it(slack: SlackPeer) -> None:
    """It was open while the bot was updated; its menu still offers values."""
    await slack.command("brands remove")
    [view] = await slack.until(lambda: slack.modals)
    metadata = view["private_metadata"].replace("brands remove", "unsubscribe")
    old = {**view, "private_metadata": metadata}
    brand = {"brand": {"type": "external_select", "selected_option": {"value": "Acme"}}}

    assert "Acme" in await slack.suggest(old, "brand", "ac")
    await slack.command("subscribe Acme")
    await slack.until(lambda: len(slack.messages) == 1)
    await slack.submit(old, brand)
    [_, message] = await slack.until(lambda: len(slack.messages) == 2 and slack.messages)
    assert headers(message)[0].endswith(f"{IN_CHANNEL} no more")


async def test_in_discord_old_buttons_and_commands_do_it(discord: Peer) -> None:
    """As a message from before the update has one, and a client that shows the old tree."""
    data = {"custom_id": "do:subscribe Acme", "component_type": 2}
    clicked = await discord.interact(3, data)
    called = await discord.command("unsubscribe", brand="Acme")

    assert IN_CHANNEL in words(discord.answer(clicked))
    assert f"{IN_CHANNEL} no more" in words(discord.answer(called))


def test_in_the_terminal_a_line_names_the_new_words(tmp_path: Path) -> None:
    """On standard error, so that a script that reads the JSON goes on."""
    terminal = Program(tmp_path, DECLARED)
    typed = ("Acme", "--channel", "slack:C1", "--json")
    old, said = terminal.run("subscribe", *typed)
    new, silent = terminal.run("routes", "add", *typed)
    _, helped = terminal.run("subscribe", "--help")

    assert old == new
    assert said == (
        '"overheard subscribe" is "overheard routes add" now; the old words end in Overheard 0.4.\n'
    )
    assert silent == ""
    assert "routes add" in helped
    _, gone = terminal.run("canary", "setup", "a/b", code=2)
    assert gone.startswith('There is no command "canary setup" any more: watch start asks a model')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("digest Acme --since today", "report Acme --week --since today"),
        ("voice", "trend --show voice"),
        ("versus Acme Zeta", "trend Acme Zeta"),
        ("shifts --why", "changes --why"),
        ("updates", "changes --show updates"),
    ],
)
async def test_old_words_have_the_same_data(old: str, new: str) -> None:
    """Also a noun alone, whose list went to another command."""
    office = await asked_office("Acme is best. Zeta is good.")
    before, now = (await office.chat.type(old)).card, (await office.chat.type(new)).card

    assert before.data == now.data
    assert before.title == now.title
