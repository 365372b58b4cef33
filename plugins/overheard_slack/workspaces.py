"""The workspaces that the bot is in: one, by its token, or many that installed it themselves."""

from __future__ import annotations

import asyncio
import logging
import time
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
from sqlalchemy import Table, delete, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from overheard import ChatUnavailable, Person, Recent
from overheard_slack.client import NAME, REFUSED_TOKEN_CODES, SlackClient, SlackFailed
from overheard_slack.manifest import SLACK_REDIRECT_PATH, SLACK_SCOPES
from overheard_slack.settings import SlackSettings

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
        prefix: What precedes a channel's id in its name: ``T01/`` with many workspaces, else "".
    """

    client: SlackClient
    people: People
    scopes: frozenset[str]
    rights: AuthorizeResult
    prefix: str = ""


class Workspaces(Protocol):
    """Finds workspaces by their team ids."""

    async def workspace(self, team: str) -> Workspace:
        """Return the workspace of a team; Slack is asked about it when it is not known yet.

        Args:
            team: The team's id, such as ``T01``; may be "" in a deployment with one workspace.

        Raises:
            ChatUnavailable: when Slack refuses the workspace's token, or the workspace has not
                installed the bot.
            SlackFailed: when Slack cannot be asked about the token.
        """

    async def forget(self, team: str) -> None:
        """Drop what is stored of a team whose token is not valid any more."""


class OneWorkspace:
    """The workspace of a single bot token. Slack is asked once for its ids."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._workspace: Workspace | None = None

    async def workspace(self, team: str) -> Workspace:  # noqa: ARG002 - there is only one
        """Return the token's workspace, for any team; the first call asks Slack for its ids.

        Raises:
            SlackFailed: when Slack cannot be asked about the token.
        """
        if self._workspace is None:
            self._workspace = await identify(self._client)
        return self._workspace

    async def forget(self, team: str) -> None:  # noqa: ARG002 - there is only one
        """Ask Slack about the token again at the next request, because it may be invalid now."""
        self._workspace = None


async def identify(client: SlackClient, installer: str | None = None) -> Workspace:
    """Return the workspace of a client's bot token, as Slack's ``auth.test`` describes it.

    Its scopes are empty when Slack does not send them, as behind a proxy that removes headers.

    Args:
        client: Calls Slack with the token.
        installer: The id of the person who installed the bot by OAuth in one of many workspaces,
            who then counts as the only owner; None where the workspace's owners and admins count
            as owners.

    Raises:
        SlackFailed: when the call fails for another reason.
    """
    try:
        answer = await client.call("auth_test")
    except SlackFailed as error:
        raise token_refusal(error, "bot_token") or error from None
    scopes = frozenset(filter(None, answer["headers"].get("x-oauth-scopes", "").split(",")))
    team = str(answer.get("team_id") or "")
    rights = AuthorizeResult(
        enterprise_id=answer.get("enterprise_id"),
        team_id=team,
        bot_user_id=answer.get("user_id"),
        bot_id=answer.get("bot_id"),
        bot_token=client.token,
    )
    prefix = "" if installer is None else f"{team}/"
    return Workspace(client, People(client, team, installer), scopes, rights, prefix)


def token_refusal(error: SlackFailed, key: str) -> ChatUnavailable | None:
    """Return the error that ends the chat when Slack has refused a token; None for any other
    failure.

    Args:
        error: The error of a call with the token.
        key: The token's key in ``[slack]``, such as ``bot_token``, which the remedy names.
    """
    if error.code not in REFUSED_TOKEN_CODES:
        return None
    return ChatUnavailable(
        chat=NAME,
        reason=f"it refused the {key} ({error.code})",
        remedy=f"copy {key} again from the app's page at api.slack.com/apps",
    )


Profile = Mapping[str, Any]
"""The ``user`` object of Slack's ``users.info``."""


