"""Pages of cards as arguments of discord.py: as components, or as embeds where those are refused.

A message with components stays so: Discord does not remove the flag. A message with embeds becomes
one with components when it is edited, if content and embeds are removed with the same request.
See https://docs.discord.com/developers/components/using-message-components.
"""

import hashlib
import io
import logging
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import discord
from discord import ui

from overheard import ButtonQuestions, Choice, File, Image, wording
from overheard_discord import custom_ids
from overheard_discord.layouts import (
    MessagePage,
    Piece,
    Row,
    TextWithButton,
    attached_name,
    picture_name,
)
from overheard_discord.limits import DISCORD

log = logging.getLogger(__name__)

Sent = TypeVar("Sent")
REFUSED_FORM_CODE = 50035
"""Discord's error code for a body that it does not accept."""
TOO_LARGE_STATUS = 413
"""The HTTP status for files that are larger than a server takes."""

POST_ID_PREFIX = "overheard-"
POST_ID_DIGITS = 14
"""Hexadecimal digits of a post's id, which are the 56 bits of a `MessageMark` in components."""
POST_ID = re.compile(rf"\?({POST_ID_PREFIX}[0-9a-f]{{{POST_ID_DIGITS}}})[0-9a-f]*(?:&part=(\d+))?$")
"""The end of an embed's address in which a message carries its post's id."""
_ID_BITS, _NUMBER_BITS = 30, 4
_MARKED = 1 << _ID_BITS
"""Set in the component ids of a mark; the ids that Discord assigns are small numbers."""


@dataclass(frozen=True, slots=True)
class MessageMark:
    """The identity of a message, which the message carries invisibly.

    Attributes:
        post: The id of the post, from `post_id`; "" for a message without a mark.
        number: The number of the message in its post, from 0.
        place: The address of the channel, which a message with embeds needs for its mark.
    """

    post: str
    number: int = 0
    place: str = ""

    @property
    def ids(self) -> tuple[int, int]:
        """The component ids of the first container and of the first component in it.

        Each has 31 bits, of which the highest says that it is of a mark. The other 60 hold the 56
        bits of the post's id and, last, 4 bits of the message's number.
        """
        bits = int(self.post.removeprefix(POST_ID_PREFIX), 16) << _NUMBER_BITS | self.number
        return _MARKED | bits >> _ID_BITS, _MARKED | bits % _MARKED

    @property
    def address(self) -> str:
        """The address of the first embed, which ends as `POST_ID` says."""
        number = f"&part={self.number}" if self.number else ""
        return f"{self.place}?{self.post}{number}"


def post_id(key: str) -> str:
    """Return the id of the post with a key: a hash that is short enough for a nonce of Discord.

    It is ``overheard-`` and `POST_ID_DIGITS` hexadecimal digits.
    """
    return POST_ID_PREFIX + hashlib.sha256(key.encode()).hexdigest()[:POST_ID_DIGITS]


def read_mark(message: discord.Message) -> MessageMark:
    """Return the mark that a message carries, without its `place`.

    It is read from the address of an embed, else from the ids of the first container and of the
    first component in it. A message without a mark gives one whose `post` is "".
    """
    matches = (POST_ID.search(embed.url or "") for embed in message.embeds)
    if match := next(filter(None, matches), None):
        return MessageMark(match[1], int(match[2] or 0))
    container = message.components[0] if message.components else None
    children = getattr(container, "children", ())
    ids = [component.id or 0 for component in (container, *children[:1]) if component]
    if len(ids) < 2 or not all(component_id & _MARKED for component_id in ids):
        return MessageMark("")
    high, low = (component_id % _MARKED for component_id in ids)
    digest, number = divmod(high << _ID_BITS | low, 1 << _NUMBER_BITS)
    return MessageMark(f"{POST_ID_PREFIX}{digest:0{POST_ID_DIGITS}x}", number)


