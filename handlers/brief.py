"""The intelligence brief: posted once in the thread of a lead's card, then redrawn whole whenever the record changes."""

from contextlib import suppress

from bot import messenger
from bot.blocks import Block, fingerprint
from bot.brief import lead_brief
from domain.briefing import brief_view
from domain.rules.lifecycle import LIVE
from domain.tables import CardPlace, Handoff
from domain.verbs import placing
from domain.views import BriefView
from handlers.jobs import Running, finishing, job, reading, transaction
from handlers.sending import Job
from kit.clock import utcnow


@job(Job.SHOW_BRIEF)
def show(running: Running, handoff_id: int) -> None:
    """Make the brief say what the record says. Without a card there is no thread; once the handoff has ended, none is begun."""
    with reading() as session:
        place = session.get(CardPlace, handoff_id)
        live = session.get_one(Handoff, handoff_id).status in LIVE
        view = brief_view(session, handoff_id, utcnow())
    if place is None or place.ts is None or (place.brief_ts is None and not live):
        return
    text, blocks = lead_brief(view, _earlier_card(view, place.channel))
    if place.brief_ts is not None and place.brief_drawn == fingerprint(blocks):
        return
    try:
        ts = _draw(view, place, place.ts, text, blocks)
    except (messenger.MessageGone, messenger.Unreachable):
        # The card is gone from there. Where it is drawn next, its brief is drawn with it.
        return
    with finishing(running) as session:
        placing.note_brief(session, handoff_id, place.ts, ts, fingerprint(blocks))


def _earlier_card(view: BriefView, channel: str) -> str | None:
    """A link to the card of the attempt before, unless that stands among somebody else's direct messages."""
    before = view.earlier[0] if view.earlier else None
    if (
        before is None
        or before.card is None
        or not (before.card[0] == channel or before.card[0].startswith(("C", "G")))
    ):
        return None
    return before.permalink or messenger.permalink(*before.card)


def _draw(view: BriefView, place: CardPlace, card: str, text: str, blocks: list[Block]) -> str:
    """Redraw it where it stands, or post it; an earlier claim means that a try crashed, so it is looked for first.

    Who deletes the brief does not want it: it is not posted again.
    """
    if place.brief_ts is not None:
        return _redraw(place.channel, place.brief_ts, text, blocks)
    metadata = messenger.card_metadata(view.handoff_id, view.cycle, messenger.BRIEF_EVENT)
    with transaction() as session:
        claimed_at = placing.claim_brief(session, view.handoff_id, utcnow())
    if place.brief_claimed_at is not None:
        found = messenger.find_reply(place.channel, card, metadata, claimed_at)
        if found is not None:
            return _redraw(place.channel, found, text, blocks)
    return messenger.post(place.channel, text, blocks, metadata=metadata, thread=card)


def _redraw(channel: str, ts: str, text: str, blocks: list[Block]) -> str:
    with suppress(messenger.MessageGone):
        messenger.update(channel, ts, text, blocks)
    return ts
