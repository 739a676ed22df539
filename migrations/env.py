"""How Alembic reaches the database: the connection it is handed, or the one that the settings name."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, Text, create_engine, text
from sqlalchemy.pool import NullPool

from domain.tables import Base
from domain.tables.base import Word
from kit.db import database_url


def render_item(kind: str, item: Any, _autogen: AutogenContext) -> str | Literal[False]:
    """A Word is text to the database; a migration does not import the domain."""
    return "sa.Text()" if kind == "type" and isinstance(item, Word) else False


def compare_type(
    _context: object, _inspected: object, _column: object, inspected_type: object, wanted: object
) -> bool | None:
    return False if isinstance(wanted, Word) and isinstance(inspected_type, Text) else None


def run(connection: Connection) -> None:
    # A migration that waits for a lock makes everybody behind it wait as well: it gives up soon and is run again.
    connection.execute(text("set lock_timeout = '5s'"))
    connection.commit()
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_item=render_item, compare_type=compare_type
    )
    with context.begin_transaction():
        # Two releases at once: one migrates, the other finds nothing left to do.
        connection.execute(text("select pg_advisory_xact_lock(4915206001)"))
        context.run_migrations()


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    run(given)
else:
    engine = create_engine(database_url(), poolclass=NullPool)
    with engine.connect() as own:
        run(own)
    engine.dispose()
