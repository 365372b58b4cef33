"""Turns: how many calls a model is given at a time, how many a minute, and when none at all.

One `Limits` serves all runs of a process, so that they share what a service allows fairly.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf

from overheard.cards import wording
from overheard.config.sections import LimitTable
from overheard.domain import FailureKind, Model, RateLimits
from overheard.errors import ModelResting, ProviderFailed
from overheard.interfaces import Provider
from overheard.runs.call import CallCounters
from overheard.runs.retries import Breaker, State

MAX_MODEL_WAIT_S = 600.0
"""Seconds for which a run waits for a model that is paused or left alone."""

BROKEN = frozenset({FailureKind.SERVER, FailureKind.TIMEOUT, FailureKind.CONNECTION})
"""Failures that say that a service is down."""

NO_LIMITS = LimitTable()


@dataclass(frozen=True, slots=True)
class _Waiter:
    turn: asyncio.Future[None]
    tokens: float


class ModelLimiter:
    """Gives turns at one model, or at one provider for all of its models.

    Runs take turns, however many calls each of them waits with. The number of calls under way
    adapts to the service: it is halved when the service says that it is asked too often, and
    grows again by one for each round of answers.

    Attributes:
        name: The model or provider.
        full: How many calls may ever be under way, in all processes together.
        most: How many of these may be in this process.
        allowed: How many may be just now; 1 to `most`.
        under_way: How many are.
        breaker: Whether it is left alone.
        resumes_at: Until when the service asked to be left alone, on the event loop's clock.
    """

    def __init__(self, name: str, most: int, table: LimitTable = NO_LIMITS) -> None:
        self.name = name
        self.full = self.most = table.concurrency or most
        self.allowed = float(self.most)
        self.under_way = 0
        self.breaker = Breaker()
        self.resumes_at = 0.0
        self.requests = Bucket(table.requests_per_minute or inf)
        self.tokens = Bucket(table.tokens_per_minute or inf)
        self._waiting: dict[int, deque[_Waiter]] = {}
        self._seats = 0
        self._lowered_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(self, run_id: int, tokens: float = 0.0) -> AsyncIterator[None]:
        """Wait for a turn, and hold it while the block lasts.

        Args:
            run_id: Whose turn it is.
            tokens: About how many tokens the call will take.

        Raises:
            ModelResting: when none would come for longer than `MAX_MODEL_WAIT_S`.
        """
        waiter = _Waiter(asyncio.get_running_loop().create_future(), tokens)
        self._waiting.setdefault(run_id, deque()).append(waiter)
        self._admit()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.cancelled() or waiter.turn.exception():
                self._admit()
            else:  # the turn came at the same moment
                self._leave()
            raise
        try:
            yield
        finally:
            self._leave()

    def answered(self, limits: RateLimits | None) -> None:
        """Hear that a call was answered, and what the service still allows."""
        self.breaker.succeeded()
        self.allowed = min(self.most, self.allowed + 1 / self.allowed)
        self._learn(limits)

    def failed(self, failure: ProviderFailed, begun: float, wait: float) -> None:
        """Hear that a call failed.

        Args:
            failure: How.
            begun: When the call began, on the event loop's clock.
            wait: Seconds after which it would be tried again.
        """
        now = asyncio.get_running_loop().time()
        self._learn(failure.limits)
        if failure.kind is FailureKind.RATE_LIMIT:
            if begun >= self._lowered_at:  # one that began before says nothing new
                self.allowed, self._lowered_at = max(1.0, self.allowed / 2), now
            self.resumes_at = max(self.resumes_at, now + wait)
            self.breaker.reason = str(failure)
        elif failure.kind in BROKEN:
            self.breaker.failed(str(failure), begun, now)
        self._admit()

    def seat(self, more: int, of: int) -> None:
        """Hold one seat more, or one less, of those that all processes share; see `seats`."""
        self._seats += more
        held = min(max(1, self._seats), of)
        now = asyncio.get_running_loop().time()
        before, self.most = self.most, max(1, self.full * held // of)
        self.allowed = max(1.0, self.allowed * self.most / before)
        self.requests.share(held / of, now)
        self.tokens.share(held / of, now)
        self._admit()

    def rest(self, now: float) -> float:
        """Return for how many seconds no call goes through."""
        return max(0.0, self.resumes_at - now, self.breaker.until - now)

    def _learn(self, limits: RateLimits | None) -> None:
        if limits:
            now = asyncio.get_running_loop().time()
            told = (limits.requests, limits.requests_left, limits.requests_reset)
            self.requests.learn(*told, now)
            self.tokens.learn(limits.tokens, limits.tokens_left, limits.tokens_reset, now)

    def _leave(self) -> None:
        self.under_way -= 1
        self._admit()

    def _admit(self) -> None:
        """Give turns as long as there are any; come back when there will be."""
        now = asyncio.get_running_loop().time()
        if self.rest(now) > MAX_MODEL_WAIT_S:
            self._send_away(self.rest(now))
        while self._waiting and self.under_way < self._room(now):
            run_id, waiters = next(iter(self._waiting.items()))
            first = waiters[0]
            delay = max(self.rest(now), self._delay(first, now))
            if delay and not first.turn.cancelled():
                self._come_back(delay)
                return
            del self._waiting[run_id]
            waiters.popleft()
            if waiters:
                self._waiting[run_id] = waiters  # behind the other runs
            if not first.turn.cancelled():
                self._give(first)

    def _room(self, now: float) -> int:
        return 1 if self.breaker.state(now) is State.HALF_OPEN else int(self.allowed)

    def _delay(self, waiter: _Waiter, now: float) -> float:
        return max(self.requests.delay(1, now), self.tokens.delay(waiter.tokens, now))

    def _give(self, waiter: _Waiter) -> None:
        self.requests.take(1)
        self.tokens.take(waiter.tokens)
        self.under_way += 1
        waiter.turn.set_result(None)

    def _come_back(self, delay: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(delay, self._admit)

    def _send_away(self, rest: float) -> None:
        for waiters in self._waiting.values():
            for waiter in waiters:
                if not waiter.turn.done():
                    waiter.turn.set_exception(
                        ModelResting(
                            model=self.name,
                            wait=wording.duration(rest),
                            reason=self.breaker.reason,
                        )
                    )
        self._waiting.clear()


class Limits:
    """The limiters of all providers and models.

    Args:
        tables: The configured limits, by ``provider`` or ``provider/model``.

    Attributes:
        counters: Of the calls that were admitted.
    """

    def __init__(self, tables: Mapping[str, LimitTable] | None = None) -> None:
        self._tables = tables or {}
        self._limiters: dict[str, ModelLimiter] = {}
        self.counters = CallCounters()

    def limiters(self, provider: Provider, models: Iterable[Model]) -> list[ModelLimiter]:
        """Return the limiters of a provider and of some of its models."""
        return [self.limiter(provider), *(self.limiter(provider, model) for model in models)]

    def limiter(self, provider: Provider, model: Model | None = None) -> ModelLimiter:
        """Return the limiter of a model, or of its provider for all of its models."""
        name = str(model) if model else provider.name
        if name not in self._limiters:
            table = self._tables.get(name, NO_LIMITS)
            self._limiters[name] = ModelLimiter(name, provider.concurrency, table)
        return self._limiters[name]


class Bucket:
    """Fills up steadily, and each call takes some out.

    Args:
        a_minute: What flows in within a minute, which is also all that it holds; infinite
            without a limit.
    """

    def __init__(self, a_minute: float = inf) -> None:
        self._most = self.size = self._level = a_minute
        self._rate = a_minute / 60
        self._at = 0.0
        self._share = 1.0

    def delay(self, amount: float, now: float) -> float:
        """Return in how many seconds there will be so much in it.

        More than it ever holds has to wait until it is full.
        """
        if self.size == inf:
            return 0.0
        self._level = min(self.size, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self.size) - self._level) / self._rate)

    def share(self, share: float, now: float) -> None:
        """Use so much of the limit from now on, more than 0 and up to 1.

        What flows in changes; what others may have used already is not had again.
        """
        self.delay(0, now)
        times, first = share / self._share, self._share == 1.0
        self._share = share
        self._most *= times
        self.size *= times
        self._rate *= times
        self._level = min(0.0 if first and share < 1 else self._level, self.size)

    def take(self, amount: float) -> None:
        """Take some out; it may then hold less than nothing."""
        self._level -= amount

    def learn(
        self, size: float | None, left: float | None, reset: float | None, now: float
    ) -> None:
        """Believe what a service says of its own limit, where that is lower.

        Args:
            size: What it allows in a window.
            left: What is left of that.
            reset: Seconds until it is full again.
            now: The time.
        """
        if size is None or left is None or not 0 < size < inf or not 0 <= left <= size:
            return
        size, left = size * self._share, left * self._share
        self.delay(0, now)
        window = reset if reset and 0 < reset < inf and left < size else 60.0
        self._rate = (size - left) / window if left < size else size / 60
        self.size = min(self._most, size)
        self._level, self._at = min(self._level, left), now
