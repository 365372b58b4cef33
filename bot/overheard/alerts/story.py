"""The story of a brand at a model: what alerts, checks, charts, `updates`, `status`, Home, digests
and ``--json`` say of whether something changed there, and from when until when.

A story is derived from the stored alerts alone, so that everything that reads it agrees.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from overheard.cards import wording
from overheard.deployment import Deployment
from overheard.detection.placement import ONE_STORY, belongs_to
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Model,
    Setting,
)
from overheard.interfaces import Store

BrandAtModel = tuple[str, Model]
"""A brand's name, and a model."""


class StoryState(StrEnum):
    """Where the story of a brand at a model is."""

    STEADY = "steady"
    """Nothing has changed."""
    WATCHING = "watching"
    """Something may have changed, and it is not certain enough for an alert."""
    MOVED = "moved"
    """It changed, and has not come back."""
    RECOVERED = "recovered"
    """It changed, and came back in the last `ONE_STORY`."""


class AlertPart(StrEnum):
    """What an alert may report together, and what ends by itself."""

    METRICS = "metrics"
    STATEMENTS = "statements"


PARTLY = {
    AlertPart.METRICS: "What moved is back where it was; the false statement may come again.",
    AlertPart.STATEMENTS: "What was stated is gone; what moved is not back yet.",
}
"""What the thread says when one part of an alert is over."""


@dataclass(frozen=True, slots=True)
class Period:
    """A time in which the level of a brand at a model was not the usual level.

    Attributes:
        began: Start of the run with which the change most likely began.
        ended: End of the change; None while the change lasts.
        alert: The number of the alert that reports the change.
        accepted: Whether a person closed the alert: since then the new level is the usual one.
    """

    began: datetime
    ended: datetime | None
    alert: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """The changes of a brand at a model, as its alerts report them.

    Attributes:
        brand: The brand's name.
        model: The model.
        state: The state now.
        alert: The alert of the present change, open (moved) or over (recovered); None for a story
            that is steady or watched.
        periods: All changes so far, the oldest first.
    """

    brand: str
    model: Model
    state: StoryState
    alert: Alert | None = None
    periods: tuple[Period, ...] = ()

    @property
    def began(self) -> datetime | None:
        """Beginning of the change that `alert` reports; None without an alert."""
        period = self._reported_period()
        return period.began if period else None

    @property
    def ended(self) -> datetime | None:
        """End of the change that `alert` reports; None while the change lasts."""
        period = self._reported_period()
        return period.ended if period else None

    def is_usual(self, at: datetime) -> bool:
        """Return whether a check at a time shows the present usual level: outside of every change
        that lasts or has come back, and after the last change that a person accepted.
        """
        return is_usual(self.periods, at)

    def data(self) -> dict[str, Any]:
        """Return the story as JSON values: its state, the number of its alert, and the times of its
        change in ISO 8601 (None where unknown).
        """
        began, ended = self.began, self.ended
        return {
            "brand": self.brand,
            "model": str(self.model),
            "state": self.state.value,
            "alert": self.alert.id if self.alert else None,
            "began": began.isoformat() if began else None,
            "ended": ended.isoformat() if ended else None,
        }

    def _reported_period(self) -> Period | None:
        number = self.alert.id if self.alert else 0
        return next((period for period in self.periods if period.alert == number), None)


def is_usual(periods: Iterable[Period], at: datetime) -> bool:
    """Return whether a check at a time shows the present usual level, given the changes of a brand
    at a model: outside of every change, and after the last change that a person accepted.
    """
    for period in periods:
        if period.accepted:
            if at < period.began:
                return False
        elif period.began <= at and (period.ended is None or at < period.ended):
            return False
    return True


def periods_of(alerts: Iterable[Alert], starts: Mapping[int, datetime]) -> tuple[Period, ...]:
    """Return the changes that alerts of a brand at a model report, the oldest first.

    Args:
        alerts: The alerts, in any order.
        starts: The start of each run, by the run's number.
    """
    found = []
    for alert in alerts:
        run = alert.shift.first_run_id
        began = starts.get(run, alert.opened_at)
        accepted = alert.state is AlertState.CLOSED
        found.append(Period(began, alert.over_at, alert.id, accepted))
    return tuple(sorted(found, key=lambda period: (period.began, period.alert)))


