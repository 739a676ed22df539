"""Stage 3: a lead moves. A rise in nurture is told to marketing, a rise in somebody's hands to them and their manager."""

from bot import messages, messenger
from domain import cards, finding
from domain.rules.lifecycle import Stage
from domain.tables import CardPlace, Rep
from domain.verbs.modelling import active_model
from domain.verbs.rechecking import due_rechecks
from handlers.flow import Job, Priority, Sending, slack_lane
from handlers.jobs import Running, finishing, job, reading, send, transaction
from kit.clock import utcnow

RECHECKS_AT_ONCE = 500


def recheck() -> int:
    """Send a lead to be scored again whose time has come, many at once; behind everything that is live. Says how many."""
    with transaction() as session:
        due = due_rechecks(session, utcnow(), RECHECKS_AT_ONCE)
        for lead_id in due:
            send(session, Sending(Job.SCORE, {"lead_id": lead_id}, key=str(lead_id), priority=Priority.BULK))
    return len(due)


@job(Job.TELL_JUMP)
def tell_jump(running: Running, lead_id: int, before: int, rep_id: int = 0) -> None:
    """A line in the thread of the lead's card, if it has one; else a direct message to each person of marketing."""
    with reading() as session:
        rise = finding.rise_of(session, lead_id)
        model = active_model(session)[1]
        reps = [session.get_one(Rep, rep_id)] if rep_id else finding.told_of_leads(session)
    if rise is None:
        return
    text, blocks = messages.jumped(rise, before, model.thresholds)
    if rep_id:
        if reps[0].slack_dm_id is not None:
            messenger.post(reps[0].slack_dm_id, text, blocks)
    elif rise.channel is not None and rise.ts is not None:
        messenger.post(rise.channel, text, blocks, thread=rise.ts)
    elif rise.stage is Stage.NURTURING:
        with finishing(running) as session:
            for rep in reps:
                args: dict[str, int | str] = {"lead_id": lead_id, "before": before, "rep_id": rep.id}
                lane = slack_lane(str(rep.slack_dm_id))
                send(session, Sending(Job.TELL_JUMP, args, key=f"{lead_id}:{rep.id}", lane=lane))


@job(Job.TELL_REP_HOTTER)
def tell_rep_hotter(_running: Running, handoff_id: int) -> None:
    """Who keeps an MQL when it becomes an HQL: a line in the card's thread says so."""
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
    if place is not None and place.ts is not None:
        text, blocks = messages.hotter(view, None)
        messenger.post(place.channel, text, blocks, thread=place.ts)


@job(Job.TELL_MANAGER_HOTTER)
def tell_manager_hotter(_running: Running, handoff_id: int) -> None:
    """The manager may want an AE to join."""
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
        manager = finding.manager_of(session, finding.pool_of(session, handoff_id))
    if manager is not None and manager.slack_dm_id is not None:
        link = messenger.permalink(place.channel, place.ts) if place is not None and place.ts is not None else None
        text, blocks = messages.hotter(view, link)
        messenger.post(manager.slack_dm_id, text, blocks)
