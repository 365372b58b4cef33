"""Forms as modals: opened, filled in, sent back, put right."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest
from slack_sdk.models.views import View

from kit.slack_desk import ADD, ScriptedDesk, headers, unused
from kit.slack_judge import judge_view
from kit.slack_methods import CHANNEL, USER, Fault
from kit.slack_peer import SlackPeer
from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, Option
from overheard.interfaces import Conversation, Form, Request
from overheard_slack.modals import form_view, read_options

FILLED: dict[str, Any] = {
    "name": {"type": "plain_text_input", "value": " Acme "},
    "aliases": {"type": "plain_text_input", "value": "Acme Inc.\n\n ACME \n"},
    "rival": {"type": "external_select", "selected_option": {"value": "Zeta"}},
    "models": {"type": "multi_external_select", "selected_options": [{"value": "a/b"}]},
    "repeats": {"type": "number_input", "value": "3"},
    "share": {"type": "number_input", "value": "0.5"},
    "mode": {"type": "static_select", "selected_option": {"value": "slow"}},
    "tracked": {"type": "checkboxes", "selected_options": []},
    "as_of": {"type": "plain_text_input", "value": None},
}
READ = {
    "name": "Acme",
    "aliases": ["Acme Inc.", "ACME"],
    "rival": "Zeta",
    "models": ["a/b"],
    "repeats": 3,
    "share": 0.5,
    "mode": "slow",
    "tracked": False,
}


def ask(form: Form) -> Any:
    """Return what a desk does that opens a form for words, and answers a form."""

    async def serve(request: Request, conversation: Conversation) -> None:
        if request.command:
            await conversation.show(Card("Added"))
        else:
            await conversation.open_form(form)

    return serve


async def opened(slack: SlackPeer, desk: ScriptedDesk, form: Form) -> dict[str, Any]:
    """Let a form be opened and return its view."""
    desk.serves = ask(form)
    await slack.command("brands add")
    return dict((await slack.until(lambda: slack.modals))[-1])


def sent(command: CommandSpec, told: dict[str, Any], before: dict[str, Any]) -> Any:
    """Return the options and problems that are read from a submitted form."""
    view = form_view(Form(command, "Title", before), "{}")
    state = {name: {f"overheard:{name}": value} for name, value in told.items()}
    return read_options(command, {**view, "state": {"values": state}})


async def test_a_form_becomes_a_request(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """What is filled in reaches the desk with its types, and is answered where it was asked."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    assert await slack.submit(view, FILLED) is None
    [message] = await slack.until(lambda: slack.messages)

    request = desk.requests[1]
    assert (request.command, request.words, request.options) == ("brands add", "", READ)
    assert (request.channel, request.person.id) == (f"slack:{CHANNEL}", USER)
    assert headers(message) == ["Added"]


