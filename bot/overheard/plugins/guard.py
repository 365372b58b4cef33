"""Calls of plugins: with a time-out, no secrets in what they print, one sentence for a fault."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, redirect_stderr, redirect_stdout
from contextvars import ContextVar
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import wraps
from threading import Thread, current_thread
from time import monotonic
from typing import Any, ParamSpec, TextIO, TypeVar, cast

from overheard.cards import wording
from overheard.config.secrets import (
    redacted,
    safe_str,
    shortened,
    without_control_characters,
    without_secrets,
)
from overheard.errors import OverheardError, PluginFault, PluginPaused
from overheard.plugins.validation import Nonsense

MAX_OUTPUT_CHARACTERS = 20_000
"""Characters that all plugins together may write within `OUTPUT_PERIOD_S`; the rest is dropped."""
OUTPUT_PERIOD_S = 3600.0

Given = ParamSpec("Given")
Result = TypeVar("Result")
_STREAMS: deque[tuple[TextIO, TextIO]] = deque(maxlen=100)
"""Streams that were replaced. They must outlive a thread of a plugin that is within ``print``,
which does not keep its stream alive (CPython before 3.14) and would crash the process."""
_IN_PLUGIN: ContextVar[bool] = ContextVar("in_plugin", default=False)


@contextmanager
def plugin_code(*, is_plugin: bool = True) -> Iterator[None]:
    """Mark all code that runs in this task or thread within the block as code of a plugin, or as
    none.
    """
    token = _IN_PLUGIN.set(is_plugin)
    try:
        yield
    finally:
        _IN_PLUGIN.reset(token)


def core_code() -> AbstractContextManager[None]:
    """Mark all code that runs in this task within the block as Overheard's own, which a plugin has
    called.
    """
    return plugin_code(is_plugin=False)


def core_method(
    method: Callable[Given, Awaitable[Result]],
) -> Callable[Given, Coroutine[Any, Any, Result]]:
    """Return an async method that runs as `core_code`, also when a plugin calls it."""

    @wraps(method)
    async def marked(*given: Given.args, **named: Given.kwargs) -> Result:
        with core_code():
            return await method(*given, **named)

    return marked


@contextmanager
def separated_output() -> Iterator[None]:
    """Send the output of plugins to stderr within the block, apart from the output of Overheard."""
    stdout, stderr = _separated()
    with redirect_stdout(stdout), redirect_stderr(stderr):
        yield


def separate_output() -> None:
    """Send the output of plugins, also of their threads, to stderr until the process ends."""
    sys.stdout, sys.stderr = _separated()


def _separated() -> tuple[TextIO, TextIO]:
    """Return streams in place of stdout and stderr; both pass the output of plugins on to
    stderr.

    The present streams are returned if they do that already, and the last such streams if a plugin
    has set stdout or stderr to None. New streams are kept alive in `_STREAMS`.
    """
    if _STREAMS and (sys.stdout is None or sys.stderr is None):
        return _STREAMS[-1]
    present = sys.stdout, sys.stderr
    if all(isinstance(stream, _Separated) for stream in present):
        return present
    plugin_output = PluginOutput(sys.stderr)
    separated = (
        _Separated(sys.stdout, plugin_output, current_thread()),
        _Separated(sys.stderr, plugin_output),
    )
    streams = cast("tuple[TextIO, TextIO]", separated)
    _STREAMS.append(streams)
    return streams


class _Separated:
    """A stream for Overheard's own output, which passes the output of plugins on to another stream.

    Args:
        thread: The only thread of Overheard that writes here, if that is known; any other thread
            is then one of a plugin.
    """

    def __init__(self, core: TextIO, plugins: PluginOutput, thread: Thread | None = None) -> None:
        self._core = core
        self._plugins = plugins
        self._thread = thread

    def __getattr__(self, name: str) -> Any:
        foreign = self._thread is not None and current_thread() is not self._thread
        return getattr(self._plugins if foreign or _IN_PLUGIN.get() else self._core, name)


class PluginOutput:
    """A text stream for the output of plugins, redacted and limited.

    Args:
        stderr: The stream that receives the text.
        secrets: Values to remove, in addition to those of the environment.
    """

    def __init__(self, stderr: TextIO, secrets: Collection[str] = ()) -> None:
        self._stderr = stderr
        self._secrets = secrets
        self._since = monotonic()
        self._left = MAX_OUTPUT_CHARACTERS

    def write(self, text: str) -> int:
        """Write a text without secrets and control characters, as far as the
        `MAX_OUTPUT_CHARACTERS` of this `OUTPUT_PERIOD_S` allow.

        The rest is dropped. The first text that exceeds the limit is followed by a line that says
        so.

        Returns:
            The length of the whole text, as streams do.
        """
        if monotonic() - self._since > OUTPUT_PERIOD_S:
            self._since, self._left = monotonic(), MAX_OUTPUT_CHARACTERS
        if self._left > 0:
            # Cut late, so that no secret is cut in two at the limit and shown by half.
            shown = without_secrets(text[: 2 * MAX_OUTPUT_CHARACTERS], self._secrets)
            self._stderr.write(without_control_characters(shown[: self._left]))
            self._left -= len(text)
            if self._left <= 0:
                limit = f"Plugins have written more than {MAX_OUTPUT_CHARACTERS:,} characters"
                self._stderr.write(f"\n{limit}; what they write in this hour is left out.\n")
        return len(text)

    def close(self) -> None:
        """Keep the stream open: other code writes to stderr too."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stderr, name)


