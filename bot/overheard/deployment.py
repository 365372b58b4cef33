"""A deployment that is open, and a call of one of its commands."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from functools import cached_property, partial
from typing import Any, TypeVar

from overheard.cards.card import Card
from overheard.cards.command import Face
from overheard.cards.model_names import ModelNames
from overheard.config.catalogue import Market
from overheard.config.cron import find_zone
from overheard.config.secrets import shortened, without_control_characters
from overheard.config.sections import Config, Zoned
from overheard.config.stored_settings import with_chat_settings
from overheard.domain import (
    TERMINAL,
    Brand,
    Catalogue,
    DeliveryKind,
    Landscape,
    Model,
    ModelUpdate,
    Pair,
    Panel,
    Run,
    Setting,
    apply_corrections,
    deliveries_to,
)
from overheard.errors import OverheardError
from overheard.interfaces import Clock, Desk, NoProgress, Progress, Queue, Store
from overheard.plugins import GuardedProvider, Plugins, installed_plugins, load_plugins
from overheard.plugins.guard import core_method
from overheard.runs.budget import capabilities_of
from overheard.runs.limits import Limits, RetryPolicy
from overheard.runs.plan import askable, choose_models, lay_out, new_run
from overheard.runs.quote import PriceQuote, Pricing
from overheard.runs.runner import AskingMeans
from overheard.runs.service import PricedAsking, RunAnalysis, RunService
from overheard.runs.tasks import InlineQueue
from overheard.scoring.judge import Judging, judging_cost
from overheard.scoring.rescoring import Rescoring, scoring_in_use
from overheard.scoring.service import Scoring

KEPT = "plugin:"
"""The beginning of the names of settings that plugins keep; the plugin's name follows."""
Found = TypeVar("Found")


def local_zone() -> tzinfo:
    """Return the time zone of this machine as its present offset from UTC; UTC if it is not
    known.
    """
    return datetime.now(UTC).astimezone().tzinfo or UTC


