"""Tests of turns: concurrency, limits a minute, pauses, fairness, the circuit breaker."""

import asyncio
from math import inf

import pytest

from kit.scripted import ScriptedProvider
from overheard.config.sections import AskingTable, LimitTable
from overheard.domain import FailureKind, Model, RateLimits
from overheard.errors import ModelResting, ProviderFailed
from overheard.runs.limits import (
    LONGEST_WAIT_S,
    MAX_MODEL_WAIT_S,
    TRIPS_AFTER,
    Breaker,
    BreakerState,
    Bucket,
    Limits,
    ModelLimiter,
    RetryPolicy,
)


def failed(kind: FailureKind, **more: float) -> ProviderFailed:
    """Return a failure."""
    return ProviderFailed(model="svc/m-1", reason="it is busy.", kind=kind, **more)  # type: ignore[arg-type] # only numbers


def now() -> float:
    """Return the time on the event loop's clock."""
    return asyncio.get_running_loop().time()


class TestBucket:
    """So much a minute."""

    def test_it_holds_a_minute_and_fills_up_steadily(self) -> None:
        """Sixty a minute: sixty at once, and then one a second."""
        bucket = Bucket(60)
        bucket.delay(1, 0.0)
        bucket.take(60)

        assert bucket.delay(1, 0.0) == pytest.approx(1.0)
        assert bucket.delay(1, 0.5) == pytest.approx(0.5)
        assert bucket.delay(1, 30.0) == 0.0

    def test_more_than_it_ever_holds_waits_until_it_is_full(self) -> None:
        """A huge question is asked at last, and not never."""
        bucket = Bucket(60)
        bucket.take(30)

        assert bucket.delay(1000, 0.0) == pytest.approx(30.0)

    def test_without_a_limit_nothing_waits(self) -> None:
        """Without a stated limit there is no delay."""
        bucket = Bucket()
        bucket.take(1e9)

        assert bucket.delay(1e9, 0.0) == 0.0

    @pytest.mark.parametrize(
        ("limit", "left", "reset_s", "calls", "wait_s"),
        [(100, 2, 49.0, 1, 0.5), (100, 40, None, 1, 1.0), (100, 40, 0.5, 12, 0.1),
         (120, 120, 1.0, 60, 30.0)],
        ids=["less", "no end, so a minute", "ends within a second", "nothing used, so a minute"],
    )  # fmt: skip
    def test_it_believes_a_service_that_allows_less(
        self, limit: int, left: int, reset_s: float | None, calls: int, wait_s: float
    ) -> None:
        """What is used comes back within the window: 98 of 100 in 49 s are two a second."""
        bucket = Bucket()
        bucket.learn(limit, left, reset_s, now=0.0)
        bucket.take(left)

        assert bucket.delay(calls, 0.0) == pytest.approx(wait_s)

    def test_it_never_believes_that_more_is_allowed_than_was_configured(self) -> None:
        """Who configures a limit means it."""
        bucket = Bucket(6)
        bucket.learn(10_000, 10_000, 1.0, now=0.0)
        bucket.take(6)

        assert bucket.delay(1, 0.0) > 0

    @pytest.mark.parametrize(
        "told", [(None, 1, 1.0), (0, 0, 1.0), (5, -1, 1.0), (5, 9, 1.0), (inf, 1, 1.0)]
    )
    def test_nonsense_is_not_believed(self, told: tuple[float | None, float, float]) -> None:
        """Headers are strangers' text."""
        bucket = Bucket()
        bucket.learn(*told, now=0.0)

        assert bucket.delay(1e6, 0.0) == 0.0


