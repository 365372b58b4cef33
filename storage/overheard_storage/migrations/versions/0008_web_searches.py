"""What a model searched for and opened is kept with its answer."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column that processes of the revision before leave empty."""
    op.add_column("answers", sa.Column("web_searches", sa.JSON(none_as_null=True)))
