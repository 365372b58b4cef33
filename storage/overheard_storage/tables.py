"""The tables. Names have small numbers, and everything else refers to those.

Whatever changes here needs a migration (see `overheard_storage.migrations`) and a new `REVISION`.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from overheard_storage.alert_tables import (
    alerts,
    audit,
    deliveries,
    events,
    schedule_states,
    shifts,
    thresholds,
    updates,
)
from overheard_storage.batch_tables import batches
from overheard_storage.columns import LONG, Moment, Prose
from overheard_storage.finetune_tables import approvals, publications
from overheard_storage.parts import column, metadata, number, part, reference, unlooked
from overheard_storage.talk_tables import requests, waiting
from overheard_storage.work_tables import results

__all__ = [
    "REVISION",
    "accounts",
    "alerts",
    "answers",
    "approvals",
    "audit",
    "batches",
    "blocks",
    "brands",
    "deliveries",
    "editions",
    "events",
    "facts",
    "holds",
    "metadata",
    "metrics",
    "models",
    "prompts",
    "publications",
    "readings",
    "requests",
    "results",
    "runs",
    "schedule_states",
    "schedules",
    "scorers",
    "scores",
    "shifts",
    "spend",
    "thresholds",
    "updates",
    "waiting",
]

REVISION = "0003"
"""The migration that makes exactly these tables, and their triggers."""


def _standing() -> tuple[Column[bool], Column[bool], Column[int]]:
    """Who measures it: the configuration, people, or (when retired) nobody any more."""
    return (
        column("provisioned", Boolean, default=False),
        column("added", Boolean, default=False),
        column("place", Integer, default=0),
    )


# The catalogue

brands = Table(
    "brands",
    metadata,
    number(),
    column("name", Prose, unique=True),
    column("aliases", JSON, default=list),
    column("domains", JSON, default=list),
    column("competitors", JSON, default=list),
    column("category", Prose, default=""),
    column("tracked", Boolean, default=False),
    column("rules", JSON, default=list),
    column("parent", Prose, default=""),
    *_standing(),
)

prompts = Table(
    "prompts",
    metadata,
    number(),
    column("key", String(16), unique=True),
    column("text", Prose),
    column("tags", JSON, default=list),
    column("brands", JSON, default=list),
    column("topic", Prose, default=""),
    column("persona", Prose, default=""),
    column("language", Prose, default=""),
    column("market", Prose, default=""),
    *_standing(),
)

facts = Table(
    "facts",
    metadata,
    number(),
    reference("brand_id", "brands"),
    column("field", Prose),
    column("value", Prose),
    Column("as_of", Date),
    column("source", Prose),
    column("previous", JSON),
    *_standing(),
    UniqueConstraint("brand_id", "field", "value"),
)

schedules = Table(
    "schedules",
    metadata,
    number(),
    column("name", Prose, unique=True),
    column("cron", Prose),
    column("timezone", Prose),
    column("brands", JSON),
    column("repeats", Integer),
    column("batch", Boolean, default=False),
    *_standing(),
)

models = Table(
    "models",
    metadata,
    number(),
    column("provider", Prose),
    column("name", Prose),
    UniqueConstraint("provider", "name"),
)

metrics = Table("metrics", metadata, number(), column("name", Prose, unique=True))

# `read_to` is its mark, see `overheard_storage.marks`.
scorers = Table(
    "scorers",
    metadata,
    number(),
    column("name", Prose),
    column("version", Prose),
    column("read_to", LONG, default=0, server_default="0"),
    UniqueConstraint("name", "version"),
)

# Runs and answers

runs = Table(
    "runs",
    metadata,
    number(),
    column("key", Prose, unique=True),
    column("started_at", Moment, index=True),
    Column("panel", JSON(none_as_null=True)),
    column("state", String(16)),
    Column("finished_at", Moment),
    column("label", Prose),
    column("asked_by", Prose),
    column("channel", Prose),
    column("aside", Boolean, default=False),
    Index("ix_runs_label", "label", postgresql_using="hash"),  # a label may be long
)

answers = Table(
    "answers",
    metadata,
    Column("id", LONG, primary_key=True),
    reference("run_id", "runs"),
    column("prompt_id", Integer, index=True),
    column("model_id", Integer),
    column("repeat", Integer),
    column("text", Prose),
    column("finish", String(16)),
    column("citations", JSON),
    column("served_model", Prose),
    column("fingerprint", Prose),
    column("model_version", Prose),
    Column("model_created", Moment),
    column("input_tokens", Integer),
    column("output_tokens", Integer),
    column("cached_tokens", Integer),
    column("reasoning_tokens", Integer),
    column("searches", Integer),
    Column("cost_usd", Double),
    column("asked_at", Moment),
    column("latency", Double),
    column("error", Prose),
    Column("reused_from", ForeignKey("answers.id")),
    column("gone", Boolean, default=False),
    UniqueConstraint("run_id", "prompt_id", "model_id", "repeat"),
    unlooked("prompt_id", "prompts"),
    unlooked("model_id", "models"),
)

spend = Table(
    "spend",
    metadata,
    Column("id", LONG, primary_key=True),
    column("answer_id", LONG, index=True),
    column("at", Moment),
    column("model_id", Integer),
    column("usd", Double),
    Index("ix_spend_at_usd", "at", "usd"),
    unlooked("answer_id", "answers"),
    unlooked("model_id", "models"),
)

# `spend` says what each answer cost. `accounts` sums it up by what limits are set for, so that
# holding money takes the same time however much has been spent.
accounts = Table(
    "accounts",
    metadata,
    Column("account", Prose, primary_key=True),
    column("usd", Double),
)

holds = Table(
    "holds",
    metadata,
    part("run_id", "runs"),
    Column("account", Prose, primary_key=True),
    column("usd", Double),
)

# Scores and blocks

readings = Table(
    "readings",
    metadata,
    column("scorer_id", Integer, primary_key=True),
    column("answer_id", LONG, primary_key=True),
    unlooked("scorer_id", "scorers"),
    unlooked("answer_id", "answers"),
    sqlite_with_rowid=False,
)

# `versions` are written one a line, in order: of the same ones there is one edition.
editions = Table(
    "editions",
    metadata,
    number(),
    column("versions", Prose, unique=True),
    column("catalogue", JSON),
    column("at", Moment),
    column("state", String(16)),
    column("note", Prose),
)

scores = Table(
    "scores",
    metadata,
    column("answer_id", LONG, primary_key=True),
    column("scorer_id", Integer, primary_key=True),
    column("brand_id", Integer, primary_key=True),
    column("metric_id", Integer, primary_key=True),
    column("value", Double),
    column("quote", Prose),
    column("details", JSON),
    unlooked("answer_id", "answers"),
    unlooked("scorer_id", "scorers"),
    unlooked("brand_id", "brands"),
    unlooked("metric_id", "metrics"),
    sqlite_with_rowid=False,
)

# `at` repeats the run's start, and the index every column: the trend of a stream is read from
# one stretch of the index, however many blocks there are.
blocks = Table(
    "blocks",
    metadata,
    column("run_id", Integer, primary_key=True),
    column("prompt_id", Integer, primary_key=True),
    column("model_id", Integer, primary_key=True),
    column("brand_id", Integer, primary_key=True),
    column("metric_id", Integer, primary_key=True),
    column("scorer_id", Integer, primary_key=True),
    column("at", Moment),
    column("n", Integer),
    column("total", Double),
    column("squares", Double),
    unlooked("run_id", "runs"),
    unlooked("prompt_id", "prompts"),
    unlooked("model_id", "models"),
    unlooked("brand_id", "brands"),
    unlooked("metric_id", "metrics"),
    unlooked("scorer_id", "scorers"),
    Index(
        "ix_blocks_stream",
        *("brand_id", "model_id", "metric_id", "at"),
        *("run_id", "prompt_id", "scorer_id", "n", "total", "squares"),
    ),
)
