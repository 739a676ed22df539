"""Stage 7: an opportunity goes to an AE, by direct message with a brief. They accept it, or return it with a reason."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy.orm import Session

from bot import messenger
from bot.blocks import Block, fingerprint
from bot.deal import deal_blocks
from bot.deal_modals import View, return_modal
from bot.ids import DealPress, DealRef, DealSubmission, Field
from bot.listening import Errors, HomeClick, HomeSent, on_home_press, on_home_submission
from domain import deals, finding
from domain.deal_news import rep_of, tells_manager
from domain.deals import DealMessage
from domain.rules.deals import DEAL_LIVE, Withdrawn
from domain.rules.preferences import Alert
from domain.rules.refusal import Refusal
from domain.rules.refusals import CannotBeGiven, NoteMissing, UnknownReason
from domain.tables import DealHandoff, Happened, Opportunity, Rep
from domain.verbs import deal_clocks, deal_decisions, deal_owners, dealing, placing_deals
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.noticing import tell
from handlers.sending import Job, Priority, Sending, show_deal
from handlers.window import open_message_window
from integrations import registry
from integrations.crm_ports import Crm
from integrations.ports import NotOffered
from kit.clock import utcnow
from kit.outside import Refused

AT_ONCE = 200
UNKNOWN_THERE = "it knows nobody with their e-mail address"

# ---- who gets it -------------------------------------------------------------------------------------------------------


@job(Job.HAND_DEAL)
def hand_deal(running: Running, opportunity_id: int) -> None:
    with finishing(running) as session:
        dealing.hand_deal(session, opportunity_id, utcnow())


@job(Job.MOVE_DEALS)
def move_deals(running: Running, rep_id: int) -> None:
    """An AE is on leave or has left: what they have not answered goes to the next one, one deal a run."""
    with finishing(running) as session:
        if dealing.pass_on_of(session, rep_id, utcnow()):
            send(session, Sending(Job.MOVE_DEALS, {"rep_id": rep_id}, key=str(rep_id)))


# ---- its message -------------------------------------------------------------------------------------------------------


@job(Job.SHOW_DEAL)
def show(running: Running, deal_id: int) -> None:
    """Make the AE's message say what the record says. It is posted only while they have something to decide or to do; what
    stands there already is drawn anew whatever has become of it.
    """
    with reading() as session:
        deal = session.get_one(DealHandoff, deal_id)
        view = deals.deal_message(session, deal_id, utcnow())
        dm = session.get_one(Rep, deal.rep_id).slack_dm_id
    theirs = deal.status in DEAL_LIVE and view.is_open and not view.erased
    if deal.channel is None and (dm is None or not theirs):
        return
    text, blocks = deal_blocks(view, _link(view))
    if deal.ts is not None and deal.drawn == fingerprint(blocks):
        return
    try:
        ts = _draw(deal, dm, text, blocks, may_post=theirs)
    except messenger.Unreachable:
        with finishing(running) as session:
            dealing.ask_the_next(session, deal_id, Withdrawn.UNREACHABLE, utcnow())
        return
    if ts is None:
        return
    with finishing(running) as session:
        placing_deals.note_deal(session, deal_id, ts, fingerprint(blocks))
        newer = session.get_one(DealHandoff, deal_id)
        if newer.version != deal.version:
            # The record has moved on while Slack was drawing.
            send(session, show_deal(deal_id, view.ae.slack_user_id, Priority.CLICK))


def _link(view: DealMessage) -> str | None:
    """A link to the lead's card, if it stands where everybody can see it."""
    if view.card_at is None or view.erased:
        return None
    return view.permalink or messenger.permalink(*view.card_at)