ASK = "ask its author, or remove it"
"""The remedy for a fault that only a plugin's author can mend."""
REPORT = "report it to the authors of Overheard"
"""The remedy for a fault of a built-in plugin."""
MAX_TEXT_CHARACTERS = 20_000
"""Characters of what a plugin says in place of a result."""
MAX_FAULTS = 5
"""Faults in a row after which a part is paused."""
MAX_LATE = 2
"""The same for calls that took too long, because each is waited for."""
PAUSE_S = 600.0
"""Seconds of a pause; after it one call is tried."""
MAX_NOTICES = 100
"""Notices that wait to be delivered; further ones are only logged."""
LOOP_HELD_LIMIT_S = 5.0
"""Seconds for which a call may hold up the event loop; longer counts as being late."""

log = logging.getLogger("overheard")


def remedy_of(part: object) -> str:
    """Return the remedy for a fault of a provider or scorer, as the end of a sentence."""
    return str(getattr(part, "remedy", REPORT))


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence for the administrators' channels.

    Attributes:
        plugin: The plugin that it is about, or an empty string.
    """

    text: str
    plugin: str = ""


class Notices:
    """Queue of notices from guards to the administrators' channels.

    Attributes:
        faults: Number of failed calls by plugin.
    """

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self._waiting: asyncio.Queue[Notice] = asyncio.Queue(MAX_NOTICES)

    def add(self, notice: Notice) -> None:
        """Queue a notice, unless `MAX_NOTICES` are waiting."""
        if not self._waiting.full():
            self._waiting.put_nowait(notice)

    async def next(self) -> Notice:
        """Wait for the next notice and take it from the queue."""
        return await self._waiting.get()


@dataclass(eq=False)
class Guard:
    """Calls one part of a plugin, and pauses a part that keeps failing.

    Attributes:
        part: The part as sentences begin, such as ``The scorer acme``.
        max_faults: Faults in a row after which the part is paused; None for never.
        now: A monotonic clock in seconds.
        plugin: Name of the plugin.
        module: Name of the plugin's module, for the text of a fault; empty to leave it out.
        remedy: The remedy for a fault.
        secrets: Values to remove from the texts of errors.
        notices: Receives one notice for each pause; without them it is only logged.
    """

    part: str
    max_faults: int | None = MAX_FAULTS
    now: Callable[[], float] = time.monotonic
    _: KW_ONLY
    plugin: str = ""
    module: str = ""
    remedy: str = ASK
    secrets: Collection[str] = field(default=(), repr=False)
    notices: Notices | None = None

    def __post_init__(self) -> None:
        self.resume()

    @property
    def pause(self) -> str:
        """The sentence that says why the part is paused; empty when it is not paused."""
        return str(self.paused() or "")

    def resume(self) -> None:
        """Forget all faults, so that the next call is made."""
        self._faults = self._late = 0
        self._until = 0.0
        self._last = ""
        self._noticed = False

    async def call(
        self,
        work: Callable[[], Awaitable[Result]],
        timeout_s: float | None,
        *,
        passing: tuple[type[OverheardError], ...] = (),
    ) -> Result:
        """Call a plugin on the event loop, and return the result.

        The call runs in a task of its own, which is cancelled after the timeout and when the caller
        is cancelled; nothing waits for a task that ignores this. A success ends the count of
        faults. A fault is counted and may pause the part; an error of ``passing`` is not counted.

        Args:
            work: Makes the call.
            timeout_s: Seconds that the call may take, or None for no limit.
            passing: Classes of errors that are not the plugin's fault and are raised unchanged.

        Raises:
            PluginFault: when the call fails or takes too long. The text of a foreign error is left
                out.
            PluginPaused: when the part is paused; the call is not made.
            OverheardError: an error of ``passing``.
        """
        if paused := self.paused():
            raise paused
        steps = _Steps(work)
        task = asyncio.ensure_future(steps)
        try:
            await asyncio.wait({task}, timeout=timeout_s)
        finally:
            if not task.done():
                task.cancel()
        if not task.done():
            raise self.fault(late_problem(timeout_s), late=True)
        outcome = task.result()
        if isinstance(outcome.error, passing):
            raise outcome.error
        if outcome.error is not None:
            raise self.fault(self.problem(outcome.error)) from None
        if steps.longest_s < LOOP_HELD_LIMIT_S:
            self.resume()
        else:
            self.fault(f"held up everything else for {steps.longest_s:.0f} s", late=True)
        result: Result = outcome.result
        return result

    def problem(self, error: BaseException) -> str:
        """Return an error of the plugin's code as `plugin_problem` words it."""
        return plugin_problem(error, self.secrets, self.module)

    def shown(self, words: object) -> str:
        """Return a text of the plugin as a message may show it: redacted, printable and short."""
        return shortened(without_control_characters(redacted(safe_str(words), self.secrets)))

    def shown_lines(self, text: str) -> str:
        """Return a text of several lines as a message may show it: redacted, printable, and cut to
        `MAX_TEXT_CHARACTERS`.
        """
        shown = without_control_characters(without_secrets(text, self.secrets))
        return shown[:MAX_TEXT_CHARACTERS]

    def shown_details(self, error: OverheardError) -> dict[str, str]:
        """Return the details of a plugin's error by name, each redacted, printable and short."""
        return {key: self.shown(value) for key, value in error.details.items()}

    def paused(self) -> PluginPaused | None:
        """Return the error for a call of a paused part; None when the part is not paused."""
        return self._pause_fault() if self.now() < self._until else None

    def fault(self, problem: str, *, late: bool = False) -> PluginFault:
        """Count a fault, pause the part after too many faults, and return the fault as an error.

        After `max_faults` faults in a row, or `MAX_LATE` calls that took too long among them, the
        part is paused for `PAUSE_S`. The pause is logged, and the first call that is late, or each
        of a part that is never paused. Administrators get a notice of the first pause since the
        last success.

        Args:
            problem: The fault, as the rest of a sentence that begins with the part, such as
                ``fails (OSError)``.
            late: Whether the call took too long.
        """
        self._faults += 1
        self._late += late
        self._last = problem
        if self.notices:
            self.notices.faults[self.plugin] += 1
        if self.max_faults is not None and (
            self._faults >= self.max_faults or self._late >= MAX_LATE
        ):
            self._pause()
        fault = PluginFault(part=self.part, problem=f"{problem}; {self.remedy}")
        if late and (self._late == 1 or self.max_faults is None):
            log.warning("%s", fault)
        return fault

    def _pause(self) -> None:
        """Pause the part for `PAUSE_S` from now and log it; add a notice unless one was added since
        the last success.
        """
        self._until = self.now() + PAUSE_S
        pause = self._pause_fault()
        log.warning("%s", pause)
        if self.notices and not self._noticed:
            self.notices.add(Notice(str(pause), self.plugin))
        self._noticed = True

    def _pause_fault(self) -> PluginPaused:
        """Return the error for a call of a paused part, with the number of faults in a row, the
        last of them and the remedy.
        """
        return PluginPaused(
            part=self.part,
            problem=f"is paused for {wording.count(round(PAUSE_S / 60), 'minute')} after "
            f"{wording.count(self._faults, 'fault')} in a row (it {self._last}); {self.remedy}",
        )


