"""`doctor`: looks at everything that a deployment needs, and says the remedy for each fault."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

from overheard.alerts.history import chance_alarm_record, record_sentence, replays
from overheard.alerts.story import unrouted
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, option
from overheard.commands.examinations import (
    called_models,
    clock_finding,
    listed_models,
    shutdown_findings,
    unset_variables,
    usage_findings,
)
from overheard.commands.prompts import named_brands
from overheard.config.problems import suggestion
from overheard.config.sections import Config
from overheard.deployment import Call, Deployment
from overheard.domain import Brand, QueueStatus
from overheard.errors import ConfigError, OverheardError, ProviderUnavailable, StoreError
from overheard.interfaces import Chat, Clock, Finding, Provider, Verifiable
from overheard.runs.tasks import outdated, queue_status
from overheard.session import Session

CHECK_TIMEOUT_S = 20.0
"""Seconds that one examination may take."""
MIN_FREE_DISK_BYTES = 500_000_000
"""Bytes that should be left on the disk of an SQLite store."""
SHOWN_WAITING = 5
MAX_CLOCK_ERROR = timedelta(seconds=30)
"""The error of a clock that schedules and the signatures of requests tolerate."""
MAX_JOB_WAIT = timedelta(minutes=5)
"""The wait of a job in the queue from which on it is reported."""

Result = TypeVar("Result")


async def doctor(
    session: Session,
    _: Call,
    *,
    deep: Annotated[bool, option("Also ask each model a question, within the budget.")] = False,
) -> Card:
    """Examine the configuration, store, queue, plugins, providers, chats, disk, outbox and clock,
    and show a remedy for each fault.

    Nothing is posted. With `deep`, each model is asked one question, after a person at the terminal
    has agreed to the price.
    """
    try:
        config = session.read_config()
    except ConfigError as error:
        return _findings_card(
            [Finding("configuration", problem, "mend it") for problem in error.problems]
        )
    findings = [Finding(f"configuration {config.file}")]
    try:
        async with session.open_deployment(config, create=deep) as deployment:
            examination = _Examination(deployment, session.open_chats(config))
            findings += [finding async for finding in examination.findings()]
            if deep:
                findings += await _call_findings(deployment, session)
    except OverheardError as error:
        findings.append(_unopened_finding(error))
    return _findings_card(findings)


@dataclass(frozen=True, slots=True)
class _Examination:
    """The examination of an open deployment, with the chats of its configuration."""

    deployment: Deployment
    chats: Mapping[str, Chat]

    async def findings(self) -> AsyncIterator[Finding]:
        """Yield all findings, part by part: store, queue, disk, plugins, catalogue, providers,
        chats, routes, outbox, clock. Calls the services of providers and chats.
        """
        for finding in self._store_findings():
            yield finding
        async for finding in queue_findings(self.deployment.config):
            yield finding
        for finding in (
            *(*self._disk_findings(), *self._plugin_findings(), *self._catalogue_findings()),
            *unset_variables(self.deployment.config),
            *shutdown_findings(self.deployment),
        ):
            yield finding
        providers, tables = self.deployment.plugins.providers, self.deployment.config.providers
        tried = await asyncio.gather(
            *(
                _provider_findings(provider, self.deployment.clock, tables.get(name, {}))
                for name, provider in providers.items()
            )
        )
        for findings, _ in tried:
            for finding in findings:
                yield finding
        async for finding in usage_findings(self.deployment):
            yield finding
        if not self.deployment.missing_store:
            yield await self._detection_finding()
        for name, chat in self.chats.items():
            for finding in await self._chat_findings(name, chat):
                yield finding
        for finding in self._route_findings():
            yield finding
        yield await self._waiting_finding()
        yield await self._unrouted_finding()
        behind = await clock_finding(self.deployment)
        for finding in behind or [
            _clock_finding([ahead for _, ahead in tried if ahead is not None])
        ]:
            yield finding

    async def _detection_finding(self) -> Finding:
        """Return the finding on how many unchanged runs the rule of detection would have raised an
        alarm in.
        """
        brands = [brand for brand in self.deployment.catalogue.brands if brand.tracked]
        record = chance_alarm_record(await replays(self.deployment, Call(), brands))
        if not record.runs:
            return Finding("detection (no run yet)")
        sentence = record_sentence(record).rstrip(".")
        return Finding(f"detection ({sentence[0].lower()}{sentence[1:]})")

    def _store_findings(self) -> Iterator[Finding]:
        """Yield findings on whether the store can be written or created, and whether other users
        can read its file.
        """
        url, missing = self.deployment.config.storage.url, self.deployment.missing_store
        file = _sqlite_file(url)
        if not missing:
            # Opening a store writes to it: a store that cannot be written is reported elsewhere.
            yield Finding(f"store {_address_without_login(url)}")
        elif file and (fault := _creation_fault(file)):
            remedy = "correct [storage] url, or let this user write there"
            yield Finding(f"store {missing}", f"it does not exist, and {fault}", remedy)
        else:
            yield Finding(f"store {missing} (the first overheard check creates it)")
        if file and file.exists() and file.stat().st_mode & 0o007:
            problem = "every user of this machine can read it"
            yield Finding(f"file {file}", problem, f"run: chmod 600 {shlex.quote(str(file))}")

    def _disk_findings(self) -> Iterator[Finding]:
        """Yield the finding on the free space (bytes) for an SQLite store; nothing for a server."""
        file = _sqlite_file(self.deployment.config.storage.url)
        if file is None:
            return  # its disk is another machine's
        free = shutil.disk_usage(_existing_folder(file)).free
        low = free < MIN_FREE_DISK_BYTES
        problem = f"only {free / 1e6:,.0f} MB are left" if low else ""
        yield Finding("disk", problem, "make room, or move the store in [storage]" if low else "")

    def _plugin_findings(self) -> Iterator[Finding]:
        """Yield a finding for each faulty plugin; without any, one with the number of plugins."""
        reports = self.deployment.plugins.reports
        for report in self.deployment.plugins.faulty:
            yield Finding(f"plugin {report.name}", report.problem.rstrip("."), "see above")
        if not self.deployment.plugins.faulty:
            yield Finding(f"plugins ({len(reports)})")

    def _catalogue_findings(self) -> Iterator[Finding]:
        """Yield a finding for each of brands, prompts and providers that is missing, and for each
        tracked brand whose prompts all name a brand.
        """
        catalogue, plugins = self.deployment.catalogue, self.deployment.plugins
        needed = {
            "brand": (catalogue.brands, "add a [[brands]] table"),
            "prompt": (catalogue.prompts, "add a [[prompts]] table"),
            "provider": (plugins.providers, "add a [providers.*] table, such as [providers.local]"),
        }
        for noun, (found, remedy) in needed.items():
            if not found:
                yield Finding(f"{noun}s", f"there is no {noun}, so nothing can be asked", remedy)
        for brand in filter(lambda brand: brand.tracked, catalogue.brands):
            prompts = catalogue.prompts_for(brand.name)
            market = {brand.name, *brand.competitors}
            named = named_brands(catalogue, prompts).values()
            if named and not any(names.isdisjoint(market) for names in named):
                yield _all_branded_finding(brand)

    async def _chat_findings(self, name: str, chat: Chat) -> Sequence[Finding]:
        """Return the findings on a chat and its routed channels; closes the chat. An error of the
        chat becomes a finding.
        """
        mine = [place for place in self._channels() if place.startswith(f"{name}:")]
        channels = [place.partition(":")[2] for place in mine]
        try:
            return await _in_time(lambda: chat.examine(channels))
        except Exception as error:  # a platform's fault is a finding, and its text may hold a token
            table = f"chats.{name}" if name in self.deployment.plugins.chats else name
            return [Finding(name, _error_words(error), f"see [{table}] in the configuration")]
        finally:
            await chat.close()

    def _route_findings(self) -> Iterator[Finding]:
        """Yield a finding for each channel without a usable chat, each unknown metric in a route,
        and for missing routes.
        """
        for channel in self._channels():
            platform = channel.partition(":")[0]
            if platform not in self.chats:
                problem = "it is routed, and its chat cannot be used"
                yield Finding(channel, problem, f"add a [{platform}] table, or remove the route")
        known = self.deployment.scoring.metrics
        for route in self.deployment.config.routes:
            for name in route.metrics:
                if name not in known:
                    problem = f'nothing measures "{name}"{suggestion(name, known)}'
                    yield Finding(f"route to {route.channel}", problem, "correct its metrics")
        if self.chats and not self.deployment.config.routes:
            problem = "no alert is posted anywhere"
            yield Finding("routes", problem, "add a [[routes]] table with a channel")

    async def _unrouted_finding(self) -> Finding:
        """Return the finding on open alerts that no route posts to a channel."""
        alerts = await unrouted(self.deployment)
        if not alerts:
            return Finding("alerts")
        names = [f"{alert.brands[0]} at {alert.shift.model}" for alert in alerts[:SHOWN_WAITING]]
        problem = (
            f"{wording.count(len(alerts), 'open alert')} went to no channel ({'; '.join(names)})"
        )
        return Finding("alerts", problem, "widen the brands, metrics or severities of [[routes]]")

    def _channels(self) -> list[str]:
        """Return each channel of a route, report or health notice once, as ``platform:id``."""
        config = self.deployment.config
        routed = [route.channel for route in config.routes]
        reported = [report.channel for report in config.reports]
        health = config.health
        return list(dict.fromkeys([*routed, *reported, *health.notices, *health.alive]))

    async def _waiting_finding(self) -> Finding:
        """Return the finding on messages that could not be posted yet."""
        stuck = [d for d in await self.deployment.store.deliveries.find(waiting=True) if d.problem]
        if not stuck:
            return Finding("outbox")
        problems = "; ".join(f"{d.channel}: {d.problem}" for d in stuck[:SHOWN_WAITING])
        problem = (
            f"{wording.count(len(stuck), 'message')} could not be posted ({problems.rstrip('.')})"
        )
        return Finding("outbox", problem, "they are tried again by overheard run")


async def _call_findings(deployment: Deployment, session: Session) -> list[Finding]:
    """Ask each model one question and return the findings; an exceeded budget is a finding."""
    try:
        return [finding async for finding in called_models(deployment, session)]
    except OverheardError as error:
        return [Finding("a real call to each model", str(error).rstrip("."), "see [budget]")]


def _all_branded_finding(brand: Brand) -> Finding:
    """Return the finding that every question of a brand names the brand or a competitor."""
    return Finding(
        f"questions for {brand.name}",
        "each names a brand, so visibility, position and share of voice cannot be measured",
        f"add questions that name no brand, such as from: prompts suggest {brand.name}",
    )


def _unopened_finding(error: OverheardError) -> Finding:
    """Return the finding on the error that keeps a deployment from being opened; no other
    examination is possible.
    """
    if isinstance(error, StoreError):
        details = error.details
        problem = f"{details['reason']}; nothing else was looked at"
        return Finding(f"store {details['url']}", problem, details["remedy"])
    problem = f"{str(error).rstrip('.')}; nothing else was looked at"
    return Finding("deployment", problem, "see that first")


async def _provider_findings(
    provider: Provider, clock: Clock, table: Mapping[str, object]
) -> tuple[list[Finding], timedelta | None]:
    """Call the provider's free service and compare the models of its configured table with the
    service's list.

    Returns:
        The findings, and how far the service's clock is ahead of this one (None if unknown).
    """
    place = f"provider {provider.name}"
    if not isinstance(provider, Verifiable):
        return [Finding(f"{place} (it offers no call that costs nothing)")], None
    try:
        service_time = await _in_time(provider.verify)
        listed = await _in_time(partial(listed_models, provider, table))
    except ProviderUnavailable as error:
        return [Finding(place, error.details["reason"], error.details["remedy"])], None
    except Exception as error:  # a plugin may raise anything
        remedy = f"see [providers.{provider.name}] in the configuration"
        return [Finding(place, _error_words(error), remedy)], None
    return listed or [Finding(place)], _ahead(service_time, clock)


def _ahead(service_time: object, clock: Clock) -> timedelta | None:
    """Return a service's time minus ours; None if it is not a datetime with a time zone."""
    return (
        service_time - clock.now()
        if isinstance(service_time, datetime) and service_time.tzinfo
        else None
    )


