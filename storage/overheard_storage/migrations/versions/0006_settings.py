"""What people decide in a chat: rights, routes, digests, names of models, budgets."""

import sqlalchemy as sa
from alembic import op

from overheard_storage.column_types import Moment, Prose

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table that processes of the revisions before need not know of."""
    op.create_table(
        "settings",
        sa.Column("name", Prose, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("who", Prose, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )
