"""Extra questions where something may have changed: the suspicions, and what is planned."""

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
from overheard.deployment import Call, Deployment
from overheard.detection import announced_updates
from overheard.detection import announced_updates as bursts
from overheard.detection.announced_updates import (
    Burst,
    BurstPolicy,
    BurstSigns,
    MadeRun,
    UpdateEffect,
    UpdateStatus,
)
from overheard.detection.baseline import run_slice
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


class BurstCause(Enum):
    """Why a burst is wanted."""

    SUSPICION = "suspicion"
    SIGN = "sign"
    """A silent update shows in the replies, or a person marked one."""
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
    says that ``overheard run`` asks them, and otherwise that a check would.
    """
    brands, model = wording.listing(planned.brands), planned.model
    why = {
        BurstCause.SUSPICION: f"{brands} at {model} looks suspicious",
        BurstCause.SIGN: f"{model} may have been exchanged",
        BurstCause.UPDATE: f"It is not clear yet what the update of {model} did to {brands}",
    }[planned.cause]
    at = wording.moment(planned.burst.at, call.zone)
    if deployment.config.bursts.automatic:
        calls = wording.count(planned.burst.calls, "question")
        return f"{why}: overheard run asks {calls} again after {at}."
    return f"{why}: another check after {at} would tell; run: overheard check"


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


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The result of the latest analysis of a brand at one model.

    Attributes:
        brand: The name of the brand.
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
    """Return how strongly a brand's evidence after its latest run suggests a change, once for each
    model with a baseline, in the order of the models.

    Args:
        brand: The brand's name.
        replay: The replayed past of the brand.
    """
    models = {analysis.stream.key.model for analysis in replay.monitor.streams}
    return [_suspicion(brand, model, replay) for model in sorted(models)]


def _suspicion(brand: str, model: Model, replay: BrandReplay) -> Suspicion:
    """Return how strongly a brand's evidence after its latest run suggests a change at one model.
    Whether the evidence is over the threshold is known of the brand at all models together.

    Args:
        model: A model with at least one analysed stream.
    """
    analyses = [one for one in replay.monitor.streams if one.stream.key.model == model]
    alarm_runs = [
        alarm.run for alarm in replay.alarms if any(shift.model == model for shift in alarm.shifts)
    ]
    return Suspicion(
        brand=brand,
        model=model,
        largest=max(analysis.largest for analysis in analyses),
        crossed=replay.monitor.crossed,
        alarmed=max(alarm_runs, default=None),
        streams=tuple(analysis.stream for analysis in analyses),
    )


ANNOUNCED = frozenset({"announced", "feed"})
"""How updates are known whose time is certain. The others are only signs of one."""


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
        """Replay the stored history of every tracked brand up to its latest run. Return how
        strongly each brand's evidence at each model suggests a change, in the order of the brands.
        Nothing is stored, and no model is asked.
        """
        past = self._past
        updates, restarts = await past.store.updates.find(), await past.restarts()
        found: list[Suspicion] = []
        for brand in [brand.name for brand in past.catalogue.brands if brand.tracked]:
            replay = await past.replay(brand, updates, restarts=restarts)
            found += suspicions(brand, replay)
        return found

    async def plan(self, suspicions: Iterable[Suspicion]) -> list[PlannedBurst]:
        """Return the next burst of each model that needs one, the earliest first. Models without a
        result in ``suspicions``, and models whose provider cannot be asked, get none. Nothing is
        stored, and no model is asked.

        Args:
            suspicions: The results of the latest analysis, of all brands at all models.
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
        """Return the next burst of a model: of the burst that follows an announced update and the
        burst for signs of a change, the earlier one. None when neither is wanted, or the model has
        no runs.

        Args:
            suspicions: The results of the latest analysis of each brand at the model.
        """
        model_runs = _runs_of_model(model, suspicions, runs)
        if not model_runs:
            return None
        asked = _AskedModel(self._past.catalogue, model, model_runs)
        update_times = sorted({update.at for update in updates if update.source in ANNOUNCED})
        wanted = [
            await self._update_burst(asked, update_times) if update_times else None,
            self._sign_burst(asked, suspicions, updates),
        ]
        return min(filter(None, wanted), key=lambda plan: plan.burst.at, default=None)

    async def _update_burst(
        self, asked: _AskedModel, update_times: Sequence[datetime]
    ) -> PlannedBurst | None:
        """Return the burst that follows the latest announced update, by which it gets clear what
        the update did to the visibility of the tracked brands.

        None when this is clear for every brand, when no prompt concerns a brand for which it is
        not, when the follow-up has had all its runs, or when the calls of the burst would exceed
        the year's budget for bursts.

        Args:
            update_times: Times of the announced updates, the earliest first; at least one.
        """
        blocks = await self._past.store.blocks.table(model=asked.model, metric=VISIBILITY)
        streams_of_model = streams_of_table(blocks.of(self._past.versions))
        tracked = {brand.name for brand in asked.tracked}
        unclear = [
            open_update
            for stream in streams_of_model
            if stream.key.brand in tracked
            if (open_update := _open_update(stream, streams_of_model, update_times))
        ]
        brands = [open_update.before.key.brand for open_update in unclear]
        prompts, plan = asked.prompts(brands), announced_updates.DEFAULT_PLAN
        if not prompts or asked.burst_calls_spent + plan.calls > self._policy.budget:
            return None
        latest_update = update_times[-1]
        burst = announced_updates.next_burst_after_update(
            unclear[0].verdict,
            plan,
            update=latest_update,
            since=[past.run for past in asked.runs if past.run.at >= latest_update],
            prompts=list(prompts),
            before=[open_update.before for open_update in unclear],
            seed=asked.runs[-1].run.id,
        )
        return asked.planned(burst, BurstCause.UPDATE, brands) if burst else None

    def _sign_burst(
        self, asked: _AskedModel, suspicions: Sequence[Suspicion], updates: Sequence[ModelUpdate]
    ) -> PlannedBurst | None:
        """Return a burst for a model that may have changed: for the brand with the strongest
        evidence among those that need a burst. None when no brand needs one.

        A brand needs none when no prompt concerns it, when its evidence is over the threshold or
        raised an alarm since the last scheduled run, when there is no sign of a change, or when the
        bursts or the calls that the policy allows are used up.

        Args:
            suspicions: The results of the latest analysis of each brand at the model.
            updates: The updates of the model; unannounced ones are signs of a change.
        """
        has_sign = _has_new_sign(asked.runs, updates)
        last_scheduled = max((past.run for past in asked.runs if not past.burst), default=None)
        for suspicion in sorted(
            suspicions, key=lambda suspicion: (-suspicion.largest, suspicion.brand)
        ):
            prompts = asked.prompts([suspicion.brand])
            has_alarm = bool(
                suspicion.alarmed and last_scheduled and suspicion.alarmed >= last_scheduled
            )
            burst = prompts and bursts.next_burst(
                asked.runs,
                BurstSigns(
                    largest=suspicion.largest,
                    alarm=suspicion.crossed or has_alarm,
                    update=has_sign,
                ),
                self._policy,
                now=asked.runs[-1].run.at,
                prompts=list(prompts),
                streams=suspicion.streams,
            )
            if burst:
                suspicious = suspicion.largest > self._policy.threshold
                cause = BurstCause.SUSPICION if suspicious else BurstCause.SIGN
                return asked.planned(burst, cause, [suspicion.brand])
        return None


