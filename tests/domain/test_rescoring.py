"""All leads scored anew: as sets, and yet with the same outcome as one by one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.refusals import NotRescoring
from domain.rules.scoring import default_model_toml
from domain.rules.tiers import Tier
from domain.tables import Handoff, Happened, Lead, LeadEvent, Rescoring, ScoreRow, SystemLink
from domain.verbs import modelling, nurturing, rescoring
from domain.verbs.record import locked_lead
from domain.verbs.rescoring_batch import Progress, score_batch
from domain.verbs.scoring import score_lead
from handlers.jobs import transaction
from tests.conftest import NOON
from tests.domain.making import MQL, Team, events, make_lead, make_offer, take

LATER = NOON + timedelta(hours=1)
GENEROUS = default_model_toml().replace('name = "default"', 'name = "generous"').replace("mql = 60", "mql = 45")
"""A lead that only looked at a page is an MQL in it, if it is a director."""
LOOKED = ("page_view",)


def nurtured(session: Session, email: str, kinds: tuple[str, ...] = LOOKED) -> Lead:
    lead = make_lead(session, kinds, email)
    nurturing.enrol(session, lead.id, NOON)
    session.flush()
    return lead


def run(session: Session, at_once: int = 500, now: datetime = LATER) -> Rescoring:
    """The rescoring that is under way, to its end."""
    row = rescoring.unfinished(session)
    assert row is not None
    for _ in range(100):
        if not score_batch(session, row.id, now, at_once).goes_on:
            session.flush()
            session.expire_all()
            return row
    raise AssertionError("it does not end")


def scores(session: Session, model_id: int) -> dict[int, list[int]]:
    """The totals that a model gave, by lead."""
    rows = session.execute(
        select(ScoreRow.lead_id, ScoreRow.total).where(ScoreRow.model_id == model_id).order_by(ScoreRow.id)
    )
    found: dict[int, list[int]] = {}
    for lead_id, total in rows:
        found.setdefault(lead_id, []).append(total)
    return found


@pytest.mark.parametrize("at_once", [1, 2, 500])
def test_every_lead_is_scored_once_by_a_model_that_becomes_the_active_one(session: Session, at_once: int) -> None:
    leads = [nurtured(session, f"kim{n}@buyer.example.com") for n in range(3)]
    model = modelling.import_model(session, GENEROUS, LATER)
    done = run(session, at_once)
    assert {lead_id: len(totals) for lead_id, totals in scores(session, model.id).items()} == {
        lead.id: 1 for lead in leads
    }
    assert (done.total, done.done, done.moved, done.finished_at) == (3, 3, 3, LATER)


def everything_of(session: Session, lead: Lead) -> tuple[object, ...]:
    session.refresh(lead)
    row = session.get_one(ScoreRow, lead.score_id)
    assert (row.total, row.tier, row.acted) == (lead.score, lead.tier, True)
    words = (lead.score, lead.fit, lead.intent, lead.negative, lead.tier, lead.stage, lead.scored_at, lead.recheck_at)
    times = (lead.became_sales_ready_at, lead.tier_since)
    return *words, *times, row.ledger, row.as_of, row.disqualified_by


@pytest.mark.parametrize("toml", [GENEROUS, default_model_toml().replace("mql = 60", "mql = 65")])
def test_a_batch_leaves_a_lead_as_the_live_road_would(session: Session, team: Team, toml: str) -> None:
    def people(word: str) -> list[Lead]:
        cold = nurtured(session, f"cold-{word}@buyer.example.com")
        ready = make_lead(session, MQL, f"ready-{word}@buyer.example.com")
        resting = nurtured(session, f"resting-{word}@buyer.example.com", MQL)
        resting.rests_until = LATER + timedelta(days=10)
        offered = session.get_one(Lead, make_offer(session, MQL, f"offered-{word}@buyer.example.com").lead_id)
        return [cold, ready, resting, offered]

    in_batch, one_by_one = people("a"), people("b")
    modelling.import_model(session, toml, LATER)
    before = session.scalar(select(func.max(LeadEvent.id)))
    for lead in one_by_one:
        score_lead(session, lead.id, LATER)
    run(session)
    for ours, theirs in zip(in_batch, one_by_one, strict=True):
        assert everything_of(session, ours) == everything_of(session, theirs)
        assert _ways(session, ours, before) == _ways(session, theirs, before)


def _ways(session: Session, lead: Lead, after: int | None) -> list[Happened]:
    """What happened to it, but for the mere new numbers, which a batch writes no event of."""
    kinds = session.scalars(
        select(LeadEvent.kind).where(LeadEvent.lead_id == lead.id, LeadEvent.id > (after or 0)).order_by(LeadEvent.id)
    )
    return [kind for kind in kinds if kind is not Happened.LEAD_RESCORED]


def test_a_lead_that_crosses_the_threshold_goes_to_sales_behind_live_leads(session: Session) -> None:
    lead = nurtured(session, "kim@buyer.example.com")
    modelling.import_model(session, GENEROUS, LATER)
    run(session)
    session.refresh(lead)
    assert (lead.tier, lead.became_sales_ready_at, lead.bulk) == (Tier.MQL, LATER, True)
    last = session.scalars(select(LeadEvent).where(LeadEvent.lead_id == lead.id).order_by(LeadEvent.id.desc())).first()
    assert last is not None
    assert (last.kind, last.data["bulk"]) == (Happened.LEAD_TO_SDR, True)


def test_an_offer_to_an_sdr_goes_to_an_ae_when_the_new_model_says_hql(session: Session, team: Team) -> None:
    handoff = make_offer(session, MQL)
    hot = default_model_toml().replace("hql = 80", "hql = 70")
    modelling.import_model(session, hot, LATER)
    run(session)
    assert session.get_one(Handoff, handoff.id).status is HandoffStatus.WITHDRAWN
    assert events(session, handoff.lead_id)[-1] is Happened.LEAD_TO_AE


def test_marketing_hears_only_of_the_leads_whose_numbers_changed(session: Session) -> None:
    looked = nurtured(session, "looked@buyer.example.com")
    clicked = nurtured(session, "clicked@buyer.example.com", ("email_click",))
    before = {link.lead_id: link.dirty for link in session.scalars(select(SystemLink))}
    less = default_model_toml().replace("points = 3\nhalf_life_days = 14", "points = 2\nhalf_life_days = 14")
    modelling.import_model(session, less, NOON)
    run(session, now=NOON)
    session.expire_all()
    after = {link.lead_id: link.dirty for link in session.scalars(select(SystemLink))}
    assert after[clicked.id] > before[clicked.id]
    assert after[looked.id] == before[looked.id]


def test_a_lead_that_was_scored_by_the_new_model_meanwhile_is_left_alone(session: Session) -> None:
    first, second = nurtured(session, "a@buyer.example.com"), nurtured(session, "b@buyer.example.com")
    model = modelling.import_model(session, GENEROUS, LATER)
    score_lead(session, second.id, LATER)
    done = run(session)
    assert {lead_id: len(totals) for lead_id, totals in scores(session, model.id).items()} == {
        first.id: 1,
        second.id: 1,
    }
    assert (done.total, done.done) == (2, 1)


def test_who_is_gone_and_who_was_never_scored_is_not_scored(session: Session) -> None:
    erased = nurtured(session, "gone@buyer.example.com")
    erased.stage = Stage.ERASED
    unscored = take(session, "new@buyer.example.com")
    model = modelling.import_model(session, GENEROUS, LATER)
    assert rescoring.start(session, model.id, LATER) is None
    assert unscored.score is None
    assert scores(session, model.id) == {}


def test_a_worker_whose_clock_is_behind_scores_no_lead_twice(session: Session) -> None:
    lead = nurtured(session, "kim@buyer.example.com")
    model = modelling.import_model(session, GENEROUS, LATER)
    run(session, now=LATER - timedelta(minutes=5))
    assert len(scores(session, model.id)[lead.id]) == 1
    session.refresh(lead)
    assert lead.scored_at == LATER


def test_a_newer_rescoring_takes_the_place_of_an_unfinished_one(session: Session) -> None:
    for n in range(3):
        nurtured(session, f"kim{n}@buyer.example.com")
    modelling.import_model(session, GENEROUS, LATER)
    older = rescoring.unfinished(session)
    assert older is not None
    score_batch(session, older.id, LATER, 1)
    newer_model = modelling.import_model(session, default_model_toml().replace("mql = 60", "mql = 65"), LATER)
    newer = run(session)
    assert score_batch(session, older.id, LATER) == Progress(goes_on=False)
    assert (older.done, older.cancelled_at, older.finished_at) == (1, LATER, None)
    assert (newer.model_id, newer.done) == (newer_model.id, 3)


def test_one_that_is_cancelled_stops_and_what_is_scored_stays_so(session: Session) -> None:
    leads = [nurtured(session, f"kim{n}@buyer.example.com") for n in range(3)]
    model = modelling.import_model(session, GENEROUS, LATER)
    row = rescoring.unfinished(session)
    assert row is not None
    score_batch(session, row.id, LATER, 2)
    assert rescoring.cancel(session, LATER).id == row.id
    assert score_batch(session, row.id, LATER) == Progress(goes_on=False)
    assert set(scores(session, model.id)) == {lead.id for lead in leads[:2]}
    with pytest.raises(NotRescoring):
        rescoring.cancel(session, LATER)


def test_models_in_shadow_score_every_lead_as_well_and_nothing_follows(session: Session) -> None:
    lead = nurtured(session, "kim@buyer.example.com")
    shadow, _ = modelling.draft(session, GENEROUS, LATER)
    modelling.start_shadow(session, shadow, LATER)
    active, _ = modelling.active_model(session)
    rescoring.start(session, active.id, LATER)
    run(session)
    rows = session.scalars(select(ScoreRow).where(ScoreRow.as_of == LATER).order_by(ScoreRow.id)).all()
    assert [(row.model_id, row.tier, row.acted) for row in rows] == [
        (active.id, Tier.MEL, True),
        (shadow.id, Tier.MQL, False),
    ]
    session.refresh(lead)
    assert (lead.score_id, lead.tier, lead.stage) == (rows[0].id, Tier.MEL, Stage.NURTURING)


def test_a_lead_that_somebody_holds_is_passed_over_and_scored_in_the_end(committed: Engine) -> None:
    with transaction() as session:
        leads = [nurtured(session, f"kim{n}@buyer.example.com").id for n in range(3)]
        model = modelling.import_model(session, GENEROUS, LATER)
        row = rescoring.unfinished(session)
        assert row is not None

    def batch() -> Progress:
        with transaction() as session:
            return score_batch(session, row.id, LATER, 2)

    with Session(committed) as held, held.begin():
        locked_lead(held, leads[1])
        first, back, waits = batch(), batch(), batch()
        with Session(committed) as reading:
            assert set(scores(reading, model.id)) == {leads[0], leads[2]}
    assert (first, back, waits) == (Progress(True), Progress(True), Progress(True, wait=True))
    assert [batch(), batch(), batch()] == [Progress(True), Progress(True), Progress(False)]
    with Session(committed) as reading:
        assert {one: len(totals) for one, totals in scores(reading, model.id).items()} == dict.fromkeys(leads, 1)
        assert rescoring.unfinished(reading) is None