class People:
    """The people of one workspace, cached for `PROFILE_LIFETIME_S` seconds.

    Without the scopes users:read and usergroups:read, people have no time zone and no groups.

    Args:
        client: Calls Slack.
        team: The team's id. A guest of another team is no owner here.
        installer: The id of the person who installed the bot by OAuth, who then counts as the only
            owner; None where the workspace's owners and admins count as owners.
    """

    def __init__(self, client: SlackClient, team: str = "", installer: str | None = None) -> None:
        """Begin with empty caches of profiles and groups; Slack is asked at the first request.

        Without an `installer`, the workspace's owners and admins count as owners.
        """
        self._client = client
        self._team = team
        self._installer = installer
        self._known: Recent[tuple[object, ...], tuple[float, Any]] = Recent(MAX_PEOPLE)
        """What Slack has told, with the time at which it expires, by method and arguments."""
        self._asking = asyncio.Lock()

    async def person(self, user: str, name: str = "") -> Person:
        """Return a person with name, user groups and time zone.

        Slack is asked for what is not cached. What it does not tell is left empty, also after a
        failure; then the person is no owner, unless he or she is the installer.

        Args:
            user: The person's id, such as ``U01``.
            name: The name to use when Slack returns no display name and no real name; if that is
                "", the id is the name.
        """
        account: Profile = await self._told("users_info", "user", user=user) or {}
        profile = account.get("profile") or {}
        display_name = profile.get("display_name") or account.get("real_name") or name or user
        async with self._asking:  # rights depend on the groups, so that all requests wait for them
            groups = await self._told("usergroups_list", "usergroups", include_users=True) or ()
        ids = tuple(group["id"] for group in groups if user in (group.get("users") or ()))
        zone = str(account.get("tz") or "")
        return Person("slack", user, str(display_name), ids, zone, self._owns(user, account))

    def _owns(self, user: str, account: Profile) -> bool:
        """Return whether a person counts as an owner.

        Where the bot was installed by OAuth, only the installer does. Elsewhere, the workspace's
        owners and admins do, but no guests and no members of other workspaces.

        Args:
            user: The person's id.
            account: The ``user`` object of ``users.info``; empty when Slack has not sent it.
        """
        if self._installer is not None:
            return user == self._installer
        guest = account.get("is_stranger") or account.get("is_restricted")
        is_member = account.get("team_id", self._team) == self._team
        administers = account.get("is_owner") or account.get("is_admin")
        return bool(is_member and administers and not guest)

    async def _told(self, method: str, field: str, **arguments: Any) -> Any:
        """Return a field of Slack's answer to a call; Slack is asked when it is not cached.

        When Slack does not send it, the result is what was cached before, or None: a request is
        served without the person's details. A refusal, which has a code, is cached as long as an
        answer; after an outage, Slack is asked again after `RETRY_AFTER_OUTAGE_S`.

        Args:
            method: The SDK's name of the method, such as ``users_info``.
        """
        key = (method, *arguments.values())
        expires_at, told = self._known.get(key, (0.0, None))
        if expires_at < time.monotonic():
            answer, lifetime_s = {}, PROFILE_LIFETIME_S
            try:
                answer = await self._client.call(method, **arguments)
            except SlackFailed as error:
                lifetime_s = PROFILE_LIFETIME_S if error.code else RETRY_AFTER_OUTAGE_S
            expires_at, told = time.monotonic() + lifetime_s, answer.get(field, told)
        # What is used is the newest again, so that no number of people makes it forget the groups.
        self._known[key] = (expires_at, told)
        return told


class PurgedStateStore(AsyncSQLAlchemyOAuthStateStore):
    """The OAuth states of installations that have begun; anyone may begin one.

    Expired states are removed when another is issued, and so are the oldest beyond `MAX_STATES`.
    """

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """Store a new state, valid for `INSTALL_TIMEOUT_S` seconds, and return it.

        Before that, expired states are deleted, and the oldest beyond the newest `MAX_STATES`.

        Args:
            args: The arguments of the SDK's store, which are passed on.
            kwargs: The same.
        """
        columns, now = self.oauth_states.c, datetime.now(UTC).replace(tzinfo=None)
        newest = select(columns.id).order_by(columns.id.desc()).limit(MAX_STATES)
        old = (columns.expire_at < now) | columns.id.not_in(newest)
        async with self.engine.begin() as connection:
            await connection.execute(delete(self.oauth_states).where(old))
        issued: str = await super().async_issue(*args, **kwargs)
        return issued


