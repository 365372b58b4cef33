import asyncio
import json
from typing import Any, cast

import pytest
from click.testing import CliRunner

from overheard.cards.card import Card
from overheard.cli import Session, app
from overheard.commands.simulate import simulate
from overheard.deployment import Call
from overheard.runtime.wiring import open_deployment, store_maintenance


class Steps:
    """Counts what it is shown."""

    def __init__(self) -> None:
        self.title, self.total, self.done = "", 0, 0
        self.finished = False

    def start(self, title: str, total: int) -> None:
        """Begin."""
        self.title, self.total = title, total

    def advance(self, steps: int = 1) -> None:
        """Count."""
        self.done += steps

    def finish(self) -> None:
        """End."""
        self.finished = True


def simulated(steps: Steps, **options: Any) -> Card:
    """Return the card of the command, which needs no deployment."""
    return asyncio.run(simulate(cast("Session", None), Call(progress=steps), **options))


def test_the_card_sets_them_side_by_side() -> None:
    """Detector, oracle and rules are in one table, and every step is shown."""
    steps = Steps()
    card = simulated(steps, drop=20, prompts=6, repeats=1, brands=2, panels=20)
    assert card.table
    assert [row[0] for row in card.table.rows] == [
        "This detector",
        "Oracle",
        "10 % below the run before",
        "two-proportion z against the run before",
        "pooled CUSUM",
    ]
    assert steps.done == steps.total == 20
    assert steps.finished


def test_the_figures_agree_with_each_other() -> None:
    """Ratio and calls follow from the delays and the panel."""
    data = simulated(Steps(), drop=20, prompts=6, repeats=2, brands=1, panels=20).data
    assert data["ratio"] == pytest.approx(data["delay_runs"] / data["oracle_delay_runs"], abs=0.01)
    assert data["calls_to_detect"] == pytest.approx(12 * data["delay_runs"], abs=0.1)
    assert data["calls_per_year"] == 52 * 12
    assert data["interval"][0] <= data["false_alarms_per_year"] <= data["interval"][1]


def test_a_sparse_drop_has_another_bound() -> None:
    """The same points on fewer prompts are easier to find for a detector that knows them."""
    all_, some = (
        simulated(Steps(), prompts=10, repeats=1, brands=1, panels=20, sparse=sparse).data
        for sparse in (0, 30)
    )
    assert some["lorden_calls"] < all_["lorden_calls"]


def test_the_dynamic_policy_costs_less() -> None:
    """The same figures as for the fixed panel, from fewer calls a year."""
    fixed, dynamic = (
        simulated(Steps(), drop=25, prompts=6, brands=1, panels=20, policy=policy).data
        for policy in ("fixed", "dynamic")
    )
    assert fixed.keys() == dynamic.keys()
    assert fixed["calls_per_year"] == 52 * 6 * 3
    assert 52 * 6 <= dynamic["calls_per_year"] < fixed["calls_per_year"]
    assert fixed["oracle_delay_runs"] == dynamic["oracle_delay_runs"]


def test_the_program_prints_it_for_machines() -> None:
    """The terminal's command needs no configuration, and prints one document."""
    options = "--drop 20 --tau 0 --prompts 5 --repeats 1 --sparse 0 --panels 20 --seed 2 --json"
    session = Session(open_deployment, store_maintenance)
    result = CliRunner().invoke(app, ["simulate", *options.split()], obj=session)
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout.splitlines()[-1])
    assert {"false_alarms_per_year", "delay_runs"} == set(data["rules"]["pooled CUSUM"])
    assert data["panels"] == 20
    assert data["seed"] == 2
