"""What a check asks: brands x prompts x models x repeats."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from overheard.cards import wording
from overheard.config.settings import suggestion
from overheard.domain import Brand, Catalogue, Model, Panel, Run, RunState
from overheard.errors import NothingToAsk, SearchUnknown, UnknownName
from overheard.interfaces import Provider, Store
from overheard.interfaces.runs import RunRepository
from overheard.runs.budget import capabilities_of


def lay_out(
    catalogue: Catalogue,
    providers: Mapping[str, Provider],
    *,
    brands: Sequence[str] = (),
    models: Sequence[str] = (),
    repeats: int = 1,
    seed: int = 0,
) -> Panel:
    """Lay a panel out. Without brands or models it takes all there are.

    A prompt that serves several brands is in it once: its answers are scored for each.

    Raises:
        UnknownName: for a brand or a provider that does not exist.
        NothingToAsk: when there is no brand, prompt or model.
        SearchUnknown: when a model is to search and its provider does not say that it does.
    """
    chosen = [find_brand(catalogue, name) for name in brands] or tracked(catalogue)
    names = tuple(dict.fromkeys(brand.name for brand in chosen))
    prompts = tuple(p for p in catalogue.prompts if not p.brands or set(p.brands) & set(names))
    _require("brand", names)
    _require("prompt", prompts)
    return Panel(names, prompts, choose_models(providers, models), repeats, seed)


def choose_models(
    providers: Mapping[str, Provider], models: Sequence[str] = ()
) -> tuple[Model, ...]:
    """Return models by their names, each once, or all there are.

    Raises:
        UnknownName: for a provider that does not exist.
        NothingToAsk: when there is no model.
        SearchUnknown: when one is to search and its provider does not say that it does.
    """
    named = [find_model(text, providers) for text in models] or _all_models(providers)
    asked = tuple(dict.fromkeys(named))  # twice the same would be paid twice and kept once
    _require("model", asked)
    for model in asked:
        # Its answers would stand under the name of answers with a search, and without one.
        if model.searches and not capabilities_of(model, providers).search:
            raise SearchUnknown(model=model, id=model.id, provider=model.provider)
    return asked


def doing(panel: Panel | None) -> str:
    """Say what is under way while a panel is asked; a model that is asked alone is named."""
    models = panel.models if panel else ()
    return (
        f"Asking {models[0] if len(models) == 1 else wording.count(len(panel or ()), 'question')}"
    )


def _require(kind: str, found: Sequence[object]) -> None:
    if not found:
        raise NothingToAsk(missing=f"no {kind} is configured, {_REMEDIES[kind]}")


_REMEDIES = {
    "brand": "add a [[brands]] table",
    "prompt": "add a [[prompts]] table with a question that buyers ask",
    "model": 'add a [providers.*] table, such as [providers.local], or see "overheard plugins"',
}


def tracked(catalogue: Catalogue) -> list[Brand]:
    """Return the brands that raise alerts; the others are only somebody's competitors."""
    return [brand for brand in catalogue.brands if brand.tracked]


def find_brand(catalogue: Catalogue, name: str) -> Brand:
    """Return a brand by its name or alias.

    Raises:
        UnknownName: with the nearest name.
    """
    brand = catalogue.brand(name)
    if brand is None:
        known = [brand.name for brand in catalogue.brands]
        raise UnknownName(
            kind="brand", name=name, hint=suggestion(name, known), known=_listed(known)
        )
    return brand


def find_model(text: str, providers: Mapping[str, Provider]) -> Model:
    """Return a model by its name, as ``provider/model``; the provider must be there.

    Raises:
        UnknownName: with the nearest name.
    """
    served = [f"{name}/{model}" for name, p in providers.items() for model in p.models()]
    try:
        model = Model.parse(text)
    except ValueError:
        model = None
    if model is None or model.provider not in providers:
        raise UnknownName(
            kind="model", name=text, hint=suggestion(text, served), known=_listed(served)
        )
    return model


def _all_models(providers: Mapping[str, Provider]) -> list[Model]:
    return [Model(name, model) for name, p in providers.items() for model in p.models()]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none yet"


TAKEN_UP_WITHIN = timedelta(hours=12)
"""How long after its start a run that was cut off or paused goes on."""


def new_run(
    panel: Panel, now: datetime, *, label: str = "", asked_by: str = "", channel: str = ""
) -> Run:
    """Make a run that has not begun."""
    key = f"{now:%Y-%m-%dT%H:%M:%SZ}-{secrets.token_hex(2)}"
    return Run(key, now, panel, label=label, asked_by=asked_by, channel=channel)


def is_fresh(run: Run, now: datetime) -> bool:
    """Return whether new answers of a run still compare with its first ones."""
    return now - run.started_at < TAKEN_UP_WITHIN


async def unfinished(store: Store, panel: Panel, now: datetime) -> Run | None:
    """Return a run that was cut off while it asked the same questions, or None.

    One that was begun too long ago is closed: its answers and new ones would be one block, and
    the model may have changed between them. One that waits for a batch was asked when it was
    handed in, and is taken up whenever that was.
    """
    for run in await store.runs.find(state=RunState.RUNNING):
        if run.panel and _same(run.panel, panel):
            if is_fresh(run, now) or await store.batches.unfinished(runs=[run.id]):
                return run
            async with store.locks.run_lock(run.id) as abandoned:
                if abandoned:
                    await store.runs.finish(run.id, RunState.PARTIAL, now)
    return None


async def find_run(runs: RunRepository, name: str) -> Run:
    """Return a run by its key or a part of it that no other run has.

    Raises:
        UnknownName: when there is none, or several.
    """
    kept = [run for run in await runs.find() if run.panel]
    found = [run for run in kept if run.key == name] or [r for r in kept if name in r.key]
    if len(found) != 1:
        hint = "; several are called so" if found else ""
        known = ", ".join(run.key for run in (found or kept)[:5]) or "none yet"
        raise UnknownName(kind="run", name=name, hint=hint, known=known)
    return found[0]


def _same(one: Panel, other: Panel) -> bool:
    return (
        one.brands == other.brands
        and one.models == other.models
        and one.batch == other.batch
        and [(p.key, n) for p, n in one.asks()] == [(p.key, n) for p, n in other.asks()]
    )
