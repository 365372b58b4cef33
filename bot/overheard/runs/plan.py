"""The plan of a run: a panel of brands, prompts, models and repeats; finding and resuming runs."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from overheard.cards import wording
from overheard.config.problems import unknown_name
from overheard.domain import Brand, Catalogue, Model, Panel, Run, RunState
from overheard.errors import NotSetUp, SearchUnknown, UnknownName
from overheard.interfaces import Provider, Store
from overheard.interfaces.runs import RunRepository
from overheard.plugins import models_of
from overheard.runs.budget import capabilities_of

_REMEDIES = {
    "brand": "add a [[brands]] table",
    "prompt": "add a [[prompts]] table with a question that buyers ask",
    "model": 'add a [providers.*] table, such as [providers.local], or see "overheard plugins"',
}
RESUMABLE_FOR = timedelta(hours=12)
"""How long after its start an interrupted or paused run can be resumed."""
MAX_RUNS_LISTED = 5
"""Runs that the error for an unknown run lists."""


def lay_out(
    catalogue: Catalogue,
    providers: Mapping[str, Provider],
    *,
    brands: Sequence[str] = (),
    models: Sequence[str] = (),
    repeats: int = 1,
    seed: int = 0,
) -> Panel:
    """Return the panel of a run: brands, the prompts that concern at least one of them, models and
    repeats.

    Brands and models that are named twice are in the panel once. A prompt of several brands is in
    the panel once, and its answers are scored for each brand.

    Args:
        providers: Providers by name.
        brands: Names or aliases of brands; empty for all tracked brands.
        models: Names of models, as ``provider/model``; empty for all models of all providers.
        repeats: How often each model is asked each prompt, at least 1.
        seed: The seed of the calls.

    Raises:
        UnknownName: for a brand or a provider that does not exist, or a name of another form.
        NotSetUp: when there is no brand, prompt or model.
        SearchUnknown: for a model with web search whose provider does not declare that
            capability.
    """
    names = tuple(dict.fromkeys(brand.name for brand in choose_brands(catalogue, brands)))
    prompts = tuple(p for p in catalogue.prompts if any(map(p.concerns, names)))
    _require_any("prompt", prompts)
    panel = Panel(names, prompts, choose_models(providers, models), repeats, seed)
    return askable(panel, providers)


def skip_note(panel: Panel | None, name: Callable[[Model], str] = str) -> str:
    """Return a clause on the models that are not asked the questions with a follow-up; empty for
    none.

    Args:
        name: Returns what a model is called.
    """
    if panel is None or not panel.skips:
        return ""
    count = len({key for key, _ in panel.skips})
    models = sorted({name(Model.parse(model)) for _, model in panel.skips})
    asked = f"{wording.count(count, 'question')} {'is' if count == 1 else 'are'} not asked of"
    take = "takes" if len(models) == 1 else "take"
    return f"{asked} {wording.listing(models)}, which {take} no follow-up"


def askable(panel: Panel, providers: Mapping[str, Provider]) -> Panel:
    """Return a panel that skips prompts with a follow-up at models that take none."""
    turned = [prompt.key for prompt in panel.prompts if len(prompt.turns) > 1]
    if not turned:
        return panel
    unable = [str(m) for m in panel.models if not capabilities_of(m, providers).follow_ups]
    return replace(panel, skips=panel.skips | {(key, name) for key in turned for name in unable})


def choose_brands(catalogue: Catalogue, names: Sequence[str] = ()) -> list[Brand]:
    """Return brands by their names or aliases, in the order given; all tracked brands for no names.

    A brand that is named twice is returned twice. A brand that is named need not be tracked.

    Raises:
        NotSetUp: when no names are given and no brand is tracked.
    """
    chosen = [find_brand(catalogue, name) for name in names] or catalogue.tracked
    _require_any("brand", chosen)
    return chosen


def choose_models(
    providers: Mapping[str, Provider], models: Sequence[str] = ()
) -> tuple[Model, ...]:
    """Return models by their names like ``provider/model``, each once and in the order given; for
    no names all models of all providers.

    Whether the provider serves a model is not checked.

    Raises:
        UnknownName: for a name of another form, or a provider that does not exist.
        NotSetUp: when no names are given and the providers have no model.
        SearchUnknown: for a model with web search whose provider does not declare that capability.
    """
    named = [find_model(text, providers) for text in models] or models_of(providers)
    asked = tuple(dict.fromkeys(named))  # a model named twice would be paid twice and stored once
    _require_any("model", asked)
    for model in asked:
        # Its answers would be stored as answers with a search, and come without one.
        if model.searches and not capabilities_of(model, providers).search:
            raise SearchUnknown(model=model, id=model.id, provider=model.provider)
    return asked


def _require_any(kind: str, matches: Sequence[object]) -> None:
    if not matches:
        raise NotSetUp(kind=kind, remedy=_REMEDIES[kind])


def find_brand(catalogue: Catalogue, name: str) -> Brand:
    """Return a brand by its name or alias.

    Raises:
        UnknownName: when there is no such brand; the error names the most similar brand, if any,
            and lists all brands.
    """
    brand = catalogue.brand(name)
    if brand is None:
        raise unknown_name("brand", name, [brand.name for brand in catalogue.brands])
    return brand


def find_model(text: str, providers: Mapping[str, Provider]) -> Model:
    """Return the model of a name like ``provider/model``.

    The provider must be configured; whether it serves the model is not checked.

    Raises:
        UnknownName: when the name has another form, or its provider is not configured; the error
            names the most similar model, if any, and lists all models.
    """
    served = [str(model) for model in models_of(providers)]
    try:
        model = Model.parse(text)
    except ValueError:
        model = None
    if model is None or model.provider not in providers:
        raise unknown_name("model", text, served)
    return model


def new_run(
    panel: Panel,
    now: datetime,
    *,
    label: str = "",
    asked_by: str = "",
    channel: str = "",
    aside: bool = False,
) -> Run:
    """Return a new run, which is not stored yet."""
    key = f"{now:%Y-%m-%dT%H:%M:%SZ}-{secrets.token_hex(2)}"
    return Run(key, now, panel, label=label, asked_by=asked_by, channel=channel, aside=aside)


def is_fresh(run: Run, now: datetime) -> bool:
    """Return whether a run began less than `RESUMABLE_FOR` ago, so that new answers are comparable
    with its first answers.
    """
    return now - run.started_at < RESUMABLE_FOR


async def unfinished(store: Store, panel: Panel, now: datetime) -> Run | None:
    """Return the first run in the state RUNNING, in the store's order, that has the same questions
    and can be resumed; None if there is none. Another process may still carry it out.

    A run can be resumed for `RESUMABLE_FOR`. One that waits for a batch always can: its questions
    were asked at submission. A run of the same questions that began too long ago is stored as
    PARTIAL, unless a process has locked it: the model may have changed since its first answers.
    """
    for run in await store.runs.find(state=RunState.RUNNING):
        if run.panel and _asks_the_same(run.panel, panel):
            if is_fresh(run, now) or await store.batches.unfinished(runs=[run.id]):
                return run
            async with store.locks.run_lock(run.id) as is_abandoned:
                if is_abandoned:
                    await store.runs.finish(run.id, RunState.PARTIAL, now)
    return None


async def find_run(runs: RunRepository, name: str) -> Run:
    """Return a run by its key, such as ``2026-03-02T09:00:00Z-1f2e``, or by a part of its key that
    no other run has. Imported runs, which have no panel, are not found.

    Raises:
        UnknownName: when no run or several runs match; the error lists `MAX_RUNS_LISTED` of the
            matching runs or, if none matches, of all runs.
    """
    known = [run for run in await runs.find() if run.panel]
    matches = [run for run in known if run.key == name] or [r for r in known if name in r.key]
    if len(matches) == 1:
        return matches[0]
    hint = "; several are called so" if matches else ""
    listed = (matches or known)[:MAX_RUNS_LISTED]
    keys = ", ".join(run.key for run in listed) or "none yet"
    raise UnknownName(kind="run", name=name, hint=hint, known=keys)


def _asks_the_same(panel: Panel, other: Panel) -> bool:
    """Return whether two panels ask the same questions (prompts, models, repeats, batches) about
    the same brands.
    """
    return (
        panel.brands == other.brands
        and panel.models == other.models
        and panel.batch == other.batch
        and [(p.key, n) for p, n in panel.asks()] == [(p.key, n) for p, n in other.asks()]
    )