def stories(
    alerts: Iterable[Alert],
    starts: Mapping[int, datetime],
    now: datetime,
    *,
    known: Iterable[BrandAtModel] = (),
    watched: Collection[BrandAtModel] = (),
) -> dict[BrandAtModel, Story]:
    """Return the story of each brand at each model, in the order of their names. The alert of a
    model as a whole is part of the story of each brand that it reports.

    Args:
        alerts: All alerts of the brands, in any order.
        starts: The start of each run, by the run's number.
        now: The time at which the stories are read.
        known: Brands at models that get a story (steady) even without an alert.
        watched: Brands at models whose evidence is watched: watching unless an alert says more.
    """
    grouped: dict[BrandAtModel, list[Alert]] = {key: [] for key in (*known, *watched)}
    for alert in alerts:
        for brand in alert.brands:
            grouped.setdefault((brand, alert.shift.model), []).append(alert)
    return {
        key: _story_of_alerts(key, mine, starts, now, is_watched=key in watched)
        for key, mine in sorted(grouped.items())
    }


def _story_of_alerts(
    key: BrandAtModel,
    alerts: Sequence[Alert],
    starts: Mapping[int, datetime],
    now: datetime,
    *,
    is_watched: bool,
) -> Story:
    """Return what has happened to a brand at a model: moved, by an alert that is not over;
    recovered, by one that has recovered within `ONE_STORY`; else watched or steady.

    Args:
        key: The brand and the model.
        alerts: The alerts about the brand at the model, in any order.
        starts: The start of each run, by the run's number.
        now: The current time.
        is_watched: Whether a change is suspected.
    """
    newest = sorted(
        alerts,
        key=lambda alert: (not alert.of_model, alert.opened_at, alert.id),  # the brand's own first
        reverse=True,
    )
    periods = periods_of(newest, starts)
    if alert := next((alert for alert in newest if not alert.state.over), None):
        return Story(*key, StoryState.MOVED, alert, periods)
    latest = max(newest, key=lambda alert: alert.over_at or alert.opened_at, default=None)
    if latest and latest.state is AlertState.RECOVERED:
        ended = latest.over_at or latest.opened_at
        if now - ended < ONE_STORY:
            return Story(*key, StoryState.RECOVERED, latest, periods)
    state = StoryState.WATCHING if is_watched else StoryState.STEADY
    return Story(*key, state, None, periods)


WATCHED = "watched:"
"""The beginning of the name under which the store keeps at which models a brand is watched."""


async def keep_watched(
    store: Store, brand: str, asked: Collection[Model], watched: Collection[Model], now: datetime
) -> None:
    """Update the stored set of a brand's watched models: drop every asked model, then add the
    models where a change is suspected.

    Args:
        store: The store.
        brand: The brand's name.
        asked: The models that were asked in the run; the others stay as they were.
        watched: The asked models at which a change is suspected but not certain enough for an
            alert.
        now: The time that the store notes for the change.
    """
    kept = await store.settings.get(f"{WATCHED}{brand}")
    before = set(kept.value["models"]) if kept else set()
    after = (before - set(map(str, asked))) | set(map(str, watched))
    if after != before:
        value = {"models": sorted(after)}
        await store.settings.put(Setting(f"{WATCHED}{brand}", value, "", now))


async def _watched_models(store: Store) -> set[BrandAtModel]:
    """Return all pairs of brand and model whose evidence is watched, from the store."""
    return {
        (setting.name.removeprefix(WATCHED), Model.parse(model))
        for setting in await store.settings.all()
        if setting.name.startswith(WATCHED)
        for model in setting.value["models"]
    }


