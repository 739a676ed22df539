import pytest
from sqlalchemy.orm import Session

from tests.domain.making import Team, make_team


@pytest.fixture
def team(session: Session) -> Team:
    return make_team(session)
