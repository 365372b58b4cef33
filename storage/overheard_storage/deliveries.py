"""Deliveries: what channels are to show, and which process posts it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Row,
    Select,
    and_,
    delete,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from overheard.domain import NEVER, AlertEvent, AlertEventKind, Delivery, DeliveryKind, alert_key
from overheard_storage.database import Insert, uninterrupted
from overheard_storage.repository import Repository, among
from overheard_storage.rows import object_of, values_of
from overheard_storage.tables import deliveries

_NOT_LEASED = {"owner": "", "leased_until": None}
_parents = deliveries.alias("parents")
_others = deliveries.alias("others")


class SqlDeliveryRepository(Repository):
    """Deliveries; see `overheard.interfaces.store.DeliveryRepository`."""

    @uninterrupted
    async def add(self, wanted: Iterable[Delivery]) -> None:
        """Store deliveries; a delivery whose key is known stays unchanged."""
        rows = [delivery_row(delivery) for delivery in wanted]
        async with self._database.writing() as connection:
            await insert_deliveries(connection, self._database.insert(deliveries), rows)

    @uninterrupted
    async def put(self, delivery: Delivery) -> None:
        """Store a delivery; if its key is known and no process has claimed that delivery, change
        its time, subject and message.
        """
        row = delivery_row(delivery)
        insert = self._database.insert(deliveries)
        renewed = {name: insert.excluded[name] for name in ("due_at", "subject", "message")}
        stored = insert.on_conflict_do_update(
            index_elements=["key"], set_=renewed, where=deliveries.c.owner == ""
        )
        async with self._database.writing() as connection:
            await connection.execute(stored, row)

    @uninterrupted
    async def remove(self, key: str) -> None:
        """Delete the delivery with a key, if there is one."""
        async with self._database.writing() as connection:
            await connection.execute(delete(deliveries).where(deliveries.c.key == key))

    @uninterrupted
    async def add_shown(self, alert_id: int, channel: str, at: datetime) -> bool:
        """Store that a channel shows an alert already, since ``at``, so that only later edits are
        posted there. Return False, and store nothing, when a delivery of the alert to the channel
        is stored.
        """
        key = alert_key(alert_id, channel)
        delivery = Delivery(DeliveryKind.ALERT, key, channel, at, alert_id=alert_id, shown=1)
        insert = self._database.insert(deliveries).on_conflict_do_nothing(index_elements=["key"])
        async with self._database.writing() as connection:
            inserted = await connection.execute(
                insert.returning(deliveries.c.id), delivery_row(delivery)
            )
            return inserted.scalar() is not None

    async def find(
        self, *, alert_id: int | None = None, channel: str | None = None, waiting: bool = False
    ) -> list[Delivery]:
        """Return the deliveries that fulfil all conditions, in the order of their numbers.

        Args:
            alert_id: The number of their alert; None for all.
            channel: The channel, such as ``slack:C0123``; None for all.
            waiting: Whether to leave out those whose channel shows the latest revision.
        """
        query = _deliveries_query().order_by(deliveries.c.id)
        if alert_id is not None:
            query = query.where(deliveries.c.alert_id == alert_id)
        if channel is not None:
            query = query.where(deliveries.c.channel == channel)
        if waiting:
            query = query.where(deliveries.c.shown < deliveries.c.wanted)
        return [_delivery_of(row) for row in await self._database.rows(query)]

    @uninterrupted
    async def claim(
        self, owner: str, now: datetime, until: datetime, *, chats: Collection[str], limit: int
    ) -> list[Delivery]:
        """Lease due deliveries to one process and return them, those due longest first. Deliveries
        that another process holds are left out.

        Args:
            owner: The name of the process.
            now: The current time.
            until: The end of the lease.
            chats: The platforms that the process can post to.
            limit: The largest number of deliveries.
        """
        due = _due_query(now, chats).limit(limit)
        if not await self._database.rows(due):
            return []  # the usual case, which needs no write transaction
        async with self._database.writing() as connection:
            # Rows that another process is claiming are skipped.
            locked_due = due.with_for_update(skip_locked=True, of=deliveries)
            numbers = list((await connection.execute(locked_due)).scalars())
            rows = await connection.execute(
                _deliveries_query().where(among(deliveries.c.id, numbers))
            )
            leased = [_delivery_of(row) for row in rows]
            lease = {"owner": owner, "leased_until": until, "uncertain": True}
            claim = update(deliveries).where(among(deliveries.c.id, numbers)).values(**lease)
            await connection.execute(claim)
        return [
            replace(delivery, leased_until=until)
            for delivery in sorted(leased, key=attrgetter("due_at", "id"))
        ]

    async def record(self, delivery: Delivery, owner: str, *, message: str, shown: int) -> bool:
        """Store the message and the revision that a channel shows now, and end the lease; False
        when the process has lost the lease.
        """
        values = {"message": message, "shown": shown, "attempts": 0, "problem": ""}
        return await self._end_lease(delivery, owner, values | {"uncertain": False})

    async def postpone(
        self, delivery: Delivery, owner: str, *, due_at: datetime, problem: str, uncertain: bool
    ) -> bool:
        """Store when and why a delivery is due again, and end the lease. The attempt is counted if
        there is a problem. Return False, and store nothing, when the process has lost the lease.

        Args:
            owner: The name of the process that holds the lease.
            problem: Why the attempt failed, or empty when none was made.
            uncertain: Whether the message may have been posted.
        """
        attempts = delivery.attempts + bool(problem)
        values = {"due_at": due_at, "problem": problem, "attempts": attempts}
        return await self._end_lease(delivery, owner, values | {"uncertain": uncertain})

    @uninterrupted
    async def _end_lease(self, delivery: Delivery, owner: str, values: Mapping[str, Any]) -> bool:
        """Store values of a delivery and end its lease; False when ``owner`` has lost the lease."""
        leased = (deliveries.c.id == delivery.id, deliveries.c.owner == owner)
        release = update(deliveries).where(*leased).values(**values, **_NOT_LEASED)
        async with self._database.writing() as connection:
            return (await connection.execute(release)).rowcount == 1


async def insert_deliveries(
    connection: AsyncConnection, insert: Insert, rows: list[dict[str, Any]]
) -> None:
    """Insert the columns of deliveries within a transaction; a delivery whose key is known stays
    unchanged. ``insert`` is an INSERT into their table.
    """
    if rows:
        await connection.execute(insert.on_conflict_do_nothing(index_elements=["key"]), rows)


async def request_edits(
    connection: AsyncConnection, insert: Insert, alert_id: int, revision: int, event: AlertEvent
) -> None:
    """Have the outbox edit each posted message of an alert to its new revision, and post the event
    in the message's thread; stored within a transaction. A CONTINUED event is not posted.

    Args:
        insert: An INSERT into the table of deliveries.
        alert_id: The alert's number.
        event: The stored event, with its number.
    """
    shows = (deliveries.c.alert_id == alert_id, deliveries.c.kind == DeliveryKind.ALERT)
    await connection.execute(update(deliveries).where(*shows).values(wanted=revision))
    if event.what is AlertEventKind.CONTINUED:
        return
    # A delivery to the terminal has no platform and no thread.
    query = select(deliveries.c.channel).where(*shows, deliveries.c.channel.contains(":"))
    channels = (await connection.execute(query)).scalars()
    rows = [
        delivery_row(
            Delivery(
                DeliveryKind.EVENT,
                f"event-{event.id}@{channel}",
                channel,
                event.at,
                alert_id=alert_id,
                event_id=event.id,
            )
        )
        for channel in channels
    ]
    await insert_deliveries(connection, insert, rows)


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """Return the row of a new delivery, without its number and leased by no process. ``thread`` is
    no column: it is joined when the delivery is read.
    """
    numbers = {"alert_id": delivery.alert_id or None, "event_id": delivery.event_id or None}
    return values_of(delivery, deliveries, **numbers, **_NOT_LEASED)


def _join_to_alert() -> tuple[FromClause, ColumnElement[bool]]:
    """Return the table and the condition that join an event's delivery to the delivery of its alert
    in the same channel.
    """
    same = and_(
        _parents.c.alert_id == deliveries.c.alert_id,
        _parents.c.channel == deliveries.c.channel,
        _parents.c.kind == DeliveryKind.ALERT,
        deliveries.c.kind == DeliveryKind.EVENT,
    )
    return _parents, same


def _deliveries_query() -> Select[Any]:
    thread = func.coalesce(_parents.c.message, "").label("thread")
    return select(deliveries, thread).outerjoin(*_join_to_alert())


def _due_query(now: datetime, chats: Collection[str]) -> Select[Any]:
    """Return a query of the numbers of due deliveries to some chats, those due longest first. An
    event is due only after its alert's message and its earlier events are posted.
    """
    column = deliveries.c
    earlier = select(_others.c.id).where(
        _others.c.kind == DeliveryKind.EVENT,
        _others.c.alert_id == column.alert_id,
        _others.c.channel == column.channel,
        _others.c.id < column.id,
        _others.c.shown < _others.c.wanted,
    )
    return (
        select(column.id)
        .outerjoin(*_join_to_alert())
        .where(
            column.shown < column.wanted,
            column.due_at <= now,
            or_(column.owner == "", column.leased_until < now),
            or_(
                false(), *(column.channel.startswith(f"{chat}:", autoescape=True) for chat in chats)
            ),
            or_(
                column.kind != DeliveryKind.EVENT, and_(_parents.c.message != "", ~earlier.exists())
            ),
        )
        .order_by(column.due_at, column.id)
    )


def _delivery_of(row: Row[Any]) -> Delivery:
    """Return the delivery of a row of `_deliveries_query`, without its lease."""
    return object_of(
        Delivery,
        row,
        kind=DeliveryKind(row.kind),
        alert_id=row.alert_id or 0,
        event_id=row.event_id or 0,
        leased_until=NEVER,
    )
