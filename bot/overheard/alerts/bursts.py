"""Asking again by itself: which model is asked next, about which brands, when, and why.

Detection stores with each run where something may have changed (`alerts.story`); what is planned is
a pure function of that, of the runs and of the known updates. So each process plans the same run,
which is asked once.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from overheard.alerts.story import Watch, read_watches
from overheard.cards import wording
from overheard.cards.card import picked
from overheard.deployment import Call
from overheard.detection.confirmation import EXPIRES_AFTER, LOOKS, MIN_GAP, YEAR, next_look
from overheard.domain import BURST, Model, ModelUpdate, Panel, Run
from overheard.runs.update_feeds import FEED_SOURCE, WATCH_SOURCE

WEEKS_A_YEAR = 52
"""The checks of a year that are expected of a model as long as there were fewer."""
LEAST_REPEATS = 3
"""How often each question is asked at least: less shows little, and costs little."""
CHECK = "check"
"""The source of a burst that an unusual check wants; else it is how an update is known."""
FOUND_LATER = frozenset({FEED_SOURCE, WATCH_SOURCE})
"""How updates are known that are found days after they took place."""
SOURCE_WORDS = {
    FEED_SOURCE: "announced",
    WATCH_SOURCE: "its answers are unlike before",
    "served model": "the service named another model",
    "fingerprint": "the service's identifiers changed",
}
"""Words for how an update is known; others are words already."""


@dataclass(frozen=True, slots=True)
class PlannedBurst:
    """Questions that are asked again.

    Attributes:
        key: The run's; the same in every process that reads the same runs.
        source: `CHECK`, or how an update is known: ``announced``, ``feed``, ``served model`` ...
        brands: The names of the brands that it is about.
        at: The earliest time.
        panel: What is to be asked.
        number: 1 for the first time after the occasion, and so on.
    """

    key: str
    source: str
    brands: tuple[str, ...]
    model: Model
    at: datetime
    panel: Panel
    number: int = 1


def burst_sentence(call: Call, planned: PlannedBurst) -> str:
    """Return a sentence for people on a planned burst: why it is wanted, how many questions it has,
    and after which time they are asked, in the time zone of the call.
    """
    brands, model = wording.listing(planned.brands), planned.model
    how = SOURCE_WORDS.get(planned.source, planned.source)
    why = f"{model} may have been changed ({how})"
    if planned.source == CHECK:
        why = f"{brands} at {model} is unlike before"
    at = wording.moment(planned.at, call.zone)
    if call.config.bursts.automatic:
        calls = wording.count(len(planned.panel), "question")
        return f"{why}: overheard run asks {calls} again after {at}."
    return f"{why}: another check after {at} would tell; run: overheard check"


def planned_data(planned: PlannedBurst) -> dict[str, Any]:
    """Return a planned burst as JSON values: the key of its run, its earliest time in ISO 8601, the
    model, the brands and the cause for which it is wanted, the number of questions, and the text of
    each prompt with how often it is asked.
    """
    return {
        "run": planned.key,
        **picked(planned, "at", "model", "brands"),
        "cause": planned.source,
        "reason": f"{planned.number} of {len(LOOKS)}",
        "questions": len(planned.panel),
        "prompts": [
            {"prompt": prompt.text, "times": times} for prompt, times in planned.panel.asks()
        ],
    }


async def planned_bursts(call: Call) -> list[PlannedBurst]:
    """Return the next burst of each model that is asked again, the earliest first, within the share
    of calls that `[bursts]` allows. Nothing is stored, and no model is asked.
    """
    store, now = call.store, call.clock.now()
    known_for = dict.fromkeys(FOUND_LATER, 2 * EXPIRES_AFTER)
    watches = {key: one for key, one in (await read_watches(store)).items() if one.is_open}
    updates = [
        one
        for one in await store.updates.find()
        if now - known_for.get(one.source, EXPIRES_AFTER) < one.at <= now
    ]
    if not watches and not updates:
        return []
    runs = [run for run in reversed(await store.runs.find(aside=False)) if run.panel]
    tracked = [brand.name for brand in call.catalogue.tracked]
    plans = []
    for model in call.plugins.models:
        of_model = [run for run in runs if run.panel and model in run.panel.models]
        at_model = {brand: watches[brand, model] for brand in tracked if (brand, model) in watches}
        known = [update for update in updates if update.model == model]
        plan = _next_burst(model, of_model, at_model, known, now) if of_model else None
        if plan and len(plan.panel) <= calls_left(of_model, call.config.bursts.share, now):
            plans.append(plan)
    return sorted(plans, key=lambda plan: (plan.at, plan.model))


def next_time(watch: Watch, runs: Sequence[Run], now: datetime) -> datetime | None:
    """Return when a model is asked again about a brand; None when it is not.

    Args:
        watch: What is suspected.
        runs: The runs that asked the model, the oldest first.
    """
    opened = watch.opened
    if opened is None or watch.over:
        return None
    return next_look(opened, [run.started_at for run in runs if run.started_at > opened], now)


def calls_left(runs: Sequence[Run], share: float, now: datetime) -> float:
    """Return how many calls may still be made to ask a model again: the share of those of the
    checks in the last 365 days, or of a year of weekly ones as long as there were fewer, less those
    that were; at least those of one occasion.

    Args:
        runs: The runs that asked the model, the oldest first; at least one.
    """
    of_year = [run for run in runs if run.started_at > now - YEAR]
    checks = [_calls(run) for run in of_year if run.label != BURST]
    newest = next((run for run in reversed(runs) if run.label != BURST), runs[-1])
    latest, prompts = _calls(newest), len(newest.panel.prompts) if newest.panel else 0
    again = sum(_calls(run) for run in of_year if run.label == BURST)
    least = (1 + len(LOOKS)) * max(latest, LEAST_REPEATS * prompts) if share else 0
    return max(share * max(sum(checks), latest * WEEKS_A_YEAR), least) - again


def _calls(run: Run) -> int:
    """Return the number of calls of a run to each of its models."""
    return len(run.panel) // len(run.panel.models) if run.panel and run.panel.models else 0


def _next_burst(
    model: Model,
    runs: Sequence[Run],
    watches: Mapping[str, Watch],
    updates: Sequence[ModelUpdate],
    now: datetime,
) -> PlannedBurst | None:
    """Return the next burst of a model; None when none is wanted."""
    latest = runs[-1]
    times = {
        brand: look for brand, watch in watches.items() if (look := next_time(watch, runs, now))
    }
    source, at = CHECK, min(times.values(), default=None)
    for update in updates if at is None else ():
        found_later = update.source in FOUND_LATER and not any(
            run.label == BURST and run.started_at >= update.at for run in runs
        )
        if found_later or update.at > latest.started_at:
            source, at = update.source, max(update.at, latest.started_at + MIN_GAP)
    if at is None or latest.panel is None:
        return None
    if times and source == CHECK:
        source = next(filter(None, (watches[brand].source for brand in times)), CHECK)
    asked = [run for run in runs if run.label != BURST] or [latest]
    panel = asked[-1].panel or latest.panel
    brands = tuple(times) or panel.brands
    kept = [
        (prompt, max(count, LEAST_REPEATS))
        for prompt, count in panel.asks()
        if any(prompt.concerns(brand) for brand in brands)
    ]
    key = f"burst-{latest.id}-{model}"
    return PlannedBurst(
        key=key,
        source=source,
        brands=brands,
        model=model,
        at=at,
        panel=Panel(
            brands=panel.brands,
            prompts=tuple(prompt for prompt, _ in kept),
            models=(model,),
            repeats=max(panel.repeats, LEAST_REPEATS),
            seed=int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) >> 1,
            times=tuple(count for _, count in kept),
            skips=panel.skips,
        ),
        number=1 + max((len(watches[brand].looks) for brand in times), default=0),
    )
