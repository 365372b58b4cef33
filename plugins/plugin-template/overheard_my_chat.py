"""A chat for Overheard that posts JSON to an address; put your platform's shape into `post`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

import aiohttp

from overheard import (
    Card,
    Chat,
    ChatFailed,
    Desk,
    Finding,
    PluginSettings,
    Secret,
    Settings,
    Tainted,
    hookimpl,
)

overheard_api = ">=1.0,<2"

MAX_MESSAGE = 4_000
"""The characters that a message of the platform may have."""


class MySettings(Settings):
    """A table ``[chats.NAME]`` with ``plugin = "my_chat"``.

    Attributes:
        url: The address to post to; a secret, because anyone with the address can post.
    """

    url: Secret


def plain(text: str | Tainted) -> str:
    """Return text without the mentions and markup of text from outside."""
    if isinstance(text, str):
        return text
    return text.text.replace("@", "@\u200b").replace("<", "<\u200b")


def rendered(card: Card) -> str:
    """Return a card as text that fits into one message."""
    lines = [card.title, plain(card.text)]
    lines += [f"{field.name}: {plain(field.value)}" for field in card.fields]
    rows = [card.table.header, *card.table.rows] if card.table else []
    lines += [" | ".join(map(plain, row)) for row in rows]
    lines += [f"> {plain(quote.text)} ({quote.source})" for quote in card.quotes]
    lines += [f"{card.file.name}: {card.file.alt}"] if card.file else []
    lines += [rendered(more) for more in card.more]
    text = "\n".join(line for line in lines if line)
    return text if len(text) <= MAX_MESSAGE else text[: MAX_MESSAGE - 2] + " …"


class MyChat:
    """One address to post to."""

    def __init__(self, name: str, settings: MySettings) -> None:
        self.name = name
        self._url = settings.url
        self._posted: dict[tuple[str, str], str] = {}

    async def run(self, desk: Desk) -> None:
        """Wait until cancelled; a platform where people type brings requests to the desk."""
        await asyncio.Event().wait()

    async def post(
        self, channel: str, card: Card, *, key: str, thread: str = "", broadcast: bool = False
    ) -> str:
        """Post a card."""
        await self._send({"channel": channel, "text": rendered(card)})
        self._posted[channel, key] = key
        return key

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Post the card again: this platform cannot edit a message."""
        await self._send({"channel": channel, "text": rendered(card)})

    async def find(self, channel: str, key: str) -> str | None:
        """Return the message that was posted with a key, as far as this process knows."""
        return self._posted.get((channel, key))

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:
        """Return one finding without a problem; a test of the address would post a message."""
        return [Finding(self.name)]

    async def close(self) -> None:
        """Do nothing: each post opens and closes its connection."""

    async def _send(self, body: dict[str, str]) -> None:
        """Send a JSON body to the webhook.

        Raises:
            ChatFailed: when the service refuses the message or cannot be reached.
        """
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
                session.post(self._url.get_secret_value(), json=body) as response,
            ):
                status = response.status
        except (aiohttp.ClientError, TimeoutError) as error:
            failed = ChatFailed(chat=self.name, reason=type(error).__name__)
            failed.ambiguous = True  # it may have gone through
            raise failed from None
        if status >= 300:
            raise ChatFailed(chat=self.name, reason=f"HTTP {status}")


@hookimpl
def overheard_chats(settings: PluginSettings) -> Iterator[Chat]:
    """Yield a chat for each table."""
    for name, mine in settings.each(MySettings):
        yield MyChat(name, mine)
