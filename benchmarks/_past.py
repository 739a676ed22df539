"""An invented past: leads with touches, what was known of them when, and what sales made of those who were handed over.

Same seed, same past. It is written with COPY, into the tables and as the verbs would have left it.
"""

import json
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from domain.rules.facts import LeadFacts, Touch
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.scoring import Model, score
from domain.rules.sla_policy import DEFAULT, to_json
from domain.rules.tiers import Tier, is_above, tier_of
from domain.tables import AttributesRow, Handoff, Lead, Role, TouchRow
from domain.verbs import staffing
from domain.verbs.scoring import attributes

DAYS = 90
TOUCHES = 5
BATCH = 5_000
PEOPLE = {
    "country": ("US", "US", "US", "DE", "GB", "FR", "NL", "SE", "IN", "BR"),
    "persona": ("decision_maker", "influencer", "practitioner", "practitioner", "unknown", "unknown"),
    "function": ("sales", "marketing", "operations", "finance", "other", "other"),
    "seniority": ("vp", "director", "manager", "individual", "student", "unknown"),
}
COMPANIES = {
    "industry": ("software", "professional_services", "finance", "manufacturing", "education", "other"),
    "company_size": ("1-10", "11-50", "51-200", "201-1000", "1001-5000", "5000+"),
    "technologies": ([], [], ["salesforce"], ["hubspot", "zoom"]),
}
KINDS = {
    "page_view": 16,
    "email_open": 12,
    "email_click": 3,
    "content_download": 3,
    "form_submission": 2,
    "webinar": 2,
    "pricing_view": 2,
    "demo_request": 2,
    "chat": 1,
}
PAGES = ("/", "/blog", "/pricing", "/demo", "/docs", None)
POOLS: tuple[tuple[str, Role, list[str], tuple[str, ...]], ...] = (
    ("SDR Americas", Role.SDR, ["US", "BR"], ("Sam", "Dana", "Eli", "Noor")),
    ("SDR Europe", Role.SDR, [], ("Kim", "Lou", "Max")),
    ("AE", Role.AE, [], ("Ada", "Alex", "Ines")),
)
REJECTIONS = ("bad_timing", "no_fit", "not_ready", "unreachable")

VERSION = ("lead_id", "at", "attributes")
TOUCH = ("lead_id", "kind", "occurred_at", "page", "recorded_at")


class Seats(NamedTuple):
    """A pool and its reps, by their ids."""

    pool_id: int
    rep_ids: list[int]


class Past(NamedTuple):
    """The rows of one lead: column -> value."""

    lead: dict[str, Any]
    versions: list[tuple[Any, ...]]
    touches: list[tuple[Any, ...]]
    handoff: dict[str, Any] | None


def make_staff(session: Session, now: datetime) -> list[Seats]:
    """The pools of `POOLS`, in their order."""
    seats = []
    rules: dict[Role, list[tuple[dict[str, list[str]], int]]] = {Role.SDR: [], Role.AE: []}
    for name, role, countries, people in POOLS:
        reps = []
        for person in people:
            email = f"{person.lower()}.sample@example.com"
            rep = staffing.save_rep(session, now, name=f"{person} Sample", email=email, role=role)
            staffing.know_in_slack(session, rep.id, f"U0{person.upper()}", f"D0{person.upper()}", now)
            reps.append(rep.id)
        channel = "C0BENCH" if role is Role.SDR else None
        pool = staffing.save_pool(session, name=name, role=role, slack_channel=channel, manager=None)
        staffing.set_members(session, pool, {rep_id: 1 + place % 2 for place, rep_id in enumerate(reps)})
        rules[role].append(({"country": countries} if countries else {}, pool.id))
        seats.append(Seats(pool.id, reps))
    for role, territories in rules.items():
        staffing.set_territories(session, role, territories)
    return seats


def seed(session: Session, numbers: range, model: Model, staff: Sequence[Seats], until: datetime) -> int:
    """Write the past of these leads (their ids); says how many went to sales. `model` is the one that was in use then."""
    pasts = [_past(number, model, staff, until) for number in numbers]
    handoffs = [past.handoff for past in pasts if past.handoff]
    _copy(session, Lead.__tablename__, tuple(pasts[0].lead), (past.lead.values() for past in pasts))
    _copy(session, AttributesRow.__tablename__, VERSION, (row for past in pasts for row in past.versions))
    _copy(session, TouchRow.__tablename__, TOUCH, (row for past in pasts for row in past.touches))
    if handoffs:
        _copy(session, Handoff.__tablename__, tuple(handoffs[0]), (handoff.values() for handoff in handoffs))
    return len(handoffs)


