"""Questions in words in Slack: mentions, direct messages, and threads of the assistant panel.

An app of today (``agent_view`` in its manifest) has its conversations in its Messages tab, each in
the thread of a message. One that was made before (``assistant_view``) has them in a panel. Both are
served.
"""

import html
import logging
import re
from collections.abc import Callable
from typing import Any

from slack_bolt.async_app import AsyncApp

from overheard_slack.client import SlackFailed
from overheard_slack.conversation import RequestOrigin
from overheard_slack.manifest import SUGGESTED_PROMPTS
from overheard_slack.workspaces import Workspaces

log = logging.getLogger(__name__)

GREETING = "Ask me how AI models talk about your brand."
STATUS = "is looking it up…"
OLD_APP = "was made from an older manifest (assistant_view), which Slack is going to end"
OLD_APP_REMEDY = "put what overheard slack manifest prints into App Manifest at api.slack.com/apps"
NO_QUESTION = "help"
"""What a mention without any words asks for."""
_LINK = re.compile(r"<(?:(https?://|mailto:)[^|>]*\|)?([^>]*)>")

Body = dict[str, Any]
"""The JSON body of an event from Slack."""


class SlackQuestions:
    """Receives Slack's events for questions in words, and passes the questions on.

    Args:
        serve: Begins to serve a question; called with the whole event, the origin of the question,
            and by name further fields of a `Request`.
        workspaces: Finds the workspace of an event.

    Attributes:
        has_panel: Whether the app has shown itself to be one with the assistant panel.
    """

    def __init__(self, serve: Callable[..., None], workspaces: Workspaces) -> None:
        self._serve = serve
        self._workspaces = workspaces
        self.has_panel = False

    def attach(self, app: AsyncApp) -> None:
        """Register with slack-bolt the handlers of mentions, direct messages, what people look at,
        and the assistant panel.
        """
        app.event("app_mention")(self._on_mention)
        app.event("message")(self._on_message)
        app.event("assistant_thread_started")(self._on_panel_opened)
        app.event("assistant_thread_context_changed")(_ignore)
        app.event("app_context_changed")(_ignore)

    async def _on_mention(self, event: Body, body: Body) -> None:
        """Serve a mention of the bot as a question; Slack also sends one in a direct message as a
        message.
        """
        if not event["channel"].startswith("D"):
            await self._ask(event, body)

    async def _on_message(self, event: Body, body: Body) -> None:
        """Serve a direct message, or a message in the assistant panel, as a question; its thread
        shows that an answer is coming, until Slack removes the sign with the answer.
        """
        if event.get("channel_type") == "im" and is_of_person(event):
            thread = event.get("thread_ts") or event["ts"]
            await self._call_panel(
                body,
                "assistant_threads_setStatus",
                channel_id=event["channel"],
                thread_ts=thread,
                status=STATUS,
            )
            await self._ask(event, body)

    async def _ask(self, event: Body, body: Body) -> None:
        """Pass a person's new message on as a question; one without words, as a mention alone is,
        asks `NO_QUESTION`. It is answered in its thread, of which it may be the first message.
        """
        workspace = await self._workspaces.workspace(str(body.get("team_id") or ""))
        bot_id = workspace.rights.bot_user_id or ""
        if is_of_person(event) and event["user"] != bot_id:
            thread = event.get("thread_ts", "")
            origin = RequestOrigin(event["user"], event["channel"], thread or event["ts"])
            text = question_text(event.get("text", ""), bot_id) or NO_QUESTION
            self._serve(body, origin, question=text, message=thread, thread=origin.thread)

    async def _on_panel_opened(self, event: Body, body: Body) -> None:
        """Propose questions in a new thread of the assistant panel."""
        if not self.has_panel:
            log.warning("The Slack app %s; %s.", OLD_APP, OLD_APP_REMEDY)
        self.has_panel = True
        thread = event["assistant_thread"]
        await self.propose(body, thread["channel_id"], thread_ts=thread["thread_ts"])

    async def propose(self, body: Body, channel: str, **thread: str) -> None:
        """Propose the questions of the manifest, below `GREETING`; a refusal of Slack is only
        logged.

        Args:
            body: The request from Slack, with its team.
            channel: The id of the direct conversation.
            thread: The ``thread_ts`` of the assistant panel. An app with ``agent_view`` has none:
                there Slack would ignore the call.
        """
        method = "assistant_threads_setSuggestedPrompts"
        await self._call_panel(
            body, method, channel_id=channel, title=GREETING, prompts=SUGGESTED_PROMPTS, **thread
        )

    async def _call_panel(self, body: Body, method: str, **arguments: Any) -> None:
        """Call a method for conversations with agents; a failure, as in a workspace without them,
        is only logged.

        Args:
            body: The request from Slack, with its team.
        """
        workspace = await self._workspaces.workspace(str(body.get("team_id") or ""))
        try:
            await workspace.client.call(method, **arguments)
        except SlackFailed as error:
            log.info("The conversation shows no sign: %s", error)


async def _ignore(event: Body) -> None:
    """Do nothing: what people look at does not change the answers."""


def is_of_person(event: Body) -> bool:
    """Return whether an event is a new message of a person: not an edit, and not from a bot."""
    return bool(event.get("user")) and not (event.get("subtype") or event.get("bot_id"))


def question_text(text: str, bot_id: str) -> str:
    """Return the words of a message, without the mention of the bot and without Slack's markup.

    ``<@U01>: how is <http://acme.com|acme.com> doing &amp; why?`` gives ``how is acme.com doing &
    why?``. Commas, colons and white space are removed at both ends.

    Args:
        bot_id: The bot's id as a user, such as ``U01``; "" when it is not known, and then no
            mention is removed.
    """
    if bot_id:
        text = re.sub(rf"<@{re.escape(bot_id)}(\|[^>]*)?>", " ", text)
    return html.unescape(_LINK.sub(lambda link: link[2], text)).strip(" \t\n,:")
