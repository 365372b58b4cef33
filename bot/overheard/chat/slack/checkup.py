"""The checks of `overheard doctor` for Slack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from overheard.cards import wording
from overheard.chat.slack.client import SlackClient, SlackFailed
from overheard.chat.slack.workspaces import Workspace, Workspaces, token_refusal
from overheard.commands.chat_apps import OPTIONAL_SLACK_SCOPES, SLACK_SCOPES
from overheard.errors import ChatUnavailable
from overheard.interfaces import Finding

ADD_SCOPE = "add it under OAuth & Permissions at api.slack.com/apps and install the app again"

ChannelAddress = tuple[str, str, str]
"""A channel: its name in ``[[routes]]``, its team's id (or an empty string) and its own id."""


async def examine(
    workspaces: Workspaces,
    channels: Sequence[ChannelAddress],
    app: SlackClient | None,
    *,
    many_workspaces: bool,
) -> list[Finding]:
    """Return findings about tokens, scopes and channels, by calls to Slack.

    Args:
        workspaces: Finds the workspaces.
        channels: The channels that alerts and reports go to.
        app: Calls Slack with the app-level token; None when Socket Mode is not used.
        many_workspaces: Whether there are many workspaces. If so, the workspaces of `channels` are
            checked.
    """
    teams = sorted({team for _, team, _ in channels}) if many_workspaces else [""]
    findings: list[Finding] = []
    for team in teams:
        findings += [finding async for finding in _check_workspace(workspaces, team, channels)]
    return [*findings, await _check_app_token(app)] if app else findings


def unavailable(place: str, error: ChatUnavailable) -> Finding:
    """Return an error as a finding about a place, such as "slack: app token"."""
    return Finding(place, error.details["reason"], error.details["remedy"])


async def _check_workspace(
    workspaces: Workspaces, team: str, channels: Sequence[ChannelAddress]
) -> AsyncIterator[Finding]:
    """Yield findings about a workspace's token, its scopes and its channels.

    Args:
        workspaces: Finds the workspace.
        team: The team's id; empty in a deployment with one workspace, whose channels are all given.
        channels: The channels, of which only the team's are checked.
    """
    place = f"slack: bot token{f' of {team}' if team else ''}"
    try:
        workspace = await workspaces.workspace(team)
    except ChatUnavailable as error:
        yield unavailable(place, error)
        return
    except SlackFailed as error:
        yield Finding(place, error.details["reason"], "try again when Slack can be reached")
        return
    yield Finding(place)
    for finding in _check_scopes(workspace):
        yield finding
    for name, home, channel in channels:
        if not team or home == team:
            yield await _check_channel(workspace, name, channel)


def _check_scopes(workspace: Workspace) -> Iterator[Finding]:
    """Yield findings about missing scopes, required and optional; a finding without a problem if
    none is.

    A proxy may remove the header with the token's scopes; then no scopes are compared.
    """
    place = "slack: scopes"
    if not workspace.scopes:
        yield Finding(f"{place} (not compared: Slack does not tell them)")
        return
    missing = [scope for scope in SLACK_SCOPES if scope not in workspace.scopes]
    needed = [scope for scope in missing if scope not in OPTIONAL_SLACK_SCOPES]
    optional = [scope for scope in missing if scope in OPTIONAL_SLACK_SCOPES]
    for which, scopes in (("", needed), ("optional ", optional)):
        if scopes:
            verb = "scope {} is" if len(scopes) == 1 else "scopes {} are"
            scope_list = verb.format(wording.listing(scopes))
            yield Finding(place, f"the {which}{scope_list} missing", ADD_SCOPE)
    if not missing:
        yield Finding(place)


async def _check_channel(workspace: Workspace, name: str, channel: str) -> Finding:
    """Return a finding about a channel, by reading one message, which only a member of it can.

    Args:
        workspace: The workspace.
        name: The channel's name in the configuration.
        channel: The channel's id.
    """
    place = f"slack: channel {name}"
    try:
        await workspace.client.call("conversations_history", channel=channel, limit=1)
    except SlackFailed as error:
        problem = f"Slack answers {error.code}" if error.code else error.details["reason"]
        return Finding(place, problem, _channel_remedy(error))
    return Finding(place)


def _channel_remedy(error: SlackFailed) -> str:
    if error.code in {"channel_not_found", "not_in_channel"}:
        return "check the channel's id, and invite the bot there with /invite"
    return ADD_SCOPE if error.code == "missing_scope" else "try again later"


async def _check_app_token(app: SlackClient) -> Finding:
    """Return a finding about the app-level token, by asking for the address of a socket."""
    place = "slack: app token"
    try:
        await app.call("apps_connections_open", app_token=app.token)
    except SlackFailed as error:
        if refused := token_refusal(error, "app_token"):
            return unavailable(place, refused)
        return Finding(place, error.details["reason"], "give it the scope connections:write")
    return Finding(place)
