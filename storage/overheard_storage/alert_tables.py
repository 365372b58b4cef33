"""The tables of detection and alerts; `tables` has all tables."""

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

from overheard_storage.column_types import Moment, Prose, column, id_column, metadata, reference

updates = Table(
    "updates",
    metadata,
    id_column(),
    reference("model_id", "models"),
    column("at", Moment),
    column("source", Prose),
    column("note", Prose),
    UniqueConstraint("model_id", "at", "source"),
)

alerts = Table(
    "alerts",
    metadata,
    id_column(),
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
    id_column(),
    Column("alert_id", ForeignKey("alerts.id"), nullable=False, index=True),
    column("what", String(16)),
    column("at", Moment),
    column("who", Prose),
    column("note", Prose),
)

shifts = Table(
    "shifts",
    metadata,
    id_column(),
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
    Column("chance_a_year", Double),
    column("updates", JSON),
    column("explanation", Prose),
    column("recovery", Boolean),
    Column("statement", JSON(none_as_null=True)),
    UniqueConstraint("alert_id", "place"),
)

# A delivery is leased to the process `owner` until `leased_until`; see `overheard.alerts.outbox`.
deliveries = Table(
    "deliveries",
    metadata,
    id_column(),
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