def _draw(deal: DealHandoff, dm: str | None, text: str, blocks: list[Block], *, may_post: bool) -> str | None:
    """Redraw it, or post it; an earlier claim means that a try crashed, so it is looked for first. None: it stands nowhere."""
    if deal.channel is not None and deal.ts is not None:
        # Who deletes the message finds the deal in their Home: it is not posted again.
        with suppress(messenger.MessageGone):
            messenger.update(deal.channel, deal.ts, text, blocks)
        return deal.ts
    with transaction() as session:
        claimed = placing_deals.claim_deal(session, deal.id, str(deal.channel or dm), utcnow())
    metadata = messenger.deal_metadata(deal.id)
    if deal.claimed_at is not None:
        found = messenger.find_message(str(claimed.channel), metadata, deal.claimed_at)
        if found is not None:
            messenger.update(str(claimed.channel), found, text, blocks)
            return found
    return messenger.post(str(claimed.channel), text, blocks, metadata=metadata) if may_post else None


@job(Job.SHOW_DEALS_OF)
def show_deals_of(running: Running, lead_id: int) -> None:
    """The lead is another one, or nobody's any more: each message about their deals is drawn anew."""
    with finishing(running) as session:
        send(session, *(show_deal(deal_id, ae) for deal_id, ae in deals.messages_of(session, lead_id)))


# ---- yes and no --------------------------------------------------------------------------------------------------------


@on_home_press(DealPress.ACCEPT)
def accept_pressed(click: HomeClick) -> None:
    ref = DealRef.unpack(click.value)
    try:
        with transaction() as session:
            rep = finding.rep_by_slack(session, click.slack_user_id)
            deal_decisions.accept_deal(session, ref.deal_id, version=ref.version, by=rep, now=utcnow())
    except Refusal:
        _repair(ref)
        raise


@on_home_press(DealPress.RETURN, opens=True)
def return_pressed(click: HomeClick) -> None:
    ref = DealRef.unpack(click.value)

    def fill(session: Session, rep: Rep) -> View:
        now = utcnow()
        deal = deal_decisions.may_return(session, ref.deal_id, version=ref.version, by=rep, now=now)
        return return_modal(deals.deal_message(session, deal.id, now), deals.aes_but(session, deal.rep_id, now))

    open_message_window(click, fill, lambda: _repair(ref))


@on_home_submission(DealSubmission.RETURN)
def return_sent(sent: HomeSent) -> Errors:
    ref = DealRef.unpack(sent.about)
    try:
        with transaction() as session:
            by = finding.rep_by_slack(session, sent.slack_user_id)
            deal_decisions.return_deal(
                session,
                ref.deal_id,
                version=ref.version,
                by=by,
                reason=sent.values.get(Field.REASON, ""),
                note=sent.values.get(Field.NOTE),
                now=utcnow(),
                to=_chosen(session, sent.values.get(Field.REP, "")),
            )
    except NoteMissing as missing:
        return {Field.NOTE: missing.sentence({})}
    except UnknownReason as unknown:
        return {Field.REASON: unknown.sentence({})}
    except CannotBeGiven as refusal:
        with reading() as session:
            return {Field.REP: refusal.sentence(finding.names_of(session, refusal.rep_ids))}
    except Refusal:
        _repair(ref)
        raise
    return {}


def _chosen(session: Session, rep_id: str) -> Rep | None:
    """What Slack sends back is an option of ours; whether they may be chosen is asked by the verb."""
    readable = rep_id.isascii() and rep_id.isdecimal() and len(rep_id) <= 18
    return session.get(Rep, int(rep_id)) if readable else None


def _repair(ref: DealRef) -> None:
    """Whoever was refused may have seen an old message."""
    with transaction() as session:
        deal = session.get(DealHandoff, ref.deal_id)
        if deal is not None:
            placing_deals.distrust_deal(session, deal.id)
            ae = session.get_one(Rep, deal.rep_id).slack_user_id
            send(session, show_deal(deal.id, ae, Priority.CLICK))


# ---- who hears of it ---------------------------------------------------------------------------------------------------


