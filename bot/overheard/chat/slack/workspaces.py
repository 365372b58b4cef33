"""The workspaces that the bot is in: one, by its token, or many that installed it themselves."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from slack_bolt.authorization import AuthorizeResult

from overheard.chat.slack.client import NAME, REFUSED, SlackClient, SlackFailed
from overheard.errors import ChatUnavailable
from overheard.interfaces import Person


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


FRESH = 10 * 60.0
"""Seconds for which a person or the groups are not asked for again."""
AGAIN = 30.0
"""Seconds after which they are asked for again when Slack did not answer."""
MOST = 2_000
"""How many people are remembered."""

Profile = Mapping[str, Any]


class People:
    """The people of one workspace.

    Without the scopes users:read and usergroups:read they have no time zone and no groups.
    """

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._profiles: OrderedDict[str, tuple[float, Profile]] = OrderedDict()
        self._groups: dict[str, tuple[str, ...]] = {}
        self._groups_until = 0.0
        self._asking = asyncio.Lock()

    async def person(self, user: str, name: str = "") -> Person:
        """Return a person; `name` is used where Slack tells no better one."""
        told = await self._profile(user)
        profile = told.get("profile") or {}
        known = profile.get("display_name") or told.get("real_name") or name or user
        groups = (await self._members()).get(user, ())
        return Person("slack", user, str(known), groups, str(told.get("tz") or ""))

    async def _profile(self, user: str) -> Profile:
        until, profile = self._profiles.get(user, (0.0, {}))
        if until > time.monotonic():
            return profile
        answer, good_for = await self._ask("users_info", user=user)
        profile = answer.get("user") or profile
        self._profiles[user] = (time.monotonic() + good_for, profile)
        if len(self._profiles) > MOST:
            self._profiles.popitem(last=False)
        return profile

    async def _members(self) -> Mapping[str, tuple[str, ...]]:
        """Return the ids of each person's user groups."""
        async with self._asking:  # nobody is judged by groups that are still on their way
            if self._groups_until < time.monotonic():
                answer, good_for = await self._ask("usergroups_list", include_users=True)
                if "usergroups" in answer:
                    self._groups = _by_person(answer["usergroups"])
                self._groups_until = time.monotonic() + good_for
            return self._groups

    async def _ask(self, method: str, **arguments: Any) -> tuple[Mapping[str, Any], float]:
        """Return what Slack tells, and the seconds for which that is good.

        It may tell nothing: a request is served also when this is not known. What Slack refuses
        stays refused; what was lost in an outage is asked for again soon.
        """
        try:
            return await self._client.call(method, **arguments), FRESH
        except SlackFailed as error:
            return {}, FRESH if error.code else AGAIN


def _by_person(groups: list[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for user in group.get("users") or ():
            found[user] = (*found.get(user, ()), group["id"])
    return found
