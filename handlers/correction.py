"""Stage 1, by hand: a colleague puts right what is known of a lead, from its card."""

from bot.ids import Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import fix_modal
from domain import finding
from domain.datasheet import datasheet
from domain.rules.corrections import NotReadable
from domain.verbs import correcting
from handlers.jobs import reading, transaction
from handlers.window import show_window
from kit.clock import utcnow


@on_press(Press.FIX_DATA)
def fix_pressed(click: Click) -> None:
    with reading() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        correcting.may_correct(session, click.ref.handoff_id, rep, utcnow())
        view = datasheet(session, click.ref.handoff_id)
    show_window(click, fix_modal(view))


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
