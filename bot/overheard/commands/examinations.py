"""What `doctor` examines of providers, of the queue and of the history: keys, models, variables,
usage, waiting jobs, the clock. The list of all examinations is in ``doctor.py``.
"""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from overheard.cards import wording
from overheard.config.problems import suggestion
from overheard.config.sections import Config
from overheard.deployment import Call
from overheard.domain import SHUTDOWN_NOTICE, Panel, Prompt, QueueStatus, last_day
from overheard.errors import OverheardError, ProviderUnavailable
from overheard.interfaces import Clock, Finding, Listing, Provider, Store, Verifiable
from overheard.plugins import Plugins, models_of
from overheard.runs.budget import price_of
from overheard.runs.plan import choose_models
from overheard.runs.tasks import outdated, queue_status
from overheard.scoring.judge import judges
from overheard.session import Session

CHECK_TIMEOUT_S = 20.0
"""Seconds that one examination may take."""
MAX_CLOCK_ERROR = timedelta(seconds=30)
"""The error of a clock that schedules and the signatures of requests tolerate."""
MAX_JOB_WAIT = timedelta(minutes=5)
"""The wait of a job in the queue from which on it is reported."""
Result = TypeVar("Result")

MAX_CLOCK_LAG = timedelta(hours=1)
"""How far the newest run may be ahead of this machine's clock; machines differ a little."""
REAL_QUESTION = "Answer with one word: which colour has a clear sky?"
DEEP = "doctor"
"""The label of runs of `doctor --deep`, which are aside of the history."""
_VERSIONED_PATH = re.compile(r"/v\d")
_VARIANT = re.compile(r"[-@:](?:\d{2,8}|latest|preview|free|online|nitro|beta)\b.*")
"""The date or variant of a model's name, and all behind it."""


def unset_variables(config: Config) -> Iterator[Finding]:
    """Yield a fault for each key that names an environment variable which is empty or not set: the
    keys that end in ``_env`` in the tables of providers, scorers and feeds.
    """
    tables = {"providers": config.providers, "scorers": config.scorers, "feeds": config.feeds}
    for kind, tables_by_name in tables.items():
        for name, table in tables_by_name.items():
            for key, variable in table.items():
                if key.endswith("_env") and not os.environ.get(str(variable)):
                    problem = f"{key} names {variable}, which is not set"
                    yield Finding(f"[{kind}.{name}]", problem, "set it, or correct the name")


async def unlisted_model_findings(provider: Provider, table: Mapping[str, object]) -> list[Finding]:
    """Ask a service for its list of models, and return a fault for each configured model that the
    list lacks; or one fault if the service has no list because its address is probably wrong.

    A service may list a model with another date or variant, or behind a vendor and a slash; such
    names are taken as the same. Empty for a provider that cannot list its models, and for Azure,
    which lists what could be deployed, under other names.

    Args:
        table: The provider's table in the configuration.

    Raises:
        ProviderUnavailable: when the service cannot be asked.
    """
    if not isinstance(provider, Listing) or table.get("preset") == "azure":
        return []
    place = f"provider {provider.name}"
    listed_names = list(await provider.list_models())
    if not listed_names:
        base_url = str(table.get("base_url", ""))
        if not base_url or _VERSIONED_PATH.search(urlsplit(base_url).path):
            return []
        problem = f"there is no list of models at {base_url}"
        return [Finding(place, problem, 'correct base_url, which often ends in "/v1"')]
    known_names = {_name_without_variant(name) for name in listed_names}
    known_names |= {name.rpartition("/")[2] for name in known_names}
    configured_names = [model.id for model in models_of({provider.name: provider})]
    return [
        Finding(
            place,
            f'the service offers no model "{name}"{suggestion(name, listed_names)}',
            f"correct models in [providers.{provider.name}]",
        )
        for name in configured_names
        if _name_without_variant(name) not in known_names
    ]


def _name_without_variant(name: str) -> str:
    """Return a model's name in lower case without its date or variant, for comparison."""
    return _VARIANT.sub("", name.casefold())


def shutdown_findings(call: Call) -> Iterator[Finding]:
    """Yield a finding for each configured model with a known last day. It is a fault from
    `SHUTDOWN_NOTICE` before that day on, and after it.
    """
    plugins, today = call.plugins, call.clock.now().date()
    for model in plugins.models:
        ends = last_day(model, plugins.landscapes.values())
        if ends is None:
            continue
        day = f"{ends.day} {ends:%b %Y}"
        if ends > today + SHUTDOWN_NOTICE:
            yield Finding(f"model {model} (its vendor shuts it down on {day})")
            continue
        verb = "shuts it down on" if ends >= today else "has shut it down on"
        remedy = f"choose another in [providers.{model.provider}], see: landscape"
        yield Finding(f"model {model}", f"its vendor {verb} {day}", remedy)


