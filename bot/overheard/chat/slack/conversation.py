"""One request's conversation in Slack: cards that replace each other, and forms."""

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
from overheard.chat.slack.client import SlackFailed
from overheard.chat.slack.outlets import Channel, Reply
from overheard.chat.slack.rate_limit import Pace
from overheard.chat.slack.workspaces import Workspace
from overheard.interfaces import Form

OUTSIDE = frozenset({"channel_not_found", "is_archived", "not_in_channel", "restricted_action"})
"""What Slack answers where the bot may not post; a response URL works there all the same."""

TOO_LATE = Card(
    "The form could not be opened",
    "Slack gives three seconds for that, and it took longer. Try it once more.",
    severity=Severity.WARNING,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request came from.

    Attributes:
        user: Who asked.
        channel: The channel's id; a person's id for the bot's conversation with them.
        thread: The message in whose thread to answer, or an empty string.
        url: The response URL, or an empty string.
        own: Whether a message was clicked that only this person sees.
        question: The message that was clicked if it asked for a yes: the answer takes its place.
    """

    user: str
    channel: str
    thread: str = ""
    url: str = ""
    own: bool = False
    question: str = ""

    def written(self) -> str:
        """Return it as text that a form carries unseen."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str, user: str) -> Place:
        """Read what `written` wrote; a text that is anything else means the person themselves."""
        try:
            return cls(**{**json.loads(text), "user": user})
        except (TypeError, ValueError):
            return cls(user, user)


class Outlet(Protocol):
    """Where cards are shown, one in the place of the other."""

    async def show(self, card: Card) -> None:
        """Show a card."""
        ...

    async def withdraw(self) -> None:
        """Take back what is shown, because the answer appears elsewhere."""
        ...

    async def finish(self) -> None:
        """Show what was held back."""
        ...


OpenForm = Callable[[Form, Place], Awaitable[None]]
"""Opens a form for a place. It can be called once, and not for long."""


class SlackConversation:
    """Where one request is answered.

    Args:
        workspace: Where it is.
        place: Where in it.
        session: The connections to use.
        pace: Gives turns in channels.
        open_form: Opens a form.
    """

    def __init__(
        self,
        workspace: Workspace,
        place: Place,
        session: aiohttp.ClientSession,
        pace: Pace,
        open_form: OpenForm,
    ) -> None:
        self._workspace = workspace
        self._place = place
        self._session = session
        self._pace = pace
        self._open_form: OpenForm | None = open_form
        self._began = asyncio.get_running_loop().time()
        self._outlets: dict[bool, Outlet] = {}
        self._showing = asyncio.Lock()
        self._newest = Card("")
        self._answered = asyncio.Event()
        self._asked = False

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now: Slack allows it for 3 s after a click."""
        young = asyncio.get_running_loop().time() - self._began < SLACK.form_window - 0.5
        return self._open_form is not None and young

    async def open_form(self, form: Form) -> None:
        """Open a form; only one, and only while `forms` says so.

        Raises:
            SlackFailed: when it is too late for that, and Slack does not take that news either.
        """
        opener, self._open_form = self._open_form, None
        self._asked = opener is not None and await self._opens(opener, form)
        if self._asked:
            self._answered.set()
        else:
            await self.show(TOO_LATE, private=True)

    async def asked_again(self, patience: float) -> bool:
        """Whether the first answer, within so many seconds, is a form; later none can be opened."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), patience)
        self._open_form = None
        return self._asked

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card; of several that wait for their turn only the newest is shown.

        Raises:
            SlackFailed: when Slack does not take it.
        """
        self._newest = card
        self._answered.set()
        async with self._showing:
            if self._newest is card:
                await self._show(card, private)

    async def finish(self) -> None:
        """Show what was held back, because the request is served.

        Raises:
            SlackFailed: when Slack does not take it.
        """
        for outlet in [*self._outlets.values()]:
            try:
                await outlet.finish()
            except SlackFailed:
                # Half an hour has gone by, say. Then it goes to the person who asked.
                await self._direct().show(self._newest)

    async def _opens(self, opener: OpenForm, form: Form) -> bool:
        try:
            await opener(form, self._place)
        except SlackFailed:
            return False
        return True

    async def _show(self, card: Card, private: bool) -> None:
        if private not in self._outlets:
            self._outlets[private] = self._outlet(private)
            await self._withdraw(private)
        outlet = self._outlets[private]
        try:
            await outlet.show(card)
        except SlackFailed as error:
            if error.code not in OUTSIDE and not isinstance(outlet, Reply):
                raise
            self._outlets[private] = self._elsewhere(outlet)
            await self._outlets[private].show(card)

    async def _withdraw(self, private: bool) -> None:
        """Take back what was shown to others, or to this person alone, before."""
        before = self._outlets.pop(not private, None)
        if before is None and self._place.own and not private:
            before = self._outlet(private=True)
        if before is not None:
            with contextlib.suppress(SlackFailed):
                await before.withdraw()

    def _outlet(self, private: bool) -> Outlet:
        place = self._place
        if private and place.url:
            return Reply(self._session, place.url, private=True, replaces=place.own)
        if private:
            return self._direct()
        posted = [place.question] if place.question else []
        return Channel(self._workspace.client, self._pace, place.channel, place.thread, posted)

    def _elsewhere(self, outlet: Outlet) -> Outlet:
        """Return another way: the response URL, else the conversation with the person."""
        if self._place.url and not isinstance(outlet, Reply):
            return Reply(self._session, self._place.url, private=False)
        return self._direct()

    def _direct(self) -> Outlet:
        return Channel(self._workspace.client, self._pace, self._place.user)


def place_of_click(body: Mapping[str, Any]) -> Place:
    """Return where a click came from: answers go into the thread of the message."""
    user, container = body["user"]["id"], body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or container.get("channel_id", "")
    url, thread = body.get("response_url", ""), container.get("thread_ts", "")
    if not channel:
        return Place(user, user)
    if container.get("is_ephemeral"):
        return Place(user, channel, thread, url, own=True)
    message = container.get("message_ts", "")
    if body["actions"][0].get("value", "").partition(" ")[0] in {CONFIRM, CANCEL}:
        return Place(user, channel, thread, url, question=message)
    return Place(user, channel, thread or message, url)
