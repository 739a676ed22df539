"""A lead becomes HQL at the very moment somebody clicks: real threads, and the lead's row decides."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from domain.rules.lifecycle import HandoffStatus
from domain.tables import Handoff, Happened, Lead, LeadEvent, Rep
from domain.verbs import deciding
from domain.verbs.merging import merge_leads
from domain.verbs.scoring import score_lead
from handlers.jobs import transaction
from tests.conftest import NOON
from tests.domain.making import make_offer, make_team, take
from tests.domain.test_concurrency import THREADS, all_at_once, counted


@pytest.mark.parametrize("first", ["accept", "score"])
def test_a_lead_that_becomes_hql_at_the_moment_of_the_click_is_the_sdrs_or_the_aes_but_never_both(
    committed: Engine, first: str
) -> None:
    with transaction() as session:
        make_team(session)
        handoffs = [make_offer(session, email=f"kim{n}@buyer.example.com") for n in range(THREADS)]
        for handoff in handoffs:
            take(session, session.get_one(Lead, handoff.lead_id).email, kind="pricing_view")
        reps = {handoff.id: handoff.rep_id for handoff in handoffs}

    def accept(handoff_id: int) -> str:
        with transaction() as session:
            rep = session.get_one(Rep, reps[handoff_id])
            return deciding.accept(session, handoff_id, version=2, by=rep, now=NOON).status.value

    def rescore(lead_id: int) -> str:
        with transaction() as session:
            return score_lead(session, lead_id, NOON).stage.value

    # Each thread does every tenth act: the two acts of a lead stand side by side, in either order.
    pairs = [(partial(accept, one.id), partial(rescore, one.lead_id)) for one in handoffs]
    all_at_once([act for pair in pairs for act in (pair if first == "accept" else pair[::-1])])
    with Session(committed) as session:
        stands = [session.get_one(Handoff, handoff.id) for handoff in handoffs]
        owners = [session.get_one(Lead, handoff.lead_id).owner_id for handoff in handoffs]
    assert {handoff.status.value for handoff in stands} <= {"accepted", "withdrawn"}
    taken = [handoff.status is HandoffStatus.ACCEPTED for handoff in stands]
    assert [owner is not None for owner in owners] == taken
    assert counted(committed, LeadEvent.kind == Happened.HANDOFF_HEATED) == sum(taken)
    assert counted(committed, LeadEvent.kind == Happened.LEAD_TO_AE) == THREADS - sum(taken)
    assert counted(committed, LeadEvent.kind == Happened.HANDOFF_ACCEPTED) == sum(taken)


def test_who_accepts_while_the_lead_becomes_another_one_owns_the_one_that_goes_on(committed: Engine) -> None:
    with transaction() as session:
        make_team(session)
        handoff = make_offer(session, email="kim@buyer-company.com")
        other, rep_id = handoff.lead_id, handoff.rep_id
        kept = take(session, "kim.buyer@gmail.com").id

    def accept() -> None:
        with transaction() as session:
            deciding.accept(session, handoff.id, version=2, by=session.get_one(Rep, rep_id), now=NOON)

    with ThreadPoolExecutor(1) as clicks, Session(committed) as watching:
        with transaction() as session:
            merge_leads(session, kept, other, by=None, now=NOON)
            session.flush()
            click = clicks.submit(accept)
            # The merge is committed once the click waits for the lead.
            while not watching.scalar(text("select exists (select from pg_locks where not granted)")):
                assert not click.done()
                watching.rollback()
        click.result()
    with Session(committed) as session:
        assert (session.get_one(Lead, kept).owner_id, session.get_one(Lead, other).owner_id) == (rep_id, None)
        assert session.get_one(Handoff, handoff.id).status is HandoffStatus.ACCEPTED
