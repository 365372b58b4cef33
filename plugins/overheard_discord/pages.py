"""Pages of cards as arguments of discord.py: as components, or as embeds where those are refused.

A message with components stays so: Discord does not remove the flag. A message with embeds becomes
one with components when it is edited, if content and embeds are removed with the same request.
See https://docs.discord.com/developers/components/using-message-components.
"""

import hashlib
import io
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import discord
from discord import ui

from overheard import ButtonQuestions, File, Image, wording
from overheard_discord import custom_ids, markup
from overheard_discord.layouts import (
    Box,
    Menu,
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
        digest = int(self.post.removeprefix(POST_ID_PREFIX), 16)
        low_bits = _ID_BITS - _NUMBER_BITS
        low = digest % (1 << low_bits) << _NUMBER_BITS
        return _MARKED | digest >> low_bits, _MARKED | low | self.number

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
    high, low = (component_id & (_MARKED - 1) for component_id in ids)
    digest = high << (_ID_BITS - _NUMBER_BITS) | low >> _NUMBER_BITS
    number = low & ((1 << _NUMBER_BITS) - 1)
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

        A page with components that Discord refuses is sent as embeds. Files that are too large for
        the server are left out, which a line says.

        Args:
            page: The content.
            send_message: Sends a message, with the arguments of discord.py's ``send``.
            mark: The mark that the message carries, or None for none.

        Raises:
            discord.HTTPException: when Discord refuses the message for another reason.
        """

        def components(page: MessagePage) -> dict[str, Any]:
            return {"view": self._layout(page, mark), **_uploads(page, "files")}

        def embeds(page: MessagePage) -> dict[str, Any]:
            view = {"view": self._buttons(page)} if page.rows else {}
            return {"embeds": _embeds(page, mark), **_uploads(page, "files"), **view}

        return await self._call_with_page(page, send_message, components, embeds)

    async def edit(
        self,
        page: MessagePage,
        edit_message: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None = None,
        *,
        has_components: bool = False,
    ) -> Sent:
        """Replace all content of a message by a page, and return what `edit_message` returns.

        A page with components that Discord refuses is shown as embeds, unless the message shows
        components already: Discord never turns these into embeds. Files that are too large for the
        server are left out, which a line says.

        Args:
            edit_message: Edits the message, with the arguments of discord.py's ``edit``.
            mark: The mark that the message carries afterwards, or None for none.
            has_components: Whether the message is known to show components.

        Raises:
            discord.HTTPException: when Discord refuses the edit for another reason.
        """

        def components(page: MessagePage) -> dict[str, Any]:
            view = self._layout(page, mark)
            return {"content": None, "embeds": [], "view": view, **_uploads(page, "attachments")}

        def embeds(page: MessagePage) -> dict[str, Any]:
            view = self._buttons(page) if page.rows else None
            shown = {"content": None, "embeds": _embeds(page, mark), "view": view}
            return shown | _uploads(page, "attachments")

        return await self._call_with_page(
            page, edit_message, components, components if has_components else embeds
        )

    async def _call_with_page(
        self,
        page: MessagePage,
        send_or_edit: Callable[..., Awaitable[Sent]],
        components: Callable[[MessagePage], dict[str, Any]],
        embeds: Callable[[MessagePage], dict[str, Any]],
    ) -> Sent:
        """Call a function of discord.py with a page, and return its result.

        The page is passed as components or, once Discord has refused components and has taken
        embeds instead, as embeds. That is remembered in `takes_components` for all later pages. If
        Discord says that the files are too large, the page is passed again without files.

        Args:
            components: Returns the function's arguments that show a page as components.
            embeds: Returns the function's arguments that show a page as embeds.

        Raises:
            discord.HTTPException: when Discord refuses the message for another reason.
        """
        arguments = components if self.takes_components else embeds
        try:
            return await send_or_edit(**arguments(page))
        except discord.HTTPException as error:
            if error.status == TOO_LARGE_STATUS and page.files:
                return await self._call_with_page(
                    page.without_files(), send_or_edit, components, embeds
                )
            is_refused_form = (error.status, error.code) == (400, REFUSED_FORM_CODE)
            if arguments is embeds or not is_refused_form:
                raise
            log.warning("Discord refuses components: %s", wording.line(error.text))
        sent = await send_or_edit(**embeds(page))
        self.takes_components = False
        return sent

    def _layout(self, page: MessagePage, mark: MessageMark | None) -> ui.LayoutView:
        """Return a page as discord.py's view of components, and remember its buttons' questions.

        Args:
            mark: The mark, which the ids of the first container and of the first component in it
                carry; None leaves all ids to Discord.
        """
        view = ui.LayoutView(timeout=None)
        builder = _Builder(self.questions)
        for index, box in enumerate(page.boxes):
            own_id, first_id = mark.ids if mark and index == 0 else (None, None)
            view.add_item(builder.container(box, own_id, first_id))
        view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
        return view

    def _buttons(self, page: MessagePage) -> ui.View:
        """Return discord.py's view with the rows of buttons and menus of a page that is shown as
        embeds, and remember the buttons' questions.
        """
        view, builder = ui.View(timeout=None), _Builder(self.questions)
        for number, row in enumerate(page.rows):
            for item in builder.items(row):
                item.row = number
                view.add_item(item)
        view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
        return view


class _Builder:
    """Builds discord.py's components for one message, and numbers its pictures, files and menus.

    The numbers make the names of attachments and the custom ids of menus unique in the message.

    Args:
        questions: Keeps the questions of the buttons and menu entries that have one.
    """

    def __init__(self, questions: ButtonQuestions) -> None:
        self._questions = questions
        self._pictures = self._files = self._menus = 0

    def container(self, box: Box, own_id: int | None, first_id: int | None) -> ui.Container[Any]:
        """Return a container with a component for each piece of a box.

        Args:
            box: A card, or the part of it that a message has room for; with at least one piece.
            own_id: The id of the container; None leaves it to Discord.
            first_id: The id of the container's first component; None leaves it to Discord.
        """
        children = [self._component(piece) for piece in box.pieces]
        if first_id is not None:
            children[0].id = first_id
        return ui.Container(*children, accent_colour=box.color, id=own_id)

    def items(self, row: Row | Menu) -> list[ui.Item[Any]]:
        """Return the buttons of a row, or a menu."""
        if isinstance(row, Menu):
            return [self._menu(row)]
        return [custom_ids.button(action, self._questions) for action in row.actions]

    def _component(self, piece: Piece) -> ui.Item[Any]:
        """Return the component that shows a piece of a card.

        A picture or file is named as an attachment of the message. A text with a button becomes a
        section, and buttons or a menu become a row.
        """
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
        url = f"attachment://{picture_name(self._pictures)}"
        return ui.MediaGallery(discord.MediaGalleryItem(url, description=_alternative_text(image)))

    def _menu(self, menu: Menu) -> ui.Select[Any]:
        self._menus += 1
        return custom_ids.menu(menu, self._menus, self._questions)


def _embeds(page: MessagePage, mark: MessageMark | None) -> list[discord.Embed]:
    """Return a page as embeds, one for each container: its texts and its last picture.

    Buttons, menus, files and further pictures are left out, because an embed cannot show them.

    Args:
        page: The page, with at least one container if there is a mark.
        mark: The mark, which the address of the first embed carries; None for none.
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
    """Return the pictures and then the files of a page as discord.py's argument for uploads.

    Each has the name by which the page's components refer to it, and its alternative text.

    Args:
        name: The name of the argument, ``files`` or ``attachments``: the only key of the result.
    """
    pictures = [
        discord.File(
            io.BytesIO(image.png),
            filename=picture_name(number),
            description=_alternative_text(image),
        )
        for number, image in enumerate(page.images, 1)
    ]
    files = [
        discord.File(
            io.BytesIO(file.content),
            filename=attached_name(file, number),
            description=_alternative_text(file),
        )
        for number, file in enumerate(page.files, 1)
    ]
    return {name: [*pictures, *files]}


def _alternative_text(shown: Image | File) -> str:
    """Return the alternative text of a picture or file, cut to Discord's limit; else "Chart"."""
    return markup.cut(wording.printable(shown.alt), DISCORD.alt) or "Chart"
