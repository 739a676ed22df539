"""Two leads that are one person: nothing is lost, one handoff goes on, and what is taken back is as it was."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Session

from domain import cards, finding
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.preferences import Alert
from domain.rules.refusals import CannotMerge, CannotUnmerge, NotFound
from domain.rules.tiers import Tier
from domain.tables import (
    Arrival,
    Base,
    Handoff,
    Happened,
    Lead,
    LeadEvent,
    LeadMerge,
    Notice,
    ProfileRow,
    Rep,
    SlaClock,
    TouchRow,
)
from domain.verbs import deciding
from domain.verbs.capturing import Delivery, receive
from domain.verbs.enriching import Said
from domain.verbs.merging import merge_leads, unmerge
from domain.verbs.offering import hand_over
from domain.verbs.scoring import facts_at, score_lead
from domain.verbs.selling import Word, hear
from domain.verbs.telling import CRM, MARKETING
from handlers.flow import what_follows
from handlers.sending import Job
from tests.conftest import NOON
from tests.domain.making import HQL, MQL, Team, events, learn, make_arrival, make_lead, make_offer, take

WORK, HOME = "kim@buyer-company.com", "kim.buyer@gmail.com"
LATER = NOON + timedelta(days=1)
KINDS = ("form_submission", "page_view", "webinar", "demo_request")


def pair(session: Session) -> tuple[Lead, Lead]:
    return take(session, WORK), take(session, HOME, now=LATER)


def touches(session: Session, lead: Lead) -> list[tuple[str, datetime]]:
    rows = session.execute(select(TouchRow.kind, TouchRow.occurred_at).where(TouchRow.lead_id == lead.id))
    return sorted((row.kind, row.occurred_at) for row in rows)


def live(session: Session, lead: Lead) -> list[Handoff]:
    found = select(Handoff).where(Handoff.lead_id == lead.id, Handoff.status.not_in([HandoffStatus.WITHDRAWN]))
    return list(session.scalars(found))


def row(lead: Lead) -> dict[str, Any]:
    return {column.key: getattr(lead, column.key) for column in Lead.__mapper__.columns}


def test_the_kept_lead_has_all_touches_arrivals_and_profiles_of_both(session: Session) -> None:
    kept, other = pair(session)
    learn(session, other.id, Said("zoominfo", "matched", {"employees": 300}, 12), NOON)
    both = sorted(touches(session, kept) + touches(session, other))
    merge_leads(session, kept.id, other.id, by=None, now=LATER)
    assert touches(session, kept) == both
    assert set(session.scalars(select(Arrival.lead_id))) == {kept.id}
    assert session.scalars(select(ProfileRow.lead_id)).all() == [kept.id]
    assert (other.stage, other.merged_into) == (Stage.MERGED, kept.id)


def test_what_won_is_written_down_with_what_lost(session: Session) -> None:
    kept = take(session, WORK, person={"title": "VP Sales", "phone": "+4930123456"})
    other = take(session, HOME, person={"title": "Head of Sales", "first_name": "Kim"}, now=LATER)
    merge = merge_leads(session, kept.id, other.id, by=None, now=LATER)
    assert (kept.title, kept.first_name, kept.fields["phone"]["value"]) == ("Head of Sales", "Kim", "+4930123456")
    assert merge.fields["title"]["won"] == {"value": "Head of Sales", "source": "form", "at": LATER.isoformat()}
    assert merge.fields["title"]["lost"] == {"value": "VP Sales", "source": "form", "at": NOON.isoformat()}
    assert merge.fields["first_name"]["lost"] is None


@pytest.mark.parametrize("the_other_way", [False, True])
def test_what_is_known_of_the_person_does_not_hang_on_which_lead_is_kept(
    session: Session, *, the_other_way: bool
) -> None:
    one = take(session, WORK, person={"title": "VP Sales", "phone": "+4930123456"})
    two = take(session, HOME, person={"title": "Head of Sales", "country": "DE"}, now=LATER)
    kept, other = (two, one) if the_other_way else (one, two)
    merge_leads(session, kept.id, other.id, by=None, now=LATER)
    assert {name: said["value"] for name, said in kept.fields.items() if name != "mail_domain"} == {
        "title": "Head of Sales",
        "phone": "+4930123456",
        "country": "DE",
    }
    assert (kept.captured_at, kept.source) == (NOON, "website")


def test_what_was_told_of_either_is_known_of_the_one_and_who_unsubscribed_stays_unsubscribed(session: Session) -> None:
    def deliver(email: str, kind: str, **attributes: object) -> Lead:
        delivery = Delivery({"email": email}, kind, NOON, attributes=attributes)
        return receive(session, make_arrival(session), "website", delivery, NOON)

    kept = deliver(WORK, "call", plan="team", tools=["crm"])
    other = deliver(HOME, "unsubscribe", plan="free", seats=12, tools=["mail"])
    merge_leads(session, kept.id, other.id, by=None, now=LATER)
    told = {name: kept.attributes[name] for name in ("plan", "seats", "tools", "unsubscribed")}
    assert told == {"plan": "team", "seats": 12, "tools": ["crm", "mail"], "unsubscribed": True}
    assert kept.attributes["free_mail"] is False


def test_what_arrives_for_a_merged_lead_is_a_touch_of_the_one_it_was_merged_into(session: Session) -> None:
    kept, other = pair(session)
    merge_leads(session, kept.id, other.id, by=None, now=LATER)
    flags = {name: kept.attributes[name] for name in ("free_mail", "role_inbox", "company_domain")}
    again = take(session, "k.i.m.buyer+shop@googlemail.com", kind="webinar", now=LATER)
    assert again.id == kept.id
    assert ("webinar", LATER) in touches(session, kept)
    assert {name: kept.attributes[name] for name in flags} == flags
    assert events(session, kept)[-1] is Happened.TOUCH_RECORDED


def test_a_lead_that_is_merged_twice_over_leads_to_the_last_one(session: Session) -> None:
    first, second, third = (take(session, f"{name}@example.com") for name in ("a", "b", "c"))
    merge_leads(session, second.id, first.id, by=None, now=NOON)
    merge_leads(session, third.id, second.id, by=None, now=NOON)
    assert take(session, "a@example.com").id == third.id


def test_merging_again_changes_nothing(session: Session) -> None:
    kept, other = pair(session)
    first = merge_leads(session, kept.id, other.id, by=None, now=LATER)
    known, happened = row(kept), events(session)
    assert merge_leads(session, kept.id, other.id, by=None, now=LATER + timedelta(days=1)).id == first.id
    assert (row(kept), events(session)) == (known, happened)


def test_what_cannot_be_merged_is_refused_in_a_sentence(session: Session) -> None:
    kept, other = pair(session)
    third = take(session, "lee@example.com")
    with pytest.raises(CannotMerge, match="cannot_merge") as same:
        merge_leads(session, kept.id, kept.id, by=None, now=NOON)
    merge_leads(session, kept.id, other.id, by=None, now=NOON)
    with pytest.raises(CannotMerge):
        merge_leads(session, other.id, kept.id, by=None, now=NOON)
    with pytest.raises(CannotMerge) as gone:
        merge_leads(session, third.id, other.id, by=None, now=NOON)
    with pytest.raises(NotFound):
        merge_leads(session, kept.id, 10**9, by=None, now=NOON)
    assert (same.value.facts["why"], gone.value.facts["why"]) == ("itself", "gone")


def test_of_two_offers_the_kept_leads_stays_and_the_other_is_withdrawn(session: Session, team: Team) -> None:
    mine, theirs = make_offer(session, MQL, WORK), make_offer(session, MQL, HOME)
    merge_leads(session, mine.lead_id, theirs.lead_id, by=None, now=LATER)
    assert (mine.status, theirs.status) == (HandoffStatus.OFFERED, HandoffStatus.WITHDRAWN)
    assert (theirs.lead_id, theirs.cycle) == (mine.lead_id, 2)
    clocks = session.scalars(select(SlaClock.stopped_at).where(SlaClock.handoff_id == theirs.id))
    assert None not in set(clocks)


@pytest.mark.parametrize("kept_is_accepted", [True, False])
def test_an_accepted_handoff_goes_on_whichever_lead_it_is_of(
    session: Session, team: Team, *, kept_is_accepted: bool
) -> None:
    taken, offered = make_offer(session, MQL, WORK), make_offer(session, HQL, HOME)
    deciding.accept(session, taken.id, version=2, by=team.morgan, now=NOON)
    kept_id, other_id = (taken.lead_id, offered.lead_id) if kept_is_accepted else (offered.lead_id, taken.lead_id)
    merge_leads(session, kept_id, other_id, by=None, now=LATER)
    kept = session.get_one(Lead, kept_id)
    assert [handoff.id for handoff in live(session, kept)] == [taken.id]
    assert (kept.stage, kept.owner_id) == (Stage.IN_HANDOFF, taken.rep_id)
    assert cards.card_view(session, taken.id).lead.email == kept.email


def test_two_that_sales_has_accepted_are_not_merged(session: Session, team: Team) -> None:
    handoffs = [make_offer(session, MQL, email) for email in (WORK, HOME)]
    for handoff in handoffs:
        deciding.accept(session, handoff.id, version=2, by=team.morgan, now=NOON)
    with pytest.raises(CannotMerge) as both:
        merge_leads(session, handoffs[0].lead_id, handoffs[1].lead_id, by=None, now=LATER)
    assert both.value.facts["why"] == "both_taken"
    assert {handoff.status for handoff in handoffs} == {HandoffStatus.ACCEPTED}


def test_a_lead_in_nurture_that_takes_over_an_offer_is_with_sales(session: Session, team: Team) -> None:
    kept, offered = make_lead(session, ("page_view",), WORK), make_offer(session, MQL, HOME)
    merge_leads(session, kept.id, offered.lead_id, by=None, now=LATER)
    assert kept.stage is Stage.IN_HANDOFF
    assert [handoff.id for handoff in live(session, kept)] == [offered.id]
    assert hand_over(session, kept.id, LATER) is offered


def test_a_rejected_handoff_comes_along_with_its_cooldown(session: Session, team: Team) -> None:
    kept, rejected = make_lead(session, ("page_view",), WORK), make_offer(session, MQL, HOME)
    deciding.reject(session, rejected.id, version=2, by=team.morgan, reason="bad_timing", note=None, now=NOON)
    merge_leads(session, kept.id, rejected.lead_id, by=None, now=LATER)
    assert kept.rests_until is not None
    assert kept.rests_until > LATER
    assert rejected.lead_id == kept.id


def test_the_kept_lead_is_scored_anew_its_card_drawn_and_the_outside_told(session: Session, team: Team) -> None:
    mine, theirs = make_offer(session, MQL, WORK), make_lead(session, ("page_view",), HOME)
    merge_leads(session, mine.lead_id, theirs.id, by=team.morgan, now=LATER)
    event = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.LEAD_MERGED)).one()
    assert (event.lead_id, event.handoff_id, event.rep_id) == (mine.lead_id, mine.id, team.morgan.id)
    assert "kim" not in str(event.data)
    jobs = {sending.job for sending in what_follows(event)}
    assert jobs == {Job.SCORE, Job.SHOW_CARD, Job.SHOW_DEALS_OF, Job.TELL_CRM, Job.TELL_MARKETING}
    links = {system: finding.link_of(session, mine.lead_id, system) for system in (CRM, MARKETING)}
    assert all(link is not None and link.dirty_since is not None for link in links.values())


def test_the_score_after_a_merge_knows_the_touches_of_both(session: Session) -> None:
    kept, other = make_lead(session, ("webinar",), WORK), make_lead(session, ("demo_request",), HOME)
    alone = kept.score or 0
    merge_leads(session, kept.id, other.id, by=None, now=LATER)
    assert (score_lead(session, kept.id, LATER).score or 0) > alone


def test_a_past_score_does_not_know_the_touches_that_came_by_a_merge(session: Session) -> None:
    kept, other = make_lead(session, ("webinar",), WORK), make_lead(session, ("demo_request",), HOME)
    before = facts_at(session, kept, NOON)
    merge_leads(session, kept.id, other.id, by=None, now=LATER)
    assert facts_at(session, kept, NOON) == before
    assert len(facts_at(session, kept, LATER).touches) == 2


def test_a_merge_that_is_taken_back_leaves_both_leads_as_they_were(session: Session) -> None:
    kept, other = pair(session)
    learn(session, other.id, Said("zoominfo", "matched", {"employees": 300}, 12), NOON)
    session.flush()
    for lead in (kept, other):
        session.refresh(lead)
    was = (row(kept), row(other), touches(session, kept), touches(session, other))
    merge = merge_leads(session, kept.id, other.id, by=None, now=LATER)
    unmerge(session, merge.id, LATER)
    assert (row(kept), row(other), touches(session, kept), touches(session, other)) == was
    assert session.scalars(select(ProfileRow.lead_id)).all() == [other.id]
    assert take(session, HOME, now=LATER).id == other.id


def test_the_lead_whose_offer_was_withdrawn_is_handed_over_anew(session: Session, team: Team) -> None:
    mine, theirs = make_offer(session, MQL, WORK), make_offer(session, MQL, HOME)
    other_id = theirs.lead_id
    merge = merge_leads(session, mine.lead_id, other_id, by=None, now=LATER)
    unmerge(session, merge.id, LATER)
    other = score_lead(session, other_id, LATER)
    assert (theirs.lead_id, theirs.cycle, theirs.status) == (other_id, 1, HandoffStatus.WITHDRAWN)
    assert (other.stage, other.tier) == (Stage.NURTURING, Tier.MQL)
    again = hand_over(session, other_id, LATER)
    assert again is not None
    assert (again.cycle, again.status) == (2, HandoffStatus.OFFERED)
    assert [handoff.id for handoff in live(session, session.get_one(Lead, mine.lead_id))] == [mine.id]


def test_a_score_bars_no_way_back_and_a_touch_does(session: Session) -> None:
    kept, other = make_lead(session, ("page_view",), WORK), make_lead(session, ("page_view",), HOME)
    first = merge_leads(session, kept.id, other.id, by=None, now=LATER)
    score_lead(session, kept.id, LATER)
    unmerge(session, first.id, LATER)
    second = merge_leads(session, kept.id, other.id, by=None, now=LATER)
    assert second.id != first.id
    take(session, HOME, now=LATER)
    with pytest.raises(CannotUnmerge) as news:
        unmerge(session, second.id, LATER)
    with pytest.raises(CannotUnmerge) as undone:
        unmerge(session, first.id, LATER)
    assert (news.value.facts["why"], undone.value.facts["why"]) == ("news", "undone")


def test_of_two_merges_the_later_is_taken_back_and_the_earlier_is_not(session: Session) -> None:
    a, b, c = (take(session, f"{name}@example.com") for name in ("a", "b", "c"))
    first = merge_leads(session, a.id, b.id, by=None, now=NOON)
    second = merge_leads(session, c.id, a.id, by=None, now=NOON)
    with pytest.raises(CannotUnmerge):
        unmerge(session, first.id, LATER)
    unmerge(session, second.id, LATER)
    assert (a.merged_into, b.merged_into) == (None, a.id)


def test_the_deal_and_what_people_were_told_of_the_other_lead_are_the_kept_ones_and_go_back_with_it(
    session: Session, team: Team
) -> None:
    kept, other = pair(session)
    word = Word("salesforce", "006x", "Deal", "Proposal", NOON, created_at=NOON, emails=[HOME])
    deal = hear(session, word, NOON)
    told = Notice(rep_id=team.sam.id, kind=Alert.JUMP, at=NOON, lead_id=other.id, direct=True)
    session.add(told)
    session.flush()
    assert deal is not None
    merge = merge_leads(session, kept.id, other.id, by=None, now=LATER)
    session.refresh(deal)
    session.refresh(told)
    assert (deal.lead_id, told.lead_id, kept.stage) == (kept.id, kept.id, Stage.OPPORTUNITY)
    unmerge(session, merge.id, LATER)
    session.refresh(deal)
    session.refresh(told)
    assert (deal.lead_id, told.lead_id) == (other.id, other.id)
    assert (kept.stage, other.stage) == (Stage.CAPTURED, Stage.OPPORTUNITY)


STAYS = {
    "leads",
    "lead_merges",
    "lead_events",
    "lead_attributes",
    "scores",
    "system_links",
    "sync_findings",
    "credits",
}
"""What says of one record alone what was known of it, whom the outside knows by it, and what is frozen: a merge changes no credit."""


def test_every_table_that_hangs_on_a_lead_is_moved_or_meant_to_stay() -> None:
    hanging = {
        key.parent.table.name
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if isinstance(key, ForeignKey) and key.column.table.name == "leads"
    }
    moved = {"touches", "handoffs", "arrivals", "profiles", "recommendations", "opportunities", "notices"}
    assert hanging == moved | STAYS


deliveries = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 90)), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ours=deliveries, theirs=deliveries, back=st.booleans())
def test_no_touch_is_lost_or_made_whatever_both_did(
    session: Session, ours: Sequence[tuple[str, int]], theirs: Sequence[tuple[str, int]], *, back: bool
) -> None:
    """Each example is a savepoint of its own: some of them take a few tenths of a second."""
    with session.begin_nested() as example:
        for email, done in ((WORK, ours), (HOME, theirs)):
            for kind, day in done:
                lead = take(session, email, kind=kind, at=NOON - timedelta(days=day))
        other, kept = lead, session.scalars(select(Lead).where(Lead.email == WORK)).one()
        each = touches(session, kept), touches(session, other)
        merge = merge_leads(session, kept.id, other.id, by=None, now=LATER)
        assert touches(session, kept) == sorted(each[0] + each[1])
        if back:
            unmerge(session, merge.id, LATER)
            assert (touches(session, kept), touches(session, other)) == each
        example.rollback()
    assert session.scalars(select(LeadMerge.id)).all() == []


def test_of_a_merged_lead_the_crm_hears_the_handoff_that_goes_on(session: Session, team: Team) -> None:
    ours, theirs = make_offer(session, email=WORK), make_offer(session, email=HOME)
    deciding.accept(session, ours.id, version=2, by=session.get_one(Rep, ours.rep_id), now=NOON)
    merge_leads(session, ours.lead_id, theirs.lead_id, by=None, now=LATER)
    ((lead, handoff, rep),) = finding.leads_with_handoffs(session, [ours.lead_id])
    assert handoff is not None
    assert (handoff.id, rep and rep.id, lead.owner_id) == (ours.id, ours.rep_id, ours.rep_id)
