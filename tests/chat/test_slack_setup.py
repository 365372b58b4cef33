"""Making the app at Slack, and finding out what is wrong with it."""

import json
import os
from pathlib import Path

import pytest
import yaml
from pydantic import SecretStr

from kit.program import Program
from kit.slack_methods import APP_TOKEN, BOT_TOKEN, CHANNEL, METHODS
from kit.slack_peer import SlackPeer
from overheard.interfaces import Finding
from overheard_slack.chat import SlackChat
from overheard_slack.manifest import SLACK_SCOPES, manifest
from overheard_slack.settings import SlackSettings

SCHEMA = "SLACK_MANIFEST_SCHEMA"
SHIPPED = Path(__file__).parents[1] / "data" / "slack_manifest.schema.json"
"""The environment variable that may name a copy of Slack's own schema."""


async def test_all_is_well(slack: SlackPeer, chat: SlackChat) -> None:
    """Each place has a finding without a problem."""
    assert await chat.examine([CHANNEL]) == [
        Finding("slack: bot token"),
        Finding("slack: scopes"),
        Finding(f"slack: channel {CHANNEL}"),
        Finding("slack: app token"),
    ]
    assert slack.messages == []


async def test_each_fault_has_a_remedy(slack: SlackPeer, chat: SlackChat) -> None:
    """A missing scope, a channel that the bot is not in, a bad app token."""
    slack.scopes = slack.scopes.replace(",files:write", "").replace(",usergroups:read", "")
    slack.app_token = "xapp-other"
    found = {f.problem: f.remedy for f in await chat.examine([CHANNEL, "C9"]) if f.problem}

    assert [*found] == [
        "the scope files:write is missing",
        "the optional scope usergroups:read is missing",
        "Slack answers not_in_channel",
        "it refused the app_token (invalid_auth)",
    ]
    assert all(found.values())


async def test_missing_scopes_are_one_finding(slack: SlackPeer, chat: SlackChat) -> None:
    """Where Slack does not return the scopes, none is reported as missing."""
    slack.scopes = (
        "commands,users:read,usergroups:read,app_mentions:read,im:history,assistant:write,"
        "channels:read,groups:read"
    )
    [found] = [f for f in await chat.examine([]) if f.place.startswith("slack: scopes")]
    assert found.problem == (
        "the scopes chat:write, files:write, channels:history and groups:history are missing"
    )


async def test_scopes_that_nobody_tells_are_not_missing(slack: SlackPeer, chat: SlackChat) -> None:
    """A proxy may take the header away."""
    slack.scopes = ""
    found = await chat.examine([])
    assert Finding("slack: scopes (not compared: Slack does not tell them)") in found


async def test_a_bad_bot_token_is_one_finding(slack: SlackPeer) -> None:
    """Nothing else can be looked at with it; the app token can."""
    settings = SlackSettings(
        bot_token=SecretStr("xoxb-bad"), app_token=SecretStr(APP_TOKEN), base_url=slack.api
    )
    chat = SlackChat(settings)
    token, socket = await chat.examine([CHANNEL])
    await chat.close()

    assert token.problem == "it refused the bot_token (invalid_auth)"
    assert socket == Finding("slack: app token")


async def test_a_missing_token_is_a_finding(
    slack: SlackPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variable that it is read from."""
    monkeypatch.delenv("SLACK_APP_TOKEN", raising=False)
    chat = SlackChat(SlackSettings(bot_token=SecretStr(BOT_TOKEN), base_url=slack.api))
    [finding] = await chat.examine([])
    await chat.close()

    assert finding.problem == "its app_token is missing"
    assert "SLACK_APP_TOKEN" in finding.remedy


def test_the_manifest_asks_for_no_more_than_is_used() -> None:
    """Each scope is that of a method which the bot calls, of an event, or of the slash command."""
    events = {"app_mentions:read", "im:history"}
    used = {method.scope for method in METHODS.values()} | {"commands", "groups:history"} | events

    events = {"channels:read", "groups:read"}
    assert set(SLACK_SCOPES) == used - {""} | events


def test_the_command_writes_what_the_configuration_says(tmp_path: Path) -> None:
    """Also before there is any token; Slack takes JSON where it takes YAML, too."""
    program = Program(tmp_path, '[slack]\ncommand = "/brandwatch"\n', store=False)
    out, _ = program.run("slack", "manifest")
    read = json.loads(out)

    assert read == yaml.safe_load(out)
    assert read == manifest(SlackSettings(command="/brandwatch"))
    assert read["features"]["slash_commands"][0]["command"] == "/brandwatch"
    assert read["settings"]["socket_mode_enabled"] is True


def test_by_http_the_manifest_names_the_address() -> None:
    """For commands, clicks, menus and events; and for installations, where there are many."""
    settings = SlackSettings(mode="http", url="https://bot.example.com/", client_id="1.1")
    written = json.dumps(manifest(settings))

    assert written.count('"https://bot.example.com/slack/events"') == 4
    assert written.count('"https://bot.example.com/slack/oauth_redirect"') == 1


@pytest.mark.parametrize(
    "settings",
    [
        SlackSettings(),
        SlackSettings(mode="http"),
        SlackSettings(mode="http", url="https://bot.example.com", client_id="1.1"),
    ],
)
def test_slacks_own_schema_takes_the_manifest(settings: SlackSettings) -> None:
    """As its reference describes it, for new apps; `SLACK_MANIFEST_SCHEMA` names another copy."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path(os.environ.get(SCHEMA, SHIPPED)).read_text(encoding="utf-8"))

    jsonschema.validate(manifest(settings), schema)
    assert "assistant:write" in manifest(settings)["oauth_config"]["scopes"]["bot"]
