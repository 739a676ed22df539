"""The way between two schemas, walked with data: up with what the first one held, and back with what the second one knows."""

from collections.abc import Callable, Iterator

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text

from kit import migrating

NAME = "walked"


@pytest.fixture
def walked(migrated: Engine) -> Iterator[Connection]:
    """A database of its own, beside the one of the other tests."""
    with migrated.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
        server.execute(text(f"create database {NAME}"))
        engine = create_engine(migrated.url.set(database=NAME))
        with engine.connect() as connection:
            yield connection
        engine.dispose()
        server.execute(text(f"drop database {NAME}"))


def go(connection: Connection, way: Callable[[Config, str], None], to: str) -> None:
    config = migrating.config()
    config.attributes["connection"] = connection
    way(config, to)


def of_leads(connection: Connection, columns: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(f"select {columns} from leads order by id"))]  # noqa: S608  (our own)


def test_leads_touches_and_companies_come_up_with_all_that_they_had(walked: Connection) -> None:
    fill_the_first_schema(walked)
    go(walked, command.upgrade, "0002")
    assert of_leads(walked, "email, identity, company_id") == [
        ("kim+a@sample-company.com", "kim+a@sample-company.com", 1),
        ("kim@sample-company.com", "kim@sample-company.com", 1),
    ]
    heard = "select recorded_at = received_at from touches join arrivals on arrivals.id = arrival_id"
    assert walked.scalars(text(heard)).all() == [True]
    assert walked.scalar(text("select attributes ->> 'country' from lead_attributes where lead_id = 1")) == "DE"


def test_the_way_back_is_open_after_companies_without_a_domain_and_merges(walked: Connection) -> None:
    fill_the_first_schema(walked)
    go(walked, command.upgrade, "0002")
    walked.execute(text("insert into companies (name, name_key, country) values ('Sample', 'sample', 'DE')"))
    walked.execute(text("update leads set company_id = 2 where id = 2"))
    walked.execute(text("update leads set stage = 'merged', merged_into = 2 where id = 1"))
    walked.commit()
    go(walked, command.downgrade, "0001")
    assert of_leads(walked, "stage, company_id") == [("erased", 1), ("captured", None)]
    go(walked, command.upgrade, "0002")
    assert of_leads(walked, "stage, merged_into") == [("erased", None), ("captured", None)]


def fill_the_first_schema(connection: Connection) -> None:
    go(connection, command.upgrade, "0001")
    for statement in (
        "insert into companies (domain, name) values ('sample-company.com', 'Sample')",
        "insert into capture_sources (name) values ('website')",
        """insert into arrivals (source_id, delivery_key, body, body_hash, state, received_at)
        values (1, 'one', '', '', 'taken', now() - interval '2 days')""",
        """insert into leads (email, source, fields, attributes, notes, captured_at, company_id)
        select email, 'website', '{}', '{"country": "DE"}', '[]', now(), 1
        from unnest(array['kim+a@sample-company.com', 'kim@sample-company.com']) email""",
        "insert into touches (lead_id, arrival_id, kind, occurred_at) values (1, 1, 'webinar', now())",
    ):
        connection.execute(text(statement))
    connection.commit()
