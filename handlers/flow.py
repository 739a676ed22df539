"""THE MAP: what happened -> which jobs follow. Nothing else in the house sends a job because of an event."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from domain.rules.deadlines import ClockKind, Do
from domain.rules.deals import DealStatus
from domain.rules.lifecycle import UNDO_WINDOW, HandoffStatus
from domain.tables import Happened, LeadEvent
from handlers.sending import (
    GATHER,
    Job,
    Priority,
    Sending,
    call_pool,
    hand_deal,
    publish_home,
    rescore,
    show_card,
    show_deal,
    show_proposal,
    show_pulse,
)

ENRICHMENT_PATIENCE = timedelta(seconds=30)
"""How long enrichment may keep a new lead from being scored with what is known."""


Rule = Callable[[LeadEvent], Sending | None]


def _bulk(event: LeadEvent) -> bool:
    return bool(event.data.get("bulk"))


def _live(event: LeadEvent) -> Priority:
    return Priority.BULK if _bulk(event) else Priority.LIVE


def _of_lead(job: Job, *, key: bool = False, after: timedelta = timedelta(0), priority: Priority | None = None) -> Rule:
    def rule(event: LeadEvent) -> Sending:
        lead_id = event.lead_id or 0
        keyed = str(lead_id) if key else None
        return Sending(
            job, {"lead_id": lead_id}, key=keyed, priority=_live(event) if priority is None else priority, after=after
        )

    return rule


def _card(priority: Priority | None = None) -> Rule:
    """Show the handoff's card: post it, or redraw it if it stands there. One pending redraw per card is enough."""

    def rule(event: LeadEvent) -> Sending | None:
        # A lead without a handoff, and a handoff that nobody was offered yet, have no card.
        place = event.data.get("place")
        sooner = _card_priority(event) if priority is None else priority
        return show_card(event.handoff_id or 0, str(place), sooner) if place else None

    return rule


def _card_priority(event: LeadEvent) -> Priority:
    return Priority.HOT if event.data.get("tier") == "hql" else _live(event)


def _without_undo(event: LeadEvent) -> Sending | None:
    """Draw the card once more when the decision can no longer be taken back. Its key is its own: what is clicked does not wait."""
    if event.handoff_id is None or not event.data.get("place"):
        return None
    later = show_card(event.handoff_id, str(event.data["place"]), Priority.LIVE)
    return replace(later, key=f"{event.handoff_id}.undo", after=UNDO_WINDOW + GATHER)


def _call_pool(event: LeadEvent) -> Sending | None:
    """Of what came in bulk no channel hears, and of a missed deadline only if nobody has talked with the lead."""
    other_clock = event.data.get("clock", ClockKind.FIRST_CONTACT) != ClockKind.FIRST_CONTACT
    if _bulk(event) or other_clock or not event.data.get("pool_id"):
        return None
    return call_pool(event.handoff_id or 0, int(event.data["pool_id"]))


def _drain(job: Job) -> Rule:
    """One pending row tells a system everything that is dirty by then."""
    return lambda event: Sending(job, {}, key="all", lane=job.value, priority=_live(event), after=GATHER)


def _remind(event: LeadEvent) -> Sending:
    """The lane is that of saying it, not of finding out whether and when (`tell_notice`)."""
    return Sending(Job.REMIND_REP, {"handoff_id": event.handoff_id or 0, "clock": str(event.data["clock"])})


def _escalate(event: LeadEvent) -> Sending:
    """A step of the SLA ladder: who is told, or that somebody else is to be asked."""
    args: dict[str, int | str] = {"handoff_id": event.handoff_id or 0, "clock": str(event.data["clock"])}
    args["behind"] = int(event.data["behind"])
    if event.data["do"] == Do.HAND_ON:
        return Sending(Job.HAND_ON, args, key=str(event.handoff_id), priority=Priority.HOT)
    args["note"] = str(event.data["note"])
    if event.data["do"] == Do.TELL_REP:
        return Sending(Job.TELL_REP_LATE, args)
    # They wait for each other: who has missed many gets one message.
    return Sending(Job.TELL_MANAGER_LATE, args, lane=f"late-of-{event.data['pool_id']}", after=GATHER)


