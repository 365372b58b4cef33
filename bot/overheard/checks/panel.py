"""What a check asks: brands x prompts x models x repeats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from overheard.cards import words
from overheard.checks.budget import capabilities_of
from overheard.domain import Brand, Catalogue, Model, Panel
from overheard.errors import NothingToAsk, SearchUnknown, UnknownName
from overheard.interfaces import Provider
from overheard.settings import suggestion


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
    return f"Asking {models[0] if len(models) == 1 else words.count(len(panel or ()), 'question')}"


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
