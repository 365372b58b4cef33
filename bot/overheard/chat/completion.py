"""Values of options, for people who are typing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import monotonic

from overheard.alerts.events import WHOLE
from overheard.cards import wording
from overheard.cards.command import FormChoice, Kind, Option
from overheard.deployment import Deployment
from overheard.domain import Catalogue

MAX_VALUES = 25
"""Values that a chat shows at a time."""


MAX_VALUE_CHARS = 100
"""Characters of a value that a chat takes."""


VALUES_MAX_AGE_S = 5.0
"""Seconds for which values are shown again without asking the store: people type fast."""


LISTED = frozenset({Kind.BRAND, Kind.MODEL, Kind.METRIC, Kind.SCHEDULE, Kind.ALERT})
"""Kinds whose values a form lists."""


class Completing:
    """Returns the possible values of options, for completion and menus.

    Args:
        deployment: The open deployment.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._known: dict[Kind, tuple[float, list[str]]] = {}

    async def values(self, option: Option, typed: str) -> list[str]:
        """Return up to 25 values of an option that contain the typed text, in the value or in its
        name for readers; values that begin with the text come first.

        Reads the store at most every `VALUES_MAX_AGE_S` seconds.
        """
        wanted = typed.strip().casefold()
        known = list(option.choices) or await self._fresh(option.kind)
        called = await self._labels(option.kind) if wanted else {}
        fitting = [
            value
            for value in known
            if wanted in value.casefold() or wanted in called.get(value, "").casefold()
        ]
        fitting.sort(key=lambda value: not value.casefold().startswith(wanted))
        return fitting[:MAX_VALUES]

    async def entries(self, option: Option) -> list[FormChoice]:
        """Return the entries of a form's menu for an option, labelled as readers call the values.

        Empty for an option that is typed or takes several values, and for more values than a menu
        holds.
        """
        if option.kind not in LISTED or option.many:
            return []
        values = await self._fresh(option.kind)
        called = await self._labels(option.kind)
        fits = len(values) < MAX_VALUES
        return [FormChoice(value, called.get(value, value)) for value in values] if fits else []

    async def _labels(self, kind: Kind) -> Mapping[str, str]:
        """Return labels by value: a model's name, a metric's label, an alert's brand and model;
        else empty.
        """
        deployment = self._deployment
        if kind is Kind.MODEL:
            names = deployment.names
            return {str(model): names.name(model) for model in deployment.plugins.models}
        if kind is Kind.METRIC:
            return {name: metric.label for name, metric in deployment.scoring.metrics.items()}
        if kind is Kind.ALERT:
            live = await deployment.store.alerts.find(live=True)
            names = deployment.names
            return {
                str(a.id): f"{a.shift.brand or WHOLE} {names.name(a.shift.model)}" for a in live
            }
        return {}

    async def _fresh(self, kind: Kind) -> list[str]:
        """Return the values of a kind; read them again after `VALUES_MAX_AGE_S`."""
        at, values = self._known.get(kind, (float("-inf"), []))
        if monotonic() - at > VALUES_MAX_AGE_S:
            values = [value[:MAX_VALUE_CHARS] for value in await self._look_up(kind)]
            self._known[kind] = (monotonic(), values)
        return values

    async def _look_up(self, kind: Kind) -> Sequence[str]:
        """Return the values of a kind in the deployment now, read from the store or the plugins."""
        deployment = self._deployment
        if kind is Kind.MODEL:
            return list(map(str, deployment.plugins.models))
        if kind is Kind.METRIC:
            return list(deployment.scoring.metrics)
        if kind is Kind.ALERT:
            return [str(a.id) for a in await deployment.store.alerts.find(live=True)]
        return _catalogue_names(await deployment.store.catalogue.current(), kind)


def _catalogue_names(catalogue: Catalogue, kind: Kind) -> list[str]:
    """Return the names of brands or schedules, or the texts of prompts, in the catalogue's order;
    empty for a kind that no catalogue holds.
    """
    if kind is Kind.BRAND:
        return [brand.name for brand in catalogue.brands]
    if kind is Kind.PROMPT:
        return [wording.line(prompt.text) for prompt in catalogue.prompts]
    if kind is Kind.SCHEDULE:
        return [schedule.name for schedule in catalogue.schedules]
    return []
