"""The checks of `overheard doctor` for Slack."""

from collections.abc import AsyncIterator, Iterator, Sequence

from overheard import ChatUnavailable, Finding, wording
from overheard_slack.client import REMEDIES, SlackClient, SlackFailed
from overheard_slack.manifest import OPTIONAL_SLACK_SCOPES, SLACK_SCOPES
from overheard_slack.workspaces import Workspace, Workspaces, token_refusal

ADD_SCOPE = "add it under OAuth & Permissions at api.slack.com/apps and install the app again"


async def examine(
    workspaces: Workspaces,
    channels: Sequence[str],
    app: SlackClient | None,
    *,
    many_workspaces: bool,
) -> list[Finding]:
    """Return findings about tokens, scopes and channels; Slack is asked for each.

    They are ordered by workspace: its token, its scopes, its channels; last comes the app-level
    token. A finding without a problem says what is in order, and an error of Slack is a finding.

    Args:
        workspaces: Finds the workspaces.
        channels: The channels that alerts and reports go to.
        app: Calls Slack with the app-level token; None when Socket Mode is not used.
        many_workspaces: Whether there are many workspaces. If so, those with one of `channels` are
            checked; else the only one, with all channels.
    """
    teams = {name.rpartition("/")[0] for name in channels} if many_workspaces else {""}
    findings: list[Finding] = []
    for team in sorted(teams):
        findings += [finding async for finding in _check_workspace(workspaces, team, channels)]
    return [*findings, await _check_app_token(app)] if app else findings


def unavailable(place: str, error: ChatUnavailable) -> Finding:
    """Return a finding with the reason and the remedy of an error.

    Args:
        place: The checked place, such as "slack: app token".
    """
    return Finding(place, error.details["reason"], error.details["remedy"])


async def _check_workspace(
    workspaces: Workspaces, team: str, channels: Sequence[str]
) -> AsyncIterator[Finding]:
    """Yield findings about a workspace's token, its scopes and its channels, in this order.

    If the token cannot be used, or Slack cannot be reached, that is the only finding.

    Args:
        team: The team's id; "" for the only workspace of a deployment.
        channels: The channels. For a team, those of other teams are left out; for "", none is.
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
    for name in channels:
        home, _, channel = name.rpartition("/")
        if not team or home == team:
            yield await _check_channel(workspace, name, channel)


def _check_scopes(workspace: Workspace) -> Iterator[Finding]:
    """Yield a finding about the missing scopes that are needed, and one about those that are
    optional.

    If no scope is missing, there is one finding, without a problem. If Slack does not tell the
    token's scopes, as behind a proxy that removes the header with them, there is also one without a
    problem, which says that nothing was compared.
    """
    place = "slack: scopes"
    if not workspace.scopes:
        yield Finding(f"{place} (not compared: Slack does not tell them)")
        return
    missing = [scope for scope in SLACK_SCOPES if scope not in workspace.scopes]
    for adjective in ("", "optional "):
        scopes = [one for one in missing if (one in OPTIONAL_SLACK_SCOPES) is bool(adjective)]
        if scopes:
            clause = "scope {} is missing" if len(scopes) == 1 else "scopes {} are missing"
            problem = f"the {adjective}{clause.format(wording.listing(scopes))}"
            yield Finding(place, problem, ADD_SCOPE)
    if not missing:
        yield Finding(place)


async def _check_channel(workspace: Workspace, name: str, channel: str) -> Finding:
    """Return a finding about whether the bot is a member of a channel, and so can read a message.

    If it cannot, the problem is Slack's error code; without a code, why Slack cannot be asked.

    Args:
        name: The channel's name in the configuration, such as ``C01`` or ``T01/C01``.
        channel: The channel's id, such as ``C01``.
    """
    place = f"slack: channel {name}"
    try:
        await workspace.client.call("conversations_history", channel=channel, limit=1)
    except SlackFailed as error:
        problem = f"Slack answers {error.code}" if error.code else error.details["reason"]
        return Finding(place, problem, REMEDIES.get(error.code, "try again later"))
    return Finding(place)


async def _check_app_token(app: SlackClient) -> Finding:
    """Return a finding about the app-level token, for which Slack is asked for a socket's address.

    An error other than a refused token is taken for a missing scope.

    Args:
        app: Calls Slack with the app-level token.
    """
    place = "slack: app token"
    try:
        await app.call("apps_connections_open", app_token=app.token)
    except SlackFailed as error:
        if refused := token_refusal(error, "app_token"):
            return unavailable(place, refused)
        return Finding(place, error.details["reason"], "give it the scope connections:write")
    return Finding(place)
