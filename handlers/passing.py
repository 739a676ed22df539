"""Stage 5, to somebody else: a lead is released to its pool, given to a person, or taken over."""

from sqlalchemy.orm import Session

from bot.blocks import Block
from bot.ids import Field, HandoffRef, Press, Submission, Suggest
from bot.listening import Click, Errors, Sent, Typed, on_press, on_submission, on_suggest
from bot.modals import BACK_TO_THE_POOL, MOST_OPTIONS, View, reassign_modal, takers
from domain import cards, finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.name_search import named_like
from domain.rules.refusals import CannotBeGiven
from domain.succession import others_for
from domain.tables import Handoff, Rep
from domain.verbs import passing
from domain.verbs.moving import may_move
from domain.views import Person
from handlers.jobs import reading, transaction
from handlers.window import open_window
from kit.clock import utcnow


@on_press(Press.RELEASE)
def release_pressed(click: Click) -> None:
    with transaction() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        passing.release(session, click.ref.handoff_id, version=click.ref.version, by=rep, now=utcnow())


@on_press(Press.TAKE_OVER)
def take_over_pressed(click: Click) -> None:
    with transaction() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        passing.take_over(session, click.ref.handoff_id, version=click.ref.version, by=rep, now=utcnow())


@on_press(Press.REASSIGN, opens=True)
def reassign_pressed(click: Click) -> None:
    def fill(session: Session, rep: Rep) -> View:
        others = _others(session, click.ref, rep)
        return reassign_modal(cards.card_view(session, click.ref.handoff_id), others)

    open_window(click, fill)


@on_suggest(Suggest.REP)
def reps_suggested(typed: Typed) -> list[Block]:
    """Who could take the lead and is called like this."""
    if typed.ref is None:
        return []
    with reading() as session:
        others = _others(session, typed.ref, finding.rep_by_slack(session, typed.slack_user_id))
    return takers([one for one in others if named_like(one.name, typed.text)])[:MOST_OPTIONS]


def _others(session: Session, ref: HandoffRef, by: Rep) -> list[Person]:
    """Who could take the lead, if `by` may give it to somebody."""
    now = utcnow()
    handoff = may_move(session, ref.handoff_id, version=ref.version, by=by, move=HandoffMove.REASSIGN, now=now)
    return [Person(one.id, one.name, one.slack_user_id) for one in others_for(session, handoff, now)]


@on_submission(Submission.REASSIGN)
def reassign_sent(sent: Sent) -> Errors:
    chosen, now = sent.values.get(Field.REP, ""), utcnow()
    with transaction() as session:
        rep = finding.rep_by_slack(session, sent.slack_user_id)
        to = None if chosen == BACK_TO_THE_POOL else _chosen_rep(session, sent.ref.handoff_id, chosen)
        if to is None and chosen != BACK_TO_THE_POOL:
            return {Field.REP: "Choose one of these."}
        try:
            passing.reassign(session, sent.ref.handoff_id, version=sent.ref.version, by=rep, to=to, now=now)
        except CannotBeGiven as refusal:
            return {Field.REP: refusal.sentence(finding.names_of(session, refusal.rep_ids))}
    return {}


def _chosen_rep(session: Session, handoff_id: int, chosen: str) -> Rep | None:
    """The rep, if they can be chosen (still)."""
    handoff = session.get(Handoff, handoff_id)
    offered = others_for(session, handoff, utcnow()) if handoff is not None else ()
    return next((one for one in offered if str(one.id) == chosen), None)
