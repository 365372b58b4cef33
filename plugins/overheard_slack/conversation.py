"""The answers to one Slack request: cards that replace each other, and a form."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any

import aiohttp

from overheard import Card, Form, Severity, decides
from overheard_slack.client import SlackFailed
from overheard_slack.controls import clicked_words, is_switch
from overheard_slack.limits import SLACK
from overheard_slack.modals import form_view
from overheard_slack.pacer import ChannelPacer
from overheard_slack.posts import ChannelOutlet, ResponseUrlOutlet
from overheard_slack.workspaces import Workspace

NO_ACCESS_CODES = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "restricted_action"}
)
"""Error codes for a channel where the bot may not post; a response URL works there all the same."""
FORM_MARGIN_S = 0.5
"""Seconds before the end of Slack's limit for opening a form after which no form is opened."""

IN_DIRECT_MESSAGE = "The file is in my direct messages to you."
FORM_TOO_LATE = Card(
    "The form could not be opened",
    "Slack gives three seconds for that, and it took longer. Try it once more.",
    severity=Severity.WARNING,
)


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where a request came from, and so where its answers are shown.

    Attributes:
        user: The id of the person who sent the request.
        channel: The channel's id, or a person's id for the bot's conversation with that person.
        thread: The id of the message in whose thread to answer, or an empty string.
        url: The response URL of the request, to which replies can be posted; or "".
        own: Whether the request is a click on a message that only this person sees.
        question: The id of the clicked message if it asked for a confirmation, or if the click
            chose what it shows; else "". The public answer replaces this message.
        command: The command whose form was opened; "" without a form.
    """

    user: str
    channel: str
    thread: str = ""
    url: str = ""
    own: bool = False
    question: str = ""
    command: str = ""

    def for_form(self, form: Form) -> str:
        """Return the origin as JSON, which a form carries until it is submitted."""
        return json.dumps(asdict(replace(self, command=form.command.name)))

    @classmethod
    def of_form(cls, body: Mapping[str, Any]) -> RequestOrigin:
        """Return the origin of a submitted form, or of one that is being filled in, from the JSON
        that `for_form` wrote; another gives the bot's conversation with the user, and no command.
        """
        user = body["user"]["id"]
        try:
            fields = json.loads(body["view"]["private_metadata"])
            return cls(**{**fields, "user": user})
        except (KeyError, TypeError, ValueError):
            return cls(user, user)


Outlet = ChannelOutlet | ResponseUrlOutlet
"""Shows cards to people, each in place of the card before."""
OpenView = Callable[..., Awaitable[object]]
"""Opens the modal `view`; raises `SlackFailed` when Slack opens none."""


class SlackConversation:
    """Answers one request by cards or a form, each in place of the card before.

    Args:
        origin: Where in the workspace the request came from.
        session: The HTTP session for replies to response URLs.
        pacer: Limits the messages of each channel.
        open_view: Opens a modal; called at most once, and only within Slack's 3 seconds after the
            request. None where no form opens, as for a question in words.
    """

    def __init__(
        self,
        workspace: Workspace,
        origin: RequestOrigin,
        session: aiohttp.ClientSession,
        pacer: ChannelPacer,
        open_view: OpenView | None,
    ) -> None:
        """Begin the conversation; nothing is shown yet.

        The time for opening a form counts from now. Outlets for private and for public answers are
        created when the first card is shown.
        """
        self._workspace = workspace
        self._origin = origin
        self._session = session
        self._pacer = pacer
        self._open_view = open_view
        self._forms_end_at = asyncio.get_running_loop().time() + SLACK.form_window - FORM_MARGIN_S
        self._outlet: Outlet | None = None
        self._private = False
        """Whether the outlet shows the cards only to the person who sent the request."""
        self._showing = asyncio.Lock()
        self._newest = Card("")
        self._answered = asyncio.Event()
        self._form_shown = False

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now.

        False after a first form, and after `wait_for_form` has waited. Before that, a form can be
        opened for `FORM_MARGIN_S` less than the 3 seconds that Slack allows; with a view that is
        kept open for the form, at any time.
        """
        is_in_time = asyncio.get_running_loop().time() < self._forms_end_at
        return self._open_view is not None and is_in_time

    @property
    def location(self) -> tuple[str, str] | None:
        """The name of the channel, such as ``slack:C01``, and the id of the message that shows the
        answer, or the first of the messages.

        None for a private answer, for one by the response URL, and before there is a message. See
        `overheard.interfaces.Located`.
        """
        outlet = self._outlet
        if self._private or not isinstance(outlet, ChannelOutlet) or not outlet.posted:
            return None
        return f"slack:{self._workspace.prefix}{outlet.channel}", outlet.posted[0]

    @property
    def answered(self) -> bool:
        """Whether a card or a form was shown."""
        return self._answered.is_set()

    async def open_form(self, form: Form) -> None:
        """Open the first form of the conversation.

        Instead of a second form, and when Slack refuses the form, for example because it comes too
        late, a private card says that the form could not be opened.

        Raises:
            SlackFailed: when Slack refuses that card.
        """
        opener, self._open_view = self._open_view, None
        if opener is not None:
            with contextlib.suppress(SlackFailed):
                await opener(view=form_view(form, self._origin.for_form(form)))
                self._form_shown = True
                self._answered.set()
                return
        await self.show(FORM_TOO_LATE, private=True)

    async def wait_for_form(self, timeout_s: float) -> bool:
        """Wait for the first answer, and return whether that answer is a form.

        Without an answer after `timeout_s` seconds, the result is False. From then on no form can
        be opened, except by `wait_for_form_in_view`.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), timeout_s)
        self._open_view = None
        return self._form_shown

    async def wait_for_form_in_view(self, open_view: OpenView) -> bool:
        """Wait for the first answer, without a limit, and return whether that answer is a form.

        Until then, a form can be opened however long it takes.

        Args:
            open_view: Shows the form in a view that stays open meanwhile.
        """
        self._open_view, self._forms_end_at = open_view, inf
        await self._answered.wait()
        self._open_view = None
        return self._form_shown

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer, in place of the card shown before.

        Of several cards that wait for their turn in the channel, only the newest is shown. A
        private card in place of a public one, or the other way round, is a new message, and the old
        one is removed. Where the bot may not post, the card is shown by the response URL or,
        without one, in a direct message.

        Args:
            private: Whether only the person who sent the request sees the card.

        Raises:
            SlackFailed: when Slack refuses the card.
        """
        self._newest = card
        self._answered.set()
        async with self._showing:
            if self._newest is card:
                await self._show(card, private)

    async def finish(self) -> None:
        """Show the last card if it has been kept back until now; called when the request is served.

        When that fails, as for a response URL that takes no more replies, the card is sent to the
        person as a direct message.

        Raises:
            SlackFailed: when Slack refuses that message.
        """
        if isinstance(self._outlet, ResponseUrlOutlet):
            try:
                await self._outlet.finish()
            except SlackFailed:
                await self._direct_outlet().show(self._newest)

    async def _show(self, card: Card, private: bool) -> None:
        """Show a private or public card, and remove a card of the other kind.

        The first card of a kind creates an outlet, which all later ones use. A clicked message that
        only the person sees counts as a private card; a refusal to remove one is ignored. When the
        bot may not post in the channel, the request's response URL takes its place, with public
        replies; without one, and when a response URL fails, it is a direct message to the person.

        Args:
            private: The kind: whether only the person who sent the request sees the card.

        Raises:
            SlackFailed: when the outlet fails for another reason, or the other outlet fails, too.
        """
        outlet = self._outlet
        if outlet is None or self._private != private:
            previous = outlet
            if previous is None and self._origin.own and not private:
                previous = self._new_outlet(private=True)
            outlet = self._outlet = self._new_outlet(private)
            self._private = private
            if previous is not None:
                with contextlib.suppress(SlackFailed):
                    await previous.withdraw()
        try:
            await self._show_by(outlet, card)
        except SlackFailed as error:
            if error.code not in NO_ACCESS_CODES and not isinstance(outlet, ResponseUrlOutlet):
                raise
            self._outlet = self._direct_outlet()
            if self._origin.url and not isinstance(outlet, ResponseUrlOutlet):
                self._outlet = ResponseUrlOutlet(self._session, self._origin.url, private=False)
            await self._show_by(self._outlet, card)

    async def _show_by(self, outlet: Outlet, card: Card) -> None:
        """Show a card by an outlet.

        A response URL takes no files. A card with files is sent as a direct message instead, and
        the outlet shows its title and a sentence that says so.

        Args:
            outlet: Shows the card in place of its last one.
            card: The card; files may also be in the cards below it.

        Raises:
            SlackFailed: when Slack refuses one of the two.
        """
        if isinstance(outlet, ResponseUrlOutlet) and any(part.file for part in card.whole()):
            await self._direct_outlet().show(card)
            card = Card(card.title, IN_DIRECT_MESSAGE, severity=card.severity)
        await outlet.show(card)

    def _new_outlet(self, private: bool) -> Outlet:
        """Return a new outlet for answers.

        Private answers are shown by the response URL, and replace the clicked message if that is
        private. Without a response URL, they are direct messages. Public answers are messages in
        the request's channel and thread; they replace the message in the origin's `question`.

        Args:
            private: Whether only the person who sent the request sees the answers.
        """
        origin, client = self._origin, self._workspace.client
        if private and origin.url:
            return ResponseUrlOutlet(self._session, origin.url, private=True, replaces=origin.own)
        if private:
            return self._direct_outlet()
        posted = [origin.question] if origin.question else []
        return ChannelOutlet(client, self._pacer, origin.channel, origin.thread, posted)

    def _direct_outlet(self) -> Outlet:
        return ChannelOutlet(self._workspace.client, self._pacer, self._origin.user)


def click_origin(body: Mapping[str, Any]) -> RequestOrigin:
    """Return where a click came from, and so where its answer is shown.

    The first of these that applies:

    - A click in the App Home or a modal is answered in the bot's conversation with the person.
    - After a click on a message that only the person sees, a private answer replaces that message.
    - The answer to a confirmation replaces the message that asked for it. The answer to a menu that
      chooses what a message shows replaces that message.
    - Any other answer goes into the thread of the message, or begins one.

    Args:
        body: The click, in the JSON that Slack sends.
    """
    user, container = body["user"]["id"], body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id", "")
    url, thread = body.get("response_url", ""), container.get("thread_ts", "")
    if not channel:
        return RequestOrigin(user, user)
    if container.get("is_ephemeral"):
        return RequestOrigin(user, channel, thread, url, own=True)
    message = container.get("message_ts", "")
    if decides(clicked_words(body)) or is_switch(body):
        return RequestOrigin(user, channel, thread, url, question=message)
    return RequestOrigin(user, channel, thread or message, url)
