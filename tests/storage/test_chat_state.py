"""What every store keeps of chats: SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta

from kit.stored_items import NOON
from overheard.domain import PendingConfirmation
from overheard.interfaces import Store

HOUR = timedelta(hours=1)
OPTIONS = {"brands": ("Acme", "Globex"), "repeats": 3, "note": "", "batch": True, "model": None}
ASKED = PendingConfirmation("t1", "check", OPTIONS, "slack", "U1", "Ada", "slack:C1", NOON + HOUR)


async def test_a_request_is_the_first_of_its_chat_once(store: Store) -> None:
    """The same id at another chat is another request."""
    assert await store.chat_state.first_request("slack", "E1", NOON)
    assert not await store.chat_state.first_request("slack", "E1", NOON + HOUR)
    assert await store.chat_state.first_request("discord", "E1", NOON)


async def test_a_command_waits_as_it_was_asked_for(store: Store) -> None:
    """Its options keep their kinds: lists, numbers, truths, and what is empty on purpose."""
    await store.chat_state.add_pending(ASKED)

    assert await store.chat_state.pending("t1") == ASKED
    assert await store.chat_state.pending("t2") is None


async def test_a_command_that_waits_is_taken_once(store: Store) -> None:
    """Of two clicks, one has it."""
    await store.chat_state.add_pending(ASKED)

    assert await store.chat_state.take_pending("t1")
    assert not await store.chat_state.take_pending("t1")
    assert await store.chat_state.pending("t1") is None


async def test_what_is_old_is_forgotten(store: Store) -> None:
    """Requests from before a time, and commands that waited long enough; others stay."""
    await store.chat_state.first_request("slack", "E1", NOON)
    await store.chat_state.first_request("slack", "E2", NOON + HOUR)
    await store.chat_state.add_pending(ASKED)
    await store.chat_state.add_pending(replace(ASKED, token="t2", until=NOON + 2 * HOUR))
    await store.chat_state.forget_requests(NOON + HOUR, NOON + HOUR)

    assert await store.chat_state.first_request("slack", "E1", NOON)
    assert not await store.chat_state.first_request("slack", "E2", NOON)
    assert await store.chat_state.pending("t1") is None
    assert await store.chat_state.pending("t2") is not None
