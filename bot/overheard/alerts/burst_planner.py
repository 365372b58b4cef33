"""Which burst comes next at each model: derived each time from runs, blocks and updates.

Nothing of a plan is kept. Runs that are bursts have a label; the blocks of all runs are in
the block table. So a plan survives a restart, and two processes make the same one.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from overheard.alerts.history import BrandReplay, HistoryReader
from overheard.cards import wording
from overheard.cards.card import Table
from overheard.deployment import Call, Deployment
from overheard.detection import announced_updates, bursts
from overheard.detection.announced_updates import UpdateEffect, UpdateStatus
from overheard.detection.baseline import run_slice
from overheard.detection.bursts import Burst, BurstPolicy, BurstSigns, MadeRun
from overheard.domain import (
    BURST,
    VISIBILITY,
    Brand,
    Catalogue,
    Model,
    ModelUpdate,
    Panel,
    Prompt,
    Run,
)
from overheard.measure.blocks import RunKey, Stream, streams_of_table

ANNOUNCED = frozenset({"announced", "feed"})
"""How updates are known whose time is certain. The others are only signs of one."""


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


class BurstPlanner:
    """Plans the next burst of each model.

    Args:
        past: Reads the past of brands from the store.
        policy: The yearly budget of calls for bursts of one model, and when a burst is worth
            its calls.
        providers: Names of the providers that can be asked.
    """

    def __init__(
        self, past: HistoryReader, policy: BurstPolicy, providers: Collection[str]
    ) -> None:
        self._past = past
        self._policy = policy
        self._providers = providers

    async def analyse(self) -> list[Suspicion]:
        """Replay the stored history of every tracked brand up to its latest run, and return the
        suspicions of all brands; reads the store and asks no model.
        """
        past = self._past
        updates, restarts = await past.store.updates.find(), await past.restarts()
        names = [brand.name for brand in past.catalogue.brands if brand.tracked]
        return [
            suspicion
            for brand in names
            for suspicion in suspicions(brand, await past.replay(brand, updates, restarts=restarts))
        ]

    async def plan(self, suspicions: Iterable[Suspicion]) -> list[PlannedBurst]:
        """Return the next burst of each model that needs a burst, the earliest first.

        Args:
            suspicions: The results of the latest analysis, of all brands.
        """
        by_model: dict[Model, list[Suspicion]] = {}
        for suspicion in suspicions:
            by_model.setdefault(suspicion.model, []).append(suspicion)
        runs, updates = await self._past.store.runs.find(), await self._past.store.updates.find()
        plans = [
            await self._next_burst(
                model, model_suspicions, runs, [u for u in updates if u.model == model]
            )
            for model, model_suspicions in by_model.items()
            if model.provider in self._providers
        ]
        return sorted(filter(None, plans), key=lambda plan: (plan.burst.at, plan.model))

    async def _next_burst(
        self,
        model: Model,
        suspicions: Sequence[Suspicion],
        runs: Iterable[Run],
        updates: Sequence[ModelUpdate],
    ) -> PlannedBurst | None:
        """Return the earlier of two bursts: the one that follows an announced update, and the one
        for signs of a change. None when neither is wanted or the model has no runs.

        Args:
            model: The model.
            suspicions: The results of the latest analysis of each brand at the model.
            runs: All runs of the store.
            updates: The updates of the model.
        """
        made = _made_runs(model, suspicions, runs)
        if not made:
            return None
        asked = _Asked(self._past.catalogue, model, made)
        times = sorted({u.at for u in updates if u.source in ANNOUNCED})
        wanted = [
            await self._update_burst(asked, times) if times else None,
            self._sign_burst(asked, suspicions, updates),
        ]
        return min(filter(None, wanted), key=lambda plan: plan.burst.at, default=None)

    async def _update_burst(self, asked: _Asked, times: Sequence[datetime]) -> PlannedBurst | None:
        """Return the burst that follows the latest announced update. None when the effect on every
        brand is clear, or the calls of the burst would exceed the year's budget for bursts.

        Args:
            asked: The model and its runs.
            times: Times of the announced updates, in order, at least one.
        """
        blocks = await self._past.store.blocks.table(model=asked.model, metric=VISIBILITY)
        known = streams_of_table(blocks.of(self._past.versions))
        names = [brand.name for brand in asked.tracked]
        effects = [
            found
            for s in known
            if s.key.brand in names and (found := _open_update(s, known, times))
        ]
        brands = [effect.before.key.brand for effect in effects]
        prompts, plan = asked.prompts(brands), announced_updates.DEFAULT_PLAN
        if not prompts or asked.spent + plan.calls > self._policy.budget:
            return None
        burst = announced_updates.next_burst_after_update(
            effects[0].verdict,
            plan,
            update=times[-1],
            since=[made_run.run for made_run in asked.made if made_run.run.at >= times[-1]],
            prompts=list(prompts),
            before=[effect.before for effect in effects],
            seed=asked.made[-1].run.id,
        )
        return asked.planned(burst, BurstCause.UPDATE, brands) if burst else None

    def _sign_burst(
        self, asked: _Asked, suspicions: Sequence[Suspicion], updates: Sequence[ModelUpdate]
    ) -> PlannedBurst | None:
        """Return a burst for the brand with the strongest evidence among those that need one; None
        when no brand needs a burst.

        Args:
            asked: The model and its runs.
            suspicions: The results of the latest analysis of each brand at the model.
            updates: The updates of the model; inferred ones are signs of a change.
        """
        sign = _is_fresh_sign(asked.made, updates)
        for suspicion in sorted(
            suspicions, key=lambda suspicion: (-suspicion.largest, suspicion.brand)
        ):
            prompts = asked.prompts([suspicion.brand])
            scheduled = max((m.run for m in asked.made if not m.burst), default=None)
            alarm = bool(suspicion.alarmed and scheduled and suspicion.alarmed >= scheduled)
            burst = prompts and bursts.next_burst(
                asked.made,
                BurstSigns(suspicion.largest, suspicion.crossed or alarm, sign),
                self._policy,
                scheduled=0,
                now=asked.made[-1].run.at,
                prompts=list(prompts),
                streams=suspicion.streams,
                seed=0,
            )
            if burst:
                suspicious = suspicion.largest > self._policy.threshold
                cause = BurstCause.SUSPICION if suspicious else BurstCause.SIGN
                return asked.planned(burst, cause, [suspicion.brand])
        return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A model with its runs and the catalogue of what it may be asked."""

    catalogue: Catalogue
    model: Model
    made: Sequence[MadeRun]

    @property
    def tracked(self) -> list[Brand]:
        """The tracked brands of the catalogue: only these raise alerts."""
        return [brand for brand in self.catalogue.brands if brand.tracked]

    def prompts(self, brands: Collection[str]) -> dict[str, Prompt]:
        """Return the prompts of the catalogue that concern at least one of the brands, by the
        prompt's key.
        """
        return {p.key: p for p in self.catalogue.prompts if any(map(p.concerns, brands))}

    @property
    def spent(self) -> int:
        """How many calls went to bursts in the year before the latest run."""
        return bursts.calls_spent(self.made, self.made[-1].run.at)

    def planned(self, burst: Burst, cause: BurstCause, brands: Sequence[str]) -> PlannedBurst:
        """Return a burst with its key and its panel, which covers all tracked brands that its
        prompts concern.

        The key and the seed depend on the latest run and the model only, so every process plans the
        same run. ``brands`` are the names of the brands that are the reason for the burst.
        """
        latest = self.made[-1].run
        key = f"burst-{latest.id}-{self.model}"
        prompts = tuple(p for p in self.catalogue.prompts if p.key in burst.asks)
        panel = Panel(
            brands=tuple(b.name for b in self.tracked if any(p.concerns(b.name) for p in prompts)),
            prompts=prompts,
            models=(self.model,),
            seed=int.from_bytes(hashlib.blake2b(key.encode(), digest_size=4).digest()) >> 1,
            times=tuple(burst.asks[prompt.key] for prompt in prompts),
        )
        return PlannedBurst(key, cause, tuple(brands), self.model, burst, panel)