@dataclass(frozen=True)
class Deployment:
    """An open deployment, which all commands share.

    Attributes:
        config: The configuration, as it was read and as people have completed it in chat, see
            `overheard.config.stored_settings`.
        store: The open database.
        catalogue: The brands, prompts, facts and schedules, from the configuration and from people.
        plugins: Providers and scorers, and the state of each plugin.
        scoring: The scorers, with the names and facts of the scores that are read; after a change
            the old ones, until history has been scored again.
        clock: The current time.
        zone: The time zone of readers whose own is not known.
        limits: The pace of each model and its pauses, shared by all runs of this process.
        queue: Carries out the tasks of runs.
        missing_store: The URL of a store that does not exist yet, in whose place this deployment
            has an empty store that is removed at the end; else empty.
        declared: The configuration as it was read; None when it equals `config`.
        judged: The plugins and the scorers by the table of the judge that was switched on in chat;
            without such a judge under an empty text. Shared by all copies, so that a judge is made
            once.
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
        """Return the time zone of all times shown in a channel, so that an event has one date
        there.

        None for a channel that has neither a route for alerts nor a summary; a person is such a
        channel too. The first of these zones wins: the ``timezone`` that the channel's routes, then
        its summaries, set themselves; that of the first schedule; that of the deployment.

        Args:
            channel: The channel, such as ``slack:C0123456789``.
        """
        routes = [route for route in self.config.routes if route.channel == channel]
        reports = [report for report in self.config.reports if report.channel == channel]
        tables: list[Zoned] = [*routes, *reports]
        if not tables:
            return None
        zones = [table.timezone for table in tables if "timezone" in table.model_fields_set]
        zones += [schedule.timezone for schedule in self.catalogue.schedules]
        return find_zone(zones[0]) if zones else self.zone

    async def deliver(
        self, channels: Iterable[str], kind: DeliveryKind, key: str, subject: str = ""
    ) -> None:
        """Store a delivery of the same for each of several channels, which the outbox posts; where
        the key is known, there is one already.
        """
        now = self.clock.now()
        await self.store.deliveries.add(deliveries_to(channels, kind, key, now, subject))

    async def refreshed(self) -> Deployment:
        """Return a new deployment with the current catalogue and settings, read from the store.

        A judge that was switched on in chat is loaded, and one that was switched off is left out.
        The count of scorer faults starts at 0. This deployment does not change.
        """
        declared = self.configured
        config = with_chat_settings(declared, await self.store.settings.all())
        catalogue = await self.store.catalogue.current()
        plugins, scoring = await self._judged(config)
        return replace(
            self,
            config=config,
            declared=declared,
            catalogue=catalogue,
            plugins=plugins,
            scoring=await scoring_in_use(scoring.for_catalogue(catalogue), self.store),
        )

    async def _judged(self, config: Config) -> tuple[Plugins, Scoring]:
        """Return the plugins and the scorers, with the judge that was switched on in chat, if any.

        A judge is loaded once for each content of its table, and kept in `judged`. Without a judge
        from chat, the plugins and scorers of the start are returned.
        """
        plugins, scoring = self.judged.setdefault("", (self.plugins, self.scoring))
        added = {
            name: table
            for name, table in config.scorers.items()
            if name not in self.configured.scorers
        }
        if not added:
            return plugins, scoring
        key = json.dumps({name: dict(table) for name, table in added.items()}, sort_keys=True)
        if key not in self.judged:
            entry_points = [point for point in installed_plugins()[0] if point.name in added]
            loaded = await asyncio.to_thread(load_plugins, Config(scorers=added), entry_points)
            plugins = replace(plugins, scorers={**plugins.scorers, **loaded.scorers})
            declared = self.configured
            scoring = _scoring(
                declared, self.store, plugins, self.catalogue, self.limits, self.clock
            )
            self.judged[key] = (plugins, scoring)
        return self.judged[key]

    @property
    def configured(self) -> Config:
        """The configuration as it was read from its file, without what people decided in chat."""
        return self.declared or self.config

    @property
    def rescoring(self) -> Rescoring:
        """A service that scores history again with the current names and facts."""
        return Rescoring(self.store, self.current, self.clock)

    @property
    def current(self) -> Scoring:
        """The scorers with the current names and facts.

        During a change, `scoring` still has the old ones, by which the scores are read.
        """
        return self.scoring.for_catalogue(self.catalogue)

    @property
    def landscapes(self) -> dict[str, Landscape]:
        """The landscape of each vendor by its name. An entry of the configuration replaces the
        plugin's entry on the same topic.
        """
        corrections = {
            vendor: {topic: table.entry(topic, corrected=True) for topic, table in declared.items()}
            for vendor, declared in self.config.landscape.items()
        }
        return apply_corrections(self.plugins.landscapes, corrections)

    def in_market(self, market: Market) -> list[Model]:
        """Return the asked models that can be asked in a market, as they are named there."""
        providers, plain = self.plugins.providers, [m for m in self.plugins.models if not m.market]
        return [
            model.within(market.key)
            for model in plain
            if market.fits(capabilities_of(model, providers).market)
        ]

    @property
    def named_models(self) -> list[Model]:
        """The models that are asked, and those that the configuration names at providers that could
        not be loaded, such as without a key.
        """
        tables = {name: table.get("models", ()) for name, table in self.config.providers.items()}
        named = [
            Model(name, str(model))
            for name, models in tables.items()
            for model in (models if isinstance(models, list | tuple) else ())
        ]
        return list(dict.fromkeys([*self.plugins.models, *named]))

    @cached_property
    def names(self) -> ModelNames:
        """The names of models for readers: those of the configuration, else of the provider, else
        derived ones.
        """
        providers, models = self.plugins.providers, self.plugins.models
        said = {str(model): capabilities_of(model, providers).name for model in models}
        given = {model: shortened(without_control_characters(str(n))) for model, n in said.items()}
        given |= {model: table.name for model, table in self.config.models.items()}
        foreign = [name for name, p in providers.items() if isinstance(p, GuardedProvider)]
        return ModelNames(models, given, foreign)

    @property
    def pricing(self) -> Pricing:
        """A service that computes the prices of runs before they are asked."""
        providers, budget = self.plugins.providers, self.config.budget
        return Pricing(
            self.store,
            providers,
            budget,
            self.clock,
            partial(judging_cost, self.plugins.scorers.values(), providers, self.store),
            spread=self.queue.spread,
            name=lambda model: self.names.name(model),  # noqa: PLW0108 - few prices need names
        )

    def model(self, text: str) -> Model:
        """Return the model of a name on cards, or of ``provider/model``, which the provider need
        not list.

        Raises:
            UnknownName: for a name of another form, or a provider that does not exist.
        """
        providers = self.plugins.providers
        return self.names.find(text, self.plugins.models) or choose_models(providers, [text])[0]

    async def caught_up(
        self, progress: Progress, expected: int = 0, *, slice_s: float | None = None
    ) -> Deployment:
        """Score the answers without scores, and after a change a slice of history again; store the
        scores.

        Waits while another command scores.

        Args:
            progress: Shows the progress.
            expected: The number of answers to come, or 0 if the number is not known.
            slice_s: Seconds for which history is scored; None means those of a reading command.

        Returns:
            The deployment with the scorers whose scores are read from now on.
        """
        async with self.scoring_lock:
            scoring = await self.rescoring.update_scores(progress, expected, slice_s=slice_s)
            return replace(self, scoring=scoring)

    async def score_new_brands(self, progress: Progress, run: Run) -> None:
        """Score a run's answers for the brands that are newer than the scores in use; there is no
        history of them to compare with.
        """
        known = {brand.name for brand in self.scoring.catalogue.brands}
        if any(brand.name not in known for brand in self.catalogue.brands):
            await self.current.catch_up(self.store, progress, part=run)


@dataclass(frozen=True)
class Call:
    """One use of a command: the open deployment, and the person who uses it.

    Attributes:
        who: The person, as the audit log names people.
        channel: The channel, as ``platform:id``; ``terminal`` for the terminal.
        zone: The reader's time zone.
        progress: Shows the progress of long work.
        desk: Carries out requests, for a command that `serves`.
        config: This, and what follows, are parts of the deployment.
        face: Where the answer is read: the terminal for the channel ``terminal``, else a chat.
    """

    deployment: Deployment
    who: str = TERMINAL
    channel: str = TERMINAL
    zone: tzinfo = UTC
    progress: Progress = field(default_factory=NoProgress)
    desk: Desk | None = None
    config: Config = field(init=False, repr=False)
    store: Store = field(init=False, repr=False)
    catalogue: Catalogue = field(init=False, repr=False)
    plugins: Plugins = field(init=False, repr=False)
    scoring: Scoring = field(init=False, repr=False)
    clock: Clock = field(init=False, repr=False)
    configured: Config = field(init=False, repr=False)
    pricing: Pricing = field(init=False, repr=False)
    face: Face = field(init=False, repr=False)

    def __post_init__(self) -> None:
        copied = ("config", "store", "catalogue", "plugins", "scoring", "clock", "configured")
        for part in (*copied, "pricing"):
            object.__setattr__(self, part, getattr(self.deployment, part))
        face = Face.TERMINAL if self.channel == TERMINAL else Face.CHAT
        object.__setattr__(self, "face", face)

    @cached_property
    def names(self) -> ModelNames:
        """The names of models for readers."""
        return self.deployment.names

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Call]:
        """Yield this call: as a `Session` is opened, for commands that take either."""
        yield self

    async def price(
        self, catalogue: Catalogue | None = None, *, batch: bool = False, **chosen: Any
    ) -> PriceQuote | None:
        """Return the price of a check, whether the budget covers it or not; None where there is
        nothing to ask, or no longer.

        Args:
            catalogue: By default that of the deployment.
            chosen: What is asked, see `lay_out`.
        """
        try:
            panel = lay_out(catalogue or self.catalogue, self.plugins.providers, **chosen)
        except OverheardError:
            return None
        return await self.pricing.unchecked(replace(panel, batch=batch))

    def new_run(self, panel: Panel, label: str = "", asked_by: str = "") -> Run:
        """Return a run that begins now, and is not stored yet; the caller asks unless another name
        is given.
        """
        now, who = self.clock.now(), asked_by or self.who
        return new_run(panel, now, label=label, asked_by=who, channel=self.channel)

    def aside_run(self, panel: Panel, label: str) -> Run:
        """Return a run outside the history that begins now, and is not stored yet."""
        return replace(self.new_run(askable(panel, self.plugins.providers), label), aside=True)

    @property
    def means(self) -> AskingMeans:
        """What asking needs, with the progress of this call."""
        limits, retries = self.deployment.limits, RetryPolicy(self.config.asking)
        providers, budget = self.plugins.providers, self.config.budget
        return AskingMeans(
            self.store, providers, limits, budget, retries, self.clock, self.progress
        )

    def run_service(self, analysis: RunAnalysis[Found] | None = None) -> RunService[Found]:
        """Return a service that carries out runs of the deployment.

        Args:
            analysis: Analyses each run when it ends; None where no run of the history is asked.
        """
        return RunService(self.means, self.deployment.queue, analysis)

    async def decide(self, name: str, value: Mapping[str, Any]) -> None:
        """Store a setting in place of the one with the same name, with the time and the person who
        decided it.
        """
        await self.store.settings.put(Setting(name, value, self.who, self.clock.now()))

    async def kept(self, prefix: str = KEPT) -> dict[str, Mapping[str, Any]]:
        """Return the values of the settings whose names have a prefix, by the rest of the name;
        without a prefix, what all plugins keep.
        """
        stored = [one for one in await self.store.settings.all() if one.name.startswith(prefix)]
        return {one.name.removeprefix(prefix): one.value for one in stored}

    def priced_asking(self, label: str, priced: Counter[Pair], *, agreed: bool) -> PricedAsking:
        """Return what prices and asks panels for a plugin's command, in runs with this label."""
        new_run = partial(self.aside_run, label=label)
        return PricedAsking(self.pricing, self.run_service(), new_run, priced, agreed)

    def work(self, plugin: str) -> PluginWork:
        """Return what the commands of a plugin may do beyond reading and asking."""
        return PluginWork(self, plugin)

    async def refreshed(self) -> Call:
        """Return this call with the current catalogue and settings, read from the store."""
        return replace(self, deployment=await self.deployment.refreshed())

    async def caught_up(self, expected: int = 0, *, slice_s: float | None = None) -> Call:
        """Return this call once all answers are scored, see `Deployment.caught_up`."""
        scored = await self.deployment.caught_up(self.progress, expected, slice_s=slice_s)
        return replace(self, deployment=scored)


