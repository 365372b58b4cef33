"""`simulate`: how often the streaming detector is wrong, and how soon it sees a drop."""

from __future__ import annotations

from typing import Annotated, Any

from overheard.cards import wording
from overheard.cards.card import Card, Field, Table
from overheard.cards.command import CommandSpec, Face, option
from overheard.deployment import Call, Session
from overheard.detection import policy_trials, trials
from overheard.detection.trials import DetectorTrial, TrialFigures, TrialOutcome

FIXED, DYNAMIC = "fixed", "dynamic"
POLICIES = {FIXED: trials.run_trial, DYNAMIC: policy_trials.run_policy_trial}


async def simulate(
    _: Session,
    call: Call,
    *,
    drop: Annotated[float, option("Points that visibility falls.", low=1, high=40)] = 10,
    tau: Annotated[
        float, option("Standard deviation of the run effect, in logits.", low=0, high=1)
    ] = 0.25,
    prompts: Annotated[int, option("Prompts in a run.", low=5, high=200)] = 30,
    repeats: Annotated[int, option("How often each is asked.", low=1, high=20)] = 3,
    sparse: Annotated[
        float, option("Percent of prompts that carry it; 0: all.", low=0, high=100)
    ] = 0,
    brands: Annotated[
        int, option("Brands that run effects are estimated from.", low=1, high=20)
    ] = 5,
    policy: Annotated[
        str,
        option(
            "Ask the whole panel in every run, or where it tells most.", choices=tuple(POLICIES)
        ),
    ] = FIXED,
    panels: Annotated[int, option("Brands that are simulated.", low=20)] = 200,
    seed: Annotated[int, option("Another seed gives other answers.", low=0)] = 1,
) -> Card:
    """Try the detector on simulated brands, compared with an oracle and the rules of the market.

    Each brand is watched weekly, after 20 runs of warm-up: for a year in which nothing changes,
    and again with a drop after 20 watched runs.

    Args:
        call: Is shown how long it goes on.
        drop: By how many points visibility falls, above 0.
        tau: Standard deviation of the runs' shocks, logit scale.
        prompts: Number of prompts.
        repeats: How often each is asked in a run.
        sparse: Percent of prompts that carry the drop; 0 for all.
        brands: Brands at the same model, this one included, from which run effects are estimated.
        policy: ``fixed`` asks the whole panel in every run; ``dynamic`` asks each prompt once a
            week after the warm-up, and bursts where something may have changed.
        panels: Brands that are simulated, 20 or more.
        seed: Where the randomness comes from; the same seed gives the same figures.
    """
    carried = max(sparse / 100, 1 / prompts) if sparse else 1.0
    trial = DetectorTrial(drop, tau, prompts, repeats, carried, brands)
    call.progress.start("Simulating", panels)
    try:
        outcome = POLICIES[policy](trial, panels, seed, call.progress.advance)
    finally:
        call.progress.finish()
    return Card(
        title=f"{panels:,} simulated brands",
        text=_text(trial, outcome),
        fields=_fields(trial, outcome, policy),
        table=_table(outcome),
        footer="The oracle and the rules are held to one false alarm a year to measure how soon "
        "they see the drop. A drop that is not seen within 32 runs counts as 32.",
        data={**_data(outcome), "policy": policy, "panels": panels, "seed": seed},
    )


def _text(trial: DetectorTrial, outcome: TrialOutcome) -> str:
    found = outcome.detector
    low, high = found.interval
    return (
        f"The detector raises {found.false_alarms:.2f} false alarms a brand-year "
        f"({low:.2f} to {high:.2f}) and sees a drop of {trial.drop:g} points in "
        f"{found.delay:.1f} runs: {outcome.ratio:.2f} times as many as an oracle that knows "
        "everything but when."
    )


def _fields(trial: DetectorTrial, outcome: TrialOutcome, policy: str) -> tuple[Field, ...]:
    asked = wording.count(trial.prompts, "prompt")
    return (
        Field("Calls to see it", f"{outcome.calls:,.0f}"),
        Field("Least possible", f"{outcome.lorden_calls:,.0f}"),
        Field("Calls a year", f"{outcome.calls_a_year:,.0f}"),
        Field(
            "In a run",
            f"{asked} x {trial.repeats}" if policy == FIXED else f"{asked} once, and bursts",
        ),
    )


def _table(outcome: TrialOutcome) -> Table:
    rows = {"This detector": outcome.detector, "Oracle": outcome.oracle, **outcome.rules}
    return Table(
        ("", "False alarms a year", "Runs to see it"),
        tuple((name, f"{f.false_alarms:.2f}", f"{f.delay:.1f}") for name, f in rows.items()),
        frozenset({1, 2}),
    )


def _data(outcome: TrialOutcome) -> dict[str, Any]:
    found = outcome.detector
    return {
        **_pair(found),
        "interval": [round(end, 3) for end in found.interval],
        "delay_error": round(found.error, 3),
        "oracle_delay_runs": round(outcome.oracle.delay, 3),
        "ratio": round(outcome.ratio, 3),
        "calls_to_detect": round(outcome.calls, 1),
        "lorden_calls": round(outcome.lorden_calls, 1),
        "calls_per_year": round(outcome.calls_a_year),
        "rules": {name: _pair(figures) for name, figures in outcome.rules.items()},
    }


def _pair(figures: TrialFigures) -> dict[str, float]:
    return {
        "false_alarms_per_year": round(figures.false_alarms, 3),
        "delay_runs": round(figures.delay, 3),
    }


SIMULATE = CommandSpec(
    "simulate",
    "Try the streaming detector on simulated brands: its false alarms and its delay.",
    simulate,
    examples=("simulate", "simulate --drop 5 --prompts 60"),
    faces=frozenset({Face.TERMINAL}),
    opens=False,
)
