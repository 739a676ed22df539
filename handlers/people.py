"""Who a rep is elsewhere, found by e-mail: in Slack, so that cards can be addressed to them; in the CRM, so that leads can be theirs.

And when they go on leave and come back.
"""

from datetime import datetime

import structlog

from bot import messenger
from domain.tables import Rep
from domain.verbs.absences import begin_and_end
from domain.verbs.staffing import know_in_crm, know_in_slack
from handlers.jobs import Running, finishing, job, reading, transaction
from handlers.sending import Job
from integrations import registry
from kit.clock import utcnow

log = structlog.get_logger()


def leave_and_return(now: datetime) -> int:
    """Absences whose time has come begin and end; returns how many. Any number of clock processes may do this."""
    changed = 0
    while True:
        with transaction() as session:
            one = begin_and_end(session, now)
        changed += one
        if not one:
            return changed


@job(Job.FIND_SLACK_USER)
def find_slack_user(running: Running, rep_id: int) -> None:
    """Who is not found is shown as such by `handoff reps list`, and looked for again at the next `handoff reps import`."""
    with reading() as session:
        rep = session.get_one(Rep, rep_id)
    if rep.slack_user_id is not None:
        return
    user = messenger.user_id_of(rep.email)
    if user is None:
        log.warning("rep.not_in_slack", rep_id=rep_id)
        return
    dm = messenger.direct_channel(user)
    with finishing(running) as session:
        know_in_slack(session, rep_id, user, dm, utcnow())


@job(Job.FIND_CRM_USER)
def find_crm_user(running: Running, rep_id: int) -> None:
    """As above, in the CRM."""
    crm = registry.crm()
    with reading() as session:
        rep = session.get_one(Rep, rep_id)
    if crm is None or rep.crm_user_id is not None:
        return
    user = crm.find_owner(rep.email)
    if user is None:
        log.warning("rep.not_in_crm", rep_id=rep_id)
        return
    with finishing(running) as session:
        know_in_crm(session, rep_id, user)
