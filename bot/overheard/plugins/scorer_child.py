"""The child process of scorers: reads requests from a socket and answers with lines of JSON.

It ends when the socket is closed, and when its parent ends, however that came to be.
"""

import asyncio
import inspect
import os
import pickle
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from overheard.hookspecs import PluginSettings
from overheard.interfaces import Scorer
from overheard.plugins.guard import PluginOutput, plugin_problem
from overheard.plugins.registration import Fault, registered_scorers
from overheard.plugins.scorer_process import PluginLocation, ScorerRequest
from overheard.plugins.validation import ScorerReply, validated_scores, written_reply

ORPHAN_LIMIT_S = 60.0
"""Seconds for one reading after which the system ends the process: a parent that lives has killed
it long before that."""

PR_SET_PDEATHSIG = 1
"""Number of Linux's request for a signal when the parent dies (prctl(2))."""


class Child:
    """Reads answers with the scorers that requests name, in the child process.

    Args:
        requests: The stream of requests: 8 bytes of length, then a pickle.
        replies: The socket for replies, a line of JSON each.
    """

    def __init__(self, requests: BinaryIO, replies: socket.socket) -> None:
        """Keep the connection, and send all further output of this process to stderr, redacted."""
        self._requests = requests
        self._replies = replies
        self._pid = os.getpid()
        self._loop = asyncio.Runner()  # one for all: a scorer may keep a connection
        self._scorers: dict[str, dict[str, Scorer]] = {}
        self._secrets: list[str] = []
        sys.stdout = sys.stderr = PluginOutput(sys.__stderr__, self._secrets)  # type: ignore[arg-type] # as much of a stream as is used

    def serve(self) -> None:
        """Answer requests until the connection is closed: read a pickled `ScorerRequest`, and send
        each reply as a line of JSON.

        A copy of this process that a scorer has forked ends here with the exit status 0.

        Raises:
            ConnectionError: when the parent has closed its end while a reply is sent.
        """
        while header := self._requests.read(8):
            request = pickle.loads(self._requests.read(int.from_bytes(header)))  # noqa: S301 - from the process that began this one
            for reply in self._replies_to(request):
                if os.getpid() != self._pid:  # this is a copy, which a scorer has forked
                    os._exit(0)
                self._replies.sendall(written_reply(reply))

    def _replies_to(self, request: ScorerRequest) -> Iterator[ScorerReply]:
        """Yield a reply on whether the scorer was loaded, then a reply for each reading.

        The first reply has a problem if the scorer could not be loaded, and is then the only one.
        After a problem with a reading, the other readings of the same answer are skipped without a
        reply. The import path of this process becomes that of the request.
        """
        sys.path[:] = request.path
        try:
            scorer = self._scorer(request.origin, request.scorer)
        except BaseException as error:  # even an attempt to exit
            reason = (
                str(error)
                if isinstance(error, Fault)
                else plugin_problem(error, self._secrets, request.origin.point.module)
            )
            yield ScorerReply(problem=f"is not ready in its process: {reason}")
            return
        yield ScorerReply()
        together = inspect.iscoroutinefunction(scorer.score)
        for group in request.groups:
            for part in [group] if together else [[reading] for reading in group]:
                replies = self._score_together(scorer, part, request.origin.point.module)
                failed = [reply for reply in replies if reply.problem][:1]
                yield from failed or replies
                if failed:
                    break

    def _scorer(self, origin: PluginLocation, name: str) -> Scorer:
        """Return a scorer of a plugin by its name. At the first use the plugin is imported with its
        tables, and the secrets in these are removed from all later output.
        """
        plugin = origin.point.name
        if plugin not in self._scorers:
            settings = PluginSettings(origin.tables, "scorers", origin.file)
            self._scorers[plugin] = registered_scorers(origin.point, origin.distribution, settings)
            self._secrets += settings.secrets
        return self._scorers[plugin][name]

    def _score_together(
        self, scorer: Scorer, readings: Sequence[Any], module: str
    ) -> list[ScorerReply]:
        """Return a scorer's validated scores of each reading, or the problem, with the plugin's
        module, in words that follow the scorer's name.

        An alarm ends the process after `ORPHAN_LIMIT_S`, in case no parent does.
        """

        async def score(reading: Any) -> ScorerReply:
            try:
                result: Any = scorer.score(reading)
                scores = await result if inspect.isawaitable(result) else result
                return ScorerReply(tuple(validated_scores(scores)))
            except BaseException as error:  # even an attempt to exit
                return ScorerReply(problem=plugin_problem(error, self._secrets, module))

        async def score_all() -> list[ScorerReply]:
            return await asyncio.gather(*map(score, readings))

        signal.setitimer(signal.ITIMER_REAL, ORPHAN_LIMIT_S)
        try:
            return self._loop.run(score_all())
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)


def main() -> None:
    """Serve requests on a socket until it is closed.

    The arguments of the process are the socket's descriptor, the memory limit in bytes, and the
    process id of the parent. Ctrl-C is ignored, prints go to stderr, forked copies close the
    socket, and the process ends when the parent does.
    """
    connection, memory, parent = map(int, sys.argv[1:4])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that began this one
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.set_inheritable(connection, False)
    os.register_at_fork(after_in_child=lambda: os.close(connection))
    os.dup2(2, 1)  # prints go to stderr
    _limit(memory)
    _die_with(parent)
    replies = socket.socket(fileno=connection)
    with suppress(ConnectionError):
        Child(replies.makefile("rb"), replies).serve()


def _limit(memory: int) -> None:
    """Limit the address space to a number of bytes, and write no core files, where possible."""
    with suppress(ImportError, ValueError, OSError):
        import resource  # not on every system

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _die_with(parent: int) -> None:
    """Make the system kill this process when the parent ends, on Linux only; exit if the process
    with the id ``parent`` is not the parent any more, because it has ended already.
    """
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes  # not in every Python

            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit()


if __name__ == "__main__":
    main()