async def test_what_is_no_number_is_told_in_the_form(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """The problem is shown at its input; the desk gets no request."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    wrong = {"name": {"value": ""}, "repeats": {"value": "2.5"}, "share": {"value": "7"}}
    ack = await slack.submit(view, {**FILLED, **wrong})

    assert ack == {
        "response_action": "errors",
        "errors": {
            "name": "This is needed.",
            "repeats": "This must be a whole number.",
            "share": "This must be 1 or less.",
        },
    }
    assert len(desk.requests) == 1


async def test_what_the_desk_finds_wrong_is_shown_in_the_form(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """With all that was filled in, so that it can be put right and sent again."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))

    async def refuse(request: Request, conversation: Conversation) -> None:
        assert conversation.forms
        await conversation.open_form(
            Form(ADD, "Add a brand", request.options, 'There is a brand "Acme" already.')
        )

    desk.serves = refuse
    ack = await slack.submit(view, FILLED)
    assert ack["response_action"] == "update"
    assert 'There is a brand \\"Acme\\" already.' in str(ack["view"]).replace('"', '\\"')

    desk.serves = ask(Form(ADD, ""))
    await slack.submit(slack.modals[-1], FILLED)
    await slack.until(lambda: slack.messages)


async def test_a_form_closes_while_work_goes_on(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Slack waits for 3 s only; once it was answered no form can be opened."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    closed = asyncio.Event()
    late: list[bool] = []

    async def work(_: Request, conversation: Conversation) -> None:
        await conversation.show(Card("Working on it"))
        await closed.wait()
        late.append(conversation.forms)
        await conversation.show(Card("Done"))

    desk.serves = work
    assert await slack.submit(view, FILLED) is None
    closed.set()
    await slack.until(lambda: slack.messages and headers(slack.messages[0]) == ["Done"])

    assert late == [False]


async def test_a_form_that_comes_too_late_is_told(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Slack lets a form be opened for 3 s; a later form is replaced by an explanation."""
    desk.serves = ask(Form(ADD, "Add a brand"))
    slack.faults["views.open"] = [
        Fault(200, '{"ok": false, "error": "expired_trigger_id"}', content_type="application/json")
    ]
    await slack.command("brands add")
    [reply] = await slack.until(lambda: slack.replies)

    assert headers(reply)[0].endswith("The form could not be opened")
    assert reply["response_type"] == "ephemeral"


async def test_a_form_of_a_command_that_is_gone_closes(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """Such as after an update; the desk gets no request."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    desk.commands = ()

    assert await slack.submit(view, FILLED) is None
    assert len(desk.requests) == 1


async def test_a_form_that_cannot_be_read_is_not_served(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """It is closed, and not taken for the command without words, which helps."""
    view = {**await opened(slack, desk, Form(ADD, "Add a brand")), "private_metadata": "[]"}
    desk.commands = (CommandSpec("help", "Say what there is.", unused, ADD.options),)

    assert await slack.suggest(view, "rival", "Ze") == ["Ze"]
    assert await slack.submit(view, FILLED) is None
    await slack.command("help")
    await slack.until(lambda: len(desk.requests) == 2)
    assert [request.words for request in desk.requests] == ["brands add", "help"]


async def test_a_form_opens_after_a_fault_within_its_time(
    slack: SlackPeer, desk: ScriptedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause before the second attempt is shorter than what is kept of Slack's three seconds."""
    monkeypatch.setattr("random.random", lambda: 0.99)
    slack.faults["views.open"] = [Fault(hang_up=True)]
    began = time.monotonic()
    await opened(slack, desk, Form(ADD, "Add a brand"))
    assert time.monotonic() - began < 1.0


async def test_values_are_offered_while_somebody_types(
    slack: SlackPeer, desk: ScriptedDesk
) -> None:
    """From the desk, and no longer than Slack takes them."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    offered = await slack.suggest(view, "rival", "Ze")

    assert desk.asked == [("brands add", "rival", "Ze")]
    assert desk.askers == [(USER, f"slack:{CHANNEL}")]
    assert offered[0] == "Ze0"
    assert len(offered) == 27


async def test_what_was_typed_can_be_chosen(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """A brand may be new, and a menu by itself accepts no typed text."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    desk.values = []

    assert (await slack.suggest(view, "rival", " Zeta & Co "))[-1] == "Zeta & Co"


async def test_a_menu_works_when_the_desk_fails(slack: SlackPeer, desk: ScriptedDesk) -> None:
    """Slack gets an answer all the same."""
    view = await opened(slack, desk, Form(ADD, "Add a brand"))
    desk.values = None

    assert await slack.suggest(view, "rival", "Ze") == ["Ze"]


def test_a_form_shows_what_is_there() -> None:
    """Values and defaults are filled in."""
    form = Form(ADD, "Edit", {"name": "Acme", "aliases": ("A", "B"), "rival": "Zeta", "share": 0})
    view = form_view(form, "{}")
    elements = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}

    assert elements["name"]["initial_value"] == "Acme"
    assert elements["aliases"]["initial_value"] == "A\nB"
    assert elements["rival"]["initial_option"]["value"] == "Zeta"
    assert elements["repeats"]["initial_value"] == "1"
    assert elements["share"]["initial_value"] == "0"
    assert elements["mode"]["initial_option"]["value"] == "fast"
    assert elements["tracked"]["initial_options"]
    assert "initial_option" not in form_view(Form(ADD, "Add"), "{}")["blocks"][3]["element"]


def test_every_form_keeps_every_limit() -> None:
    """Long names, values and choices are cut to what Slack takes, by our judge and its SDK."""
    long = "Ünglaublich lang " * 300
    options = (
        *ADD.options,
        Option("long", long, choices=tuple(f"{n} {long[:60]}" for n in range(200))),
        *(Option(f"many_{n}", long) for n in range(120)),
    )
    values = {"name": long, "aliases": [long] * 3, "rival": long, "models": [long, long]}
    values |= {f"an option with a long name, {n}": "x" for n in range(150)}
    form = Form(replace(ADD, options=options, summary=long), long, values, long)
    view = form_view(form, "{}")

    assert [*judge_view(view)] == []
    View(**view).validate_json()


def test_what_is_empty_is_no_option() -> None:
    """A box that is not ticked says no."""
    values = {"name": {"value": "Acme"}, "aliases": {"value": ""}, "as_of": {"value": ""}}
    options, problems = sent(ADD, {**values, "tracked": {"selected_options": []}}, {"name": "Acme"})

    assert problems == {}
    assert options == {"name": "Acme", "tracked": False}


def test_a_command_without_options_has_a_form_all_the_same() -> None:
    """It says what the command does."""
    view = form_view(Form(CommandSpec("help", "Explain.", unused), "Help"), "{}")

    assert [*judge_view(view)] == []
