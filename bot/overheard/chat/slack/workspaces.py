"""The workspaces that the bot is in: one, by its token, or many that installed it themselves."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import delete, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from overheard.chat.slack.client import NAME, REFUSED_TOKEN_CODES, SlackClient, SlackFailed
from overheard.commands.chat_apps import SLACK_REDIRECT_PATH, SLACK_SCOPES
from overheard.config.chat_sections import SlackTable
from overheard.errors import ChatUnavailable
from overheard.interfaces import Person

log = logging.getLogger(__name__)

PROFILE_LIFETIME_S = 10 * 60.0
"""Lifetime of a cached profile, and of the cached list of user groups."""
RETRY_AFTER_OUTAGE_S = 30.0
"""The same after a request that Slack did not answer."""
MAX_PEOPLE = 2_000
"""Profiles kept in memory for each workspace."""
MAX_WORKSPACES = 500
"""Workspaces kept in memory."""
INSTALL_TIMEOUT_S = 600
"""Time limit for a person to agree to an installation."""
MAX_STATES = 1_000
"""Installations that may be under way at a time."""
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
"""The asynchronous SQLAlchemy driver for each kind of database."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A Slack workspace that the bot can use.

    Attributes:
        client: Calls Slack with the bot's token for the workspace.
        people: Looks up the workspace's members.
        scopes: The OAuth scopes of the token; empty when Slack did not send them.
        rights: The bot's ids and token, for slack-bolt.
    """

    client: SlackClient
    people: People
    scopes: frozenset[str]
    rights: AuthorizeResult


class Workspaces(Protocol):
    """Finds workspaces by their team ids."""

    async def workspace(self, team: str) -> Workspace:
        """Return the workspace of a team.

        Args:
            team: The team's id; empty in a deployment with one workspace.

        Raises:
            ChatUnavailable: when Slack refuses the workspace's token, or the workspace has not
                installed the bot.
            SlackFailed: when Slack cannot be asked about the token.
        """
        ...

    async def forget(self, team: str) -> None:
        """Remove the tokens of a team that has uninstalled the bot."""
        ...


class OneWorkspace:
    """The workspace of a single bot token. Slack is asked once for its ids."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._known: Workspace | None = None

    async def workspace(self, team: str) -> Workspace:  # noqa: ARG002 - there is only one
        """Return the token's workspace, for any team.

        Raises:
            ChatUnavailable: when Slack refuses the token.
            SlackFailed: when Slack cannot be asked about the token.
        """
        self._known = self._known or await identify(self._client)
        return self._known

    async def forget(self, team: str) -> None:  # noqa: ARG002 - there is only one
        """Ask Slack about the token again at the next request; see `Workspaces`."""
        self._known = None


async def identify(client: SlackClient, installer: str | None = None) -> Workspace:
    """Return the workspace of a client's bot token, as Slack's ``auth.test`` describes it.

    Args:
        client: Calls Slack with the token.
        installer: See `People`.

    Raises:
        ChatUnavailable: when Slack refuses the token.
        SlackFailed: when the call fails for another reason.
    """
    try:
        answer = await client.call("auth_test")
    except SlackFailed as error:
        raise token_refusal(error, "bot_token") or error from None
    scopes = frozenset(filter(None, answer["headers"].get("x-oauth-scopes", "").split(",")))
    rights = AuthorizeResult(
        enterprise_id=answer.get("enterprise_id"),
        team_id=answer.get("team_id"),
        bot_user_id=answer.get("user_id"),
        bot_id=answer.get("bot_id"),
        bot_token=client.token,
    )
    people = People(client, str(answer.get("team_id") or ""), installer)
    return Workspace(client, people, scopes, rights)


def token_refusal(error: SlackFailed, key: str) -> ChatUnavailable | None:
    """Return an error with a remedy when Slack refused a token, or None for any other failure.

    Args:
        error: The error of a call.
        key: The token's key in ``[slack]``, such as ``bot_token``.
    """
    if error.code not in REFUSED_TOKEN_CODES:
        return None
    return ChatUnavailable(
        chat=NAME,
        reason=f"it refused the {key} ({error.code})",
        remedy=f"copy {key} again from the app's page at api.slack.com/apps",
    )


Profile = Mapping[str, Any]


