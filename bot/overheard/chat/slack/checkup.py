"""What `overheard doctor` says about Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from overheard.cards import wording
from overheard.chat.slack.client import SlackClient, SlackFailed
from overheard.chat.slack.workspaces import Workspace, Workspaces, refusal
from overheard.commands.slack import OPTIONAL, SCOPES
from overheard.errors import ChatUnavailable
from overheard.interfaces import Finding

INSTALL = "add it under OAuth & Permissions at api.slack.com/apps and install the app again"

Place = tuple[str, str, str]
"""A channel as routes name it, its team and its id."""


async def examine(
    workspaces: Workspaces, channels: Sequence[Place], app: SlackClient | None, *, many: bool
) -> list[Finding]:
    """Look at tokens, scopes and channels.

    Args:
        workspaces: Where the bot is.
        channels: Where alerts and reports go.
        app: Calls Slack with the app-level token, in Socket Mode.
        many: Whether there are many workspaces; then those of the channels are looked at.
    """
    teams = sorted({team for _, team, _ in channels}) if many else [""]
    found: list[Finding] = []
    for team in teams:
        found += [finding async for finding in _workspace(workspaces, team, channels)]
    return [*found, await _socket(app)] if app else found


def unavailable(place: str, error: ChatUnavailable) -> Finding:
    """Return an error as a finding."""
    return Finding(place, error.details["reason"], error.details["remedy"])


async def _workspace(
    workspaces: Workspaces, team: str, channels: Sequence[Place]
) -> AsyncIterator[Finding]:
    place = f"slack: bot token{f' of {team}' if team else ''}"
    try:
        workspace = await workspaces.of(team)
    except ChatUnavailable as error:
        yield unavailable(place, error)
        return
    except SlackFailed as error:
        yield Finding(place, error.details["reason"], "try again when Slack can be reached")
        return
    yield Finding(place)
    for finding in _scopes(workspace):
        yield finding
    for name, home, channel in channels:
        if not team or home == team:
            yield await _channel(workspace, name, channel)


def _scopes(workspace: Workspace) -> Iterator[Finding]:
    """Yield what is missing of the scopes that the bot needs, and of those that it can do without.

    A proxy may keep from us which there are; then each call says what it lacks.
    """
    place = "slack: scopes"
    if not workspace.scopes:
        yield Finding(f"{place} (not compared: Slack does not tell them)")
        return
    missing = [scope for scope in SCOPES if scope not in workspace.scopes]
    needed = [scope for scope in missing if scope not in OPTIONAL]
    optional = [scope for scope in missing if scope in OPTIONAL]
    for which, scopes in (("", needed), ("optional ", optional)):
        if scopes:
            verb = "scope {} is" if len(scopes) == 1 else "scopes {} are"
            told = verb.format(wording.listing(scopes))
            yield Finding(place, f"the {which}{told} missing", INSTALL)
    if not missing:
        yield Finding(place)


async def _channel(workspace: Workspace, name: str, channel: str) -> Finding:
    """Look at one message of a channel, which only a member can."""
    place = f"slack: channel {name}"
    try:
        await workspace.client.call("conversations_history", channel=channel, limit=1)
    except SlackFailed as error:
        told = f"Slack answers {error.code}" if error.code else error.details["reason"]
        return Finding(place, told, _remedy(error))
    return Finding(place)


def _remedy(error: SlackFailed) -> str:
    if error.code in {"channel_not_found", "not_in_channel"}:
        return "check the channel's id, and invite the bot there with /invite"
    return INSTALL if error.code == "missing_scope" else "try again later"


async def _socket(app: SlackClient) -> Finding:
    place = "slack: app token"
    try:
        await app.call("apps_connections_open", app_token=app.token)
    except SlackFailed as error:
        if refused := refusal(error, "app_token"):
            return unavailable(place, refused)
        return Finding(place, error.details["reason"], "give it the scope connections:write")
    return Finding(place)