@dataclass(frozen=True, slots=True)
class _OpenUpdate:
    """A brand's stream before an update whose effect is not clear yet."""

    before: Stream
    verdict: UpdateEffect | None


def _open_update(
    stream: Stream, known: Sequence[Stream], times: Sequence[datetime]
) -> _OpenUpdate | None:
    """Return a stream cut before the latest update, with the verdict so far, while the effect of
    the update is not clear. None when the effect is clear, or without answers before the update.

    Args:
        stream: The stream of a brand at the model.
        known: All streams of the model; the other ones show what a change of all brands looks
            like.
        times: Times of the updates, in order, at least one.
    """
    before = run_slice(stream, 0, bisect_left(stream.runs, RunKey(times[-1], 0)))
    if not before.n.any():
        return None
    others = [other for other in known if other is not stream]
    verdict = announced_updates.follow_updates(stream, others, times)[-1]
    return (
        _OpenUpdate(before, verdict)
        if verdict is None or verdict.finding is UpdateStatus.OPEN
        else None
    )


def _made_runs(model: Model, suspicions: Iterable[Suspicion], runs: Iterable[Run]) -> list[MadeRun]:
    """Return the runs that asked a model, in the order of time, including failed runs: if a burst
    without answers did not count, it would be repeated at once. ``suspicions`` show which imported
    runs have answers of the model.
    """
    answered = {
        run.id for suspicion in suspicions for stream in suspicion.streams for run in stream.runs
    }
    model_runs = [
        MadeRun(RunKey(run.started_at, run.id), len(run.panel or ()), run.label == BURST)
        for run in runs
        if not run.aside and (model in run.panel.models if run.panel else run.id in answered)
    ]
    return sorted(model_runs, key=lambda made_run: made_run.run)