class People:
    """The people of one workspace, cached for some minutes.

    Without the scopes users:read and usergroups:read, people have no time zone and no groups.

    Args:
        client: Calls Slack.
        team: The team's id. A guest of another team is no owner here.
        installer: The id of the person who installed the bot by OAuth, who then counts as the only
            owner; None where the workspace's owners and admins count as owners.
    """

    def __init__(self, client: SlackClient, team: str = "", installer: str | None = None) -> None:
        """Begin with empty caches of profiles and groups; `client` asks Slack later."""
        self._client = client
        self._team = team
        self._installer = installer
        self._profiles: OrderedDict[str, tuple[float, Profile]] = OrderedDict()
        self._groups: dict[str, tuple[str, ...]] = {}
        self._groups_until = 0.0
        self._asking = asyncio.Lock()

    async def person(self, user: str, name: str = "") -> Person:
        """Return a person with name, groups and time zone, as far as Slack sends them.

        Args:
            user: The person's id.
            name: The name to use when Slack returns no display name and no real name.
        """
        account = await self._account(user)
        profile = account.get("profile") or {}
        display_name = profile.get("display_name") or account.get("real_name") or name or user
        groups = (await self._groups_by_person()).get(user, ())
        zone = str(account.get("tz") or "")
        return Person("slack", user, str(display_name), groups, zone, self._owns(user, account))

    def _owns(self, user: str, account: Profile) -> bool:
        """Return whether a person counts as an owner: the installer, else owners and admins, but no
        guests.
        """
        if self._installer is not None:
            return user == self._installer
        guest = account.get("is_stranger") or account.get("is_restricted")
        is_member = account.get("team_id", self._team) == self._team
        administers = account.get("is_owner") or account.get("is_admin")
        return bool(is_member and administers and not guest)

    async def _account(self, user: str) -> Profile:
        """Return the ``user`` object of ``users.info``, cached; empty when Slack does not
        send it.
        """
        until, account = self._profiles.get(user, (0.0, {}))
        if until > time.monotonic():
            return account
        answer, lifetime_s = await self._answer_and_lifetime("users_info", user=user)
        account = answer.get("user") or account
        self._profiles[user] = (time.monotonic() + lifetime_s, account)
        if len(self._profiles) > MAX_PEOPLE:
            self._profiles.popitem(last=False)
        return account

    async def _groups_by_person(self) -> Mapping[str, tuple[str, ...]]:
        """Return the ids of user groups by the id of the person, cached; empty when Slack does not
        send them.
        """
        async with self._asking:  # rights depend on the groups, so every request waits for them
            if self._groups_until < time.monotonic():
                answer, lifetime_s = await self._answer_and_lifetime(
                    "usergroups_list", include_users=True
                )
                if "usergroups" in answer:
                    self._groups = _by_person(answer["usergroups"])
                self._groups_until = time.monotonic() + lifetime_s
            return self._groups

    async def _answer_and_lifetime(
        self, method: str, **arguments: Any
    ) -> tuple[Mapping[str, Any], float]:
        """Return Slack's answer, empty after a failure, and its lifetime in seconds.

        A failure is no error here: a request is served without the person's details. A refusal is
        kept as long as an answer; after an outage Slack is asked again soon.
        """
        try:
            return await self._client.call(method, **arguments), PROFILE_LIFETIME_S
        except SlackFailed as error:
            return {}, PROFILE_LIFETIME_S if error.code else RETRY_AFTER_OUTAGE_S


