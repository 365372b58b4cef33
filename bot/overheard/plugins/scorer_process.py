"""The child process in which third-party scorers read answers.

A scorer is code that runs on the words of a model: one slow regular expression would hold the whole
program. The child is started with the first reading, killed when a reading takes too long, limited
in memory, and restarted. It is sent pickles of our own objects, and answers in JSON, because a
pickle from a process that has run foreign code could run code here.
"""

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import RLock
from time import monotonic
from typing import Any

from overheard.domain import Reading, Score
from overheard.plugins.guard import late_problem
from overheard.plugins.validation import Nonsense, ScorerReply, read_reply
from overheard.plugins.watchdog_child import leave_out

SCORE_TIMEOUT_S = 10.0
"""Seconds that a scorer may take for one reading; the next reading after a late one has half of
it."""
START_TIMEOUT_S = 30.0
"""Seconds that the child may take to start and to import a plugin."""
EXIT_TIMEOUT_S = 0.5
"""Seconds that a child whose connection is closed has to end by itself."""
MIN_MEMORY_BYTES, MAX_MEMORY_BYTES = 2**30, 2**32
"""The address space that the child may have is half of the machine's memory, within these."""
MAX_REPLY_BYTES = 64 * 2**20

_CHILD = "overheard.plugins.scorer_child"


@dataclass(frozen=True, slots=True)
class PluginLocation:
    """Where the child finds the scorers of a plugin.

    Attributes:
        point: The entry point of the plugin.
        distribution: What it was installed with.
        tables: The plugin's ``[scorers.*]`` tables.
        file: The file that these come from, for messages.
        version: The version of what it was installed with.
        left_out: The file with the plugins that the next start leaves out.
    """

    point: EntryPoint
    distribution: str
    tables: Mapping[str, Mapping[str, Any]]
    file: str
    version: str
    left_out: Path


