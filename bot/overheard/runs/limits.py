"""Limits of each model and provider: concurrency, calls and tokens a minute, retries, pauses.

One `Limits` serves all runs of a process, so that they share what a service allows fairly.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from math import inf, isfinite

from overheard.cards import wording
from overheard.config.sections import AskingTable, LimitTable
from overheard.domain import FailureKind, Model, RateLimits
from overheard.errors import ModelResting, ProviderFailed
from overheard.interfaces import Provider
from overheard.provider_kit.transport import MAX_WAIT_S
from overheard.runs.call import CallCounters

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
"""The wait before the second try, and the longest wait, where a service names none."""
TRIPS_AFTER = 5
"""Consecutive failed calls that open the breaker."""
OPEN_TIMES_S = (30.0, 60.0, 900.0)
"""Seconds for which the breaker is open: the first time, the second, and every later time."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed call is repeated: only where a repetition is safe, later each time, and not for
    ever.

    Attributes:
        settings: The most tries, and the deadline in seconds.
        first: Seconds before the second try.
    """

    settings: AskingTable
    first: float = FIRST_WAIT_S

    def wait(self, failure: ProviderFailed, tried: int) -> float:
        """Return the seconds before the next try.

        That is the service's Retry-After, if it is a finite number, 0 or more, but at most
        `MAX_WAIT_S`. Otherwise the wait doubles with each try, from `first` up to `LONGEST_WAIT_S`,
        times a random factor of 0.5 to 1, so that calls that failed together are not repeated
        together.

        Args:
            failure: How the last try failed.
            tried: The number of tries so far; 1 or more.
        """
        retry_after = failure.retry_after
        if retry_after is not None and isfinite(retry_after) and retry_after >= 0:
            return min(retry_after, MAX_WAIT_S)  # a plugin's provider may ask for ever
        longest = min(LONGEST_WAIT_S, self.first * 2.0 ** (tried - 1))
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - not for a secret

    def should_retry(self, failure: ProviderFailed, tried: int, elapsed: float) -> bool:
        """Return whether a failed call may be repeated: the failure is safe to retry, fewer tries
        were made than the settings allow, and the next try begins before the deadline.

        Args:
            failure: How the last try failed.
            tried: The number of tries so far.
            elapsed: Seconds from the start of the first try to the start of the next one.
        """
        has_time = elapsed < self.settings.deadline
        return failure.retryable and tried < self.settings.tries and has_time


class BreakerState(StrEnum):
    """Whether a model may be called."""

    CLOSED = "closed"
    """It may."""
    OPEN = "open"
    """It may not."""
    HALF_OPEN = "half-open"
    """One call at a time, as a trial."""


class Breaker:
    """The circuit breaker of a model: it opens after `TRIPS_AFTER` consecutive failures.

    Failures are those of the service: faults, time-outs, broken connections.

    Attributes:
        reason: The message of the last failure, or an empty string.
        until: When the next call is allowed, on the clock of the event loop; 0 while closed.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.until = 0.0
        self._failures = 0
        self._openings = 0
        self._opened_at = 0.0

    def state(self, now: float) -> BreakerState:
        """Return the state at a time of the event loop's clock."""
        if not self._openings:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.until else BreakerState.HALF_OPEN

    def succeeded(self) -> None:
        """Close the breaker after an answer."""
        self._failures = self._openings = 0
        self.until = 0.0
        self.reason = ""

    def failed(self, reason: str, begun: float, now: float) -> None:
        """Count a failed call; open the breaker at the `TRIPS_AFTER`th consecutive failure, and
        again at each failed trial, for the next of `OPEN_TIMES_S`.

        Args:
            reason: The failure as a sentence.
            begun: When the call began. A call from before the breaker opened is ignored.
            now: The current time. Both times are in seconds of the event loop's clock.
        """
        if self._openings and begun < self._opened_at:
            return
        self._failures += 1
        self.reason = reason
        if self._openings or self._failures >= TRIPS_AFTER:
            self._opened_at = now
            self.until = now + OPEN_TIMES_S[min(self._openings, len(OPEN_TIMES_S) - 1)]
            self._openings += 1


