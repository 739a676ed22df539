"""A button that opens a window: the one call to Slack inside a click, made only for who could make the move."""

from collections.abc import Callable

from bot.listening import Click
from bot.messenger import TriggerGone, open_modal
from bot.modals import View
from domain import cards, finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.refusals import ClickTooLate
from domain.verbs.moving import may_move
from domain.views import CardView
from handlers.jobs import reading
from kit.clock import utcnow
from kit.outside import TryLater


def open_window(click: Click, move: HandoffMove, window: Callable[[CardView], View]) -> None:
    """Raises what the move itself would refuse, and ClickTooLate if Slack's trigger had expired."""
    ref = click.ref
    with reading() as session:
        rep = finding.rep_by_slack(session, click.slack_user_id)
        may_move(session, ref.handoff_id, version=ref.version, by=rep, move=move, now=utcnow())
        view = cards.card_view(session, ref.handoff_id)
    show_window(click, window(view))


def show_window(click: Click, view: View) -> None:
    """Raises ClickTooLate if Slack's trigger had expired."""
    try:
        open_modal(click.trigger_id, view)
    except (TriggerGone, TryLater):
        raise ClickTooLate from None