@dataclass(frozen=True, slots=True)
class ScorerRequest:
    """A request to the child.

    Attributes:
        path: The folders to import from.
        scorer: The scorer's name.
        groups: The readings of each answer.
    """

    path: Sequence[str]
    origin: PluginLocation
    scorer: str
    groups: Sequence[Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why a scorer gave no scores for an answer.

    Attributes:
        text: The rest of a sentence that begins with the scorer, such as
            ``fails (RuntimeError)``. It comes from foreign code.
        late: Whether the scorer took too long.
    """

    text: str
    late: bool = False


GroupScores = list[Sequence[Score]]
"""The scores of each reading of an answer."""


class ScorerProcess:
    """One child process for the scorers of all plugins; it reads for one scorer at a time."""

    def __init__(self) -> None:
        """Begin without a child, which starts with the first request."""
        self._worker: ThreadPoolExecutor | None = None
        self._lock = RLock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._received = bytearray()
        self.late: dict[str, set[str]] = {}
        """The scorers whose last reading was late, by plugin."""

    async def score(
        self, origin: PluginLocation, scorer: str, groups: Sequence[Sequence[Reading]]
    ) -> list[GroupScores | Problem]:
        """Score answers in the child process, which is started if it does not run. Calls are
        carried out one after another, in a thread.

        Args:
            origin: The plugin that has the scorer.
            scorer: The scorer's name.
            groups: At least one answer; the readings of each, one for each brand.

        Returns:
            The scores of each answer, or the problem, in the order of the answers. A problem that
            ended the child, or kept the scorer from being loaded, is the last result: the answers
            after it have none. There is at least one result.
        """
        if self._worker is None:  # one thread: the child's parent, and its queue
            self._worker = ThreadPoolExecutor(1, "scorers")
        return await asyncio.get_running_loop().run_in_executor(
            self._worker, self._score_in_child, ScorerRequest(sys.path, origin, scorer, groups)
        )

    def close(self) -> None:
        """Kill the child and all processes of its group. A request under way and later requests
        have a problem as result; waiting requests are cancelled.
        """
        self._closed = True
        self._kill(0)
        if self._worker is not None:
            self._worker.shutdown(wait=False, cancel_futures=True)

    def _score_in_child(self, request: ScorerRequest) -> list[GroupScores | Problem]:
        """Send a request to the child, wait for the results, and return them as `score` does; the
        calling thread is blocked.

        A child that is late or sends nonsense is killed, and so is what is left of one that has
        ended: that problem is the last result. A plugin whose scorer is late again and computes
        is left out at the next start. A scorer that cannot be loaded gives one result, the
        problem.
        """
        results: list[GroupScores | Problem] = []
        late = set[str]()  # forgotten if the start is late, as it is on a busy machine
        try:
            self._send_request(request)
            if problem := self._received_reply(START_TIMEOUT_S).problem:
                return [Problem(problem)]
            late = self.late.setdefault(request.origin.point.name, set())
            for group in request.groups:
                timeout_s = SCORE_TIMEOUT_S / (2 if request.scorer in late else 1)
                results.append(self._receive_group(len(group), timeout_s))
                late.discard(request.scorer)
        except TimeoutError as timeout:
            problem = str(timeout)
            if request.scorer in late and self._is_busy():
                origin, problem = request.origin, f"{timeout} and kept its process busy"
                leave_out(origin.left_out, origin.point.name, origin.version, problem)
                problem += ", so the next start leaves its plugin out"
            late.add(request.scorer)
            results.append(Problem(problem, late=True))
            self._kill(0)
        except Nonsense as nonsense:
            results.append(Problem(f"fails ({nonsense})"))
            self._kill(0)
        except OSError:
            results.append(Problem(self._kill()))
        return results

    def _is_busy(self) -> bool:
        """Return whether the child is computing; False where the system does not say so."""
        with suppress(OSError, AttributeError):
            status = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")  # type: ignore[union-attr] # see above
            return status.rpartition(")")[2].split()[0] == "R"
        return False

    def _receive_group(self, readings: int, timeout_s: float) -> GroupScores | Problem:
        """Receive the scores of an answer with a number of readings, or the first problem among
        them; after a problem the child sends no further reply for this answer.
        """
        scores: GroupScores = []
        for _ in range(readings):
            reply = self._received_reply(timeout_s)
            if reply.problem:
                return Problem(reply.problem)  # the child goes on with the next answer
            scores.append(reply.scores)
        return scores

    def _send_request(self, request: ScorerRequest) -> None:
        """Send a request to the child, which is started if it does not run: 8 bytes of length, then
        a pickle.
        """
        with self._lock:
            if self._closed:
                raise ConnectionError
            connection = self._connected()
        connection.settimeout(START_TIMEOUT_S)
        try:
            message = pickle.dumps(request)
            connection.sendall(len(message).to_bytes(8) + message)
        except TimeoutError:
            raise self._late_error(START_TIMEOUT_S) from None

    def _received_reply(self, timeout_s: float) -> ScorerReply:
        """Receive a line from the child and return it as a reply; what follows the line is kept for
        the next call.
        """
        connection, deadline = self._socket, monotonic() + timeout_s
        while b"\n" not in self._received:
            if connection is None:
                raise ConnectionError
            if len(self._received) > MAX_REPLY_BYTES:
                raise Nonsense("its process sends too much")
            connection.settimeout(max(0.001, deadline - monotonic()))
            try:
                part = connection.recv(2**16)
            except TimeoutError:
                raise self._late_error(timeout_s) from None
            if not part:
                raise ConnectionError
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        return read_reply(bytes(line))

    def _late_error(self, timeout_s: float) -> OSError:
        """Return the error for a missing reply: a timeout, or a lost connection when the child has
        ended.
        """
        ended = self._process is not None and self._process.poll() is not None
        return ConnectionError() if ended else TimeoutError(late_problem(timeout_s))

    def _connected(self) -> socket.socket:
        """Return the socket to the child; start a child when none runs, also when the last one has
        ended.

        The child gets the other end of the socket, is limited in memory, and has a session and a
        process group of its own.
        """
        if self._process is not None and self._process.poll() is not None:
            self._kill()  # the child has ended between two requests
        if self._socket is None:
            parent_end, child_end = socket.socketpair()
            # -P: a file in the working folder must not take a module's place.
            command = [sys.executable, "-P", "-m", _CHILD]
            arguments = [str(child_end.fileno()), str(_memory_limit()), str(os.getpid())]
            with child_end:
                self._process = subprocess.Popen(  # noqa: S603 - no word of it comes from outside
                    [*command, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[child_end.fileno()],
                    start_new_session=True,
                )
            self._socket = parent_end
            self._received = bytearray()
        return self._socket

    def _kill(self, patience_s: float = EXIT_TIMEOUT_S) -> str:
        """Kill the child and all processes of its group, and return how the child ended, as the
        rest of a sentence that begins with the scorer.

        Such as ``ended its process (exit status 1)``. Without a child nothing happens, and the
        words are ``is not asked any more``.
        """
        with self._lock:
            process, connection = self._process, self._socket
            self._process = self._socket = None
        if process is None or connection is None:
            return "is not asked any more"
        connection.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
        by_itself = process.returncode is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return f"ended its process ({how})" if by_itself else "closed the connection of its process"


def _memory_limit() -> int:
    """Return how many bytes of address space the child may have: half of the machine's memory, from
    `MIN_MEMORY_BYTES` (also when the memory is unknown) to `MAX_MEMORY_BYTES`.
    """
    memory = 0
    with suppress(ValueError, OSError):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min(MAX_MEMORY_BYTES, max(MIN_MEMORY_BYTES, memory // 2))
