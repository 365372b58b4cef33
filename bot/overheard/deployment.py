"""A deployment that is open, and a call of one of its commands."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from overheard.cards.command import Face
from overheard.cards.model_names import ModelNames
from overheard.config.cron import find_zone
from overheard.config.loader import Config
from overheard.config.sections import Zoned
from overheard.config.stored import merged
from overheard.domain import TERMINAL, Catalogue
from overheard.interfaces import Clock, Progress, Queue, Store
from overheard.plugins import Plugins, installed_plugins, load_plugins
from overheard.runs.limits import Limits
from overheard.runs.price import Estimate
from overheard.runs.quote import Pricing
from overheard.runs.tasks import InlineQueue
from overheard.scoring.judge import Judging, JudgingResources, judges, judging_cost
from overheard.scoring.rescoring import Rescoring, in_use
from overheard.scoring.service import Scoring


class NoProgress:
    """Progress that is not shown."""

    def start(self, title: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Call:
    """One use of a command: by whom, from where, and how its progress is shown.

    Attributes:
        who: Who asks, as the audit log names them.
        channel: Where they ask, as ``platform:id``; ``terminal`` for the terminal.
        zone: The reader's time zone.
        progress: Shows how far long work is.
    """

    who: str = TERMINAL
    channel: str = TERMINAL
    zone: tzinfo = UTC
    progress: Progress = field(default_factory=NoProgress)

    @property
    def face(self) -> Face:
        """Where the answer is read."""
        return Face.TERMINAL if self.channel == TERMINAL else Face.CHAT


def local_zone() -> tzinfo:
    """Return the time zone of this machine."""
    return datetime.now(UTC).astimezone().tzinfo or UTC


@dataclass(frozen=True, slots=True)
class Deployment:
    """An open deployment: what all of its commands share.

    Attributes:
        config: The configuration, as it was read and as people have completed it in chat, see
            `overheard.config.stored`.
        store: The open database.
        catalogue: What is measured, from the configuration and from people.
        plugins: Providers and scorers, and what became of each plugin.
        scoring: The scorers, by the names and facts that the scores are read by: after a change
            those of before, until history has been scored again.
        clock: The current time.
        zone: The time zone of readers of whom no other is known.
        limits: The pace of each model and its pauses, shared by all runs of this process.
        queue: Carries out the tasks of runs.
        missing_store: The URL of a store that does not exist yet, in whose place this deployment
            has an empty one that is removed with it; else empty.
        declared: The configuration as it was read; None when it is `config`.
        judged: The plugins and the scorers by the table of the judge that was switched on in chat;
            without one under an empty text. Shared by all copies, so that a judge is made once.
        scoring_lock: Held while answers are scored, so that two commands do not score the same
            answers.
    """

    config: Config
    store: Store
    catalogue: Catalogue
    plugins: Plugins
    scoring: Scoring
    clock: Clock
    zone: tzinfo = UTC
    limits: Limits = field(default_factory=Limits)
    queue: Queue = field(default_factory=InlineQueue)
    missing_store: str = ""
    declared: Config | None = None
    judged: dict[str, tuple[Plugins, Scoring]] = field(default_factory=dict)
    scoring_lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def zone_in(self, channel: str) -> tzinfo | None:
        """Return the time zone of the days and times in a channel that gets alerts or summaries,
        where an event has the same date for all readers; None for any other channel and person.

        It is the ``timezone`` of the channel's route or summary; where none is set, that of the
        first schedule, else the deployment's.
        """
        routes = [route for route in self.config.routes if route.channel == channel]
        reports = [report for report in self.config.reports if report.channel == channel]
        tables: list[Zoned] = [*routes, *reports]
        if not tables:
            return None
        zones = [table.timezone for table in tables if "timezone" in table.model_fields_set]
        zones += [schedule.timezone for schedule in self.catalogue.schedules]
        return find_zone(zones[0]) if zones else self.zone

    async def refreshed(self) -> Deployment:
        """Return the deployment with the catalogue and the settings of now, which people may have
        changed. No scorer has failed yet in what is returned.
        """
        declared = self.configured
        config = merged(declared, await self.store.settings.all())
        catalogue = await self.store.catalogue.current()
        plugins, scoring = await self._judged(config)
        return replace(
            self,
            config=config,
            declared=declared,
            catalogue=catalogue,
            plugins=plugins,
            scoring=await in_use(scoring.over(catalogue), self.store),
        )

    async def _judged(self, config: Config) -> tuple[Plugins, Scoring]:
        """Return the plugins and the scorers, with the judge that was switched on in chat.

        They are made once for each table of a judge, and kept in `judged`.
        """
        plugins, scoring = self.judged.setdefault("", (self.plugins, self.scoring))
        added = {k: v for k, v in config.scorers.items() if k not in self.configured.scorers}
        if not added:
            return plugins, scoring
        key = json.dumps({name: dict(table) for name, table in added.items()}, sort_keys=True)
        if key not in self.judged:
            points = [point for point in installed_plugins()[0] if point.name in added]
            made = await asyncio.to_thread(load_plugins, Config(scorers=added), points)
            scorers = {**plugins.scorers, **made.scorers}
            resources = JudgingResources(
                self.store,
                plugins.providers,
                self.limits,
                self.configured.budget,
                config.asking,
                self.clock,
            )
            judging = Judging(resources, scorers.values())
            listeners = plugins.listeners.answer_scored
            scoring = Scoring(scorers.values(), self.catalogue, judging, listeners)
            self.judged[key] = (replace(plugins, scorers=scorers), scoring)
        return self.judged[key]

    @property
    def configured(self) -> Config:
        """The configuration as it was read, without what people decided in chat."""
        return self.declared or self.config

    @property
    def rescoring(self) -> Rescoring:
        """Scores history by the names and facts of now."""
        return Rescoring(self.store, self.current, self.clock)

    @property
    def current(self) -> Scoring:
        """The scorers by the names and facts of now, also while scores of before are read."""
        return self.scoring.over(self.catalogue)

    @property
    def names(self) -> ModelNames:
        """The names of models for readers."""
        given = {model: table.name for model, table in self.config.models.items()}
        return ModelNames(self.plugins.models, given)

    @property
    def pricing(self) -> Pricing:
        """Quotes runs."""
        providers, budget, spread = self.plugins.providers, self.config.budget, self.queue.spread
        return Pricing(self.store, providers, budget, self.clock, self.judging_cost, spread=spread)

    async def judging_cost(self, answers: int) -> Estimate:
        """Price the judging of a number of answers that are still to come."""
        return await judging_cost(
            judges(self.plugins.scorers.values()),
            answers,
            len({fact.brand for fact in self.catalogue.facts}),
            self.plugins.providers,
            self.store,
            self.clock.now(),
        )

    async def caught_up(self, progress: Progress, expected: int = 0) -> Deployment:
        """Score the answers that have no scores, and history again where that is done at once.

        Args:
            progress: Shows how far it is.
            expected: How many answers there will be, or 0 if that is not known.

        Returns:
            The deployment with the scorers whose scores are read from now on.
        """
        async with self.scoring_lock:
            return replace(self, scoring=await self.rescoring.settle(progress, expected))


async def assemble(
    config: Config,
    store: Store,
    plugins: Plugins,
    *,
    clock: Clock,
    queue: Queue | None = None,
    zone: tzinfo = UTC,
    missing_store: str = "",
) -> Deployment:
    """Assemble a deployment; the only place that does, for the program, the tests and the kit.

    What the configuration declares is written to the store, and the scorers are connected to what
    judges need.

    Args:
        config: The configuration.
        store: The open store, which the caller closes.
        plugins: Providers and scorers, which the caller closes.
        clock: The current time.
        queue: Carries out the tasks of runs; by default one within this process.
        zone: The time zone of readers of whom no other is known.
        missing_store: See `Deployment`.
    """
    await store.catalogue.provision(config.catalogue())
    declared, config = config, merged(config, await store.settings.all())
    catalogue = await store.catalogue.current()
    limits, scorers = Limits(config.limits), plugins.scorers.values()
    resources = JudgingResources(
        store, plugins.providers, limits, declared.budget, config.asking, clock
    )
    judging, listeners = Judging(resources, scorers), plugins.listeners.answer_scored
    scoring = Scoring(scorers, catalogue, judging, listeners)
    deployment = Deployment(
        config=config,
        store=store,
        catalogue=catalogue,
        plugins=plugins,
        scoring=await in_use(scoring, store),
        clock=clock,
        zone=zone,
        limits=limits,
        queue=queue or InlineQueue(),
        missing_store=missing_store,
        declared=declared,
    )
    switched_on = config.scorers.keys() - declared.scorers.keys()
    return await deployment.refreshed() if switched_on else deployment
