"""Chats: a platform passes requests to the desk and shows the cards that the desk returns.

A platform knows no command. It passes on what a person typed, chose or clicked, with a
`Conversation` in which the answer appears. Alerts and reports are posted by `Chat.post`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from overheard.cards.card import Card
from overheard.cards.command import CommandSpec, FormChoice, Role

CONFIRM, CANCEL = "confirm", "cancel"
"""The first word of a button of a question for a yes; the waiting command's token follows."""


@dataclass(frozen=True, slots=True)
class Person:
    """A user of a chat.

    Attributes:
        platform: The chat's name, such as ``slack``.
        id: The platform's id of the person.
        name: The display name.
        groups: The platform's ids of the person's roles or user groups.
        zone: The person's IANA time zone, or an empty string.
        owner: Whether the platform lets the person administer the workspace or server.
        role: The role that a token gives, in place of those of ``[access]``; None without a token.
    """

    platform: str
    id: str
    name: str
    groups: tuple[str, ...] = ()
    zone: str = ""
    owner: bool = False
    role: Role | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.platform}:{self.id})"


class Refusal(str):
    """A sentence that says why a person may not use a command.

    Attributes:
        ask: The name of a person who has the right and can be asked, or an empty string.
        first: Whether there is no admin yet.
    """

    ask: str
    first: bool

    def __new__(cls, sentence: str, ask: str = "", *, first: bool = False) -> Refusal:
        """Return the sentence with these attributes."""
        refusal = super().__new__(cls, sentence)
        refusal.ask, refusal.first = ask, first
        return refusal


@dataclass(frozen=True, slots=True)
class Request:
    """A command of a person: typed words, or a command name with options.

    A click on a button is a request with the words of its action.

    Attributes:
        id: The platform's id of the event; a second request with the same id is not served.
        person: The user.
        channel: The channel, as ``platform:id``.
        words: The text after the root command, or the words of an action.
        command: A command's name, or an empty string; with a command, `words` is empty.
        options: The command's options by name, as text, numbers or lists of text.
        message: The platform's id of the message whose button was clicked, or that a question
            replies to, or an empty string.
        question: A question in words, without a mention of the bot, or an empty string; with a
            question, `words` and `command` are empty.
        thread: The platform's id of the thread that a question belongs to; empty for a question
            outside of threads.
        typed: Whether `command` and `options` were typed, as in a slash command of the platform,
            so that the command's form may still follow; False for what a form has sent.
    """

    id: str
    person: Person
    channel: str
    words: str = ""
    command: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    message: str = ""
    question: str = ""
    thread: str = ""
    typed: bool = False

    @property
    def is_form(self) -> bool:
        """Whether it is what a form has sent."""
        return bool(self.command) and not self.typed


@dataclass(frozen=True, slots=True)
class Form:
    """A form for a command's options, such as a modal. Its submission is a `Request`.

    Attributes:
        command: The command whose options the form asks for.
        title: The title of the form.
        values: Prefilled values, by option.
        problem: What was wrong with the last submission, or an empty string.
        choices: The entries of options whose values are chosen and not typed, by option.
        hints: Hints in the place of an option's help, by option.
        text: One or two sentences above the inputs; empty for the command's summary.
        submit: The text of the button; empty for that of the platform.
    """

    command: CommandSpec
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    choices: Mapping[str, Sequence[FormChoice]] = field(default_factory=dict)
    hints: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    submit: str = ""


class Conversation(Protocol):
    """The place in which one request is answered."""

    @property
    def forms(self) -> bool:
        """Whether a form can be opened at this moment."""

    async def show(self, card: Card, *, private: bool = False) -> None:
        """Show a card as the answer; a later card replaces it in the same message.

        Args:
            card: The card; the cards in its `more` follow it.
            private: Whether only the person who asked sees the card.
        """

    async def open_form(self, form: Form) -> None:
        """Open a form for a command's options."""


@runtime_checkable
class Located(Protocol):
    """A conversation that knows the message of its card. Optional; without it, the progress of a
    command stays as it is when the bot is killed.
    """

    @property
    def location(self) -> tuple[str, str] | None:
        """The channel, as ``platform:id``, and the platform's id of the message that shows the
        card; None without a message, or for a message that `Chat.edit` cannot edit.
        """


