"""Slack as a chat: requests go to the desk, and cards come back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from overheard.cards.card import Card
from overheard.chat.concurrency import NEARLY
from overheard.chat.slack import checkup
from overheard.chat.slack.blocks import Message, render
from overheard.chat.slack.client import NAME, TIMEOUT, SlackClient, SlackFailed
from overheard.chat.slack.http import Installations, serving
from overheard.chat.slack.listeners import Listeners
from overheard.chat.slack.message_search import MARK, PART, find, parts
from overheard.chat.slack.outlets import Channel
from overheard.chat.slack.rate_limit import Pace
from overheard.chat.slack.socket import Line, Watch, keep_listening
from overheard.chat.slack.workspaces import OneWorkspace, Workspaces
from overheard.config.chats import SlackTable
from overheard.config.settings import Secret
from overheard.errors import ChatFailed, ChatUnavailable
from overheard.interfaces import Desk, Finding

logger = logging.getLogger(__name__)

NOT_INSTALLED = "Overheard is not installed in this workspace, or not any more."
FOLLOWING = 15.0
"""Seconds that pictures, and what did not fit into a message, may take to follow it."""


_PART = {"event_type": PART, "event_payload": {"part": True}}


class SlackChat:
    """Slack; see `overheard.interfaces.Chat`.

    A channel is named by its id, such as ``C0123456789``; where many workspaces have installed the
    bot, by their team's before it: ``T0123456789/C0123456789``. A message is named by its time
    stamp.

    Args:
        settings: ``[slack]``.
        interval: Seconds between two messages in a channel; Slack takes one a second.
        watch: When a socket counts as silent.

    Attributes:
        drain_s: See `overheard.interfaces.DrainingChat`.
    """

    name = "slack"

    def __init__(
        self, settings: SlackTable, *, interval: float = 1.0, watch: Watch | None = None
    ) -> None:
        self._settings = settings
        self._pace = Pace(interval)
        self._watch = watch or Watch()
        self._line = Line()
        self.drain_s = NEARLY
        self._serving = False
        self._session: aiohttp.ClientSession | None = None
        self._workspaces: Workspaces | None = None
        self._installations: Installations | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a socket, or requests can come over HTTP; see `Connectable`."""
        return self._line.up or self._serving

    async def run(self, desk: Desk) -> None:
        """Connect and bring requests to the desk, until cancelled; see `Chat`."""
        workspaces = await self._opened()
        if not self._settings.many:
            await workspaces.of("")
        listeners = Listeners(
            desk, workspaces, self._connections(), self._pace, many=self._settings.many
        )
        app = self._app(workspaces)
        listeners.attach(app, self._settings.command)
        try:
            await self._receive(app)
        finally:
            await listeners.close(self.drain_s)

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the time stamp of its message; see `Chat`.

        What does not fit into one message, and pictures, follow in its thread. Once the message is
        there, the post has succeeded, whatever becomes of those.
        """
        outlet = await self._outlet(channel, thread)
        first, *rest = render(card)
        mark = {"event_type": MARK, "event_payload": {"key": key}}
        shown_too = {"reply_broadcast": True} if thread and broadcast else {}
        ts = await outlet.post(first, metadata=mark, **shown_too)
        outlet.thread = thread or ts
        await self._follow(outlet, first, rest)
        return ts

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Put another card in the place of one that was posted; see `Chat`.

        Its text and buttons change, and what followed in its thread: messages that are too many are
        taken away, and those that are missing are added. Pictures stay as they are.
        """
        outlet = await self._outlet(channel, "")
        first, *rest = render(card)
        await outlet.edit(message, first)
        outlet.thread = message
        try:
            async with asyncio.timeout(FOLLOWING):
                await self._put_parts(outlet, message, rest)
        except (SlackFailed, TimeoutError) as error:
            logger.warning("What follows a message in %s is as it was: %r", channel, error)

    async def find(self, channel: str, key: str) -> str | None:
        """Return the time stamp of a recent message of this key, or None; see `Chat`.

        Looks through the channel's latest messages, and the threads that were busy lately.

        Raises:
            ChatFailed: when Slack does not let us look.
        """
        outlet = await self._outlet(channel, "")
        return await find(outlet.client, outlet.channel, key, time.time())

    async def link(self, channel: str, message: str) -> str:
        """Return a message's permalink; see `overheard.interfaces.Linking`.

        Raises:
            ChatFailed: when Slack does not tell it.
        """
        outlet = await self._outlet(channel, "")
        told = await outlet.client.call(
            "chat_getPermalink", channel=outlet.channel, message_ts=message
        )
        return str(told["permalink"])

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Say whether tokens, scopes and these channels are as they should be; see `Chat`."""
        try:
            workspaces = await self._opened()
            app_client = self._app_client() if self._settings.mode == "socket" else None
        except ChatUnavailable as error:
            return [checkup.unavailable("slack", error)]
        places = [(channel, *self._address(channel)) for channel in channels]
        return await checkup.examine(workspaces, places, app_client, many=self._settings.many)

    async def close(self) -> None:
        """Let connections go."""
        if self._installations:
            await self._installations.close()
        if self._session:
            await self._session.close()

    async def _receive(self, app: AsyncApp) -> None:
        settings = self._settings
        if settings.mode == "socket":
            await keep_listening(app, self._app_client(), self._watch, self._line)
            return
        flow = self._installations.flow() if self._installations else None
        async with serving(app, flow, settings.host, settings.port):
            self._serving = True
            try:
                await asyncio.Event().wait()
            finally:
                self._serving = False

    async def _opened(self) -> Workspaces:
        """Return the workspaces; the first time, find out how to speak with them."""
        if self._workspaces is None:
            self._workspaces = await self._open_workspaces()
        return self._workspaces

    async def _open_workspaces(self) -> Workspaces:
        if not self._settings.many:
            token = needed("bot_token", self._settings.bot_token)
            return OneWorkspace(self._client(token))
        needed("client_secret", self._settings.client_secret)
        self._installations = Installations(self._settings, self._connections())
        await self._installations.open()
        return self._installations

    async def _outlet(self, channel: str, thread: str) -> Channel:
        team, channel = self._address(channel)
        try:
            workspace = await (await self._opened()).of(team)
        except ChatUnavailable as error:
            raise ChatFailed(chat=NAME, reason=str(error).rstrip(".")) from None
        return Channel(workspace.client, self._pace, channel, thread)

    async def _put_parts(self, outlet: Channel, message: str, rest: Sequence[Message]) -> None:
        there = await parts(outlet.client, outlet.channel, message)
        for ts, part in zip(there, rest, strict=False):
            await outlet.edit(ts, part)
        for part in rest[len(there) :]:
            await outlet.post(part, metadata=_PART)
        for ts in there[len(rest) :]:
            await outlet.client.call("chat_delete", channel=outlet.channel, ts=ts)

    async def _follow(self, outlet: Channel, first: Message, rest: Sequence[Message]) -> None:
        try:
            async with asyncio.timeout(FOLLOWING):
                await outlet.attach(first.images, outlet.thread)
                for message in rest:
                    await outlet.post(message, metadata=_PART)
                    await outlet.attach(message.images, outlet.thread)
        except (SlackFailed, TimeoutError) as error:
            logger.warning("What belongs to a message in %s is missing: %r", outlet.channel, error)

    def _address(self, channel: str) -> tuple[str, str]:
        """Return the team, or an empty string, and the channel."""
        team, _, channel = channel.rpartition("/")
        return team, channel

    def _app(self, workspaces: Workspaces) -> AsyncApp:
        async def authorize(team_id: str | None = None, **_: Any) -> AuthorizeResult | None:
            try:
                return (await workspaces.of(team_id or "")).rights
            except ChatUnavailable as error:
                logger.warning("%s", error)
                return None

        settings = self._settings
        http = settings.mode == "http"
        # With an `authorize` of our own, slack-bolt neither asks auth.test for every event, nor
        # takes client ids from the environment for an installation of many workspaces.
        # It sets the level of the logger that is called as the app is: that must not be ours.
        quiet = _quiet_logger()
        return AsyncApp(
            name=quiet.name,
            logger=quiet,
            client=AsyncWebClient(base_url=settings.base_url, session=self._connections()),
            signing_secret=needed("signing_secret", settings.signing_secret) if http else "-",
            authorize=authorize,  # type: ignore[arg-type]  # None: the bot is not installed
            user_facing_authorize_error_message=NOT_INSTALLED,
        )

    def _app_client(self) -> SlackClient:
        return self._client(needed("app_token", self._settings.app_token))

    def _client(self, token: str) -> SlackClient:
        return SlackClient(token, self._settings.base_url, self._connections())

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self._session


def _quiet_logger() -> logging.Logger:
    """Return slack-bolt's logger: it warns of tokens in the environment that are ours to use."""
    quiet = logger.getChild("bolt")
    quiet.setLevel(logging.ERROR)
    return quiet


def needed(key: str, secret: Secret | None) -> str:
    """Return a secret.

    Raises:
        ChatUnavailable: when it is missing.
    """
    if secret is not None:
        return secret.get_secret_value()
    remedy = f"set the environment variable SLACK_{key.upper()}, or name a file as {key}_file"
    raise ChatUnavailable(chat=NAME, reason=f"its {key} is missing", remedy=f"{remedy} in [slack]")
