"""One process of a deployment: chats, schedules, the outbox, and what watches over them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from overheard.alerts.burst_planner import BURSTS
from overheard.alerts.lifecycle import Lifecycle
from overheard.alerts.outbox import Outbox
from overheard.cards.charts.renderer import darken
from overheard.cards.command import Role
from overheard.commands.access import issue_code
from overheard.commands.bursts import Planner, run_bursts
from overheard.commands.canary import run_canaries
from overheard.commands.delivery_cards import DeliveryCards
from overheard.commands.editions import follow_changes
from overheard.commands.first_check import continue_first_check
from overheard.commands.retain import limited, retain_texts
from overheard.commands.runs import resume_run
from overheard.commands.schedules import check_schedule
from overheard.config.cron import Cron
from overheard.config.rights import Rights
from overheard.config.sections import Config
from overheard.config.stored_settings import with_chat_settings
from overheard.deployment import Call, Deployment, NoProgress
from overheard.domain import BURST, FIRST_CHECK, AuditEntry, Delivery, DeliveryKind, Run, Schedule
from overheard.errors import ChatUnavailable, OverheardError, ungrouped
from overheard.installation import reinstall_command
from overheard.interfaces import Chat, DarkChat, Desk
from overheard.logs import about
from overheard.plugins import Notice
from overheard.runs.canaries import canaries
from overheard.runs.interruptions import RunResumer
from overheard.runs.update_feeds import read_feeds
from overheard.runtime.chat_leader import LeaderChat
from overheard.runtime.health import HealthServer
from overheard.runtime.metrics import process_metrics, start_telemetry, store_label
from overheard.runtime.scheduler import Job, Scheduler
from overheard.runtime.supervisor import GracefulShutdown, Service, ServiceState, Supervisor
from overheard.scoring.warm_up import warm_up

CANARIES = "canaries of the day"
"""The job that asks canaries."""
SCHEDULE = "schedule"
"""How the audit log names schedules, and where they ask."""
RETENTION = "texts that got old"
"""The job that removes them."""
SIGN_OF_LIFE = "sign of life"
"""The job that posts that the bot is well."""
CATCH_UP_INTERVAL_S = 300.0
"""Seconds between two searches for answers without scores."""
CHANGE_POLL_INTERVAL_S = 10.0
"""Seconds after which a change of brands or facts is noticed."""
FEED_INTERVAL_S = 3600.0
"""Seconds between two reads of the update feeds."""
CLOSE_TIMEOUT_S = 0.5
"""Seconds that a chat has to close its connections."""
WARM_UP_DELAY_S = 2.0
"""Seconds from the start of the services to the first, made-up reading of the scorers."""
WAKE_INTERVAL_S = 30.0
"""Seconds between two searches for alerts whose snooze is over."""

log = logging.getLogger("overheard")


class Server:
    """The services of a deployment in this process.

    Args:
        deployment: The open deployment.
        chats: The platforms, by name.
        extend_shutdown: See `LeaderChat`.
    """

    def __init__(
        self,
        deployment: Deployment,
        chats: Mapping[str, Chat],
        extend_shutdown: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Create the services of the deployment and their supervisor; `run` starts them."""
        self._deployment = deployment
        self._planner = Planner()
        config, store, clock = deployment.config, deployment.store, deployment.clock
        present: dict[str, Chat] = {}
        outbox = Outbox(
            store.deliveries, present, DeliveryCards(self._deployment).compose, clock, self._posted
        )
        self._resumer = RunResumer(store, clock, self._resume, chats, SCHEDULE)
        scheduler = Scheduler(store, self.jobs, clock, self._resume_runs)
        leading = {
            name: LeaderChat(name, chat, store.locks, present, extend_shutdown)
            for name, chat in chats.items()
        }
        services = [
            Service("scheduler", scheduler.run),
            Service("outbox", outbox.run),
            Service("alerts", self._wake_alerts),
            Service("scoring", self._catch_up),
            *([Service("feeds", self._read_feeds)] if deployment.plugins.feeds else []),
            *([Service("notices", self._tell_admins)] if config.health.notices else []),
            *_chat_services(deployment, leading),
        ]
        self.supervisor = Supervisor(services, log.warning, self._call_admins)
        self._opened_chats = tuple(chats)
        counted = process_metrics(self._deployment, self._connected).text
        label = store_label(config.storage.url)
        self._health = HealthServer(config.health, self.supervisor.statuses, counted, label)

    async def run(self) -> None:
        """Run the health endpoint and all services until cancelled.

        Raises:
            PortTaken: when another program has the port of the health endpoint.
        """
        with ungrouped():
            async with asyncio.TaskGroup() as group:
                group.create_task(self._health.run_if_wanted(log.warning))
                await self._health.settled.wait()  # a taken port ends the process before any work
                await self._announce()
                group.create_task(self.supervisor.run())
                await asyncio.sleep(WARM_UP_DELAY_S)
                await asyncio.to_thread(warm_up, self._deployment.scoring.scorers)

    async def _announce(self) -> None:
        """Log the plugins that are left out, that the deployment runs, and how to become the first
        admin.
        """
        for report in self._deployment.plugins.faulty:
            log.warning("%s", report.sentence)
        where = f"in {' and '.join(self._opened_chats)}" if self._opened_chats else "without a chat"
        file = self._deployment.config.file
        log.warning("Overheard is running %s; %s says what it does.", where, file)
        if self._opened_chats:
            await _offer_code(self._deployment)

    def _connected(self) -> dict[str, bool]:
        """Return, by chat, whether it is connected or another process serves it."""
        statuses = self.supervisor.statuses()
        return {name: statuses[name].state is ServiceState.UP for name in self._opened_chats}

    async def jobs(self) -> Sequence[Job]:
        """Return the scheduled jobs of now: checks, reports, bursts, retention, the sign of life,
        canaries and the first check.
        """
        stored = await self._deployment.store.settings.all()
        config = with_chat_settings(self._deployment.configured, stored)
        checks = [
            Job(
                schedule.name,
                Cron(schedule.cron, schedule.timezone),
                partial(self._check, schedule),
            )
            for schedule in (await self._deployment.store.catalogue.current()).schedules
        ]
        reports = [
            Job(
                f"report {r.name}",
                Cron(r.cron, r.timezone),
                partial(self._report, r.name, r.channel),
            )
            for r in config.reports
        ]
        # A burst waits for hours; its time is computed from the runs each time.
        bursts = (
            [Job(BURSTS, Cron("*/15 * * * *"), self._bursts)] if config.bursts.automatic else []
        )
        retention = (
            [Job(RETENTION, Cron("30 3 * * *"), self._retain)] if limited(self._deployment) else []
        )
        canary = Job(CANARIES, Cron(config.canary.cron, config.canary.timezone), self._canaries)
        first = Job(FIRST_CHECK, Cron("*/5 * * * *"), self._first_check)
        health = config.health
        alive = (
            [Job(SIGN_OF_LIFE, Cron(health.cron, health.timezone), self._sign_of_life)]
            if health.alive
            else []
        )
        return [*checks, *reports, *bursts, *retention, *alive, canary, first]

    async def _check(self, schedule: Schedule, _: datetime) -> None:
        """Run a scheduled check as a person would, and log it; its schedule is the consent to its
        price.
        """
        async with self._audited_call(f"schedule {schedule.name}", "check") as (deployment, call):
            await (await check_schedule(deployment, call, schedule)).execute()

    async def _first_check(self, _: datetime) -> None:
        """Ask the next round of a first check if the round is due, and log it; the first round was
        the consent.
        """
        deployment = await self._deployment.refreshed()
        if await continue_first_check(deployment):
            entry = AuditEntry(
                deployment.clock.now(), FIRST_CHECK, SCHEDULE, "check --first", outcome="done"
            )
            await deployment.store.audit.add(entry)

    async def _bursts(self, _: datetime) -> None:
        """Ask the bursts that are due, and log them; ``[bursts] automatic`` is the consent to their
        price.
        """
        deployment = await self._deployment.refreshed()
        call = Call(BURST, SCHEDULE, deployment.zone)
        if plans := await self._planner.plans(deployment, call):
            # A burst that a limit refuses stays due, and is not written into the audit log.
            await (await run_bursts(deployment, call, plans=plans)).execute()
            entry = AuditEntry(
                deployment.clock.now(), BURST, SCHEDULE, "bursts run", outcome="done"
            )
            await deployment.store.audit.add(entry)

    async def _canaries(self, _: datetime) -> None:
        """Ask the configured canaries, and log that; do nothing without canaries."""
        if await canaries(self._deployment.store):
            async with self._audited_call(f"{SCHEDULE} canary", "canary run") as (deployment, call):
                await (await run_canaries(deployment, call)).execute()

    async def _retain(self, _: datetime) -> None:
        """Remove the texts that are older than the limit, and log that; ``[retention]`` is the
        consent.
        """
        async with self._audited_call(f"{SCHEDULE} retention", "db retain") as (deployment, call):
            await retain_texts(deployment, call)

    @asynccontextmanager
    async def _audited_call(self, who: str, command: str) -> AsyncIterator[tuple[Deployment, Call]]:
        """Provide the refreshed deployment and a call of it within the block, and log the outcome.

        Args:
            who: The name of the caller in the audit log.
            command: The words of the command, for the audit log.
        """
        deployment = await self._deployment.refreshed()
        about(command=who)
        outcome = "done"
        try:
            yield deployment, Call(who, SCHEDULE, deployment.zone)
        except OverheardError as error:
            outcome = str(error)
            raise
        finally:
            entry = AuditEntry(deployment.clock.now(), who, SCHEDULE, command, outcome=outcome)
            await deployment.store.audit.add(entry)

    async def _report(self, name: str, channel: str, slot: datetime) -> None:
        """Store a delivery for a report, which the outbox posts once for this slot."""
        key = f"report-{name}-{slot.isoformat()}@{channel}"
        now = self._deployment.clock.now()
        report = Delivery(DeliveryKind.WEEKLY_DIGEST, key, channel, now, name)
        await self._deployment.store.deliveries.add([report])

    async def _sign_of_life(self, slot: datetime) -> None:
        """Store a delivery for the sign of life in each of its channels; the outbox posts each
        once.
        """
        now = self._deployment.clock.now()
        await self._deployment.store.deliveries.add(
            [
                Delivery(DeliveryKind.ALIVE, f"alive-{slot.isoformat()}@{channel}", channel, now)
                for channel in self._deployment.config.health.alive
            ]
        )

    async def _resume_runs(self, group: asyncio.TaskGroup) -> None:
        """Start to resume the runs that were cut off; runs of schedules are left to their
        schedule.
        """
        group.create_task(self._resumer.run())

    async def _resume(self, run: Run) -> None:
        """Resume a run in the name of the person who began it."""
        deployment = await self._deployment.refreshed()
        call = Call(run.asked_by, run.channel, deployment.zone)
        await (await resume_run(deployment, call, run=run.key)).execute()

    async def _wake_alerts(self) -> None:
        while True:
            await Lifecycle.of(await self._deployment.refreshed()).wake()
            await asyncio.sleep(WAKE_INTERVAL_S)

    async def _catch_up(self) -> None:
        """Score unscored answers, and score history again after a change of scorers or catalogue;
        until cancelled.
        """
        while True:
            deployment = await self._deployment.refreshed()
            await follow_changes(await deployment.caught_up(NoProgress()), NoProgress())
            measured = (deployment.catalogue.brands, deployment.catalogue.facts)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP_INTERVAL_S):
                    await self._wait_for_change(measured)

    async def _wait_for_change(self, measured: tuple[object, object]) -> None:
        """Return when the brands or facts of the catalogue differ from the given ones, within
        `CHANGE_POLL_INTERVAL_S`.
        """
        while True:
            await asyncio.sleep(CHANGE_POLL_INTERVAL_S)
            now = await self._deployment.store.catalogue.current()
            if (now.brands, now.facts) != measured:
                return

    async def _read_feeds(self) -> None:
        """Read the update feeds every `FEED_INTERVAL_S` until cancelled, store the updates, log the
        problems.
        """
        plugins, store = self._deployment.plugins, self._deployment.store
        while True:
            now = self._deployment.clock.now()
            for problem in await read_feeds(
                plugins.feeds.values(), store.updates, plugins.providers, now
            ):
                log.warning("%s", problem)
            await asyncio.sleep(FEED_INTERVAL_S)

    def _call_admins(self, problem: str) -> None:
        self._deployment.plugins.notices.add(Notice(problem))

    async def _tell_admins(self) -> None:
        """Store each notice for admins as a delivery to each of their channels, until cancelled."""
        while True:
            notice = await self._deployment.plugins.notices.next()
            now = self._deployment.clock.now()
            await self._deployment.store.deliveries.add(
                [
                    Delivery(
                        DeliveryKind.NOTICE,
                        f"notice-{notice.plugin}-{now.isoformat()}@{channel}",
                        channel,
                        now,
                        f"{notice.plugin}\n{notice.text}",
                    )
                    for channel in self._deployment.config.health.notices
                ]
            )

    async def _posted(self, delivery: Delivery, message: str) -> None:
        """Notify listeners that an alert's message was posted in a channel."""
        alert = await self._deployment.store.alerts.get(delivery.alert_id)
        if alert:
            listeners = self._deployment.plugins.listeners
            await listeners.alert_posted(alert, delivery.channel, message)


