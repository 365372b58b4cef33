"""Thresholds ship in a table of the package; the cache of computed ones had no user left."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remove a table that processes of the revision before do not read."""
    op.drop_table("thresholds")
