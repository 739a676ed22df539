"""What contents did is measured on a real record in which the right answer is planted; nothing is recommended twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.rules.content import Item, Result
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.programmes import NurtureProgramme
from domain.rules.tiers import Tier
from domain.stats.content import kept_results, measured
from domain.tables import (
    Handoff,
    Happened,
    Lead,
    LeadEvent,
    ModelStatus,
    Recommendation,
    ScoreRow,
    ScoringModel,
    TouchRow,
)
from domain.verbs import nurturing, recommending
from domain.verbs.modelling import active_model
from tests.conftest import NOON

_numbers = count(1)
CATALOGUE = [
    Item("guide", "The guide", "https://www.example.com/guide"),
    Item("webinar", "The webinar"),
    Item("roi", "ROI"),
]


def ago(days: float) -> datetime:
    return NOON - timedelta(days=days)


def plant(
    session: Session,
    met: Mapping[str, float] | None = None,
    scores: Mapping[float, str] | None = None,
    *,
    persona: str | None = "influencer",
    qualified: float | None = None,
) -> Lead:
    """A lead with what it met and how it was scored, in days ago."""
    email = f"person{next(_numbers)}@buyer.example.com"
    attributes = {"persona": persona} if persona else {}
    lead = Lead(
        email=email, identity=email, source="website", fields={}, attributes=attributes, notes=[], captured_at=ago(99)
    )
    lead.stage, lead.tier = Stage.NURTURING, Tier.MEL
    session.add(lead)
    session.flush()
    for content, days in (met or {}).items():
        session.add(TouchRow(lead_id=lead.id, kind="content_download", occurred_at=ago(days), content=content))
    for days, tier in (scores or {}).items():
        score(session, lead, days, tier)
    if qualified is not None:
        score_id = 0
        session.add(
            Handoff(
                lead_id=lead.id, cycle=1, tier=Tier.MQL, score=60, score_id=score_id, status=HandoffStatus.QUALIFIED,
                version=1, policy={}, trace={}, became_at=ago(qualified), opened_at=ago(qualified), qualified_at=ago(qualified),
            )
        )  # fmt: skip
    session.flush()
    return lead


def score(
    session: Session, lead: Lead, days: float, tier: str, *, acted: bool = True, model_id: int | None = None
) -> None:
    model_id = model_id or active_model(session)[0].id
    numbers = {"total": 50, "fit": 50, "intent": 0, "negative": 0}
    row = ScoreRow(
        lead_id=lead.id, model_id=model_id, as_of=ago(days), tier=Tier(tier), ledger=[], acted=acted, **numbers
    )
    session.add(row)
    session.flush()


def found(session: Session) -> dict[tuple[str, str, str], tuple[int, int]]:
    return {(one.content, one.tier.value, one.persona): (one.seen, one.moved) for one in measured(session, NOON)}


def test_leads_that_rose_a_tier_within_thirty_days_were_moved(session: Session) -> None:
    plant(session, {"guide": 60}, {70: "mel", 40: "mql"})
    plant(session, {"guide": 60}, {70: "mel", 29: "mql"})  # one day too late
    plant(session, {"guide": 60}, {70: "mel", 40: "mel"})
    plant(session, {"guide": 60}, {70: "mel", 40: "cold"})
    plant(session, {"guide": 60}, {70: "cold", 40: "mel", 35: "cold"})
    assert found(session) == {("guide", "mel", "influencer"): (4, 1), ("guide", "cold", "influencer"): (1, 1)}


def test_leads_that_became_sql_within_thirty_days_were_moved(session: Session) -> None:
    plant(session, {"guide": 60}, {70: "hql"}, qualified=31)
    plant(session, {"guide": 60}, {70: "hql"}, qualified=29)
    plant(session, {"guide": 60}, {70: "hql"}, qualified=61)
    assert found(session) == {("guide", "hql", "influencer"): (3, 1)}


def test_a_meeting_counts_once_it_is_thirty_days_old_and_only_the_first(session: Session) -> None:
    lead = plant(session, {"guide": 29.9}, {70: "mel", 20: "mql"})
    assert found(session) == {}
    session.add(TouchRow(lead_id=lead.id, kind="page_view", occurred_at=ago(65), content="guide"))
    session.flush()
    assert found(session) == {("guide", "mel", "influencer"): (1, 0)}  # since the first meeting it rose after 45 days


def test_who_came_in_with_a_content_counts_from_the_tier_of_the_first_score(session: Session) -> None:
    plant(session, {"guide": 60}, {59.9: "mql", 50: "mql"})
    plant(session, {"guide": 60}, {59.9: "mel", 50: "mql"})
    assert found(session) == {("guide", "mql", "influencer"): (1, 0), ("guide", "mel", "influencer"): (1, 1)}


def test_of_leads_that_were_not_scored_within_the_time_nothing_is_known(session: Session) -> None:
    plant(session, {"guide": 60}, {2: "mql"})  # history that was imported two days ago
    plant(session, {"guide": 60})
    assert found(session) == {}


def test_a_rise_that_another_model_or_a_shadow_gave_moved_nobody(session: Session) -> None:
    other = ScoringModel(name="other", version=1, status=ModelStatus.DRAFT, toml="")
    session.add(other)
    session.flush()
    score(session, plant(session, {"guide": 60}, {70: "mel"}), 40, "mql", model_id=other.id)
    score(session, plant(session, {"guide": 60}, {70: "mel"}), 40, "mql", acted=False)
    assert found(session) == {("guide", "mel", "influencer"): (2, 0)}


def test_personas_are_told_apart_and_who_has_none_is_counted_as_well(session: Session) -> None:
    plant(session, {"guide": 60, "roi": 50}, {70: "mel", 45: "mql"}, persona="decision_maker")
    plant(session, {"guide": 60}, {70: "mel"}, persona=None)
    assert found(session) == {
        ("guide", "mel", "decision_maker"): (1, 1),
        ("roi", "mel", "decision_maker"): (1, 1),
        ("guide", "mel", ""): (1, 0),
    }


def test_what_is_measured_part_by_part_adds_up(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        plant(session, {"guide": 60}, {70.0: "mel", 50.0: "mql" if number < 2 else "mel"})
    whole, parts = found(session), list[None]()
    monkeypatch.setattr("domain.stats.content.AT_ONCE", 2)
    assert measured(session, NOON, lambda: parts.append(None)) == [Result("guide", Tier.MEL, "influencer", 5, 2)]
    assert whole == {("guide", "mel", "influencer"): (5, 2)}
    assert len(parts) >= 2


def test_measuring_again_puts_the_new_figures_in_the_place_of_the_old(session: Session) -> None:
    plant(session, {"guide": 60, "gone": 60}, {70: "mel"})
    recommending.keep_measured(session, measured(session, NOON), NOON)
    assert len(kept_results(session)) == 2
    session.execute(delete(TouchRow).where(TouchRow.content == "gone"))
    recommending.keep_measured(session, measured(session, NOON), NOON)
    (only,) = kept_results(session)
    assert (only.content, only.tier, only.seen) == ("guide", Tier.MEL, 1)
    assert kept_results(session, Tier.COLD) == []


@pytest.fixture
def with_results(session: Session) -> Session:
    """Of the MELs that met the guide 4 of 10 rose, of the webinar 8, of the ROI none, of what is in no catalogue all."""
    recommending.set_catalogue(session, CATALOGUE, NOON)
    for content, rose in (("guide", 4), ("webinar", 8), ("roi", 0), ("unlisted", 10)):
        for number in range(10):
            plant(session, {content: 60}, {70.0: "mel"} | ({50.0: "mql"} if number < rose else {}))
    recommending.keep_measured(session, measured(session, NOON), NOON)
    return session


def test_what_moved_most_is_recommended_and_what_is_not_in_the_catalogue_never(with_results: Session) -> None:
    lead = plant(with_results)
    made = recommending.recommend(with_results, lead, NOON)
    assert made is not None
    assert made.content == "webinar"
    said = recommending.advice(with_results, lead, NOON)
    assert said is not None
    assert (said.item, said.at) == (CATALOGUE[1], NOON)
    assert said.why.startswith("8 of 10 MEL leads that met it moved up within 30 days")
    best = recommending.best_of(with_results, Tier.MEL)
    assert best is not None
    assert best.item.key == "webinar"


def test_a_recommendation_stands_until_it_is_followed_and_none_comes_twice(with_results: Session) -> None:
    lead = plant(with_results)
    had = []
    for day in range(4):
        now = NOON + timedelta(days=day)
        made = recommending.recommend(with_results, lead, now)
        again = recommending.recommend(with_results, lead, now + timedelta(hours=1))
        assert (made and made.id) == (again and again.id)
        had.append(made and made.content)
        if made:
            with_results.add(TouchRow(lead_id=lead.id, kind="x", occurred_at=now, content=made.content))
            with_results.flush()
    assert sorted(had[:3], key=str) == ["guide", "roi", "webinar"]
    assert had[3] is None
    assert recommending.standing(with_results, [lead.id]) == {lead.id: None}


def test_what_nobody_follows_makes_room_after_thirty_days(with_results: Session) -> None:
    lead = plant(with_results)
    first = recommending.recommend(with_results, lead, NOON)
    same = recommending.recommend(with_results, lead, NOON + timedelta(days=29))
    other = recommending.recommend(with_results, lead, NOON + timedelta(days=30))
    assert first is not None
    assert other is not None
    assert same == first
    assert other.content != first.content


def test_what_was_met_before_is_not_recommended(with_results: Session) -> None:
    lead = plant(with_results, {"webinar": 3, "guide": 2})
    made = recommending.recommend(with_results, lead, NOON)
    assert made is not None
    assert made.content == "roi"


def test_a_content_taken_from_the_catalogue_is_replaced(with_results: Session) -> None:
    lead = plant(with_results)
    recommending.recommend(with_results, lead, NOON)
    assert recommending.standing(with_results, [lead.id]) == {lead.id: CATALOGUE[1]}
    recommending.set_catalogue(with_results, [CATALOGUE[2]], NOON)
    assert recommending.standing(with_results, [lead.id]) == {lead.id: None}
    made = recommending.recommend(with_results, lead, NOON)
    assert made is not None
    assert made.content == "roi"
    recommending.set_catalogue(with_results, CATALOGUE, NOON)
    assert [item.key for item in recommending.catalogue(with_results)] == ["guide", "webinar", "roi"]


def test_who_unsubscribed_is_recommended_nothing(with_results: Session) -> None:
    lead = plant(with_results)
    lead.attributes = {"unsubscribed": True}
    assert recommending.recommend(with_results, lead, NOON) is None
    assert recommending.advice(with_results, lead, NOON) is None


def test_advice_changes_nothing(with_results: Session) -> None:
    lead = plant(with_results)
    said = recommending.advice(with_results, lead, NOON)
    assert said is not None
    assert (said.item.key, said.at) == ("webinar", None)
    assert with_results.scalars(select(Recommendation)).all() == []


def test_the_programmes_contents_come_first(with_results: Session) -> None:
    nurturing.set_programmes(with_results, [NurtureProgramme("Guided", contents=["guide"])], NOON)
    lead = plant(with_results)
    nurturing.look_after(with_results, lead, NOON)
    event = with_results.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.CONTENT_RECOMMENDED)).one()
    assert event.data == {"content": "guide", "why": "measured"}