async def read_stories(
    deployment: Deployment, brand: str | None = None, *, known: Iterable[BrandAtModel] = ()
) -> dict[BrandAtModel, Story]:
    """Return the stories of one brand, or of all brands for None, as of now, from the stored
    alerts. Brands at models in ``known`` have a story even without an alert. See `stories`.
    """
    watched = await _watched_models(deployment.store)
    alerts = await alerts_about(deployment.store, brand)
    starts = {run.id: run.started_at for run in await deployment.store.runs.find()}
    now = deployment.clock.now()
    all_stories = stories(alerts, starts, now, known=known, watched=watched)
    return {key: story for key, story in all_stories.items() if brand in {None, key[0]}}


async def alerts_about(
    store: Store, brand: str | None = None, *, live: bool = False
) -> list[Alert]:
    """Return the alerts about a brand, the newest first: its own, and those of models as a whole
    that report the brand. None means the alerts of all brands.

    Args:
        store: The store.
        brand: The brand's name; None for all.
        live: Whether recovered and closed alerts are left out.
    """
    alerts = await store.alerts.find(brand=brand, live=live)
    if brand is None:
        return alerts
    of_models = await store.alerts.find(brand=WHOLE_MODEL, live=live)
    alerts += [alert for alert in of_models if brand in alert.brands]
    return sorted(alerts, key=lambda alert: (alert.opened_at, alert.id), reverse=True)


async def wholes_of(store: Store, alerts: Iterable[Alert]) -> dict[int, Alert]:
    """Return, by the number of each alert that belongs to the alert of a model as a whole, that
    model's alert (`placement.belongs_to`). Other alerts are left out.
    """
    of_models = await store.alerts.find(brand=WHOLE_MODEL)
    if not of_models:
        return {}
    starts = {run.id: run.started_at for run in await store.runs.find()}
    wholes = {alert.id: belongs_to(alert, of_models, starts) for alert in alerts}
    return {number: whole for number, whole in wholes.items() if whole}


async def whole_of(store: Store, alert: Alert) -> Alert | None:
    """Return the alert of the model as a whole to which an alert belongs, or None."""
    return (await wholes_of(store, [alert])).get(alert.id)


async def leading(store: Store, alerts: Sequence[Alert]) -> list[Alert]:
    """Return alerts, in the order given, without those that belong to another alert of the list,
    which is of a model as a whole and reports them.
    """
    numbers = {alert.id for alert in alerts}
    wholes = await wholes_of(store, alerts)
    return [
        alert for alert in alerts if alert.id not in wholes or wholes[alert.id].id not in numbers
    ]


def lasted(period: Period, now: datetime) -> str:
    """Return the length of a change, until its end or until now, in words: ``3 weeks``."""
    days = max(1, round(((period.ended or now) - period.began).total_seconds() / 86_400))
    if days < 14:
        return wording.count(days, "day")
    return wording.count(round(days / 7), "week")


def parts_of(alert: Alert) -> frozenset[AlertPart]:
    """Return the parts of an alert: statements, metrics, or both."""
    return frozenset(
        AlertPart.STATEMENTS if shift.statement else AlertPart.METRICS for shift in alert.moved
    )


def parts_over(events: Iterable[AlertEvent]) -> frozenset[AlertPart]:
    """Return the parts of an alert that are over, by events in the order of time; growth and
    relapse begin both parts again.
    """
    over: set[AlertPart] = set()
    for event in events:
        if event.what in {AlertEventKind.GREW, AlertEventKind.RELAPSED}:
            over.clear()
        over |= {part for part, note in PARTLY.items() if event.note == note}
    return frozenset(over)


async def unrouted(deployment: Deployment) -> list[Alert]:
    """Return the open alerts that are posted in no channel because no route leads there; empty when
    no routes are configured. Alerts that belong to the alert of a model as a whole are left out.
    """
    store = deployment.store
    if not deployment.config.routes:
        return []
    posted = {
        delivery.alert_id for delivery in await store.deliveries.find() if ":" in delivery.channel
    }
    live = await leading(store, await store.alerts.find(live=True))
    return [alert for alert in live if alert.id not in posted]