def _is_fresh_sign(made: Sequence[MadeRun], updates: Iterable[ModelUpdate]) -> bool:
    """Return whether a silent update has shown in the replies, or been found by a canary, after the
    last scheduled run but one, and no burst has been made since.
    """
    scheduled = [made_run.run.at for made_run in made if not made_run.burst]
    signs = [u.at for u in updates if u.source not in ANNOUNCED]
    fresh = [at for at in signs if len(scheduled) < 2 or at > scheduled[-2]]
    bursts = [made_run.run.at for made_run in made if made_run.burst]
    return any(not bursts or bursts[-1] < at for at in fresh)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The result of the latest analysis of a brand at one model.

    Attributes:
        brand: The name of the brand.
        model: The model.
        largest: Logarithm of the largest Bayes factor of the brand's streams at the model.
        crossed: Whether the brand's evidence is over its threshold.
        alarmed: The run after which the last alarm was raised, or None.
        streams: The brand's streams at the model, since their baseline began.
    """

    brand: str
    model: Model
    largest: float
    crossed: bool
    alarmed: RunKey | None
    streams: tuple[Stream, ...]


def suspicions(brand: str, replay: BrandReplay) -> list[Suspicion]:
    """Return, for each model of a replayed brand in order, how strongly the brand's latest evidence
    suggests a change.
    """
    monitor = replay.monitor
    return [
        _suspicion(brand, model, replay)
        for model in sorted({seen.stream.key.model for seen in monitor.streams})
    ]


def _suspicion(brand: str, model: Model, replay: BrandReplay) -> Suspicion:
    """Return how strongly a replayed brand's latest evidence at one model suggests a change."""
    analyses = [seen for seen in replay.monitor.streams if seen.stream.key.model == model]
    alarms = [a.run for a in replay.alarms if any(s.model == model for s in a.shifts)]
    return Suspicion(
        brand=brand,
        model=model,
        largest=max(seen.largest for seen in analyses),
        crossed=replay.monitor.crossed,
        alarmed=max(alarms, default=None),
        streams=tuple(seen.stream for seen in analyses),
    )


BURSTS = "bursts that are due"
"""The job of `overheard run` that asks them; its state is kept under this name."""


async def planned_bursts(
    deployment: Deployment, suspicions: Iterable[Suspicion] | None = None
) -> list[PlannedBurst]:
    """Return the next burst of each model that needs one, the earliest first. Reads the store; no
    model is asked.

    Args:
        deployment: The open deployment.
        suspicions: Results of the latest analysis; by default all brands are analysed again.
    """
    policy = BurstPolicy(budget=deployment.config.bursts.calls_a_year)
    planner = BurstPlanner(HistoryReader.of(deployment), policy, deployment.plugins.providers)
    return await planner.plan(await planner.analyse() if suspicions is None else suspicions)


def burst_sentence(deployment: Deployment, call: Call, planned: PlannedBurst) -> str:
    """Return a sentence for people on a planned burst: why it is wanted, after which time (in the
    zone of the call), and whether the bot asks it or which command does.
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
    """Return a table with a row for each planned burst, times in the zone of the call; None without
    bursts.
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
    """Return a planned burst as JSON values: the run's key, its earliest time in ISO 8601, model,
    brands, reason, and how often each prompt is asked.
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