def _by_person(groups: list[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """Return the ids of the groups that each person is in, from ``usergroups.list``."""
    group_ids: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for user in group.get("users") or ():
            group_ids[user] = (*group_ids.get(user, ()), group["id"])
    return group_ids


class PurgedStateStore(AsyncSQLAlchemyOAuthStateStore):
    """The OAuth states of installations that have begun; anyone may begin one.

    Expired states are removed when another is issued, and so are the oldest beyond `MAX_STATES`.
    """

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """Return a new state, stored for `INSTALL_TIMEOUT_S`; delete expired and surplus states."""
        columns, now = self.oauth_states.c, datetime.now(UTC).replace(tzinfo=None)
        newest = select(columns.id).order_by(columns.id.desc()).limit(MAX_STATES)
        old = (columns.expire_at < now) | columns.id.not_in(newest)
        async with self.engine.begin() as connection:
            await connection.execute(delete(self.oauth_states).where(old))
        issued: str = await super().async_issue(*args, **kwargs)
        return issued


class Installations:
    """The workspaces that installed the bot by OAuth; see `Workspaces`.

    Args:
        settings: ``[slack]``, with its client id and secret.
        session: The HTTP session for calls to Slack.
    """

    def __init__(self, settings: SlackTable, session: aiohttp.ClientSession) -> None:
        """Prepare the stores of installations and OAuth states; `open` creates their tables."""
        self._settings = settings
        self._session = session
        self._engine = _engine(settings.installations)
        self._store = AsyncSQLAlchemyInstallationStore(settings.client_id, self._engine, logger=log)
        self._states = PurgedStateStore(INSTALL_TIMEOUT_S, self._engine, logger=log)
        self._known: OrderedDict[str, Workspace] = OrderedDict()

    async def open(self) -> None:
        """Create the missing file and tables of the database.

        Raises:
            ChatUnavailable: when the database cannot be used.
        """
        try:
            create_file(self._settings.installations)
            await self._store.create_tables()  # type: ignore[no-untyped-call]
            await self._states.create_tables()  # type: ignore[no-untyped-call]
        except (SQLAlchemyError, OSError):
            place = make_url(self._settings.installations).render_as_string(hide_password=True)
            reason = f"the database of its installations, {place}, cannot be used"
            remedy = "name another with installations in [slack]"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy) from None

    async def close(self) -> None:
        """Close the connections to the database."""
        await self._engine.dispose()

    def flow(self) -> AsyncOAuthFlow:
        """Return slack-bolt's OAuth flow, which serves the pages of an installation."""
        secret = self._settings.client_secret
        return AsyncOAuthFlow(
            client=SlackClient("", self._settings.base_url, self._session).web,
            logger=log,
            settings=AsyncOAuthSettings(
                client_id=self._settings.client_id,
                client_secret=secret.get_secret_value() if secret else "",
                scopes=SLACK_SCOPES,
                user_scopes=[],
                redirect_uri=f"{self._settings.url.rstrip('/')}{SLACK_REDIRECT_PATH}",
                redirect_uri_path=SLACK_REDIRECT_PATH,
                authorization_url=_authorization(self._settings.base_url),
                installation_store=self._store,
                state_store=self._states,
                logger=log,
            ),
        )

    async def workspace(self, team: str) -> Workspace:
        """Return the workspace of a team, with the newest token of its installation.

        Raises:
            ChatUnavailable: when Slack refuses the token, or the team has not installed the bot.
            SlackFailed: when Slack cannot be asked about the token.
        """
        token = await self._token(team)
        if token is None:
            reason = f'the workspace "{team}" has not installed it'
            remedy = f"open {self._settings.url.rstrip('/')}/slack/install there"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy)
        workspace = self._known.get(token)
        if workspace is None:
            client = SlackClient(token, self._settings.base_url, self._session)
            installer = await self._installer(team)
            workspace = self._known[token] = await identify(client, installer)
            if len(self._known) > MAX_WORKSPACES:
                self._known.popitem(last=False)
        return workspace

    async def forget(self, team: str) -> None:
        """Delete the tokens of a team that has uninstalled the bot, and log it; see
        `Workspaces`.
        """
        log.warning("Slack's workspace %s has uninstalled Overheard.", team)
        client_id = self._settings.client_id
        async with self._engine.begin() as connection:
            for table in (self._store.bots, self._store.installations):
                of_team = (table.c.client_id == client_id) & (table.c.team_id == team)
                await connection.execute(delete(table).where(of_team))
        self._known.clear()  # its keys are tokens; Slack is asked about the other teams again

    async def _token(self, team: str) -> str | None:
        """Return a team's newest bot token, of any organisation; None without an installation."""
        bots = self._store.bots
        of_team = (bots.c.client_id == self._settings.client_id) & (bots.c.team_id == team)
        newest = (
            select(bots.c.bot_token).where(of_team).order_by(bots.c.installed_at.desc()).limit(1)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(newest)).scalar()

    async def _installer(self, team: str) -> str:
        """Return the id of the person who installed the bot in a team last, or an empty string."""
        made = self._store.installations
        of_team = (made.c.client_id == self._settings.client_id) & (made.c.team_id == team)
        newest = select(made.c.user_id).where(of_team).order_by(made.c.installed_at.desc()).limit(1)
        async with self._engine.connect() as connection:
            return str((await connection.execute(newest)).scalar() or "")


def _authorization(base_url: str) -> str | None:
    """Return the page on which people agree to an installation, or None for the usual page.

    GovSlack has a separate page.
    """
    host = urlsplit(base_url).hostname or ""
    return f"https://{host}/oauth/v2/authorize" if host.endswith("slack-gov.com") else None


def create_file(url: str) -> None:
    """Create the file of an SQLite database that only its owner can read, if there is none.

    Raises:
        OSError: when it cannot be created.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        Path(str(parsed.database)).expanduser().touch(mode=0o600, exist_ok=True)


def _engine(url: str) -> AsyncEngine:
    """Return an engine for a database's address, with the driver of `DRIVERS`."""
    parsed = make_url(url)
    return create_async_engine(
        parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    )
