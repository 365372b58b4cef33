"""The workspaces that the bot is in: one, by its token, or many that installed it themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from slack_bolt.authorization import AuthorizeResult

from overheard.chat.slack.client import NAME, REFUSED, SlackClient, SlackFailed
from overheard.chat.slack.people import People
from overheard.errors import ChatUnavailable


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace, and how to speak there.

    Attributes:
        client: Calls Slack with the bot's token for it.
        people: Who is in it.
        scopes: What the bot may do there.
        rights: The same for slack-bolt.
    """

    client: SlackClient
    people: People
    scopes: frozenset[str]
    rights: AuthorizeResult


class Workspaces(Protocol):
    """Finds a workspace."""

    async def of(self, team: str) -> Workspace:
        """Return the workspace of a team, or the only one when its id is empty.

        Raises:
            ChatUnavailable: when its token is refused, or it has not installed the bot.
            SlackFailed: when nobody knows.
        """
        ...


class OneWorkspace:
    """The one workspace that a token is for; Slack is asked once which that is."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._known: Workspace | None = None

    async def of(self, team: str) -> Workspace:  # noqa: ARG002 - there is only one
        """Return it; see `Workspaces`."""
        self._known = self._known or await introduce(self._client)
        return self._known


async def introduce(client: SlackClient) -> Workspace:
    """Ask Slack whose token a client has; see `Workspaces.of` for the errors."""
    try:
        told = await client.call("auth_test")
    except SlackFailed as error:
        raise refusal(error, "bot_token") or error from None
    scopes = frozenset(filter(None, told["headers"].get("x-oauth-scopes", "").split(",")))
    rights = AuthorizeResult(
        enterprise_id=told.get("enterprise_id"),
        team_id=told.get("team_id"),
        bot_user_id=told.get("user_id"),
        bot_id=told.get("bot_id"),
        bot_token=client.token,
    )
    return Workspace(client, People(client), scopes, rights)


def refusal(error: SlackFailed, key: str) -> ChatUnavailable | None:
    """Return the error that a refused token makes, or None when that is not what went wrong."""
    if error.code not in REFUSED:
        return None
    return ChatUnavailable(
        chat=NAME,
        reason=f"it refused the {key} ({error.code})",
        remedy=f"copy {key} again from the app's page at api.slack.com/apps",
    )
