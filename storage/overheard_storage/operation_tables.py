"""The tables of a deployment's operation, of its chats and of fine-tuning; `tables` has all."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, String, Table

from overheard_storage.columns import Moment, Prose, column, id_column, key_reference, metadata

# Operation

schedule_states = Table(
    "schedule_states",
    metadata,
    id_column(),
    column("name", Prose, unique=True),
    column("paused", Boolean),
    column("begun", Moment),
    column("done", Moment),
    column("problem", Prose),
)

audit = Table(
    "audit",
    metadata,
    id_column(),
    Column("at", Moment, nullable=False, index=True),
    column("who", Prose),
    column("channel", Prose),
    column("command", Prose),
    column("words", Prose),
    column("outcome", Prose),
)

settings = Table(
    "settings",
    metadata,
    Column("name", Prose, primary_key=True),
    column("value", JSON),
    column("who", Prose),
    column("at", Moment),
)

# The state of chats

requests = Table(
    "requests",
    metadata,
    Column("platform", String(32), primary_key=True),
    Column("request", Prose, primary_key=True),
    column("at", Moment, index=True),
)

waiting = Table(
    "waiting",
    metadata,
    Column("token", String(32), primary_key=True),
    column("command", Prose),
    column("options", JSON),
    column("platform", String(32)),
    column("person", Prose),
    column("name", Prose),
    column("channel", Prose),
    column("until", Moment),
)

# Fine-tuning

approvals = Table(
    "approvals",
    metadata,
    key_reference("answer_id", "answers"),
    column("text", Prose),
    column("who", Prose),
    column("at", Moment),
)

publications = Table(
    "publications",
    metadata,
    key_reference("brand_id", "brands"),
    Column("item", String(16), primary_key=True),
    column("kind", String(16)),
    column("subject", Prose),
    column("stated", Prose),
    column("at", Moment),
    column("who", Prose),
)
