"""The table of what came of tasks; see `tables`."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Table

from overheard_storage.columns import Prose
from overheard_storage.parts import column, metadata, part

results = Table(
    "results",
    metadata,
    part("run_id", "runs"),
    Column("task", Prose, primary_key=True),
    column("result", JSON),
)
