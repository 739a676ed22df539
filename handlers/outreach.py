"""Stage 4: the rep has tried to reach the lead, and logs it. The first attempt is the first contact of the SLA."""

from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import contact_modal
from domain import finding
from domain.rules.lifecycle import HandoffMove
from domain.tables import AttemptOutcome
from domain.verbs import deciding
from handlers.jobs import transaction
from handlers.window import open_window
from kit.clock import utcnow


@on_press(Press.LOG_CONTACT)
def log_contact_pressed(click: Click) -> None:
    open_window(click, HandoffMove.LOG_CONTACT, contact_modal)


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
