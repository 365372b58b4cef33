"""Triggers keep marks true; PostgreSQL looks up less; labels of runs have an index."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ANSWERING = 0x616E7377

LOOKED_UP = {
    "answers": ("prompt_id", "model_id"),
    "spend": ("answer_id", "model_id"),
    "blocks": ("run_id", "prompt_id", "model_id", "brand_id", "metric_id", "scorer_id"),
}

TRIGGERS = {
    "postgresql": (
        f"""
        CREATE FUNCTION await_marks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared({ANSWERING});
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER await_marks BEFORE INSERT OR UPDATE ON answers
        FOR EACH STATEMENT EXECUTE FUNCTION await_marks()
        """,
        """
        CREATE FUNCTION lower_marks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE scorers SET read_to = NEW.id - 1 WHERE read_to >= NEW.id;
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER lower_marks AFTER UPDATE ON answers
        FOR EACH ROW WHEN (OLD.finish <> NEW.finish) EXECUTE FUNCTION lower_marks()
        """,
        """
        CREATE FUNCTION reset_marks() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE scorers SET read_to = 0
            WHERE read_to > 0 AND id IN (SELECT scorer_id FROM unread);
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER reset_marks AFTER DELETE ON readings REFERENCING OLD TABLE AS unread
        FOR EACH STATEMENT EXECUTE FUNCTION reset_marks()
        """,
    ),
    "sqlite": (
        """
        CREATE TRIGGER lower_marks AFTER UPDATE OF finish ON answers WHEN OLD.finish <> NEW.finish
        BEGIN UPDATE scorers SET read_to = NEW.id - 1 WHERE read_to >= NEW.id; END
        """,
        """
        CREATE TRIGGER reset_marks AFTER DELETE ON readings
        BEGIN UPDATE scorers SET read_to = 0 WHERE id = OLD.scorer_id AND read_to > 0; END
        """,
    ),
}


def upgrade() -> None:
    """Add triggers and an index, and in PostgreSQL drop foreign keys to tables of names. Processes
    of earlier revisions can go on meanwhile.
    """
    dialect = op.get_bind().dialect.name
    for statement in TRIGGERS[dialect]:
        op.execute(statement)
    op.create_index("ix_runs_label", "runs", ["label"], postgresql_using="hash")
    if dialect == "postgresql":
        for table, columns in LOOKED_UP.items():
            for column in columns:
                op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
