"""What must not be left lying, whatever went wrong: open handoffs are offered again, dirty records told again."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.calibrating import learning_due
from domain.health import checking_due
from domain.notices import digests_due, failing
from domain.rules.preferences import Alert
from domain.verbs import crediting, health
from domain.verbs.dealing import waiting_deals
from domain.verbs.offering import waiting_leads
from domain.verbs.reviewing import measuring_due, review_due
from domain.verbs.telling import CRM, MARKETING, PROGRAMMES, is_dirty
from domain.watching import SHADOW_OVER, managers, shadows_over
from handlers import feedback_turns
from handlers.calibration_settings import learning_settings
from handlers.draining import drain_again
from handlers.jobs import send, transaction
from handlers.noticing import tell
from handlers.sending import Job, Priority, Sending, hand_deal, learn_model, show_proposal, tell_digest
from handlers.sync_turns import send_what_is_due
from kit.clock import utcnow

DRAINS = {CRM: Job.TELL_CRM, MARKETING: Job.TELL_MARKETING, PROGRAMMES: Job.ENROL_MARKETING}


def round_of() -> None:
    """One round. The jobs are keyed: what is under way already is not sent twice."""
    with transaction() as session:
        for lead_id in waiting_leads(session):
            send(session, Sending(Job.ASSIGN, {"lead_id": lead_id}, key=f"waiting-{lead_id}", priority=Priority.BULK))
        send(session, *(hand_deal(opportunity_id, Priority.BULK) for opportunity_id in waiting_deals(session)))
        for base, drain in DRAINS.items():
            if is_dirty(session, base):
                send(session, drain_again(drain))
        now = utcnow()
        send_what_is_due(session, now)
        feedback_turns.send_what_is_due(session, now)
        if month := review_due(session, now):
            send(session, Sending(Job.REVIEW_NURTURE, {"month": month}, key=month, lane=Job.REVIEW_NURTURE.value))
        if day := measuring_due(session, now):
            send(session, Sending(Job.MEASURE_CONTENTS, {}, key=day, priority=Priority.BULK))
        if day := crediting.fit_due(session, now):
            send(
                session,
                Sending(Job.FIT_ATTRIBUTION, {}, key=day, lane=Job.FIT_ATTRIBUTION.value, priority=Priority.BULK),
            )
        health.sweep(session, now)
        if checking_due(session, now):
            send(session, Sending(Job.CHECK_HEALTH, {}, key="all", lane=Job.CHECK_HEALTH.value, priority=Priority.BULK))
        _learn(session, now)
        _tell(session, now)


def _tell(session: Session, now: datetime) -> None:
    """What was held for somebody's digest, and to admins that something fails."""
    for rep in digests_due(session, now):
        send(session, tell_digest(rep.id, str(rep.slack_user_id)))
    for admin, check in failing(session, now):
        tell(session, admin, Alert.HEALTH, now, data={"check": check})


def _learn(session: Session, now: datetime) -> None:
    """The weekly run, and whose time in shadow is over."""
    said = learning_settings()
    if said.weekly and learning_due(session, said.slot(now)):
        send(session, learn_model())
    for row in shadows_over(session, now):
        for manager in managers(session):
            tell(session, manager, Alert.PROPOSAL, now, data={"proposal_id": row.id, "why": SHADOW_OVER})
        send(session, show_proposal(row.id))
