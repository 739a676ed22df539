"""App Home by role, in a real workspace: my queue acts like the card, the manager sees the team, the admin what is wrong."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from bot.ids import Press
from domain.rules.lifecycle import HandoffStatus
from domain.tables import CardPlace, Check, Handoff, Rep, Role
from domain.verbs import absences, staffing
from domain.verbs.deciding import accept
from domain.verbs.offering import hand_over
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import Team, make_lead
from tests.handlers.making import (
    DANA,
    MORGAN,
    SAM,
    Outside,
    clear_jobs,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    sandbox_process,
    slack,
    work_off,
)
from tests.handlers.test_home import home, opened, tell_event, words

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def team(door: httpx.Client, slack: Outside) -> Team:
    return make_staff(slack.new_channel())


def whose(team: Team, handoff_id: int) -> str:
    with reading() as session:
        return SAM if session.get_one(Handoff, handoff_id).rep_id == team.sam.id else DANA


def status(handoff_id: int) -> HandoffStatus:
    with reading() as session:
        return session.get_one(Handoff, handoff_id).status


def look(door: httpx.Client, slack: Outside, user: str) -> dict[str, Any]:
    tell_event(door, opened(user))
    return home(slack, user)


def press_row(slack: Outside, user: str, view: dict[str, Any], handoff_id: int) -> dict[str, Any]:
    """Press the one button in the queue's row of this handoff."""
    row = next(block for block in view["blocks"] if block.get("block_id") == f"queue.{handoff_id}")
    given = {"block_id": row["block_id"], "action_id": row["accessory"]["action_id"]}
    return slack.act(user, "press", view_id=view["id"], **given)


def test_a_lead_is_accepted_in_the_queue_as_on_its_card_and_the_queue_says_what_is_next(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    rep = whose(team, handoff_id)
    view = look(door, slack, rep)
    assert '"Accept"' in words(view)
    assert "first contact by" in words(view)
    assert "|Open the card>" in words(view)
    press_row(slack, rep, view, handoff_id)
    assert status(handoff_id) is HandoffStatus.ACCEPTED
    assert Job.PUBLISH_HOME in [job.name for job in jobs()]
    fresh = home(slack, rep)
    assert '"Log contact…"' in words(fresh)
    assert '"Accept"' not in words(fresh)
    assert "*This week:* 1 accepted" in words(fresh)


def test_two_leads_have_the_same_button_and_each_acts_on_its_own(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    with transaction() as session:
        staffing.step_away(session, team.dana.email, utcnow())
    first, second = (offer_a_lead(email=f"kim{n}@buyer{n}.example.com") for n in range(2))
    view = look(door, slack, SAM)
    press_row(slack, SAM, view, second)
    assert (status(first), status(second)) == (HandoffStatus.OFFERED, HandoffStatus.ACCEPTED)


def test_a_button_of_an_old_home_says_why_not_above_the_fresh_one(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    handoff_id = offer_a_lead()
    rep = whose(team, handoff_id)
    view = look(door, slack, rep)
    with transaction() as session:
        handoff = session.get_one(Handoff, handoff_id)
        manager = session.get_one(Rep, team.morgan.id)
        accept(session, handoff_id, version=handoff.version, by=manager, now=utcnow())
    clear_jobs()
    press_row(slack, rep, view, handoff_id)
    assert "Morgan Manager accepted this lead at" in words(home(slack, rep))


def test_a_window_opens_from_the_queue(door: httpx.Client, slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    rep = whose(team, handoff_id)
    press_row(slack, rep, look(door, slack, rep), handoff_id)
    press_row(slack, rep, home(slack, rep), handoff_id)
    assert slack.top_view(rep)["callback_id"] == f"{Press.LOG_CONTACT}.submit"


def test_who_never_opened_their_home_costs_no_drawing(door: httpx.Client, slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    clear_jobs()
    with transaction() as session:
        handoff = session.get_one(Handoff, handoff_id)
        accept(session, handoff_id, version=handoff.version, by=session.get_one(Rep, handoff.rep_id), now=utcnow())
    assert Job.PUBLISH_HOME not in [job.name for job in jobs()]


def test_slack_is_asked_once_for_the_link_of_a_card(door: httpx.Client, slack: Outside, team: Team) -> None:
    handoff_id = offer_a_lead()
    work_off(Job.SHOW_CARD)
    rep = whose(team, handoff_id)
    look(door, slack, rep)
    with transaction() as session:
        kept = session.scalars(select(CardPlace.permalink)).one()
        assert kept is not None
        session.execute(update(CardPlace).values(permalink="https://example.com/kept"))
    assert "<https://example.com/kept|Open the card>" in words(look(door, slack, rep))


def test_a_manager_sees_who_is_over_sla_who_is_away_and_how_well_handoff_is(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    now = utcnow()
    with transaction() as session:
        earlier = now - timedelta(hours=6)
        hand_over(session, make_lead(session, now=earlier).id, earlier)
        absences.set_absence(session, team.ada, now, now + timedelta(days=2), None, team.ada, now)
        staffing.step_away(session, team.alex.email, now)
    seen = words(look(door, slack, MORGAN))
    for said in ("My team", "Ada Account until <!date", "Alex Closer, paused", "No proposals yet.", "Handoff is well."):
        assert said in seen
    assert "*1 lead*, 1 overdue" in seen
    assert "🔴 *Over SLA:* " in seen
    with transaction() as session:
        session.merge(Check(name="token", state="failed", found="The token is revoked.", advice="Paste it.", at=now))
    worse = words(look(door, slack, MORGAN))
    assert "1 thing is wrong with Handoff" in worse
    assert "The token is revoked." not in worse


def test_an_admin_reads_above_all_else_what_is_wrong_and_what_to_do(
    door: httpx.Client, slack: Outside, team: Team
) -> None:
    with transaction() as session:
        session.get_one(Rep, team.sam.id).admin = True
        for name, state in (("clock", "ok"), ("token", "failed"), ("unmapped", "warning")):
            found = f"The {name} is {state}."
            session.merge(Check(name=name, state=state, found=found, advice="Run `handoff doctor`.", at=utcnow()))
    view = look(door, slack, SAM)
    assert "2 things need you" in str(view["blocks"][0])
    assert "The token is failed." in str(view["blocks"][1])
    assert "The unmapped is warning." in str(view["blocks"][2])
    assert "The clock" not in words(view)
    with transaction() as session:
        session.execute(update(Check).values(state="ok"))
    assert "need you" not in words(look(door, slack, SAM))


def test_marketing_sees_what_waits_for_sales_and_the_mels(door: httpx.Client, slack: Outside, team: Team) -> None:
    with transaction() as session:
        session.get_one(Rep, team.dana.id).role = Role.MARKETING
        staffing.step_away(session, team.sam.email, utcnow())
        staffing.step_away(session, team.dana.email, utcnow())
    offer_a_lead()
    seen = words(look(door, slack, DANA))
    assert "1 lead waits for sales" in seen
    assert "*0 MELs* in nurture" in seen
    assert "My queue" not in seen
