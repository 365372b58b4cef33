"""Shifts say how often chance would show as much in a year; their probability is not written."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that processes of the revisions before need not know of."""
    op.add_column("shifts", sa.Column("chance_a_year", sa.Double(), nullable=True))
