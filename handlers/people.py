"""Who a rep is elsewhere, found by e-mail: in Slack, so that cards can be addressed to them; in the CRM, so that leads can be theirs."""

import structlog

from bot import messenger
from domain.tables import Rep
from domain.verbs.staffing import know_in_crm, know_in_slack
from handlers.flow import Job
from handlers.jobs import Running, finishing, job, reading
from integrations import registry
from kit.clock import utcnow

log = structlog.get_logger()


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
