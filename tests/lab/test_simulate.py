import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from overheard.cards.card import Card
from overheard.runtime.wiring import open_deployment, store_maintenance
from overheard.session import Session
from overheard_lab.simulate import simulate


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
    return asyncio.run(
        simulate(Session(open_deployment, store_maintenance, progress=steps), **options)
    )


KEYS = {
    "false_alarms_per_year",
    "interval",
    "by_age",
    "brand_years",
    "alarms",
    "of_model",
    "delay_runs",
    "delay_error",
    "delay_panels",
    "oracle_delay_runs",
    "ratio",
    "ghost_recoveries",
    "closings_per_year",
    "reliability",
    "rules",
    "calls_to_detect",
    "lorden_calls",
    "calls_per_year",
    "told_within_days",
    "policy",
    "panels",
    "seed",
}
SMALL: dict[str, Any] = {"drop": 30, "prompts": 6, "repeats": 1, "brands": 2, "panels": 3}


@pytest.mark.slow
def test_the_card_sets_them_side_by_side() -> None:
    """Monitor, oracle and rules are in one table, and every step is shown."""
    steps = Steps()
    card = simulated(steps, **SMALL)
    assert card.table
    assert [row[0] for row in card.table.rows] == [
        "This monitor",
        "Oracle of one stream",
        "10 % below the run before",
        "two-proportion z against the run before",
        "pooled CUSUM",
    ]
    assert steps.done == steps.total == 7
    assert steps.finished
    data = card.data
    assert data["ratio"] == pytest.approx(data["delay_runs"] / data["oracle_delay_runs"], abs=0.01)
    assert data["interval"][0] <= data["false_alarms_per_year"] <= data["interval"][1]
    assert set(data["by_age"]) == {"1-3", "4-7", "8-15", "16+"}
    assert {one["level"] for one in data["reliability"]} == {"nearly certain", "likely"}
    assert data["ghost_recoveries"] >= 0
    assert set(data) == KEYS


@pytest.mark.long
def test_messages_of_models_are_counted_too() -> None:
    """With their years, beside the alarms of brands; by default a quarter of the budget."""
    small = {**SMALL, "brands": 4, "models": 2}
    found = simulated(Steps(), **small).data["of_model"]
    assert found["allowed_per_year"] == pytest.approx(0.05)
    assert (found["years"], found["alarms"]) == (2, 0)
    often = simulated(Steps(), **small, per_year=50).data["of_model"]
    assert often["alarms"] == pytest.approx(often["per_year"] * 2, abs=0.01)
    assert often["interval"][0] <= often["per_year"] <= often["interval"][1]
    assert often["alarms"] > 0


@pytest.mark.slow
def test_asking_again_costs_calls_and_tells_sooner() -> None:
    """The plain policy only makes the weekly runs."""
    plain, confirmed = (
        simulated(Steps(), **SMALL, policy=policy).data for policy in ("plain", "confirmed")
    )
    assert plain["calls_per_year"] == 52 * 6 < confirmed["calls_per_year"] < 1.6 * 52 * 6
    assert confirmed["told_within_days"].keys() == {"1", "3", "7", "28"}


@pytest.mark.slow
def test_the_program_prints_it_for_machines() -> None:
    """The terminal's command needs no configuration, and prints one document."""
    options = (
        "--drop 30 --tau 0 --prompts 5 --repeats 1 --brands 1 --panels 5 --seed 2 "
        "--world t3 --effects own --per-year 1 --age 16+ --json"
    )
    command = [sys.executable, "-m", "overheard_lab", "simulate", *options.split()]
    bench = Path(__file__).parents[2] / "bench"
    done = subprocess.run(command, cwd=bench, capture_output=True, text=True, check=True)
    data = json.loads(done.stdout.splitlines()[-1])
    assert {"false_alarms_per_year", "delay_runs"} == set(data["rules"]["pooled CUSUM"])
    assert data["panels"] == 5
    assert data["seed"] == 2
