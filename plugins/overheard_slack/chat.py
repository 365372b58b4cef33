"""The Slack chat: connects, posts and edits messages; ``post_search.py`` finds those it posted."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from overheard import (
    FINISH_TIMEOUT_S,
    Card,
    ChatFailed,
    ChatUnavailable,
    Desk,
    Finding,
    replace_messages,
)
from overheard_slack import checkup
from overheard_slack.blocks import render
from overheard_slack.client import CALL_TIMEOUT_S, NAME, SlackClient, SlackFailed
from overheard_slack.connection import SocketState, SocketTimeouts, http_server, run_socket
from overheard_slack.listeners import SlackListeners
from overheard_slack.pacer import ChannelPacer
from overheard_slack.post_search import (
    CONTINUATION_EVENT,
    POST_EVENT,
    find_continuations,
    find_post,
)
from overheard_slack.posts import ChannelOutlet
from overheard_slack.questions import OLD_APP, OLD_APP_REMEDY, SlackQuestions
from overheard_slack.settings import SlackSettings
from overheard_slack.workspaces import Installations, OneWorkspace, Workspaces

log = logging.getLogger(__name__)

NOT_INSTALLED = "Overheard is not installed in this workspace, or not any more."
FOLLOW_UP_TIMEOUT_S = 15.0
"""Time limit for the pictures and further messages of a card, after its first message."""


_CONTINUATION_METADATA = {"event_type": CONTINUATION_EVENT, "event_payload": {"part": True}}


@asynccontextmanager
async def _following(outlet: ChannelOutlet, failure: str) -> AsyncIterator[None]:
    """Let what belongs to a card after its first message follow, for `FOLLOW_UP_TIMEOUT_S` seconds;
    a failure is only logged, and what remains stays as it was.

    Args:
        failure: Says what has failed, before "in" and the channel.
    """
    try:
        async with asyncio.timeout(FOLLOW_UP_TIMEOUT_S):
            yield
    except (SlackFailed, TimeoutError) as error:
        log.warning("%s in %s: %r", failure, outlet.channel, error)


class SlackChat:
    """Slack as a chat of the bot: posts and edits messages, and passes requests to the desk.

    A channel is named by its id, such as ``C0123456789``. Where many workspaces have installed the
    bot, the team's id comes first: ``T0123456789/C0123456789``. A message's id is its time stamp.

    Args:
        settings: ``[slack]``.
        interval_s: Seconds between two messages in a channel; Slack takes one a second.
        timeouts: When a socket counts as dead.

    Attributes:
        drain_s: Seconds for which requests in progress may go on when the chat is cancelled; set
            higher while another process takes over.
    """

    name = "slack"

    def __init__(
        self,
        settings: SlackSettings,
        *,
        interval_s: float = 1.0,
        timeouts: SocketTimeouts | None = None,
    ) -> None:
        """Prepare the chat; nothing is connected or called yet.

        Workspaces, the HTTP session and the database of installations are opened at their first
        use. Without `timeouts`, those of `SocketTimeouts` apply.
        """
        self._settings = settings
        self._pacer = ChannelPacer(interval_s)
        self._timeouts = timeouts or SocketTimeouts()
        self._socket = SocketState()
        self.drain_s = FINISH_TIMEOUT_S
        self._serving = False
        self._session: aiohttp.ClientSession | None = None
        self._workspaces: Workspaces | None = None
        self._installations: Installations | None = None
        self._questions: SlackQuestions | None = None

    @property
    def connected(self) -> bool:
        """Whether requests can arrive now: the socket is up, or HTTP requests are served."""
        return self._socket.up or self._serving

    async def run(self, desk: Desk) -> None:
        """Connect and pass requests to the desk, until cancelled.

        When cancelled, the requests in progress get `drain_s` seconds to end.

        Args:
            desk: Serves the requests.

        Raises:
            ChatUnavailable: when a secret is missing, Slack refuses a token, the port for HTTP
                requests or the database of installations cannot be used.
            SlackFailed: when Slack cannot be reached.
        """
        workspaces = await self._opened()
        if not self._settings.many:
            await workspaces.workspace("")
        listeners = SlackListeners(desk, workspaces, self._http_session(), self._pacer)
        self._questions = listeners.questions
        app = self._app(workspaces)
        listeners.attach(app, self._settings.command)
        try:
            await self._receive(app)
        finally:
            await listeners.close(self.drain_s)

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the id of its first message, which is the message's time stamp.

        Further messages and files follow in the first message's thread. Their failure is only
        logged: the post counts as successful once the first message is posted.

        Args:
            channel: The channel's id; with many workspaces, the team's id and a slash come first.
            key: The unique key of the post, by which `find` finds it; invisible in the message.
            thread: The id of the message in whose thread to post; "" posts in the channel.
            broadcast: Whether the first message of a post in a thread is also shown in the channel.

        Raises:
            ChatFailed: when the workspace cannot be used, the first message was not posted, or
                Slack's answer was lost.
        """
        outlet = await self._outlet(channel, thread)
        first, *rest = render(card)
        metadata = {"event_type": POST_EVENT, "event_payload": {"key": key}}
        options = {"reply_broadcast": True} if thread and broadcast else {}
        ts = await outlet.post(first, metadata=metadata, **options)
        outlet.thread = thread or ts
        async with _following(outlet, "What belongs to a message is missing"):
            for message in rest:
                await outlet.post(message, metadata=_CONTINUATION_METADATA)
            await outlet.upload_files(card, outlet.thread)
        return ts

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace a posted card by another card.

        The messages that continue the first one in its thread are edited, added or deleted as the
        new card needs, for `FOLLOW_UP_TIMEOUT_S` seconds at most. If that fails or takes longer, it
        is only logged. Files that were uploaded into the thread stay.

        Args:
            channel: The channel's id; with many workspaces, the team's id and a slash come first.
            message: The id of the first message, which `post` returned.
            card: The new card.

        Raises:
            ChatFailed: when the workspace cannot be used, or Slack refuses to edit the first
                message.
        """
        outlet = await self._outlet(channel, "")
        first, *rest = render(card)
        await outlet.edit(message, first)
        outlet.thread = message
        async with _following(outlet, "What belongs to an edited message may be as it was"):
            posted = await find_continuations(outlet.client, outlet.channel, message)
            put = partial(outlet.put, metadata=_CONTINUATION_METADATA)
            await replace_messages(posted, rest, put, outlet.delete)

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of the message that `post` has posted with a key, or None.

        The latest messages of the channel are searched, and then up to `MAX_THREADS` threads that
        have replies of the last seven days.

        Args:
            channel: The channel's id; with many workspaces, the team's id and a slash come first.

        Raises:
            ChatFailed: when the workspace cannot be used, or Slack does not return the messages.
        """
        outlet = await self._outlet(channel, "")
        return await find_post(outlet.client, outlet.channel, key, time.time())

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message.

        Args:
            channel: The channel's id; with many workspaces, the team's id and a slash come first.
            message: The id of the message, which `post` returned.

        Raises:
            ChatFailed: when the workspace cannot be used, or Slack does not return the address.
        """
        outlet = await self._outlet(channel, "")
        answer = await outlet.client.call(
            "chat_getPermalink", channel=outlet.channel, message_ts=message
        )
        return str(answer["permalink"])

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Return what `overheard doctor` says of Slack: findings about tokens, scopes and channels.

        A finding without a problem says what is in order. If a secret is missing, or the database
        of installations cannot be used, that is the only finding; no error is raised.

        Args:
            channels: The ids of the channels that alerts and reports go to; with many workspaces,
                the team's id and a slash come first.
        """
        try:
            workspaces = await self._opened()
            app_client = self._client("app_token") if self._settings.mode == "socket" else None
        except ChatUnavailable as error:
            return [checkup.unavailable("slack", error)]
        many = self._settings.many
        found = await checkup.examine(workspaces, channels, app_client, many_workspaces=many)
        if self._questions and self._questions.has_panel:
            found.append(Finding("slack: app", f"it {OLD_APP}", OLD_APP_REMEDY))
        return found

    async def close(self) -> None:
        """Close the connections to the database of installations and to Slack, as far as they were
        opened.
        """
        if self._installations:
            await self._installations.close()
        if self._session:
            await self._session.close()

    async def _receive(self, app: AsyncApp) -> None:
        """Pass Slack's events to the app until cancelled.

        With ``mode = "socket"`` in ``[slack]``, they come over a websocket; else as HTTP requests,
        and the same server serves the pages of an installation where there are many workspaces.

        Raises:
            ChatUnavailable: when a secret is missing, a token is refused, or the port is in use.
            SlackFailed: when Slack cannot be asked for a socket.
        """
        settings = self._settings
        if settings.mode == "socket":
            await run_socket(app, self._client("app_token"), self._timeouts, self._socket)
            return
        flow = self._installations.flow() if self._installations else None
        secret = settings.secret("signing_secret")
        async with http_server(app, secret, flow, settings.host, settings.port):
            self._serving = True
            try:
                await asyncio.Event().wait()
            finally:
                self._serving = False

    async def _opened(self) -> Workspaces:
        """Return the workspaces; the first call opens them: the one of the bot token, or those that
        have installed the bot by OAuth, whose database is opened.

        Raises:
            ChatUnavailable: when a secret is missing, or the database of installations cannot be
                used.
        """
        if self._workspaces is None:
            if self._settings.many:
                self._settings.secret("client_secret")
                self._installations = Installations(self._settings, self._http_session())
                await self._installations.open()
                self._workspaces = self._installations
            else:
                self._workspaces = OneWorkspace(self._client("bot_token"))
        return self._workspaces

    async def _outlet(self, channel: str, thread: str) -> ChannelOutlet:
        """Return an outlet that posts into a channel, or into a thread of the channel.

        Args:
            channel: The channel's id; with many workspaces, the team's id and a slash come first.
            thread: The id of the thread's first message; "" for the channel itself.
        """
        team, _, channel = channel.rpartition("/")
        try:
            workspace = await (await self._opened()).workspace(team)
        except ChatUnavailable as error:
            raise ChatFailed(chat=NAME, reason=str(error).rstrip(".")) from None
        return ChannelOutlet(workspace.client, self._pacer, channel, thread)

    def _app(self, workspaces: Workspaces) -> AsyncApp:
        """Return slack-bolt's app, which finds the workspace of each request and refuses requests
        of workspaces that the bot is not in. It has no listeners yet.
        """

        async def authorize(team_id: str | None = None, **_: Any) -> AuthorizeResult | None:
            """Return the bot's ids and token in the workspace of a request; None, which is logged,
            when the workspace cannot be used.
            """
            try:
                return (await workspaces.workspace(team_id or "")).rights
            except ChatUnavailable as error:
                log.warning("%s", error)
                return None

        # With this `authorize`, slack-bolt neither calls auth.test for every event, nor reads
        # client ids from the environment. slack-bolt changes the level of the logger with the
        # app's name, so that the name must not be that of this module's logger.
        quiet = log.getChild("bolt")
        quiet.setLevel(logging.ERROR)  # it warns of tokens in the environment
        return AsyncApp(
            name=quiet.name,
            logger=quiet,
            client=AsyncWebClient(base_url=self._settings.base_url, session=self._http_session()),
            request_verification_enabled=False,  # the HTTP server does it
            authorize=authorize,  # type: ignore[arg-type]  # None: the bot is not installed
            user_facing_authorize_error_message=NOT_INSTALLED,
        )

    def _client(self, key: str) -> SlackClient:
        """Return what calls Slack with a token, given its key in ``[slack]``."""
        return SlackClient(
            self._settings.secret(key), self._settings.base_url, self._http_session()
        )

    def _http_session(self) -> aiohttp.ClientSession:
        """Return the HTTP session for all calls; open one if there is none or it was closed."""
        if self._session is None or self._session.closed:
            timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session
