"""Alerts with their shifts and events, and model updates."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import (
    Alert,
    AlertEvent,
    AlertEventKind,
    AlertState,
    Delivery,
    DeliveryKind,
    Model,
    ModelUpdate,
    Shift,
    alert_key,
)
from overheard_storage import tables
from overheard_storage.database import uninterrupted
from overheard_storage.deliveries import delivery_row, insert_deliveries, request_edits
from overheard_storage.repository import Repository, among
from overheard_storage.rows import object_of, shift_of, shift_row, update_of
from overheard_storage.tables import alerts, brands, events, metrics, models, shifts, updates


class SqlAlertRepository(Repository):
    """Alerts; see `overheard.interfaces.store.AlertRepository`."""

    @uninterrupted
    async def add(self, alert: Alert, deliveries: Sequence[Delivery] = ()) -> tuple[Alert, bool]:
        """Store an alert with its shifts, its RAISED event and its deliveries, in one transaction.
        Return (stored alert, whether it is new).

        If an alert of the same brand, model and run is stored already, that one is returned, and
        nothing is stored. Deliveries of kind ALERT get the alert's number and its key.
        """
        rows = await self._shift_rows(dict(enumerate(alert.moved)))
        async with self._database.writing() as connection:
            number = await self._insert_alert(connection, alert, rows)
            if number is not None:
                await self._insert_announcement(connection, number, alert, deliveries)
            same_alert = [column == rows[0][column.name] for column in _ALERT_KEY]
            (stored,) = await _read_alerts(connection, *same_alert)
        return stored, number is not None

    @uninterrupted
    async def change(self, alert: Alert, event: AlertEvent) -> bool:
        """Store an alert's new state, its new shifts and an event, and have the channels that show
        the alert edit their message and post the event, in one transaction.

        Return False, and change nothing, when another change came first: when the stored revision
        is not one less than that of `alert`. Shifts are new if they have no number.
        """
        change = (
            update(alerts)
            .where(alerts.c.id == alert.id, alerts.c.revision == alert.revision - 1)
            .values(**_state_columns(alert))
        )
        new_shifts = {place: shift for place, shift in enumerate(alert.moved) if not shift.id}
        rows = [row | {"alert_id": alert.id} for row in await self._shift_rows(new_shifts)]
        async with self._database.writing() as connection:
            if (await connection.execute(change)).rowcount == 0:
                return False
            if rows:
                await connection.execute(shifts.insert(), rows)
            row = _event_row(event, alert.id)
            number = await connection.scalar(events.insert().returning(events.c.id), row)
            stored_event = replace(event, alert_id=alert.id, id=int(number or 0))
            insert = self._database.insert(tables.deliveries)
            await request_edits(connection, insert, alert.id, alert.revision, stored_event)
            return True

    async def events(self, alert_id: int) -> list[AlertEvent]:
        """Return the events of an alert, the oldest first."""
        query = select(events).where(events.c.alert_id == alert_id).order_by(events.c.id)
        return [
            AlertEvent(AlertEventKind(row.what), row.at, row.who, row.note, row.alert_id, row.id)
            for row in await self._database.rows(query)
        ]

    async def get(self, number: int) -> Alert | None:
        """Return an alert by its number, or None."""
        async with self._database.reading() as connection:
            return next(iter(await _read_alerts(connection, alerts.c.id == number)), None)

    @uninterrupted
    async def find(self, *, brand: str | None = None, live: bool = False) -> list[Alert]:
        """Return the alerts of a brand (None: all), the newest first; ``live`` leaves out recovered
        and closed alerts.
        """
        wanted = [] if brand is None else [brands.c.name == brand]
        wanted += [alerts.c.state.not_in(_OVER)] if live else []
        async with self._database.reading() as connection:
            return await _read_alerts(connection, *wanted)

    async def _shift_rows(self, placed: Mapping[int, Shift]) -> list[dict[str, Any]]:
        """Return the columns of shifts, which are given by their places in the alert, with the
        database's numbers of brands, models and metrics; new names are stored.
        """
        brand_ids = await self._lookups.brand_ids(shift.brand for shift in placed.values())
        model_ids = await self._lookups.model_ids(shift.model for shift in placed.values())
        metric_ids = await self._lookups.metric_ids(shift.metric for shift in placed.values())
        return [
            {
                **shift_row(shift),
                "brand_id": brand_ids[shift.brand],
                "model_id": model_ids[shift.model],
                "metric_id": metric_ids[shift.metric],
                "place": place,
            }
            for place, shift in placed.items()
        ]

    async def _insert_alert(
        self, connection: AsyncConnection, alert: Alert, rows: list[dict[str, Any]]
    ) -> int | None:
        """Insert an alert with the columns of its shifts, within a transaction, and return the
        alert's number; None, with nothing inserted, when an alert of the same brand, model and run
        is stored already.
        """
        row = {column.name: rows[0][column.name] for column in _ALERT_KEY}
        row |= {"opened_at": alert.opened_at, "follows_id": alert.follows or None}
        row |= _state_columns(alert)
        insert = self._database.insert(alerts).on_conflict_do_nothing().returning(alerts.c.id)
        number: int | None = (await connection.execute(insert, row)).scalar()
        if number is not None:
            await connection.execute(shifts.insert(), [row | {"alert_id": number} for row in rows])
        return number

    async def _insert_announcement(
        self, connection: AsyncConnection, number: int, alert: Alert, deliveries: Sequence[Delivery]
    ) -> None:
        """Insert the RAISED event of a new alert and its deliveries, within the transaction that
        stores the alert. ``number`` is the alert's number, which becomes part of their keys.
        """
        raised = AlertEvent(AlertEventKind.RAISED, alert.opened_at)
        await connection.execute(events.insert(), _event_row(raised, number))
        rows = [
            delivery_row(delivery)
            | (
                {"alert_id": number, "key": alert_key(number, delivery.channel)}
                if delivery.kind is DeliveryKind.ALERT
                else {}
            )
            for delivery in deliveries
        ]
        await insert_deliveries(connection, self._database.insert(tables.deliveries), rows)


_OVER = tuple(state for state in AlertState if state.over)
_ALERT_KEY = (alerts.c.brand_id, alerts.c.model_id, alerts.c.run_id)


async def _read_alerts(connection: AsyncConnection, *wanted: ColumnElement[bool]) -> list[Alert]:
    """Return the stored alerts whose rows fulfil all SQL conditions, with their shifts and the time
    of their end, the newest first.
    """
    query = select(alerts).join(brands).where(*wanted)
    newest_first = query.order_by(alerts.c.opened_at.desc(), alerts.c.id.desc())
    rows = (await connection.execute(newest_first)).all()
    if not rows:
        return []
    shifts = await _read_shifts(connection, [row.id for row in rows])
    ends = await _end_times(connection, [row.id for row in rows if row.state in _OVER])
    return [_alert_of(row, shifts[row.id], ends.get(row.id)) for row in rows]


async def _end_times(connection: AsyncConnection, over: Collection[int]) -> dict[int, datetime]:
    """Return when alerts that are over were last recovered or closed, by the alert's number."""
    if not over:
        return {}
    ending = events.c.what.in_((AlertEventKind.RECOVERED, AlertEventKind.CLOSED))
    query = select(events.c.alert_id, events.c.at).where(among(events.c.alert_id, over), ending)
    rows = await connection.execute(query.order_by(events.c.id))
    return {row.alert_id: row.at for row in rows}  # the last one counts