@dataclass(slots=True)
class Guards:
    """Makes the guards of one plugin.

    Attributes:
        template: A guard with all that is common to them.
        guards: The list to which each new guard is added.
    """

    template: Guard
    guards: list[Guard] = field(default_factory=list)

    def of(self, part: str, max_faults: int | None = MAX_FAULTS) -> Guard:
        """Return a new guard for a part, such as ``The scorer acme``, and add it to `guards`.

        The part is paused after ``max_faults`` faults in a row; None for never.
        """
        guard = replace(self.template, part=part, max_faults=max_faults)
        self.guards.append(guard)
        return guard


def plugin_problem(error: BaseException, secrets: Collection[str] = (), module: str = "") -> str:
    """Return an error of a plugin's code in words that follow the name of the part, such as
    ``fails (ValueError in overheard_acme)``; without a ``module`` it is not named.

    The text of an `OverheardError` is quoted, redacted and shortened: ``says: no such model``. The
    text of `Nonsense` is given in brackets. For any other error only its class is given, because
    its text may hold a secret.
    """
    words = safe_str(error) if isinstance(error, OverheardError) else ""
    if words:
        return f"says: {shortened(redacted(words, secrets)).rstrip('.')}"
    if isinstance(error, Nonsense):
        return f"fails ({error})"
    return f"fails ({type(error).__name__}{module and f' in {module}'})"