def _woken(event: LeadEvent) -> Sending:
    args: dict[str, int | str] = {"handoff_id": event.handoff_id or 0, "why": str(event.data["why"])}
    return Sending(Job.TELL_REP_WOKEN, args)


def _jumped(event: LeadEvent) -> Sending:
    args: dict[str, int | str] = {"lead_id": event.lead_id or 0, "before": int(event.data["before"])}
    return Sending(Job.TELL_JUMP, args, key=str(event.lead_id))


def _hotter(job: Job) -> Rule:
    """The rep hears of it in the card's thread, the manager by direct message."""
    return lambda event: Sending(job, {"handoff_id": event.handoff_id or 0}, key=str(event.handoff_id))


def _short(event: LeadEvent) -> Sending:
    pool_id = int(event.data["pool_id"])
    return Sending(Job.TELL_MANAGER_SHORT, {"pool_id": pool_id}, key=str(pool_id))


def _review(event: LeadEvent) -> Sending | None:
    """Each reader of the review gets it by direct message. Without readers there is nobody to tell."""
    if event.rep_id is None:
        return None
    args: dict[str, int | str] = {"rep_id": event.rep_id, "since": str(event.data["since"])}
    return Sending(Job.TELL_REVIEW, args, key=str(event.rep_id))


def _task(event: LeadEvent) -> Sending | None:
    """Have the CRM's task be there, or be closed, as the handoff says by then."""
    if event.handoff_id is None:
        return None
    return Sending(Job.LOG_CRM_TASK, {"handoff_id": event.handoff_id}, key=str(event.handoff_id), after=GATHER)


def _opportunity(event: LeadEvent) -> Sending:
    handoff_id = event.handoff_id or 0
    return Sending(Job.OPEN_CRM_OPPORTUNITY, {"handoff_id": handoff_id}, key=str(handoff_id), after=GATHER)


def _freeze(event: LeadEvent) -> Sending:
    """Freeze whose work a closed deal was, or end what is frozen, as it stands by then."""
    opportunity_id = int(event.data["opportunity_id"])
    args = {"opportunity_id": opportunity_id}
    return Sending(Job.FREEZE_CREDITS, args, key=str(opportunity_id), priority=_live(event), after=GATHER)


def _taken_up_again(event: LeadEvent) -> Sending | None:
    """A rejection was taken back: what had waited for the CRM when it was made found a lead that was nobody's, and ended;
    the task that was there was closed.
    """
    follows = {HandoffStatus.ACCEPTED: _task, HandoffStatus.QUALIFIED: _opportunity}
    rule = follows.get(HandoffStatus(event.data["stands"]))
    return rule(event) if rule is not None else None


def _news(event: LeadEvent) -> Sending | None:
    """Score the lead, unless a score is on its way, or enrichment came late and had nothing to say."""
    return _of_lead(Job.SCORE, key=True)(event) if event.data["news"] else None


def _associate(event: LeadEvent) -> Sending:
    lead_id = event.lead_id or 0
    return Sending(Job.ASSOCIATE_CONTACT, {"lead_id": lead_id}, key=str(lead_id), priority=Priority.BULK, after=GATHER)


def _of_rep(job: Job) -> Rule:
    return lambda event: Sending(job, {"rep_id": event.rep_id or 0}, key=str(event.rep_id))


def _own_home(event: LeadEvent) -> Sending | None:
    """Who decides something and looked at their Home lately sees it there (`record.happened` knows whose it is)."""
    home = event.data.get("home")
    return publish_home(str(home)) if home else None


def _draw_pack(event: LeadEvent) -> Sending | None:
    """Only the month has a message of its own, where there is a channel for it."""
    if not event.data.get("channel"):
        return None
    return Sending(Job.DRAW_PACK, {"run_id": int(event.data["run_id"])}, key=str(event.data["run_id"]))