class Presenter:
    """Sends pages as components; as embeds, when Discord refuses components and takes embeds.

    A refusal is remembered as long as the bot runs.

    Attributes:
        questions: The questions of the buttons that were shown.
        takes_components: False once Discord has refused components.
    """

    def __init__(self) -> None:
        self.questions = ButtonQuestions()
        self.takes_components = True

    async def send(
        self,
        page: MessagePage,
        send_message: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None = None,
    ) -> Sent:
        """Send a page as a new message, and return what `send_message` returns.

        Args:
            send_message: Sends a message, given the arguments of discord.py's ``send``.
            mark: The identity that the message carries.

        Raises:
            discord.HTTPException: when Discord refuses the page.
        """
        return await self._show(page, send_message, mark, edits=False, as_components=False)

    async def edit(
        self,
        page: MessagePage,
        edit_message: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None = None,
        *,
        has_components: bool = False,
    ) -> Sent:
        """Replace the content of a message by a page, and return what `edit_message` returns.

        Args:
            edit_message: Edits the message, given the arguments of discord.py's ``edit``.
            mark: The identity that the message carries.
            has_components: Whether the message consists of components, which Discord does not turn
                back into one with embeds.

        Raises:
            discord.HTTPException: when Discord refuses the page.
        """
        return await self._show(page, edit_message, mark, edits=True, as_components=has_components)

    async def _show(
        self,
        page: MessagePage,
        send_or_edit: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None,
        *,
        edits: bool,
        as_components: bool,
    ) -> Sent:
        """Send or edit; as embeds where components are refused, unless these are needed.

        Files that are too large for the server are left out, which the page then says.
        """
        may_be_embeds = self.takes_components and not as_components
        form = self._components if as_components or self.takes_components else self._embeds
        try:
            return await send_or_edit(**form(page, mark, edits=edits))
        except discord.HTTPException as error:
            if error.status == TOO_LARGE_STATUS and page.files:
                page = page.without_files()
                return await self._show(
                    page, send_or_edit, mark, edits=edits, as_components=as_components
                )
            if not may_be_embeds or (error.status, error.code) != (400, REFUSED_FORM_CODE):
                raise
            log.warning("Discord refuses components: %s", wording.line(error.text))
        sent = await send_or_edit(**self._embeds(page, mark, edits=edits))
        self.takes_components = False
        return sent

    def _components(
        self, page: MessagePage, mark: MessageMark | None, *, edits: bool
    ) -> dict[str, Any]:
        """Return discord.py's arguments that show a page as components, with its mark as the ids
        of the first container and of the first component in it.
        """
        view, numbers = ui.LayoutView(timeout=None), _numbers()
        for box in page.boxes:
            children = [self._component(piece, next(numbers[type(piece)])) for piece in box.pieces]
            container: ui.Container[Any] = ui.Container(*children, accent_colour=box.color)
            if mark and box is page.boxes[0]:
                container.id, children[0].id = mark.ids
            view.add_item(container)
        view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
        return {"view": view, **_uploads(page, edits=edits), **(_NOTHING_ELSE if edits else {})}

    def _component(self, piece: Piece, number: int) -> ui.Item[Any]:
        """Return a piece as a component; `number` is its number among those of its kind."""
        if isinstance(piece, Image):
            url = f"attachment://{picture_name(number)}"
            return ui.MediaGallery(
                discord.MediaGalleryItem(url, description=_alternative_text(piece))
            )
        if isinstance(piece, File):
            return ui.File(f"attachment://{attached_name(piece, number)}")
        if isinstance(piece, tuple | Choice):
            return ui.ActionRow(*self._items(piece, number))
        text: ui.TextDisplay[Any] = ui.TextDisplay(piece.text)
        if piece.action is None:
            return text
        return ui.Section(text, accessory=self._items((piece.action,), 0)[0])

    def _items(self, row: Row | Choice, number: int) -> list[ui.Item[Any]]:
        """Return the buttons of a row, or a menu, whose number no other menu of the message has."""
        if isinstance(row, Choice):
            return [custom_ids.menu(row, number, self.questions)]
        return [custom_ids.button(action, self.questions.click(action)) for action in row]

    def _embeds(
        self, page: MessagePage, mark: MessageMark | None, *, edits: bool
    ) -> dict[str, Any]:
        """Return discord.py's arguments that show a page as embeds, each with the texts of a
        container and the last of its pictures, and with its mark as the address of the first.
        """
        embeds, numbers = [], _numbers()
        for box in page.boxes:
            texts = [piece.text for piece in box.pieces if isinstance(piece, TextWithButton)]
            images = [next(numbers[Image]) for piece in box.pieces if isinstance(piece, Image)]
            # Discord refuses an empty embed.
            text = "\n".join(texts) or (None if images else "-")
            embed = discord.Embed(color=box.color, description=text)
            if images:
                embed.set_image(url=f"attachment://{picture_name(images[-1])}")
            embeds.append(embed)
        if mark:
            embeds[0].url = mark.address
        shown = {"embeds": embeds, **_uploads(page, edits=edits)}
        if page.rows:
            shown["view"] = self._controls(page)
        return {"content": None, "view": None, **shown} if edits else shown

    def _controls(self, page: MessagePage) -> ui.View:
        """Return the buttons and menus of a message with embeds, in the rows of the page."""
        view = ui.View(timeout=None)
        for number, row in enumerate(page.rows):
            for item in self._items(row, number):
                item.row = number
                view.add_item(item)
        view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
        return view


_NOTHING_ELSE: dict[str, Any] = {"content": None, "embeds": []}
"""What an edit removes from a message of an earlier version."""


def _numbers() -> defaultdict[type, Iterator[int]]:
    """Return numbers from 1 for the pieces of a message, by kind."""
    return defaultdict(lambda: count(1))


def _uploads(page: MessagePage, *, edits: bool) -> dict[str, list[discord.File]]:
    """Return the pictures and files of a page as discord.py's argument of a post or an edit."""
    attached: list[tuple[str, bytes, Image | File]] = [
        *((picture_name(n), image.png, image) for n, image in enumerate(page.images, 1)),
        *((attached_name(file, n), file.content, file) for n, file in enumerate(page.files, 1)),
    ]
    files = [
        discord.File(io.BytesIO(content), name, description=_alternative_text(shown))
        for name, content, shown in attached
    ]
    return {"attachments" if edits else "files": files}


def _alternative_text(shown: Image | File) -> str:
    return wording.cut(wording.printable(shown.alt), DISCORD.alt) or "Chart"
