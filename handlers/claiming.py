"""Stage 4, when nobody is asked or nobody answers: the pool's channel hears of the lead, and one of the pool takes it."""

from contextlib import suppress
from dataclasses import replace

from sqlalchemy.orm import Session

from bot import messenger
from bot.blocks import Block, fingerprint
from bot.ids import Press
from bot.listening import Click, on_press
from bot.pool_call import pool_call
from domain import cards, finding
from domain.rules.refusal import Refusal
from domain.tables import CardPlace, Handoff, Pool, PoolCall
from domain.verbs import claiming, placing
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, Priority, call_pool
from handlers.strays import LOOK_AGAIN
from kit.clock import utcnow


@on_press(Press.CLAIM)
def claim_pressed(click: Click) -> None:
    try:
        with transaction() as session:
            rep = finding.rep_by_slack(session, click.slack_user_id)
            claiming.claim(session, click.ref.handoff_id, version=click.ref.version, by=rep, now=utcnow())
    except Refusal:
        _repair(click.ref.handoff_id)
        raise


def _repair(handoff_id: int) -> None:
    """Whoever was refused may have seen an old line."""
    with transaction() as session:
        handoff = session.get(Handoff, handoff_id)
        if handoff is not None and handoff.pool_id is not None:
            send(session, call_pool(handoff.id, handoff.pool_id))


@job(Job.CALL_POOL)
def call(running: Running, handoff_id: int) -> None:
    """Make the line in the pool's channel say what the record says. It is posted once, only while the lead can be taken, and
    only where no card with the same button stands.
    """
    with reading() as session:
        handoff = session.get_one(Handoff, handoff_id)
        view = cards.card_view(session, handoff_id)
        takeable = claiming.for_the_taking(session, handoff)
        said = session.get(PoolCall, handoff_id)
        card = session.get(CardPlace, handoff_id)
        channel = said.channel if said is not None else _channel(session, handoff)
    if channel is None or (said is None and (not takeable or view.place == channel)):
        return
    text, blocks = pool_call(view, takeable=takeable, card=_link(card))
    if said is not None and said.drawn == fingerprint(blocks):
        return
    try:
        ts = _draw(handoff, said, channel, text, blocks)
    except messenger.Unreachable:
        _look_again(running, handoff, takeable=takeable)
        return
    with finishing(running) as session:
        placing.note_pool_call(session, handoff_id, ts, fingerprint(blocks))


def _look_again(running: Running, handoff: Handoff, *, takeable: bool) -> None:
    """The channel is archived, or we are not in it. It may be back while the lead can still be taken."""
    with finishing(running) as session:
        if takeable and handoff.pool_id is not None:
            again = call_pool(handoff.id, handoff.pool_id)
            send(session, replace(again, key=f"{handoff.id}.stray", priority=Priority.BULK, after=LOOK_AGAIN))


def _channel(session: Session, handoff: Handoff) -> str | None:
    return session.get_one(Pool, handoff.pool_id).slack_channel if handoff.pool_id is not None else None


def _link(card: CardPlace | None) -> str | None:
    """A link for everybody: to a card among somebody's direct messages there is none."""
    if card is None or card.ts is None or not card.channel.startswith(("C", "G")):
        return None
    return card.permalink or messenger.permalink(card.channel, card.ts)


def _draw(handoff: Handoff, said: PoolCall | None, channel: str, text: str, blocks: list[Block]) -> str:
    """Redraw the line, or post it; an earlier claim means that a try crashed, so it is looked for first."""
    if said is not None and said.ts is not None:
        # Who deletes the line does not want it: it is not posted again.
        with suppress(messenger.MessageGone):
            messenger.update(channel, said.ts, text, blocks)
        return said.ts
    metadata = messenger.card_metadata(handoff.id, handoff.cycle, messenger.POOL_CALL_EVENT)
    with transaction() as session:
        claimed = placing.claim_pool_call(session, handoff.id, channel, utcnow())
    if said is not None:
        found = messenger.find_message(channel, metadata, claimed.claimed_at)
        if found is not None:
            messenger.update(channel, found, text, blocks)
            return found
    return messenger.post(channel, text, blocks, metadata=metadata)
