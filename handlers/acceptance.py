"""Stage 5, yes: somebody presses Accept."""

from bot.ids import Press
from bot.listening import Click, on_press
from domain import finding
from domain.verbs import deciding
from handlers.jobs import transaction
from kit.clock import utcnow


@on_press(Press.ACCEPT)
def accept_pressed(click: Click) -> None:
    with transaction() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        deciding.accept(session, click.ref.handoff_id, version=click.ref.version, by=rep, now=utcnow())
