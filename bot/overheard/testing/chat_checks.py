"""The checks for every chat."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from overheard.cards.card import Action, Card, Field, File, Quote, Table, Tainted
from overheard.interfaces import Chat, Finding

PINGS = ("@everyone", "@here", "@channel", "@all", "<!channel>", "<@U1>")
"""Texts that notify many people on some platform."""
_STRANGE = Tainted(" ".join(PINGS) + " *x* `y` [z](https://evil.example) " + "long " * 400)
_ACTIONS = tuple(Action(f"alerts show {n}", f"Show {n} " + "x" * 80) for n in range(30))
HUGE = Card(
    "T" * 400,
    "x" * 50_000,
    fields=tuple(Field(f"Field {n} " + "y" * 300, _STRANGE) for n in range(30)),
    table=Table(("A", "B"), tuple((f"{n}", _STRANGE) for n in range(60))),
    quotes=tuple(Quote("svc/m-1", _STRANGE) for _ in range(12)),
    actions=_ACTIONS,
    footer="f" * 3_000,
    more=(Card("More", "z" * 5_000, file=File(b"a,b", "table.csv", "text/csv", "f" * 3_000)),),
)
"""A card beyond every platform's limits."""


async def check_chat(
    chat: Chat,
    channel: str,
    *,
    sent: Callable[[], Sequence[object]],
    longest: int,
    pings: Sequence[str] = PINGS,
) -> None:
    """Check that a chat posts once, finds what it posted, keeps to its limits, and pings no person.

    Args:
        chat: Connected to a platform on loopback.
        channel: Where to post.
        sent: Returns what the platform was sent so far, message by message, as text or JSON; a
            part in which the platform reads no markup may be left out.
        longest: How many characters the platform takes in any one text of a message.
        pings: What must never reach the platform as a stranger wrote it; by default what calls
            people together on any platform.

    Raises:
        AssertionError: with what is wrong.
    """
    assert isinstance(chat, Chat), "it lacks a part of a Chat"
    assert chat.name, "it has no name"
    await _check_posting(chat, channel, sent)
    await chat.post(channel, HUGE, key="check-3")
    await chat.post(channel, Card("Said", _STRANGE, quotes=HUGE.quotes[:1]), key="check-4")
    for text in _texts(sent()):
        assert len(text) <= longest, f"a text of {len(text):,} characters is sent"
        for ping in pings:
            problem = f"{ping}, which a stranger wrote, is sent as it is"
            assert ping not in text, f"{problem}: {text[:200]}"
    findings = await chat.examine([channel])
    assert all(isinstance(finding, Finding) for finding in findings), "it examines otherwise"


async def _check_posting(chat: Chat, channel: str, sent: Callable[[], Sequence[object]]) -> None:
    """Check that posts are sent, found by their keys, and edited without a search."""
    message = await chat.post(channel, Card("Title", "Text"), key="check-1")
    assert message, "it returns no id"
    assert len(sent()) == 1, f"one card became {len(sent())} messages"
    assert any("Title" in text for text in _texts(sent())), "the title is not sent"
    assert await chat.find(channel, "check-1") == message, "it does not find what it posted"
    assert await chat.find(channel, "check-2") is None, "it finds what was never posted"
    second = await chat.post(channel, Card("Other"), key="check-2")
    assert await chat.find(channel, "check-2") == second, "it does not find its second post"
    assert await chat.find(channel, "check-1") == message, "a second post hides the first"
    await chat.edit(channel, message, Card("Edited"))  # a chat edits by the id, without a search


def _texts(sent: object) -> Iterator[str]:
    """Yield each text in the sent messages, at any depth of their JSON."""
    if isinstance(sent, str):
        yield sent
    elif isinstance(sent, Mapping):
        for part in sent.values():
            yield from _texts(part)
    elif isinstance(sent, Sequence) and not isinstance(sent, bytes):
        for part in sent:
            yield from _texts(part)
