"""Stage 8: sales and marketing hear what their leads became. The day, the week and the month, each made once and kept."""

from collections.abc import Sequence
from datetime import date, datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import messenger
from bot.feedback import file_name, monthly_message, pack_metadata, share_words
from bot.pack_charts import overview
from domain.loops.daily import Day, day_of
from domain.loops.due import readers
from domain.loops.kept import ALL, IN_CHANNEL, from_json, of_person, run_of, to_json
from domain.loops.monthly import Pack, pack_of
from domain.loops.weekly import week_of
from domain.rules import feedback as rules
from domain.rules.feedback import Loop
from domain.rules.preferences import Alert
from domain.tables import CardPlace, LoopRun, Rep
from domain.verbs import looping, placing
from handlers.feedback_settings import feedback_settings
from handlers.feedback_turns import share_pack
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.noticing import tell
from handlers.review_pack import page
from handlers.sending import Job, Sending, slack_lane
from kit.clock import utcnow
from kit.outside import TryLater

log = structlog.get_logger()

MOST_LINKS = 10
"""How many cards Slack is asked to link for one day: each is a call, and is kept."""
LOOKS, LOOK_SECONDS = 6, 0.5
"""So often the picture is shown to Slack, which has to look at it first, before the message goes without it."""


@job(Job.MAKE_DAILY)
def make_daily(running: Running, rep_id: int, day: str) -> None:
    """Once for each manager and day: who comes second finds it made."""
    now = utcnow()
    with reading() as session:
        manager = session.get_one(Rep, rep_id)
        found = day_of(session, manager, date.fromisoformat(day), now)
        unlinked = _unlinked(session, found)
    links = [(place, messenger.permalink(place.channel, place.ts or "")) for place in unlinked]
    with finishing(running) as session:
        run = looping.make_run(session, Loop.DAILY, day, of_person(rep_id), to_json(found), now)
        for place, link in links:
            if link is not None:
                placing.keep_link(session, place.handoff_id, place.ts or "", link)
        if run is not None and found.pools and (feedback_settings().quiet_days or not found.quiet):
            tell(session, session.get_one(Rep, rep_id), Alert.DAILY, now, data={"run": run.id})


def _unlinked(session: Session, found: Day) -> Sequence[CardPlace]:
    """The cards of missed deadlines that nobody has a link to yet."""
    wanted = select(CardPlace).where(
        CardPlace.handoff_id.in_([miss.handoff_id for miss in found.misses]),
        CardPlace.ts.is_not(None),
        CardPlace.permalink.is_(None),
    )
    return session.scalars(wanted.limit(MOST_LINKS)).all()


@job(Job.MAKE_WEEKLY)
def make_weekly(running: Running, week: str) -> None:
    now = utcnow()
    with reading() as session:
        found = week_of(session, week, rules.week_of(week, feedback_settings().time_zone), now)
    with finishing(running) as session:
        run = looping.make_run(session, Loop.WEEKLY, week, ALL, to_json(found), now)
        if run is not None:
            _tell_readers(session, Alert.WEEKLY, run)


@job(Job.MAKE_MONTHLY)
def make_monthly(running: Running, month: str) -> None:
    """The numbers are kept as they are now; what follows shows them, whenever that is."""
    now = utcnow()
    wishes = feedback_settings()
    with reading() as session:
        pack = pack_of(session, month, wishes.time_zone, now)
    with finishing(running) as session:
        run = looping.make_run(session, Loop.MONTHLY, month, ALL, to_json(pack), now, wishes.channel)
        if run is not None and run.channel is None:
            _tell_readers(session, Alert.MONTHLY, run)


def _tell_readers(session: Session, kind: Alert, run: LoopRun) -> None:
    for reader in readers(session):
        tell(session, reader, kind, utcnow(), data={"run": run.id})


# ---- the month in its channel ----------------------------------------------------------------------------------------


