"""The tables. Names have small numbers, and everything else refers to those.

Whatever changes here needs a migration (see `overheard_storage.migrations`) and a new `REVISION`.
"""

from __future__ import annotations

from functools import partial

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from overheard_storage.columns import LONG, Moment, Prose

REVISION = "0001"
"""The migration that makes exactly these tables."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

_column = partial(Column, nullable=False)


def _number() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _part(name: str, target: str) -> Column[int]:
    """Part of a primary key that refers to another table."""
    return Column(name, ForeignKey(f"{target}.id"), primary_key=True)


def _reference(name: str, target: str) -> Column[int]:
    return Column(name, ForeignKey(f"{target}.id"), nullable=False)


def _standing() -> tuple[Column[bool], Column[bool], Column[int]]:
    """Who measures it: the configuration, people, or (when retired) nobody any more."""
    return (
        _column("provisioned", Boolean, default=False),
        _column("added", Boolean, default=False),
        _column("place", Integer, default=0),
    )


# The catalogue

brands = Table(
    "brands",
    metadata,
    _number(),
    _column("name", Prose, unique=True),
    _column("aliases", JSON, default=list),
    _column("domains", JSON, default=list),
    _column("competitors", JSON, default=list),
    _column("category", Prose, default=""),
    _column("tracked", Boolean, default=False),
    *_standing(),
)

prompts = Table(
    "prompts",
    metadata,
    _number(),
    _column("key", String(16), unique=True),
    _column("text", Prose),
    _column("tags", JSON, default=list),
    _column("brands", JSON, default=list),
    *_standing(),
)

facts = Table(
    "facts",
    metadata,
    _number(),
    _reference("brand_id", "brands"),
    _column("field", Prose),
    _column("value", Prose),
    Column("as_of", Date),
    _column("source", Prose),
    *_standing(),
    UniqueConstraint("brand_id", "field", "value"),
)

schedules = Table(
    "schedules",
    metadata,
    _number(),
    _column("name", Prose, unique=True),
    _column("cron", Prose),
    _column("timezone", Prose),
    _column("brands", JSON),
    _column("repeats", Integer),
    *_standing(),
)

models = Table(
    "models",
    metadata,
    _number(),
    _column("provider", Prose),
    _column("name", Prose),
    UniqueConstraint("provider", "name"),
)

metrics = Table("metrics", metadata, _number(), _column("name", Prose, unique=True))

scorers = Table(
    "scorers",
    metadata,
    _number(),
    _column("name", Prose),
    _column("version", Prose),
    UniqueConstraint("name", "version"),
)

# Runs and answers

runs = Table(
    "runs",
    metadata,
    _number(),
    _column("key", Prose, unique=True),
    _column("started_at", Moment, index=True),
    Column("panel", JSON(none_as_null=True)),
    _column("state", String(16)),
    Column("finished_at", Moment),
    _column("label", Prose),
    _column("asked_by", Prose),
)

answers = Table(
    "answers",
    metadata,
    Column("id", LONG, primary_key=True),
    _reference("run_id", "runs"),
    Column("prompt_id", ForeignKey("prompts.id"), nullable=False, index=True),
    _reference("model_id", "models"),
    _column("repeat", Integer),
    _column("text", Prose),
    _column("finish", String(16)),
    _column("citations", JSON),
    _column("served_model", Prose),
    _column("fingerprint", Prose),
    _column("input_tokens", Integer),
    _column("output_tokens", Integer),
    Column("cost_usd", Double),
    _column("asked_at", Moment),
    _column("latency", Double),
    _column("error", Prose),
    UniqueConstraint("run_id", "prompt_id", "model_id", "repeat"),
)

spend = Table(
    "spend",
    metadata,
    Column("id", LONG, primary_key=True),
    Column("answer_id", ForeignKey("answers.id"), nullable=False, index=True),
    _column("at", Moment),
    _reference("model_id", "models"),
    _column("usd", Double),
    Index("ix_spend_at_usd", "at", "usd"),
)

# Scores and blocks

readings = Table(
    "readings",
    metadata,
    _part("scorer_id", "scorers"),
    _part("answer_id", "answers"),
    sqlite_with_rowid=False,
)

scores = Table(
    "scores",
    metadata,
    _part("answer_id", "answers"),
    _part("scorer_id", "scorers"),
    _part("brand_id", "brands"),
    _part("metric_id", "metrics"),
    _column("value", Double),
    _column("quote", Prose),
    sqlite_with_rowid=False,
)

# `at` repeats the run's start, and the index every column: the trend of a stream is read from
# one stretch of the index, however many blocks there are.
blocks = Table(
    "blocks",
    metadata,
    _part("run_id", "runs"),
    _part("prompt_id", "prompts"),
    _part("model_id", "models"),
    _part("brand_id", "brands"),
    _part("metric_id", "metrics"),
    _part("scorer_id", "scorers"),
    _column("at", Moment),
    _column("n", Integer),
    _column("total", Double),
    _column("squares", Double),
    Index(
        "ix_blocks_stream",
        *("brand_id", "model_id", "metric_id", "at"),
        *("run_id", "prompt_id", "scorer_id", "n", "total", "squares"),
    ),
)

# Updates and alerts

updates = Table(
    "updates",
    metadata,
    _number(),
    _reference("model_id", "models"),
    _column("at", Moment),
    _column("source", Prose),
    _column("note", Prose),
    UniqueConstraint("model_id", "at", "source"),
)

alerts = Table(
    "alerts",
    metadata,
    _number(),
    _reference("brand_id", "brands"),
    _reference("model_id", "models"),
    _reference("run_id", "runs"),
    _column("opened_at", Moment),
    _column("state", String(16)),
    UniqueConstraint("brand_id", "model_id", "run_id"),
)

shifts = Table(
    "shifts",
    metadata,
    _number(),
    _reference("alert_id", "alerts"),
    _column("place", Integer),
    _reference("brand_id", "brands"),
    _reference("model_id", "models"),
    _reference("metric_id", "metrics"),
    _reference("run_id", "runs"),
    _column("before", Double),
    _column("after", Double),
    _column("change", Double),
    _column("low", Double),
    _column("high", Double),
    _column("p_value", Double),
    _column("prompts", JSON),
    _column("answers_before", Integer),
    _column("answers_after", Integer),
    UniqueConstraint("alert_id", "place"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _part("alert_id", "alerts"),
    Column("channel", Prose, primary_key=True),
    _column("at", Moment),
)
