"""Values of options, for people who are typing them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic

from overheard.alerts.events import WHOLE
from overheard.cards import wording
from overheard.cards.command import FormChoice, Kind, Option
from overheard.chat.parser import Order
from overheard.deployment import Deployment
from overheard.domain import Catalogue

MAX_VALUES = 25
"""Values that a chat shows at a time."""


MAX_VALUE_CHARS = 100
"""Characters of a value that a chat takes."""


VALUES_MAX_AGE_S = 5.0
"""Seconds for which values are shown again without asking the store: people type fast."""


LISTED_KINDS = frozenset({Kind.BRAND, Kind.MODEL, Kind.METRIC, Kind.SCHEDULE, Kind.ALERT})
"""Kinds whose values a form lists."""


class Completing:
    """Returns the possible values of options, for completion and menus."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._kept: dict[Kind, tuple[float, list[str]]] = {}

    async def values(self, option: Option, typed: str) -> list[str]:
        """Return up to `MAX_VALUES` values of an option that contain the typed text, in the value
        or in its label; upper and lower case are the same.

        Values that begin with the text come first, otherwise in the order of the deployment.
        Everything matches an empty text. Empty for a kind whose values are not known in advance,
        such as a number. The store is read for a kind at most every `VALUES_MAX_AGE_S` seconds, and
        for labels of alerts. Each value is cut to `MAX_VALUE_CHARS`.
        """
        wanted = typed.strip().casefold()
        values = list(option.choices) or await self._recent_values(option.kind)
        labels = await self._labels(option.kind) if wanted else {}
        matching = [
            value
            for value in values
            if wanted in value.casefold() or wanted in labels.get(value, "").casefold()
        ]
        matching.sort(key=lambda value: not value.casefold().startswith(wanted))
        return matching[:MAX_VALUES]

    async def entries(self, option: Option) -> list[FormChoice]:
        """Return the entries of a form's menu for an option, labelled as readers call the values.

        Empty when the option is typed or takes several values, and from `MAX_VALUES` values on.
        """
        if option.kind not in LISTED_KINDS or option.many:
            return []
        values = await self._recent_values(option.kind)
        if len(values) >= MAX_VALUES:
            return []
        labels = await self._labels(option.kind)
        return [FormChoice(value, labels.get(value, value)) for value in values]

    async def with_only_values(self, order: Order) -> Order:
        """Return an order in which the only tracked brand, live alert, model or schedule is given
        where it is missing (`CommandSpec.takes_only`).
        """
        found: dict[str, str] = {}
        for option in filter(order.spec.takes_only, order.missing):
            if option.kind is Kind.BRAND:
                catalogue = await self._deployment.store.catalogue.current()
                only: Sequence[str] = [brand.name for brand in catalogue.tracked]
            else:
                only = await self._read_values(option.kind)
            if len(only) == 1:
                found[option.name] = only[0]
        missing = tuple(option for option in order.missing if option.name not in found)
        return replace(order, options={**order.options, **found}, missing=missing)

    async def _labels(self, kind: Kind) -> Mapping[str, str]:
        """Return what readers call the values of a kind, by value.

        A model's name, a metric's label, or an alert's brand (`WHOLE` for a change of all brands)
        and model. Empty for kinds whose values are read as they are.
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

    async def _recent_values(self, kind: Kind) -> list[str]:
        """Return the values of a kind, each cut to `MAX_VALUE_CHARS`; those of the last
        `VALUES_MAX_AGE_S` seconds are returned again without reading the store.
        """
        read_at, values = self._kept.get(kind, (float("-inf"), []))
        if monotonic() - read_at > VALUES_MAX_AGE_S:
            values = [value[:MAX_VALUE_CHARS] for value in await self._read_values(kind)]
            self._kept[kind] = (monotonic(), values)
        return values

    async def _read_values(self, kind: Kind) -> Sequence[str]:
        """Return the values of a kind in the deployment now: of models and metrics from its
        configuration, of live alerts the numbers, and of the catalogue the names or texts; else
        empty.
        """
        deployment = self._deployment
        if kind is Kind.MODEL:
            return list(map(str, deployment.plugins.models))
        if kind is Kind.METRIC:
            return list(deployment.scoring.metrics)
        if kind is Kind.ALERT:
            return [str(a.id) for a in await deployment.store.alerts.find(live=True)]
        return _catalogue_names(await deployment.store.catalogue.current(), kind)


def _catalogue_names(catalogue: Catalogue, kind: Kind) -> list[str]:
    """Return the names of all brands or schedules, or the texts of all prompts on one line each.

    In the catalogue's order; empty for any other kind.
    """
    if kind is Kind.BRAND:
        return [brand.name for brand in catalogue.brands]
    if kind is Kind.PROMPT:
        return [wording.line(prompt.text) for prompt in catalogue.prompts]
    if kind is Kind.SCHEDULE:
        return [schedule.name for schedule in catalogue.schedules]
    return []
