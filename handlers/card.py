"""The lead card in Slack: posted once, then redrawn whole whenever the record changes."""

import json
from collections.abc import Sequence
from hashlib import sha256

from bot import messenger
from bot.blocks import Block
from bot.card import lead_card
from domain import cards
from domain.rules.lifecycle import LIVE
from domain.tables import CardPlace, Handoff, Rep
from domain.verbs import placing
from domain.views import CardView
from handlers.flow import Job, Priority, show_card
from handlers.jobs import Running, finishing, job, reading, send, transaction
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
    stands = place is not None and place.ts is not None and place.drawn == _hash(blocks)
    ts = None if stands else _draw(view, place, dm, text, blocks)
    with finishing(running) as session:
        if ts is not None:
            placing.note_drawn(session, handoff_id, ts, _hash(blocks), utcnow())
        # The record may have moved on while Slack was drawing: then there is a newer card to draw.
        newer = session.get_one(Handoff, handoff_id)
        if newer.version != view.version or newer.status is not view.status:
            send(session, show_card(handoff_id, view.place, Priority.CLICK))


def _draw(view: CardView, place: CardPlace | None, dm: str | None, text: str, blocks: list[Block]) -> str | None:
    """Draw the card where it stands, or post it; returns its ts. None: it was deleted, and nobody can act on it any more."""
    if place is None or place.ts is None:
        return _post(view, place, dm, text, blocks)
    try:
        messenger.update(place.channel, place.ts, text, blocks)
    except messenger.MessageGone:
        return _post(view, place, dm, text, blocks) if view.status in LIVE else None
    return place.ts


def _post(view: CardView, place: CardPlace | None, dm: str | None, text: str, blocks: list[Block]) -> str:
    """Post the card. An earlier claim means that a try crashed, or that the card was deleted: it is looked for before it is posted."""
    channel = place.channel if place else _channel(view, dm)
    with transaction() as session:
        claimed = placing.claim(session, view.handoff_id, channel, utcnow())
    if place is not None:
        metadata = messenger.card_metadata(view.handoff_id, view.cycle)
        found = messenger.find_message(channel, metadata, claimed.claimed_at)
        if found is not None:
            # What stands there was drawn by the try that crashed; the record may have moved on since.
            messenger.update(channel, found, text, blocks)
            return found
    return messenger.post(channel, text, blocks, metadata=messenger.card_metadata(view.handoff_id, view.cycle))


def _channel(view: CardView, dm: str | None) -> str:
    """A pool's channel as it is; a person's direct messages by their own id, which `chat.update` needs."""
    if view.place is not None and view.place.startswith(("C", "G")):
        return view.place
    if dm is not None:
        return dm
    return messenger.direct_channel(str(view.place))


def _hash(blocks: Sequence[Block]) -> str:
    return sha256(json.dumps(blocks, sort_keys=True).encode()).hexdigest()
