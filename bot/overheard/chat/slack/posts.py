"""Cards as messages in a channel, or as replies to a response URL."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from overheard.cards import wording
from overheard.cards.card import Card, File, Image
from overheard.chat.limits import SLACK
from overheard.chat.slack.blocks import Message, home_view, picture_key, render
from overheard.chat.slack.client import NAME, SlackClient, SlackFailed
from overheard.chat.slack.pacer import ChannelPacer
from overheard.chat.slack.text import escape

log = logging.getLogger(__name__)

IN_THREAD = "The chart is in the thread."
REFUSED_BLOCKS = {"invalid_blocks", "invalid_blocks_format"}
"""Slack's error codes for blocks that a workspace does not take."""
MAX_FILE_TITLE = 200
"""Characters of the title that Slack shows above an uploaded picture or file."""
PROCESSING_PAUSE_S = 1.0
"""Seconds that Slack gets to process an uploaded picture."""

Send = Callable[[Message], Awaitable[dict[str, Any]]]
"""Sends a message and returns Slack's answer."""


def message_body(message: Message) -> dict[str, Any]:
    """Return the arguments that post a message without link previews."""
    return {
        "blocks": list(message.blocks),
        "text": message.text,
        "unfurl_links": False,
        "unfurl_media": False,
    }


