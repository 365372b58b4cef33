"""The table of what was handed in as batches."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Table

from overheard_storage.columns import Moment, Prose
from overheard_storage.parts import column, metadata, number, reference

batches = Table(
    "batches",
    metadata,
    number(),
    Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    reference("model_id", "models"),
    column("questions", JSON),
    column("handed_in_at", Moment),
    column("vendor_id", Prose),
    Column("ended_at", Moment),
)
