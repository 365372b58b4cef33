"""The tables of what people decide for the fine-tuning side; see `tables`."""

from __future__ import annotations

from sqlalchemy import Column, String, Table

from overheard_storage.columns import Moment, Prose
from overheard_storage.parts import column, metadata, part

approvals = Table(
    "approvals",
    metadata,
    part("answer_id", "answers"),
    column("text", Prose),
    column("who", Prose),
    column("at", Moment),
)

publications = Table(
    "publications",
    metadata,
    part("brand_id", "brands"),
    Column("item", String(16), primary_key=True),
    column("kind", String(16)),
    column("subject", Prose),
    column("stated", Prose),
    column("at", Moment),
    column("who", Prose),
)
