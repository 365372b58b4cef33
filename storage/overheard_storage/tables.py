"""All tables; those of alerts are declared in `alert_tables`.

Names (of brands, prompts, models ...) are rows with numbers that others refer to.

A change needs a migration (see `overheard_storage.migrations`) and a new `REVISION`. For a new
column of `answers`, `overheard_storage.rows` lists the places to change.
"""

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

from overheard_storage.alert_tables import alerts, deliveries, events, shifts, updates
from overheard_storage.column_types import (
    LONG,
    Moment,
    Prose,
    column,
    id_column,
    key_reference,
    metadata,
    reference,
    unchecked_reference,
)

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
    "metadata",
    "metrics",
    "models",
    "prompts",
    "publications",
    "readings",
    "requests",
    "reservations",
    "results",
    "runs",
    "schedule_states",
    "schedules",
    "scorers",
    "scores",
    "settings",
    "shifts",
    "spend",
    "updates",
    "waiting",
    "zeros",
]

REVISION = "0009"
"""The migration that makes exactly these tables and their triggers."""


def _origin_columns() -> tuple[Column[bool], Column[bool], Column[int]]:
    """Return the columns of an entry's origin: declared by the configuration, added by people
    (retired: neither), and its place.
    """
    return (
        column("provisioned", Boolean, default=False),
        column("added", Boolean, default=False),
        column("place", Integer, default=0),
    )


# The catalogue

brands = Table(
    "brands",
    metadata,
    id_column(),
    column("name", Prose, unique=True),
    column("aliases", JSON, default=list),
    column("domains", JSON, default=list),
    column("competitors", JSON, default=list),
    column("category", Prose, default=""),
    column("tracked", Boolean, default=False),
    column("rules", JSON, default=list),
    column("parent", Prose, default=""),
    *_origin_columns(),
)

prompts = Table(
    "prompts",
    metadata,
    id_column(),
    column("key", String(16), unique=True),
    column("text", Prose),
    column("tags", JSON, default=list),
    column("brands", JSON, default=list),
    column("topic", Prose, default=""),
    column("persona", Prose, default=""),
    column("language", Prose, default=""),
    column("market", Prose, default=""),
    *_origin_columns(),
)

facts = Table(
    "facts",
    metadata,
    id_column(),
    reference("brand_id", "brands"),
    column("field", Prose),
    column("value", Prose),
    Column("as_of", Date),
    column("source", Prose),
    column("previous", JSON),
    *_origin_columns(),
    UniqueConstraint("brand_id", "field", "value"),
)

schedules = Table(
    "schedules",
    metadata,
    id_column(),
    column("name", Prose, unique=True),
    column("cron", Prose),
    column("timezone", Prose),
    column("brands", JSON),
    column("repeats", Integer),
    column("batch", Boolean, default=False),
    *_origin_columns(),
)

models = Table(
    "models",
    metadata,
    id_column(),
    column("provider", Prose),
    column("name", Prose),
    UniqueConstraint("provider", "name"),
)

metrics = Table("metrics", metadata, id_column(), column("name", Prose, unique=True))

# `read_to` is its mark, see `overheard_storage.answers`.
scorers = Table(
    "scorers",
    metadata,
    id_column(),
    column("name", Prose),
    column("version", Prose),
    column("read_to", LONG, default=0, server_default="0"),
    UniqueConstraint("name", "version"),
)

# Runs and answers

runs = Table(
    "runs",
    metadata,
    id_column(),
    column("key", Prose, unique=True),
    column("started_at", Moment, index=True),
    Column("panel", JSON(none_as_null=True)),
    column("state", String(16)),
    Column("finished_at", Moment),
    column("label", Prose),
    column("asked_by", Prose),
    column("channel", Prose),
    column("aside", Boolean, default=False),
    # On PostgreSQL a hash index, see migration 0003: a label may be long. `postgresql_using` here
    # would import that dialect with its drivers for SQLite too.
    Index("ix_runs_label", "label"),
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
    # See `rows.stored_searches`; `searches` is the number that is billed.
    Column("web_searches", JSON(none_as_null=True)),
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
    unchecked_reference("prompt_id", "prompts"),
    unchecked_reference("model_id", "models"),
)

batches = Table(
    "batches",
    metadata,
    id_column(),
    Column("run_id", ForeignKey("runs.id"), nullable=False, index=True),
    reference("model_id", "models"),
    column("questions", JSON),
    column("handed_in_at", Moment),
    column("vendor_id", Prose),
    Column("ended_at", Moment),
)

# Results of the tasks that runs are divided into
results = Table(
    "results",
    metadata,
    key_reference("run_id", "runs"),
    Column("task", Prose, primary_key=True),
    column("result", JSON),
)

# Money

spend = Table(
    "spend",
    metadata,
    Column("id", LONG, primary_key=True),
    column("answer_id", LONG, index=True),
    column("at", Moment),
    column("model_id", Integer),
    column("usd", Double),
    Index("ix_spend_at_usd", "at", "usd"),
    unchecked_reference("answer_id", "answers"),
    unchecked_reference("model_id", "models"),
)

# `spend` has the cost of each answer. `accounts` has its sums by what limits are set for, so that
# a reservation takes the same time however much has been spent.
accounts = Table(
    "accounts", metadata, Column("account", Prose, primary_key=True), column("usd", Double)
)

reservations = Table(
    "holds",
    metadata,
    key_reference("run_id", "runs"),
    Column("account", Prose, primary_key=True),
    column("usd", Double),
)

# Scores and blocks

readings = Table(
    "readings",
    metadata,
    column("scorer_id", Integer, primary_key=True),
    column("answer_id", LONG, primary_key=True),
    unchecked_reference("scorer_id", "scorers"),
    unchecked_reference("answer_id", "answers"),
    sqlite_with_rowid=False,
)

# `versions` has one version a line, sorted: an edition is unique by its versions.
editions = Table(
    "editions",
    metadata,
    id_column(),
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
    unchecked_reference("answer_id", "answers"),
    unchecked_reference("scorer_id", "scorers"),
    unchecked_reference("brand_id", "brands"),
    unchecked_reference("metric_id", "metrics"),
    sqlite_with_rowid=False,
)

# Scores of 0 without quote and details, which most are: by metric the numbers of their brands, as a
# JSON object. `blocks.every_score` reads them with the others.
zeros = Table(
    "zeros",
    metadata,
    column("answer_id", LONG, primary_key=True),
    column("scorer_id", Integer, primary_key=True),
    column("brands", JSON),
    unchecked_reference("answer_id", "answers"),
    unchecked_reference("scorer_id", "scorers"),
    sqlite_with_rowid=False,
)

# `at` repeats the run's start, and the index has every column: the trend of a stream is read from
# one range of the index, however many blocks there are.
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
    unchecked_reference("run_id", "runs"),
    unchecked_reference("prompt_id", "prompts"),
    unchecked_reference("model_id", "models"),
    unchecked_reference("brand_id", "brands"),
    unchecked_reference("metric_id", "metrics"),
    unchecked_reference("scorer_id", "scorers"),
    Index(
        "ix_blocks_stream",
        *("brand_id", "model_id", "metric_id", "at"),
        *("run_id", "prompt_id", "scorer_id", "n", "total", "squares"),
    ),
)


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
