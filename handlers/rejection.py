"""Stage 5, no: somebody presses Reject, and says why."""

from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import reject_modal
from domain import finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.refusals import NoteMissing, UnknownReason
from domain.verbs import deciding
from handlers.jobs import transaction
from handlers.window import open_window
from kit.clock import utcnow


@on_press(Press.REJECT)
def reject_pressed(click: Click) -> None:
    open_window(click, HandoffMove.REJECT, reject_modal)


@on_submission(Submission.REJECT)
def reject_sent(sent: Sent) -> Errors:
    try:
        with transaction() as session:
            rep = finding.rep_by_slack(session, sent.slack_user_id)
            deciding.reject(
                session,
                sent.ref.handoff_id,
                version=sent.ref.version,
                by=rep,
                reason=sent.values.get(Field.REASON, ""),
                note=sent.values.get(Field.NOTE),
                now=utcnow(),
            )
    except UnknownReason as refusal:
        return {Field.REASON: refusal.sentence({})}
    except NoteMissing as refusal:
        return {Field.NOTE: refusal.sentence({})}
    return {}
