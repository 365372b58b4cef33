"""Calls in threads of their own: nobody has to wait for one that never ends."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from overheard.plugins.output import inside

Result = TypeVar("Result")


class TooLong(BaseException):
    """A call that nobody waits for any more. No ``except Exception`` of a plugin stops it."""


@dataclass(slots=True)
class Outcome(Generic[Result]):
    """What came of a call: a result, or what was raised."""

    result: Any = None
    error: BaseException | None = None

    def get(self) -> Result:
        """Return the result, or raise what was raised."""
        if self.error is not None:
            raise self.error
        result: Result = self.result
        return result


class Errand(Generic[Result]):
    """A call into a plugin that has begun in a thread of its own.

    The thread is a daemon: one that never ends does not keep the process from ending.
    """

    def __init__(self, call: Callable[[], Result]) -> None:
        self._call = call
        self._outcome: Outcome[Result] = Outcome()
        # A context of its own: a thread has none of its starter's.
        self._thread = threading.Thread(target=copy_context().run, args=(self._work,), daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            with inside():
                self._outcome.result = self._call()
        except BaseException as error:  # even an attempt to exit
            self._outcome.error = error

    def ready(self, patience: float) -> bool:
        """Wait so many seconds, and return whether it has ended."""
        self._thread.join(max(0.0, patience))
        return not self._thread.is_alive()

    def outcome(self, patience: float) -> Outcome[Result]:
        """Wait for its end no longer than so many seconds.

        Raises:
            TooLong: when it takes longer; the thread is told to end.
        """
        if not self.ready(patience):
            interrupt(self._thread)
            raise TooLong
        return self._outcome


def interrupt(thread: threading.Thread) -> None:
    """Have `TooLong` raised in a thread, so that it does not go on using the processor.

    It comes with the thread's next step in Python; one that waits in C, as a sleep does, hears of
    it when it wakes up.
    """
    if thread.ident is not None and thread.is_alive():  # else another may have its number by now
        ident, error = ctypes.c_ulong(thread.ident), ctypes.py_object(TooLong)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, error)
