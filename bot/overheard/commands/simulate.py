"""`simulate`: how often the streaming detector is wrong, and how soon it sees a drop."""

from __future__ import annotations

from typing import Any

from overheard.cards import words
from overheard.cards.card import Card, Field, Table
from overheard.interfaces import Progress
from overheard.shifts import trials
from overheard.shifts.trials import YEAR, Figures, Outcome, Trial


def simulate(
    progress: Progress,
    *,
    drop: float = 10.0,
    tau: float = 0.25,
    prompts: int = 30,
    repeats: int = 3,
    sparse: float = 0.0,
    brands: int = 5,
    panels: int = 200,
    seed: int = 1,
) -> Card:
    """Try the detector on simulated brands, beside an oracle and the rules of the market.

    Each brand is watched weekly, after 20 runs of warm-up: for a year in which nothing changes,
    and again with a drop after 20 watched runs.

    Args:
        progress: Who is shown how long it goes on.
        drop: By how many points visibility falls, above 0.
        tau: Standard deviation of the runs' shocks, logit scale.
        prompts: Number of prompts.
        repeats: How often each is asked in a run.
        sparse: Percent of prompts that carry the drop; 0 for all.
        brands: Brands at the same model, this one included, from which the moods are learnt.
        panels: Brands that are simulated, 20 or more.
        seed: Where the randomness comes from; the same seed gives the same figures.
    """
    carried = max(sparse / 100, 1 / prompts) if sparse else 1.0
    trial = Trial(drop, tau, prompts, repeats, carried, brands)
    progress.start("Simulating", panels)
    try:
        outcome = trials.run(trial, panels, seed, progress.advance)
    finally:
        progress.finish()
    return Card(
        title=f"{panels:,} simulated brands",
        text=_text(trial, outcome),
        fields=_fields(trial, outcome),
        table=_table(outcome),
        footer="The oracle and the rules are held to one false alarm a year to measure how soon "
        "they see the drop. A drop that is not seen within 32 runs counts as 32.",
        data=_data(trial, outcome, panels, seed),
    )


def _text(trial: Trial, outcome: Outcome) -> str:
    found = outcome.detector
    low, high = found.interval
    return (
        f"The detector raises {found.false_alarms:.2f} false alarms a brand-year "
        f"({low:.2f} to {high:.2f}) and sees a drop of {trial.drop:g} points in "
        f"{found.delay:.1f} runs: {_ratio(outcome):.2f} times as many as an oracle that knows "
        "everything but when."
    )


def _fields(trial: Trial, outcome: Outcome) -> tuple[Field, ...]:
    return (
        Field("Calls to see it", f"{_calls(trial, outcome):,.0f}"),
        Field("Least possible", f"{outcome.lorden_calls:,.0f}"),
        Field("Calls a year", f"{_calls_a_year(trial):,}"),
        Field("In a run", f"{words.count(trial.prompts, 'prompt')} x {trial.repeats}"),
    )


def _table(outcome: Outcome) -> Table:
    rows = {"This detector": outcome.detector, "Oracle": outcome.oracle, **outcome.rules}
    return Table(
        ("", "False alarms a year", "Runs to see it"),
        tuple((name, f"{f.false_alarms:.2f}", f"{f.delay:.1f}") for name, f in rows.items()),
        frozenset({1, 2}),
    )


def _data(trial: Trial, outcome: Outcome, panels: int, seed: int) -> dict[str, Any]:
    found = outcome.detector
    return {
        **_pair(found),
        "interval": [round(end, 3) for end in found.interval],
        "delay_error": round(found.error, 3),
        "oracle_delay_runs": round(outcome.oracle.delay, 3),
        "ratio": round(_ratio(outcome), 3),
        "calls_to_detect": round(_calls(trial, outcome), 1),
        "lorden_calls": round(outcome.lorden_calls, 1),
        "calls_per_year": _calls_a_year(trial),
        "rules": {name: _pair(figures) for name, figures in outcome.rules.items()},
        "panels": panels,
        "seed": seed,
    }


def _pair(figures: Figures) -> dict[str, float]:
    return {
        "false_alarms_per_year": round(figures.false_alarms, 3),
        "delay_runs": round(figures.delay, 3),
    }


def _ratio(outcome: Outcome) -> float:
    return outcome.detector.delay / outcome.oracle.delay


def _calls(trial: Trial, outcome: Outcome) -> float:
    return outcome.detector.delay * trial.prompts * trial.repeats


def _calls_a_year(trial: Trial) -> int:
    return YEAR * trial.prompts * trial.repeats
