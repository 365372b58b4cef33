"""The answers to one Slack request: cards that replace each other, and a form."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import aiohttp

from overheard.cards.card import Card, Severity
from overheard.chat.desk import CANCEL, CONFIRM
from overheard.chat.limits import SLACK
from overheard.chat.slack.client import ChannelPacer, SlackFailed
from overheard.chat.slack.controls import clicked_words, is_switch
from overheard.chat.slack.posts import ChannelOutlet, ResponseUrlOutlet
from overheard.chat.slack.workspaces import Workspace
from overheard.interfaces import Form

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
        url: The response URL, or an empty string.
        own: Whether the request is a click on a message that only this person sees.
        question: The id of the clicked message if that asked for a confirmation or what to show,
            else an empty string. The answer replaces this message.
    """

    user: str
    channel: str
    thread: str = ""
    url: str = ""
    own: bool = False
    question: str = ""

    def to_json(self) -> str:
        """Return the origin as JSON, for a form's metadata."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str, user: str) -> RequestOrigin:
        """Return the origin in a text that `to_json` wrote, for a user.

        Any other text gives the bot's conversation with the user.
        """
        try:
            return cls(**{**json.loads(text), "user": user})
        except (TypeError, ValueError):
            return cls(user, user)


class Outlet(Protocol):
    """Shows cards, each in place of the card before."""

    async def show(self, card: Card) -> None:
        """Show a card, now or in `finish`."""
        ...

    async def withdraw(self) -> None:
        """Remove the cards, because the answer is shown elsewhere."""
        ...

    async def finish(self) -> None:
        """Show the last card, unless it is shown already."""
        ...


OpenForm = Callable[[Form, RequestOrigin], Awaitable[None]]
"""Opens a form for the origin of a request; works once, within 3 seconds of the request."""


class SlackConversation:
    """Answers one request; see `overheard.interfaces.Conversation`.

    Args:
        workspace: The workspace of the request.
        origin: Where in the workspace the request came from.
        session: The HTTP session for replies to response URLs.
        pacer: Limits the messages of each channel.
        open_form: Opens a form.
        prefix: The beginning of the ids of channels, where there are many workspaces; else empty.
    """

    def __init__(
        self,
        workspace: Workspace,
        origin: RequestOrigin,
        session: aiohttp.ClientSession,
        pacer: ChannelPacer,
        open_form: OpenForm,
        prefix: str = "",
    ) -> None:
        """Begin the conversation; the time for opening a form counts from now."""
        self._workspace = workspace
        self._origin = origin
        self._prefix = prefix
        self._session = session
        self._pacer = pacer
        self._open_form: OpenForm | None = open_form
        self._started_at = asyncio.get_running_loop().time()
        self._outlets: dict[bool, Outlet] = {}
        self._showing = asyncio.Lock()
        self._newest = Card("")
        self._answered = asyncio.Event()
        self._form_shown = False
        self._held = False

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now: Slack allows one for 3 seconds after a request."""
        age = asyncio.get_running_loop().time() - self._started_at
        in_time = self._held or age < SLACK.form_window - FORM_MARGIN_S
        return self._open_form is not None and in_time

    @property
    def location(self) -> tuple[str, str] | None:
        """Where the first message of the public card is; see `overheard.interfaces.Located`."""
        outlet = self._outlets.get(False)
        if not isinstance(outlet, ChannelOutlet) or not outlet.posted:
            return None
        return f"slack:{self._prefix}{outlet.channel}", outlet.posted[0]

    @property
    def answered(self) -> bool:
        """Whether a card or a form was shown."""
        return self._answered.is_set()

    async def open_form(self, form: Form) -> None:
        """Open a form: only the first form of the conversation, and only while `forms` is true.

        Otherwise a card says that the form came too late.

        Raises:
            SlackFailed: when Slack refuses that card.
        """
        opener, self._open_form = self._open_form, None
        self._form_shown = opener is not None and await self._is_opened(opener, form)
        if self._form_shown:
            self._answered.set()
        else:
            await self.show(FORM_TOO_LATE, private=True)

    async def form_reopened(self, timeout_s: float) -> bool:
        """Wait for the first answer, and return whether that answer is a form.

        After the wait, of at most `timeout_s` seconds, no form can be opened.
        """
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), timeout_s)
        self._open_form = None
        return self._form_shown

    async def late_form(self, open_form: OpenForm) -> bool:
        """Wait for the first answer, without a limit, and return whether that answer is a form.

        Args:
            open_form: Opens the form, in a view that is kept open; works at any time.
        """
        self._open_form, self._held = open_form, True
        await self._answered.wait()
        self._open_form = None
        return self._form_shown

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card; of several cards that wait for the channel, only the newest is shown.

        Args:
            card: The card to show.
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
        """Show the last card if an outlet has kept it back, because the request is served.

        Raises:
            SlackFailed: when Slack refuses the card.
        """
        for outlet in [*self._outlets.values()]:
            try:
                await outlet.finish()
            except SlackFailed:
                # A response URL expires after half an hour: send the card to the person instead.
                await self._direct().show(self._newest)

    async def _is_opened(self, opener: OpenForm, form: Form) -> bool:
        """Open a form, and return whether Slack has accepted the form."""
        try:
            await opener(form, self._origin)
        except SlackFailed:
            return False
        return True

    async def _show(self, card: Card, private: bool) -> None:
        """Show a card; where the bot may not post, by the response URL or in a direct message."""
        if private not in self._outlets:
            self._outlets[private] = self._outlet(private)
            await self._withdraw(private)
        outlet = self._outlets[private]
        try:
            await self._show_by(outlet, card)
        except SlackFailed as error:
            if error.code not in NO_ACCESS_CODES and not isinstance(outlet, ResponseUrlOutlet):
                raise
            outlet = self._outlets[private] = self._alternative(outlet)
            await self._show_by(outlet, card)

    async def _show_by(self, outlet: Outlet, card: Card) -> None:
        """Show a card by an outlet; a file, which a response URL does not take, goes in a direct
        message.
        """
        if isinstance(outlet, ResponseUrlOutlet) and any(part.file for part in card.whole()):
            await self._direct().show(card)
            card = Card(card.title, IN_DIRECT_MESSAGE, severity=card.severity)
        await outlet.show(card)

    async def _withdraw(self, private: bool) -> None:
        """Remove the public cards before a private card is shown, and vice versa; a failure is
        ignored.
        """
        previous = self._outlets.pop(not private, None)
        if previous is None and self._origin.own and not private:
            previous = self._outlet(private=True)
        if previous is not None:
            with contextlib.suppress(SlackFailed):
                await previous.withdraw()

    def _outlet(self, private: bool) -> Outlet:
        """Return the outlet for private answers (the person alone) or for answers in the
        channel.
        """
        origin, client = self._origin, self._workspace.client
        if private and origin.url:
            return ResponseUrlOutlet(self._session, origin.url, private=True, replaces=origin.own)
        if private:
            return self._direct()
        posted = [origin.question] if origin.question else []
        return ChannelOutlet(client, self._pacer, origin.channel, origin.thread, posted)

    def _alternative(self, outlet: Outlet) -> Outlet:
        """Return what to use when an outlet failed: the response URL, else a direct message."""
        if self._origin.url and not isinstance(outlet, ResponseUrlOutlet):
            return ResponseUrlOutlet(self._session, self._origin.url, private=False)
        return self._direct()

    def _direct(self) -> Outlet:
        return ChannelOutlet(self._workspace.client, self._pacer, self._origin.user)


def place_of_click(body: Mapping[str, Any]) -> RequestOrigin:
    """Return the origin of a click on a button; answers go into the thread of the clicked
    message.
    """
    user, container = body["user"]["id"], body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id", "")
    url, thread = body.get("response_url", ""), container.get("thread_ts", "")
    if not channel:
        return RequestOrigin(user, user)
    if container.get("is_ephemeral"):
        return RequestOrigin(user, channel, thread, url, own=True)
    message = container.get("message_ts", "")
    if is_switch(body) or clicked_words(body).partition(" ")[0] in {CONFIRM, CANCEL}:
        return RequestOrigin(user, channel, thread, url, question=message)
    return RequestOrigin(user, channel, thread or message, url)
