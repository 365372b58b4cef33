"""How far scorers have read; and PostgreSQL looks no number of a score up any more."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

LOOKED_UP = {
    "scores": ("answer_id", "scorer_id", "brand_id", "metric_id"),
    "readings": ("scorer_id", "answer_id"),
}


def upgrade() -> None:
    """Add a column that processes of the revision before can leave alone, and drop constraints."""
    op.add_column("scorers", sa.Column("read_to", LONG, nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":
        for table, columns in LOOKED_UP.items():
            for column in columns:
                op.drop_constraint(f"fk_{table}_{column}", table, type_="foreignkey")
