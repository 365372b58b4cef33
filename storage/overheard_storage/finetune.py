"""Answers that are approved for datasets, and content that is published."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Delete, delete, select

from overheard.domain import Approval, Publication
from overheard_storage.database import uninterrupted
from overheard_storage.repository import Repository
from overheard_storage.tables import approvals, brands, publications


class FinetuneRepository(Repository):
    """Fine-tuning; see `overheard.interfaces.catalogue.FinetuneRepository`."""

    @uninterrupted
    async def approve(self, approval: Approval) -> None:
        """Store an approval; it replaces an earlier one of the same answer."""
        row = {column.name: getattr(approval, column.name) for column in approvals.c}
        earlier = delete(approvals).where(approvals.c.answer_id == approval.answer_id)
        async with self._database.writing() as connection:
            await connection.execute(earlier)
            await connection.execute(approvals.insert(), row)

    async def withdraw_approval(self, answer_id: int) -> bool:
        """Delete an approval; False when there is no approval of this answer."""
        return await self._removed(delete(approvals).where(approvals.c.answer_id == answer_id))

    async def approvals(self) -> list[Approval]:
        """Return all approvals in the order of their answers."""
        rows = await self._database.rows(select(approvals).order_by(approvals.c.answer_id))
        return [Approval(row.answer_id, row.text, row.who, row.at) for row in rows]

    @uninterrupted
    async def publish(self, publication: Publication) -> None:
        """Store a publication; it replaces an earlier one of the same item."""
        number = await self._lookups.brands.number(publication.brand)
        row: dict[str, Any] = {"brand_id": number}
        for column in publications.c:
            if column.name not in row:
                row[column.name] = getattr(publication, column.name)
        async with self._database.writing() as connection:
            await connection.execute(_item(number, publication.item))
            await connection.execute(publications.insert(), row)

    async def retract_publication(self, brand: str, item: str) -> bool:
        """Delete a publication; False when there is no such publication."""
        number = await self._lookups.brands.find(brand)
        return await self._removed(_item(number, item))

    async def publications(self, brand: str) -> list[Publication]:
        """Return the publications of a brand, the oldest first."""
        of_brand: ColumnElement[bool] = brands.c.name == brand
        query = (
            select(publications)
            .join(brands)
            .where(of_brand)
            .order_by(publications.c.at, publications.c.item)
        )
        return [
            Publication(brand, row.item, row.kind, row.subject, row.stated, row.at, row.who)
            for row in await self._database.rows(query)
        ]

    @uninterrupted
    async def _removed(self, statement: Delete) -> bool:
        async with self._database.writing() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _item(brand_id: int, item: str) -> Delete:
    return delete(publications).where(
        publications.c.brand_id == brand_id, publications.c.item == item
    )
