"""Tests of the rule of the watch, on texts and on distances."""

import random
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from overheard import Prompt
from overheard_watch.questions import COMMON, questions
from overheard_watch.statistic import LEARNING_DAYS, WatchDay, WatchState, replayed, watch_state

START = datetime(2026, 1, 1, tzinfo=UTC)
KEYS = [f"question {number}" for number in range(12)]
WORDS = ("calm", "sky", "light", "drops", "bend", "blue", "waves", "over", "the", "small", "sea")


def day(number: int, *more: str, answered: int = 12) -> WatchDay:
    """Return a day on which a model that does not change answers, with more words in each."""
    chance = random.Random(number * 7919)  # noqa: S311 - a simulation
    said = {key: " ".join((*chance.choices(WORDS, k=30), *more)) for key in KEYS[:answered]}
    return WatchDay(START + timedelta(days=number), said)


def scored(*distances: float) -> WatchState:
    """Return what days with these distances show."""
    days = [START + timedelta(days=number) for number in range(len(distances))]
    found = np.array(distances)
    return replayed(days, lambda number, usual: (found[list(usual)], distances[number], 0.0))


def test_the_same_model_on_other_days_is_calm() -> None:
    """Its texts are never the same, and no farther than they were."""
    state = watch_state([day(number) for number in range(40)], KEYS)

    assert (state.events, state.baseline + state.streak) == ((), 40)


def test_other_answers_are_dated_to_their_first_day() -> None:
    """Told on the third; the baseline begins again with them."""
    days = [day(n) for n in range(20)] + [day(n, "certainly", "indeed") for n in range(20, 23)]
    assert watch_state(days[:-1], KEYS).events == ()
    state = watch_state(days, KEYS)

    assert (state.events, state.compared) == ((days[20].at,), (20,))
    assert (state.baseline, state.learns) == (3, True)


def test_a_gross_change_is_told_at_once_if_it_is_there_an_hour_later() -> None:
    """Alone it only asks all once more."""
    days = [day(number) for number in range(20)]
    other = day(20, *("CERTAINLY",) * 30)
    state = watch_state([*days, other], KEYS)
    assert (state.events, state.doubtful) == ((), True)
    calm = WatchDay(other.at, other.answers, day(99).answers)
    assert watch_state([*days, calm], KEYS) == WatchState(20, 1, False)
    again = WatchDay(other.at, other.answers, day(21, *("CERTAINLY",) * 30).answers)
    assert watch_state([*days, again], KEYS).events == (other.at,)


def test_days_without_enough_answers_do_not_count() -> None:
    """They neither break nor lengthen a streak."""
    days = [day(number) for number in range(20)]
    changed = [day(20, "indeed", "so"), day(21, answered=9), day(22, "indeed", "so")]
    assert watch_state([*days, *changed], KEYS).streak == 2
    assert watch_state([*days, *changed, day(23, "indeed", "so")], KEYS).events == (
        days[-1].at + timedelta(days=1),
    )


def test_of_like_days_the_last_is_the_farthest_as_often_as_each_other_one() -> None:
    """Of fifteen, in a fifteenth of the cases; else chance would be an event too often."""
    draws = 200
    far = [
        watch_state([day(5000 + 30 * n + d) for d in range(15)], KEYS).streak for n in range(draws)
    ]

    assert draws / 15 / 2 < sum(far) < 2 * draws / 15


def test_equal_answers_are_no_farther_than_equal_answers() -> None:
    """At temperature 0 every day may be the same; rounding is no distance."""
    same = day(1).answers
    days = [WatchDay(START + timedelta(days=number), same) for number in range(30)]

    assert watch_state(days, KEYS) == WatchState(30)


@pytest.mark.parametrize("far", [1, 2])
def test_a_streak_that_ends_belongs_to_the_baseline(far: int) -> None:
    """Else the baseline would know too little of what happens."""
    state = scored(*(10 + n % 7 / 10 for n in range(20)), *(11.0,) * far, 10.0)

    assert state == WatchState(21 + far)


def test_the_first_days_say_nothing() -> None:
    """Nor do the first after an event."""
    assert scored(1.0, 9.0, 9.0, 9.0).learns
    state = scored(*(10 + n % 7 / 10 for n in range(LEARNING_DAYS)), *(11.0,) * 3, *(99.0,) * 11)
    assert state.events == (START + timedelta(days=LEARNING_DAYS),)
    assert not state.learns


def test_twelve_questions_four_of_them_of_the_market() -> None:
    """Where there are none, common ones."""
    mine = [Prompt(f"Which tool is best for {who}?") for who in ("teams", "schools")]
    texts = questions(mine)

    assert len(texts) == 12
    assert texts[8].startswith("Which tool is best for teams? Answer in at most 40")
    assert texts[10].startswith(COMMON[0])