async def serve(deployment: Deployment, *, leave: Callable[[float], None]) -> None:
    """Run a deployment until SIGTERM or Ctrl-C.

    Args:
        deployment: The open deployment.
        leave: See `GracefulShutdown`.

    Raises:
        TracesUnavailable: when a package for traces is missing.
        PortTaken: when another program has the port of the health endpoint.
    """
    start_telemetry(deployment)
    shutdown = GracefulShutdown(leave)
    async with _opened_chats(deployment) as chats:
        server = Server(deployment, chats, shutdown.extend)
        await shutdown.run(server.run())


def _chat_services(deployment: Deployment, chats: Mapping[str, LeaderChat]) -> list[Service]:
    """Return a service for each chat; the chats share a desk.

    The desk is imported here, because it imports all commands, of which a deployment without chats
    needs few.

    Args:
        deployment: The open deployment.
        chats: The chats by name.
    """
    if not chats:
        return []
    from overheard.chat.access import ConfiguredAccess
    from overheard.chat.desk import ChatDesk

    access = deployment.config.access
    desk = ChatDesk(deployment, ConfiguredAccess(access, deployment.store, deployment.clock))
    return [_service(chat, name, desk) for name, chat in chats.items()]


def _service(chat: LeaderChat, name: str, desk: Desk) -> Service:
    return Service(name, partial(chat.run, desk), lambda: chat.is_ready)


