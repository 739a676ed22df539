"""A deal that is won has its credits frozen by the job that follows; Markov and Shapley are learnt when there is enough."""

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain.rules.attribution import LEARNT, AttributionModel
from domain.tables import AttributionFit, Credit, CreditRun, Opportunity
from domain.verbs import practices
from handlers import upkeep
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.conftest import NOON
from tests.domain.making_deals import say, touch, win
from tests.handlers.making import clear_jobs, jobs, work_off


def current(session: Session) -> list[tuple[int, int]]:
    runs = select(CreditRun.version, CreditRun.value).where(CreditRun.superseded_at.is_(None))
    return [(version, value) for version, value in session.execute(runs)]


def test_what_becomes_of_a_deal_is_frozen_as_it_happens(committed: Engine) -> None:
    with transaction() as session:
        touch(session, 0, "fair")
        win(session, 30)
    work_off(Job.FREEZE_CREDITS)
    with transaction() as session:
        assert current(session) == [(1, 100_000)]
        win(session, 40, 150_000)
    work_off(Job.FREEZE_CREDITS)
    with transaction() as session:
        assert current(session) == [(2, 150_000)]
        say(session, "Closed Lost", 50)
    work_off(Job.FREEZE_CREDITS)
    with reading() as session:
        assert current(session) == []
        assert session.scalar(select(func.count()).select_from(Opportunity)) == 1


def test_once_there_are_enough_deals_all_journeys_are_learnt_of_once_a_day(committed: Engine) -> None:
    day = (utcnow() - NOON).days - 10
    with transaction() as session:
        practices.put_in_force(session, "[learnt]\ndeals = 2\nnew_deals = 1\nquiet_days = 1", NOON)
        for name, channel in (("a", "fair"), ("b", "ads"), ("c", "ads")):
            person = {"company": f"{name} GmbH"}
            touch(session, day, channel, email=f"kim@{name}.example.com", person=person)
            touch(session, day + 1, "seo", email=f"kim@{name}.example.com", person=person)
        win(session, day + 2, key="006A", email="kim@a.example.com")
        win(session, day + 3, key="006B", email="kim@b.example.com")
    work_off(Job.FREEZE_CREDITS)
    clear_jobs()
    upkeep.round_of()
    upkeep.round_of()
    assert [job.name for job in jobs()].count(Job.FIT_ATTRIBUTION) == 1
    work_off(Job.FIT_ATTRIBUTION)
    with transaction() as session:
        fits = {fit.model: fit for fit in session.scalars(select(AttributionFit))}
        assert fits.keys() == LEARNT
        markov = fits[AttributionModel.MARKOV]
        assert (markov.won, markov.journeys, markov.data["order"]) == (2, 3, 1)
        # Both deals came by the web.
        assert markov.data["effects"]["seo"] == 1
        touch(session, day + 4, "seo", email="kim@d.example.com", person={"company": "d GmbH"})
        win(session, day + 5, key="006D", email="kim@d.example.com")
    work_off(Job.FREEZE_CREDITS)
    with reading() as session:
        learnt = select(Credit.model, Credit.fit_id).where(Credit.model.in_(LEARNT)).order_by(Credit.model)
        assert [tuple(row) for row in session.execute(learnt)] == [(model, fits[model].id) for model in sorted(LEARNT)]
    upkeep.round_of()
    assert not [job for job in jobs() if job.name == Job.FIT_ATTRIBUTION]
