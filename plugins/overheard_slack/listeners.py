"""Requests from Slack: each is acknowledged at once and brought to the desk, once."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from overheard import Desk, Person, Recent, Request, ServingTasks
from overheard_slack import modals
from overheard_slack.blocks import home_message, render
from overheard_slack.controls import ACTION_PREFIX, clicked_words
from overheard_slack.conversation import OpenView, RequestOrigin, SlackConversation, click_origin
from overheard_slack.pacer import ChannelPacer
from overheard_slack.posts import ChannelOutlet
from overheard_slack.questions import SlackQuestions
from overheard_slack.workspaces import Workspace, Workspaces

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
    """

    def __init__(
        self,
        desk: Desk,
        workspaces: Workspaces,
        session: aiohttp.ClientSession,
        pacer: ChannelPacer,
    ) -> None:
        self._desk = desk
        self._workspaces = workspaces
        self._session = session
        self._pacer = pacer
        self._seen: Recent[str, None] = Recent(MAX_SEEN_EVENTS)
        self._tasks = ServingTasks("Slack")
        self.questions = SlackQuestions(self._start, workspaces)

    def attach(self, app: AsyncApp, command: str) -> None:
        """Register with slack-bolt the handlers of all requests: the slash command, clicks,
        submitted forms, text that is typed into a menu, and events.

        Args:
            app: The app of slack-bolt, which calls the handlers.
            command: The slash command, such as ``/overheard``.
        """
        app.middleware(self._skip_repeated)
        app.command(command)(self._on_command)
        app.action(re.compile(f"^{ACTION_PREFIX}:"))(self._on_click)
        app.view(modals.CALLBACK_ID)(self._on_form)
        app.options(re.compile(f"^{ACTION_PREFIX}:"))(self._on_typing)
        app.event("app_home_opened")(self._on_home_opened)
        self.questions.attach(app)
        app.event("member_joined_channel")(self._on_joined)
        app.event("app_uninstalled")(self._on_uninstalled)
        app.event("tokens_revoked")(self._on_revoked)

    async def close(self, timeout_s: float) -> None:
        """Wait until the requests in progress are served, and cancel those that take too long.

        Args:
            timeout_s: Seconds to wait before unfinished requests are cancelled.
        """
        await self._tasks.finish(timeout_s)

    async def _skip_repeated(
        self,
        body: Body,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - Bolt's name
    ) -> BoltResponse:
        """Pass a request on to its handler, but only once: a request that was seen before is
        acknowledged and dropped.

        A request without an id is always passed on. So is text that is typed into a menu, for which
        Slack sends several requests with one id.

        Args:
            body: The request, with the id of its event or of its trigger.
        """
        request_id = body.get("event_id") or body.get("trigger_id")
        if request_id and body.get("type") != "block_suggestion":
            if request_id in self._seen:
                return BoltResponse(status=200, body="")
            self._seen[request_id] = None
        return await next()

    async def _on_command(self, ack: AsyncAck, body: Body) -> None:
        """Acknowledge a slash command, and serve the words after it in a background task."""
        await ack()
        origin = RequestOrigin(
            body["user_id"], body["channel_id"], url=body.get("response_url", "")
        )
        self._start(body, origin, words=body.get("text", "").strip())

    async def _on_click(self, ack: AsyncAck, body: Body) -> None:
        """Acknowledge a click, and serve the words of the button or menu entry in a background
        task.
        """
        await ack()
        message = (body.get("container") or {}).get("message_ts", "")
        self._start(body, click_origin(body), words=clicked_words(body), message=message)

    async def _on_form(self, ack: AsyncAck, body: Body) -> None:
        """Serve a submitted form, and tell Slack what to do with the form.

        The form of a command that does not exist any more is closed and not served. A form with an
        input that cannot be read stays open, with a sentence there, and is not served either. Any
        other form is served in a background task, whose first answer within `FORM_ANSWER_TIMEOUT_S`
        decides: if it is a form, such as the same one with a problem, that takes the place of this
        one; if it is a card, this form is closed. Without an answer in time, this form is closed,
        or for a step of the set-up, replaced by a modal that says "One moment ...".
        """
        origin = RequestOrigin.of_form(body)
        command = self._desk.command_of(origin.command) if origin.command else None
        if command is None:  # a form that was opened before the bot was updated
            await ack()
            return
        workspace = await self._workspace(body)
        options, problems = modals.read_options(command, body["view"], workspace.prefix)
        if problems:
            await ack(response_action="errors", errors=problems)
            return

        # If the first answer is a form, it acknowledges this one by taking its place.
        replace_form = partial(ack, response_action="update")
        conversation = self._conversation(workspace, origin, replace_form)
        self._tasks.start(
            self._serve_in(conversation, body, origin, command=origin.command, options=options)
        )
        if await conversation.wait_for_form(FORM_ANSWER_TIMEOUT_S):
            return
        if command.step and not conversation.answered:
            await ack(response_action="update", view=modals.notice_view("One moment ..."))
            update = partial(workspace.client.call, "views_update", view_id=body["view"]["id"])
            self._tasks.start(_replace_waiting_view(conversation, update))
        else:
            await ack()

    async def _on_typing(self, ack: AsyncAck, body: Body) -> None:
        """Send Slack the values that complete the text a person is typing into a form's menu.

        The typed text itself is the last of them, because Slack accepts nothing that is not in the
        menu. After an error, which is logged, it is the only one.
        """
        origin = RequestOrigin.of_form(body)
        option, typed = body["action_id"].removeprefix(f"{ACTION_PREFIX}:"), body.get("value", "")
        values: Sequence[str] = ()
        try:
            if origin.command:
                person, channel = await self._requester(body, origin)
                values = await self._desk.complete(
                    origin.command, option, typed, person=person, channel=channel
                )
        except Exception:
            log.exception("No values could be offered for %s", option)
        await ack(**modals.menu_options(values, typed))

    async def _on_home_opened(self, event: Body, body: Body) -> None:
        """Show the App Home to a person who opens it, and propose questions to one who opens the
        conversation with the bot; ignore the bot's other tabs.
        """
        if event.get("tab") == "home":
            self._tasks.start(self._show_home(body, event["user"]))
        elif event.get("tab") == "messages" and not self.questions.has_panel:
            self._tasks.start(self.questions.propose(body, event["channel"]))

    async def _on_joined(self, event: Body, body: Body) -> None:
        """Greet, in a background task, in a channel that the bot has joined; ignore other people
        who join.
        """
        workspace = await self._workspace(body)
        if event.get("user") == workspace.rights.bot_user_id:
            self._tasks.start(self._greet(workspace, event["channel"], event.get("inviter", "")))

    async def _greet(self, workspace: Workspace, channel: str, inviter: str) -> None:
        """Post the first message of the greeting in a channel, without pictures.

        Args:
            channel: The channel's id.
            inviter: The id of the person who invited the bot, who alone sees the greeting. If "",
                all members of the channel see it.

        Raises:
            SlackFailed: when Slack refuses the message.
        """
        message = render(await self._desk.greeting(), pictures=False, tables=False)[0]
        greeting: dict[str, Any] = {"text": message.text, "blocks": message.blocks}
        if inviter:
            greeting["user"] = inviter
        method = "chat_postEphemeral" if inviter else "chat_postMessage"
        await workspace.client.call(method, channel=channel, **greeting)

    async def _on_uninstalled(self, body: Body) -> None:
        await self._workspaces.forget(str(body.get("team_id") or ""))

    async def _on_revoked(self, event: Body, body: Body) -> None:
        """Forget a workspace whose bot token was revoked; people's own tokens are not stored."""
        if (event.get("tokens") or {}).get("bot"):
            await self._on_uninstalled(body)

    def _start(self, body: Body, origin: RequestOrigin, **fields: Any) -> None:
        """Serve a slash command, a click or a question in a background task; it is not waited for,
        so that slack-bolt acknowledges an event at once.
        """
        self._tasks.start(self._serve(body, origin, **fields))

    async def _serve(self, body: Body, origin: RequestOrigin, **fields: Any) -> None:
        """Serve a slash command, a click or a question to its end, and show the answers.

        After a click in the App Home, the Home is shown again: its content may have changed.

        Args:
            body: The request from Slack.
            origin: Where the request came from.
            fields: Further fields of the `Request`, such as ``words``.

        Raises:
            ChatUnavailable: when the workspace cannot be used.
            SlackFailed: when Slack refuses the last card or the Home, or cannot be reached.
        """
        workspace, trigger = await self._workspace(body), body.get("trigger_id")

        open_modal = partial(workspace.client.call, "views_open", trigger_id=trigger)
        conversation = self._conversation(workspace, origin, open_modal if trigger else None)
        await self._serve_in(conversation, body, origin, **fields)
        if (body.get("container") or {}).get("type") == "view":
            await self._show_home(body, origin.user)

    def _conversation(
        self, workspace: Workspace, origin: RequestOrigin, open_view: OpenView | None
    ) -> SlackConversation:
        return SlackConversation(workspace, origin, self._session, self._pacer, open_view)

    async def _serve_in(
        self, conversation: SlackConversation, body: Body, origin: RequestOrigin, **fields: Any
    ) -> None:
        """Pass a request to the desk, and show its last card even when the request is cancelled."""
        person, channel = await self._requester(body, origin)
        request = Request(body.get("trigger_id") or body["event_id"], person, channel, **fields)
        try:
            await self._desk.serve(request, conversation)
        finally:
            await conversation.finish()

    async def _workspace(self, body: Body) -> Workspace:
        """Return the workspace of a request; one without a team is of the only workspace."""
        team = body.get("team_id") or (body.get("team") or {}).get("id") or ""
        return await self._workspaces.workspace(str(team))

    async def _requester(self, body: Body, origin: RequestOrigin) -> tuple[Person, str]:
        """Return the person who sent a request, and the name of the channel.

        Args:
            body: The request from Slack, with the id of its team.
            origin: Where the request came from.

        Returns:
            The person, and ``slack:C01`` or, with many workspaces, ``slack:T01/C01``.
        """
        workspace = await self._workspace(body)
        user = body.get("user")
        account = user if isinstance(user, dict) else {}
        name = body.get("user_name") or account.get("name") or account.get("username") or ""
        person = await workspace.people.person(origin.user, str(name))
        return person, f"slack:{workspace.prefix}{origin.channel}"

    async def _show_home(self, body: Body, user: str) -> None:
        """Show the desk's card for a person as that person's App Home.

        Args:
            body: The request from Slack, with the id of its team.
            user: The person's id, such as ``U01``.

        Raises:
            SlackFailed: when Slack refuses the content, or cannot be reached.
        """
        workspace = await self._workspace(body)
        card = await self._desk.home(await workspace.people.person(user))
        home = ChannelOutlet(workspace.client, self._pacer, user)
        await home.publish(home_message(card))


async def _replace_waiting_view(conversation: SlackConversation, update: OpenView) -> None:
    """Replace the modal that says "One moment ..." by the form that answers the submitted one.

    The first answer is waited for without a limit. After a card, which the chat shows, the modal
    says "Done".
    """
    if not await conversation.wait_for_form_in_view(update):
        await update(view=modals.notice_view("Done. You can close this; the chat has the rest."))