class TestBreaker:
    """A model that only fails is paused."""

    def test_it_says_what_the_last_failure_said_and_until_when_it_waits(self) -> None:
        """The fifth failure in a row opens it for half a minute."""
        breaker = Breaker()
        assert (breaker.reason, breaker.until) == ("", 0.0)
        for number in range(4):
            breaker.failed(f"It fails, {number}.", 9.0, 10.0)
        assert (breaker.reason, breaker.until) == ("It fails, 3.", 0.0)
        breaker.failed("It is down.", 9.0, 10.0)

        assert (breaker.reason, breaker.until) == ("It is down.", 40.0)
        assert breaker.state(39.9) is BreakerState.OPEN
        assert breaker.state(40.0) is BreakerState.HALF_OPEN

    def test_waits_are_half_a_minute_a_minute_and_then_a_quarter_of_an_hour(self) -> None:
        """Each try that fails is followed by the next wait, and the last wait is repeated; calls
        from before say nothing new.
        """
        breaker, waits, at = Breaker(), [], 10.0
        for _ in range(4):
            breaker.failed("It is down.", at, at)
        for _ in range(4):
            breaker.failed("It is down.", at, at)
            waits.append(breaker.until - at)
            breaker.failed("It is down.", at - 1, at)
            assert breaker.until - at == waits[-1]
            at = breaker.until

        assert waits == [30.0, 60.0, 900.0, 900.0]

    def test_an_answer_after_a_pause_begins_a_new_row(self) -> None:
        """Five more failures open it again, and for as short a time as at first."""
        breaker = Breaker()
        for _ in range(5):
            breaker.failed("It is down.", 10.0, 10.0)
        breaker.succeeded()
        assert (breaker.reason, breaker.until) == ("", 0.0)
        for _ in range(4):
            breaker.failed("It is down.", 50.0, 50.0)
        assert breaker.state(50.0) is BreakerState.CLOSED
        breaker.failed("It is down.", 50.0, 50.0)

        assert breaker.until == 80.0


class TestGate:
    """Turns."""

    async def test_no_more_calls_are_under_way_than_are_allowed(self) -> None:
        """The third waits until one of two is over."""
        limiter, begun = ModelLimiter("m", 2), []

        async def call(number: int) -> None:
            async with limiter.turn(1):
                begun.append(number)
                await asyncio.sleep(0)
                assert limiter.under_way <= 2

        async with asyncio.TaskGroup() as group:
            for number in range(6):
                group.create_task(call(number))

        assert begun == list(range(6))
        assert limiter.under_way == 0

    async def test_runs_take_turns(self) -> None:
        """A run that comes later with one question does not wait for all of another's hundred."""
        limiter, served = ModelLimiter("m", 1), []

        async def call(run: int) -> None:
            async with limiter.turn(run):
                served.append(run)
                await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            for run in [1] * 5 + [2] * 2:
                group.create_task(call(run))

        assert served == [1, 1, 2, 1, 2, 1, 1]

    async def test_who_gives_up_waiting_is_passed_over(self) -> None:
        """A turn that is not taken is not lost."""
        limiter = ModelLimiter("m", 1)
        async with limiter.turn(1):
            waiting = [asyncio.create_task(self._take(limiter)) for _ in range(2)]
            await asyncio.sleep(0)
            waiting[0].cancel()
            await asyncio.sleep(0)
        await waiting[1]

        assert limiter.under_way == 0

    async def test_it_halves_when_the_service_is_asked_too_often_and_grows_back(self) -> None:
        """Eight, four; then one more for each round of answers."""
        limiter, begun = ModelLimiter("m", 8), now()
        limiter.failed(failed(FailureKind.RATE_LIMIT), begun, 0.0)
        limiter.failed(failed(FailureKind.RATE_LIMIT), begun - 1, 0.0)
        assert limiter.allowed == 4.0
        for _ in range(4):
            limiter.answered(None)
        assert limiter.allowed == pytest.approx(5.0, abs=0.1)
        for _ in range(100):
            limiter.answered(None)
        assert limiter.allowed == 8

    async def test_it_waits_as_long_as_the_service_says(self) -> None:
        """A Retry-After holds for all calls to the model."""
        limiter = ModelLimiter("m", 8)
        limiter.failed(failed(FailureKind.RATE_LIMIT), now(), 0.1)
        begun = now()
        await self._take(limiter)

        assert now() - begun >= 0.09

    async def test_nobody_waits_for_hours(self) -> None:
        """Those who wait and those who come are sent away, with the reason."""
        limiter = ModelLimiter("m", 1)
        async with limiter.turn(1):
            waiting = asyncio.create_task(self._take(limiter))
            await asyncio.sleep(0)
            limiter.failed(failed(FailureKind.RATE_LIMIT), now(), 2 * MAX_MODEL_WAIT_S)
            with pytest.raises(ModelResting, match=r"m is paused for 20 min.*it is busy"):
                await waiting
        with pytest.raises(ModelResting):
            await self._take(limiter)

    @pytest.mark.parametrize("kind", FailureKind)
    async def test_a_service_is_down_where_it_errs_is_silent_or_breaks_off(
        self, kind: FailureKind
    ) -> None:
        """A question that it refuses says nothing of the next one."""
        limiter = ModelLimiter("m", 8)
        for _ in range(TRIPS_AFTER):
            limiter.failed(failed(kind), now(), 0.0)

        is_down = limiter.breaker.state(now()) is BreakerState.OPEN
        assert is_down is (kind.value in {"server", "timeout", "connection"})

    async def test_a_model_that_only_fails_is_tried_by_one_call_at_a_time(self) -> None:
        """Half-open lets a single call through."""
        limiter = ModelLimiter("m", 8)
        for _ in range(TRIPS_AFTER):
            limiter.failed(failed(FailureKind.SERVER), now(), 0.0)
        limiter.breaker.until = now()
        async with limiter.turn(1):
            second = asyncio.create_task(self._take(limiter))
            await asyncio.sleep(0)
            assert not second.done()
            limiter.answered(None)
        await second

    async def test_it_keeps_to_what_is_configured_a_minute(self) -> None:
        """The bucket is asked for each turn, and a service's limits are passed to it."""
        limiter = ModelLimiter("m", 8, LimitTable(requests_per_minute=1200, tokens_per_minute=1e6))
        limiter.answered(RateLimits(requests=1200, requests_left=1, requests_reset=59.95))
        begun = now()
        for _ in range(3):
            await self._take(limiter)

        assert now() - begun >= 0.09

    async def test_each_call_counts_once_against_the_calls_of_a_minute(self) -> None:
        """Of two calls a minute, neither waits."""
        limiter = ModelLimiter("m", 8, LimitTable(requests_per_minute=2))
        async with asyncio.timeout(5.0):
            for _ in range(2):
                await self._take(limiter)

    async def _take(self, limiter: ModelLimiter) -> None:
        async with limiter.turn(1):
            pass


