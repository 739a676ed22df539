"""The map, asked about single events."""

from domain.tables import Happened, LeadEvent
from handlers.flow import what_follows
from handlers.sending import Job, Priority, Sending, tell_notice
from tests.conftest import NOON


def event(kind: Happened, **data: object) -> LeadEvent:
    return LeadEvent(kind=kind, at=NOON, lead_id=1, handoff_id=2, rep_id=3, data={"place": "C1", "pool_id": 4, **data})


def of(job: Job, happened: LeadEvent) -> Sending:
    return next(sending for sending in what_follows(happened) if sending.job is job)


def test_a_card_that_was_decided_on_is_redrawn_before_anything_else_even_if_its_lead_came_in_bulk() -> None:
    for kind in (
        Happened.HANDOFF_ACCEPTED,
        Happened.HANDOFF_RECYCLED,
        Happened.HANDOFF_PASSED_ON,
        Happened.HANDOFF_CONTACTED,
    ):
        assert of(Job.SHOW_CARD, event(kind, tier="mql", bulk=True)).priority is Priority.CLICK


def test_the_card_of_an_hql_goes_before_those_of_mqls_and_bulk_goes_last() -> None:
    hot, live, bulk = (
        of(Job.SHOW_CARD, event(Happened.HANDOFF_OFFERED, tier=tier, bulk=bulk)).priority
        for tier, bulk in (("hql", True), ("mql", False), ("mql", True))
    )
    assert hot < live < bulk


def test_an_hql_is_assigned_at_once_even_in_the_middle_of_a_bulk_import() -> None:
    assert of(Job.ASSIGN, event(Happened.LEAD_TO_AE, bulk=True)).priority is Priority.HOT
    assert of(Job.ASSIGN, event(Happened.LEAD_TO_SDR, bulk=True)).priority is Priority.BULK


def test_a_card_and_what_is_said_in_its_thread_share_the_lane_of_their_channel() -> None:
    offered = of(Job.SHOW_CARD, event(Happened.HANDOFF_OFFERED, tier="mql"))
    assert offered.lane == tell_notice(7, "C1").lane == "slack:C1"


def test_a_lead_that_was_scored_without_waiting_is_not_scored_again_because_nobody_had_anything_to_say() -> None:
    assert [sending.job for sending in what_follows(event(Happened.LEAD_ENRICHED, news=True))] == [Job.SCORE]
    assert list(what_follows(event(Happened.LEAD_ENRICHED, news=False))) == []
