"""`doctor`: looks at everything that a deployment needs, and says the remedy for each fault.

Here are the list of examinations, and those of the store, the chats and the channels; those of
providers, the queue and the history are in ``examinations.py``.
"""

import asyncio
import os
import shlex
import shutil
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated

from overheard.alerts.history import chance_alarm_record, record_sentence, replays
from overheard.alerts.story import unrouted
from overheard.cards import wording
from overheard.cards.card import Card, Severity, Table, picked
from overheard.cards.command import IN_TERMINAL, CommandSpec, Role, option
from overheard.commands import examinations
from overheard.config.problems import suggestion
from overheard.config.sections import header
from overheard.deployment import Call
from overheard.errors import ConfigError, OverheardError, StoreError
from overheard.interfaces import Chat, Finding
from overheard.reading.reader import named_brands
from overheard.runs.presence import Presence
from overheard.session import Session
from overheard.views.situation import HEADLINE, SituationReader

MIN_FREE_DISK_BYTES = 500_000_000
"""Bytes that should be left on the disk of an SQLite store."""
BYTES_PER_MB = 1_000_000
SHOWN_EXAMPLES = 5
"""Messages, or alerts, that a finding names."""
OTHERS_CAN_ACCESS = stat.S_IRWXO
"""The bits of a file's mode by which users outside of its group can read, write or run it."""


