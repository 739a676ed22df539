"""A button that opens a window: something shows at once, and what belongs there follows when the record was read."""

from collections.abc import Callable

import structlog
from sqlalchemy.orm import Session

from bot import messenger
from bot.blocks import escape, moment
from bot.ids import HandoffRef
from bot.listening import Click, HomeClick
from bot.messenger import TriggerGone, Window
from bot.modals import View, loading_modal, refused_modal
from domain import cards, finding
from domain.rules.lifecycle import HandoffMove
from domain.rules.refusal import Refusal
from domain.rules.refusals import ClickTooLate
from domain.tables import Rep
from domain.verbs import placing
from domain.verbs.moving import may_move
from domain.views import CardView
from handlers.jobs import reading, send, transaction
from handlers.sending import Priority, show_card
from kit.clock import utcnow
from kit.outside import TryLater

log = structlog.get_logger()
BROKE = "Something broke on our side; nothing was changed. Please try again."

Fill = Callable[[Session, Rep], View]
"""What belongs in the window, for whoever clicked. Raises what the move itself would refuse."""


def open_for_move(click: Click, move: HandoffMove, window: Callable[[CardView], View]) -> None:
    """Open the window of a move, for whoever could make it now. As `open_window`."""

    def fill(session: Session, rep: Rep) -> View:
        may_move(session, click.ref.handoff_id, version=click.ref.version, by=rep, move=move, now=utcnow())
        return window(cards.card_view(session, click.ref.handoff_id))

    open_window(click, fill)


def open_window(click: Click, fill: Fill) -> None:
    """A refusal is said in the window, and the card behind it repairs itself.

    Raises ClickTooLate if Slack's trigger had expired before anything could be shown, unless there is another refusal.
    """
    _open_and_fill(click, fill, lambda refusal: _noted(click, refusal))


def open_own_window(click: HomeClick, fill: Fill) -> None:
    """A window about whoever clicked in their Home. As `open_window`, without a card behind it."""
    _open_and_fill(click, fill, lambda refusal: refusal.sentence({}))


def open_message_window(click: HomeClick, fill: Fill, repair: Callable[[], None]) -> None:
    """A window about what a message shows that is no card. As `open_window`; `repair` has the message drawn anew."""

    def said(refusal: Refusal) -> str:
        repair()
        with reading() as session:
            names = {rep_id: escape(name) for rep_id, name in finding.names_of(session, refusal.rep_ids).items()}
        return refusal.sentence(names, moment)

    _open_and_fill(click, fill, said)


def _open_and_fill(click: Click | HomeClick, fill: Fill, said: Callable[[Refusal], str]) -> None:
    """`said`: the sentence of a refusal for the window."""
    window = _open(click.trigger_id)
    try:
        with reading() as session:
            view = fill(session, finding.rep_by_slack(session, click.slack_user_id))
    except Refusal as refusal:
        if window is None:
            raise
        view = refused_modal(said(refusal))
    except Exception:
        if window is not None:
            messenger.redraw_modal(*window, refused_modal(BROKE))
        raise
    if window is None:
        raise ClickTooLate
    messenger.redraw_modal(*window, view)


def _open(trigger_id: str) -> Window | None:
    """None: the trigger had expired, or Slack did not answer."""
    try:
        return messenger.open_modal(trigger_id, loading_modal())
    except (TriggerGone, TryLater):
        return None


def _noted(click: Click, refusal: Refusal) -> str:
    """The sentence for the window, once the redraw of the card is on its way."""
    log.info("click.refused", refusal=refusal.key, slack_user=click.slack_user_id, handoff_id=click.ref.handoff_id)
    with transaction() as session:
        names = {rep_id: escape(name) for rep_id, name in finding.names_of(session, refusal.rep_ids).items()}
        repair_card(session, click.ref)
    return refusal.sentence(names, moment)


def repair_card(session: Session, ref: HandoffRef) -> None:
    """Have the card drawn anew, whatever we believe stands there."""
    place = finding.place_of(session, ref.handoff_id)
    if place is not None:
        placing.distrust(session, ref.handoff_id)
        send(session, show_card(ref.handoff_id, place, Priority.CLICK))
