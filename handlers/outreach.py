"""Stage 4: the rep has tried to reach the lead, and logs it. The first attempt is the first contact of the SLA."""

from bot.ids import Field, Press, Submission
from bot.listening import Click, Errors, Sent, on_press, on_submission
from bot.modals import contact_modal
from domain import finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.next_steps import read_next_step
from domain.rules.refusals import NoSuchNextStep
from domain.tables import AttemptOutcome
from domain.verbs import deciding
from handlers.jobs import transaction
from handlers.window import open_for_move
from kit.clock import utcnow


@on_press(Press.LOG_CONTACT, opens=True)
def log_contact_pressed(click: Click) -> None:
    open_for_move(click, HandoffMove.LOG_CONTACT, contact_modal)


@on_submission(Submission.LOG_CONTACT)
def log_contact_sent(sent: Sent) -> Errors:
    chosen = sent.values.get(Field.OUTCOME, "")
    if chosen not in set(AttemptOutcome):
        return {Field.OUTCOME: "Choose how it went."}
    now = utcnow()
    try:
        then = read_next_step(sent.values.get(Field.NEXT_STEP, ""), sent.values.get(Field.NEXT_AT, ""), now)
    except NoSuchNextStep as refusal:
        return {Field.NEXT_STEP if refusal.facts["why"] == "what" else Field.NEXT_AT: refusal.sentence({})}
    with transaction() as session:
        rep = finding.rep_by_slack(session, sent.slack_user_id)
        deciding.log_attempt(
            session,
            sent.ref.handoff_id,
            by=rep,
            outcome=AttemptOutcome(chosen),
            note=sent.values.get(Field.NOTE),
            now=now,
            then=then,
            key=sent.window,
        )
    return {}
