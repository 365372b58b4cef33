"""Who uses the bot: their names, time zones and user groups."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from overheard.chat.slack.client import SlackClient, SlackFailed
from overheard.interfaces import Person

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