def _pulse(priority: Priority) -> Rule:
    return lambda event: show_pulse(int(event.data["pulse_id"]), str(event.data["place"]), priority)


_DECIDED: tuple[Rule, ...] = (_card(Priority.CLICK), _without_undo, _own_home)
"""Somebody said yes or no, and may take it back for a while."""


def _proposal(event: LeadEvent) -> Sending:
    return show_proposal(int(event.data["proposal_id"]))


def _hand_deal(event: LeadEvent) -> Sending:
    return hand_deal(int(event.data["opportunity_id"]), _live(event))


def _deal(priority: Priority | None = None) -> Rule:
    """Show the message to the AE, if the event is about one's deal."""

    def rule(event: LeadEvent) -> Sending | None:
        if "deal_id" not in event.data:
            return None
        return show_deal(int(event.data["deal_id"]), event.data["ae"], _live(event) if priority is None else priority)

    return rule


def _tell_of_deal(event: LeadEvent) -> Sending:
    """Who has to hear of it is found out by the job: the AE, the SDR, the manager."""
    args: dict[str, int | str] = {"opportunity_id": int(event.data["opportunity_id"]), "what": event.kind.value}
    args |= {name: int(event.data[name]) for name in ("deal_id", "ae_pool_id") if event.data.get(name)}
    return Sending(
        Job.TELL_OF_DEAL, args, key=f"{event.data['opportunity_id']}.{event.data.get('deal_id')}.{event.kind}"
    )


def _crm_owner(event: LeadEvent) -> Sending | None:
    """The CRM hears whose the opportunity is: not of an offer that was returned, for then it is whose it was. Never while the CRM
    is read: an owner who was read before, and is heard of afterwards, would take the deal from them again.
    """
    if event.data.get("was") == DealStatus.OFFERED:
        return None
    args, lane = {"opportunity_id": int(event.data["opportunity_id"])}, Job.READ_OPPORTUNITIES.value
    return Sending(Job.TELL_CRM_OWNER, args, key=str(args["opportunity_id"]), lane=lane, after=GATHER)


_DEALS_OF_LEAD = _of_lead(Job.SHOW_DEALS_OF, key=True)
_DEAL_DECIDED: tuple[Rule, ...] = (
    _deal(Priority.CLICK),
    _card(Priority.CLICK),
    _own_home,
    _tell_of_deal,
    _crm_owner,
)


_ONE_OR_TWO: tuple[Rule, ...] = (
    _of_lead(Job.SCORE, key=True),
    _card(),
    _DEALS_OF_LEAD,
    _drain(Job.TELL_CRM),
    _drain(Job.TELL_MARKETING),
)
"""Two leads have become one, or one has become two again."""


_JOIN = _of_lead(Job.JOIN_CRM_CAMPAIGNS, key=True, after=GATHER, priority=Priority.BULK)


