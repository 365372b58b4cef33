"""What changed and who was told: model updates, alerts with their shifts, deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import Alert, AlertState, Model, ModelUpdate, Shift
from overheard_storage.database import uninterrupted
from overheard_storage.shapes import shift_of, shift_row, update_of
from overheard_storage.shelf import Shelf, among
from overheard_storage.tables import alerts, brands, deliveries, metrics, models, shifts, updates


class AlertShelf(Shelf):
    """Updates and alerts. The Protocol `overheard.interfaces.Store` says what each method does."""

    @uninterrupted
    async def add_update(self, update: ModelUpdate) -> ModelUpdate:
        """Keep a model update; the same model, time and source returns the one already kept."""
        model = await self._registers.models.number(update.model.provider, update.model.name)
        insert = self._database.insert(updates).on_conflict_do_nothing()
        row = {"model_id": model, "at": update.at, "source": update.source}
        same = [updates.c[column] == value for column, value in row.items()]
        async with self._database.writing() as connection:
            await connection.execute(insert, row | {"note": update.note})
            return update_of((await connection.execute(_updates_query().where(*same))).one())

    async def updates(self, model: Model | None = None) -> list[ModelUpdate]:
        """Return model updates, the oldest first."""
        query = _updates_query().order_by(updates.c.at, updates.c.id)
        if model is not None:
            query = query.where(models.c.provider == model.provider, models.c.name == model.name)
        return [update_of(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def add_alert(self, alert: Alert) -> tuple[Alert, bool]:
        """Keep an alert with its shifts, and return it; False when it was there already."""
        moved = (alert.shift, *alert.also)
        brand_ids = await self._registers.of_brands(shift.brand for shift in moved)
        model_ids = await self._registers.of_models(shift.model for shift in moved)
        metric_ids = await self._registers.of_metrics(shift.metric for shift in moved)
        rows = [
            {
                **shift_row(shift),
                "brand_id": brand_ids[shift.brand],
                "model_id": model_ids[shift.model],
                "metric_id": metric_ids[shift.metric],
                "place": place,
            }
            for place, shift in enumerate(moved)
        ]
        async with self._database.writing() as connection:
            number = await self._open(connection, alert, rows)
            (kept,) = await _alerts(connection, *_same(rows[0]))
        return kept, number is not None

    @uninterrupted
    async def alerts(self, *, brand: str | None = None) -> list[Alert]:
        """Return alerts, the newest first."""
        wanted = [] if brand is None else [brands.c.name == brand]
        async with self._database.reading() as connection:
            return await _alerts(connection, *wanted)

    @uninterrupted
    async def add_delivery(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Note that an alert was shown in a channel; False when it had been already."""
        insert = self._database.insert(deliveries).on_conflict_do_nothing()
        row = {"alert_id": alert_id, "channel": channel, "at": at}
        async with self._database.writing() as connection:
            new = await connection.execute(insert.returning(deliveries.c.alert_id), row)
            return new.scalar() is not None

    async def _open(
        self, connection: AsyncConnection, alert: Alert, rows: list[dict[str, Any]]
    ) -> int | None:
        """Write an alert with its shifts and return its number; None when it is there already."""
        row = {column.name: rows[0][column.name] for column in _SAME}
        row |= {"opened_at": alert.opened_at, "state": alert.state}
        insert = self._database.insert(alerts).on_conflict_do_nothing().returning(alerts.c.id)
        number: int | None = (await connection.execute(insert, row)).scalar()
        if number is not None:
            await connection.execute(shifts.insert(), [row | {"alert_id": number} for row in rows])
        return number


_SAME = (alerts.c.brand_id, alerts.c.model_id, alerts.c.run_id)


def _same(row: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    return [column == row[column.name] for column in _SAME]


def _updates_query() -> Select[Any]:
    return select(updates, models.c.provider, models.c.name.label("model")).join(models)


async def _alerts(connection: AsyncConnection, *wanted: ColumnElement[bool]) -> list[Alert]:
    query = select(alerts).join(brands).where(*wanted)
    newest_first = query.order_by(alerts.c.opened_at.desc(), alerts.c.id.desc())
    rows = (await connection.execute(newest_first)).all()
    found = await _shifts(connection, [row.id for row in rows])
    return [_alert(row, found[row.id]) for row in rows]


async def _shifts(
    connection: AsyncConnection, alert_ids: Collection[int]
) -> dict[int, list[Shift]]:
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
    found: dict[int, list[Shift]] = {number: [] for number in alert_ids}
    for row in await connection.execute(query):
        found[row.alert_id].append(shift_of(row))
    return found


def _alert(row: Row[Any], moved: list[Shift]) -> Alert:
    return Alert(moved[0], row.opened_at, tuple(moved[1:]), AlertState(row.state), row.id)
