"""Stage 4: the rep has tried to reach the lead, and logs it. The first attempt is the first contact of the SLA."""

from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.messenger import TriggerGone, open_modal
from bot.modals import contact_modal
from domain import finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.refusals import ClickTooLate
from domain.tables import AttemptOutcome
from domain.verbs import deciding
from handlers.jobs import reading, transaction
from kit.clock import utcnow
from kit.outside import TryLater


@on_press(Press.LOG_CONTACT)
def log_contact_pressed(click: Click) -> None:
    with reading() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        ref = click.ref
        deciding.may_decide(session, ref.handoff_id, version=ref.version, by=rep, move=HandoffMove.LOG_CONTACT)
        view = finding.card_view(session, ref.handoff_id)
    try:
        open_modal(click.trigger_id, contact_modal(view))
    except (TriggerGone, TryLater):
        raise ClickTooLate from None


@on_submission(Submission.LOG_CONTACT)
def log_contact_sent(sent: Sent) -> Errors:
    chosen = sent.values.get(Field.OUTCOME, "")
    if chosen not in set(AttemptOutcome):
        return {Field.OUTCOME: "Choose how it went."}
    with transaction() as session:
        rep = finding.rep_by_slack(session, sent.slack_user_id)
        deciding.log_attempt(
            session,
            sent.ref.handoff_id,
            by=rep,
            outcome=AttemptOutcome(chosen),
            note=sent.values.get(Field.NOTE),
            now=utcnow(),
            key=sent.window,
        )
    return {}
