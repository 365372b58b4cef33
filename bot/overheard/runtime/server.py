"""One process of a deployment: chats, schedules, the outbox, and what watches over them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from overheard.alerts.handling import Handling
from overheard.alerts.outbox import Outbox, Outgoing, Postponed
from overheard.cards.command import Role
from overheard.commands.access import issue_code
from overheard.config.cron import Cron
from overheard.config.sections import Timed
from overheard.config.stored_settings import Rights, with_chat_settings
from overheard.deployment import Call, Deployment
from overheard.domain import BURSTS, FIRST_CHECK, Delivery, DeliveryKind, Schedule
from overheard.errors import ungrouped
from overheard.interfaces import Chat
from overheard.plugins import Notice
from overheard.runs.interruptions import RunResumer
from overheard.runs.update_feeds import read_feeds
from overheard.runtime.chats import LeaderChat, opened_chats
from overheard.runtime.health import HealthServer
from overheard.runtime.metrics import process_metrics, start_telemetry
from overheard.runtime.scheduler import SCHEDULE, Job, Scheduler
from overheard.runtime.supervisor import GracefulShutdown, Service, ServiceState, Supervisor
from overheard.scoring.scorer_calls import warm_up

RETENTION = "texts that got old"
"""The job that removes them."""
SIGN_OF_LIFE = "sign of life"
"""The job that posts that the bot is well."""
BURST_POLL_CRON = FIRST_CHECK_POLL_CRON = "*/5 * * * *"
"""How often it is asked whether a burst, or a round of a first check, is due: its time is computed
from the runs."""
RETENTION_CRON = "30 3 * * *"
HOURLY_CRON = "7 * * * *"
"""When the commands of plugins are carried out that are hourly."""
CATCH_UP_INTERVAL_S = 300.0
"""Seconds between two searches for answers without scores."""
CHANGE_POLL_INTERVAL_S = 10.0
"""Seconds after which a change of brands or facts is noticed."""
FEED_INTERVAL_S = 3600.0
"""Seconds between two reads of the update feeds."""
WARM_UP_DELAY_S = 2.0
"""Seconds from the start of the services to what can wait: all that reads, scores or detects."""
LATE_INTERVAL_S = 60.0
"""Seconds between two searches for bought answers that arrive late."""
WAKE_INTERVAL_S = 30.0
"""Seconds between two searches for alerts whose snooze is over."""

if TYPE_CHECKING:
    from overheard.runtime.scheduled_work import ScheduledWork

log = logging.getLogger("overheard")


class Server:
    """The services of a deployment in this process.

    Args:
        chats: The platforms, by name.
        extend_shutdown: See `LeaderChat`.
    """

    def __init__(
        self,
        deployment: Deployment,
        chats: Mapping[str, Chat],
        extend_shutdown: Callable[[float], None] = lambda _: None,
    ) -> None:
        """Create the services, their supervisor and the health endpoint; `run` starts them.

        There are services for schedules, the outbox, snoozed alerts and scoring, one for each chat,
        and if they are configured those for update feeds and for notices to admins.
        """
        self._deployment = deployment
        config, store, clock = deployment.config, deployment.store, deployment.clock
        present: dict[str, Chat] = {}
        outbox = Outbox(store.deliveries, present, self._compose, clock, self._posted)
        self._resumer = RunResumer(store, clock, partial(self._do, "resume"), chats, SCHEDULE)
        scheduler = Scheduler(store, self.jobs, clock, self._resume_runs)
        leader_chats = {
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
            *_chat_services(deployment, leader_chats),
        ]

        def add_notice(problem: str) -> None:
            """Add a notice for admins, which `_tell_admins` delivers."""
            deployment.plugins.notices.add(Notice(problem))

        self.supervisor = Supervisor(services, log.warning, add_notice)
        self.opened_chats = tuple(chats)
        metrics, statuses = process_metrics(deployment, self._chats_up), self.supervisor.statuses
        self._health = HealthServer(config.health, statuses, metrics.text, metrics.store)

    async def run(self) -> None:
        """Run the health endpoint and all services until cancelled.

        First the port is settled and the start is logged, so that a taken port ends the process
        before any work. `WARM_UP_DELAY_S` after the services, what jobs and deliveries need is
        imported in a thread, and the scorers read a made-up answer there, so that the first real
        ones wait for no imports.
        """
        with ungrouped():
            async with asyncio.TaskGroup() as group:
                group.create_task(self._health.run_if_wanted(log.warning))
                await self._health.settled.wait()
                await self._announce()
                group.create_task(self.supervisor.run())
                await asyncio.sleep(WARM_UP_DELAY_S)
                await asyncio.to_thread(self._warm_up)

    def _warm_up(self) -> None:
        """Do now, in a thread, what the first job, delivery or answer would wait for."""
        from overheard.commands import delivery_cards  # noqa: F401 - `_compose` needs it

        _ = self._work
        warm_up(self._deployment.scoring.scorers)

    @cached_property
    def _work(self) -> ScheduledWork:
        """The work of the jobs, which imports many commands: no start waits for them."""
        from overheard.runtime.scheduled_work import ScheduledWork

        return ScheduledWork(self._deployment)

    async def _do(self, what: str, *given: Any) -> None:
        """Carry out a method of `ScheduledWork`, which is imported with the first of them."""
        await getattr(self._work, what)(*given)

    async def _compose(self, delivery: Delivery) -> Outgoing | Postponed | None:
        # It imports many commands, and no start waits for them.
        from overheard.commands.delivery_cards import compose_delivery

        return await compose_delivery(self._deployment, delivery)

    async def _announce(self) -> None:
        """Log the plugins that are left out and that the deployment runs; with a chat and without
        an admin also a code for the first admin.
        """
        for report in self._deployment.plugins.faulty:
            log.warning("%s", report.sentence)
        where = f"in {' and '.join(self.opened_chats)}" if self.opened_chats else "without a chat"
        file = self._deployment.config.file
        log.warning("Overheard is running %s; %s says what it does.", where, file)
        if self.opened_chats:
            await _offer_code(self._deployment)

    def _chats_up(self) -> dict[str, bool]:
        """Return, by chat, whether it is connected or another process serves it."""
        statuses = self.supervisor.statuses()
        return {name: statuses[name].state is ServiceState.UP for name in self.opened_chats}

    async def jobs(self) -> Sequence[Job]:
        """Return the scheduled jobs as the store and the settings have them now.

        There is one for each schedule of checks and for each report, and one for the rounds of a
        first check. Bursts, the removal of old texts, and the sign of life have one
        if they are configured.
        """
        stored = await self._deployment.store.settings.all()
        config = with_chat_settings(self._deployment.configured, stored)
        catalogue = await self._deployment.store.catalogue.current()
        jobs: list[Job] = []

        def add(
            name: str, times: Timed | Schedule | str, run: Callable[..., Any], *given: Any
        ) -> None:
            """Add a job; its times are those of a table, or a rule in UTC."""
            cron = Cron(times) if isinstance(times, str) else Cron(times.cron, times.timezone)
            jobs.append(Job(name, cron, partial(run, *given)))

        for schedule in catalogue.schedules:
            add(schedule.name, schedule, self._do, "check", schedule)
        for report in config.reports:
            add(f"report {report.name}", report, self._report, report.name, report.channel)
        for spec in self._deployment.plugins.commands.values():
            if spec.hourly:
                add(spec.name, HOURLY_CRON, self._do, "hourly", spec)
        if config.bursts.automatic:
            add(BURSTS, BURST_POLL_CRON, self._do, "ask_bursts")
        if self._deployment.config.retention.limited:
            add(RETENTION, RETENTION_CRON, self._do, "retain")
        if config.health.alive:
            add(SIGN_OF_LIFE, config.health, self._sign_of_life)
        add(FIRST_CHECK, FIRST_CHECK_POLL_CRON, self._do, "first_check")
        return jobs

    async def _report(self, name: str, channel: str, slot: datetime) -> None:
        """Store a delivery for a report, which the outbox posts once: another delivery for the same
        slot has the same key and is not added.
        """
        key = f"report-{name}-{slot.isoformat()}"
        await self._deployment.deliver([channel], DeliveryKind.WEEKLY_DIGEST, key, name)

    async def _sign_of_life(self, slot: datetime) -> None:
        """Store a delivery for the sign of life in each of its channels. The outbox posts each
        once for this slot.
        """
        alive = self._deployment.config.health.alive
        await self._deployment.deliver(alive, DeliveryKind.ALIVE, f"alive-{slot.isoformat()}")

    async def _resume_runs(self, group: asyncio.TaskGroup) -> None:
        """Start, in a task of the group, to resume the runs that were cut off. Runs of schedules
        are not resumed, because their slot is begun again.
        """
        group.create_task(self._resumer.run())
        group.create_task(self._add_late())

    async def _add_late(self) -> None:
        """Add bought answers that arrive late to their runs, every `LATE_INTERVAL_S`."""
        while True:
            await asyncio.sleep(LATE_INTERVAL_S)
            if await self._deployment.store.batches.unfinished():
                await self._work.add_late()

    async def _wake_alerts(self) -> None:
        """Open the alerts whose snooze is over, every `WAKE_INTERVAL_S`, until cancelled."""
        handling = Handling(self._deployment.store, self._deployment.clock)
        while True:
            await handling.wake()
            await asyncio.sleep(WAKE_INTERVAL_S)

    async def _catch_up(self) -> None:
        """Score unscored answers, and score history again after a change of scorers, brands or
        facts, until cancelled: `WARM_UP_DELAY_S` after the start, then at each change of brands or
        facts, and at the latest every `CATCH_UP_INTERVAL_S`.
        """
        await asyncio.sleep(WARM_UP_DELAY_S)  # imports all of detection while nothing waits
        follow_changes = await asyncio.to_thread(_import_follow_changes)
        while True:
            call = Call(await self._deployment.refreshed())
            await follow_changes(await call.caught_up())
            brands_and_facts = (call.catalogue.brands, call.catalogue.facts)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP_INTERVAL_S):
                    await self._wait_for_change(brands_and_facts)

    async def _wait_for_change(self, brands_and_facts: tuple[object, object]) -> None:
        """Wait until the brands or facts in the store differ from the given ones; they are compared
        every `CHANGE_POLL_INTERVAL_S`.
        """
        while True:
            await asyncio.sleep(CHANGE_POLL_INTERVAL_S)
            catalogue = await self._deployment.store.catalogue.current()
            if (catalogue.brands, catalogue.facts) != brands_and_facts:
                return

    async def _read_feeds(self) -> None:
        """Read the update feeds every `FEED_INTERVAL_S` until cancelled. New updates are stored; a
        feed that cannot be read is logged, and the others are read all the same.
        """
        plugins, store = self._deployment.plugins, self._deployment.store
        while True:
            now = self._deployment.clock.now()
            for problem in await read_feeds(
                plugins.feeds.values(), store.updates, plugins.providers, now
            ):
                log.warning("%s", problem)
            await asyncio.sleep(FEED_INTERVAL_S)

    async def _tell_admins(self) -> None:
        """Wait for notices for admins until cancelled, and store each as a delivery to every
        channel in ``[health] notices``.
        """
        while True:
            notice = await self._deployment.plugins.notices.next()
            key = f"notice-{notice.plugin}-{self._deployment.clock.now().isoformat()}"
            words = f"{notice.plugin}\n{notice.text}"
            channels = self._deployment.config.health.notices
            await self._deployment.deliver(channels, DeliveryKind.NOTICE, key, words)

    async def _posted(self, delivery: Delivery, message: str) -> None:
        """Tell the listeners of plugins that a message was posted about an alert; nothing for
        deliveries without an alert.
        """
        alert = await self._deployment.store.alerts.get(delivery.alert_id)
        if alert:
            listeners = self._deployment.plugins.listeners
            await listeners.alert_posted(alert, delivery.channel, message)


async def serve(deployment: Deployment, *, exit_within: Callable[[float], None]) -> None:
    """Start logs and traces, and run the chats and services of a deployment until SIGTERM, SIGHUP
    or Ctrl-C.

    Args:
        exit_within: Called at the signal with the seconds after which the process must end; called
            again with more while another process takes over.

    Raises:
        TracesUnavailable: when a package for traces is missing.
    """
    start_telemetry(deployment)
    shutdown = GracefulShutdown(exit_within)
    async with opened_chats(deployment) as chats:
        server = Server(deployment, chats, shutdown.extend)
        await shutdown.run(server.run())


def _chat_services(deployment: Deployment, chats: Mapping[str, LeaderChat]) -> list[Service]:
    """Return a service for each chat; the chats share a desk, which answers their requests. An
    empty list without chats.

    The desk is imported only then, because it imports all commands, of which a deployment without
    chats needs few.
    """
    if not chats:
        return []
    from overheard.chat.access import ConfiguredAccess
    from overheard.chat.desk import ChatDesk

    access = deployment.config.access
    desk = ChatDesk(deployment, ConfiguredAccess(access, deployment.store, deployment.clock))
    return [Service(name, partial(chat.run, desk), chat.is_ready) for name, chat in chats.items()]


def _import_follow_changes() -> Callable[[Call], Awaitable[None]]:
    """Return `overheard.commands.scores.follow_changes`; meant for a thread, because it imports
    all of detection, for which neither a start nor a click has to wait.
    """
    from overheard.commands.scores import follow_changes

    return follow_changes


async def _offer_code(deployment: Deployment) -> None:
    """Create a code for the first admin, which is valid for a day and is stored as a hash, and log
    it. Do nothing when the settings list an admin.
    """
    rights = Rights.of(deployment.configured.access, await deployment.store.settings.all())
    if not rights.listed(Role.ADMIN):
        code = await issue_code(deployment.store, deployment.clock)
        log.warning(
            "There is no admin yet. An owner of the Slack workspace or Discord server can set "
            "everything up in chat, or who types this code within a day: access code %s",
            code,
        )
