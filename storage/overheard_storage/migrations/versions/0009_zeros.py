"""Scores of 0 without quote and details are kept together."""

import sqlalchemy as sa
from alembic import op

from overheard_storage.column_types import LONG, column, unchecked_reference

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table that processes of the revision before leave empty; stored scores stay."""
    op.create_table(
        "zeros",
        column("answer_id", LONG, primary_key=True),
        column("scorer_id", sa.Integer, primary_key=True),
        column("brands", sa.JSON),
        unchecked_reference("answer_id", "answers"),
        unchecked_reference("scorer_id", "scorers"),
        sqlite_with_rowid=False,
    )