async def called_model_findings(call: Call, session: Session) -> AsyncIterator[Finding]:
    """Ask each configured model one short question outside the history, and yield a finding on the
    price, one for each answer with its time in seconds, and a fault for each reason why questions
    have no answer.

    If the price is above 0, a person at the terminal is asked first. Without a yes, no model is
    called, and one finding says so. Where nobody can be asked, the models are called.

    Raises:
        BudgetExceeded: when the budget does not cover the calls.
        NothingToAsk: when no model is configured.
    """
    models = choose_models(call.plugins.providers, ())
    panel = Panel((), (Prompt(REAL_QUESTION),), models)
    run = call.aside_run(panel, DEEP)
    quote = await call.pricing.quote(run)
    place = f"a real call to {wording.count(len(models), 'model')}"
    question = f"{place[0].upper()}{place[1:]} costs {quote.price}. Ask now? yes or no"
    if quote.usd and session.ask:
        reply = session.ask(question, "no").casefold()
        if reply not in {"y", "yes"}:
            yield Finding(f"{place} (not made)")
            return
    outcome, answers = await call.run_service().ask_aside(run)
    yield Finding(f"{place} ({wording.money(outcome.spent)})")
    for answer in answers:
        if not answer.error:
            duration = f"it answered within {answer.latency:.1f} s"
            yield Finding(f"model {answer.question.model} ({duration})")
    for reason in outcome.failures:
        yield Finding("a real call", reason.rstrip("."), "see the [providers.*] table of the model")


async def usage_findings(plugins: Plugins, store: Store) -> AsyncIterator[Finding]:
    """Yield a fault for each configured model that costs money and has recent answers without the
    number of tokens, so that their cost is only estimated; sorted by the models' names.
    """
    models = plugins.models
    usage_by_model = await store.answers.usual_usage(models)
    for model in sorted(usage_by_model, key=str):
        answers_without_usage = usage_by_model[model].untold
        price = price_of(model, plugins.providers)
        costs_money = price is not None and bool(price.input or price.output)
        if answers_without_usage and costs_money:
            count = wording.count(answers_without_usage, "answer")
            problem = f"{count} came without usage, so that the cost is only estimated"
            remedy = "have the service report the usage; a gateway may have an option for it"
            yield Finding(f"model {model}", problem, remedy)


def judge_findings(call: Call) -> Iterator[Finding]:
    """Yield a fault for each judge whose provider is not configured or whose budget is 0."""
    for judge in judges(call.scoring.scorers):
        place, table = f"judge {judge.model}", f"[scorers.{judge.name}]"
        if judge.model.provider not in call.plugins.providers:
            problem = "no provider has its model, so nothing is read a second time"
            yield Finding(place, problem, f"correct model in {table}, or add the provider")
        elif not judge.budget:
            problem = "its budget is 0, so nothing is read a second time"
            yield Finding(place, problem, f"raise budget in {table}")


async def future_run_findings(call: Call) -> Sequence[Finding]:
    """Return one fault if the newest run began more than `MAX_CLOCK_LAG` after this machine's time,
    whose clock is then probably wrong; else an empty sequence.
    """
    newest = await call.store.runs.find(limit=1)
    now = call.clock.now()
    if not newest or newest[0].started_at <= now + MAX_CLOCK_LAG:
        return ()
    zone = call.deployment.zone
    shown, begun = wording.moment(now, zone), wording.moment(newest[0].started_at, zone)
    problem = f"it shows {shown}, and the newest run began {begun}"
    return (Finding("clock", problem, "set the clock; a run now would be taken for an older one"),)


