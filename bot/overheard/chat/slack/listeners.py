"""Requests from Slack: each is acknowledged at once and brought to the desk, once."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from overheard.chat.concurrency import finish_tasks
from overheard.chat.slack import modals
from overheard.chat.slack.blocks import home_message, render
from overheard.chat.slack.client import NAME, ChannelPacer, SlackFailed
from overheard.chat.slack.controls import ACTION_PREFIX, clicked_words
from overheard.chat.slack.conversation import (
    OpenForm,
    RequestOrigin,
    SlackConversation,
    place_of_click,
)
from overheard.chat.slack.posts import ChannelOutlet
from overheard.chat.slack.questions import SlackQuestion, SlackQuestions
from overheard.chat.slack.workspaces import Workspace, Workspaces
from overheard.interfaces import Desk, Form, Person, Request

log = logging.getLogger(__name__)

FORM_ANSWER_TIMEOUT_S = 1.5
"""Seconds that a submitted form stays open for its first answer, which may be the same form with a
problem.
"""
MAX_SEEN_EVENTS = 5_000
"""Event ids kept in memory."""
Body = dict[str, Any]
"""The JSON body of a request from Slack."""


class SlackListeners:
    """Passes the requests of one slack-bolt app to the desk.

    Args:
        desk: Serves the requests.
        workspaces: Finds the workspace of a request.
        session: The HTTP session for replies to response URLs.
        pacer: Limits the messages of each channel.
        many_workspaces: Whether there are many workspaces; then a channel's name begins with its
            team's id.
    """

    def __init__(
        self,
        desk: Desk,
        workspaces: Workspaces,
        session: aiohttp.ClientSession,
        pacer: ChannelPacer,
        *,
        many_workspaces: bool = False,
    ) -> None:
        """Prepare the handlers; `attach` registers them."""
        self._desk = desk
        self._workspaces = workspaces
        self._session = session
        self._pacer = pacer
        self._many_workspaces = many_workspaces
        self._seen = SeenEvents()
        self._tasks = BackgroundTasks()
        self._mentions = SlackQuestions(self._ask, workspaces)

    def attach(self, app: AsyncApp, command: str) -> None:
        """Register with slack-bolt the handlers of the slash command, clicks, forms, menus and
        events.
        """
        app.middleware(self._skip_repeated)
        app.command(command)(self._on_command)
        app.action(re.compile(f"^{ACTION_PREFIX}:"))(self._on_click)
        app.view(modals.CALLBACK_ID)(self._on_form)
        app.options(re.compile(f"^{ACTION_PREFIX}:"))(self._on_typing)
        app.event("app_home_opened")(self._on_home_opened)
        self._mentions.attach(app)
        app.event("member_joined_channel")(self._on_joined)
        app.event("app_uninstalled")(self._on_uninstalled)
        app.event("tokens_revoked")(self._on_revoked)

    async def close(self, timeout_s: float) -> None:
        """Wait some seconds for the requests that are being served, then cancel the unfinished
        ones.
        """
        await self._tasks.finish(timeout_s)

    async def _skip_repeated(
        self,
        body: Body,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse:
        """Acknowledge a request that Slack has sent before and drop it; pass any other
        request on.
        """
        event = body.get("event_id") or body.get("trigger_id")
        if event and body.get("type") != "block_suggestion" and not self._seen.is_new(event):
            return BoltResponse(status=200, body="")
        return await next()

    async def _on_command(self, ack: AsyncAck, body: Body) -> None:
        """Acknowledge a slash command, and start to serve the words after it."""
        await ack()
        origin = RequestOrigin(
            body["user_id"], body["channel_id"], url=body.get("response_url", "")
        )
        words = body.get("text", "").strip()
        self._tasks.start(self._serve(body, origin, words=words))

    async def _on_click(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        words = clicked_words(body)
        message = (body.get("container") or {}).get("message_ts", "")
        self._tasks.start(self._serve(body, place_of_click(body), words=words, message=message))

    async def _on_form(self, ack: AsyncAck, body: Body) -> None:
        """Serve a submitted form; acknowledge it by closing it, or by showing it again with its
        problems.

        The form of a command that does not exist any more is closed.
        """
        metadata = modals.FormMetadata.read(body["view"])
        command = next((c for c in self._desk.commands if c.name == metadata.command), None)
        if command is None:  # a form that was opened before the bot was updated
            await ack()
            return
        prefix = self._prefix(_team(body))
        options, problems = modals.read_options(command, body["view"], prefix)
        if problems:
            await ack(response_action="errors", errors=problems)
            return

        async def reopen(form: Form, origin: RequestOrigin) -> None:
            await ack(response_action="update", view=modals.modal(form, origin.to_json()))

        origin = RequestOrigin.from_json(metadata.place, body["user"]["id"])
        conversation = await self._conversation(body, origin, reopen)
        self._tasks.start(
            self._serve_in(conversation, body, origin, command=command.name, options=options)
        )
        if await conversation.form_reopened(FORM_ANSWER_TIMEOUT_S):
            return
        if command.step and not conversation.answered:
            await self._hold_view(conversation, ack, body, "Set-up")
        else:
            await ack()

    async def _hold_view(
        self, conversation: SlackConversation, ack: AsyncAck, body: Body, title: str
    ) -> None:
        """Acknowledge a step's form by a waiting view, and replace that view when the step has an
        answer.

        Args:
            conversation: The conversation of the step; its first answer may be the next form.
            ack: Acknowledges the form.
            body: The request from Slack.
            title: The title of the view.
        """
        await ack(response_action="update", view=modals.notice_view(title, "One moment ..."))
        workspace = await self._workspaces.workspace(_team(body))
        view_id = body["view"]["id"]

        async def update(form: Form, origin: RequestOrigin) -> None:
            view = modals.modal(form, origin.to_json())
            await workspace.client.call("views_update", view_id=view_id, view=view)

        async def follow() -> None:
            if not await conversation.late_form(update):
                view = modals.notice_view(title, "Done. You can close this; the chat has the rest.")
                await workspace.client.call("views_update", view_id=view_id, view=view)

        self._tasks.start(follow())

    async def _on_typing(self, ack: AsyncAck, body: Body) -> None:
        """Send Slack the values that complete the text a person is typing into a form's menu.

        An error is logged, and gives no values.
        """
        metadata = modals.FormMetadata.read(body["view"])
        option, typed = body["action_id"].removeprefix(f"{ACTION_PREFIX}:"), body.get("value", "")
        try:
            origin = RequestOrigin.from_json(metadata.place, body["user"]["id"])
            person, channel = await self._requester(body, origin)
            values = await self._desk.complete(
                metadata.command, option, typed, person=person, channel=channel
            )
        except Exception:
            log.exception("No values could be offered for %s", option)
            values = ()
        await ack(**modals.menu_options(values, typed))

    async def _on_home_opened(self, event: Body, body: Body) -> None:
        if event.get("tab") == "home":
            self._tasks.start(self._show_home(body, event["user"]))

    async def _on_joined(self, event: Body, body: Body) -> None:
        """Greet in a channel that the bot has been invited to; ignore other people who join."""
        workspace = await self._workspaces.workspace(_team(body))
        if event.get("user") == workspace.rights.bot_user_id:
            self._tasks.start(self._greet(workspace, event["channel"], event.get("inviter", "")))

    async def _greet(self, workspace: Workspace, channel: str, inviter: str) -> None:
        """Post the greeting in a channel.

        Args:
            workspace: The workspace.
            channel: The channel's id.
            inviter: The id of the person who invited the bot, who alone sees the greeting; "" if
                unknown.
        """
        [message, *_] = render(await self._desk.greeting(), pictures=False, tables=False)
        greeting: dict[str, Any] = {
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
        }
        if inviter:
            await workspace.client.call("chat_postEphemeral", user=inviter, **greeting)
        else:
            await workspace.client.call("chat_postMessage", **greeting)

    async def _on_uninstalled(self, body: Body) -> None:
        await self._workspaces.forget(_team(body))

    async def _on_revoked(self, event: Body, body: Body) -> None:
        """Forget a workspace whose bot token was revoked; people's own tokens are not stored."""
        if (event.get("tokens") or {}).get("bot"):
            await self._workspaces.forget(_team(body))

    async def _serve(self, body: Body, origin: RequestOrigin, **fields: Any) -> None:
        """Serve a command or click; a click in the App Home also renders the Home again.

        Args:
            body: The request from Slack.
            origin: Where the request came from.
            fields: Further fields of the `Request`, such as its words.
        """

        async def open_modal(form: Form, origin: RequestOrigin) -> None:
            workspace = await self._workspaces.workspace(_team(body))
            view = modals.modal(form, origin.to_json())
            await workspace.client.call("views_open", trigger_id=body["trigger_id"], view=view)

        conversation = await self._conversation(body, origin, open_modal)
        await self._serve_in(conversation, body, origin, **fields)
        if (body.get("container") or {}).get("type") == "view":
            await self._show_home(body, origin.user)

    async def _ask(self, body: Body, question: SlackQuestion) -> None:
        """Start to serve a question in words; return at once, so that the event is acknowledged."""
        self._tasks.start(self._serve_question(body, question))

    async def _serve_question(self, body: Body, question: SlackQuestion) -> None:
        """Pass a question in words to the desk, and show its last card even when it is cancelled.

        Args:
            body: The request from Slack.
            question: The question.
        """
        origin = RequestOrigin(question.user, question.channel, question.answer_thread)
        person, channel = await self._requester(body, origin)
        request = Request(
            body["event_id"],
            person,
            channel,
            question=question.text,
            message=question.thread,
            thread=question.answer_thread,
        )
        conversation = await self._conversation(body, origin, _no_form)
        try:
            await self._desk.serve(request, conversation)
        finally:
            await conversation.finish()

    async def _conversation(
        self, body: Body, origin: RequestOrigin, open_form: OpenForm
    ) -> SlackConversation:
        """Return the conversation for a request.

        Args:
            body: The request from Slack.
            origin: Where the request came from.
            open_form: Opens a form.
        """
        workspace = await self._workspaces.workspace(_team(body))
        prefix = self._prefix(_team(body))
        return SlackConversation(workspace, origin, self._session, self._pacer, open_form, prefix)

    async def _serve_in(
        self, conversation: SlackConversation, body: Body, origin: RequestOrigin, **fields: Any
    ) -> None:
        """Pass a request to the desk, and show its last card even when the request is cancelled.

        Args:
            conversation: Shows the answers.
            body: The request from Slack.
            origin: Where the request came from.
            fields: Further fields of the `Request`, such as its words.
        """
        person, channel = await self._requester(body, origin)
        request = Request(body["trigger_id"], person, channel, **fields)
        try:
            await self._desk.serve(request, conversation)
        finally:
            await conversation.finish()

    async def _requester(self, body: Body, origin: RequestOrigin) -> tuple[Person, str]:
        """Return the person who sent a request, and the channel's name, such as ``slack:C01``."""
        team = _team(body)
        workspace = await self._workspaces.workspace(team)
        person = await workspace.people.person(origin.user, _name(body))
        return person, f"slack:{self._prefix(team)}{origin.channel}"

    async def _show_home(self, body: Body, user: str) -> None:
        workspace = await self._workspaces.workspace(_team(body))
        card = await self._desk.home(await workspace.people.person(user))
        home = ChannelOutlet(workspace.client, self._pacer, user)
        await home.publish(home_message(card))

    def _prefix(self, team: str) -> str:
        return f"{team}/" if self._many_workspaces else ""