@job(Job.TELL_OF_DEAL)
def tell_of_deal(running: Running, opportunity_id: int, what: str, deal_id: int = 0, ae_pool_id: int = 0) -> None:
    """The AE is reminded; the manager hears of what nobody accepts; the SDR hears what became of it."""
    now, kind = utcnow(), Happened(what)
    with finishing(running) as session:
        deal = session.get(DealHandoff, deal_id)
        if deal is None:
            _nobody_is_there(session, opportunity_id, ae_pool_id, now)
        elif kind is Happened.DEAL_REMINDED:
            _say(session, rep_of(session, deal.rep_id), Alert.DEAL_DUE, deal, now)
        elif kind is Happened.DEAL_ESCALATED:
            _say(session, finding.manager_of(session, deal.pool_id), Alert.DEAL_LATE, deal, now)
        else:
            sdr = rep_of(session, deal.from_id)
            _say(session, sdr if deal.decided_by != deal.from_id else None, Alert.DEAL_NEWS, deal, now)
            if tells_manager(deal):
                sdrs = finding.pool_of(session, deal.handoff_id or 0)
                _say(session, finding.manager_of(session, sdrs), Alert.DEAL_NEWS, deal, now)


def _nobody_is_there(session: Session, opportunity_id: int, pool_id: int, now: datetime) -> None:
    manager = finding.manager_of(session, pool_id)
    opportunity = session.get_one(Opportunity, opportunity_id)
    if manager is not None and opportunity.waits_since is not None:
        data = {"opportunity": opportunity_id}
        tell(session, manager, Alert.DEAL_LATE, now, lead_id=opportunity.lead_id, data=data)


def _say(session: Session, rep: Rep | None, kind: Alert, deal: DealHandoff, now: datetime) -> None:
    if rep is not None:
        data = {"deal": deal.id, "status": deal.status.value}
        tell(session, rep, kind, now, handoff_id=deal.handoff_id, data=data)


def sweep(now: datetime) -> int:
    """Look at every deal whose deadline has come; returns how many. Any number of clock processes may do this."""
    looked = 0
    while True:
        with transaction() as session:
            some = deal_clocks.take_deal_steps(session, now, AT_ONCE)
        looked += some
        if some < AT_ONCE:
            return looked


def look_for_stuck(now: datetime) -> int:
    """Who has a deal that has become stuck hears of it, once a stage. Returns how many there were."""
    with transaction() as session:
        stuck = deal_clocks.newly_stuck(session, now)
        for opportunity, owner in stuck:
            data = {"opportunity": opportunity.id, "stage": opportunity.stage}
            tell(session, owner, Alert.DEAL_STUCK, now, lead_id=opportunity.lead_id, data=data)
    return len(stuck)


# ---- the CRM -----------------------------------------------------------------------------------------------------------


@job(Job.TELL_CRM_OWNER)
def tell_crm_owner(running: Running, opportunity_id: int) -> None:
    """Make whoever has the deal its owner in the CRM. What the CRM refuses, the AE reads."""
    crm = registry.crm()
    with reading() as session:
        wanted = deal_owners.owner_to_tell(session, opportunity_id)
    if crm is None or wanted is None:
        return
    try:
        _set_owner(crm, *wanted)
    except NotOffered:
        return
    except Refused as no:
        with transaction() as session:
            _refused(session, opportunity_id, no.why, utcnow())
        raise
    with finishing(running) as session:
        deal_owners.note_owner(session, opportunity_id, str(wanted[1].crm_user_id))


def _set_owner(crm: Crm, opportunity: Opportunity, owner: Rep) -> None:
    if owner.crm_user_id is None:
        raise Refused(UNKNOWN_THERE)
    crm.set_opportunity_owner(str(opportunity.external_id), owner.crm_user_id)


def _refused(session: Session, opportunity_id: int, why: str, now: datetime) -> None:
    deal = deal_owners.note_refused(session, opportunity_id, why)
    if deal is not None:
        ae = session.get_one(Rep, deal.rep_id)
        send(session, show_deal(deal.id, ae.slack_user_id))
        _say(session, rep_of(session, ae.id), Alert.DEAL_NEWS, deal, now)
