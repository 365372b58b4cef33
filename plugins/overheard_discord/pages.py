"""Pages of cards as arguments of discord.py: containers of components.

A message with content or embeds becomes one with components when it is edited, if these are removed
with the same request. See https://docs.discord.com/developers/components/using-message-components.
"""

import hashlib
import io
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import discord
from discord import ui

from overheard import Action, ButtonQuestions, Choice, File, Image, wording
from overheard_discord import custom_ids
from overheard_discord.layouts import MessagePage, Piece, attached_name
from overheard_discord.limits import DISCORD

Sent = TypeVar("Sent")
TOO_LARGE_STATUS = 413
"""The HTTP status for files that are larger than a server takes."""

POST_ID_PREFIX = "overheard-"
POST_ID_DIGITS = 14
"""Hexadecimal digits of a post's id, which are the 56 bits of a `MessageMark`."""
_ID_BITS, _NUMBER_BITS = 30, 4
_MARKED = 1 << _ID_BITS
"""Set in the component ids of a mark; the ids that Discord assigns are small numbers."""


@dataclass(frozen=True, slots=True)
class MessageMark:
    """The identity of a message, which the message carries invisibly.

    Attributes:
        post: The id of the post, from `post_id`; "" for a message without a mark.
        number: The number of the message in its post, from 0.
    """

    post: str
    number: int = 0

    @property
    def ids(self) -> tuple[int, int]:
        """The component ids of the first container and of the first component in it.

        Each has 31 bits, of which the highest says that it is of a mark. The other 60 hold the 56
        bits of the post's id and, last, 4 bits of the message's number.
        """
        bits = int(self.post.removeprefix(POST_ID_PREFIX), 16) << _NUMBER_BITS | self.number
        return _MARKED | bits >> _ID_BITS, _MARKED | bits % _MARKED


def post_id(key: str) -> str:
    """Return the id of the post with a key: a hash that is short enough for a nonce of Discord.

    It is ``overheard-`` and `POST_ID_DIGITS` hexadecimal digits.
    """
    return POST_ID_PREFIX + hashlib.sha256(key.encode()).hexdigest()[:POST_ID_DIGITS]


def read_mark(message: discord.Message) -> MessageMark:
    """Return the mark that a message carries; the `post` of a message without one is ""."""
    container = message.components[0] if message.components else None
    children = getattr(container, "children", ())
    ids = [component.id or 0 for component in (container, *children[:1]) if component]
    if len(ids) < 2 or not all(component_id & _MARKED for component_id in ids):
        return MessageMark("")
    high, low = (component_id % _MARKED for component_id in ids)
    digest, number = divmod(high << _ID_BITS | low, 1 << _NUMBER_BITS)
    return MessageMark(f"{POST_ID_PREFIX}{digest:0{POST_ID_DIGITS}x}", number)


class Presenter:
    """Shows pages in messages.

    Attributes:
        questions: The questions of the buttons that were shown.
    """

    def __init__(self) -> None:
        self.questions = ButtonQuestions()

    async def show(
        self,
        page: MessagePage,
        send_or_edit: Callable[..., Awaitable[Sent]],
        mark: MessageMark | None = None,
        *,
        edits: bool = False,
    ) -> Sent:
        """Show a page in a message, and return what `send_or_edit` returns.

        Files that are too large for the server are left out, which the page then says.

        Args:
            send_or_edit: Takes the arguments of discord.py's ``send`` or ``edit``.
            mark: The identity that the message carries.
            edits: Whether the page takes the place of what a message has shown.

        Raises:
            discord.HTTPException: when Discord refuses the page.
        """
        view, files = self._components(page, mark)
        shown: dict[str, Any] = {"files": files}
        if edits:  # nothing may stand next to components
            shown = {"attachments": files, "content": None, "embeds": []}
        try:
            return await send_or_edit(view=view, **shown)
        except discord.HTTPException as error:
            if error.status != TOO_LARGE_STATUS or not page.files:
                raise
        return await self.show(page.without_files(), send_or_edit, mark, edits=edits)

    def _components(
        self, page: MessagePage, mark: MessageMark | None
    ) -> tuple[ui.LayoutView, list[discord.File]]:
        """Return the components of a page, and the pictures and files in them.

        The mark is the ids of the first container and of the first component in it.
        """
        view: ui.LayoutView = ui.LayoutView(timeout=None)
        files: list[discord.File] = []
        numbers: defaultdict[type, Iterator[int]] = defaultdict(lambda: count(1))
        for box in page.boxes:
            children = [
                self._component(piece, next(numbers[type(piece)]), files) for piece in box.pieces
            ]
            container: ui.Container[Any] = ui.Container(*children, accent_colour=box.color)
            if mark and box is page.boxes[0]:
                container.id, children[0].id = mark.ids
            view.add_item(container)
        view.stop()  # else discord.py keeps the view; clicks are read from the custom ids alone
        return view, files

    def _component(self, piece: Piece, number: int, files: list[discord.File]) -> ui.Item[Any]:
        """Return a piece as a component, and append its picture or file to `files`; `number` is its
        number among the pieces of its kind.
        """
        if isinstance(piece, Image):
            files.append(_attachment(f"chart-{number}.png", piece.png, piece))
            return ui.MediaGallery(discord.MediaGalleryItem(files[-1]))
        if isinstance(piece, File):
            files.append(_attachment(attached_name(piece, number), piece.content, piece))
            return ui.File(files[-1])
        if isinstance(piece, Choice):
            return ui.ActionRow(custom_ids.menu(piece, number, self.questions))
        if isinstance(piece, tuple):
            return ui.ActionRow(*map(self._button, piece))
        text: ui.TextDisplay[Any] = ui.TextDisplay(piece.text)
        return ui.Section(text, accessory=self._button(piece.action)) if piece.action else text

    def _button(self, action: Action) -> ui.Button[Any]:
        return custom_ids.button(action, self.questions.click(action))


def _attachment(name: str, content: bytes, shown: Image | File) -> discord.File:
    """Return a picture or file for discord.py, with its alternative text."""
    alt = wording.cut(wording.printable(shown.alt), DISCORD.alt) or "Chart"
    return discord.File(io.BytesIO(content), name, description=alt)
