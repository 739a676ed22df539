"""Stage 5, no: somebody presses Reject, and says why."""

from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.messenger import TriggerGone, open_modal
from bot.modals import reject_modal
from domain import finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.refusals import ClickTooLate, NoteMissing, UnknownReason
from domain.verbs import deciding
from handlers.jobs import reading, transaction
from kit.clock import utcnow
from kit.outside import TryLater


@on_press(Press.REJECT)
def reject_pressed(click: Click) -> None:
    with reading() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        ref = click.ref
        deciding.may_decide(session, ref.handoff_id, version=ref.version, by=rep, move=HandoffMove.REJECT)
        view = finding.card_view(session, ref.handoff_id)
    try:
        open_modal(click.trigger_id, reject_modal(view))
    except (TriggerGone, TryLater):
        raise ClickTooLate from None


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
