"""What was refused can be tried again, where that has a meaning."""

import pytest
from sqlalchemy import Engine

from domain.rules.refusals import ImportAgain
from domain.tables import Arrival
from domain.verbs import capturing
from handlers import capture
from handlers.jobs import reading, transaction
from kit.clock import utcnow


def test_a_refused_row_of_an_import_keeps_its_reason_and_says_that_the_file_is_imported_again(
    committed: Engine,
) -> None:
    with transaction() as session:
        source = capturing.add_source(session, "a-file", None)
        arrival, _ = capturing.keep(session, source.id, "row-1", b'{"mail": ""}', utcnow())
        capturing.refuse(arrival, "An e-mail address is needed.")
    with pytest.raises(ImportAgain):
        capture.replay(arrival.id)
    with reading() as session:
        assert session.get_one(Arrival, arrival.id).refusal == "An e-mail address is needed."


def test_there_is_nothing_to_replay_of_an_arrival_that_does_not_exist(committed: Engine) -> None:
    assert capture.replay(4711) is None
