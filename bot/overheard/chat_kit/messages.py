"""Messages of a card: pieces packed into messages, and messages replaced by others."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Piece = TypeVar("Piece")
Page = TypeVar("Page")
Sent = TypeVar("Sent")


def packed(
    cards: Iterable[Sequence[Piece]], fits: Callable[[Sequence[Piece]], bool]
) -> Iterator[list[Piece]]:
    """Yield the pieces of cards, in order, as groups that each fit into one message.

    A card that does not fit below those before it begins a new group. One that is too long for a
    message is split between its pieces; a piece that fits nowhere is a group of its own.
    """
    group: list[Piece] = []
    for pieces in cards:
        if group and not fits([*group, *pieces]):
            yield group
            group = []
        for piece in pieces:
            if group and not fits([*group, piece]):
                yield group
                group = []
            group.append(piece)
    if group:
        yield group


async def replace_messages(
    sent: list[Sent],
    pages: Sequence[Page],
    put: Callable[[int, Page, Sent | None], Awaitable[Sent]],
    delete: Callable[[Sent], Awaitable[object]],
) -> None:
    """Show pages in place of those that messages have shown: edit these, send or delete others.

    Args:
        sent: The messages, first to last; they are those of the new pages afterwards.
        put: Shows a page, whose number from 0 is given, in a message, or in a new one for None.
    """
    for number, page in enumerate(pages):
        old = sent[number] if number < len(sent) else None
        sent[number : number + 1] = [await put(number, page, old)]
    while len(sent) > len(pages):
        await delete(sent[-1])
        sent.pop()


class Recent(OrderedDict[Key, Value]):
    """A dictionary that forgets, above `most` entries, those that were set first.

    It cannot be copied or joined with another.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, key: Key, value: Value) -> None:
        """Set an entry, which is the newest then."""
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self._most:
            self.popitem(last=False)