async def doctor(
    session: Session,
    *,
    deep: Annotated[bool, option("Also ask each model a question, within the budget.")] = False,
) -> Card:
    """Examine the configuration, store, queue, plugins, providers, chats, disk, outbox and clock,
    and show a remedy for each fault. No error of these comes out: each becomes a fault. The card is
    failed if there is any.

    Nothing is posted, and a missing store is not created, except with `deep`. An invalid
    configuration, or a deployment that cannot be opened, keeps the rest from being examined.

    Args:
        session: The session that reads the configuration and opens the deployment.
        deep: Whether each model is also asked one question, after a person at the terminal has
            agreed to the price.
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
            call = session.call(deployment)
            findings += await Examination(call).findings()
            if deep:
                try:
                    findings += [
                        one async for one in examinations.called_model_findings(call, session)
                    ]
                except OverheardError as error:
                    words = str(error).rstrip(".")
                    findings.append(Finding("a real call to each model", words, "see [budget]"))
    except OverheardError as error:
        findings.append(_unopened_finding(error))
    return _findings_card(findings)


@dataclass(frozen=True, slots=True)
class Examination:
    """The examination of an open deployment; each chat is closed when it is examined."""

    call: Call

    async def findings(self) -> list[Finding]:
        """Return all findings in this order: store, queue, disk, plugins, catalogue, variables,
        shutdowns of models, judges, providers, usage, detection, chats, routes, outbox, alerts,
        answers, clock.

        Providers are asked at the same time, by calls that cost nothing; chats one after the other.
        Nothing is said of detection without a store. If the newest run lies in the future, only
        this is said of the clock; else it is compared with the clocks of the providers.
        """
        call, config, plugins = self.call, self.call.config, self.call.plugins
        found = [
            *self._store_findings(),
            *[finding async for finding in examinations.queue_findings(config)],
            *self._disk_findings(),
            *self._plugin_findings(),
            *self._catalogue_findings(),
            *examinations.unset_variables(config),
            *examinations.shutdown_findings(call),
            *examinations.judge_findings(call),
        ]
        asked = [
            examinations.provider_findings(provider, call.clock, config.providers.get(name, {}))
            for name, provider in plugins.providers.items()
        ]
        of_providers = await asyncio.gather(*asked)
        found += [finding for findings, _ in of_providers for finding in findings]
        found += [finding async for finding in examinations.usage_findings(plugins, call.store)]
        if not call.deployment.missing_store:
            found.append(await self._detection_finding())
        for name, chat in plugins.chats.items():
            found += await self._chat_findings(name, chat)
        leads = [lead for _, lead in of_providers if lead is not None]
        return [
            *found,
            *self._route_findings(),
            await self._outbox_finding(),
            await self._unrouted_finding(),
            *await self._answer_findings(),
            *(await examinations.future_run_findings(call) or [examinations.clock_finding(leads)]),
        ]

    async def _detection_finding(self) -> Finding:
        """Return the finding on how often detection has raised a false alarm: in how many of the
        stored runs without a change, when it is replayed over them. It is never a fault.
        """
        brands = self.call.catalogue.tracked
        record = chance_alarm_record(await replays(self.call, brands))
        if not record.runs:
            return Finding("detection (no run yet)")
        sentence = record_sentence(record).rstrip(".")
        return Finding(f"detection ({sentence[0].lower()}{sentence[1:]})")

    def _store_findings(self) -> Iterator[Finding]:
        """Yield a finding on the store, then a fault if other users of the machine can access its
        file. An open store is well; a missing store is a fault only if it cannot be created.
        """
        url, missing = self.call.config.storage.url, self.call.deployment.missing_store
        file = self.call.config.storage.sqlite_file
        if not missing:
            # Opening a store writes to it: a store that cannot be written is reported elsewhere.
            scheme, slashes, rest = url.partition("://")
            yield Finding(f"store {scheme}{slashes}{rest.rpartition('@')[2]}")
        elif file and (fault := _creation_fault(file)):
            remedy = "correct [storage] url, or let this user write there"
            yield Finding(f"store {missing}", f"it does not exist, and {fault}", remedy)
        else:
            yield Finding(f"store {missing} (the first overheard check creates it)")
        if file and file.exists() and file.stat().st_mode & OTHERS_CAN_ACCESS:
            problem = "every user of this machine can read it"
            yield Finding(f"file {file}", problem, f"run: chmod 600 {shlex.quote(str(file))}")

    def _disk_findings(self) -> Iterator[Finding]:
        """Yield a finding on the free space of the disk of an SQLite store, which is a fault below
        `MIN_FREE_DISK_BYTES`; nothing for a database server.
        """
        file = self.call.config.storage.sqlite_file
        if file is None:
            return  # its disk is another machine's
        free_bytes = shutil.disk_usage(_existing_folder(file)).free
        if free_bytes >= MIN_FREE_DISK_BYTES:
            yield Finding("disk")
            return
        problem = f"only {free_bytes / BYTES_PER_MB:,.0f} MB are left"
        yield Finding("disk", problem, "make room, or move the store in [storage]")

    def _plugin_findings(self) -> Iterator[Finding]:
        """Yield a fault for each faulty plugin; without any, a finding with the number of installed
        plugins.
        """
        plugins = self.call.plugins
        for report in plugins.faulty:
            yield Finding(f"plugin {report.name}", report.problem.rstrip("."), "see above")
        if not plugins.faulty:
            yield Finding(f"plugins ({len(plugins.reports)})")

    def _catalogue_findings(self) -> Iterator[Finding]:
        """Yield a fault for each of brand, prompt and provider of which there is none. Then yield a
        fault for each tracked brand with prompts, if all of them name the brand or a competitor.
        """
        catalogue, plugins = self.call.catalogue, self.call.plugins
        needed = {
            "brand": (catalogue.brands, "add a [[brands]] table"),
            "prompt": (catalogue.prompts, "add a [[prompts]] table"),
            "provider": (plugins.providers, "add a [providers.*] table, such as [providers.local]"),
        }
        for noun, (present, remedy) in needed.items():
            if not present:
                yield Finding(f"{noun}s", f"there is no {noun}, so nothing can be asked", remedy)
        for brand in catalogue.brands:
            if not brand.tracked:
                continue
            market = {brand.name, *brand.competitors}
            prompts = catalogue.prompts_for(brand.name)
            named_by_prompt = named_brands(catalogue, prompts).values()
            if named_by_prompt and not any(names.isdisjoint(market) for names in named_by_prompt):
                yield Finding(
                    f"questions for {brand.name}",
                    "each names a brand, so visibility, position and share of voice cannot be "
                    "measured",
                    f"add questions that name no brand, such as from: prompts suggest {brand.name}",
                )

    async def _chat_findings(self, name: str, chat: Chat) -> Sequence[Finding]:
        """Examine a chat and the channels on it that the configuration names, close the chat, and
        return the findings. An error, or no answer within `CHECK_TIMEOUT_S`, becomes the only
        finding, which is a fault.
        """
        prefix = f"{name}:"
        channels = [
            channel.removeprefix(prefix)
            for channel in self._channels()
            if channel.startswith(prefix)
        ]
        try:
            return await examinations.in_time(lambda: chat.examine(channels))
        except Exception as error:  # a platform's fault is a finding, and its text may hold a token
            table = header("chats", name)
            return [
                Finding(
                    name, examinations.error_words(error), f"see [{table}] in the configuration"
                )
            ]
        finally:
            await chat.close()

    def _route_findings(self) -> Iterator[Finding]:
        """Yield a fault for each channel whose chat cannot be used, for each metric of a route that
        nothing measures, and for a deployment with a chat and without a route.
        """
        for channel in self._channels():
            platform = channel.partition(":")[0]
            if platform not in self.call.plugins.chats:
                problem = "it is routed, and its chat cannot be used"
                yield Finding(channel, problem, f"add a [{platform}] table, or remove the route")
        measured = self.call.scoring.metrics
        for route in self.call.config.routes:
            for name in route.metrics:
                if name not in measured:
                    problem = f'nothing measures "{name}"{suggestion(name, measured)}'
                    yield Finding(f"route to {route.channel}", problem, "correct its metrics")
        if self.call.plugins.chats and not self.call.config.routes:
            problem = "no alert is posted anywhere"
            yield Finding("routes", problem, "add a [[routes]] table with a channel")

    async def _unrouted_finding(self) -> Finding:
        """Return the finding on alerts that are not over and that no route posts to a channel: a
        fault with their number, which names the first brand and the model of the first
        `SHOWN_EXAMPLES` of them. Without such an alert all is well.
        """
        alerts = await unrouted(self.call.store, self.call.config)
        if not alerts:
            return Finding("alerts")
        examples = "; ".join(
            f"{alert.brands[0]} at {alert.shift.model}" for alert in alerts[:SHOWN_EXAMPLES]
        )
        problem = f"{wording.count(len(alerts), 'open alert')} went to no channel ({examples})"
        return Finding("alerts", problem, "widen the brands, metrics or severities of [[routes]]")

    async def _answer_findings(self) -> list[Finding]:
        """Return a fault for each model that did not answer in the newest check of a brand."""
        reader, names = SituationReader(self.call), self.call.names
        brands = [] if self.call.deployment.missing_store else self.call.catalogue.tracked
        found = {}
        for brand in brands:
            for there in (await reader.read(brand, HEADLINE)).at_models(Presence.SILENT):
                day = wording.day(there.asked.at, UTC)
                problem = f"there is none of the check of {day}. {there.failure}".strip(" .")
                place = f"answers of {names.name(there.model)}"
                found[there.model] = Finding(place, problem, "see its provider above")
        return list(found.values())

    def _channels(self) -> list[str]:
        """Return each channel that the configuration names for alerts, reports, notices or signs of
        life, once, as ``platform:id``.
        """
        config = self.call.config
        routed = [route.channel for route in config.routes]
        reported = [report.channel for report in config.reports]
        health = config.health
        return list(dict.fromkeys([*routed, *reported, *health.notices, *health.alive]))

    async def _outbox_finding(self) -> Finding:
        """Return the finding on messages whose last attempt at posting failed: a fault with their
        number, which names the channel and the problem of the first `SHOWN_EXAMPLES` of them.
        Without such a message all is well.
        """
        waiting = await self.call.store.deliveries.find(waiting=True)
        failing = [delivery for delivery in waiting if delivery.problem]
        if not failing:
            return Finding("outbox")
        examples = "; ".join(
            f"{delivery.channel}: {delivery.problem}" for delivery in failing[:SHOWN_EXAMPLES]
        ).rstrip(".")
        problem = f"{wording.count(len(failing), 'message')} could not be posted ({examples})"
        return Finding("outbox", problem, "they are tried again by overheard run")


def _unopened_finding(error: OverheardError) -> Finding:
    """Return the fault that a deployment could not be opened because of an error, which keeps
    everything else from being examined. An error of the store has its own remedy.
    """
    if isinstance(error, StoreError):
        details = error.details
        problem = f"{details['reason']}; nothing else was looked at"
        return Finding(f"store {details['url']}", problem, details["remedy"])
    problem = f"{str(error).rstrip('.')}; nothing else was looked at"
    return Finding("deployment", problem, "see that first")


def _creation_fault(file: Path) -> str:
    """Return why a missing file cannot be created with the folders above it, in words: what exists
    of its path is not a folder, or cannot be written. Empty if it can be created.
    """
    folder = _existing_folder(file)
    if not folder.is_dir():
        return f"{folder} is not a folder"
    return "" if os.access(folder, os.W_OK) else f"{folder} cannot be written"


def _existing_folder(file: Path) -> Path:
    """Return the nearest existing path above a file, which is a folder unless the path is wrong."""
    return next(folder for folder in file.parents if folder.exists())


def _findings_card(findings: Sequence[Finding]) -> Card:
    """Return the card with a table of all findings: first the faults with their remedies, then the
    others, each group in the given order. The title counts the faults. The card is failed if there
    is a fault.
    """
    faults = [finding for finding in findings if finding.problem]
    rows = [(fault.place, fault.problem, fault.remedy) for fault in faults]
    rows += [(finding.place, "well", "") for finding in findings if not finding.problem]
    return Card(
        title=wording.count(len(faults), "fault") if faults else "All is well",
        table=Table(("Place", "What is found", "Remedy"), tuple(rows)),
        severity=Severity.BAD if faults else Severity.GOOD,
        data={
            "well": not faults,
            "findings": [picked(finding, "place", "problem", "remedy") for finding in findings],
        },
        failed=bool(faults),
    )


DOCTOR = CommandSpec(
    "doctor",
    "Look at everything a deployment needs, and say the remedy for each fault.",
    doctor,
    role=Role.ADMIN,
    faces=IN_TERMINAL,
    opens=False,
    examples=("doctor", "doctor --deep"),
)