MINUTE_S = 60.0
"""Seconds of a minute."""
MAX_MODEL_WAIT_S = 600.0
"""Seconds for which a run waits for a model whose calls are paused or whose breaker is open."""

BROKEN = frozenset({FailureKind.SERVER, FailureKind.TIMEOUT, FailureKind.CONNECTION})
"""Failures after which a service may be down."""

NO_LIMITS = LimitTable()


@dataclass(frozen=True, slots=True)
class _Waiter:
    turn: asyncio.Future[None]
    tokens: float
    calls: int


class ModelLimiter:
    """Limits the concurrency and the rate of calls to one model, or to one provider.

    A caller waits for a turn. Runs take turns, however many calls of each are waiting. The
    concurrency adapts to the service: it is halved at a 429, and grows again by one for each round
    of answers.

    Args:
        name: The model or provider, as errors name it.
        most: The largest concurrency where ``table`` sets none.
        table: The configured limits of the model or provider; what it does not set is unlimited.

    Attributes:
        name: The model or provider.
        full: The largest concurrency over all processes.
        most: The largest concurrency in this process.
        allowed: The concurrency at present; 1 to `most`.
        under_way: The number of calls under way in this process.
        breaker: The circuit breaker.
        resumes_at: The end of the wait that the service asked for, in seconds of the event loop's
            clock.
    """

    def __init__(self, name: str, most: int, table: LimitTable = NO_LIMITS) -> None:
        """Begin with the largest concurrency, full rate limits, a closed breaker and no waiting
        calls.
        """
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
    async def turn(self, run_id: int, tokens: float = 0.0, calls: int = 1) -> AsyncIterator[None]:
        """Wait for a turn to make a call, or the calls of a conversation one after another, and
        hold the turn while the block lasts.

        Runs with waiting calls get turns alternately, and the calls of one run in their order. The
        end of the block, or a cancelled wait, lets the next call have the turn.

        Args:
            tokens: The estimated tokens of all its calls, for the limit of tokens a minute.
            calls: The number of calls, for the limit of requests a minute.

        Raises:
            ModelResting: when calls are paused for longer than `MAX_MODEL_WAIT_S`.
        """
        waiter = _Waiter(asyncio.get_running_loop().create_future(), tokens, calls)
        self._waiting.setdefault(run_id, deque()).append(waiter)
        self._admit_calls()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.cancelled() or waiter.turn.exception():
                self._admit_calls()
            else:  # the turn came at the same moment
                self._end_turn()
            raise
        try:
            yield
        finally:
            self._end_turn()

    def answered(self, limits: RateLimits | None) -> None:
        """Record an answered call: close the breaker, let the concurrency grow by 1 for each round
        of answers, up to `most`, and adopt the limits that the service reported, if any.
        """
        self.breaker.succeeded()
        self.allowed = min(self.most, self.allowed + 1 / self.allowed)
        self._learn_limits(limits)

    def failed(self, failure: ProviderFailed, begun: float, wait: float) -> None:
        """Record a failed call, and adopt the limits that the service reported with it.

        - Too many requests (429): halve the concurrency, to 1 at least, unless the call began
          before the last halving; pause all calls for ``wait`` seconds, with the failure as the
          reason.
        - A fault of the service (`BROKEN`): count the failure in the breaker.
        - Any other failure changes nothing else.

        Then waiting calls get turns as far as the limits allow.

        Args:
            begun: When the call began, in seconds of the event loop's clock.
            wait: Seconds before the next try.
        """
        now = asyncio.get_running_loop().time()
        self._learn_limits(failure.limits)
        if failure.kind is FailureKind.RATE_LIMIT:
            if begun >= self._lowered_at:  # an earlier call is covered by that halving
                self.allowed, self._lowered_at = max(1.0, self.allowed / 2), now
            self.resumes_at = max(self.resumes_at, now + wait)
            self.breaker.reason = str(failure)
        elif failure.kind in BROKEN:
            self.breaker.failed(str(failure), begun, now)
        self._admit_calls()

    def add_seats(self, change: int, total: int) -> None:
        """Change the number of seats that this process holds, and with it the process's share of
        the concurrency and of the rate limits.

        The share is the held seats divided by ``total``, from one seat's share to 1. The present
        concurrency changes in proportion, to 1 at least.

        Args:
            change: 1 for one more seat, -1 for one fewer.
            total: The number of seats that all processes have together.
        """
        self._seats += change
        held = min(max(1, self._seats), total)
        now = asyncio.get_running_loop().time()
        before, self.most = self.most, max(1, self.full * held // total)
        self.allowed = max(1.0, self.allowed * self.most / before)
        self.requests.use_share(held / total, now)
        self.tokens.use_share(held / total, now)
        self._admit_calls()

    def rest(self, now: float) -> float:
        """Return the seconds until a call is allowed again; 0 when a call is allowed now."""
        return max(0.0, self.resumes_at - now, self.breaker.until - now)

    def _learn_limits(self, limits: RateLimits | None) -> None:
        """Adopt the rate limits that the service reported; None reports none."""
        if limits:
            now = asyncio.get_running_loop().time()
            self.requests.learn(limits.requests, limits.requests_left, limits.requests_reset, now)
            self.tokens.learn(limits.tokens, limits.tokens_left, limits.tokens_reset, now)

    def _end_turn(self) -> None:
        self.under_way -= 1
        self._admit_calls()

    def _admit_calls(self) -> None:
        """Give turns to waiting calls as far as the limits allow, one call of each run in turn.

        When calls are paused or a rate limit is reached, a timer calls this function again. When
        calls are paused for longer than `MAX_MODEL_WAIT_S`, all waiting calls are rejected.
        Cancelled calls are dropped.
        """
        now = asyncio.get_running_loop().time()
        if self.rest(now) > MAX_MODEL_WAIT_S:
            self._reject_waiting(self.rest(now))
        is_trying = self.breaker.state(now) is BreakerState.HALF_OPEN
        most_under_way = 1 if is_trying else int(self.allowed)
        while self._waiting and self.under_way < most_under_way:
            run_id, waiters = next(iter(self._waiting.items()))
            first = waiters[0]
            waits = self.requests.delay(first.calls, now), self.tokens.delay(first.tokens, now)
            delay = max(self.rest(now), *waits)
            if delay and not first.turn.cancelled():
                if self._timer:
                    self._timer.cancel()
                self._timer = asyncio.get_running_loop().call_later(delay, self._admit_calls)
                return
            del self._waiting[run_id]
            waiters.popleft()
            if waiters:
                self._waiting[run_id] = waiters  # behind the other runs
            if not first.turn.cancelled():
                self._grant_turn(first)

    def _grant_turn(self, waiter: _Waiter) -> None:
        """Give a turn to a waiting call, which counts as under way and against the rate limits."""
        self.requests.take(waiter.calls)
        self.tokens.take(waiter.tokens)
        self.under_way += 1
        waiter.turn.set_result(None)

    def _reject_waiting(self, rest: float) -> None:
        """End the wait of all waiting calls with the error ModelResting, which names ``rest``, the
        seconds until a call is allowed again.
        """
        for waiters in self._waiting.values():
            for waiter in waiters:
                if not waiter.turn.done():
                    waiter.turn.set_exception(
                        ModelResting(
                            model=self.name, wait=wording.duration(rest), reason=self.breaker.reason
                        )
                    )
        self._waiting.clear()


class Limits:
    """The limiters of all providers and models.

    Args:
        tables: The configured limits, by ``provider`` or ``provider/model``.

    Attributes:
        counters: The metrics of calls.
    """

    def __init__(self, tables: Mapping[str, LimitTable] | None = None) -> None:
        self._tables = tables or {}
        self._limiters: dict[tuple[str, Model | None], ModelLimiter] = {}
        self.counters = CallCounters()

    def limiters(self, provider: Provider, models: Iterable[Model]) -> list[ModelLimiter]:
        """Return the limiters of a provider and of some of its models."""
        return [self.limiter(provider), *(self.limiter(provider, model) for model in models)]

    def limiter(self, provider: Provider, model: Model | None = None) -> ModelLimiter:
        """Return the limiter of a model or, for None, that of all calls to a provider.

        It is created at the first call and shared from then on. Its limits are those configured for
        its name, ``provider/model`` or ``provider``. A concurrency that is not configured is the
        provider's own; other limits that are not configured are infinite.
        """
        key = provider.name, model
        if key not in self._limiters:
            name = str(model) if model else provider.name
            table = self._tables.get(name, NO_LIMITS)
            self._limiters[key] = ModelLimiter(name, provider.concurrency, table)
        return self._limiters[key]


class Bucket:
    """A token bucket of a rate limit: it fills at a constant rate, and each call takes an amount
    out.

    Args:
        a_minute: The amount (calls or tokens) that flows in within a minute, and the capacity;
            infinite without a limit.
    """

    def __init__(self, a_minute: float = inf) -> None:
        self._most = self.size = self._level = a_minute
        self._rate = a_minute / MINUTE_S
        self._at = 0.0
        self._share = 1.0

    def delay(self, amount: float, now: float) -> float:
        """Return the seconds until the bucket holds an amount, or is full if the amount is larger
        than its capacity; 0 if it does already, and always without a limit.

        The level is brought up to ``now``, in seconds of the event loop's clock. Nothing is taken.
        """
        if self.size == inf:
            return 0.0
        self._level = min(self.size, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self.size) - self._level) / self._rate)

    def use_share(self, share: float, now: float) -> None:
        """Use a share of the limit from now on, more than 0 and at most 1.

        The capacity and the inflow change in proportion. When the share was 1 and is now less, the
        bucket is emptied, because other processes may have used the whole amount.

        Args:
            share: The share of the whole limit, not of the share before.
            now: The current time, in seconds of the event loop's clock.
        """
        self.delay(0, now)
        factor, was_whole = share / self._share, self._share == 1.0
        self._share = share
        self._most *= factor
        self.size *= factor
        self._rate *= factor
        self._level = min(0.0 if was_whole and share < 1 else self._level, self.size)

    def take(self, amount: float) -> None:
        """Take an amount out; the level may become negative."""
        self._level -= amount

    def learn(
        self, size: float | None, left: float | None, reset: float | None, now: float
    ) -> None:
        """Adopt the limit that a service reports for a window of time.

        The capacity becomes the reported size, but not more than the configured limit. The inflow
        becomes such that what was used flows in until the window ends, or the whole size within a
        minute if nothing was used. The level becomes what is left, if it was higher. Of all amounts
        this process takes its share. A report without ``size`` or ``left`` is ignored, and so is
        one with a value out of range.

        Args:
            size: The amount (calls or tokens) that the service allows in a window, above 0; None if
                it was not reported.
            left: The amount that is left in the window, 0 to ``size``; None if it was not reported.
            reset: Seconds until the window ends; a minute if None, 0 or less, or infinite.
            now: The current time, in seconds of the event loop's clock.
        """
        if size is None or left is None:
            return
        if not 0 < size < inf or not 0 <= left <= size:
            return
        size, left = size * self._share, left * self._share
        self.delay(0, now)
        window = reset if reset and 0 < reset < inf else MINUTE_S
        self._rate = (size - left) / window if left < size else size / MINUTE_S
        self.size = min(self._most, size)
        self._level, self._at = min(self._level, left), now
