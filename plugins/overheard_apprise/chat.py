"""A chat that only receives posts, through the addresses of the Apprise library."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from overheard import (
    Card,
    ChatFailed,
    ChatUnavailable,
    Desk,
    Finding,
    Secret,
    Settings,
    Table,
    Tainted,
    install_command,
    printable,
)

if TYPE_CHECKING:
    from apprise import Apprise, NotifyBase
    from apprise.attachment.memory import AttachMemory

PACKAGE_EXTRA = "apprise"
SEND_TIMEOUT_S = 20.0
"""Seconds that all addresses together may take for a message."""
MAX_TITLE_LENGTH = 200
"""Characters; a longer title is cut."""
MAX_SCHEME_LENGTH = 20
"""Characters of an address's scheme that an error shows."""
MAX_REMEMBERED = 1_000
"""Keys of posts that are remembered, so that a repeated post is sent once."""
_MENTION = re.compile(r"(?<=@)|(?<=<)(?=[!#@])")
"""Where an invisible character makes a mention or a group call ordinary text."""
_STATUS = re.compile(r"error=(\d{3})")
"""An HTTP status in a log line of Apprise."""


class AppriseSettings(Settings):
    """``[chats.NAME]`` with ``plugin = "apprise"``.

    Attributes:
        url: One or more addresses of Apprise, separated by spaces or line feeds; a secret, because
            addresses hold passwords and tokens.
    """

    url: Secret


class AppriseChat:
    """The addresses of one table. Each channel name, such as ``mail:here``, means all of them."""

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self.name = name
        self._url = settings.url
        self._opened: Apprise | None = None
        self._posted: OrderedDict[str, None] = OrderedDict()

    async def run(self, desk: Desk) -> None:  # noqa: ARG002 - it receives no requests
        """Read the addresses, then wait until cancelled. No requests are received.

        Raises:
            ChatUnavailable: when the package is missing, or there is no valid address.
        """
        await self._services()
        await asyncio.Event().wait()

    async def post(
        self,
        channel: str,  # noqa: ARG002 - each channel is all addresses
        card: Card,
        *,
        key: str,
        thread: str = "",  # noqa: ARG002 - there are no threads
        broadcast: bool = False,  # noqa: ARG002 - the same
    ) -> str:
        """Send a card to all addresses, and return its key. Each key is sent once in this process.

        Each channel means all addresses, and threads are not used. The title is cut to
        `MAX_TITLE_LENGTH` characters, and the text to what the shortest service takes. The latest
        `MAX_REMEMBERED` keys are remembered.

        Args:
            channel: Not used.
            key: The unique name of the message.
            thread: Not used.
            broadcast: Not used.

        Raises:
            ChatFailed: when an address did not take the message. The next try sends it to all
                again.
            ChatUnavailable: when the package is missing, or there is no valid address.
        """
        if key in self._posted:
            return key
        services = await self._services()
        title = safe_text(card.title)[:MAX_TITLE_LENGTH]
        lengths = [_max_body_length(service) - len(title) for service in _each_service(services)]
        await self._send(services, title, plain_text(card, min(lengths)), _attachments(card))
        self._posted[key] = None
        if len(self._posted) > MAX_REMEMBERED:
            self._posted.popitem(last=False)
        return key

    async def edit(self, channel: str, message: str, card: Card) -> None:
        """Do nothing: a sent message cannot be changed."""

    async def find(self, channel: str, key: str) -> str | None:  # noqa: ARG002 - see `post`
        """Return the key if this process has sent its message and remembers it, else None. The
        services cannot be asked.
        """
        return key if key in self._posted else None

    async def examine(self, channels: Sequence[str]) -> Sequence[Finding]:  # noqa: ARG002 - see `post`
        """Return one finding: the names of the services, or what is wrong with the package or an
        address.

        Nothing is sent, since a real test would be a message.

        Args:
            channels: Not used; each channel means all addresses.
        """
        try:
            names = sorted(
                {str(service.service_name) for service in _each_service(await self._services())}
            )
        except ChatUnavailable as error:
            return [Finding(self.name, error.details["reason"], error.details["remedy"])]
        return [Finding(f"{self.name} ({', '.join(names)}; nothing was sent)")]

    async def close(self) -> None:
        """Do nothing: each message opens and closes its connections."""

    async def _services(self) -> Apprise:
        """Return Apprise with all addresses, opened at the first use in a thread, because the
        import takes seconds.

        Raises:
            ChatUnavailable: when the package is missing, or there is no valid address.
        """
        if self._opened is None:
            self._opened = await asyncio.to_thread(self._open)
        return self._opened

    def _open(self) -> Apprise:
        """Import Apprise, keep its log from being shown, and return Apprise with all addresses.

        Raises:
            ChatUnavailable: when the package is missing, an address is not valid, or there is none;
                the message holds at most the scheme of an address.
        """
        logger = logging.getLogger("apprise")  # its lines may repeat parts of an address
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
        try:
            from apprise import Apprise
        except ImportError:
            remedy = f"install it with: {install_command(extra=PACKAGE_EXTRA)}"
            reason = "the package apprise is not installed"
            raise ChatUnavailable(chat=self.name, reason=reason, remedy=remedy) from None
        services, urls = Apprise(), self._url.get_secret_value().split()
        for number, url in enumerate(urls, 1):
            service = Apprise.instantiate(url)
            if service is None:
                scheme = url.partition("://")[0] if "://" in url else "one without ://"
                shown = printable(scheme)[:MAX_SCHEME_LENGTH]
                reason = f"address {number} of {len(urls)} ({shown}) is not valid"
                remedy = f"write it as the documentation of Apprise says, in url_env of {self.name}"
                raise ChatUnavailable(chat=self.name, reason=reason, remedy=remedy)
            services.add(service)
        if not urls:
            reason = "it has no address"
            remedy = f"put one into the variable or file that [chats.{self.name}] names"
            raise ChatUnavailable(chat=self.name, reason=reason, remedy=remedy)
        return services

    async def _send(self, services: Apprise, title: str, body: str, attached: object) -> None:
        """Send a text to all addresses, for at most `SEND_TIMEOUT_S` seconds together.

        Args:
            attached: The attachments, from `_attachments`.

        Raises:
            ChatFailed: when an address did not take the message, or Apprise raises an error; the
                reason holds no part of an address.
        """
        logs: list[str] = []

        def remember(entry: Any, *_: object) -> None:
            logs.append(str(getattr(entry, "message", entry)))

        try:
            sent = await services.async_notify(
                body=body, title=title, body_format="text", attach=attached,
                timeout=SEND_TIMEOUT_S, log_callback=remember, log_level=logging.WARNING,
            )  # fmt: skip
        except Exception as error:  # its text may hold a part of an address
            raise ChatFailed(chat=self.name, reason=type(error).__name__) from None
        if not sent:
            failed = [result.name for result in sent.results if result.status]
            raise ChatFailed(chat=self.name, reason=_failure_reason(failed, " ".join(logs)))