async def plugin_sentences(call: Call, brand: Brand) -> list[str]:
    """Return the titles of the cards of commands with ``reports`` that have found something."""
    sentences = []
    for spec in call.plugins.commands.values():
        if spec.reports:
            with suppress(OverheardError):
                card = await spec.run(call, brand=brand.name)
                if isinstance(card, Card) and card.data.get("found"):
                    sentences.append(f"{card.title}.")
    return sentences


class PluginWork:
    """The `overheard.interfaces.Work` of one plugin."""

    def __init__(self, call: Call, plugin: str) -> None:
        self._call, self._plugin, self._prefix = call, plugin, f"{KEPT}{plugin}:"
        self._store = call.store

    @core_method
    async def kept(self) -> dict[str, Mapping[str, Any]]:
        """Return the plugin's values by name."""
        return await self._call.kept(self._prefix)

    @core_method
    async def keep(self, name: str, value: Mapping[str, Any] | None) -> None:
        """Keep a value, or forget it."""
        if value is None:
            await self._store.settings.remove(f"{self._prefix}{name}")
        else:
            await self._call.decide(f"{self._prefix}{name}", value)

    @core_method
    async def report(self, update: ModelUpdate) -> None:
        """Store an update that is not known."""
        if all(one.at != update.at for one in await self._store.updates.find(update.model)):
            await self._store.updates.add(update)

    @core_method
    async def post(
        self, key: str, command: str, due_at: datetime | None = None, **given: Any
    ) -> None:
        """Store a delivery for each channel of alerts; those with a known key are there already."""
        config = self._call.config
        channels = [route.channel for route in config.routes] or config.health.notices
        card, key = json.dumps([command, given]), f"{self._plugin}-{key}"
        due_at = due_at or self._call.clock.now()
        kind = DeliveryKind.CARD
        await self._store.deliveries.add(deliveries_to(channels, kind, key, due_at, card))

    @core_method
    async def listed(self, provider: str) -> list[Mapping[str, Any]]:
        """Return the service's list of models; empty where there is none."""
        read = getattr(self._call.plugins.providers.get(provider), "listed", None)
        return list(await read()) if read else []


