"""Cards whose place in Slack cannot be reached: an archived channel, one that we were taken out of, a person who has left Slack.

They stand with the pool's manager meanwhile, and go back when the place is there again.
"""

from datetime import datetime, timedelta

from bot import messenger
from bot.blocks import Block, section
from bot.messages import stray_words
from bot.messenger import Unreachable
from domain import finding
from domain.rules.lifecycle import LIVE
from domain.tables import CardPlace
from domain.verbs import placing
from domain.views import CardView
from handlers.jobs import reading, transaction
from handlers.sending import Priority, Sending, show_card
from kit.clock import utcnow

LOOK_AGAIN = timedelta(minutes=10)
"""How often a live card that stands with the manager asks whether its own place is back."""


def is_stray(view: CardView, place: CardPlace | None, dm: str | None) -> bool:
    """`dm`: our direct messages with the rep it is addressed to."""
    own = own_place(view, dm)
    return place is not None and own is not None and place.channel != own


def own_place(view: CardView, dm: str | None) -> str | None:
    """None: direct messages that were never opened."""
    return view.place if view.in_channel else dm


def with_note(view: CardView, blocks: list[Block]) -> list[Block]:
    """The card as the manager sees it: why it came to them stands above."""
    return [section(stray_words(view)), *blocks]


def to_the_manager(view: CardView, place: CardPlace | None, gone: Unreachable) -> CardPlace:
    """Where the card goes instead. Raises `gone` if there is nobody who could be reached."""
    with reading() as session:
        manager = finding.manager_of(session, finding.pool_of(session, view.handoff_id))
    if manager is None or manager.slack_user_id is None:
        raise gone
    channel = manager.slack_dm_id or messenger.direct_channel(manager.slack_user_id)
    if place is not None and place.channel == channel:
        raise gone
    return _moved(view.handoff_id, channel)


def back_home(view: CardView, place: CardPlace, dm: str | None) -> CardPlace | None:
    """Where the card belongs, if that can be reached again; what stood with the manager is taken down."""
    own = own_place(view, dm)
    if own is None or not messenger.is_reachable(own):
        return None
    if place.ts is not None:
        messenger.take_down(place.channel, place.ts)
    return _moved(view.handoff_id, own, view.offered_at)


def _moved(handoff_id: int, channel: str, stood_since: datetime | None = None) -> CardPlace:
    """A commit of its own: what is posted there after it is found again, whatever happens in between. So is what may have
    stood there `stood_since` then.
    """
    with transaction() as session:
        return placing.move(session, handoff_id, channel, utcnow(), stood_since)


def look_again(view: CardView) -> Sending | None:
    """A look at whether its place is back, as long as somebody can act on the card."""
    if view.status not in LIVE or view.place is None:
        return None
    again = show_card(view.handoff_id, view.place, Priority.BULK)
    return Sending(again.job, again.args, f"{view.handoff_id}.stray", again.lane, again.priority, LOOK_AGAIN)
