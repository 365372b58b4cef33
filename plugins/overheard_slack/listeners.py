"""Requests from Slack: each is acknowledged at once and brought to the desk, once."""

import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from overheard import Desk, Form, Person, Request, ServingTasks
from overheard_slack import modals
from overheard_slack.blocks import home_message, render
from overheard_slack.client import NAME, SlackFailed
from overheard_slack.controls import ACTION_PREFIX, clicked_words
from overheard_slack.conversation import OpenForm, RequestOrigin, SlackConversation, click_origin
from overheard_slack.pacer import ChannelPacer
from overheard_slack.posts import ChannelOutlet
from overheard_slack.questions import SlackQuestion, SlackQuestions
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
        many_workspaces: Whether there are many workspaces. If so, a channel's name has its team's
            id: ``slack:T01/C01`` instead of ``slack:C01``.
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
        """Prepare the handlers; `attach` registers them with slack-bolt.

        They share the ids of requests that were seen, and the background tasks in which requests
        are served.
        """
        self._desk = desk
        self._workspaces = workspaces
        self._session = session
        self._pacer = pacer
        self._many_workspaces = many_workspaces
        self._seen = SeenEvents()
        self._tasks = ServingTasks("Slack")
        self.questions = SlackQuestions(self._start_question, workspaces)

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
        if not request_id or body.get("type") == "block_suggestion":
            return await next()
        if self._seen.is_new(request_id):
            return await next()
        return BoltResponse(status=200, body="")

    async def _on_command(self, ack: AsyncAck, body: Body) -> None:
        """Acknowledge a slash command, and serve the words after it in a background task."""
        await ack()
        origin = RequestOrigin(
            body["user_id"], body["channel_id"], url=body.get("response_url", "")
        )
        words = body.get("text", "").strip()
        self._tasks.start(self._serve(body, origin, words=words))

    async def _on_click(self, ack: AsyncAck, body: Body) -> None:
        """Acknowledge a click, and serve the words of the button or menu entry in a background
        task.
        """
        await ack()
        words = clicked_words(body)
        message = (body.get("container") or {}).get("message_ts", "")
        self._tasks.start(self._serve(body, click_origin(body), words=words, message=message))

    async def _on_form(self, ack: AsyncAck, body: Body) -> None:
        """Serve a submitted form, and tell Slack what to do with the form.

        The form of a command that does not exist any more is closed and not served. A form with an
        input that cannot be read stays open, with a sentence there, and is not served either. Any
        other form is served in a background task, whose first answer within `FORM_ANSWER_TIMEOUT_S`
        decides: if it is a form, such as the same one with a problem, that takes the place of this
        one; if it is a card, this form is closed. Without an answer in time, this form is closed,
        or for a step of the set-up, replaced by a modal that says "One moment ...".
        """
        metadata = modals.FormMetadata.read(body["view"])
        command = self._desk.command_of(metadata.command)
        if command is None:  # a form that was opened before the bot was updated
            await ack()
            return
        prefix = self._channel_prefix(_team(body))
        options, problems = modals.read_options(command, body["view"], prefix)
        if problems:
            await ack(response_action="errors", errors=problems)
            return

        async def replace_form(form: Form, origin: RequestOrigin) -> None:
            """Acknowledge the submitted form by another form in its place."""
            await ack(response_action="update", view=modals.form_view(form, origin.to_json()))

        origin = RequestOrigin.from_json(metadata.origin, body["user"]["id"])
        conversation = await self._conversation(body, origin, replace_form)
        self._tasks.start(
            self._serve_in(conversation, body, origin, command=metadata.command, options=options)
        )
        if await conversation.wait_for_form(FORM_ANSWER_TIMEOUT_S):
            return
        if command.step and not conversation.answered:
            await self._show_waiting_view(conversation, ack, body, "Set-up")
        else:
            await ack()

    async def _show_waiting_view(
        self, conversation: SlackConversation, ack: AsyncAck, body: Body, title: str
    ) -> None:
        """Acknowledge a submitted form by a modal that says "One moment ...", and start a task that
        replaces this modal.

        The task waits, without a limit, for the first answer of the conversation. A form as the
        answer replaces the modal. After a card, which the chat shows, the modal says "Done". A
        failure of the task is logged.

        Args:
            conversation: The conversation in which the submitted form is served.
            body: The submission, with its team and the id of its view.
            title: The title of the modal, which is cut to Slack's limit.

        Raises:
            ChatUnavailable: when the workspace cannot be used any more.
        """
        await ack(response_action="update", view=modals.notice_view(title, "One moment ..."))
        workspace = await self._workspaces.workspace(_team(body))
        view_id = body["view"]["id"]

        async def show_form(form: Form, origin: RequestOrigin) -> None:
            view = modals.form_view(form, origin.to_json())
            await workspace.client.call("views_update", view_id=view_id, view=view)

        async def replace_waiting_view() -> None:
            if not await conversation.wait_for_form_in_view(show_form):
                view = modals.notice_view(title, "Done. You can close this; the chat has the rest.")
                await workspace.client.call("views_update", view_id=view_id, view=view)

        self._tasks.start(replace_waiting_view())

    async def _on_typing(self, ack: AsyncAck, body: Body) -> None:
        """Send Slack the values that complete the text a person is typing into a form's menu.

        The typed text itself is the last of them, because Slack accepts nothing that is not in the
        menu. After an error, which is logged, it is the only one.
        """
        metadata = modals.FormMetadata.read(body["view"])
        option, typed = body["action_id"].removeprefix(f"{ACTION_PREFIX}:"), body.get("value", "")
        try:
            origin = RequestOrigin.from_json(metadata.origin, body["user"]["id"])
            person, channel = await self._requester(body, origin)
            values = await self._desk.complete(
                metadata.command, option, typed, person=person, channel=channel
            )
        except Exception:
            log.exception("No values could be offered for %s", option)
            values = ()
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
        workspace = await self._workspaces.workspace(_team(body))
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
        """Serve a slash command or a click to its end, and show the answers.

        After a click in the App Home, the Home is shown anew, because its content may have changed.

        Args:
            body: The request from Slack.
            origin: Where the request came from.
            fields: Further fields of the `Request`: ``words``, and of a click ``message``.

        Raises:
            ChatUnavailable: when the workspace cannot be used.
            SlackFailed: when Slack refuses the last card or the Home, or cannot be reached.
        """

        async def open_modal(form: Form, origin: RequestOrigin) -> None:
            workspace = await self._workspaces.workspace(_team(body))
            view = modals.form_view(form, origin.to_json())
            await workspace.client.call("views_open", trigger_id=body["trigger_id"], view=view)

        conversation = await self._conversation(body, origin, open_modal)
        await self._serve_in(conversation, body, origin, **fields)
        if (body.get("container") or {}).get("type") == "view":
            await self._show_home(body, origin.user)

    async def _start_question(self, body: Body, question: SlackQuestion) -> None:
        """Serve a question in words in a background task; return at once, so that slack-bolt
        acknowledges the event.
        """
        self._tasks.start(self._serve_question(body, question))

    async def _serve_question(self, body: Body, question: SlackQuestion) -> None:
        """Pass a question in words to the desk, and show its last card even when it is cancelled.

        The answer appears in the question's `answer_thread`, and is never a form.

        Args:
            body: The event from Slack, with the id that marks a repetition.

        Raises:
            ChatUnavailable: when the workspace cannot be used.
            SlackFailed: when Slack refuses the last card, or cannot be reached.
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
        conversation = await self._conversation(body, origin, _refuse_form)
        try:
            await self._desk.serve(request, conversation)
        finally:
            await conversation.finish()

    async def _conversation(
        self, body: Body, origin: RequestOrigin, open_form: OpenForm
    ) -> SlackConversation:
        """Return a new conversation for the answers to a request.

        Args:
            body: The request from Slack, with the id of its team.
            origin: Where the request came from.
            open_form: Opens a form in Slack; called at most once.
        """
        team = _team(body)
        return SlackConversation(
            await self._workspaces.workspace(team),
            origin,
            self._session,
            self._pacer,
            open_form,
            self._channel_prefix(team),
        )

    async def _serve_in(
        self, conversation: SlackConversation, body: Body, origin: RequestOrigin, **fields: Any
    ) -> None:
        """Pass a request to the desk, and show its last card even when the request is cancelled.

        Args:
            body: The request from Slack, with the id that marks a repetition.
            origin: Where the request came from.
            fields: Further fields of the `Request`: ``words``, or ``command`` and ``options``.

        Raises:
            ChatUnavailable: when the workspace cannot be used.
            SlackFailed: when Slack refuses the last card, or cannot be reached.
        """
        person, channel = await self._requester(body, origin)
        request = Request(body["trigger_id"], person, channel, **fields)
        try:
            await self._desk.serve(request, conversation)
        finally:
            await conversation.finish()

    async def _requester(self, body: Body, origin: RequestOrigin) -> tuple[Person, str]:
        """Return the person who sent a request, and the name of the channel.

        Args:
            body: The request from Slack, with the id of its team.
            origin: Where the request came from.

        Returns:
            The person, and ``slack:C01`` or, with many workspaces, ``slack:T01/C01``.
        """
        team = _team(body)
        workspace = await self._workspaces.workspace(team)
        person = await workspace.people.person(origin.user, _name(body))
        return person, f"slack:{self._channel_prefix(team)}{origin.channel}"

    async def _show_home(self, body: Body, user: str) -> None:
        """Show the desk's card for a person as that person's App Home.

        Args:
            body: The request from Slack, with the id of its team.
            user: The person's id, such as ``U01``.

        Raises:
            SlackFailed: when Slack refuses the content, or cannot be reached.
        """
        workspace = await self._workspaces.workspace(_team(body))
        card = await self._desk.home(await workspace.people.person(user))
        home = ChannelOutlet(workspace.client, self._pacer, user)
        await home.publish(home_message(card))

    def _channel_prefix(self, team: str) -> str:
        """Return what precedes a channel's id in its name: ``T01/`` with many workspaces, or ""."""
        return f"{team}/" if self._many_workspaces else ""


async def _refuse_form(form: Form, origin: RequestOrigin) -> None:
    """Open no form, for a question in words: Slack opens one only after a click or slash
    command.
    """
    raise SlackFailed(chat=NAME, reason=f"no form opens here: {form.title}, {origin.channel}")


def _team(body: Body) -> str:
    """Return the id of the team that a request is from, such as ``T01``; "" if it has none."""
    return str(body.get("team_id") or (body.get("team") or {}).get("id") or "")


def _name(body: Body) -> str:
    """Return the user name of the person who sent a request, or "" if the request has none."""
    user = body.get("user")
    account = user if isinstance(user, dict) else {}
    return str(body.get("user_name") or account.get("name") or account.get("username") or "")


class SeenEvents:
    """The ids of the latest requests: Slack sends one again when it missed the acknowledgement."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_new(self, event: str) -> bool:
        """Return whether an id was not seen before, and remember it.

        Above `MAX_SEEN_EVENTS`, the oldest id is forgotten.
        """
        if event in self._seen:
            return False
        self._seen[event] = None
        if len(self._seen) > MAX_SEEN_EVENTS:
            self._seen.popitem(last=False)
        return True
