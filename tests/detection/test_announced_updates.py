from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from overheard.alerts.story import Watch
from overheard.detection.announced_updates import KnownChange, since_update
from overheard.detection.confirmation import MOVED_WIDTHS, UPDATE_BOUNDARY, UPDATE_LOOKS
from overheard.detection.control_variate import run_effect_variance
from overheard.detection.decision_inputs import compare_sides
from overheard.detection.power import WELL_KNOWN
from overheard.measure.blocks import Stream
from overheard_lab.panels import Change, Design, simulate


def history(after: list[float], before: int = 10) -> tuple[Stream, datetime]:
    """Return ten prompts asked six times a run at a rate of 1/2, and then at these rates."""
    one = simulate(Design(runs=before + len(after), prompts=10), size=1, seed=1).stream(0)
    rates = np.array([0.5] * before + after)[:, None]
    n = np.full(one.n.shape, 6)
    total = np.round(6 * np.repeat(rates, 10, axis=1))
    stream = replace(one, n=n, total=total, squares=total)
    return stream, stream.runs[before].at if after else stream.runs[-1].at + timedelta(days=1)


def watch_of(
    stream: Stream,
    at: datetime,
    moved: datetime | None = None,
    following: datetime | None = None,
    changes: Sequence[KnownChange] = (),
) -> tuple[Watch, int]:
    """Return what the runs since an update show, and how many before it they are compared with."""
    since = since_update(stream, [], at, moved, following, changes)
    watch = Watch.since(since.compared, "visibility", looks=since.looks, over=since.over)
    return watch, since.before


def test_six_looks_share_a_level_of_five_per_cent() -> None:
    """The constant of Pocock's table, for a random walk of equal steps."""
    walk = np.cumsum(np.random.default_rng(1).standard_normal((200_000, UPDATE_LOOKS)), axis=1)
    scores = np.abs(walk / np.sqrt(np.arange(1, UPDATE_LOOKS + 1)))
    assert (scores > UPDATE_BOUNDARY).any(axis=1).mean() == pytest.approx(0.05, abs=0.002)
    assert pytest.approx(1.49, abs=0.002) == MOVED_WIDTHS


def test_a_great_change_is_found_at_the_first_look() -> None:
    """And with it the size: from 1/2 to 0."""
    stream, at = history([0.0, 0.0])
    watch, before = watch_of(stream, at)
    assert watch.has_moved
    assert (before, watch.values, watch.answers) == (10, (0.5, 0.0), (600, 120))
    assert watch.interval
    assert watch.interval[0] <= -0.5 <= watch.interval[1] < 0
    compared = compare_sides(stream, stream.runs[10].id, run_effect_variance([stream], 0))
    assert compared
    assert watch.values == (compared.before, compared.after)


def test_no_change_is_a_statement_too() -> None:
    """After six looks: it did not move by more than so much; a seventh does not matter."""
    six, at = history([0.5] * 6)
    seven, _ = history([0.5] * 6 + [0.0])
    watch, _ = watch_of(six, at)
    assert watch.over
    assert watch.is_still
    assert 0.03 < watch.bound < 0.1
    assert watch_of(seven, at)[0] == watch
    open_one, _ = watch_of(history([0.5] * 3)[0], at)
    assert not open_one.over
    assert len(open_one.looks) == 3


def test_a_run_without_answers_is_no_look() -> None:
    """All its calls failed."""
    stream, at = history([0.5] * 3)
    cells = np.where(np.arange(13)[:, None] == 11, 0, stream.n)
    gap = replace(stream, n=cells, total=cells / 2, squares=cells / 2)
    watch, _ = watch_of(gap, at)
    assert watch.looks == (stream.runs[10].at, stream.runs[12].at)


