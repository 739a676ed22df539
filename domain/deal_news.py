"""What people are told about a deal beside the AE's message: as it is by now, or nothing any more."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from domain import cards
from domain.deals import asked_since, due_at
from domain.finding import name_of
from domain.rules.deals import DEAL_REASONS, DealReason, DealStatus, DealThen
from domain.rules.lifecycle import GONE
from domain.rules.preferences import Alert
from domain.stats.stuck import StuckDeal, stuck_deals
from domain.tables import DealHandoff, Lead, Notice, Opportunity, Rep
from domain.views import Person

DEAL_ALERTS = frozenset({Alert.DEAL_DUE, Alert.DEAL_LATE, Alert.DEAL_NEWS, Alert.DEAL_STUCK})


@dataclass(frozen=True, slots=True)
class DealNews:
    """A deal in short. `lead` and `company` are text from outside. Without `ae`, nobody could be asked."""

    lead: str
    company: str | None
    status: DealStatus | None = None
    deal_id: int = 0
    version: int = 0
    ae: Person | None = None
    sdr: Person | None = None
    decided_by: Person | None = None
    offered_at: datetime | None = None
    due_at: datetime | None = None
    reason: DealReason | None = None
    note: str | None = None
    problem: str | None = None
    went_to: Person | None = None
    """Who is asked since it was returned."""
    stuck: StuckDeal | None = None


def deal_news(session: Session, notice: Notice, now: datetime) -> DealNews | None:
    """What is to be said; None: nobody need hear of it any more."""
    lead = session.get_one(Lead, notice.lead_id)
    if lead.stage in GONE:
        return None
    if notice.kind is Alert.DEAL_STUCK:
        return _stuck(session, lead, int(notice.data["opportunity"]), str(notice.data["stage"]), now)
    if "opportunity" in notice.data:
        waits = session.get_one(Opportunity, int(notice.data["opportunity"])).waits_since
        return DealNews(name_of(lead), lead.company_name, offered_at=waits) if waits is not None else None
    deal = session.get_one(DealHandoff, int(notice.data["deal"]))
    asks = notice.kind in {Alert.DEAL_DUE, Alert.DEAL_LATE}
    settled = deal.status is not DealStatus.OFFERED if asks else deal.status is not DealStatus(notice.data["status"])
    return None if settled else _of_deal(session, lead, deal, now)


def _of_deal(session: Session, lead: Lead, deal: DealHandoff, now: datetime) -> DealNews:
    since = asked_since(session, deal)
    people = cards.people_of(session, {deal.rep_id, deal.from_id, deal.decided_by, since})
    return DealNews(
        lead=name_of(lead),
        company=lead.company_name,
        status=deal.status,
        deal_id=deal.id,
        version=deal.version,
        ae=people[deal.rep_id],
        sdr=people.get(deal.from_id or 0),
        decided_by=people.get(deal.decided_by or 0),
        offered_at=deal.offered_at,
        due_at=due_at(session, deal, now),
        reason=DEAL_REASONS.get(deal.reason or ""),
        note=deal.note,
        problem=deal.problem,
        went_to=people.get(since or 0),
    )


def _stuck(session: Session, lead: Lead, opportunity_id: int, stage: str, now: datetime) -> DealNews | None:
    owner = session.get_one(Opportunity, opportunity_id).owner_id
    if owner is None:
        return None
    found = (one for one in stuck_deals(session, now, [owner]) if one.opportunity_id == opportunity_id)
    stuck = next((one for one in found if one.stage == stage), None)
    return DealNews(name_of(lead), lead.company_name, stuck=stuck) if stuck is not None else None


def in_a_line(kind: Alert, news: DealNews) -> str:
    """For a digest, where the lead's name stands before it."""
    ae = news.ae.name if news.ae else ""
    if news.stuck is not None:
        return f"{news.stuck.days} days in {news.stuck.stage}; up to {news.stuck.most} are usual"
    if news.ae is None:
        return "no AE can be asked"
    if kind is Alert.DEAL_DUE:
        return "waits for your yes"
    if kind is Alert.DEAL_LATE:
        return f"{ae} has not answered"
    if news.status is DealStatus.ACCEPTED:
        return f"the CRM keeps the old owner: {news.problem}" if news.problem else f"{ae} has accepted it"
    return f"{ae} has returned it: {news.reason.label if news.reason else 'no reason given'}"


def tells_manager(deal: DealHandoff) -> bool:
    reason = DEAL_REASONS.get(deal.reason or "")
    return deal.status is DealStatus.RETURNED and reason is not None and reason.tells_manager


def stays(news: DealNews) -> bool:
    """Whether the SDR has it again, with nobody else to be asked."""
    return news.went_to is None and (news.reason is None or news.reason.then is DealThen.BACK)


def rep_of(session: Session, rep_id: int | None) -> Rep | None:
    """Who can still be told."""
    rep = session.get(Rep, rep_id) if rep_id is not None else None
    return rep if rep is not None and rep.active else None
