"""Bringing the database to the newest schema."""

from alembic import command
from alembic.config import Config

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
