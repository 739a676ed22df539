"""When a loop is made and who is asked: the jobs for it, and whose turn it is."""

from datetime import datetime

from sqlalchemy.orm import Session

from domain.loops.due import files_due, managers_due, month_due, pulses_due, week_due
from domain.verbs import pulsing
from handlers.feedback_settings import feedback_settings
from handlers.jobs import send
from handlers.sending import Job, Priority, Sending, slack_lane


def make_daily(rep_id: int, day: str) -> Sending:
    return Sending(Job.MAKE_DAILY, {"rep_id": rep_id, "day": day}, key=f"{rep_id} {day}", priority=Priority.BULK)


def make_weekly(week: str) -> Sending:
    return Sending(Job.MAKE_WEEKLY, {"week": week}, key=week, lane=Job.MAKE_WEEKLY.value, priority=Priority.BULK)


def make_monthly(month: str) -> Sending:
    return Sending(Job.MAKE_MONTHLY, {"month": month}, key=month, lane=Job.MAKE_MONTHLY.value, priority=Priority.BULK)


def share_pack(run_id: int, rep_id: int, place: str) -> Sending:
    """Put the file beside the message: into its thread, or (`rep_id`) among somebody's direct messages."""
    args = {"run_id": run_id, "rep_id": rep_id}
    return Sending(Job.SHARE_PACK, args, key=f"{run_id} {rep_id}", lane=slack_lane(place), priority=Priority.BULK)


def send_what_is_due(session: Session, now: datetime) -> None:
    """What is made already is not made again; the jobs are keyed, so that two clocks send one."""
    wishes = feedback_settings()
    if wishes.daily is not None:
        for rep, day in managers_due(session, wishes.daily, now):
            send(session, make_daily(rep.id, day.isoformat()))
    if wishes.weekly is not None and (week := week_due(session, wishes.time_zone, wishes.weekly, now)):
        send(session, make_weekly(week))
    if wishes.monthly is not None and (month := month_due(session, wishes.time_zone, wishes.monthly, now)):
        send(session, make_monthly(month))
    for run, rep in files_due(session, now):
        send(session, share_pack(run.id, rep.id, str(rep.slack_user_id)))
    if wishes.pulse is not None:
        for rep, about, leads in list(pulses_due(session, wishes.pulse, now)):
            pulsing.ask(session, rep, about, leads, now)