WHAT_FOLLOWS: Mapping[Happened, tuple[Rule, ...]] = {
    Happened.LEAD_CAPTURED: (_of_lead(Job.ENRICH), _of_lead(Job.SCORE, key=True, after=ENRICHMENT_PATIENCE)),
    Happened.TOUCH_RECORDED: (_news,),
    Happened.LEAD_ENRICHED: (_news,),
    Happened.LEAD_MERGED: _ONE_OR_TWO,
    Happened.LEAD_UNMERGED: _ONE_OR_TWO,
    Happened.LEAD_COMPANY_SET: (_card(),),
    Happened.LEAD_CORRECTED: (
        _of_lead(Job.SCORE, key=True, priority=Priority.CLICK),
        _card(Priority.CLICK),
        _drain(Job.TELL_CRM),
        _drain(Job.TELL_MARKETING),
    ),
    Happened.LEAD_RESCORED: (),
    Happened.LEAD_TO_NURTURE: (_of_lead(Job.NURTURE),),
    Happened.LEAD_TO_SDR: (_of_lead(Job.ASSIGN),),
    # At once, even in the middle of a bulk import.
    Happened.LEAD_TO_AE: (_of_lead(Job.ASSIGN, priority=Priority.HOT),),
    # Where it leads is in the events beside it; this one is for history and statistics.
    Happened.LEAD_TIER_CHANGED: (),
    Happened.LEAD_JUMPED: (_jumped,),
    Happened.LEAD_NURTURED: (_drain(Job.TELL_MARKETING),),
    Happened.LEAD_PROGRAMME_CHANGED: (_drain(Job.ENROL_MARKETING),),
    # The address goes last: it is by the address that marketing automation knows whom we mean.
    Happened.LEAD_ERASED: (
        _card(Priority.CLICK),
        # A lead that nobody was ever offered has no card, but may stand in its pool's channel.
        _call_pool,
        _DEALS_OF_LEAD,
        _drain(Job.TELL_CRM),
        _drain(Job.TELL_MARKETING),
        _of_lead(Job.FORGET_ADDRESS, key=True, after=2 * GATHER),
    ),
    Happened.LEADS_REVIEWED: (_review,),
    Happened.CONTENT_RECOMMENDED: (_drain(Job.TELL_MARKETING),),
    Happened.LEAD_DISQUALIFIED: (*_DECIDED, _drain(Job.TELL_CRM), _drain(Job.TELL_MARKETING), _task),
    Happened.HANDOFF_WAITING: (_call_pool,),
    Happened.POOL_SHORT: (_short,),
    Happened.HANDOFF_OFFERED: (_card(), _drain(Job.TELL_CRM), _drain(Job.TELL_MARKETING)),
    Happened.HANDOFF_ACCEPTED: (
        *_DECIDED,
        _drain(Job.TELL_CRM),
        _drain(Job.TELL_MARKETING),
        _task,
        _JOIN,
        _associate,
    ),
    Happened.HANDOFF_RECYCLED: (*_DECIDED, _of_lead(Job.NURTURE), _drain(Job.TELL_CRM), _task),
    Happened.HANDOFF_PASSED_ON: (*_DECIDED, _of_lead(Job.ASSIGN), _task),
    Happened.HANDOFF_WITHDRAWN: (_card(), _call_pool, _drain(Job.TELL_CRM)),
    # Who has it next is in the offer beside it.
    Happened.HANDOFF_MOVED: (_card(Priority.CLICK), _own_home, _drain(Job.TELL_CRM), _drain(Job.TELL_MARKETING), _task),
    Happened.HANDOFF_SNOOZED: (_card(Priority.CLICK), _own_home),
    Happened.HANDOFF_WOKEN: (_card(), _woken),
    Happened.HANDOFF_UNDONE: (
        _card(Priority.CLICK),
        _own_home,
        _drain(Job.TELL_CRM),
        _drain(Job.TELL_MARKETING),
        _taken_up_again,
    ),
    Happened.HANDOFF_HEATED: (_card(), _hotter(Job.TELL_REP_HOTTER), _hotter(Job.TELL_MANAGER_HOTTER)),
    Happened.HANDOFF_CONTACTED: (_card(Priority.CLICK), _own_home, _drain(Job.TELL_CRM)),
    Happened.CONTACT_LOGGED: (_card(Priority.CLICK), _own_home),
    # An SQL. What the CRM and marketing automation make of it is in the record that they are told.
    Happened.HANDOFF_QUALIFIED: (
        _card(Priority.CLICK),
        _own_home,
        _drain(Job.TELL_CRM),
        _drain(Job.TELL_MARKETING),
        _opportunity,
    ),
    # The answers of a call that has not settled it yet.
    Happened.HANDOFF_ANSWERED: (_card(Priority.CLICK), _own_home),
    # Where the deal stands is in the events of the opportunity beside it.
    Happened.HANDOFF_CONVERTED: (_card(Priority.CLICK),),
    Happened.OPPORTUNITY_OPENED: (_card(), _drain(Job.TELL_MARKETING), _associate, _hand_deal),
    Happened.OPPORTUNITY_MOVED: (_card(), _deal()),
    Happened.OPPORTUNITY_WON: (_card(), _deal(), _freeze, _drain(Job.TELL_MARKETING)),
    Happened.OPPORTUNITY_LOST: (_card(), _deal(), _freeze, _drain(Job.TELL_MARKETING)),
    Happened.OPPORTUNITY_REOPENED: (_card(), _deal(), _hand_deal, _freeze, _drain(Job.TELL_MARKETING)),
    Happened.OPPORTUNITY_CORRECTED: (_card(), _deal(), _freeze),
    # What the person's deals brought may be on their record there.
    Happened.OPPORTUNITY_CREDITED: (_drain(Job.TELL_MARKETING),),
    Happened.DEAL_OFFERED: (_deal(Priority.HOT), _card()),
    Happened.DEAL_ACCEPTED: _DEAL_DECIDED,
    Happened.DEAL_RETURNED: _DEAL_DECIDED,
    Happened.DEAL_WITHDRAWN: (_deal(), _card()),
    Happened.DEAL_REMINDED: (_tell_of_deal,),
    Happened.DEAL_ESCALATED: (_tell_of_deal,),
    Happened.HANDOFF_REMINDED: (_card(), _remind),
    Happened.HANDOFF_BREACHED: (_card(), _call_pool),
    Happened.HANDOFF_ESCALATED: (_escalate,),
    Happened.HANDOFF_HANDED_ON: (_card(), _of_lead(Job.ASSIGN, priority=Priority.HOT), _drain(Job.TELL_CRM), _task),
    Happened.QUALIFICATION_IMPORTED: (),
    Happened.SLA_IMPORTED: (),
    Happened.REP_JOINED: (_of_rep(Job.FIND_SLACK_USER), _of_rep(Job.FIND_CRM_USER)),
    # What an AE was offered and has not answered goes to the next one.
    Happened.REP_LEFT: (_of_rep(Job.MOVE_DEALS),),
    Happened.REP_RETURNED: (_of_rep(Job.OFFER_WAITING),),
    # What they see of it in their Home is drawn by whoever lets them do it.
    Happened.REP_SETTINGS: (),
    Happened.ABSENCE_SET: (),
    Happened.ABSENCE_CANCELLED: (),
    Happened.PROGRAMMES_IMPORTED: (_drain(Job.ENROL_MARKETING),),
    Happened.CONTENTS_IMPORTED: (),
    Happened.CONTENTS_MEASURED: (),
    Happened.MODEL_IMPORTED: (),
    # The rescoring that it begins is an event of its own.
    Happened.MODEL_ACTIVATED: (),
    Happened.MODEL_SHADOWED: (),
    Happened.MODEL_UNSHADOWED: (),
    Happened.MODEL_LEARNT: (),
    Happened.PROPOSAL_MADE: (_proposal,),
    Happened.PROPOSAL_SHADOWED: (_proposal,),
    Happened.PROPOSAL_UNSHADOWED: (_proposal,),
    Happened.PROPOSAL_ACTIVATED: (_proposal,),
    Happened.PROPOSAL_DECLINED: (_proposal,),
    Happened.PROPOSAL_ROLLED_BACK: (_proposal,),
    Happened.PROPOSAL_SUPERSEDED: (_proposal,),
    Happened.COSTS_IMPORTED: (),
    Happened.RATES_IMPORTED: (),
    Happened.ATTRIBUTION_IMPORTED: (),
    Happened.ATTRIBUTION_FITTED: (),
    # Who is told of it directly is said with it.
    Happened.LOOP_MADE: (_draw_pack,),
    Happened.PULSE_ASKED: (_pulse(Priority.LIVE),),
    Happened.PULSE_ANSWERED: (_pulse(Priority.CLICK),),
    Happened.RESCORING_BEGUN: (lambda event: rescore(int(event.data["rescoring_id"])),),
    Happened.RESCORING_CANCELLED: (),
    Happened.RESCORING_FINISHED: (),
}


def what_follows(event: LeadEvent) -> Iterator[Sending]:
    """The jobs that `event` sends, in the order of the map."""
    for rule in WHAT_FOLLOWS[event.kind]:
        sending = rule(event)
        if sending is not None:
            yield sending
