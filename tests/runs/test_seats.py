"""Seats: what a provider allows, shared by processes that do not know each other."""

import asyncio

import pytest

from kit.scripted import ScriptedProvider
from overheard.config.sections import LimitTable
from overheard.domain import Model
from overheard.runs.limits import Bucket, Limits
from overheard.runs.tasks import SEATS, seat, seats

MODEL = Model("svc", "m-1")


async def test_who_holds_a_seat_has_its_share_of_the_calls() -> None:
    """And more with each seat more."""
    provider, limits = ScriptedProvider(concurrency=80), Limits()
    with seat(limits, {"svc": provider}, "svc"):
        assert limits.limiter(provider, MODEL).most == 80 // SEATS
        with seat(limits, {"svc": provider}, "svc"):
            assert limits.limiter(provider, MODEL).most == 2 * 80 // SEATS
        assert limits.limiter(provider, MODEL).most == 80 // SEATS


@pytest.mark.parametrize("concurrency", [1, 3, 8, 50])
async def test_all_seats_together_allow_no_more_than_the_provider(concurrency: int) -> None:
    """However few calls that are."""
    provider, limits = ScriptedProvider(concurrency=concurrency), Limits()
    there = seats(limits, provider)
    with seat(limits, {"svc": provider}, "svc"):
        assert 1 <= there * limits.limiter(provider).most <= concurrency


async def test_a_model_with_a_limit_of_its_own_has_as_few_seats() -> None:
    """No seat could be less than one call."""
    limits = Limits({"svc/m-1": LimitTable(concurrency=2)})
    assert seats(limits, ScriptedProvider(concurrency=80)) == 2


async def test_a_provider_that_is_gone_needs_no_seat() -> None:
    """Its questions fail with a sentence of their own."""
    with seat(Limits(), {}, "svc"):
        await asyncio.sleep(0)


def test_a_share_of_a_bucket_fills_up_as_much_slower() -> None:
    """And begins empty: others may have used up the minute."""
    bucket = Bucket(600)
    bucket.use_share(0.25, 100.0)
    assert bucket.delay(1, 100.0) == pytest.approx(60 / 150)
    assert bucket.delay(150, 160.0) == 0.0
    assert bucket.size == 150


def test_what_a_service_tells_of_its_limit_is_shared_too() -> None:
    """It speaks of all processes together."""
    bucket = Bucket()
    bucket.use_share(0.5, 0.0)
    bucket.learn(100, 40, 60, 0.0)
    assert bucket.size == 50
    assert bucket.delay(1, 0.0) == pytest.approx(2.0)  # thirty of fifty come back in a minute
