"""The lead card in Slack: posted once, then redrawn whole whenever the record changes."""

from sqlalchemy.orm import Session

from bot import messenger
from bot.blocks import Block, fingerprint
from bot.card import lead_card
from bot.messenger import Unreachable
from domain import cards
from domain.rules.lifecycle import LIVE
from domain.tables import CardPlace, Handoff, PoolCall, Rep
from domain.verbs import placing
from domain.views import CardView
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, Priority, call_pool, show_brief, show_card
from handlers.strays import back_home, is_stray, look_again, to_the_manager, with_note
from kit.clock import utcnow


@job(Job.SHOW_CARD)
def show(running: Running, handoff_id: int) -> None:
    """Make the card in Slack say what the record says."""
    now = utcnow()
    with reading() as session:
        view = cards.card_view(session, handoff_id)
        place = session.get(CardPlace, handoff_id)
        dm = session.get_one(Rep, view.rep.rep_id).slack_dm_id if view.rep else None
    if view.place is None:
        return
    text, blocks = lead_card(view, now)
    place = _brought_home(view, place, dm)
    if is_stray(view, place, dm):
        blocks = with_note(view, blocks)
    stands = place is not None and place.ts is not None and place.drawn == fingerprint(blocks)
    try:
        ts = None if stands else _draw(view, place, dm, text, blocks)
    except Unreachable as gone:
        if view.status not in LIVE:
            return
        place, blocks = to_the_manager(view, place, gone), with_note(view, lead_card(view, now)[1])
        ts = _draw(view, place, dm, text, blocks)
    with finishing(running) as session:
        if ts is not None:
            placing.note_drawn(session, handoff_id, ts, fingerprint(blocks), utcnow())
        if is_stray(view, place, dm) and (again := look_again(view)):
            send(session, again)
        newer = session.get_one(Handoff, handoff_id)
        if newer.version != view.version or newer.status is not view.status:
            # The record has moved on while Slack was drawing: there is a newer card to draw.
            send(session, show_card(handoff_id, view.place, Priority.CLICK))
        _draw_beside(session, newer, view.place)


def _brought_home(view: CardView, place: CardPlace | None, dm: str | None) -> CardPlace | None:
    """Where the card stands; one that stands with the manager goes back as soon as its own place can be reached."""
    if place is None or view.status not in LIVE or not is_stray(view, place, dm):
        return place
    return back_home(view, place, dm) or place


def _draw_beside(session: Session, handoff: Handoff, place: str) -> None:
    """What stands beside the card says the same as it does: the brief in its thread, the line in the pool's channel."""
    send(session, show_brief(handoff.id, place, Priority.BULK if handoff.bulk else Priority.BRIEF))
    if handoff.pool_id is not None and session.get(PoolCall, handoff.id) is not None:
        send(session, call_pool(handoff.id, handoff.pool_id))


def _draw(view: CardView, place: CardPlace | None, dm: str | None, text: str, blocks: list[Block]) -> str | None:
    """Draw the card where it stands, or post it; returns its ts. None: it stands nowhere, and nobody can act on it any more."""
    if place is None or place.ts is None:
        return _post(view, place, dm, text, blocks)
    try:
        messenger.update(place.channel, place.ts, text, blocks)
    except messenger.MessageGone:
        return _post(view, place, dm, text, blocks) if view.status in LIVE else None
    return place.ts


def _post(view: CardView, place: CardPlace | None, dm: str | None, text: str, blocks: list[Block]) -> str | None:
    """Post the card, if somebody can act on it. An earlier claim means that a try crashed, or that the card was deleted: it is
    looked for before it is posted.
    """
    live = view.status in LIVE
    if place is None and not live:
        return None
    channel = place.channel if place else _channel(view, dm)
    with transaction() as session:
        claimed = placing.claim(session, view.handoff_id, channel, utcnow())
    metadata = messenger.card_metadata(view.handoff_id, view.cycle)
    if place is not None:
        found = messenger.find_message(channel, metadata, claimed.claimed_at)
        if found is not None:
            # What stands there was drawn by the try that crashed; the record may have moved on since.
            messenger.update(channel, found, text, blocks)
            return found
    return messenger.post(channel, text, blocks, metadata=metadata) if live else None


def _channel(view: CardView, dm: str | None) -> str:
    """A pool's channel as it is; a person's direct messages by their own id, which `chat.update` needs."""
    if view.place is not None and view.in_channel:
        return view.place
    if dm is not None:
        return dm
    return messenger.direct_channel(str(view.place))
