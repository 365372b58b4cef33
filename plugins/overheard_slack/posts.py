"""Cards as messages in a channel, or as replies to a response URL."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from overheard import Card, File, Image, replace_messages, wording
from overheard_slack.blocks import Message, home_view, picture_key, render
from overheard_slack.client import NAME, SlackClient, SlackFailed
from overheard_slack.limits import SLACK
from overheard_slack.pacer import ChannelPacer
from overheard_slack.text import escape

log = logging.getLogger(__name__)

REFUSED_BLOCKS = {"invalid_blocks", "invalid_blocks_format"}
"""Slack's error codes for blocks that it does not take, or for a picture that it has not processed
yet."""
MAX_FILE_TITLE = 200
"""Characters of the title that Slack shows above an uploaded picture or file."""
PROCESSING_PAUSES_S = (1.0, 2.0, 0.0)
"""Seconds after each attempt to show a picture, in which Slack may process it."""
REPLIES_FOR_LAST_CARD = 2
"""Replies to a response URL that the first card leaves for the last one."""

Send = Callable[[Message], Awaitable[dict[str, Any]]]
"""Sends a message and returns Slack's answer."""


def message_body(message: Message) -> dict[str, Any]:
    """Return the arguments of ``chat.postMessage`` that post a message without previews of its
    links; a reply to a response URL has fields of the same names.
    """
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
    _uploaded: set[File] = field(default_factory=set)
    """The files that are in the thread."""

    async def show(self, card: Card) -> None:
        """Show a card in place of the card shown before.

        The messages of that card are edited; one that was deleted is posted again. Further messages
        are posted, and messages that the new card does not need are deleted. Files are uploaded
        into the thread.

        Raises:
            SlackFailed: when Slack refuses a message.
        """
        await replace_messages(self.posted, render(card), self.put, self.delete)
        await self.upload_files(card, self.thread or self.posted[0])

    async def withdraw(self) -> None:
        """Delete the messages that show the current card; files in the thread stay.

        Raises:
            SlackFailed: when Slack does not delete a message; those after it stay.
        """
        await replace_messages(self.posted, (), self.put, self.delete)

    async def post(self, message: Message, **more: Any) -> str:
        """Post one message into the channel or thread, and return its id, which is its time stamp.

        Waits for the channel's turn. A post to a person opens the bot's conversation with that
        person, whose id takes the place of the person's id in `channel`.

        Args:
            more: Further arguments of ``chat.postMessage``, such as ``metadata``.

        Raises:
            SlackFailed: when Slack refuses the message, its answer is lost, or the rate limit of
                the channel lasts too long.
        """
        await self.pacer.wait(self.channel)
        thread = {"thread_ts": self.thread} if self.thread else {}

        async def send(shown: Message) -> dict[str, Any]:
            arguments = {"channel": self.channel, **thread, **message_body(shown), **more}
            return await self._call_paced("chat_postMessage", once=True, **arguments)

        answer = await self._send(message, send)
        # Messages can be edited by the id of the conversation only, not by that of the person.
        self.channel = answer.get("channel") or self.channel
        return str(answer["ts"])

    async def upload_files(self, card: Card, thread: str) -> None:
        """Upload the files of a card and of the cards below it into the thread of a message, unless
        this outlet has done so before.

        One that is too large is left out, which the card itself says. When an upload fails, a reply
        in the thread says so.
        """
        for file in (part.file for part in card.whole()):
            if file is None or not file.fits or file in self._uploaded:
                continue
            self._uploaded.add(file)
            try:
                await self._upload(file, channel=self.channel, thread_ts=thread)
            except SlackFailed as error:
                log.warning("A file was not uploaded: %s", error)
                await self._reply(f"{wording.line(file.name)} was not sent. {error}", thread)

    async def _send(self, message: Message, send: Send) -> dict[str, Any]:
        """Send a message, and return Slack's answer.

        Its pictures are uploaded first. Slack may refuse to show one until it has processed it, so
        there are several attempts. A picture that cannot be uploaded is shown as its alternative
        text; if the message is refused in the end, all its pictures and data tables are.

        Raises:
            SlackFailed: when Slack refuses also the text, or refuses the message for another reason
                than its blocks.
        """
        files = {picture_key(image): await self._file_id(image) for image in message.images}
        if message.blocks != message.plain:
            for pause_s in PROCESSING_PAUSES_S if files else (0.0,):
                try:
                    return await send(message.with_files(files))
                except SlackFailed as error:
                    if error.code not in REFUSED_BLOCKS:
                        raise
                    log.warning("Slack has refused a message with pictures or tables: %s", error)
                await asyncio.sleep(pause_s)
        return await send(replace(message, blocks=message.plain))

    async def _file_id(self, image: Image) -> str:
        """Return Slack's id of a picture's file, which messages show.

        A picture that was not uploaded to the workspace before is uploaded. When that fails, it is
        logged, and the result is "".
        """
        pictures, key = self.client.pictures, picture_key(image)
        if not pictures.get(key):
            try:
                pictures[key] = await self._upload(image)
            except SlackFailed as error:
                log.warning("A picture was not uploaded: %s", error)
        return pictures.get(key, "")

    async def edit(self, ts: str, message: Message) -> None:
        """Replace the text and the blocks of a message; wait for the channel's turn first.

        Args:
            ts: The id of the message, which is its time stamp.
            message: The new text and blocks.

        Raises:
            SlackFailed: when Slack refuses the edit, or the rate limit of the channel lasts too
                long.
        """
        await self.pacer.wait(self.channel)

        async def send(shown: Message) -> dict[str, Any]:
            content = {"blocks": list(shown.blocks), "text": shown.text}
            return await self._call_paced("chat_update", channel=self.channel, ts=ts, **content)

        await self._send(message, send)

    async def publish(self, message: Message) -> None:
        """Show a message as the App Home of the person whose id `channel` is, in place of the Home
        shown before.

        Raises:
            SlackFailed: when Slack refuses the content.
        """

        async def send(shown: Message) -> dict[str, Any]:
            view = home_view(shown)
            return await self.client.call("views_publish", user_id=self.channel, view=view)

        await self._send(message, send)

    async def put(self, _: int, message: Message, ts: str | None, **more: Any) -> str:
        """Show a message in place of the one with an id, and return the id of the message that
        shows it: a new one for None, and where the old one was deleted.

        Args:
            more: Further arguments of ``chat.postMessage`` for a new message.

        Raises:
            SlackFailed: when Slack refuses the message.
        """
        if ts:
            try:
                await self.edit(ts, message)
            except SlackFailed as error:
                if error.code != "message_not_found":
                    raise
            else:
                return ts
        return await self.post(message, **more)

    async def delete(self, ts: str) -> None:
        """Delete a message.

        Raises:
            SlackFailed: when Slack does not delete it.
        """
        await self.client.call("chat_delete", channel=self.channel, ts=ts)

    async def _upload(self, shown: Image | File, **where: str) -> str:
        """Upload a picture or file, and return the id of Slack's file, or "".

        Args:
            where: ``channel`` and ``thread_ts`` share it there; without them it is not shared yet.

        Raises:
            SlackFailed: when Slack does not take it.
        """
        content: dict[str, Any]
        if isinstance(shown, Image):
            alt = wording.shorten(wording.printable(shown.alt), SLACK.alt)
            content = {"content": shown.png, "alt_txt": alt}
        else:
            content = {"content": shown.content}
        answer = await self.client.call(
            "files_upload_v2",
            once=True,
            **where,
            **content,
            filename=shown.name,
            title=wording.shorten(wording.line(shown.alt), MAX_FILE_TITLE),
        )
        files = answer.get("files") or ()
        return str(files[0].get("id", "")) if files else ""

    async def _reply(self, text: str, thread: str) -> None:
        """Post a text into a thread, in place of a file that was not uploaded.

        A failure is only logged.

        Args:
            thread: The id of the thread's first message.
        """
        arguments = {"channel": self.channel, "thread_ts": thread, "text": escape(text)}
        try:
            await self.client.call("chat_postMessage", once=True, mrkdwn=False, **arguments)
        except SlackFailed as error:
            log.warning("What stands for it was not posted either: %s", error)

    async def _call_paced(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method of Slack for this channel, and return Slack's answer.

        When Slack limits the rate, the channel gets no further messages for as long as Slack asks.

        Args:
            method: The SDK's name of the method, such as ``chat_postMessage``.
            arguments: Arguments of `SlackClient.call`.

        Raises:
            SlackFailed: when Slack refuses the call, also because of a rate limit.
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

    Slack accepts five replies to a response URL, for half an hour. So the first card is shown at
    once, and of the later cards only the last, when the request is served.

    Attributes:
        session: The HTTP session for the replies.
        private: Whether only the person who sent the request sees the cards.
        replaces: Whether the first message of a card replaces the message that was clicked.
    """

    session: aiohttp.ClientSession
    url: str
    private: bool
    replaces: bool = False
    _reply_count: int = 0
    _kept_card: Card | None = None
    _expires_at: float = field(
        default_factory=lambda: asyncio.get_running_loop().time() + SLACK.reply_window
    )

    async def show(self, card: Card) -> None:
        """Show the first card at once; keep any later card, in place of the one kept before, until
        `finish`.

        Raises:
            SlackFailed: when Slack refuses the reply.
        """
        if self._reply_count:
            self._kept_card = card
        else:
            await self._send_card(card)

    async def withdraw(self) -> None:
        """Delete the message that was clicked, if cards replace it, and drop the card that is kept.

        Slack itself hides the other private cards.

        Raises:
            SlackFailed: when Slack refuses the deletion, or the response URL takes no more replies.
        """
        self._kept_card = None
        if self.replaces:
            await self._reply({"delete_original": True})

    async def finish(self) -> None:
        """Show the card that `show` has kept; do nothing if it has kept none.

        Raises:
            SlackFailed: when Slack refuses the reply, or the response URL takes no more replies.
        """
        card, self._kept_card = self._kept_card, None
        if card is not None:
            await self._send_card(card)

    async def _send_card(self, card: Card) -> None:
        """Send the messages of a card, without pictures and with tables as text.

        At least one message is sent. The others are left out when the response URL has no replies
        left for them, of which the first card leaves `REPLIES_FOR_LAST_CARD`.

        Raises:
            SlackFailed: when Slack refuses a reply, or the response URL takes no more replies.
        """
        is_first = self._reply_count == 0
        replies_left = SLACK.replies - self._reply_count
        if is_first:
            replies_left -= REPLIES_FOR_LAST_CARD
        messages = render(card, pictures=False, tables=False)
        kind = "ephemeral" if self.private else "in_channel"
        for number, message in enumerate(messages[: max(1, replies_left)]):
            replaces = self.replaces and number == 0
            content = {**message_body(message), "response_type": kind, "replace_original": replaces}
            await self._reply(content)

    async def _reply(self, content: Mapping[str, Any]) -> None:
        """Send one reply to the response URL.

        Raises:
            SlackFailed: when the URL has had its five replies or its half an hour, when Slack
                cannot be reached, or when it answers with another status than 200.
        """
        is_expired = asyncio.get_running_loop().time() > self._expires_at
        if is_expired or self._reply_count >= SLACK.replies:
            raise SlackFailed(chat=NAME, reason="its response URL is used up")
        self._reply_count += 1
        try:
            async with self.session.post(self.url, json=content) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            raise SlackFailed(chat=NAME, reason="it cannot be reached") from None
        if status != 200:
            raise SlackFailed(chat=NAME, reason=f"its response URL answered with status {status}")