async def _no_form(form: Form, origin: RequestOrigin) -> None:
    """Raise an error: a form needs a click or a slash command.

    Raises:
        SlackFailed: always.
    """
    raise SlackFailed(chat=NAME, reason=f"no form opens here: {form.title}, {origin.channel}")


def _team(body: Body) -> str:
    """Return the id of the team that a request is from, or an empty string."""
    return str(body.get("team_id") or (body.get("team") or {}).get("id") or "")


def _name(body: Body) -> str:
    """Return the name of the person who sent a request, or an empty string."""
    user = body.get("user")
    account = user if isinstance(user, dict) else {}
    return str(body.get("user_name") or account.get("name") or account.get("username") or "")


class SeenEvents:
    """The latest event ids: Slack sends an event again when it missed the acknowledgement."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event: str) -> bool:
        """Return whether an event's id was not seen before, and remember the id."""
        if event in self._seen:
            return False
        self._seen[event] = None
        if len(self._seen) > MAX_SEEN_EVENTS:
            self._seen.popitem(last=False)
        return True


class BackgroundTasks:
    """The requests that are still being served after their acknowledgement."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine as a task; its exceptions are logged."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._on_done)

    async def finish(self, timeout_s: float) -> None:
        """Wait some seconds for the tasks to end, then cancel them."""
        await finish_tasks(self._running, timeout_s)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("A request from Slack ended badly: %s", error)
