"""Stage 1, by hand: a colleague puts right what is known of a lead, from its card."""

from sqlalchemy.orm import Session

from bot.ids import Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import View, fix_modal
from domain import finding
from domain.datasheet import datasheet
from domain.rules.corrections import NotReadable
from domain.tables import Rep
from domain.verbs import correcting
from handlers.jobs import transaction
from handlers.window import open_window
from kit.clock import utcnow


@on_press(Press.FIX_DATA, opens=True)
def fix_pressed(click: Click) -> None:
    def fill(session: Session, rep: Rep) -> View:
        correcting.may_correct(session, click.ref.handoff_id, rep, utcnow())
        return fix_modal(datasheet(session, click.ref.handoff_id))

    open_window(click, fill)


@on_submission(Submission.FIX_DATA)
def fix_sent(sent: Sent) -> Errors:
    try:
        with transaction() as session:
            rep = finding.rep_by_slack(session, sent.slack_user_id)
            correcting.correct(
                session,
                sent.ref.handoff_id,
                said=sent.values,
                shown=sent.shown,
                by=rep,
                now=utcnow(),
                key=sent.window,
            )
    except NotReadable as no:
        return dict(no.errors)
    return {}
