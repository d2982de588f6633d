"""What Alembic runs: it is always given an open connection (`services.agents.migrate`), never an address."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlmodel.sql.sqltypes import AutoString

from services.agents.migrations.upgrade import is_of_the_models
from services.agents.rows import Utc
from services.agents.working_tables import DRAFTS


def _render(kind: str, item: Any, _autogen: object) -> str | Literal[False]:
    """Revisions name plain SQLAlchemy types, so that an old one never depends on today's code."""
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def _run(connection: Connection) -> None:
    # SQLite cannot alter most things in place: Alembic makes a new table there and copies.
    context.configure(
        connection=connection,
        target_metadata=DRAFTS.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=_render,
        include_name=is_of_the_models,
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