class Installations:
    """The workspaces that have installed the bot by OAuth, with their tokens in a database.

    Args:
        settings: ``[slack]``, with its client id and secret.
        session: The HTTP session for calls to Slack.
    """

    def __init__(self, settings: SlackSettings, session: aiohttp.ClientSession) -> None:
        """Prepare the stores of installations and of OAuth states, and the workspaces in memory.

        Nothing is connected yet; `open` creates the missing tables.
        """
        self._settings = settings
        self._session = session
        url = make_url(settings.installations)
        driver = DRIVERS.get(url.drivername, url.drivername)
        self._engine = create_async_engine(url.set(drivername=driver))
        self._store = AsyncSQLAlchemyInstallationStore(settings.client_id, self._engine, logger=log)
        self._states = PurgedStateStore(INSTALL_TIMEOUT_S, self._engine, logger=log)
        self._workspaces_by_token: Recent[str, Workspace] = Recent(MAX_WORKSPACES)

    async def open(self) -> None:
        """Create the file and the tables of the database, as far as they are missing.

        Raises:
            ChatUnavailable: when the database cannot be used; it names its address, without the
                password.
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
        """Return slack-bolt's OAuth flow, with the settings of ``[slack]``.

        It serves the two pages of an installation, and stores the tokens in the database. Nothing
        is asked of Slack yet.
        """
        secret = self._settings.client_secret
        host = urlsplit(self._settings.base_url).hostname or ""
        is_gov = host.endswith("slack-gov.com")  # GovSlack has a page of its own
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
                authorization_url=f"https://{host}/oauth/v2/authorize" if is_gov else None,
                installation_store=self._store,
                state_store=self._states,
                logger=log,
            ),
        )

    async def workspace(self, team: str) -> Workspace:
        """Return the workspace of a team, with the newest token of its installations.

        Slack is asked about a token that is not known. The oldest of more than `MAX_WORKSPACES`
        known workspaces is dropped from memory.

        Args:
            team: The team's id, such as ``T01``.

        Raises:
            ChatUnavailable: when Slack refuses the token, or the team has not installed the bot.
            SlackFailed: when Slack cannot be asked about the token.
        """
        token = await self._newest(self._store.bots, "bot_token", team)
        if not token:
            reason = f'the workspace "{team}" has not installed it'
            remedy = f"open {self._settings.url.rstrip('/')}/slack/install there"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy)
        workspace = self._workspaces_by_token.get(token)
        if workspace is None:
            client = SlackClient(token, self._settings.base_url, self._session)
            installer = await self._newest(self._store.installations, "user_id", team)
            workspace = await identify(client, installer)
            self._workspaces_by_token[token] = workspace
        return workspace

    async def forget(self, team: str) -> None:
        """Delete a team's tokens and installations, because it has uninstalled the bot; log it.

        All known workspaces are dropped from memory, so that Slack is asked about the other teams
        again.
        """
        log.warning("Slack's workspace %s has uninstalled Overheard.", team)
        client_id = self._settings.client_id
        async with self._engine.begin() as connection:
            for table in (self._store.bots, self._store.installations):
                is_of_team = (table.c.client_id == client_id) & (table.c.team_id == team)
                await connection.execute(delete(table).where(is_of_team))
        self._workspaces_by_token.clear()

    async def _newest(self, table: Table, column: str, team: str) -> str:
        """Return a column of a team's newest installation; "" without an installation.

        Installations count whatever the organisation to which the team belonged at the time.
        """
        is_of_team = (table.c.client_id == self._settings.client_id) & (table.c.team_id == team)
        found = select(table.c[column]).where(is_of_team).order_by(table.c.installed_at.desc())
        async with self._engine.connect() as connection:
            return str((await connection.execute(found.limit(1))).scalar() or "")


def create_file(url: str) -> None:
    """Create the empty file of an SQLite database, which only its owner can read and write.

    An existing file is left as it is. Nothing is done for a database in memory or of another kind.

    Args:
        url: The database's address for SQLAlchemy, such as ``sqlite:///slack.db``.

    Raises:
        OSError: when the file cannot be created.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        Path(str(parsed.database)).expanduser().touch(mode=0o600, exist_ok=True)