async def _offer_code(deployment: Deployment) -> None:
    """Create and log a code for the first admin, valid for a day; do nothing when there is an
    admin.
    """
    rights = Rights.of(deployment.configured.access, await deployment.store.settings.all())
    if not rights.listed(Role.ADMIN):
        code = await issue_code(deployment.store, deployment.clock)
        log.warning(
            "There is no admin yet. An owner of the Slack workspace or Discord server can set "
            "everything up in chat, or who types this code within a day: access code %s",
            code,
        )


@asynccontextmanager
async def _opened_chats(deployment: Deployment) -> AsyncIterator[dict[str, Chat]]:
    """Provide the chats of a deployment, by name, within the block, and close them afterwards."""
    chats = {**open_chats(deployment.config), **deployment.plugins.chats}
    darken(name for name, chat in chats.items() if isinstance(chat, DarkChat) and chat.dark)
    try:
        yield chats
    finally:
        for chat in chats.values():
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CLOSE_TIMEOUT_S):
                    await chat.close()


def open_chats(config: Config) -> dict[str, Chat]:
    """Return the chats that a configuration describes, by name; log a chat whose package is
    missing.
    """
    chats: dict[str, Chat] = {}
    for name in ("slack", "discord"):
        if getattr(config, name) is None:
            continue
        try:
            chats[name] = _new_chat(name, config)
        except ModuleNotFoundError as error:
            remedy = f"install it with: {reinstall_command('overheard')}"
            reason = f"the package {error.name} is missing"
            log.warning("%s", ChatUnavailable(chat=name, reason=reason, remedy=remedy))
    return chats


def _new_chat(name: str, config: Config) -> Chat:
    """Return the chat of a configured platform, which is not connected yet.

    Args:
        name: ``slack`` or ``discord``.
        config: The configuration, which has the platform's table.

    Raises:
        ModuleNotFoundError: when the platform's package is not installed.
    """
    # Imported here, because the package of each platform takes half a second.
    if name == "slack":
        assert config.slack  # noqa: S101 - the caller has checked
        from overheard.chat.slack.chat import SlackChat

        return SlackChat(config.slack)
    assert config.discord  # noqa: S101 - the caller has checked
    from overheard.chat.discord.chat import DiscordChat

    return DiscordChat(config.discord)