async def provider_findings(
    provider: Provider, clock: Clock, table: Mapping[str, object]
) -> tuple[list[Finding], timedelta | None]:
    """Check the key and the address of a provider by a call that costs nothing, and look for its
    configured models in the service's own list.

    Args:
        table: The provider's table in the configuration.

    Returns:
        The findings: a fault for each problem, else that all is well. Any error, and no answer
        within `CHECK_TIMEOUT_S`, becomes a fault. And how far the service's clock is ahead of this
        machine's, None if it is not known.
    """
    place = f"provider {provider.name}"
    if not isinstance(provider, Verifiable):
        return [Finding(f"{place} (it offers no call that costs nothing)")], None
    try:
        service_time = await in_time(provider.verify)
        model_faults = await in_time(partial(unlisted_model_findings, provider, table))
    except ProviderUnavailable as error:
        return [Finding(place, error.details["reason"], error.details["remedy"])], None
    except Exception as error:  # a plugin may raise anything
        remedy = f"see [providers.{provider.name}] in the configuration"
        return [Finding(place, error_words(error), remedy)], None
    lead = None
    if isinstance(service_time, datetime) and service_time.tzinfo:
        lead = service_time - clock.now()
    return model_faults or [Finding(place)], lead


def clock_finding(leads: Sequence[timedelta]) -> Finding:
    """Return the finding on this machine's clock. It is a fault if the clock differs by more than
    `MAX_CLOCK_ERROR` from the clocks of all services; the fault names the smallest difference. If
    no service tells its time, nothing is compared, and the finding says so.

    Args:
        leads: How far the clock of each service is ahead of this machine's, negative if it is
            behind; empty if no service tells its time.
    """
    if not leads:
        return Finding("clock (not compared: no provider tells its time)")
    smallest_lead = min(leads, key=abs)
    if abs(smallest_lead) <= MAX_CLOCK_ERROR:
        return Finding("clock")
    direction = "behind" if smallest_lead > timedelta() else "ahead of"
    error = wording.duration(abs(smallest_lead).total_seconds())
    problem = f"it is {error} {direction} the clocks of providers"
    return Finding("clock", problem, "set it by NTP, such as with: timedatectl set-ntp true")


async def in_time(work: Callable[[], Awaitable[Result]]) -> Result:
    """Return the result of some work. Raises TimeoutError after `CHECK_TIMEOUT_S`."""
    async with asyncio.timeout(CHECK_TIMEOUT_S):
        return await work()


def error_words(error: Exception) -> str:
    """Return an error in words without a full stop: its text if it is Overheard's own, a sentence
    for a timeout. Of another error only the name of its class, since its text may hold a secret.
    """
    if isinstance(error, TimeoutError):
        return f"no answer within {CHECK_TIMEOUT_S:.0f} s"
    return str(error).rstrip(".") if isinstance(error, OverheardError) else type(error).__name__


async def queue_findings(config: Config) -> AsyncIterator[Finding]:
    """Connect to the server of the store, and yield the findings on the queue of PGQueuer: its
    workers, waiting and failed jobs. Nothing for another engine of the queue.

    One fault is all that is said of a queue whose tables are missing or outdated, or that cannot be
    reached.
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
    """Yield the findings on the status of a queue. The first has the number of its workers, and is
    a fault if it is 0. If any job has waited for more than `MAX_JOB_WAIT`, a fault follows on the
    one that has waited longest. If jobs failed for good, the last finding is a fault with their
    number and kinds.
    """
    if status.workers:
        yield Finding(f"queue ({wording.count(status.workers, 'worker')})")
    else:
        waiting = f", and {_waiting_job_count(status)}" if status.waiting else ""
        remedy = "start one with: overheard worker"
        yield Finding("queue", f"no worker is connected{waiting}", remedy)
    longest_waiting = max(status.oldest, key=lambda kind: status.oldest[kind], default="")
    if longest_waiting and status.oldest[longest_waiting] > MAX_JOB_WAIT.total_seconds():
        minutes = wording.count(round(status.oldest[longest_waiting] / 60), "minute")
        waited = f"a job of {longest_waiting} has waited for {minutes}"
        provider = longest_waiting.partition("/")[2]
        limits = f", or let more calls through in [limits.{provider}]" if provider else ""
        yield Finding(
            "jobs that wait",
            f"{waited}; {_waiting_job_count(status)}",
            f"start more workers{limits}",
        )
    if status.held:
        held_count = wording.count(sum(status.held.values()), "job")
        problem = f"{held_count} failed for good ({', '.join(sorted(status.held))})"
        remedy = "read why in the log of the workers, then put them in again with: pgq requeue"
        yield Finding("jobs that failed", problem, remedy)


def _waiting_job_count(status: QueueStatus) -> str:
    """Return the number of waiting jobs of all kinds, as a clause: ``3 jobs wait``."""
    return wording.count(sum(status.waiting.values()), "job waits", "jobs wait")
