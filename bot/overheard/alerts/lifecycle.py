"""The life of an alert, as ``detection/decide.py`` decides it: raised, grown, eased, recovered.

What people do with an alert is in ``handling.py``; the states that events lead to are in
``alert_states.py``. Every change is one event, kept together with what channels are to be shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from overheard.alerts.handling import AlertLog
from overheard.alerts.metric_wording import later_shift_phrase
from overheard.alerts.outbox import Routes, told_rivals
from overheard.alerts.phrases import statement_clause
from overheard.alerts.story import PARTLY, AlertPart, alert_parts, parts_over
from overheard.cards import wording
from overheard.deployment import Call
from overheard.detection.placement import AlertAction, Placement, belongs_to, place
from overheard.domain import WHOLE_MODEL, Alert, AlertEventKind, AlertState, Shift
from overheard.errors import AlertUnchanged
from overheard.interfaces import Clock, Store

MAX_NAMED_SHIFTS = 3
"""Shifts that a line in the thread names."""
BACK = "It is back where it was before."
REPORTED_ELSEWHERE = "Another message tells how it is now."


class Lifecycle(AlertLog):
    """Raises alerts and stores what the statistics find of them later.

    Args:
        routes: The channels that alerts are posted in.
        clock: The source of the current time.
    """

    def __init__(self, store: Store, routes: Routes, clock: Clock) -> None:
        super().__init__(store, clock)
        self._routes = routes

    @classmethod
    def of(cls, call: Call) -> Lifecycle:
        """Return the lifecycle of the alerts in a deployment's store, posted by the routes of its
        configuration.
        """
        untracked = [brand.name for brand in call.catalogue.brands if not brand.tracked]
        rivals: dict[str, set[str]] = {name: set() for name in untracked}
        rivals |= told_rivals(call.catalogue, call.config.routes)
        routes = Routes(call.config.routes, call.scoring.metrics, rivals)
        return cls(call.store, routes, call.clock)

    async def raise_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Store an alert's shifts as a new alert with a delivery to each of its channels, or in an
        earlier alert of the brand, which grows, eases or recovers. `placement.place` decides which.

        If an earlier alert has reported this model and run, nothing is added to it. Other open
        alerts that the shifts take back recover. When an alert is closed at the same time, the
        shifts are placed again.

        Args:
            alert: A new alert without a number; its shifts are of one brand (or of one model as a
                whole), model and run.

        Returns:
            The stored alert that reports the shifts, and whether it is new.
        """
        while True:
            earlier = await self._store.alerts.find(brand=alert.shift.brand)
            placement = place((alert.shift, *alert.also), earlier, alert.opened_at)
            with contextlib.suppress(AlertUnchanged):  # it was closed just now
                kept, is_new = await self._store_placed(alert, placement, earlier)
                break
        if placement.action is not AlertAction.RECOVER:
            for number in placement.recovers:
                with contextlib.suppress(AlertUnchanged):  # another process was quicker
                    await self.recover(number, REPORTED_ELSEWHERE)
        return kept, is_new

    async def _store_placed(
        self, alert: Alert, placement: Placement, earlier: Sequence[Alert]
    ) -> tuple[Alert, bool]:
        """Carry out the placement of an alert's shifts among earlier alerts of the brand.

        A new model-wide alert is stored without deliveries if an earlier alert on another model
        reports the same change of all models.
        """
        shifts = (alert.shift, *alert.also)
        match placement.action:
            case AlertAction.KEEP:
                return next(old for old in earlier if old.id == placement.alert), False
            case AlertAction.GROW:
                return await self.grow(placement.alert, shifts), False
            case AlertAction.EASE:
                back = [replace(shift, recovery=True) for shift in shifts]
                note, eased = self._shifts_sentence(shifts), AlertEventKind.EASED
                changed = await self.add_event(placement.alert, eased, note=note, shifts=back)
                return changed, False
            case AlertAction.RECOVER:
                others = [number for number in placement.recovers if number != placement.alert]
                for number in others:
                    await self.recover(number, REPORTED_ELSEWHERE)
                return await self.recover(placement.alert, BACK, shifts=shifts), False
        new = replace(alert, follows=placement.follows)
        is_reported = await self._is_reported_elsewhere(new, earlier)
        deliveries = [] if is_reported else self._routes.deliveries(new, self._clock.now())
        return await self._store.alerts.add(new, deliveries)

    async def _is_reported_elsewhere(self, alert: Alert, earlier: Sequence[Alert]) -> bool:
        """Return whether a model-wide alert reports a change that an earlier alert on another model
        has reported already, because all models moved at the same time; `belongs_to` compares the
        times of their runs. False for an alert on a brand.
        """
        if not (alert.of_model and earlier):
            return False
        starts = await self._store.runs.starts()
        return belongs_to(alert, earlier, starts) is not None

    async def grow(self, number: int, shifts: Sequence[Shift]) -> Alert:
        """Add further shifts to an alert, and return the changed alert. The event is GREW, or
        RELAPSED if the alert had recovered; the alert's state becomes GROWING. A part that is over
        and of which none of the shifts is stays over.

        Args:
            shifts: The further shifts, all of one run; at least one. Shifts that the alert has
                already for this brand and run are left out. If none is left, nothing is stored.

        Raises:
            AlertUnchanged: when a person has closed the alert.
        """
        alert = await self.find(number)
        has_recovered = alert.state is AlertState.RECOVERED
        over = parts_over(await self._store.alerts.events(number))
        over = alert_parts(alert) if has_recovered else over
        what = AlertEventKind.RELAPSED if has_recovered else AlertEventKind.GREW
        changed = await self.add_event(
            number, what, note=self._shifts_sentence(shifts), shifts=shifts
        )
        still_over = over - alert_parts(Alert(shifts[0], alert.opened_at, tuple(shifts)))
        if changed.revision > alert.revision and still_over:
            note = PARTLY[next(iter(still_over))]
            return await self.add_event(number, AlertEventKind.CONTINUED, note=note)
        return changed

    def _shifts_sentence(self, shifts: Sequence[Shift]) -> str:
        """Return a sentence for an alert's thread on what a model does since some shifts: ``The
        model names it less.`` It has no figures, which the message above has in its own unit.

        The first `MAX_NAMED_SHIFTS` shifts of brands are named, in the order given; a shift of a
        model as a whole is not. If the named shifts are of several brands, a shift of a metric
        says its brand, otherwise "it". A statement is quoted: ``says “$49” of the price``.
        """
        named = [shift for shift in shifts if shift.brand != WHOLE_MODEL][:MAX_NAMED_SHIFTS]
        has_several_brands = len({shift.brand for shift in named}) > 1
        phrases = []
        for shift in named:
            if shift.statement:
                phrases.append(statement_clause(shift.statement).removeprefix("it "))
            else:
                metric = self._routes.metrics.get(shift.metric)
                subject = shift.brand if has_several_brands else "it"
                phrases.append(later_shift_phrase(shift, metric, subject))
        return f"The model {wording.listing(phrases)}."

    async def recover(
        self,
        number: int,
        note: str,
        part: AlertPart = AlertPart.METRICS,
        shifts: Sequence[Shift] = (),
    ) -> Alert:
        """Store that a part of an alert is over: its metrics are back, or its statements are gone.
        Return the changed alert.

        When all that the alert has reported is over, a RECOVERED event ends it. While another part
        goes on, an EASED event says which part is over. If this was stored before, nothing is
        stored again, and the alert is returned as it is.

        Args:
            number: The alert's number.
            note: Why the part is over, as a sentence; shown with a RECOVERED event only.
            shifts: The shifts of one run that take the change back; they are added to the alert.
        """
        alert = await self.find(number)
        over = parts_over(await self._store.alerts.events(number))
        back = [replace(shift, recovery=True) for shift in shifts]
        is_last_part = alert_parts(alert) <= over | {part}
        if is_last_part or alert.state.over:  # of an alert that is over, the event is refused
            return await self.add_event(
                number, AlertEventKind.RECOVERED, note=note, shifts=back, even_if_reported=True
            )
        if part in over:
            return alert
        return await self.add_event(
            number, AlertEventKind.EASED, note=PARTLY[part], shifts=back, even_if_reported=True
        )

    async def brand_is_back(self, number: int, brand: str) -> Alert:
        """Store, with an EASED event, that one brand is back at its level before the model-wide
        change, which goes on for the other brands. Return the changed alert.

        If this was stored since the alert was raised, grew or happened again, nothing is stored a
        second time, and the alert is returned as it is.

        Args:
            number: The number of the model-wide alert.
            brand: The brand's name.
        """
        note = f"{brand} is back where it was before."
        alert = await self.find(number)
        for event in reversed(await self._store.alerts.events(number)):
            if event.what in {AlertEventKind.GREW, AlertEventKind.RELAPSED}:
                break
            if event.note == note:
                return alert
        return await self.add_event(number, AlertEventKind.EASED, note=note)
