"""The tables of what changed, who is told, and how a deployment is run; see `tables`."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from overheard_storage.columns import Moment, Prose
from overheard_storage.parts import column, metadata, number, part, reference

updates = Table(
    "updates",
    metadata,
    number(),
    reference("model_id", "models"),
    column("at", Moment),
    column("source", Prose),
    column("note", Prose),
    UniqueConstraint("model_id", "at", "source"),
)

alerts = Table(
    "alerts",
    metadata,
    number(),
    reference("brand_id", "brands"),
    reference("model_id", "models"),
    reference("run_id", "runs"),
    column("opened_at", Moment),
    column("state", String(16)),
    column("by", Prose),
    Column("until", Moment),
    Column("follows_id", ForeignKey("alerts.id")),
    column("revision", Integer),
    UniqueConstraint("brand_id", "model_id", "run_id"),
)

events = Table(
    "events",
    metadata,
    number(),
    Column("alert_id", ForeignKey("alerts.id"), nullable=False, index=True),
    column("what", String(16)),
    column("at", Moment),
    column("who", Prose),
    column("note", Prose),
)

shifts = Table(
    "shifts",
    metadata,
    number(),
    reference("alert_id", "alerts"),
    column("place", Integer),
    reference("brand_id", "brands"),
    reference("model_id", "models"),
    reference("metric_id", "metrics"),
    reference("run_id", "runs"),
    column("before", Double),
    column("after", Double),
    column("change", Double),
    column("low", Double),
    column("high", Double),
    column("prompts", JSON),
    column("answers_before", Integer),
    column("answers_after", Integer),
    Column("began_id", ForeignKey("runs.id")),
    column("dates", JSON),
    Column("probability", Double),
    column("updates", JSON),
    column("explanation", Prose),
    column("recovery", Boolean),
    UniqueConstraint("alert_id", "place"),
)

# What can be worked out again: how strong a brand's evidence must be, by what that depends on.
thresholds = Table(
    "thresholds",
    metadata,
    part("brand_id", "brands"),
    Column("key", String(32), primary_key=True),
    column("value", Double),
)

# A delivery belongs to the process `owner` until `leased_until`; see `overheard.alerts.outbox`.
deliveries = Table(
    "deliveries",
    metadata,
    number(),
    column("kind", String(16)),
    column("key", Prose, unique=True),
    column("channel", Prose),
    Column("due_at", Moment, nullable=False, index=True),
    column("subject", Prose),
    Column("alert_id", ForeignKey("alerts.id"), index=True),
    Column("event_id", ForeignKey("events.id")),
    column("wanted", Integer),
    column("shown", Integer),
    column("message", Prose),
    column("attempts", Integer),
    column("uncertain", Boolean),
    column("problem", Prose),
    column("owner", Prose),
    Column("leased_until", Moment),
)

# Operating

schedule_states = Table(
    "schedule_states",
    metadata,
    number(),
    column("name", Prose, unique=True),
    column("paused", Boolean),
    column("begun", Moment),
    column("done", Moment),
    column("problem", Prose),
)

audit = Table(
    "audit",
    metadata,
    number(),
    Column("at", Moment, nullable=False, index=True),
    column("who", Prose),
    column("channel", Prose),
    column("command", Prose),
    column("words", Prose),
    column("outcome", Prose),
)
