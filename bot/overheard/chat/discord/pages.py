"""Pages of cards as arguments of discord.py: as components, or as embeds where those are refused.

A message with components stays so: Discord does not remove the flag. A message with embeds becomes
one with components when it is edited, if content and embeds are removed with the same request.
See https://docs.discord.com/developers/components/using-message-components.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from discord import ui

from overheard.cards import wording
from overheard.cards.card import File, Image
from overheard.chat.discord import custom_ids, markup
from overheard.chat.discord.custom_ids import ButtonQuestions
from overheard.chat.discord.layouts import (
    Box,
    Menu,
    MessagePage,
    Piece,
    Row,
    TextWithButton,
    attached_name,
    picture_name,
)
from overheard.chat.limits import DISCORD

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
_ID_BITS, _PART_BITS = 30, 4
_MARKED = 1 << _ID_BITS
"""Set in the component ids of a mark; the ids that Discord assigns are small numbers."""


@dataclass(frozen=True, slots=True)
class MessageMark:
    """The identity of a message, which the message carries invisibly.

    Attributes:
        post: The id of the post; see `post_id`.
        part: The number of the message in its post, from 0.
        place: The address of the channel, for a message with embeds.
    """

    post: str
    part: int = 0
    place: str = ""

    @property
    def ids(self) -> tuple[int, int]:
        """The component ids of the first container and of the first component in it."""
        digest = int(self.post.removeprefix(POST_ID_PREFIX), 16)
        low_bits = _ID_BITS - _PART_BITS
        low = digest % (1 << low_bits) << _PART_BITS
        return _MARKED | digest >> low_bits, _MARKED | low | self.part

    @property
    def address(self) -> str:
        """The address of an embed."""
        return f"{self.place}?{self.post}{f'&part={self.part}' if self.part else ''}"


def post_id(key: str) -> str:
    """Return an id for the post with a key: a hash that is short enough for a nonce."""
    return POST_ID_PREFIX + hashlib.sha256(key.encode()).hexdigest()[:POST_ID_DIGITS]


def read_mark(message: discord.Message) -> MessageMark:
    """Return the mark that a message carries; its `post` is empty for a message without a mark.

    A mark is in the address of an embed, or in the numbers of the first two components.
    """
    matches = (POST_ID.search(embed.url or "") for embed in message.embeds)
    if match := next(filter(None, matches), None):
        return MessageMark(match[1], int(match[2] or 0))
    first = message.components[0] if message.components else None
    inner = getattr(first, "children", ())
    ids = [component.id or 0 for component in (first, *inner[:1]) if component]
    if len(ids) < 2 or not all(number & _MARKED for number in ids):
        return MessageMark("")
    high, low = (number & (_MARKED - 1) for number in ids)
    digest = high << (_ID_BITS - _PART_BITS) | low >> _PART_BITS
    return MessageMark(
        f"{POST_ID_PREFIX}{digest:0{POST_ID_DIGITS}x}", low & ((1 << _PART_BITS) - 1)
    )


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
        put: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None = None,
    ) -> Sent:
        """Send a page as a new message, and return what `put` returns.

        Args:
            page: The content.
            put: Sends a message with the arguments of discord.py's `send`.
            mark: The mark that the message is to carry, or None.

        Raises:
            discord.HTTPException: when Discord refuses the message.
        """

        def components(page: MessagePage) -> dict[str, Any]:
            return {"view": self._layout(page, mark), **_uploads(page, "files")}

        def embeds(page: MessagePage) -> dict[str, Any]:
            view = {"view": self._buttons(page)} if page.rows else {}
            return {"embeds": _embeds(page, mark), **_uploads(page, "files"), **view}

        return await self._put_page(page, put, components, embeds)

    async def edit(
        self,
        page: MessagePage,
        put: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None = None,
        *,
        has_components: bool = False,
    ) -> Sent:
        """Replace all content of a message by a page, and return what `put` returns.

        Args:
            page: The content.
            put: Edits the message with the arguments of discord.py's `edit`.
            mark: The mark that the message is to carry, or None.
            has_components: Whether the message is known to show components, which cannot be undone.

        Raises:
            discord.HTTPException: when Discord refuses the edit.
        """

        def components(page: MessagePage) -> dict[str, Any]:
            view = self._layout(page, mark)
            return {"content": None, "embeds": [], "view": view, **_uploads(page, "attachments")}

        def embeds(page: MessagePage) -> dict[str, Any]:
            view = self._buttons(page) if page.rows else None
            shown = {"content": None, "embeds": _embeds(page, mark), "view": view}
            return shown | _uploads(page, "attachments")

        return await self._put_page(page, put, components, components if has_components else embeds)

    async def _put_page(
        self,
        page: MessagePage,
        put: Callable[..., Awaitable[Sent]],
        components: Callable[[MessagePage], dict[str, Any]],
        embeds: Callable[[MessagePage], dict[str, Any]],
    ) -> Sent:
        """Call `put` with a page as components; with embeds when components are refused; without
        files when they are too large for the server. Return the result.

        Args:
            page: The content.
            put: Sends or edits a message.
            components: Returns the arguments for `put` that show a page as components.
            embeds: Returns the arguments for `put` that show a page as embeds.

        Raises:
            discord.HTTPException: when Discord refuses the message for another reason.
        """
        form = components if self.takes_components else embeds
        try:
            return await put(**form(page))
        except discord.HTTPException as error:
            if error.status == TOO_LARGE_STATUS and page.files:
                return await self._put_page(page.without_files(), put, components, embeds)
            if form is embeds or (error.status, error.code) != (400, REFUSED_FORM_CODE):
                raise
            log.warning("Discord refuses components: %s", wording.line(error.text))
        sent = await put(**embeds(page))
        self.takes_components = False
        return sent

    def _layout(self, page: MessagePage, mark: MessageMark | None) -> ui.LayoutView:
        """Return a page as a view of components, and remember the questions of its buttons.

        Args:
            page: The page.
            mark: The mark that the ids of the first two components carry, or None.
        """
        view = ui.LayoutView(timeout=None)
        builder = _Builder(self.questions)
        for at, box in enumerate(page.boxes):
            ids = mark.ids if mark and not at else (None, None)
            view.add_item(builder.container(box, *ids))
        view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
        return view

    def _buttons(self, page: MessagePage) -> ui.View:
        """Return a view with the buttons and menus of a page that is shown as embeds."""
        view, builder = ui.View(timeout=None), _Builder(self.questions)
        for number, row in enumerate(page.rows):
            for item in builder.items(row):
                item.row = number
                view.add_item(item)
        view.stop()
        return view


class _Builder:
    """Builds the components of one message, with unique custom ids."""

    def __init__(self, questions: ButtonQuestions) -> None:
        self._questions = questions
        self._pictures = self._files = self._menus = 0

    def container(self, box: Box, own: int | None, first: int | None) -> ui.Container[Any]:
        """Return a container of components.

        Args:
            box: The card, or a part of it.
            own: The id of the container; None leaves the choice to Discord.
            first: The id of the container's first component, or None.
        """
        inner = [self._component(piece) for piece in box.pieces]
        if first is not None:
            inner[0].id = first
        return ui.Container(*inner, accent_colour=box.color, id=own)

    def items(self, row: Row | Menu) -> list[ui.Item[Any]]:
        """Return the buttons of a row, or a menu."""
        if isinstance(row, Menu):
            return [self._menu(row)]
        return [custom_ids.button(action, self._questions) for action in row.actions]

    def _component(self, piece: Piece) -> ui.Item[Any]:
        """Return the component that shows a piece of a card."""
        if isinstance(piece, Image):
            return self._picture(piece)
        if isinstance(piece, File):
            self._files += 1
            return ui.File(f"attachment://{attached_name(piece, self._files)}")
        if isinstance(piece, Row | Menu):
            return ui.ActionRow(*self.items(piece))
        text: ui.TextDisplay[Any] = ui.TextDisplay(piece.text)
        if piece.action is None:
            return text
        return ui.Section(text, accessory=custom_ids.button(piece.action, self._questions))

    def _picture(self, image: Image) -> ui.MediaGallery[Any]:
        self._pictures += 1
        url, alt = f"attachment://{picture_name(self._pictures)}", _alt(image)
        return ui.MediaGallery(discord.MediaGalleryItem(url, description=alt))

    def _menu(self, menu: Menu) -> ui.Select[Any]:
        self._menus += 1
        return custom_ids.menu(menu, self._menus, self._questions)


def _embeds(page: MessagePage, mark: MessageMark | None) -> list[discord.Embed]:
    """Return a page as embeds, one for each container; the first carries the mark in its
    address.
    """
    embeds, pictures = [], 0
    for box in page.boxes:
        text = "\n".join(piece.text for piece in box.pieces if isinstance(piece, TextWithButton))
        images = [piece for piece in box.pieces if isinstance(piece, Image)]
        # Discord refuses an empty embed.
        embed = discord.Embed(color=box.color, description=text or (None if images else "-"))
        pictures += len(images)
        if images:
            embed.set_image(url=f"attachment://{picture_name(pictures)}")
        embeds.append(embed)
    if mark:
        embeds[0].url = mark.address
    return embeds


def _uploads(page: MessagePage, name: str) -> dict[str, list[discord.File]]:
    """Return the pictures and files of a page as uploads with alternative text.

    Args:
        page: The page.
        name: The argument of discord.py that takes them, which is the only key of the result.
    """
    pictures = [
        discord.File(io.BytesIO(image.png), filename=picture_name(number), description=_alt(image))
        for number, image in enumerate(page.images, 1)
    ]
    files = [
        discord.File(
            io.BytesIO(file.content), filename=attached_name(file, number), description=_alt(file)
        )
        for number, file in enumerate(page.files, 1)
    ]
    return {name: [*pictures, *files]}


def _alt(shown: Image | File) -> str:
    return markup.cut(wording.printable(shown.alt), DISCORD.alt) or "Chart"