class Desk(Protocol):
    """Receives the requests of all chats."""

    @property
    def commands(self) -> Sequence[CommandSpec]:
        """All commands that chats offer."""

    def command_of(self, words: str) -> CommandSpec | None:
        """Return the command that words begin with, such as those of a button; None when they name
        none.
        """

    async def serve(self, request: Request, conversation: Conversation) -> bool:
        """Carry out a request and show the result. Never raises: errors are shown as cards.

        Returns:
            False for a repeated request, which this or another process already serves.
        """

    async def complete(
        self, command: str, option: str, typed: str, *, person: Person, channel: str
    ) -> Sequence[str]:
        """Return up to 25 values of an option that contain a text, those that begin with the text
        first.

        Empty for a person who may not use the command in this channel.

        Args:
            command: The name of the command.
            option: The name of the option.
            typed: The text.
            person: The person who types.
            channel: The channel, as ``platform:id``.
        """

    async def home(self, person: Person) -> Card:
        """Return a card with the state of the brands, the open alerts and the next runs.

        For a person without the right to read, the card says why.
        """

    async def greeting(self) -> Card:
        """Return a card for a place that the bot was invited to: what the bot does, and how to
        begin.
        """


class AccessPolicy(Protocol):
    """Access control for commands, and the audit log."""

    async def allowed(self, person: Person, channel: str, spec: CommandSpec) -> str | None:
        """Return why a person may not use a command in a channel, as one sentence, or None.

        Args:
            person: The user.
            channel: The channel, as ``platform:id``; empty for a place that only this person sees,
                such as the App Home.
            spec: The command.
        """

    async def note(
        self, person: Person, channel: str, words: str, spec: CommandSpec, outcome: str = "done"
    ) -> None:
        """Write the use of a command to the audit log; commands that only read are not logged.

        Args:
            person: The user.
            channel: The channel, as ``platform:id``.
            words: The command line as typed.
            spec: The command.
            outcome: ``done``, or why the command was not carried out.
        """


@dataclass(frozen=True, slots=True)
class Finding:
    """A result of `overheard doctor` for one checked place.

    Attributes:
        place: The checked place, such as ``slack: channel #brand``.
        problem: The problem, or an empty string.
        remedy: The remedy for the problem, or an empty string.
    """

    place: str
    problem: str = ""
    remedy: str = ""


@runtime_checkable
class Chat(Protocol):
    """A chat platform."""

    @property
    def name(self) -> str:
        """The unique name of the chat; the first half of ``slack:C0123456789``."""

    async def run(self, desk: Desk) -> None:
        """Connect and pass requests to the desk, until cancelled.

        Raises:
            ChatUnavailable: when the credentials are refused; the chat is not started again.
            Exception: when the connection is lost; the chat is started again, with back-off.
        """

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card and return the platform's id of the message.

        Args:
            channel: The platform's id of the channel.
            card: The card to post.
            key: The unique key of the post, which is stored invisibly in the message.
            thread: The id of the message in whose thread to post, or an empty string.
            broadcast: Whether a post in a thread is also shown in the channel.

        Raises:
            ChatFailed: when the card was not posted, or when the outcome is unknown.
        """

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Replace the card of a posted message by another card.

        Args:
            channel: The platform's id of the channel.
            message: The platform's id of the message.
            card: The new card.

        Raises:
            ChatFailed: when the message was not edited.
        """

    async def find(self, channel: str, key: str) -> str | None:
        """Return the id of a recent message that was posted with a key, or None.

        Called after a crash or a timeout, when the outcome of a post is unknown.

        Raises:
            ChatFailed: when the messages cannot be read.
        """

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Check the credentials, the scopes and these channels, and return the findings."""

    async def close(self) -> None:
        """Close all connections. Called once, as the last call."""


@dataclass(frozen=True, slots=True)
class LaterChat:
    """A chat that is made when it is first used, so that no other command imports its SDK.

    Attributes:
        name: The unique name of the chat, which the made chat has too.
        make: Makes the chat.
        open_to_all: See `OpenChat`.
    """

    name: str
    make: Callable[[], Chat]
    open_to_all: bool = False


@runtime_checkable
class OpenChat(Protocol):
    """A chat that people outside of the organisation can add. Optional.

    Attributes:
        open_to_all: Whether anyone can add the bot to a workspace of their own. Such a chat is used
            only where ``[access]`` says what everyone may do, or lists the channels.
    """

    open_to_all: bool


@runtime_checkable
class Linking(Protocol):
    """A chat whose messages have addresses. Optional; without it, cards have no such links."""

    async def link(self, channel: str, message: str) -> str:
        """Return the ``https://`` address of a message.

        Raises:
            ChatFailed: when there is no address, for example because the message was deleted.
        """


@runtime_checkable
class DarkChat(Protocol):
    """A chat that says whether its background is dark, for which charts are drawn. Optional.

    Attributes:
        dark: Whether the background is dark unless a person changes it.
    """

    dark: bool


@runtime_checkable
class DrainingChat(Protocol):
    """A chat that waits for running commands when it is cancelled. Optional.

    Attributes:
        drain_s: Seconds to wait at most; set higher while another process takes over.
    """

    drain_s: float


@runtime_checkable
class Connectable(Protocol):
    """A chat that knows whether it is connected. Optional.

    A chat without this property counts as connected while it runs.
    """

    @property
    def connected(self) -> bool:
        """Whether requests can arrive at this moment."""
