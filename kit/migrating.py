"""Bringing the database to the newest schema."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from kit.db import engine, migrations_folder


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(migrations_folder()))
    return made


def upgrade() -> None:
    """Run what is missing. Safe to call from several processes at once."""
    with engine().connect() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")


def check() -> None:
    """Raise if the mapped classes say something else than the migrations."""
    with engine().connect() as connection:
        made = config()
        made.attributes["connection"] = connection
        command.check(made)


def is_newest() -> bool:
    """Whether the database is on the schema of this version."""
    with engine().connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory.from_config(config()).get_current_head()
