"""What `doctor` examines of providers and of the history: models, variables, usage, the clock."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from urllib.parse import urlsplit

from overheard.alerts.run_analysis import run_service
from overheard.cards import wording
from overheard.config.problems import suggestion
from overheard.config.sections import Config
from overheard.deployment import Call, Deployment
from overheard.domain import Landscape, Model, Panel, Prompt
from overheard.interfaces import Finding, Listing, Provider
from overheard.plugins import models_of
from overheard.runs.cost_estimate import price_of
from overheard.runs.plan import choose_models, new_run
from overheard.session import Session

MAX_CLOCK_LAG = timedelta(hours=1)
"""How far the newest run may be ahead of this machine's clock; machines differ a little."""
SHUTDOWN_NOTICE = timedelta(days=90)
"""The time before the last day of a model from which on the model is reported as a fault."""
REAL_QUESTION = "Answer with one word: which colour has a clear sky?"
DEEP = "doctor"
"""The label of runs of `doctor --deep`, which are aside of the history."""
_SNAPSHOT = re.compile(r"-(?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{3})$")
_VERSIONED = re.compile(r"/v\d")
_DATED = re.compile(r"[-@:](?:\d{2,8}|latest|preview|free|online|nitro|beta)\b.*")


def unset_variables(config: Config) -> Iterator[Finding]:
    """Yield a finding for each environment variable that a plugin's table names and that is not
    set.
    """
    tables = {"providers": config.providers, "scorers": config.scorers, "feeds": config.feeds}
    for kind, named in tables.items():
        for name, table in named.items():
            for key, variable in table.items():
                if key.endswith("_env") and not os.environ.get(str(variable)):
                    problem = f"{key} names {variable}, which is not set"
                    yield Finding(f"[{kind}.{name}]", problem, "set it, or correct the name")


async def listed_models(provider: Provider, table: Mapping[str, object]) -> list[Finding]:
    """Return a finding for each configured model that the service's own list lacks, or one for a
    wrong address. Calls the service.

    A service may offer models under other versions of their names; a name is only wrong when no
    listed name begins alike.

    Args:
        provider: The provider.
        table: The provider's table in the configuration.

    Raises:
        ProviderUnavailable: when the service cannot be asked.
    """
    if not isinstance(provider, Listing) or table.get("preset") == "azure":
        return []  # Azure lists what could be deployed, under other names
    place, listed = f"provider {provider.name}", list(await provider.list_models())
    if not listed:
        return _missing_list_findings(place, str(table.get("base_url", "")))
    known = {_name_without_variant(name) for name in listed}
    wrong = [
        name
        for name in (model.id for model in models_of({provider.name: provider}))
        if not any(
            _name_without_variant(name) in {model_id, model_id.rpartition("/")[2]}
            for model_id in known
        )
    ]
    return [
        Finding(
            place,
            f'the service offers no model "{name}"{suggestion(name, listed)}',
            f"correct models in [providers.{provider.name}]",
        )
        for name in wrong
    ]


def _missing_list_findings(place: str, base_url: str) -> list[Finding]:
    """Return a finding on a provider (`place`) if `base_url`, without a version in its path, has no
    list of models; else an empty list.
    """
    if not base_url or _VERSIONED.search(urlsplit(base_url).path):
        return []
    problem = f"there is no list of models at {base_url}"
    return [Finding(place, problem, 'correct base_url, which often ends in "/v1"')]


def _name_without_variant(name: str) -> str:
    """Return a model's name in lower case without its date or variant, for comparison."""
    return _DATED.sub("", name.casefold())


def shutdown_day(model: Model, landscapes: Iterable[Landscape]) -> date | None:
    """Return the last day of a model as the landscape of its vendor has it; None if no day is
    known.

    A gateway's name, such as ``openai/gpt-5``, counts as the vendor's. A dated snapshot ends with
    its model unless it is listed itself.
    """
    name = model.id.casefold().rpartition("/")[2]
    for landscape in landscapes:
        for known in (name, _SNAPSHOT.sub("", name)):
            if known in landscape.shutdowns:
                return landscape.shutdowns[known]
    return None


def shutdown_findings(deployment: Deployment) -> Iterator[Finding]:
    """Yield a finding for each configured model with a known last day; it is a fault within
    `SHUTDOWN_NOTICE` of that day.
    """
    plugins, today = deployment.plugins, deployment.clock.now().date()
    for model in plugins.models:
        if last := shutdown_day(model, plugins.landscapes.values()):
            day = f"{last.day} {last:%b %Y}"
            if last > today + SHUTDOWN_NOTICE:
                yield Finding(f"model {model} (its vendor shuts it down on {day})")
                continue
            when = "shuts it down on" if last >= today else "has shut it down on"
            remedy = f"choose another in [providers.{model.provider}], see: landscape"
            yield Finding(f"model {model}", f"its vendor {when} {day}", remedy)


async def called_models(deployment: Deployment, session: Session) -> AsyncIterator[Finding]:
    """Ask each configured model one short question outside the history, and yield findings on the
    price, the answers and the failures.

    If the price is above 0, a person at the terminal is asked first. Raises BudgetExceeded.
    """
    models = choose_models(deployment.plugins.providers, ())
    panel = Panel((), (Prompt(REAL_QUESTION),), models)
    run = replace(new_run(panel, deployment.clock.now(), label=DEEP), aside=True)
    quote = await deployment.pricing.quote(run)
    place = f"a real call to {wording.count(len(models), 'model')}"
    question = f"{place[0].upper()}{place[1:]} costs {quote.price}. Ask now? yes or no"
    if quote.usd and session.ask and session.ask(question, "no").casefold() not in {"y", "yes"}:
        yield Finding(f"{place} (not made)")
        return
    outcome, answers = await run_service(deployment, Call()).ask_aside(run)
    yield Finding(f"{place} ({wording.money(outcome.spent)})")
    for answer in answers:
        if not answer.error:
            took = f"it answered within {answer.latency:.1f} s"
            yield Finding(f"model {answer.question.model} ({took})")
    for reason in outcome.failures:
        yield Finding("a real call", reason.rstrip("."), "see the [providers.*] table of the model")


async def usage_findings(deployment: Deployment) -> AsyncIterator[Finding]:
    """Yield a finding for each priced model with answers that came without usage, whose cost is
    only estimated.
    """
    models = deployment.plugins.models
    usual = await deployment.store.answers.usual_usage(models)
    for model, used in sorted(usual.items(), key=lambda pair: str(pair[0])):
        price = price_of(model, deployment.plugins.providers)
        if used.untold and price and (price.input or price.output):
            answers = wording.count(used.untold, "answer")
            problem = f"{answers} came without usage, so that the cost is only estimated"
            remedy = "have the service report the usage; a gateway may have an option for it"
            yield Finding(f"model {model}", problem, remedy)


async def clock_finding(deployment: Deployment) -> Sequence[Finding]:
    """Return one finding if the newest run began more than `MAX_CLOCK_LAG` after this machine's
    time; else an empty sequence.
    """
    newest = await deployment.store.runs.find(limit=1)
    now = deployment.clock.now()
    if not newest or newest[0].started_at <= now + MAX_CLOCK_LAG:
        return ()
    begun = wording.moment(newest[0].started_at, deployment.zone)
    problem = f"it shows {wording.moment(now, deployment.zone)}, and the newest run began {begun}"
    return (Finding("clock", problem, "set the clock; a run now would be taken for an older one"),)