@job(Job.DRAW_PACK)
def draw_pack(running: Running, run_id: int) -> None:
    """Draw the chart and give it to Slack. Done twice, Slack keeps a picture that nobody sees."""
    with reading() as session:
        pack = from_json(Pack, session.get_one(LoopRun, run_id).data)
    picture = messenger.upload(file_name(pack.month, "png"), overview(pack))
    with finishing(running) as session:
        run = session.get_one(LoopRun, run_id)
        lane = slack_lane(f"pack-{run_id}")
        send(session, Sending(Job.POST_PACK, {"run_id": run_id, "picture": picture}, key=str(run.id), lane=lane))


@job(Job.POST_PACK)
def post_pack(running: Running, run_id: int, picture: str) -> None:
    """Claimed before the post, and found again after a crash. A channel that cannot be reached: everybody is told directly."""
    with reading() as session:
        run = session.get_one(LoopRun, run_id)
    if run.ts is not None or run.channel is None:
        return
    with transaction() as session:
        before = looping.claim_run(session, run_id, utcnow())
    try:
        ts = messenger.find_message(run.channel, pack_metadata(run_id), before) if before is not None else None
        ts = ts or _post(run, picture, last=running.claimed.token >= LOOKS)
    except messenger.Unreachable as gone:
        log.warning("feedback.channel_gone", why=gone.code)
        with finishing(running) as session:
            looping.send_elsewhere(session, run_id)
            _tell_readers(session, Alert.MONTHLY, run)
        return
    with finishing(running) as session:
        looping.note_posted(session, run_id, ts)
        send(session, share_pack(run_id, 0, run.channel))


def _post(run: LoopRun, picture: str, *, last: bool) -> str:
    """With the picture as soon as Slack has looked at it; if it does not in time, without."""
    pack = from_json(Pack, run.data)
    try:
        return messenger.post(str(run.channel), *monthly_message(pack, picture), metadata=pack_metadata(run.id))
    except messenger.BlocksRefused:
        if not last:
            raise TryLater("Slack has not looked at the picture yet", after=LOOK_SECONDS) from None
        return messenger.post(str(run.channel), *monthly_message(pack), metadata=pack_metadata(run.id))


@job(Job.SHARE_PACK)
def share(running: Running, run_id: int, rep_id: int) -> None:
    """The file, in the thread of the message, or with the chart among somebody's direct messages (`rep_id`). That it is shared
    is claimed and noted in a row of its own; after a crash it is looked for first.
    """
    audience = of_person(rep_id) if rep_id else IN_CHANNEL
    with reading() as session:
        run = session.get_one(LoopRun, run_id)
        channel = session.get_one(Rep, rep_id).slack_dm_id if rep_id else run.channel
    if channel is None:
        return
    with transaction() as session:
        looping.make_run(session, Loop.MONTHLY, run.period, audience, {"of": run_id}, utcnow())
    with transaction() as session:
        own = run_of(session, Loop.MONTHLY, run.period, audience)
        if own is None or own.file_id is not None:
            return
        before, own_id = looping.claim_run(session, own.id, utcnow()), own.id
    shared = _shared(run, channel, None if rep_id else run.ts, before)
    with finishing(running) as session:
        looping.note_shared(session, own_id, shared)


def _shared(run: LoopRun, channel: str, thread: str | None, claimed_before: datetime | None) -> str:
    """Slack's id of the file, or why there is none to be noted."""
    pack, comment = from_json(Pack, run.data), share_words(run.period)
    files = {file_name(pack.month): page(pack).encode()}
    if thread is None:
        files = {file_name(pack.month, "png"): overview(pack), **files}
    try:
        if claimed_before is not None and messenger.find_shared(channel, thread, comment, claimed_before):
            return "found again"
        return messenger.share(channel, thread, comment, files)
    except (messenger.Unreachable, messenger.MessageGone) as gone:
        # Where nobody can be reached any more nobody waits for it.
        log.warning("feedback.pack_not_shared", why=str(gone))
        return "unreachable"