async def test_limits_are_found_by_provider_and_by_model() -> None:
    """Each has its own limiter, made once."""
    limits = Limits({"svc": LimitTable(concurrency=3), "svc/m-1": LimitTable(concurrency=1)})
    provider = ScriptedProvider(concurrency=7)
    models = [limits.limiter(provider, Model("svc", name)).most for name in ("m-1", "m-2")]

    assert limits.limiter(provider).most == 3
    assert models == [1, 7]
    assert limits.limiter(provider) is limits.limiter(provider)


class TestRetries:
    """When a question is asked again."""

    RETRIES = RetryPolicy(AskingTable(tries=3, deadline=100))

    def test_a_services_word_counts(self) -> None:
        """Retry-After is kept to, and nonsense is not."""
        assert self.RETRIES.wait(failed(FailureKind.RATE_LIMIT, retry_after=17.0), 1) == 17.0
        assert self.RETRIES.wait(failed(FailureKind.RATE_LIMIT, retry_after=0.0), 1) == 0.0
        assert self.RETRIES.wait(failed(FailureKind.RATE_LIMIT, retry_after=inf), 1) <= 1.0
        assert self.RETRIES.wait(failed(FailureKind.RATE_LIMIT, retry_after=1e300), 1) == 86_400
        assert self.RETRIES.wait(failed(FailureKind.RATE_LIMIT, retry_after=-5.0), 1) >= 0.5

    def test_waits_double_with_chance_and_have_an_end(self) -> None:
        """Between half of 1, 2, 4 ... and the whole; at most a minute."""
        for tried in range(1, 30):
            longest = min(LONGEST_WAIT_S, 2.0 ** (tried - 1))
            waits = [self.RETRIES.wait(failed(FailureKind.SERVER), tried) for _ in range(20)]
            assert all(longest / 2 <= wait <= longest for wait in waits)
            assert len(set(waits)) > 1

    @pytest.mark.parametrize(
        ("retryable", "tried", "elapsed", "again"),
        [(True, 2, 99, True), (False, 1, 1, False), (True, 3, 1, False), (True, 1, 100, False)],
    )
    def test_there_is_an_end(
        self, retryable: bool, tried: int, elapsed: float, again: bool
    ) -> None:
        """Tries and time are both limited."""
        assert (
            self.RETRIES.should_retry(
                failed(FailureKind.SERVER, retryable=retryable), tried, elapsed
            )
            is again
        )
