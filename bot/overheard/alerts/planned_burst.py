"""A planned burst: its cause, and how it is shown as a sentence, a table and JSON data.

Which burst is asked next is decided in ``burst_planner.py``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from overheard.cards import wording
from overheard.cards.card import Table
from overheard.deployment import Call, Deployment
from overheard.detection.bursts import Burst
from overheard.domain import Model, Panel


class BurstCause(Enum):
    """Why a burst is wanted."""

    SUSPICION = "suspicion"
    SIGN = "sign"
    """A silent update shows in the replies, or a canary was hit."""
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class PlannedBurst:
    """A burst that is wanted.

    Attributes:
        key: The run's; the same in every process that reads the same runs.
        cause: Why the questions are repeated.
        brands: The names of the brands that the suspicion concerns.
        model: The model to ask.
        burst: When, and why in words.
        panel: What is to be asked.
    """

    key: str
    cause: BurstCause
    brands: tuple[str, ...]
    model: Model
    burst: Burst
    panel: Panel


def burst_sentence(deployment: Deployment, call: Call, planned: PlannedBurst) -> str:
    """Return a sentence for people on a planned burst: why it is wanted, how many questions it has,
    and after which time they are asked, in the time zone of the call. If bursts are automatic, it
    says that ``overheard run`` asks them, and otherwise which command does.
    """
    brands, model = wording.listing(planned.brands), planned.model
    why = {
        BurstCause.SUSPICION: f"{brands} at {model} looks suspicious",
        BurstCause.SIGN: f"{model} may have been exchanged",
        BurstCause.UPDATE: f"It is not clear yet what the update of {model} did to {brands}",
    }[planned.cause]
    calls = wording.count(planned.burst.calls, "question")
    at = wording.moment(planned.burst.at, call.zone)
    if deployment.config.bursts.automatic:
        return f"{why}: overheard run asks {calls} again after {at}."
    return f"{why}: asking {calls} again after {at} would tell; run: overheard bursts run"


def burst_table(call: Call, plans: Iterable[PlannedBurst]) -> Table | None:
    """Return a table with a row for each planned burst, in the order given: earliest time (in the
    time zone of the call), model, brands, number of questions, and reason. None without bursts.
    """
    rows = tuple(
        (
            wording.moment(plan.burst.at, call.zone),
            str(plan.model),
            wording.listing(plan.brands),
            str(plan.burst.calls),
            plan.burst.reason,
        )
        for plan in plans
    )
    header = ("After", "Model", "Brands", "Questions", "Why")
    return Table(header, rows, frozenset({3})) if rows else None


def planned_data(planned: PlannedBurst) -> dict[str, Any]:
    """Return a planned burst as JSON values: the key of its run, its earliest time in ISO 8601, the
    model, the brands and the cause for which it is wanted, the reason in words, the number of
    questions, and the text of each prompt with how often it is asked.
    """
    return {
        "run": planned.key,
        "at": planned.burst.at.isoformat(),
        "model": str(planned.model),
        "brands": list(planned.brands),
        "cause": planned.cause.value,
        "reason": planned.burst.reason,
        "questions": planned.burst.calls,
        "prompts": [
            {"prompt": prompt.text, "times": times} for prompt, times in planned.panel.asks()
        ],
    }
