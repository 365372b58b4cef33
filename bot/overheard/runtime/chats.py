"""The chats of a deployment, and their leader election by a lock in the store.

Two processes at one gateway would both receive each command. So another process, started by mistake
or for a new version, waits as a standby and takes over when the leader ends. A leader that shuts
down releases the lock first, and goes on answering while the standby connects. A request that both
receive in that time is answered once: the first to receive it notes it in the store.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from overheard.deployment import Deployment
from overheard.errors import OverheardError
from overheard.interfaces import Chat, Connectable, DarkChat, Desk, DrainingChat
from overheard.interfaces.store import LockRepository

LOCK_RETRY_S = 0.2
"""Seconds between two attempts of a standby to take the lock."""
LEADER_TIMEOUT_S = 0.4
"""Seconds after the release of the lock within which a standby has taken it, if there is one."""
HANDOVER_TIMEOUT_S = 4.0
"""Seconds that a leader that shuts down goes on until the standby has connected."""
COMMAND_TIMEOUT_S = 3.0
"""Seconds that commands under way have after the handover."""
POLL_INTERVAL_S = 0.1
"""Seconds between two checks whether the standby has connected."""


@dataclass(eq=False)
class LeaderChat:
    """A chat that is connected while this process holds its lock.

    Attributes:
        name: The name of the platform.
        locks: The locks of all processes.
        present: The chats that can be posted to, by name; the chat is present while the lock is
            held.
        extend_shutdown: Called with the seconds for which the process must go on to hand over.
    """

    name: str
    chat: Chat
    locks: LockRepository
    present: MutableMapping[str, Chat]
    extend_shutdown: Callable[[float], None] = lambda _: None

    def __post_init__(self) -> None:
        self._leader_lock, self._connected_lock = f"chat {self.name}", f"chat {self.name} connected"

    def is_ready(self) -> bool:
        """Return whether the chat is connected, or this process is a standby."""
        return self.name not in self.present or self._is_connected

    async def run(self, desk: Desk) -> None:
        """Wait for the leader's lock, then run the chat until it ends. While the lock is held, the
        chat can be posted to. When cancelled, the chat is handed over to a standby first.

        Args:
            desk: Serves the requests of the chat.

        Raises:
            HoldLost: when the lock is lost, so that another process may hold it.
            Exception: what the chat raises.
        """
        while True:
            async with AsyncExitStack() as locks:
                if await locks.enter_async_context(self.locks.leader_lock(self._leader_lock)):
                    self.present[self.name] = self.chat
                    try:
                        await self._run_as_leader(desk, locks)
                    finally:
                        del self.present[self.name]
                    return
            await asyncio.sleep(LOCK_RETRY_S)

    async def _run_as_leader(self, desk: Desk, locks: AsyncExitStack) -> None:
        """Run the chat as the leader until it ends, with a sign for standbys while it is connected.

        When cancelled, first remove the sign, release the lock, and let a standby take over; then
        end the chat.
        """
        running = asyncio.create_task(self.chat.run(desk))
        connected_sign = asyncio.create_task(self._signal_connected())
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError as cancelled:
            await _end(connected_sign)
            # A lost lock raises here.
            await locks.__aexit__(type(cancelled), cancelled, cancelled.__traceback__)
            await self._hand_over(running)
            raise
        finally:
            await _end(connected_sign)
            await _end(running)
        running.result()

    async def _signal_connected(self) -> None:
        """Take a second lock once the chat is connected, as a sign for other processes, and hold it
        until cancelled. Another process may have the lock, or the database be away: then it is
        tried again every `POLL_INTERVAL_S`.
        """
        while True:
            if self._is_connected:
                with suppress(OverheardError):  # the database is away
                    async with self.locks.leader_lock(self._connected_lock) as held:
                        if held:
                            await asyncio.Event().wait()
            await asyncio.sleep(POLL_INTERVAL_S)

    async def _hand_over(self, running: asyncio.Task[None]) -> None:
        """Let the chat run on until a standby has connected.

        Without a standby, return after `LEADER_TIMEOUT_S`. Otherwise extend the shutdown, give the
        commands of the chat `COMMAND_TIMEOUT_S` to end, and return when the standby has connected
        or has given up the lock, when the chat ends, or after `HANDOVER_TIMEOUT_S`.
        """
        await asyncio.sleep(LEADER_TIMEOUT_S)
        if not await self._is_held(self._leader_lock):
            return
        self.extend_shutdown(HANDOVER_TIMEOUT_S + COMMAND_TIMEOUT_S)
        if isinstance(self.chat, DrainingChat):
            self.chat.drain_s = COMMAND_TIMEOUT_S
        with suppress(TimeoutError):
            async with asyncio.timeout(HANDOVER_TIMEOUT_S):
                while not running.done() and await self._is_held(self._leader_lock):
                    if await self._is_held(self._connected_lock):
                        return
                    await asyncio.sleep(POLL_INTERVAL_S)

    async def _is_held(self, lock: str) -> bool:
        """Return whether another process holds a lock; a free lock is taken and released."""
        async with self.locks.leader_lock(lock) as free:
            return not free

    @property
    def _is_connected(self) -> bool:
        return not isinstance(self.chat, Connectable) or self.chat.connected


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end; its result or error is not read."""
    task.cancel()
    await asyncio.wait({task})


CLOSE_TIMEOUT_S = 0.5
"""Seconds that a chat has to close its connections."""


@asynccontextmanager
async def opened_chats(deployment: Deployment) -> AsyncIterator[Mapping[str, Chat]]:
    """Provide the chats of a deployment, by name, within the block. They are closed afterwards,
    each within `CLOSE_TIMEOUT_S`; what they raise then is ignored.

    Charts are drawn dark for chats that are dark.
    """
    chats = deployment.plugins.chats
    if chats:  # without one, no start waits for the kinds of charts
        from overheard.cards.charts.renderer import darken

        darken(name for name, chat in chats.items() if isinstance(chat, DarkChat) and chat.dark)
    try:
        yield chats
    finally:
        for chat in chats.values():
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await chat.close()
