"""Slack's events over HTTP. slack-bolt judges each request by its signature and its age."""

from __future__ import annotations

import contextlib
import logging
import socket
from collections import OrderedDict
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from overheard.chat.slack.client import NAME, SlackClient
from overheard.chat.slack.workspaces import Workspace, introduce
from overheard.commands.slack import REDIRECT, SCOPES
from overheard.config.chats import SlackTable
from overheard.errors import ChatUnavailable

EVENTS = "/slack/events"
LARGEST = 1 << 20
"""Bytes of a request; Slack's own are much smaller."""


@contextlib.asynccontextmanager
async def serving(
    app: AsyncApp, flow: AsyncOAuthFlow | None, host: str, port: int
) -> AsyncIterator[int]:
    """Serve Slack's requests within the block, which is given the port.

    Raises:
        ChatUnavailable: when the address cannot be listened on.
    """
    runner = web.AppRunner(_routes(app, flow), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        # While one bot hands over to another on the same machine, both listen.
        site = web.TCPSite(runner, host, port, reuse_port=hasattr(socket, "SO_REUSEPORT") or None)
        try:
            await site.start()
        except OSError as error:
            remedy = "choose another with host and port in [slack]"
            reason = f"it cannot listen on {host}:{port} ({error.strerror})"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _routes(app: AsyncApp, flow: AsyncOAuthFlow | None) -> web.Application:
    async def event(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application(client_max_size=LARGEST)
    server.add_routes([web.post(EVENTS, event)])
    if flow:
        server.add_routes(_installation(flow))
    return server


def _installation(flow: AsyncOAuthFlow) -> list[web.RouteDef]:
    async def install(request: web.Request) -> web.Response:
        return await to_aiohttp_response(
            await flow.handle_installation(await to_bolt_request(request))
        )

    async def installed(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await flow.handle_callback(await to_bolt_request(request)))

    return [web.get(flow.install_path, install), web.get(flow.redirect_uri_path, installed)]


logger = logging.getLogger(__name__)

STATE_SECONDS = 600
"""How long somebody may take to agree to an installation."""
MOST = 500
"""How many workspaces are kept at hand."""
DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}


class Installations:
    """The workspaces that installed the bot.

    Args:
        settings: ``[slack]``, with its client id and secret.
        session: The connections to use.
    """

    def __init__(self, settings: SlackTable, session: aiohttp.ClientSession) -> None:
        self._settings = settings
        self._session = session
        self._engine = _engine(settings.installations)
        self._store = AsyncSQLAlchemyInstallationStore(
            settings.client_id, self._engine, logger=logger
        )
        self._states = AsyncSQLAlchemyOAuthStateStore(STATE_SECONDS, self._engine, logger=logger)
        self._known: OrderedDict[str, Workspace] = OrderedDict()

    async def open(self) -> None:
        """Make the tables where they are missing.

        Raises:
            ChatUnavailable: when the database cannot be used.
        """
        try:
            await self._store.create_tables()  # type: ignore[no-untyped-call]
            await self._states.create_tables()  # type: ignore[no-untyped-call]
        except (SQLAlchemyError, OSError):
            place = make_url(self._settings.installations).render_as_string(hide_password=True)
            reason = f"the database of its installations, {place}, cannot be used"
            remedy = "name another with installations in [slack]"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy) from None

    async def close(self) -> None:
        """Let the database go."""
        await self._engine.dispose()

    def flow(self) -> AsyncOAuthFlow:
        """Return what serves the installation's pages."""
        secret = self._settings.client_secret
        return AsyncOAuthFlow(
            client=SlackClient("", self._settings.base_url, self._session).web,
            logger=logger,
            settings=AsyncOAuthSettings(
                client_id=self._settings.client_id,
                client_secret=secret.get_secret_value() if secret else "",
                scopes=SCOPES,
                user_scopes=[],
                redirect_uri=f"{self._settings.url.rstrip('/')}{REDIRECT}",
                redirect_uri_path=REDIRECT,
                authorization_url=_authorization(self._settings.base_url),
                installation_store=self._store,
                state_store=self._states,
                logger=logger,
            ),
        )

    async def of(self, team: str) -> Workspace:
        """Return the workspace of a team; see `Workspaces`."""
        token = await self._token(team)
        if token is None:
            reason = f'the workspace "{team}" has not installed it'
            remedy = f"open {self._settings.url.rstrip('/')}/slack/install there"
            raise ChatUnavailable(chat=NAME, reason=reason, remedy=remedy)
        known = self._known.get(token)
        if known is None:
            client = SlackClient(token, self._settings.base_url, self._session)
            known = self._known[token] = await introduce(client)
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return known

    async def _token(self, team: str) -> str | None:
        """Return a team's newest token, whatever organisation the team belongs to."""
        bots = self._store.bots
        mine = (bots.c.client_id == self._settings.client_id) & (bots.c.team_id == team)
        newest = select(bots.c.bot_token).where(mine).order_by(bots.c.installed_at.desc()).limit(1)
        async with self._engine.connect() as connection:
            return (await connection.execute(newest)).scalar()


def _authorization(base_url: str) -> str | None:
    """Return where people agree to an installation: GovSlack has a place of its own."""
    host = urlsplit(base_url).hostname or ""
    return f"https://{host}/oauth/v2/authorize" if host.endswith("slack-gov.com") else None


def _engine(url: str) -> AsyncEngine:
    parsed = make_url(url)
    return create_async_engine(
        parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
    )