def _scoring(
    declared: Config,
    store: Store,
    plugins: Plugins,
    catalogue: Catalogue,
    limits: Limits,
    clock: Clock,
) -> Scoring:
    """Return the scorers of plugins over a catalogue, with what their judges ask through."""
    providers, scorers = plugins.providers, plugins.scorers.values()
    retries = RetryPolicy(declared.asking)
    means = AskingMeans(store, providers, limits, declared.budget, retries, clock)
    scored = plugins.listeners.answer_scored if plugins.listeners.of_scores else None
    return Scoring(scorers, catalogue, Judging(means, scorers), scored)


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
    """Return a deployment on an open store, as the program, the tests and the test kit use it.

    The catalogue of the configuration is written to the store. What people decided in chat is added
    to the configuration, and a judge that was switched on there is loaded.

    Args:
        config: The configuration as it was read.
        plugins: Providers and scorers, which the caller closes.
        queue: Carries out the tasks of runs; None means a queue within this process.
        zone: The time zone of readers whose own is not known.
        missing_store: The URL of a store that does not exist yet, for which `store` is an empty
            stand-in; "" if `store` is the real one.
    """
    await store.catalogue.provision(config.catalogue())
    declared, config = config, with_chat_settings(config, await store.settings.all())
    catalogue = await store.catalogue.current()
    limits = Limits(config.limits)
    scoring = _scoring(declared, store, plugins, catalogue, limits, clock)
    deployment = Deployment(
        config=config,
        store=store,
        catalogue=catalogue,
        plugins=plugins,
        scoring=await scoring_in_use(scoring, store),
        clock=clock,
        zone=zone,
        limits=limits,
        queue=queue or InlineQueue(),
        missing_store=missing_store,
        declared=declared,
    )
    switched_on = config.scorers.keys() - declared.scorers.keys()
    return await deployment.refreshed() if switched_on else deployment
