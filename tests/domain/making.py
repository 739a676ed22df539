"""People and leads for tests, made by the verbs alone."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.rules.waterfall import Provider
from domain.tables import Absence, Arrival, CaptureSource, Handoff, Happened, Lead, LeadEvent, Pool, Rep, Role
from domain.verbs import capturing, enriching, staffing
from domain.verbs.capturing import Delivery
from domain.verbs.enriching import Said
from domain.verbs.offering import hand_over
from domain.verbs.scoring import score_lead
from tests.conftest import NOON

CHANNEL = "C0SDREMEA01"
DIRECTOR = {
    "title": "VP Sales",
    "company": "Sample Software",
    "industry": "Software",
    "employees": 300,
    "country": "DE",
}
"""45 points of fit: with a demo request an MQL (77), with a look at the prices besides an HQL."""
MQL, HQL = ("demo_request",), ("demo_request", "pricing_view")

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Team:
    """Two SDRs of one pool with a channel, two AEs, their manager."""

    sam: Rep
    dana: Rep
    ada: Rep
    alex: Rep
    morgan: Rep
    sdrs: Pool
    aes: Pool


def make_rep(session: Session, name: str, role: Role, *, slack: bool = True, now: datetime = NOON) -> Rep:
    """`Sam Sample` is sam.sample@example.com, and U0SAM in Slack."""
    rep = staffing.save_rep(session, now, name=name, email=f"{name.replace(' ', '.')}@example.com", role=role)
    if slack:
        word = name.split(maxsplit=1)[0].upper()
        staffing.know_in_slack(session, rep.id, f"U0{word}", f"D0{word}", now)
    return rep


def make_team(session: Session) -> Team:
    sam, dana = make_rep(session, "Sam Sample", Role.SDR), make_rep(session, "Dana Demo", Role.SDR)
    ada, alex = make_rep(session, "Ada Account", Role.AE), make_rep(session, "Alex Closer", Role.AE)
    morgan = make_rep(session, "Morgan Manager", Role.MANAGER)
    sdrs = staffing.save_pool(session, name="SDR", role=Role.SDR, slack_channel=CHANNEL, manager=morgan)
    aes = staffing.save_pool(session, name="AE", role=Role.AE, slack_channel=None, manager=morgan)
    staffing.set_members(session, sdrs, {sam.id: 1, dana.id: 1})
    staffing.set_members(session, aes, {ada.id: 1, alex.id: 1})
    staffing.set_territories(session, Role.SDR, [({}, sdrs.id)])
    staffing.set_territories(session, Role.AE, [({}, aes.id)])
    return Team(sam, dana, ada, alex, morgan, sdrs, aes)


def make_absence(session: Session, rep: Rep, *, cover: Rep | None, since: datetime, until: datetime) -> Absence:
    """The rep is away, and `cover` may decide on what is theirs."""
    absence = Absence(
        rep_id=rep.id, since=since, until=until, cover_id=cover.id if cover else None, created_at=since, created_by=None
    )
    session.add(absence)
    session.flush()
    return absence


def make_source(session: Session, name: str = "website", key_hash: str | None = None) -> CaptureSource:
    known = session.scalars(select(CaptureSource).where(CaptureSource.name == name)).one_or_none()
    return known or capturing.add_source(session, name, key_hash)


def make_arrival(session: Session, body: bytes = b"{}", now: datetime = NOON) -> Arrival:
    arrival, _ = capturing.keep(session, make_source(session).id, f"delivery-{next(_numbers)}", body, now)
    return arrival


def take(
    session: Session,
    email: str = "kim@buyer.example.com",
    *,
    kind: str = "form_submission",
    now: datetime = NOON,
    at: datetime | None = None,
    person: Mapping[str, object] = DIRECTOR,
) -> Lead:
    """One delivery of the website about one person."""
    delivery = Delivery(person={"email": email, **person}, kind=kind, occurred_at=at or now)
    return capturing.receive(session, make_arrival(session, now=now), "website", delivery, now)


def learn(session: Session, lead_id: int, said: Said | None, now: datetime, order: Sequence[str] = ()) -> Lead:
    """What a provider says (None: there is none), with nobody left to ask. `order`: the providers, the most trusted first."""
    providers = [Provider(name, frozenset(), timedelta(days=90), timedelta(days=30)) for name in order]
    enriching.go_on(session, lead_id, said, providers, now)
    return session.get_one(Lead, lead_id)


def make_lead(
    session: Session,
    kinds: tuple[str, ...] = MQL,
    email: str = "kim@buyer.example.com",
    *,
    now: datetime = NOON,
    person: Mapping[str, object] = DIRECTOR,
) -> Lead:
    """A lead that did these things, enriched and scored."""
    for kind in kinds:
        lead = take(session, email, kind=kind, now=now, person=person)
    learn(session, lead.id, None, now)
    return score_lead(session, lead.id, now)


def make_offer(
    session: Session,
    kinds: tuple[str, ...] = MQL,
    email: str = "kim@buyer.example.com",
    *,
    now: datetime = NOON,
) -> Handoff:
    """The handoff of a lead that was just offered."""
    handoff = hand_over(session, make_lead(session, kinds, email, now=now).id, now)
    assert handoff is not None
    return handoff


def events(session: Session, lead: Lead | int | None = None) -> list[Happened]:
    """The kinds of what happened, of one lead or of all, in order."""
    wanted = select(LeadEvent.kind).order_by(LeadEvent.id)
    if lead is not None:
        wanted = wanted.where(LeadEvent.lead_id == (lead if isinstance(lead, int) else lead.id))
    return list(session.scalars(wanted))
