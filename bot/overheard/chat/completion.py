"""Values of options, for people who are typing them."""

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

from overheard.alerts.events import WHOLE
from overheard.cards import wording
from overheard.cards.command import FormChoice, Kind, Option
from overheard.chat.parser import Order
from overheard.deployment import Deployment

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
        self._kept: dict[Kind, tuple[float, dict[str, str]]] = {}

    async def values(self, option: Option, typed: str) -> list[str]:
        """Return up to `MAX_VALUES` values of an option that contain the typed text, in the value
        or in its label; upper and lower case are the same.

        Values that begin with the text come first, otherwise in the order of the deployment.
        Everything matches an empty text. Empty for a kind whose values are not known in advance,
        such as a number. The store is read for a kind at most every `VALUES_MAX_AGE_S` seconds.
        Each value is cut to `MAX_VALUE_CHARS`.
        """
        wanted = typed.strip().casefold()
        labels = {value: value for value in option.choices} or await self._labels(option.kind)
        matching = [
            value
            for value, label in labels.items()
            if wanted in value.casefold() or wanted in label.casefold()
        ]
        matching.sort(key=lambda value: not value.casefold().startswith(wanted))
        return matching[:MAX_VALUES]

    async def entries(self, option: Option) -> list[FormChoice]:
        """Return the entries of a form's menu for an option, labelled as readers call the values.

        Empty when the option is typed or takes several values, and from `MAX_VALUES` values on.
        """
        if option.kind not in LISTED_KINDS or option.many:
            return []
        labels = await self._labels(option.kind)
        return [FormChoice(*entry) for entry in labels.items()] if len(labels) < MAX_VALUES else []

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
                only = list(await self._read_labels(option.kind))
            if len(only) == 1:
                found[option.name] = only[0]
        missing = tuple(option for option in order.missing if option.name not in found)
        return replace(order, options={**order.options, **found}, missing=missing)

    async def _labels(self, kind: Kind) -> dict[str, str]:
        """Return labels of a kind's values as `_read_labels` does, each value cut; those of the
        last `VALUES_MAX_AGE_S` seconds are returned again without reading the store.
        """
        read_at, labels = self._kept.get(kind, (float("-inf"), {}))
        if monotonic() - read_at > VALUES_MAX_AGE_S:
            read = await self._read_labels(kind)
            labels = {value[:MAX_VALUE_CHARS]: label for value, label in read.items()}
            self._kept[kind] = (monotonic(), labels)
        return labels

    async def _read_labels(self, kind: Kind) -> dict[str, str]:
        """Return what readers call the values of a kind in the deployment now, by value.

        A model's name, a metric's label, or a live alert's brand (`WHOLE` for a change of all
        brands) and model; a name or text of the catalogue itself. Empty for any other kind.
        """
        deployment, names = self._deployment, self._deployment.names
        if kind is Kind.MODEL:
            return {str(model): names.name(model) for model in deployment.plugins.models}
        if kind is Kind.METRIC:
            return {name: metric.label for name, metric in deployment.scoring.metrics.items()}
        if kind is Kind.ALERT:
            live = await deployment.store.alerts.find(live=True)
            return {
                str(a.id): f"{a.shift.brand or WHOLE} {names.name(a.shift.model)}" for a in live
            }
        catalogue = await deployment.store.catalogue.current()
        texts = {
            Kind.BRAND: [brand.name for brand in catalogue.brands],
            Kind.PROMPT: [wording.line(prompt.text) for prompt in catalogue.prompts],
            Kind.SCHEDULE: [schedule.name for schedule in catalogue.schedules],
        }
        return {text: text for text in texts.get(kind, [])}
