"""Stage 5, on second thoughts: somebody takes back what they have just decided."""

from bot.ids import Press
from bot.listening import Click, on_press
from domain import finding
from domain.verbs.undoing import undo
from handlers.jobs import transaction
from kit.clock import utcnow


@on_press(Press.UNDO)
def undo_pressed(click: Click) -> None:
    with transaction() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        undo(session, click.ref.handoff_id, version=click.ref.version, by=rep, now=utcnow())