def _clock_finding(ahead: Sequence[timedelta]) -> Finding:
    """Return the finding on this machine's clock, from the smallest difference to the services'
    clocks (`ahead`); `MAX_CLOCK_ERROR` is tolerated.
    """
    if not ahead:
        return Finding("clock (not compared: no provider tells its time)")
    nearest = min(ahead, key=abs)
    if abs(nearest) <= MAX_CLOCK_ERROR:
        return Finding("clock")
    late = "behind" if nearest > timedelta() else "ahead of"
    problem = (
        f"it is {wording.duration(abs(nearest).total_seconds())} {late} the clocks of providers"
    )
    return Finding("clock", problem, "set it by NTP, such as with: timedatectl set-ntp true")


async def _in_time(work: Callable[[], Awaitable[Result]]) -> Result:
    async with asyncio.timeout(CHECK_TIMEOUT_S):
        return await work()


def _error_words(error: Exception) -> str:
    """Return an error in words; of an error of another library only its class, since its text may
    hold a secret.
    """
    if isinstance(error, TimeoutError):
        return f"no answer within {CHECK_TIMEOUT_S:.0f} s"
    return str(error).rstrip(".") if isinstance(error, OverheardError) else type(error).__name__


def _sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite store's URL, or None for a server's URL."""
    if url.startswith("postgres"):
        return None
    return Path(url.removeprefix("sqlite:///")).expanduser().absolute()


def _creation_fault(file: Path) -> str:
    """Return why a file cannot be created, in words; empty if it can be."""
    place = _existing_folder(file)
    if not place.is_dir():
        return f"{place} is not a folder"
    return "" if os.access(place, os.W_OK) else f"{place} cannot be written"


def _existing_folder(file: Path) -> Path:
    """Return the nearest existing path above a file, which is a folder unless the path is wrong."""
    return next(folder for folder in file.parents if folder.exists())


def _address_without_login(url: str) -> str:
    """Return a store's address without its login."""
    scheme, slashes, rest = url.partition("://")
    return scheme + slashes + rest.rpartition("@")[2]


