"""Who a rep is in Slack: found by e-mail, so that cards can be addressed to them."""

from bot import messenger
from domain.tables import Rep
from domain.verbs.staffing import know_in_slack
from handlers.flow import Job
from handlers.jobs import Running, finishing, job, reading
from kit.clock import utcnow
from kit.outside import Refused


@job(Job.FIND_SLACK_USER)
def find_slack_user(running: Running, rep_id: int) -> None:
    with reading() as session:
        rep = session.get_one(Rep, rep_id)
    user = messenger.user_id_of(rep.email)
    if user is None:
        raise Refused("Nobody in the Slack workspace has this rep's e-mail")
    dm = messenger.direct_channel(user)
    with finishing(running) as session:
        know_in_slack(session, rep_id, user, dm, utcnow())
