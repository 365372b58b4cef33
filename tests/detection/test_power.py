from dataclasses import replace

import numpy as np
import pytest
from known_time import p_value

from overheard.detection.decision_inputs import alarm_table
from overheard.detection.power import (
    Outlook,
    at_known_time,
    followed,
    information,
    points,
    typical,
    unannounced,
)
from overheard.domain import VISIBILITY, Model
from overheard.measure.blocks import StreamKey
from overheard_lab.panels import Change, Design, simulate

PANEL = Outlook(typical(30))


@pytest.mark.parametrize(("tau", "drop"), [(0.0, 11.8), (0.25, 15.7)])
def test_one_look_needs_as_many_points_as_was_measured(tau: float, drop: float) -> None:
    """30 prompts x 3 and 20 runs before, at the level 0.05: four of five such drops are seen."""
    assert at_known_time(replace(PANEL, tau=tau)) == pytest.approx(drop, abs=0.6)


@pytest.mark.parametrize("tau", [0.0, 0.25])
def test_four_of_five_are_seen_indeed(tau: float) -> None:
    """250 simulated drops of that size: the test of `comparison` finds 80 %, give or take 8."""
    drop = at_known_time(replace(PANEL, tau=tau))
    world = simulate(Design(runs=21, tau=tau), Change(20, -drop), size=250, seed=4)
    share = np.mean([p_value(world.stream(index), 21, tau**2) <= 0.05 for index in range(250)])
    assert share == pytest.approx(0.8, abs=0.08)


def test_the_information_by_hand() -> None:
    """One prompt at 1/2, asked four times before and four times after: V = 4 x 4 / 8 / 4 = 1/2;
    each of the two runs pulls by that, so with tau 1, Veff = 1/2 + 2 / 4 = 1.
    """
    one = Outlook(np.array([0.5]), repeats=4, before=1, tau=1.0)
    assert information(one, 1) == pytest.approx(0.25)
    assert information(replace(one, tau=0.0), 1) == pytest.approx(0.5)


def test_a_shift_in_points_by_hand() -> None:
    """From 1/2 with odds divided by 3 to 1/4; a boundless shift leaves nothing."""
    one = Outlook(np.array([0.5]))
    assert points(one, np.log(3)) == pytest.approx(25)
    assert points(one, 1e9) == pytest.approx(50)


def test_more_of_anything_sees_less() -> None:
    """Runs, prompts, repeats, a longer baseline, calmer runs, a laxer promise: each helps."""
    now = unannounced(PANEL, 2)
    better = (
        PANEL.times(prompts=2),
        PANEL.times(repeats=2),
        replace(PANEL, before=40),
        replace(PANEL, tau=0.1),
        replace(PANEL, limit=2.0),
    )
    assert unannounced(PANEL, 3) < now
    assert all(unannounced(panel, 2) < now for panel in better)


def test_asking_again_counts_nearly_as_much_as_the_checks() -> None:
    """Ten checks as twenty runs; without it they are ten."""
    assert unannounced(replace(PANEL, again=True), 10) == unannounced(PANEL, 20)
    assert unannounced(PANEL, 20) < unannounced(PANEL, 10)


def test_visibility_weighs_as_much_as_the_other_metrics_of_a_model() -> None:
    """Evidence of visibility alone, and of one of five other metrics, at one of three models; and
    what three metrics that move together have to exceed.
    """
    table, metrics = alarm_table(), (VISIBILITY, "top1", "top3", "tone", "drawback", "accuracy")
    keys = [StreamKey("Acme", Model("svc", m), metric) for m in "abc" for metric in metrics]

    def joined(*moved: str) -> float:
        shown = {key: -99.0 + 104.0 * (key.model.name + key.metric in moved) for key in keys}
        return table.joined(shown)

    slope = table.far_slope
    assert joined("avisibility") == pytest.approx(5 - np.log(3 * 2) / slope)
    assert joined("atone") == pytest.approx(5 - np.log(3 * 10) / slope)
    together = joined("avisibility", "atop1", "atop3")
    assert together == pytest.approx(5 - table.joining(models=3, metrics=6))
    assert table.joined({keys[0]: 5.0}) == pytest.approx(5)
    assert table.joined({}) == -np.inf
    assert table.joining(models=1, metrics=1) == 0


def test_spacing_beats_repeats() -> None:
    """Three spaced runs see less than one run of as many calls, more so with large run effects."""
    for tau in (0.25, 0.5):
        panel = replace(PANEL, tau=tau)
        assert at_known_time(panel, runs=3) < at_known_time(panel.times(repeats=3))


def test_bursts_see_less_than_one_run() -> None:
    """An announced update that is followed shows smaller drops than a single look at it."""
    assert followed(PANEL) < at_known_time(PANEL)


def test_the_usual_panel_has_the_usual_mean() -> None:
    """Beta(0.62, 0.76) has the mean 0.449."""
    assert typical(200).mean() == pytest.approx(0.62 / 1.38, abs=0.005)