@dataclass(slots=True)
class ChannelOutlet:
    """Shows cards as messages in a channel or a thread; a later card replaces the earlier one.

    Attributes:
        client: Calls Slack.
        pacer: Spaces the messages in the channel.
        channel: The channel's id, or a person's id for the bot's conversation with that person.
        thread: The id of the message in whose thread to post, or an empty string.
        posted: The ids of the messages that show the current card, first to last.
    """

    client: SlackClient
    pacer: ChannelPacer
    channel: str
    thread: str = ""
    posted: list[str] = field(default_factory=list)
    _attached: set[str | File] = field(default_factory=set)

    async def show(self, card: Card) -> None:
        """Show a card: edit the earlier messages, post further ones, delete the rest, upload its
        files.

        Raises:
            SlackFailed: when Slack refuses a message.
        """
        messages = render(card)
        for number, message in enumerate(messages):
            if number < len(self.posted):
                self.posted[number] = await self._edit_or_post(self.posted[number], message)
            else:
                self.posted.append(await self.post(message))
        await self._delete(self.posted[len(messages) :])
        for message, ts in zip(messages, self.posted, strict=True):
            await self.attach(message.images, self.thread or ts)
        await self.hand_over(card, self.thread or self.posted[0])

    async def withdraw(self) -> None:
        """Delete the messages that show the current card.

        Raises:
            SlackFailed: when Slack does not delete a message.
        """
        await self._delete([*self.posted])

    async def finish(self) -> None:
        """Do nothing: each card is shown at once."""

    async def post(self, message: Message, **more: Any) -> str:
        """Post one message and return its id, which is its time stamp.

        Args:
            message: The message to post.
            more: Further arguments of ``chat.postMessage``.

        Raises:
            SlackFailed: when Slack refuses the message.
        """
        await self.pacer.wait(self.channel)
        thread = {"thread_ts": self.thread} if self.thread else {}

        async def send(shown: Message) -> dict[str, Any]:
            arguments = {"channel": self.channel, **thread, **message_body(shown), **more}
            return await self._call_paced("chat_postMessage", once=True, **arguments)

        answer = await self._send_newest(message, send)
        # A person's id opens the conversation with them; only its own id can be edited.
        self.channel = answer.get("channel") or self.channel
        return str(answer["ts"])

    async def attach(self, images: Sequence[Image], thread: str) -> None:
        """Upload pictures into a thread, each once; do nothing where the workspace takes pictures
        in messages.

        The alternative text is posted in place of a picture that could not be uploaded.

        Args:
            images: The pictures.
            thread: The id of the thread's first message.
        """
        if self.client.pictures.in_messages:
            return
        for image in images:
            if picture_key(image) in self._attached:
                continue
            self._attached.add(picture_key(image))
            try:
                await self._upload(image, channel=self.channel, thread_ts=thread)
            except SlackFailed as error:
                log.warning("A picture was not uploaded: %s", error)
                await self._reply(f"Chart: {wording.printable(image.alt)}", thread)

    async def hand_over(self, card: Card, thread: str) -> None:
        """Upload the files of a card and of the cards below it into a thread, each once.

        A reply in the thread says which file could not be uploaded.

        Args:
            card: The card.
            thread: The id of the thread's first message.
        """
        for file in (part.file for part in card.whole() if part.file and part.file.fits):
            if file in self._attached:
                continue
            self._attached.add(file)
            try:
                await self.client.call(
                    "files_upload_v2",
                    once=True,
                    channel=self.channel,
                    thread_ts=thread,
                    content=file.content,
                    filename=file.name,
                    title=wording.shorten(wording.line(file.alt), MAX_FILE_TITLE),
                )
            except SlackFailed as error:
                log.warning("A file was not uploaded: %s", error)
                await self._reply(f"{wording.line(file.name)} was not sent. {error}", thread)

    async def _send_newest(
        self, message: Message, send: Send, otherwise: str = IN_THREAD
    ) -> dict[str, Any]:
        """Send a message with its pictures and data tables, and return Slack's answer.

        Slack refuses a picture that it has not processed yet, so that a refused message with
        pictures is sent again after `PROCESSING_PAUSE_S`. A workspace that refuses data tables or
        pictures gets them, and all later ones, as text or in the thread.

        Args:
            message: The message.
            send: Sends the message, or a simpler form of it.
            otherwise: The line in place of a picture that is not shown; empty for its alternative
                text.

        Raises:
            SlackFailed: when Slack refuses also the simplest form, or for another reason than its
                blocks.
        """
        pictures, files = self.client.pictures, dict[str, str]()
        if pictures.in_messages:
            files = {
                picture_key(image): await self._uploaded_file(image) for image in message.images
            }
        has_files, has_tables = any(files.values()), self.client.takes_tables and message.tables
        attempts = [
            (with_files, with_tables)
            for with_files in ((True, False) if has_files else (False,))
            for with_tables in ((True, False) if has_tables else (False,))
        ]
        if has_files:
            attempts.insert(0, attempts[0])
        for number, (with_files, with_tables) in enumerate(attempts, 1):
            form = message if with_tables else message.with_text_tables()
            in_place = pictures.in_messages and (with_files or not has_files)
            shown = form.with_files(files) if in_place else form.with_files({}, otherwise)
            try:
                answer = await send(shown)
            except SlackFailed as error:
                if error.code not in REFUSED_BLOCKS or number == len(attempts):
                    raise
                if has_files and number == 1:
                    await asyncio.sleep(PROCESSING_PAUSE_S)
                continue
            break
        if has_files and not with_files:
            pictures.in_messages = False
            log.warning("This workspace takes no pictures in messages; they go into threads.")
        if has_tables and not with_tables:
            self.client.takes_tables = False
            log.warning("This workspace takes no data tables; tables are text.")
        return answer

    async def _uploaded_file(self, image: Image) -> str:
        """Return the id of a picture's file, which is uploaded once; empty when the upload
        fails.
        """
        pictures, key = self.client.pictures, picture_key(image)
        if not pictures.get(key):
            try:
                pictures.add(key, await self._upload(image))
            except SlackFailed as error:
                log.warning("A picture was not uploaded: %s", error)
        return pictures.get(key)

    async def edit(self, ts: str, message: Message) -> None:
        """Replace a message by another message.

        Args:
            ts: The id of the message.
            message: The new message.

        Raises:
            SlackFailed: when Slack refuses the edit.
        """
        await self.pacer.wait(self.channel)

        async def send(shown: Message) -> dict[str, Any]:
            content = {"blocks": list(shown.blocks), "text": shown.text}
            return await self._call_paced("chat_update", channel=self.channel, ts=ts, **content)

        await self._send_newest(message, send)

    async def publish(self, message: Message) -> None:
        """Show a message as the App Home of the person whose id `channel` is.

        Raises:
            SlackFailed: when Slack refuses the message.
        """

        async def send(shown: Message) -> dict[str, Any]:
            view = home_view(shown)
            return await self.client.call("views_publish", user_id=self.channel, view=view)

        await self._send_newest(message, send, otherwise="")

    async def _edit_or_post(self, ts: str, message: Message) -> str:
        """Edit a message, or post it again where it was deleted; return the id of the message."""
        try:
            await self.edit(ts, message)
        except SlackFailed as error:
            if error.code != "message_not_found":
                raise
            return await self.post(message)
        return ts

    async def _delete(self, messages: Sequence[str]) -> None:
        for ts in messages:
            await self.client.call("chat_delete", channel=self.channel, ts=ts)
            self.posted.remove(ts)

    async def _upload(self, image: Image, **where: str) -> str:
        """Upload a picture with its alternative text, and return the id of its file; "" when Slack
        names none.

        Args:
            image: The picture.
            where: The channel and the thread to post it in; without them, only messages can show
                it.
        """
        answer = await self.client.call(
            "files_upload_v2",
            once=True,
            **where,
            content=image.png,
            filename=image.name,
            title=wording.shorten(wording.line(image.alt), MAX_FILE_TITLE),
            alt_txt=wording.shorten(wording.printable(image.alt), SLACK.alt),
        )
        return str(next(iter(answer.get("files") or [{}])).get("id", ""))

    async def _reply(self, text: str, thread: str) -> None:
        """Post a text into a thread, in place of a picture or file; a failure is logged.

        Args:
            text: The text, which is escaped.
            thread: The id of the thread's first message.
        """
        arguments = {"channel": self.channel, "thread_ts": thread, "text": escape(text)}
        try:
            await self.client.call("chat_postMessage", once=True, mrkdwn=False, **arguments)
        except SlackFailed as error:
            log.warning("What stands for it was not posted either: %s", error)

    async def _call_paced(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method of Slack; after a rate limit, let the channel rest for as long as Slack
        asks.

        Raises:
            SlackFailed: when Slack refuses the call.
        """
        try:
            return await self.client.call(method, **arguments)
        except SlackFailed as error:
            if error.retry_after:
                self.pacer.hold(self.channel, error.retry_after)
            raise


@dataclass(slots=True)
class ResponseUrlOutlet:
    """Shows cards by a request's response URL, which works where the bot is not a member.

    Slack accepts few replies to a response URL. So the first card is shown at once, and of the
    later cards only the last, when the request is served.

    Attributes:
        session: The HTTP session for the replies.
        url: The response URL.
        private: Whether only the person who sent the request sees the cards.
        replaces: Whether the first card replaces the message that was clicked.
    """

    session: aiohttp.ClientSession
    url: str
    private: bool
    replaces: bool = False
    _uses: int = 0
    _waiting: Card | None = None
    _until: float = field(
        default_factory=lambda: asyncio.get_running_loop().time() + SLACK.reply_window
    )

    async def show(self, card: Card) -> None:
        """Show the first card at once; keep the latest of all later cards for `finish`.

        Raises:
            SlackFailed: when Slack refuses the reply.
        """
        if self._uses:
            self._waiting = card
        else:
            await self._send_card(card)

    async def withdraw(self) -> None:
        """Delete the message that was clicked. Slack itself hides the other private cards.

        Raises:
            SlackFailed: when Slack refuses the deletion.
        """
        self._waiting = None
        if self.replaces:
            await self._reply({"delete_original": True})

    async def finish(self) -> None:
        """Show the last card, unless it is shown already.

        Raises:
            SlackFailed: when Slack refuses the reply, or the response URL has expired.
        """
        card, self._waiting = self._waiting, None
        if card is not None:
            await self._send_card(card)

    async def _send_card(self, card: Card) -> None:
        """Send the messages of a card, as many as the response URL still accepts."""
        # The first card leaves two uses of the response URL for the last card.
        uses_left = SLACK.replies - self._uses - (0 if self._uses else 2)
        messages = render(card, pictures=False, tables=False)
        kind = "ephemeral" if self.private else "in_channel"
        for number, message in enumerate(messages[: max(1, uses_left)]):
            replaces = self.replaces and not number
            content = {**message_body(message), "response_type": kind, "replace_original": replaces}
            await self._reply(content)

    async def _reply(self, content: Mapping[str, Any]) -> None:
        """Send one reply to the response URL.

        Raises:
            SlackFailed: when the URL is used up or expired, or Slack refuses the reply.
        """
        if self._uses >= SLACK.replies or asyncio.get_running_loop().time() > self._until:
            raise SlackFailed(chat=NAME, reason="its response URL is used up")
        self._uses += 1
        try:
            async with self.session.post(self.url, json=content) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            raise SlackFailed(chat=NAME, reason="it cannot be reached") from None
        if status != 200:
            raise SlackFailed(chat=NAME, reason=f"its response URL answered with status {status}")
