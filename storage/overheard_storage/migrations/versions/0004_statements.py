"""A shift may be a statement that is news by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that processes of the revision before leave empty."""
    op.add_column("shifts", sa.Column("statement", sa.JSON(none_as_null=True)))