@dataclass(frozen=True, slots=True)
class _AskedModel:
    """A model with the catalogue of what it may be asked, and its past runs.

    Attributes:
        catalogue: The brands and prompts.
        runs: The runs that asked the model, the oldest first; at least one.
    """

    catalogue: Catalogue
    model: Model
    runs: Sequence[MadeRun]

    @property
    def tracked(self) -> list[Brand]:
        """The tracked brands of the catalogue: only these raise alerts."""
        return [brand for brand in self.catalogue.brands if brand.tracked]

    def prompts(self, brands: Collection[str]) -> dict[str, Prompt]:
        """Return the prompts of the catalogue that concern at least one of the brands (given by
        their names), by the prompt's key and in the order of the catalogue.
        """
        return {
            prompt.key: prompt
            for prompt in self.catalogue.prompts
            if any(map(prompt.concerns, brands))
        }

    @property
    def burst_calls_spent(self) -> int:
        """How many calls went to bursts in the 365 days before the latest run, that included."""
        return bursts.calls_spent(self.runs, self.runs[-1].run.at)

    def planned(self, burst: Burst, cause: BurstCause, brands: Sequence[str]) -> PlannedBurst:
        """Return a burst with the key and the panel of the run that asks it.

        The panel has the prompts of the burst, each as often as the burst says, and all tracked
        brands that they concern. The key and the seed depend on the latest run and the model only,
        so every process plans the same run.

        Args:
            burst: When and how often each prompt is asked; prompts that the catalogue lacks are
                left out.
        """
        latest = self.runs[-1].run
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
    """An update whose effect on a brand is not clear yet.

    Attributes:
        before: The brand's stream up to the update.
        verdict: The effect so far; None before there is anything to compare.
    """

    before: Stream
    verdict: UpdateEffect | None