def test_nothing_to_compare() -> None:
    """Without runs after the update, without any before it, and of a single prompt."""
    stream, at = history([])
    assert watch_of(stream, at)[0].values is None
    assert watch_of(stream, stream.runs[0].at)[0].values is None
    later, at = history([0.5])
    names = ("n", "total", "squares")
    single = replace(
        later, prompts=later.prompts[:1], **{name: getattr(later, name)[:, :1] for name in names}
    )
    assert watch_of(single, at)[0].values is None


def test_a_change_that_began_before_an_update_is_not_the_updates() -> None:
    """Two runs before it, or two runs after it: the update itself did not move the brand."""
    stream, at = history([0.1] * 6, before=10)  # the change is at `at`
    later = stream.runs[12].at
    change = KnownChange(at, frozenset({at}))
    assert watch_of(stream, later)[0].has_moved
    assert not watch_of(stream, later, changes=[change])[0].has_moved
    early, before = watch_of(stream, stream.runs[8].at, changes=[change])
    assert (len(early.looks), before, early.over, early.has_moved) == (2, 8, True, False)
    assert watch_of(stream, at, changes=[change])[0].has_moved
    assert change.fits(at, stream)
    assert not change.fits(later, stream)


def test_changes_of_others_bound_what_is_compared() -> None:
    """Runs before the last change and from the next one on are left out; its own change counts."""
    stream, _ = history([0.5] * 4, 16)
    runs = [run.at for run in stream.runs]
    changes = [KnownChange(runs[at], frozenset(runs[at : at + 2])) for at in (2, 5, 14, 17)]
    watch, before = watch_of(stream, runs[11], changes=changes)
    assert (before, len(watch.looks)) == (6, 3)
    own = KnownChange(runs[12], frozenset({runs[11], runs[12]}))
    watch, before = watch_of(stream, runs[11], changes=[own])
    assert (before, len(watch.looks)) == (11, 6)
    watch, before = watch_of(stream, runs[11], following=runs[13])
    assert (before, len(watch.looks), watch.over) == (11, 2, True)
    watch, before = watch_of(stream, runs[11], moved=runs[9])
    assert (before, len(watch.looks), watch.over) == (2, 6, True)


def test_no_run_between_two_updates_says_nothing_of_the_first() -> None:
    """Its runs are those of the second."""
    stream, at = history([0.1] * 4)
    first = at - timedelta(hours=2)
    watch, _ = watch_of(stream, first, following=at - timedelta(hours=1))
    assert (watch.values, watch.looks, watch.over) == (None, (), True)


def test_rivals_help_to_estimate_the_run_effect_before_an_update() -> None:
    """Those of the runs that are compared, before the update."""
    world = simulate(Design(runs=16, tau=0.5), size=2, seed=3)
    mine, other = world.stream(0), world.stream(1)
    at = mine.runs[13].at
    alone, helped = (since_update(mine, others, at).compared for others in ([], [other]))
    assert alone
    assert helped
    assert alone.change == helped.change
    assert alone.interval != helped.interval


def first_told(points: float, size: int, seed: int) -> Iterator[int]:
    """Yield at which look after an update each of some brands is said to have moved; 0 for none."""
    before = 20
    design = Design(before + UPDATE_LOOKS, 12, 3, WELL_KNOWN, tau=0.25)
    change = Change(before, points) if points else None
    world = simulate(design, change, size=size, seed=seed)
    for brand in range(size):
        at = world.stream(brand).runs[before].at
        for look in range(1, UPDATE_LOOKS + 1):
            if watch_of(world.stream(brand, first=before + look), at)[0].has_moved:
                yield look
                break
        else:
            yield 0


@pytest.mark.slow
def test_the_looks_after_an_update_keep_their_level() -> None:
    """Of brands that did not move, one in twenty is said to have at most, within three standard
    deviations of this simulation; of those that fall by 20 points, most by the second look.
    """
    moved = sum(look > 0 for look in first_told(0, 1000, seed=1)) / 1000
    assert moved <= 0.05 + 3 * (0.05 * 0.95 / 1000) ** 0.5
    assert sum(look in (1, 2) for look in first_told(-20, 100, seed=2)) > 70
