"""A chat that can only be posted to: an incoming webhook, as Mattermost and others offer them.

It also sends each shift as JSON to an address, for other programs.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import Any

import aiohttp

from overheard import (
    Alert,
    Card,
    Chat,
    ChatFailed,
    Desk,
    Finding,
    PluginSettings,
    Secret,
    Settings,
    Shift,
    ShiftListener,
    Table,
    Tainted,
    hookimpl,
)

overheard_api = ">=1.0,<2"

LONGEST_TEXT = 16_000
"""Characters that a post may have."""
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~@:])")


class WebhookSettings(Settings):
    """``[chats.NAME]`` and ``[listeners.NAME]``: where to post.

    Attributes:
        url: The address; a secret, because anyone with the address can post.
    """

    url: Secret


def escaped(text: str | Tainted) -> str:
    """Return text that Markdown shows literally, without mentions in text from outside."""
    plain = text.text if isinstance(text, Tainted) else text
    return _SPECIAL.sub(r"\\\1", plain).replace("\\@", "@\u200b")


def rendered(card: Card) -> str:
    """Return a card as Markdown."""
    lines = [f"**{escaped(card.title)}**", escaped(card.text)]
    lines += [f"{escaped(field.name)}: {escaped(field.value)}" for field in card.fields]
    lines += [tabled(card.table)] if card.table else []
    lines += [f"> {escaped(quote.text)} ({escaped(quote.source)})" for quote in card.quotes]
    lines += [rendered(more) for more in card.more]
    text = "\n\n".join(line for line in lines if line)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 2] + " …"


def tabled(table: Table) -> str:
    """Return a table as Markdown."""
    header, *rows = [[escaped(cell) for cell in row] for row in (table.header, *table.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows))


class WebhookChat:
    """One incoming webhook; a channel of it is called what its override says, or ``here``."""

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self.name = name
        self._url = settings.url
        self._posted: dict[str, str] = {}

    async def run(self, desk: Desk) -> None:  # noqa: ARG002 - a webhook receives no requests
        """Wait until cancelled."""
        await asyncio.Event().wait()

    async def post(
        self,
        channel: str,
        card: Card,
        *,
        key: str,
        thread: str = "",  # noqa: ARG002 - a webhook has no threads
        broadcast: bool = False,  # noqa: ARG002 - the same
    ) -> str:
        """Post a card, once for each key."""
        if key not in self._posted:
            body = {"text": rendered(card)} | ({} if channel == "here" else {"channel": channel})
            await send(self._url, body, self.name)
            self._posted[key] = key
        return key

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Do nothing: a webhook cannot change what it posted."""

    async def find(self, channel: str, key: str) -> str | None:  # noqa: ARG002 - one webhook
        """Return what this process has posted; a webhook cannot be asked."""
        return self._posted.get(key)

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG002 - one webhook
        """Say that it is there: trying it would post."""
        return [Finding(self.name)]

    async def close(self) -> None:
        """Do nothing: each post opens and closes its connection."""


async def send(url: Secret, body: dict[str, Any], name: str) -> None:
    """Send JSON.

    Raises:
        ChatFailed: when the post was refused or its result is unknown; without the address.
    """
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
            session.post(url.get_secret_value(), json=body) as response,
        ):
            status, wait = response.status, response.headers.get("Retry-After", "")
    except (aiohttp.ClientError, TimeoutError) as error:
        failed = ChatFailed(chat=name, reason=type(error).__name__)
        failed.ambiguous = not isinstance(error, aiohttp.ClientConnectorError)
        raise failed from None
    if status >= 300:
        refused = ChatFailed(chat=name, reason=f"HTTP {status}")
        refused.retry_after = float(wait) if wait.isdigit() else None
        raise refused


class ShiftSender:
    """Sends each shift to an address."""

    def __init__(self, name: str, settings: WebhookSettings) -> None:
        self._name = name
        self._url = settings.url

    async def __call__(self, shift: Shift, alert: Alert) -> None:
        """Send a shift; the alert's number links the messages about one event."""
        body = {"alert": alert.id, "brand": shift.brand, "model": str(shift.model)}
        await send(self._url, body | {"metric": shift.metric}, self._name)


@hookimpl
def overheard_chats(settings: PluginSettings) -> Iterator[Chat]:
    """Yield a chat for each table."""
    for name, mine in settings.each(WebhookSettings):
        yield WebhookChat(name, mine)


@hookimpl
def overheard_shift_detected(settings: PluginSettings) -> Iterator[ShiftListener]:
    """Yield a sender for each table."""
    for name, mine in settings.each(WebhookSettings):
        yield ShiftSender(name, mine)