def _findings_card(findings: Sequence[Finding]) -> Card:
    """Return the card of all findings, faults first; the card is `failed` if there is any fault."""
    faults = [finding for finding in findings if finding.problem]
    rows = tuple(
        (finding.place, finding.problem or "well", finding.remedy if finding.problem else "")
        for finding in (*faults, *(f for f in findings if not f.problem))
    )
    return Card(
        title=wording.count(len(faults), "fault") if faults else "All is well",
        table=Table(("Place", "What is found", "Remedy"), rows),
        severity=Severity.BAD if faults else Severity.GOOD,
        data={
            "well": not faults,
            "findings": [
                {"place": finding.place, "problem": finding.problem, "remedy": finding.remedy}
                for finding in findings
            ],
        },
        failed=bool(faults),
    )


async def queue_findings(config: Config) -> AsyncIterator[Finding]:
    """Yield the findings on the queue of PGQueuer; nothing for another engine. Connects to the
    store's server.
    """
    if config.queue.engine != "pgqueuer":
        return
    try:
        if await outdated(config.storage.url):
            problem = "its tables are missing, or are those of another version of PGQueuer"
            yield Finding("queue", problem, "start an overheard worker of this version")
            return
        status = await queue_status(config.storage.url)
    except Exception as error:  # a driver may raise anything; its text may hold a login
        problem = f"it cannot be reached ({type(error).__name__})"
        yield Finding("queue", problem, "see whether the server in [storage] url runs")
        return
    for finding in _queue_status_findings(status):
        yield finding