def late_problem(timeout_s: float | None) -> str:
    """Return the words for a call that took too long, as the rest of a sentence that begins with
    the part.
    """
    within = "" if timeout_s is None else f" within {timeout_s:g} s"
    return f"gave no result{within}"


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of a call into a plugin, or the exception that the call raised."""

    result: Any = None
    error: BaseException | None = None


class _Steps:
    """A call into a plugin, which measures its longest step: what runs between two waits."""

    def __init__(self, work: Callable[[], Awaitable[Any]]) -> None:
        self._steps = outcome_of(work).__await__()
        self.longest_s = 0.0

    def __await__(self) -> Generator[Any, None, CallResult]:
        error: BaseException | None = None
        while True:
            begun = monotonic()
            try:
                waits_for = next(self._steps) if error is None else self._steps.throw(error)
            except StopIteration as end:
                outcome: CallResult = end.value
                return outcome
            finally:
                self.longest_s = max(self.longest_s, monotonic() - begun)
            error = None
            try:
                yield waits_for
            except BaseException as thrown:
                error = thrown


async def outcome_of(work: Callable[[], Awaitable[Any]]) -> CallResult:
    """Await a call into a plugin and return its result or its exception; there is no timeout."""
    try:
        with plugin_code():
            return CallResult(await work())
    except BaseException as error:
        return CallResult(error=error)


def call_now(work: Callable[[], Any]) -> CallResult:
    """Make a synchronous call into a plugin and return its result or its exception; there is no
    timeout.
    """
    try:
        with plugin_code():
            return CallResult(work())
    except BaseException as error:
        return CallResult(error=error)
