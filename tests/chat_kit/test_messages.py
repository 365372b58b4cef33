"""Cards as messages: what is packed into one, and what takes the place of an earlier card's."""

import pytest

from overheard.cards import wording
from overheard.chat_kit.messages import Recent, packed, replace_messages


def test_a_card_that_does_not_fit_begins_a_message() -> None:
    """One that is too long for any is split between its pieces."""
    groups = list(packed([["a"], ["bb"], ["cc", "dd", "e"]], lambda g: sum(map(len, g)) <= 3))
    assert groups == [["a", "bb"], ["cc"], ["dd", "e"]]


def test_a_piece_that_fits_nowhere_is_alone() -> None:
    """Nothing is dropped."""
    assert list(packed([["a", "bbbb", "c"]], lambda g: len("".join(g)) <= 3)) == [
        ["a"], ["bbbb"], ["c"],
    ]  # fmt: skip


async def test_messages_are_edited_sent_and_deleted() -> None:
    """As few as a card needs, and in its order."""
    done: list[str] = []

    async def put(number: int, page: str, sent: str | None) -> str:
        done.append(f"{'edit' if sent else 'send'} {page}")
        return sent or f"m{number}"

    async def delete(sent: str) -> None:
        done.append(f"delete {sent}")

    sent: list[str] = []
    for pages in (["a"], ["b", "c", "d"], ["e"]):
        await replace_messages(sent, pages, put, delete)
    assert done == ["send a", "edit b", "send c", "send d", "edit e", "delete m2", "delete m1"]
    assert sent == ["m0"]


def test_the_oldest_entry_is_forgotten() -> None:
    """Setting an entry again makes it the newest."""
    recent: Recent[str, int] = Recent(2)
    for key in ("a", "b", "a", "c"):
        recent[key] = 1
    assert list(recent) == ["a", "c"]


def test_pieces_hold_all_words() -> None:
    """They are split between paragraphs, lines or words, and no character is split."""
    text = "\U0001f680 one two\n\nthree four five"
    pieces = list(wording.pieces(text, 12))
    assert [wording.length(piece) <= 12 for piece in pieces] == [True] * len(pieces)
    assert " ".join(pieces).split() == text.split()


@pytest.mark.parametrize(
    ("text", "limit"), [("\ud800" * 9, 4), ("\ud800ab cd\ud800", 4), ("\U0001f680\U0001f680", 1)]
)
def test_text_is_always_split(text: str, limit: int) -> None:
    """Halves of characters are kept; a character that is longer than the limit is a piece."""
    assert "".join(wording.pieces(text, limit)) == text.replace(" ", "")


def test_no_room_has_no_text() -> None:
    """What is cut to nothing is an ellipsis."""
    assert wording.cut("one two three", 0) == "\N{HORIZONTAL ELLIPSIS}"
