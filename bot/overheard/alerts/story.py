"""The story of a brand at a model: what alerts, checks, charts, `updates`, `status`, Home, digests
and ``--json`` say of whether something changed there, and from when until when.

A story is derived from the stored alerts alone, so that everything that reads it agrees.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil, sqrt
from typing import Any

from overheard.cards import wording
from overheard.cards.card import picked
from overheard.config.sections import Config
from overheard.detection.confirmation import MOVED_WIDTHS, TOLD_BOUND
from overheard.detection.decision_inputs import Comparison
from overheard.detection.placement import ONE_STORY, belongs_to
from overheard.domain import (
    WHOLE_MODEL,
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Model,
    Setting,
    Shift,
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
        moved: Whether metrics changed; statements alone leave the level as it was.
    """

    began: datetime
    ended: datetime | None
    alert: int
    accepted: bool = False
    moved: bool = True


@dataclass(frozen=True, slots=True)
class Watch:
    """A change of a brand at a model that is suspected, and what asking again has shown of it.

    Attributes:
        metric: The metric that may have changed.
        opened: Start of the run that deviates, or of the first since an update; None where nothing
            is asked again.
        looks: The starts of the runs since that count.
        source: How an update is known; empty for a run that deviates.
        rare: Whether the evidence is rare enough to be watched, rather than one run unlike others.
        over: Whether the questions are answered: it has passed, or did not move the brand by more
            than `interval` says.
        values: The mean before, and the mean of the runs that count; None where nothing can be
            compared.
        interval: The 90 % interval of the change between them.
        answers: Number of answers (before, in the runs that count).
    """

    metric: str
    opened: datetime | None = None
    looks: tuple[datetime, ...] = ()
    source: str = ""
    rare: bool = True
    over: bool = False
    values: tuple[float, float] | None = None
    interval: tuple[float, float] | None = None
    answers: tuple[int, int] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the model is asked again."""
        return self.opened is not None and not self.over

    @property
    def has_moved(self) -> bool:
        """Whether the runs that count show that the brand moved, by a test that all looks after an
        update share (`confirmation.UPDATE_BOUNDARY`).
        """
        if not self.values or not self.interval:
            return False
        change, (low, high) = self.values[1] - self.values[0], self.interval
        return abs(change) > MOVED_WIDTHS * abs(change - (low if change > 0 else high))

    @property
    def is_still(self) -> bool:
        """Whether the brand did not move by more than `TOLD_BOUND`."""
        return not self.has_moved and self.bound <= TOLD_BOUND

    @property
    def bound(self) -> float:
        """The largest change, up or down, that the interval holds."""
        return max(map(abs, self.interval)) if self.interval else 1.0

    @property
    def least(self) -> float | None:
        """The half-width of the interval that any number of further runs would leave: what is not
        known of the time before. None where the numbers of answers are not known.
        """
        if not self.interval or not self.answers:
            return None
        (low, high), (before, after) = self.interval, self.answers
        return (high - low) / 2 * sqrt(after / (before + after))

    @property
    def looks_to_tell(self) -> int | None:
        """About how many more runs would tell by how much an update moved the brand; None where no
        number would (`least`), or where that is not known.
        """
        if not (self.values and self.least and self.answers):
            return None
        change, (before, after) = abs(self.values[1] - self.values[0]), self.answers
        wanted = max(TOLD_BOUND - change, change / MOVED_WIDTHS)
        spare = (wanted / self.least) ** 2 - 1
        return max(1, ceil(len(self.looks) * (before / after / spare - 1))) if spare > 0 else None

    def data(self) -> dict[str, Any]:
        """Return it as JSON values."""
        times = {"opened": self.opened.isoformat()} if self.opened else {}
        return {**asdict(self), **times, "looks": [at.isoformat() for at in self.looks]}

    @classmethod
    def since(cls, compared: Comparison | Shift | None, metric: str, **known: Any) -> Watch:
        """Return it with what the runs that count show against those before; None where nothing can
        be compared.
        """
        if compared is None:
            return cls(metric, **known)
        values, answers = (compared.before, compared.after), compared.answers
        return cls(metric, **known, values=values, interval=compared.interval, answers=answers)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Watch:
        """Return it from its JSON values."""
        names = {field.name for field in fields(cls)}
        kept: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in data.items()
            if name in names
        }
        kept["opened"] = datetime.fromisoformat(data["opened"]) if data.get("opened") else None
        kept["looks"] = tuple(map(datetime.fromisoformat, data.get("looks", ())))
        return cls(**kept)


@dataclass(frozen=True, slots=True)
class Story:
    """The changes of a brand at a model, as its alerts report them.

    Attributes:
        brand: The brand's name.
        state: The state now.
        alert: The alert of the present change, open (moved) or over (recovered); None for a story
            that is steady or watched.
        periods: All changes so far, the oldest first.
        watch: What is suspected, or was until the latest run; None without anything.
    """

    brand: str
    model: Model
    state: StoryState
    alert: Alert | None = None
    periods: tuple[Period, ...] = ()
    watch: Watch | None = None

    @property
    def watched(self) -> str:
        """The metric that may have changed; empty where none may have."""
        return self.watch.metric if self.watch and not self.watch.over else ""

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
        """Return whether a check at a time shows the present usual level of the brand at the model;
        the rule is that of the function `is_usual`. While a change is looked into, the checks since
        its beginning do not show it either.
        """
        if self.watch and self.watch.opened and self.watch.is_open and at >= self.watch.opened:
            return False
        return is_usual(self.periods, at)

    def data(self) -> dict[str, Any]:
        """Return the story as JSON values: brand, model, state, the number of the alert that
        reports the present change, and when this change began and ended in ISO 8601. The last three
        are None without such an alert; the end is also None while the change lasts.
        """
        number = self.alert.id if self.alert else None
        return {**picked(self, "brand", "model", "state", "began", "ended"), "alert": number}

    def _reported_period(self) -> Period | None:
        """Return the change that `alert` reports; None without an alert."""
        number = self.alert.id if self.alert else 0
        return next((period for period in self.periods if period.alert == number), None)


def is_usual(periods: Iterable[Period], at: datetime) -> bool:
    """Return whether a check at a time shows the level of a brand at a model that is usual now.

    It does not show the usual level during a change that lasts or has come back (its beginning
    belongs to the change, its end does not), nor at any time before the beginning of a change that
    a person accepted.

    Args:
        periods: The changes of the brand at the model, in any order.
        at: The start of the check.
    """
    for period in periods:
        if not period.moved:
            continue
        if period.accepted:
            if at < period.began:
                return False
        elif period.began <= at and (period.ended is None or at < period.ended):
            return False
    return True


def periods_of(alerts: Iterable[Alert], starts: Mapping[int, datetime]) -> tuple[Period, ...]:
    """Return the change that each alert of a brand at a model reports, the oldest first. The change
    of an alert that a person closed counts as accepted.

    Args:
        alerts: The alerts, in any order.
        starts: The start of each run, by the run's number. If the first run of a change is missing,
            the change begins when its alert was raised.
    """
    periods = [
        Period(
            began=starts.get(alert.shift.first_run_id, alert.opened_at),
            ended=alert.over_at,
            alert=alert.id,
            accepted=alert.state is AlertState.CLOSED,
            moved=AlertPart.METRICS in alert_parts(alert),
        )
        for alert in alerts
    ]
    return tuple(sorted(periods, key=lambda period: (period.began, period.alert)))


def stories(
    alerts: Iterable[Alert],
    starts: Mapping[int, datetime],
    now: datetime,
    *,
    included: Iterable[BrandAtModel] = (),
    watched: Mapping[BrandAtModel, Watch] | None = None,
) -> dict[BrandAtModel, Story]:
    """Return the story of each brand at each model, in the order of the brands and then the models.

    A brand at a model has a story if an alert reports it or if it is in ``included`` or
    ``watched``. A model-wide alert is part of the story of each brand that it reports.

    Args:
        alerts: All alerts of the brands, in any order.
        starts: The start of each run, by the run's number.
        now: The time at which the stories are read.
        included: Brands at models that have a story even without an alert; it is steady then.
        watched: What is suspected of brands at models; unless it is over,
            their story is "watching" unless an alert makes it "moved" or "recovered".
    """
    suspected = watched or {}
    grouped: dict[BrandAtModel, list[Alert]] = {key: [] for key in (*included, *suspected)}
    for alert in alerts:
        for brand in alert.brands:
            grouped.setdefault((brand, alert.shift.model), []).append(alert)
    return {
        key: _story_of_alerts(key, alerts_of_key, starts, now, watch=suspected.get(key))
        for key, alerts_of_key in sorted(grouped.items())
    }


def _story_of_alerts(
    key: BrandAtModel,
    alerts: Sequence[Alert],
    starts: Mapping[int, datetime],
    now: datetime,
    *,
    watch: Watch | None,
) -> Story:
    """Return what has happened to a brand at a model, by the first rule that holds.

    The story is "moved" if an alert is not over; of several, the newest of the brand's own goes
    before the model-wide ones. It is "recovered" if the alert that ended last recovered
    less than `ONE_STORY` ago (and was not closed by a person). It is "watching" if a change is
    suspected, and otherwise "steady"; these two have no alert. Each has the periods of all alerts.
    """
    own_and_newest_first = sorted(
        alerts, key=lambda alert: (not alert.of_model, alert.opened_at, alert.id), reverse=True
    )
    periods = periods_of(alerts, starts)
    if live := next((alert for alert in own_and_newest_first if not alert.state.over), None):
        return Story(*key, StoryState.MOVED, live, periods, watch)

    def end(alert: Alert) -> datetime:
        """Return when an alert was over; when it was raised, if that is not known."""
        return alert.over_at or alert.opened_at

    latest = max(own_and_newest_first, key=end, default=None)
    if latest and latest.state is AlertState.RECOVERED and now - end(latest) < ONE_STORY:
        return Story(*key, StoryState.RECOVERED, latest, periods, watch)
    state = StoryState.WATCHING if watch and not watch.over else StoryState.STEADY
    return Story(*key, state, None, periods, watch)


WATCHED = "watched:"
"""The beginning of the name under which the store keeps at which models a brand is watched."""


async def update_watched_models(
    store: Store,
    brand: str,
    asked: Collection[Model],
    watched: Mapping[Model, Watch],
    now: datetime,
) -> None:
    """Update what is stored of suspected changes of a brand: drop it for every asked model, then
    add what is watched. Nothing is stored if all stays as it is.

    Args:
        brand: The brand's name.
        asked: The models that were asked in the run; the others stay as they were.
        watched: What is suspected at each asked model, or is over with this run.
        now: The time that the store notes for the change.
    """
    name = f"{WATCHED}{brand}"
    stored = await store.settings.get(name)
    before = _watches(stored) if stored else {}
    kept = {model: watch for model, watch in before.items() if model not in asked}
    after = {**kept, **watched}
    if after != before:
        value = {"models": {str(model): watch.data() for model, watch in sorted(after.items())}}
        await store.settings.put(Setting(name, value, who="", at=now))


def _watches(stored: Setting) -> dict[Model, Watch]:
    """Return what is watched at each model; the list of an early store names no evidence."""
    models = stored.value["models"]
    return {Model.parse(m): Watch.read(models[m]) for m in models if isinstance(models, dict)}


async def read_watches(store: Store) -> dict[BrandAtModel, Watch]:
    """Return, from the store, what is suspected of each brand at each model."""
    return {
        (setting.name.removeprefix(WATCHED), model): watch
        for setting in await store.settings.all()
        if setting.name.startswith(WATCHED)
        for model, watch in _watches(setting).items()
    }


async def alerts_about(
    store: Store, brand: str | None = None, *, live: bool = False
) -> list[Alert]:
    """Return the alerts about a brand, the newest first: its own, and the model-wide alerts that
    report the brand.

    Args:
        brand: The brand's name; None for all alerts of all brands and models.
        live: Whether recovered and closed alerts are left out.
    """
    alerts = await store.alerts.find(brand=brand, live=live)
    if brand is None:
        return alerts
    of_models = await store.alerts.find(brand=WHOLE_MODEL, live=live)
    alerts += [alert for alert in of_models if brand in alert.brands]
    return sorted(alerts, key=lambda alert: (alert.opened_at, alert.id), reverse=True)


async def model_alerts_of(store: Store, alerts: Iterable[Alert]) -> dict[int, Alert]:
    """Return, by the number of each alert, the stored model-wide alert to which it belongs
    (`placement.belongs_to`): it reports the same change for all brands. Alerts that belong to none
    are left out.
    """
    told = list(alerts)
    of_models = await store.alerts.find(brand=WHOLE_MODEL) if told else []
    if not of_models:
        return {}
    starts = await store.runs.starts()
    return {
        alert.id: model_alert
        for alert in told
        if (model_alert := belongs_to(alert, of_models, starts))
    }


async def without_covered(store: Store, alerts: Sequence[Alert]) -> list[Alert]:
    """Return alerts, in the order given, without those that another alert of the list covers.

    A model-wide alert covers the alerts that report the same change of one brand, or of another
    model. An alert stays if the alert that covers it is not in the list.
    """
    listed = {alert.id for alert in alerts}
    model_alerts = await model_alerts_of(store, alerts)
    covered = {number for number, model_alert in model_alerts.items() if model_alert.id in listed}
    return [alert for alert in alerts if alert.id not in covered]


MIN_DAYS_IN_WEEKS = 14


def duration_words(period: Period, now: datetime) -> str:
    """Return how long a change lasted, or has lasted until now, in words: in days (at least 1) if
    it is less than `MIN_DAYS_IN_WEEKS`, as in ``9 days``, and otherwise in weeks, as in
    ``3 weeks``, both rounded.
    """
    length = (period.ended or now) - period.began
    days = max(1, round(length / timedelta(days=1)))
    if days < MIN_DAYS_IN_WEEKS:
        return wording.count(days, "day")
    return wording.count(round(days / 7), "week")


def alert_parts(alert: Alert) -> frozenset[AlertPart]:
    """Return what an alert has reported, in its first and all later shifts: statements, metrics, or
    both.
    """
    return frozenset(
        AlertPart.STATEMENTS if shift.statement else AlertPart.METRICS for shift in alert.moved
    )


def parts_over(events: Iterable[AlertEvent]) -> frozenset[AlertPart]:
    """Return the parts of an alert (metrics, statements) that are over by its events.

    A part is over since an event with its note in `PARTLY`. An alert that grows or happens again
    begins both parts anew. The recovery of the whole alert does not count here.

    Args:
        events: The events of the alert, the oldest first.
    """
    over: set[AlertPart] = set()
    for event in events:
        if event.what in {AlertEventKind.GREW, AlertEventKind.RELAPSED}:
            over.clear()
        over |= {part for part, note in PARTLY.items() if event.note == note}
    return frozenset(over)


async def unrouted(store: Store, config: Config) -> list[Alert]:
    """Return the alerts that are not over and have no delivery to a channel, because no route takes
    them, the newest first. The result is empty when no routes are configured.

    An alert that a model-wide alert among them covers is left out.
    """
    if not config.routes:
        return []
    posted = {
        delivery.alert_id
        for delivery in await store.deliveries.find()
        if ":" in delivery.channel  # ``platform:id``
    }
    live = await without_covered(store, await store.alerts.find(live=True))
    return [alert for alert in live if alert.id not in posted]