def _copy(session: Session, table: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor().copy(f"copy {table} ({', '.join(columns)}) from stdin") as copy:
        for row in rows:
            copy.write_row([json.dumps(one) if isinstance(one, dict | list) else one for one in row])


def _past(number: int, model: Model, staff: Sequence[Seats], until: datetime) -> Past:
    rng = random.Random(number)
    times = sorted(until - timedelta(days=DAYS) * rng.random() for _ in range(TOUCHES))
    kinds = rng.choices(list(KINDS), list(KINDS.values()), k=TOUCHES)
    touches = [Touch(kind, at, page=rng.choice(PAGES)) for kind, at in zip(kinds, times, strict=True)]
    said: dict[str, Any] = {name: rng.choice(values) for name, values in PEOPLE.items()}
    said |= {"free_mail": rng.random() < 0.15, "company_present": True, "quality_notes": []}
    learnt = said | {name: rng.choice(values) for name, values in COMPANIES.items()}
    enriched = times[0] + timedelta(seconds=3)
    known = attributes(learnt, "website")
    facts = LeadFacts(known, touches)
    totals = [score(model, facts, max(at, enriched)).total for at in times]
    # Not all went by the model that is active now: one in four was handed over with a few points less, by the one before it.
    kinder = 6 if rng.random() < 0.25 else 0
    tiers = [tier_of(total + kinder, model.thresholds) for total in totals]
    crossed = next((place for place, tier in enumerate(tiers) if is_above(tier, Tier.MEL)), None)
    handoff = None
    if crossed is not None:
        moment = max(times[crossed], enriched)
        handoff = _handoff(rng, number, tiers[crossed], totals[crossed], moment, staff, said)
    lead = {
        "id": number,
        "email": f"lead{number}@example.com",
        "identity": f"lead{number}@example.com",
        "stage": _stage(handoff),
        "source": "website",
        "fields": {},
        "attributes": learnt,
        "notes": [],
        "tier": tiers[-1].value,
        "score": totals[-1],
        "captured_at": times[0],
        "enriched_at": enriched,
        "scored_at": max(times[-1], enriched),
    }
    versions = [(number, times[0], said), (number, enriched, learnt)]
    return Past(
        lead, versions, [(number, one.kind, one.occurred_at, one.page, one.occurred_at) for one in touches], handoff
    )


def _handoff(
    rng: random.Random, number: int, tier: Tier, total: int, at: datetime, staff: Sequence[Seats], said: dict[str, Any]
) -> dict[str, Any]:
    """What sales made of it: the better the score and the more senior the person, the more became an SQL."""
    seats = staff[2] if tier is Tier.HQL else staff[0] if said["country"] in {"US", "BR"} else staff[1]
    luck = total / 100 + (0.15 if said["persona"] == "decision_maker" else 0.0) - rng.random()
    accepted = at + timedelta(minutes=rng.randint(1, 200)) if rng.random() < 0.8 else None
    contacted = accepted + timedelta(minutes=rng.randint(5, 300)) if accepted else None
    qualified = contacted + timedelta(days=1) if contacted and luck > 0.2 else None
    converted = qualified + timedelta(days=3) if qualified and luck > 0.5 else None
    rejected = None if qualified else (contacted or at) + timedelta(hours=1)
    status = HandoffStatus.CONVERTED if converted else HandoffStatus.QUALIFIED if qualified else HandoffStatus.REJECTED
    return {
        "lead_id": number,
        "cycle": 1,
        "tier": tier.value,
        "score": total,
        "score_id": 0,
        "pool_id": seats.pool_id,
        "rep_id": rng.choice(seats.rep_ids),
        "status": status.value,
        "version": 2,
        "policy": to_json(DEFAULT[tier]),
        "trace": {},
        "became_at": at,
        "opened_at": at,
        "offered_at": at,
        "accepted_at": accepted,
        "contacted_at": contacted,
        "qualified_at": qualified,
        "converted_at": converted,
        "rejected_at": rejected,
        "reason": rng.choice(REJECTIONS) if rejected else None,
    }


def _stage(handoff: dict[str, Any] | None) -> str:
    if handoff is None:
        return Stage.NURTURING.value
    if handoff["converted_at"]:
        return (Stage.WON if handoff["lead_id"] % 3 == 0 else Stage.OPPORTUNITY).value
    if handoff["rejected_at"]:
        return (Stage.DISQUALIFIED if handoff["reason"] == "no_fit" else Stage.NURTURING).value
    return Stage.IN_HANDOFF.value
