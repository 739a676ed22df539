"""Stage 6: the call is over, and its answers say whether the lead is an SQL."""

from sqlalchemy.orm import Session

from bot.ids import Press, Submission
from bot.listening import Click, Errors, Instead, Sent, on_press, on_submission
from bot.modals import View, reject_modal
from bot.qualify_modal import qualify_modal, said_in
from domain import cards, finding
from domain.rules.lifecycle import HandoffMove, handoff_step
from domain.rules.qualification import Verdict
from domain.tables import Rep
from domain.verbs import qualifying
from domain.verbs.moving import may_move
from handlers.jobs import reading, transaction
from handlers.window import open_window
from kit.clock import utcnow

GIVE_BACK = (
    "Your answers are kept. They say that no deal will come of it: give the lead back, or close this to keep it."
)


@on_press(Press.QUALIFY, opens=True)
def qualify_pressed(click: Click) -> None:
    ref = click.ref

    def fill(session: Session, rep: Rep) -> View:
        may_move(session, ref.handoff_id, version=ref.version, by=rep, move=HandoffMove.QUALIFY, now=utcnow())
        return qualify_modal(cards.card_view(session, ref.handoff_id), qualifying.in_force(session).framework)

    open_window(click, fill)


@on_submission(Submission.QUALIFY)
def qualify_sent(sent: Sent) -> Errors | Instead:
    with transaction() as session:
        rep = finding.rep_by_slack(session, sent.slack_user_id)
        row = qualifying.qualify(
            session,
            sent.ref.handoff_id,
            version=sent.ref.version,
            by=rep,
            said=said_in(sent.values),
            now=utcnow(),
            key=sent.window,
        )
        hopeless = row.verdict is Verdict.NOT_QUALIFIED
    return _give_back(sent.ref.handoff_id) if hopeless else {}


def _give_back(handoff_id: int) -> Errors | Instead:
    """The window of a rejection in place of the one that was sent."""
    with reading() as session:
        view = cards.card_view(session, handoff_id)
    if handoff_step(view.status, HandoffMove.REJECT) is None:
        return {}
    return Instead(reject_modal(view, "no_fit", GIVE_BACK))
