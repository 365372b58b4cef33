"""The environment that Alembic runs for each command."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.types import TypeDecorator

from overheard_storage.column_types import made_on
from overheard_storage.tables import metadata


def plain_type(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Render our column types as SQLAlchemy's, so that migrations do not depend on our code."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    include_object=made_on(connection.dialect.name),
    target_metadata=metadata,
    render_as_batch=True,
    render_item=plain_type,
)
with context.begin_transaction():
    context.run_migrations()