def _queue_status_findings(status: QueueStatus) -> Iterator[Finding]:
    """Yield the findings on the status of a queue: its workers, jobs that wait longer than
    `MAX_JOB_WAIT`, and jobs that failed.
    """
    count = wording.count(status.workers, "worker")
    if status.workers:
        yield Finding(f"queue ({count})")
    else:
        waits = f", and {_waiting_job_count(status)}" if status.waiting else ""
        remedy = "start one with: overheard worker"
        yield Finding("queue", f"no worker is connected{waits}", remedy)
    oldest = max(status.oldest, key=lambda work: status.oldest[work], default="")
    if oldest and status.oldest[oldest] > MAX_JOB_WAIT.total_seconds():
        minutes = wording.count(round(status.oldest[oldest] / 60), "minute")
        problem = f"a job of {oldest} has waited for {minutes}; {_waiting_job_count(status)}"
        provider = oldest.partition("/")[2]
        limits = f", or let more calls through in [limits.{provider}]" if provider else ""
        remedy = f"start more workers{limits}"
        yield Finding("jobs that wait", problem, remedy)
    if status.held:
        held = wording.count(sum(status.held.values()), "job")
        problem = f"{held} failed for good ({', '.join(sorted(status.held))})"
        remedy = "read why in the log of the workers, then put them in again with: pgq requeue"
        yield Finding("jobs that failed", problem, remedy)


def _waiting_job_count(status: QueueStatus) -> str:
    return wording.count(sum(status.waiting.values()), "job waits", "jobs wait")


DOCTOR = CommandSpec(
    "doctor",
    "Look at everything a deployment needs, and say the remedy for each fault.",
    doctor,
    role=Role.ADMIN,
    faces=IN_TERMINAL,
    opens=False,
    examples=("doctor", "doctor --deep"),
)
