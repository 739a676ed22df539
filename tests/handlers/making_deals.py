"""Deals that go to an AE in a real workspace: who is asked, and what they were told."""

import json
from typing import Any

from sqlalchemy import func, select

from domain.rules.preferences import Preferences
from domain.tables import DealHandoff, Opportunity, Rep
from domain.verbs import deciding, qualifying, selling, staffing
from handlers.jobs import reading, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import Team
from tests.handlers.making import (
    ADA,
    SAM,
    Outside,
    offer_a_lead,
    rep_in_slack,
    work_off,
)

SAID = {"budget": "yes", "authority": "yes", "need": "yes", "timeline": "yes", "notes": "Wants it by summer"}


def undisturbed(team: Team) -> Team:
    """Everybody may be written to at any time, and Alex has paused: Ada is who is asked."""
    with transaction() as session:
        for rep in session.scalars(select(Rep)):
            staffing.set_preferences(session, rep, Preferences(quiet=(0, 0)), utcnow())
        staffing.step_away(session, team.alex.email, utcnow())
    work_off()
    return team


def an_opportunity(key: str = "006A") -> int:
    """Sam's SQL has its opportunity; returns its id."""
    handoff_id, sam = offer_a_lead(), rep_in_slack(SAM)
    with transaction() as session:
        by, now = session.merge(sam, load=False), utcnow()
        deciding.accept(session, handoff_id, version=2, by=by, now=now)
        qualifying.qualify(session, handoff_id, version=3, by=by, said=SAID, now=now)
    work_off(Job.SHOW_CARD)
    with transaction() as session:
        made = selling.open_opportunity(
            session, handoff_id, system="salesforce", external_id=key, name="Sample", stage="New", now=utcnow()
        )
    return made.id


def newest() -> DealHandoff:
    with reading() as session:
        return session.scalars(select(DealHandoff).order_by(DealHandoff.id.desc()).limit(1)).one()


def owner() -> int | None:
    with reading() as session:
        return session.scalars(select(Opportunity.owner_id)).one()


def dm_of(user: str) -> str:
    return str(rep_in_slack(user).slack_dm_id)


def said_to(slack: Outside, user: str) -> list[dict[str, Any]]:
    """What somebody was told directly since the first offer of this test: the workspace keeps what was before."""
    with reading() as session:
        since = session.scalars(select(func.min(DealHandoff.offered_at))).one()
    told = slack.messages(dm_of(user), eyes=user)
    return [one for one in told if since is None or float(one["ts"]) > since.timestamp() - 1]


def deals_of(slack: Outside, user: str) -> list[dict[str, Any]]:
    """The messages by which somebody got a deal."""
    return [one for one in said_to(slack, user) if one["blocks"] and one["blocks"][0]["type"] == "header"]


def words_of(message: dict[str, Any]) -> str:
    return json.dumps(message["blocks"], ensure_ascii=False)


def the_deal(slack: Outside, user: str = ADA) -> dict[str, Any]:
    (message,) = [one for one in deals_of(slack, user) if one["ts"] == newest().ts]
    return message