def _open_update(
    stream: Stream, streams_of_model: Sequence[Stream], update_times: Sequence[datetime]
) -> _OpenUpdate | None:
    """Return what is known of the latest update if its effect on a brand is not clear yet.

    It is not clear before there is anything to compare, and while further answers may decide it.
    Return None when the effect is clear. Also return None when the brand has no answers from runs
    before the update, because nothing can be compared with them.

    Args:
        streams_of_model: All streams of the model and metric, among them ``stream``; the others
            show what a change of all brands looks like.
        update_times: Times of the model's announced updates, the earliest first; at least one.
    """
    # The number 0 sorts before every run of that time.
    first_row_since = bisect_left(stream.runs, RunKey(update_times[-1], 0))
    before = run_slice(stream, 0, first_row_since)
    if not before.n.any():
        return None
    others = [other for other in streams_of_model if other is not stream]
    verdict = announced_updates.follow_updates(stream, others, update_times)[-1]
    if verdict is not None and verdict.finding is not UpdateStatus.OPEN:
        return None
    return _OpenUpdate(before, verdict)


def _runs_of_model(
    model: Model, suspicions: Iterable[Suspicion], runs: Iterable[Run]
) -> list[MadeRun]:
    """Return the runs that asked a model, in the order of time. Runs outside of the brands' history
    are left out.

    Failed runs are included: if a burst without answers did not count, it would be repeated at
    once.

    Args:
        suspicions: The results of the latest analysis at the model; their streams show which
            imported runs, which have no panel, have answers of the model.
    """
    answered = {
        run.id for suspicion in suspicions for stream in suspicion.streams for run in stream.runs
    }
    model_runs = [
        MadeRun(
            RunKey(run.started_at, run.id), calls=len(run.panel or ()), burst=run.label == BURST
        )
        for run in runs
        if not run.aside and (model in run.panel.models if run.panel else run.id in answered)
    ]
    return sorted(model_runs, key=lambda made_run: made_run.run)


def _has_new_sign(runs: Sequence[MadeRun], updates: Iterable[ModelUpdate]) -> bool:
    """Return whether there is a sign of a change after which no burst has been made yet.

    A sign is an unannounced update: it showed in replies, or a person marked
    it. Only signs after the last scheduled run but one count; with fewer than two scheduled runs,
    all signs count.

    Args:
        runs: The runs that asked the model, the oldest first.
    """
    scheduled = [past.run.at for past in runs if not past.burst]
    burst_times = [past.run.at for past in runs if past.burst]
    signs = [update.at for update in updates if update.source not in ANNOUNCED]
    recent_signs = [at for at in signs if len(scheduled) < 2 or at > scheduled[-2]]
    return any(not burst_times or burst_times[-1] < at for at in recent_signs)


async def planned_bursts(
    deployment: Deployment, suspicions: Iterable[Suspicion] | None = None
) -> list[PlannedBurst]:
    """Return the next burst of each model that needs one, the earliest first, within the configured
    yearly budget of calls. Nothing is stored, and no model is asked.

    Args:
        suspicions: Results of the latest analysis of all brands; None analyses them again.
    """
    policy = BurstPolicy(budget=deployment.config.bursts.calls_a_year)
    planner = BurstPlanner(HistoryReader.of(deployment), policy, deployment.plugins.providers)
    return await planner.plan(await planner.analyse() if suspicions is None else suspicions)
