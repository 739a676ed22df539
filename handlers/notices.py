"""What is said to a person beside the card: one word at a time, or all that was held for them in one digest."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy.orm import Session

from bot import messages, messenger
from bot.deal_notices import deal_notice
from bot.digest import digest_message
from bot.feedback import loop_message
from bot.messages import Lateness, Message
from bot.proposal import shadow_over_message, worse_message
from bot.review import review_message
from bot.waking import refused_by_crm, woken
from domain import cards, finding, notices, watching
from domain.deal_news import DEAL_ALERTS, deal_news
from domain.loops.told import LOOP_ALERTS, loop_news
from domain.proposals import proposal_view
from domain.reviewing import review_of
from domain.rules.deadlines import ClockKind
from domain.rules.preferences import Alert
from domain.tables import CardPlace, Check, Handoff, Notice, Rep
from domain.verbs import noticing, placing, snoozing
from domain.verbs.modelling import active_model
from domain.verbs.telling import CRM
from handlers.jobs import Running, finishing, job, reading, transaction
from handlers.sending import Job
from kit.clock import utcnow

log = structlog.get_logger()

SHOWN_LATE = 10
"""How many missed SLAs one message names."""

Speech = Callable[[str | None], Message]
"""What is to be said, once it is known whether there is a link to the card."""


class Where(NamedTuple):
    channel: str
    thread: str | None


@job(Job.TELL_NOTICE)
def tell_notice(running: Running, notice_id: int) -> None:
    """Said once, over a crash too: it is claimed before it is posted, and after a crash looked for by its number."""
    with reading() as session:
        notice = session.get_one(Notice, notice_id)
        place = session.get(CardPlace, notice.handoff_id) if notice.handoff_id is not None else None
        places = _places(session, notice, place)
        speech = _SPEECHES[notice.kind](session, notice) if places else None
    if notice.sent_at is not None:
        return
    if speech is None:
        with finishing(running) as session:
            noticing.settle(session, [notice_id])
        return
    link = _link(place) if notice.direct and place is not None else None
    said = _say(places, speech(link), messages.notice_metadata(notice_id), _claim(notice_id))
    with finishing(running) as session:
        if not said:
            noticing.settle(session, [notice_id])
            return
        noticing.note_sent(session, [notice_id], utcnow())
        if place is not None and place.ts is not None and link is not None:
            placing.keep_link(session, place.handoff_id, place.ts, link)


def _claim(notice_id: int) -> datetime | None:
    with transaction() as session:
        return noticing.claim(session, notice_id, utcnow())


def _say(
    places: Sequence[Where], message: Message, metadata: Mapping[str, Any], claimed_before: datetime | None
) -> bool:
    """At the first of these places that can be reached; returns whether there is one. A card may have been deleted, its channel
    archived; a person may have left Slack.
    """
    for where in places:
        with suppress(messenger.MessageGone, messenger.Unreachable):
            _post_once(where, message, metadata, claimed_before)
            return True
    log.warning("notice.nowhere_to_say")
    return False


def _post_once(where: Where, message: Message, metadata: Mapping[str, Any], claimed_before: datetime | None) -> None:
    channel, thread = where
    if claimed_before is not None:
        found = (
            messenger.find_reply(channel, thread, metadata, claimed_before)
            if thread is not None
            else messenger.find_message(channel, metadata, claimed_before)
        )
        if found is not None:
            return
    text, blocks = message
    messenger.post(channel, text, blocks, metadata=metadata, thread=thread)


def _places(session: Session, notice: Notice, place: CardPlace | None) -> list[Where]:
    """Where it is said, best first: in the thread of the card, else to the person. Empty if the card was not posted, or the
    person is not known in Slack.
    """
    dm = session.get_one(Rep, notice.rep_id).slack_dm_id
    directly = [Where(dm, None)] if dm is not None else []
    if notice.direct:
        return directly
    return [Where(place.channel, place.ts), *directly] if place is not None and place.ts is not None else []


def _link(place: CardPlace) -> str | None:
    if place.permalink is not None or place.ts is None:
        return place.permalink
    return messenger.permalink(place.channel, place.ts)


# ---- what each kind says; None: there is nothing to say any more ----------------------------------------------------


def _reminder(session: Session, notice: Notice) -> Speech | None:
    view, kind = cards.card_view(session, notice.handoff_id or 0), ClockKind(notice.data["clock"])
    return None if _settled(session, notice) else lambda _: messages.reminder(view, kind)


def _overdue(session: Session, notice: Notice) -> Speech | None:
    one = _lateness(session, notice.data | {"handoff_id": notice.handoff_id})
    return None if _settled(session, notice) else lambda _: messages.overdue(one)


def _settled(session: Session, notice: Notice) -> bool:
    handoff = session.get_one(Handoff, notice.handoff_id)
    clock = notices.clock_of(session, handoff.id, notice.data["clock"]) if "clock" in notice.data else None
    return notices.is_settled(handoff, clock, notice.kind)


def _sla_missed(session: Session, notice: Notice) -> Speech:
    many = notice.data.get("many")
    if many is None:
        one = _lateness(session, notice.data | {"handoff_id": notice.handoff_id})
        return lambda link: messages.late(one, link)
    shown = [_lateness(session, {**args, "behind": 0}) for args in many[:SHOWN_LATE]]
    behind = max(int(args["behind"]) for args in many)
    return lambda _: messages.many_late(shown, len(many), behind)


def _lateness(session: Session, args: Mapping[str, Any]) -> Lateness:
    view = cards.card_view(session, int(args["handoff_id"]))
    return Lateness(view, ClockKind(args["clock"]), str(args.get("note", "")), int(args.get("behind", 0)))


def _short(session: Session, notice: Notice) -> Speech | None:
    shortage = finding.pool_shortage(session, int(notice.data["pool_id"]))
    return (lambda _: messages.short(*shortage)) if shortage is not None else None


def _jump(session: Session, notice: Notice) -> Speech | None:
    rise, model = finding.rise_of(session, notice.lead_id or 0), active_model(session)[1]
    before = int(notice.data["before"])
    return (lambda _: messages.jumped(rise, before, model.thresholds)) if rise is not None else None


def _hotter(session: Session, notice: Notice) -> Speech:
    view = cards.card_view(session, notice.handoff_id or 0)
    return lambda link: messages.hotter(view, link)


def _woken(session: Session, notice: Notice) -> Speech | None:
    view = cards.card_view(session, notice.handoff_id or 0)
    rose = notice.data["why"] == snoozing.RISE
    return None if _settled(session, notice) else lambda _: woken(view, rose=rose)


def _crm_refused(session: Session, notice: Notice) -> Speech | None:
    view = cards.card_view(session, notice.handoff_id or 0)
    link = finding.link_of(session, view.lead.id, CRM)
    problem = link.problem if link is not None else None
    return None if problem is None or _settled(session, notice) else lambda _: refused_by_crm(view, problem)


def _review(session: Session, notice: Notice) -> Speech:
    found = review_of(session, datetime.fromisoformat(notice.data["since"]), utcnow())
    return lambda _: review_message(found)


def _proposal(session: Session, notice: Notice) -> Speech | None:
    if not watching.still_asks(session, notice.data):
        return None
    view, now = proposal_view(session, int(notice.data["proposal_id"])), utcnow()
    if notice.data["why"] == watching.WORSE:
        watched = notice.data["watched"]
        return lambda _: worse_message(view, watched, now)
    return lambda _: shadow_over_message(view, now)


def _health(session: Session, notice: Notice) -> Speech | None:
    check = session.get(Check, notice.data["check"])
    if check is None or check.state != notices.FAILED:
        return None
    found, advice = check.found, check.advice
    return lambda _: messages.unwell(found, advice)


def _deal(session: Session, notice: Notice) -> Speech | None:
    news = deal_news(session, notice, utcnow())
    return (lambda link: deal_notice(notice.kind, news, link)) if news is not None else None


def _loop(session: Session, notice: Notice) -> Speech:
    found, names = loop_news(session, notice)
    return lambda _: loop_message(found, names)


_SPEECHES: Mapping[Alert, Callable[[Session, Notice], Speech | None]] = {
    Alert.REMINDER: _reminder,
    Alert.OVERDUE: _overdue,
    Alert.SLA_MISSED: _sla_missed,
    Alert.POOL_SHORT: _short,
    Alert.JUMP: _jump,
    Alert.HOTTER: _hotter,
    Alert.WOKEN: _woken,
    Alert.CRM_REFUSED: _crm_refused,
    Alert.REVIEW: _review,
    Alert.PROPOSAL: _proposal,
    Alert.HEALTH: _health,
    **dict.fromkeys(DEAL_ALERTS, _deal),
    **dict.fromkeys(LOOP_ALERTS, _loop),
}


# ---- what was held ---------------------------------------------------------------------------------------------------


@job(Job.TELL_DIGEST)
def tell_digest(running: Running, rep_id: int) -> None:
    """All that was held for a person in one message, as it is by now. Nothing to say: no message."""
    with transaction() as session:
        held, claimed_before = noticing.claim_digest(session, rep_id, utcnow())
        held_ids = [notice.id for notice in held]
        digest = notices.digest_of(session, held)
        dm = session.get_one(Rep, rep_id).slack_dm_id
    if not held_ids or dm is None:
        return
    if digest.items:
        metadata = messages.digest_metadata(rep_id, held_ids[-1])
        if not _say([Where(dm, None)], digest_message(digest.items), metadata, claimed_before):
            digest = replace(digest, settled=frozenset(held_ids))
    with finishing(running) as session:
        noticing.note_sent(session, set(held_ids) - digest.settled, utcnow())
        noticing.settle(session, digest.settled)