async def _read_shifts(
    connection: AsyncConnection, alert_ids: Collection[int]
) -> dict[int, list[Shift]]:
    """Return the shifts of each alert, by the alert's number, in the order of their places."""
    query = (
        select(
            shifts,
            *(brands.c.name.label("brand"), metrics.c.name.label("metric")),
            *(models.c.provider, models.c.name.label("model")),
        )
        .join(brands)
        .join(metrics)
        .join(models)
        .where(among(shifts.c.alert_id, alert_ids))
        .order_by(shifts.c.alert_id, shifts.c.place)
    )
    by_alert: dict[int, list[Shift]] = {number: [] for number in alert_ids}
    for row in await connection.execute(query):
        by_alert[row.alert_id].append(shift_of(row))
    return by_alert


def _alert_of(row: Row[Any], alert_shifts: list[Shift], over_at: datetime | None) -> Alert:
    """Return the alert of a row with its shifts, in the order of their places, of which the first
    opened the alert; ``over_at`` is when the alert ended, or None.
    """
    first = alert_shifts[0]
    return object_of(
        Alert,
        row,
        shift=first,
        also=tuple(shift for shift in alert_shifts[1:] if shift.run_id == first.run_id),
        later=tuple(shift for shift in alert_shifts if shift.run_id != first.run_id),
        state=AlertState(row.state),
        follows=row.follows_id or 0,
        over_at=over_at,
    )


def _state_columns(alert: Alert) -> dict[str, Any]:
    """Return the columns of an alert's state: the state, who set it, the end of a snooze, the
    revision.
    """
    return {"state": alert.state, "by": alert.by, "until": alert.until, "revision": alert.revision}


def _event_row(event: AlertEvent, alert_id: int) -> dict[str, Any]:
    row = {"what": event.what, "at": event.at, "who": event.who, "note": event.note}
    return row | {"alert_id": alert_id}


class SqlUpdateRepository(Repository):
    """Model updates; see `overheard.interfaces.store.UpdateRepository`."""

    @uninterrupted
    async def add(self, update: ModelUpdate) -> ModelUpdate:
        """Store a model update and return it with its number. If an update of the same model, time
        and source is stored already, that one is returned, with its own note.
        """
        model = await self._lookups.models.number(update.model.provider, update.model.name)
        insert = self._database.insert(updates).on_conflict_do_nothing()
        row = {"model_id": model, "at": update.at, "source": update.source}
        same = [updates.c[column] == value for column, value in row.items()]
        async with self._database.writing() as connection:
            await connection.execute(insert, row | {"note": update.note})
            return update_of((await connection.execute(_updates_query().where(*same))).one())

    @uninterrupted
    async def remove(self, number: int) -> bool:
        """Delete a model update by its number; False when there is no such update."""
        async with self._database.writing() as connection:
            deleted = await connection.execute(delete(updates).where(updates.c.id == number))
        return deleted.rowcount > 0

    async def find(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return the updates of a model, or of all models for None, the oldest first."""
        query = _updates_query().order_by(updates.c.at, updates.c.id)
        if model is not None:
            query = query.where(models.c.provider == model.provider, models.c.name == model.name)
        return [update_of(row) for row in await self._database.rows(query)]


def _updates_query() -> Select[Any]:
    return select(updates, models.c.provider, models.c.name.label("model")).join(models)
