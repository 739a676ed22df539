"""Stage 5, no: somebody presses Reject, and says why."""

from bot.ids import Field, Pick, Press, Submission
from bot.listening import Click, Errors, Picked, Sent, on_pick, on_press, on_submission
from bot.messenger import redraw_modal
from bot.modals import fields_of, reject_modal
from domain import cards, finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.refusal import Refusal
from domain.rules.refusals import CannotMerge, DetailMissing, NoSuchLead, NoteMissing, TooFewAttempts, UnknownReason
from domain.verbs import deciding
from handlers.jobs import reading, transaction
from handlers.window import open_for_move
from kit.clock import utcnow

AT = {
    UnknownReason: Field.REASON,
    TooFewAttempts: Field.REASON,
    NoteMissing: Field.NOTE,
    DetailMissing: Field.DETAIL,
    NoSuchLead: Field.DUPLICATE_OF,
    CannotMerge: Field.DUPLICATE_OF,
}
"""Under which field a refusal is said."""
ASK_AGAIN = "Choose another reason, and then this one again."


@on_press(Press.REJECT, opens=True)
def reject_pressed(click: Click) -> None:
    open_for_move(click, HandoffMove.REJECT, reject_modal)


@on_pick(Pick.REASON)
def reason_chosen(picked: Picked) -> None:
    """Show what the chosen reason asks for besides. For most reasons the window stays as it is."""
    if picked.fields == fields_of(picked.value):
        return
    with reading() as session:
        finding.rep_by_slack(session, picked.slack_user_id)
        view = cards.card_view(session, picked.ref.handoff_id)
    # The window goes on speaking of the handoff as it was when it was opened.
    again = reject_modal(view, picked.value) | {"private_metadata": picked.ref.packed}
    redraw_modal(picked.window, picked.version, again)


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
                detail=sent.values.get(Field.DETAIL) or sent.values.get(Field.DUPLICATE_OF),
            )
    except tuple(AT) as refusal:
        return _under_its_field(sent, refusal)
    return {}


def _under_its_field(sent: Sent, refusal: Refusal) -> Errors:
    field = AT[type(refusal)]
    if field in sent.values:
        return {field: refusal.sentence({})}
    # The window could not be redrawn in time, so the field is not there.
    return {Field.REASON: f"{refusal.sentence({})} {ASK_AGAIN}"}
