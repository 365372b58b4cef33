from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from overheard.detection.announced_updates import Burst, share_calls
from overheard.measure.blocks import Stream
from overheard_lab.panels import Design, simulate


def stream(rates: list[float], n: int = 30) -> Stream:
    """Return a stream of one run in which each prompt had so many answers and this rate."""
    one = simulate(Design(runs=1, prompts=len(rates)), size=1, seed=1).stream(0)
    total = np.round(np.array([rates]) * n)
    return replace(one, n=np.full((1, len(rates)), n), total=total, squares=total)


def test_all_calls_are_shared_out() -> None:
    """As many as wanted, for any number of prompts."""
    known = stream([0.0, 0.1, 0.5, 0.9, 1.0, 0.4, 0.6])
    for calls in (1, 7, 30, 61):
        asks = share_calls(known.prompts, [known], calls, seed=calls)
        assert sum(asks.values()) == calls
        assert min(asks.values()) >= 1


def test_they_go_where_they_tell_most() -> None:
    """Without an even half, a prompt that always names the brand gets hardly any."""
    known = stream([0.5, 1.0], n=100)
    asks = share_calls(known.prompts, [known], 100, seed=1, telling=1.0)
    assert asks[known.prompts[0]] >= 97


def test_a_prompt_that_was_never_asked_tells_as_much_as_one_that_is_even() -> None:
    """Both rates are taken for 1/2, so each gets a half; the prompt that is always named hardly."""
    known = stream([0.5, 1.0], n=100)
    asks = share_calls([*known.prompts, "new"], [known], 100, seed=1, telling=1.0)
    assert asks["new"] == pytest.approx(asks[known.prompts[0]], abs=1)
    assert asks["new"] >= 48


def test_half_of_them_go_to_all_alike() -> None:
    """With p (1 - p) of 1/4 and nearly 0, the second prompt gets the half of an even half."""
    known = stream([0.5, 0.0], n=1000)
    asks = share_calls(known.prompts, [known], 100, seed=1)
    assert asks == pytest.approx(dict(zip(known.prompts, (75, 25), strict=True)), abs=1)


def test_each_prompt_gets_its_due_on_average() -> None:
    """With fewer calls than prompts, each is as likely to be asked as it should be."""
    known = stream([0.5, 0.5, 0.5, 0.5])
    drawn = [share_calls(known.prompts, [known], 1, seed=seed) for seed in range(400)]
    for prompt in known.prompts:
        assert sum(prompt in asks for asks in drawn) / 400 == pytest.approx(0.25, abs=0.07)


def test_an_unknown_prompt_counts_as_uncertain() -> None:
    """A prompt that was not asked yet may be a border, and is asked."""
    known = stream([0.0], n=500)
    asks = share_calls([*known.prompts, "new"], [known], 40, seed=1)
    assert asks["new"] >= 29


def test_without_rates_all_are_alike() -> None:
    """Numbers have no p (1 - p)."""
    assert share_calls(["a", "b"], [], 10, seed=1) == {"a": 5, "b": 5}


def test_the_same_seed_gives_the_same_burst() -> None:
    """All randomness comes from the seed."""
    known = stream([0.3, 0.4, 0.5])
    one, two, other = (share_calls(known.prompts, [known], 4, seed=s) for s in (1, 1, 2))
    assert one == two != other


def test_a_burst_counts_its_calls() -> None:
    """Its price is known before it is asked."""
    assert Burst(datetime(2026, 3, 2, tzinfo=UTC), {"a": 2, "b": 1}, "why").calls == 3


def test_a_prompt_without_an_answer_in_a_stream_counts_as_uncertain() -> None:
    """Like one that no stream has: as much as a prompt that is answered either way."""
    known = stream([0.5, 0.0], n=500)
    gap = np.array([[500, 0]])
    asks = share_calls(known.prompts, [replace(known, n=gap)], 100, seed=1)
    assert asks == pytest.approx(dict.fromkeys(known.prompts, 50), abs=1)
