"""Chats: a platform takes requests to the desk, and shows the cards that come back.

A platform knows no command. It hands the desk what a person typed, chose or clicked, and gives
it a `Conversation` in which the answer appears. Alerts and reports are posted by `Chat.post`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who uses a chat.

    Attributes:
        platform: The chat's name, such as ``slack``.
        id: The platform's id of the person.
        name: How people call them.
        groups: The platform's ids of their roles or user groups.
        zone: Their IANA time zone, or an empty string.
    """

    platform: str
    id: str
    name: str
    groups: tuple[str, ...] = ()
    zone: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.platform}:{self.id})"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person wants: typed words, or a command with options. A click is its action's words.

    Attributes:
        id: The platform's id of the event; a second request of the same id is not served.
        person: Who wants it.
        channel: Where, as ``platform:id``.
        words: What was typed behind the root command, or an action's words.
        command: A command's name; then `words` is empty.
        options: The command's options by name, as text, numbers or lists of text.
        message: The platform's id of the message whose button was clicked, or an empty string.
    """

    id: str
    person: Person
    channel: str
    words: str = ""
    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A form for a command's options, such as a modal. Sent back, it is a `Request`.

    Attributes:
        command: Whose options are asked for.
        title: Above the form.
        values: What is filled in already, by option.
        problem: What was wrong with it, or an empty string.
    """

    command: CommandSpec
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


class Conversation(Protocol):
    """Where one request is answered."""

    @property
    def forms(self) -> bool:
        """Whether a form can be opened now."""
        ...

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer; a later one takes its place in the same message.

        Args:
            card: What to show; the cards of its `more` follow it.
            private: Whether only the person who asked sees it.
        """
        ...

    async def open_form(self, form: Form) -> None:
        """Ask for a command's options."""
        ...


class Desk(Protocol):
    """Where chats bring requests."""

    @property
    def commands(self) -> Sequence[CommandSpec]:
        """All commands that a chat offers."""
        ...

    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Serve a request to its end. Never raises: what goes wrong is shown as a card.

        Returns:
            False when it came before, here or to another process: it is answered there.
        """
        ...

    async def complete(
        self, command: str, option: str, typed: str, *, person: Person, channel: str
    ) -> Sequence[str]:
        """Return up to 25 values of an option that go with what was typed so far; none to somebody
        who may not use the command there.
        """
        ...

    async def home(self, person: Person) -> Card:
        """Return a card of the brands' state, the open alerts and the next runs; to somebody who
        may not read, why.
        """
        ...


class AccessPolicy(Protocol):
    """Who may do what, and the log of who did it."""

    async def allowed(self, person: Person, channel: str, spec: CommandSpec) -> str | None:
        """Return one sentence that says why somebody may not use a command here, or None.

        Args:
            person: Who wants to.
            channel: Where, as ``platform:id``; empty where nobody else can look, such as in the
                App Home.
            spec: The command.
        """
        ...

    async def note(
        self, person: Person, channel: str, words: str, spec: CommandSpec, outcome: str = "done"
    ) -> None:
        """Write down that a command was used; one that only reads is left out.

        Args:
            person: By whom.
            channel: Where, as ``platform:id``.
            words: The command as one would type it.
            spec: The command.
            outcome: ``done``, or why it was not.
        """
        ...


@dataclass(frozen=True, slots=True)
class Finding:
    """What `overheard doctor` found in one place.

    Attributes:
        place: What was looked at, such as ``slack: channel #brand``.
        problem: What is wrong, or an empty string.
        remedy: What to do about it, or an empty string.
    """

    place: str
    problem: str = ""
    remedy: str = ""


@runtime_checkable
class Chat(Protocol):
    """A chat platform."""

    @property
    def name(self) -> str:
        """Unique among chats; the first half of ``slack:C0123456789``."""
        ...

    async def run(self, desk: Desk) -> None:
        """Connect and bring requests to the desk, until cancelled.

        Raises:
            ChatUnavailable: when its credentials are refused; it is not tried again.
            Exception: when the connection is lost; it is run again, later and later.
        """
        ...

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the platform's id of the message.

        Args:
            channel: The platform's id of the channel.
            card: What to post.
            key: Names this post; it is written into the message where no reader sees it.
            thread: The id of the message in whose thread to post, or an empty string.
            broadcast: Whether a post in a thread is shown in the channel too.

        Raises:
            ChatFailed: when it was not posted, or nobody knows.
        """
        ...

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Put another card in the place of one that was posted.

        Raises:
            ChatFailed: when it was not.
        """
        ...

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with this key, or None.

        Asked after a crash or a time-out, when nobody knows whether a post went through.
        """
        ...

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Say whether credentials, scopes and these channels are as they should be."""
        ...

    async def close(self) -> None:
        """Let connections go. Called once, last."""
        ...


@runtime_checkable
class Linking(Protocol):
    """A chat whose messages have addresses. Optional; to any other's, no card links."""

    async def link(self, channel: str, message: str) -> str:
        """Return the address at which a message is read, beginning with ``https://``.

        Raises:
            ChatFailed: when it cannot be told, such as when somebody has deleted the message.
        """
        ...


@runtime_checkable
class DrainingChat(Protocol):
    """A chat that lets commands come to their end when it is cancelled. Optional.

    Attributes:
        drain_s: For how many seconds; more while another process takes its place.
    """

    drain_s: float


@runtime_checkable
class Connectable(Protocol):
    """A chat that knows whether it is connected. Optional; any other counts as connected while it
    runs.
    """

    @property
    def connected(self) -> bool:
        """Whether people's requests arrive at this moment."""
        ...
