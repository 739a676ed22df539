"""A model's life: a draft that changes nothing, a shadow from which nothing follows, one that is in force, and the way back."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain.rules.refusals import NoSuchModel, NoSuchMove
from domain.rules.refusals_proposals import NoFormerModel, TooManyInShadow
from domain.rules.scoring import ModelError, default_model_toml
from domain.rules.tiers import Tier
from domain.stats.shadow import beside
from domain.tables import Happened, JobRow, LeadEvent, ModelStatus, Rescoring, ScoreRow, ScoringModel
from domain.verbs import modelling, rescoring
from domain.verbs.scoring import score_lead
from handlers.jobs import transaction
from handlers.sending import Job
from tests.conftest import NOON
from tests.domain.making import MQL, events, make_lead

LATER = NOON + timedelta(hours=1)
DEFAULT = default_model_toml()
STRICT = DEFAULT.replace("mql = 60", "mql = 65")
KIND = DEFAULT.replace("mql = 60", "mql = 55")


def named(toml: str, name: str) -> str:
    return toml.replace('name = "default"', f'name = "{name}"')


def status(session: Session, row: ScoringModel) -> ModelStatus:
    session.flush()
    session.refresh(row)
    return row.status


def test_a_draft_changes_nothing_about_the_model_in_force(session: Session) -> None:
    before, _ = modelling.active_model(session)
    row, new = modelling.draft(session, STRICT, LATER)
    assert (row.name, row.version, row.status, new) == ("default", before.version + 1, ModelStatus.DRAFT, True)
    assert modelling.active_model(session)[0] is before
    assert events(session)[-1] is Happened.MODEL_IMPORTED


def test_the_same_text_is_kept_once(session: Session) -> None:
    first, _ = modelling.draft(session, STRICT, LATER)
    modelling.draft(session, KIND, LATER)
    again, new = modelling.draft(session, STRICT, LATER)
    assert (again.id, new) == (first.id, False)


def test_a_model_with_a_mistake_is_not_kept(session: Session) -> None:
    count = session.scalar(select(func.count(ScoringModel.id)))
    with pytest.raises(ModelError, match="thresholds"):
        modelling.draft(session, DEFAULT.replace("mql = 60", "mql = 20"), LATER)
    assert session.scalar(select(func.count(ScoringModel.id))) == count


def test_one_model_is_in_force_and_the_former_is_retired(session: Session) -> None:
    before, _ = modelling.active_model(session)
    row, _ = modelling.draft(session, STRICT, LATER)
    modelling.activate(session, row, LATER)
    assert (status(session, before), status(session, row), row.activated_at) == (
        ModelStatus.RETIRED,
        ModelStatus.ACTIVE,
        LATER,
    )
    event = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.MODEL_ACTIVATED)).all()[-1]
    assert event.data == {"model_id": row.id, "before": before.id}


def test_to_put_the_model_in_force_in_force_changes_nothing(session: Session) -> None:
    row, _ = modelling.active_model(session)
    before = len(events(session))
    modelling.activate(session, row, LATER)
    assert len(events(session)) == before


def test_the_way_back_leads_to_the_one_before_and_forth_again(session: Session) -> None:
    first, _ = modelling.active_model(session)
    second = modelling.import_model(session, STRICT, LATER)
    third = modelling.import_model(session, KIND, LATER)
    assert modelling.activated_before(session).id == second.id
    modelling.activate(session, second, LATER)
    assert modelling.activated_before(session).id == third.id
    assert status(session, first) is ModelStatus.RETIRED


def test_without_a_former_model_there_is_no_way_back(session: Session) -> None:
    with pytest.raises(NoFormerModel):
        modelling.activated_before(session)


def test_a_model_is_found_by_its_name_its_version_or_as_the_one_in_force(session: Session) -> None:
    active, _ = modelling.active_model(session)
    newest, _ = modelling.draft(session, STRICT, LATER)
    assert modelling.find_model(session, "active") is active
    assert modelling.find_model(session, "default") is newest
    assert modelling.find_model(session, f"default@{active.version}") is active


@pytest.mark.parametrize(
    "word", ["", "nobody", "default@", "default@0", "@1", "default@99999999999999999999", "default@²"]
)
def test_a_model_that_is_not_there_is_not_found(session: Session, word: str) -> None:
    with pytest.raises(NoSuchModel):
        modelling.find_model(session, word)


def test_what_scores_in_shadow_keeps_its_scores_and_nothing_follows(session: Session) -> None:
    row, _ = modelling.draft(session, STRICT.replace("mql = 65", "mql = 79"), LATER)
    modelling.start_shadow(session, row, LATER)
    lead = make_lead(session, MQL)
    kept = session.scalars(select(ScoreRow).where(ScoreRow.lead_id == lead.id).order_by(ScoreRow.acted)).all()
    assert [(one.model_id == row.id, one.acted, one.tier) for one in kept] == [
        (True, False, Tier.MEL),
        (False, True, Tier.MQL),
    ]
    assert (lead.tier, lead.score_id) == (Tier.MQL, kept[1].id)
    assert Happened.LEAD_TO_NURTURE not in events(session, lead)


def test_no_more_than_three_models_are_in_shadow(session: Session) -> None:
    rows = [modelling.draft(session, named(DEFAULT, f"try-{n}"), LATER)[0] for n in range(4)]
    for row in rows[:3]:
        modelling.start_shadow(session, row, LATER)
        modelling.start_shadow(session, row, LATER)
    with pytest.raises(TooManyInShadow) as refusal:
        modelling.start_shadow(session, rows[3], LATER)
    assert "There are 3 models in shadow already" in refusal.value.sentence({})
    modelling.end_shadow(session, rows[0], LATER)
    modelling.start_shadow(session, rows[3], LATER)
    assert [status(session, row).value for row in rows] == ["draft", "shadow", "shadow", "shadow"]


def test_the_model_in_force_is_not_put_in_shadow_and_no_draft_is_taken_out_of_it(session: Session) -> None:
    active, _ = modelling.active_model(session)
    draft, _ = modelling.draft(session, STRICT, LATER)
    with pytest.raises(NoSuchMove):
        modelling.start_shadow(session, active, LATER)
    with pytest.raises(NoSuchMove):
        modelling.end_shadow(session, draft, LATER)


def test_beside_each_other_two_models_are_compared_by_the_same_leads_at_the_same_moment(session: Session) -> None:
    active, model = modelling.active_model(session)
    alone = make_lead(session, MQL, "alone@buyer.example.com")
    row, _ = modelling.draft(
        session, STRICT.replace("mql = 65", "mql = 79").replace("points = 32", "points = 30"), NOON
    )
    modelling.start_shadow(session, row, NOON)
    asked = make_lead(session, MQL, "asked@buyer.example.com")
    looked = make_lead(session, ("page_view",), "looked@buyer.example.com")
    score_lead(session, looked.id, LATER)
    session.flush()
    found = beside(session, (active.id, model), (row.id, modelling.parsed(row)), NOON - timedelta(days=30))
    assert (found.leads, found.moved) == (2, 1)
    assert found.moves == {(Tier.MQL, Tier.MEL): 1, (Tier.MEL, Tier.MEL): 1}
    assert [(one.lead_id, one.email, one.change) for one in found.biggest] == [(asked.id, asked.email, -2)]
    assert found.mean_change == -1
    assert alone.id not in {one.lead_id for one in found.biggest}


def test_beside_each_other_without_scores_is_nothing_and_not_zero(session: Session) -> None:
    active, model = modelling.active_model(session)
    row, _ = modelling.draft(session, STRICT, NOON)
    found = beside(session, (active.id, model), (row.id, modelling.parsed(row)), NOON)
    assert (found.leads, found.moved, found.mean_change, found.biggest) == (0, 0, None, ())


def test_to_put_a_model_in_force_begins_to_score_all_leads_anew(committed: Engine) -> None:
    with transaction() as session:
        make_lead(session)
    with transaction() as session:
        row = modelling.import_model(session, STRICT, LATER)
    with Session(committed) as reading:
        begun = reading.scalars(select(Rescoring)).one()
        assert (begun.model_id, begun.total, begun.as_of) == (row.id, 1, LATER)
        job = reading.scalars(select(JobRow).where(JobRow.name == Job.RESCORE)).one()
        assert (job.args, job.key, job.lane) == ({"rescoring_id": begun.id}, str(begun.id), "rescore")


def test_without_leads_there_is_nothing_to_score_anew(session: Session) -> None:
    modelling.import_model(session, STRICT, LATER)
    assert rescoring.unfinished(session) is None