def _failure_reason(services: Sequence[str], log: str) -> str:
    """Return the reason why a message was not taken, without any part of an address.

    It has the first HTTP status of the log if there is one.

    Args:
        services: The names of the services that failed; empty if unknown.
        log: The lines of Apprise's log, joined by spaces.
    """
    who = ", ".join(sorted(set(services))) or "the service"
    if found := _STATUS.search(log):
        return f"{who} answers with status {found[1]}"
    return f"{who} cannot be reached, or refuses it"


def _each_service(services: Apprise) -> Iterator[NotifyBase]:
    """Return the services of all addresses, in order."""
    return iter(services)


def _max_body_length(service: NotifyBase) -> int:
    """Return how many characters of text a service takes. For Markdown it is half of the service's
    limit, because escapes may double a text.
    """
    longest = int(service.body_maxlen)
    return longest // 2 if "markdown" in str(service.notify_format) else longest


def _attachments(card: Card) -> list[AttachMemory]:
    """Return a card's picture and file as attachments; [] if the card has neither.

    A file that is too large for a message is left out.
    """
    found = []
    if card.image and card.image.png:
        found.append((card.image.png, card.image.name, "image/png"))
    if card.file and card.file.fits:
        found.append((card.file.content, card.file.name, card.file.media))
    if not found:
        return []
    from apprise.attachment.memory import AttachMemory

    return [AttachMemory(content=c, name=n, mimetype=m) for c, n, m in found]  # type: ignore[no-untyped-call]


def safe_text(text: str | Tainted) -> str:
    """Return a text without control characters.

    A text that a model wrote (`Tainted`) also gets an invisible character in what would mention a
    person or group.
    """
    if isinstance(text, Tainted):
        return _MENTION.sub("\u200b", printable(text.text))
    return printable(text)


def plain_text(card: Card, longest: int) -> str:
    """Return a card without its title as plain text; the title for a card without anything else.

    A text of more than `longest` characters is cut and ends with " …".
    """
    text = "\n\n".join(_card_paragraphs(card)) or safe_text(card.title)
    return text if len(text) <= longest else text[: max(0, longest - 2)] + " …"


def _card_paragraphs(card: Card) -> Iterator[str]:
    """Yield the parts of a card that are not empty, without its title, as paragraphs of plain text.

    Each further card of `card.more` is one paragraph at the end, with its title.
    """
    if card.text:
        yield safe_text(card.text)
    if card.image and card.image.alt:
        yield safe_text(card.image.alt)
    if card.fields:
        yield "\n".join(f"{field.name}: {safe_text(field.value)}" for field in card.fields)
    if card.table:
        yield _table_text(card.table)
    for quote in card.quotes:
        yield f'"{safe_text(quote.text)}" ({quote.source})'
    if card.file:
        yield f"{safe_text(card.file.name)}: {safe_text(card.file.alt)}"
    if card.link and card.link.safe:
        yield f"{card.link.label}: {card.link.url}"
    if card.footer:
        yield safe_text(card.footer)
    for more in card.more:
        yield "\n\n".join((safe_text(more.title), *_card_paragraphs(more)))


def _table_text(table: Table) -> str:
    """Return a table as text with a line for each row: "first cell: column cell, column cell".

    Empty cells are left out, and so are cells without a column.
    """
    lines = []
    for row in table.rows:
        first, *rest = (safe_text(cell) for cell in row)
        named = zip(table.header[1:], rest, strict=False)
        lines.append(f"{first}: " + ", ".join(f"{name} {cell}" for name, cell in named if cell))
    return "\n".join(lines)
