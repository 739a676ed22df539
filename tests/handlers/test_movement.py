"""A lead that moves, in a real workspace: withdrawn from an SDR, kept by one, told to marketing, looked at again."""

import json
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from bot import messenger
from bot.ids import Press
from domain import finding
from domain.rules.lifecycle import Stage
from domain.rules.preferences import Alert
from domain.tables import Lead, Role
from domain.verbs import capturing, staffing
from domain.verbs.capturing import Delivery
from domain.verbs.nurturing import enrol
from handlers import movement
from handlers.jobs import reading, transaction
from handlers.noticing import tell
from handlers.sending import Job, Priority
from kit.clock import utcnow
from tests.domain.making import DIRECTOR, Team, make_arrival, make_lead, take
from tests.handlers.making import (
    MORGAN,
    SAM,
    Outside,
    clear_jobs,
    door,
    door_url,
    jobs,
    make_staff,
    offer_a_lead,
    rep_in_slack,
    sandbox_process,
    slack,
    work_off,
)

MIKA = "U0MIKAMKT01"
ANALYST = {"title": "Analyst"}

__all__ = ["door", "door_url", "sandbox_process", "slack"]  # fixtures


@pytest.fixture
def channel(slack: Outside) -> str:
    return slack.new_channel()


@pytest.fixture
def team(channel: str) -> Team:
    return make_staff(channel)


def touched(kind: str, person: Mapping[str, object] = DIRECTOR) -> None:
    """A person comes back and does this now."""
    with transaction() as session:
        take(session, kind=kind, now=utcnow(), person=person)


def thread(slack: Outside, channel: str, ts: str) -> str:
    replies = slack.page.get(f"/_api/as/{SAM}/messages", params={"channel": channel, "thread_ts": ts})
    return json.dumps(replies.raise_for_status().json(), ensure_ascii=False)


def direct(slack: Outside, user: str) -> list[str]:
    messages = slack.messages(str(rep_in_slack(user).slack_dm_id), user)
    return [json.dumps(message, ensure_ascii=False) for message in messages]


def test_an_offer_is_withdrawn_when_the_lead_becomes_hql_and_an_ae_gets_it(
    slack: Outside, team: Team, channel: str
) -> None:
    offer_a_lead()
    work_off()
    touched("pricing_view")
    work_off()
    (card,) = slack.messages(channel)
    seen = json.dumps(card["blocks"], ensure_ascii=False)
    assert "Withdrawn" in seen
    assert "went to an AE" in seen
    assert Press.ACCEPT not in seen
    with reading() as session:
        rise = finding.rise_of(session, 1)
    assert rise is not None
    assert rise.channel is not None
    assert rise.channel.startswith("D")


def test_who_has_accepted_it_hears_of_it_in_the_thread_and_so_does_the_manager(
    door: httpx.Client, slack: Outside, team: Team, channel: str
) -> None:
    offer_a_lead()
    work_off()
    (card,) = slack.messages(channel)
    slack.press(SAM, card, Press.ACCEPT)
    work_off()
    before = len(direct(slack, MORGAN))
    touched("pricing_view")
    work_off()
    (card,) = slack.messages(channel)
    assert "Now *HQL" in json.dumps(card["blocks"], ensure_ascii=False)
    assert "has become an HQL" in thread(slack, channel, card["ts"])
    (told,) = direct(slack, MORGAN)[before:]
    assert "It stays with" in told
    assert "Open the card" in told


def join_marketing(session: Session) -> None:
    now = utcnow()
    rep = staffing.save_rep(
        session, now, name="Mika Marketing", email="mika.marketing@example.com", role=Role.MARKETING
    )
    staffing.know_in_slack(session, rep.id, MIKA, messenger.direct_channel(MIKA), now)


def test_an_sdr_keeps_an_hql_while_no_ae_is_there_and_card_and_manager_say_so(
    slack: Outside, team: Team, channel: str
) -> None:
    offer_a_lead()
    work_off()
    with transaction() as session:
        for rep in (team.ada, team.alex):
            staffing.step_away(session, rep.email, utcnow())
    before = len(direct(slack, MORGAN))
    touched("pricing_view")
    work_off()
    (card,) = slack.messages(channel)
    assert Press.ACCEPT in json.dumps(card["blocks"])
    assert "no AE can be asked just now" in thread(slack, channel, card["ts"])
    (told,) = direct(slack, MORGAN)[before:]
    assert "no AE can be asked just now" in told


def test_a_jump_on_its_way_to_marketing_is_not_put_into_a_card_that_has_come_meanwhile(
    slack: Outside, team: Team, channel: str
) -> None:
    with transaction() as session:
        join_marketing(session)
        lead = make_lead(session, ("page_view",), now=utcnow() - timedelta(hours=1))
        enrol(session, lead.id, utcnow())
    clear_jobs()
    with transaction() as session:
        for rep in finding.told_of_leads(session):
            tell(session, rep, Alert.JUMP, utcnow(), lead_id=lead.id, data={"before": 1})
    touched("demo_request")
    work_off(Job.SCORE, Job.ASSIGN, Job.SHOW_CARD)
    (card,) = slack.messages(channel)
    work_off(Job.TELL_NOTICE)
    assert "rose from" not in thread(slack, channel, card["ts"])
    assert "rose from" in direct(slack, MIKA)[-1]


def test_a_jump_in_nurture_is_told_to_every_person_of_marketing(slack: Outside, team: Team) -> None:
    with transaction() as session:
        now = utcnow()
        join_marketing(session)
        lead = make_lead(session, ("page_view",), now=now - timedelta(hours=1), person=ANALYST)
        enrol(session, lead.id, now)
        lead_id = lead.id
    clear_jobs()
    for kind in ("chat", "webinar"):
        touched(kind, ANALYST)
        work_off(Job.SCORE)
    work_off(Job.TELL_JUMP, Job.TELL_NOTICE)
    told = direct(slack, MIKA)[-1]
    assert "rose from" in told
    assert "it an MQL" in told
    with reading() as session:
        assert session.get_one(Lead, lead_id).stage is Stage.NURTURING


def test_an_imported_touch_of_a_live_lead_is_scored_behind_everything_live(committed: Engine, team: Team) -> None:
    with transaction() as session:
        lead = make_lead(session, now=utcnow())
    clear_jobs()
    with transaction() as session:
        delivery = Delivery({"email": lead.email}, "page_view", utcnow())
        capturing.receive(session, make_arrival(session), "website", delivery, utcnow(), bulk=True)
    assert [(job.name, job.priority) for job in jobs()] == [(Job.SCORE, Priority.BULK)]
    touched("page_view")
    assert [(job.name, job.priority) for job in jobs()] == [(Job.SCORE, Priority.LIVE)]


def test_a_lead_whose_time_has_come_is_scored_again_behind_everything_live(committed: Engine, team: Team) -> None:
    with transaction() as session:
        lead = make_lead(session, ("content_download",), now=utcnow() - timedelta(days=40))
        enrol(session, lead.id, utcnow())
        score = lead.score
        session.execute(update(Lead).values(recheck_at=utcnow() - timedelta(seconds=1)))
    clear_jobs()
    assert (movement.recheck(), movement.recheck()) == (1, 0)
    (waiting,) = jobs()
    assert (waiting.name, waiting.priority) == (Job.SCORE, 30)
    work_off(Job.SCORE)
    with Session(committed) as session:
        lead = session.get_one(Lead, lead.id)
    assert lead.score is not None
    assert score is not None
    assert lead.score < score
    assert lead.recheck_at is not None
    assert lead.recheck_at > utcnow() + timedelta(days=6)
