"""With a fifth of all calls going wrong, every system ends with exactly what we know of each lead, each once, and within its limits.

HANDOFF_CHAOS_LEADS=2000 says how many leads (200). The clients and the jobs are the real ones, in four threads; the systems are
the sandbox's. What a job is made to wait for is over at once, but for the windows of limits: those pass in real time.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text, update

from domain.rules.programmes import NurtureProgramme
from domain.tables import JobRow, Lead, SyncFinding, SystemLink, VendorAccount
from domain.verbs import nurturing, syncing, telling
from handlers import ledger, moments, upkeep
from handlers.contacts_in import same
from handlers.draining import contacts_of, crm_leads
from handlers.jobs import execute, reading, send, transaction
from handlers.quotas import SharedGate
from handlers.sending import Job
from handlers.sync_turns import sweep_of
from integrations import registry
from integrations.crm_ports import Crm
from integrations.marketing_ports import MarketingAutomation
from kit import db
from kit.clock import utcnow
from kit.quota import OPEN
from sandbox.pardot import PardotTwin
from sandbox.twin import Fault, Pace, Twin
from tests.integrations.conftest import Sandbox, configured, sandbox, stage

__all__ = ["configured", "sandbox", "stage"]  # fixtures
assert moments  # all jobs have their functions

LEADS = int(os.environ.get("HANDOFF_CHAOS_LEADS", "200"))
SHARE = 0.2
"""Of all calls."""
PATIENCE = 60 + LEADS / 4
"""Seconds until it must all be told."""
TIMEOUT, SLOW = 0.5, 0.55
"""Seconds. What is too slow is done all the same, after we stopped listening."""
KINDS = {
    "hubspot": ("429", "500", "slow", "torn", "partial"),
    "marketo": ("429", "500", "slow", "torn", "partial", "expired_token", "502", "602", "604", "611", "615", "713"),
    "pardot": ("429", "500", "slow", "torn", "expired_token", "62", "66", "183", "184", "214"),
    "salesforce": ("429", "500", "slow", "torn", "partial", "expired_token", "503", "lock", "limit"),
}
"""What may go wrong, once or for a while. A key that is revoked, or an address that moved, is no matter of trying again."""
BATCHES = {"hubspot": 10, "marketo": 15, "pardot": 10, "salesforce": 20}
"""Small ones: so that there are many calls even with few leads."""
HUBSPOT_CALLS = 40
"""In ten seconds: so few that the limit is met."""
LAG = 1.0
"""Seconds by which Pardot's readings lag: a minute would be waited out."""
PROGRAMMES = {"hubspot": ("201", "202"), "marketo": ("1001", "1002"), "pardot": ("501", "502")}
DRAINS = (Job.TELL_CRM, Job.TELL_MARKETING, Job.ENROL_MARKETING)
BASES = (telling.CRM, telling.MARKETING, telling.PROGRAMMES)
OWNERS = (None, "marketo", "pardot")
"""Of the leads, in turn; None: the installation's own automation, which is HubSpot."""

_LEADS = """
insert into leads (email, identity, stage, source, fields, attributes, notes, captured_at, first_name, last_name, title,
                   company_name, tier, score, fit, intent, automation, programme)
select 'lead' || n || '@sample.example.com', 'lead' || n || '@sample.example.com', 'nurturing', 'website', '{}', '{}', '[]', now(),
    'Kim', 'Sample ' || n, 'VP Sales', 'Sample Software', 'mel', 40 + n % 20, 30, 10 + n % 20,
    case n % 3 when 1 then 'marketo' when 2 then 'pardot' end, 'Now ' || coalesce(case n % 3 when 1 then 'marketo' when 2 then 'pardot' end, 'hubspot')
from generate_series(0, :leads - 1) n
"""


@dataclass
class Chaos:
    """Lets every fifth call of a twin go wrong. Each twin has a seed of its own, so that it is the same in every run of it."""

    twin: Twin
    calls: int = 0
    wrong: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._random = random.Random(f"chaos {self.twin.name}")
        self.twin.chaos = self._next

    def _next(self) -> Fault | None:
        self.calls += 1
        if self._random.random() >= SHARE:
            return None
        kind = self._random.choice(KINDS[self.twin.name])
        self.wrong[kind] += 1
        return Fault(kind=kind, seconds=SLOW)


def the_crm() -> Crm:
    found = registry.crm()
    assert found is not None
    return found


def of_pardot(systems: Sandbox) -> PardotTwin:
    twin = systems.twins["pardot"]
    assert isinstance(twin, PardotTwin)
    return twin


@pytest.fixture
def systems(configured: Sandbox, committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """HubSpot, Marketo, Pardot and Salesforce behind the gate that all processes share."""
    for switch in ("DNS_CHECK", "ZOOMINFO_CLIENT_ID", "CLEARBIT_API_KEY"):
        monkeypatch.delenv(switch)
    for name in KINDS:
        monkeypatch.setenv(f"{name.upper()}_TIMEOUT", str(TIMEOUT))
    monkeypatch.setenv("HUBSPOT_CALLS_IN_10_SECONDS", str(HUBSPOT_CALLS))
    configured.twins["hubspot"].pace.limit = HUBSPOT_CALLS
    monkeypatch.setenv("PARDOT_READ_LAG", str(LAG))
    of_pardot(configured).lag = LAG
    registry.gate_by(SharedGate())
    crm = the_crm()
    crm.batch_size = BATCHES[crm.name]
    for automation in registry.automations():
        automation.batch_size = BATCHES[automation.name]
    yield configured
    registry.gate_by(OPEN)


def lay_out() -> None:
    with transaction() as session:
        programmes = [
            NurtureProgramme(
                f"{when} {name}", {"source": [f"{when} {name}"]}, number if name == "hubspot" else f"{name}:{number}"
            )
            for name, numbers in PROGRAMMES.items()
            for when, number in zip(("Now", "Later"), numbers, strict=True)
        ]
        nurturing.set_programmes(session, programmes, utcnow())
        session.execute(text(_LEADS), {"leads": LEADS})
    mark(range(1, LEADS + 1))


def mark(lead_ids: range) -> None:
    with transaction() as session:
        for base in BASES:
            telling.mark_all_dirty(session, list(lead_ids), utcnow(), base)


def change_some(turn: int) -> None:
    """While it is all under way: every tenth lead gets another score and goes to the other programme."""
    some = range(turn % 10 + 1, LEADS + 1, 10)
    with transaction() as session:
        for lead in session.scalars(select(Lead).where(Lead.id.in_(some)).order_by(Lead.id)):
            lead.score = 60 + turn
            when, _, name = str(lead.programme).partition(" ")
            lead.programme = f"{'Later' if when == 'Now' else 'Now'} {name}"
    mark(some)


def work(names: tuple[Job, ...], until: Callable[[], bool], on_turn: Callable[[int], None] = lambda _: None) -> None:
    """Do these jobs, four at a time, until it is so."""
    idle, over, turn = threading.Event(), utcnow() + timedelta(seconds=PATIENCE), 0
    with ThreadPoolExecutor(4) as pool:
        while not until():
            assert utcnow() < over, f"not done in {PATIENCE:.0f} s: {standing()}"
            on_turn(turn)
            turn += 1
            upkeep.round_of()
            claimed = claim(names)
            for done in [pool.submit(run, job) for job in claimed]:
                done.result()
            idle.wait(0.05 if not claimed else 0.01)


def claim(names: tuple[Job, ...]) -> list[ledger.Claimed]:
    """What is pending is due, and nobody rests: whoever was told to wait comes again too early."""
    with db.new_session() as session, session.begin():
        session.execute(update(JobRow).values(run_at=func.now() + timedelta(hours=1)))
        session.execute(update(JobRow).where(JobRow.name.in_(names)).values(run_at=func.now()))
        session.execute(
            text(
                "update job_lanes set free_at = now() where not exists "
                "(select from jobs where jobs.lane = job_lanes.name and leased_until is not null)"
            )
        )
        session.execute(update(VendorAccount).values(open_until=None))
        return ledger.claim(session, "chaos", lease=timedelta(minutes=5), window=50)


def run(job: ledger.Claimed) -> None:
    execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())


def is_told() -> bool:
    with reading() as session:
        refused = session.scalar(select(func.count()).where(SystemLink.problem.is_not(None)))
        return not refused and not any(telling.is_dirty(session, base) for base in BASES)


def standing() -> str:
    with reading() as session:
        waiting = session.execute(select(JobRow.name, JobRow.failures, JobRow.problem)).all()
        dirty = (
            select(SystemLink.system, func.count())
            .where(SystemLink.dirty_since.is_not(None))
            .group_by(SystemLink.system)
        )
        return f"{waiting} {session.execute(dirty).all()}"


def tell_the_refused_again() -> None:
    """What a person does with `handoff sync replay`, once the reason is gone. Who is no contact yet cannot be enrolled."""
    with transaction() as session:
        refused = select(SystemLink.system, SystemLink.lead_id).where(SystemLink.problem.is_not(None))
        for system, lead_id in session.execute(refused).all():
            telling.tell_again(session, system, utcnow(), [lead_id])


def sweep_all() -> int:
    """Compare every record with ours; returns how many leads were told again because of it."""
    with transaction() as session:
        for name in KINDS:
            syncing.begin_sweep(session, name, utcnow())
            send(session, sweep_of(name))
    work((*DRAINS, Job.SWEEP_SYSTEM), lambda: not swept_by(JobRow.name == Job.SWEEP_SYSTEM) and is_told())
    with reading() as session:
        return session.scalar(select(func.count()).where(SyncFinding.repaired == syncing.TOLD_AGAIN)) or 0


def swept_by(which: Any) -> bool:
    with reading() as session:
        return session.scalar(select(func.count()).select_from(JobRow).where(which)) != 0


# ---- what stands there ------------------------------------------------------------------------------------------------


def emails_in(systems: Sandbox, name: str) -> list[str]:
    """Whom a system has, one entry a record."""
    held = systems.state(name)
    if name == "hubspot":
        return [one["properties"]["email"] for one in held["contacts"].values()]
    if name == "salesforce":
        return [one["Email"] for one in held["leads"].values()]
    return [one["email"] for one in held["leads" if name == "marketo" else "prospects"].values()]


def members_of(systems: Sandbox, name: str) -> dict[str, list[str]]:
    """Who is in each programme there, by the system's own number of the person."""
    held = systems.state(name)
    if name == "hubspot":
        return {number: list(held["lists"][number]["members"]) for number in PROGRAMMES[name]}
    if name == "marketo":
        return {number: [str(one) for one in held["lists"][number]] for number in PROGRAMMES[name]}
    members = held["list-memberships"].values()
    return {
        number: [str(one["prospectId"]) for one in members if one["listId"] == int(number)]
        for number in PROGRAMMES[name]
    }


def wrong_contacts(one: MarketingAutomation) -> list[int]:
    """The leads of which it has not exactly what we would say now."""
    owner = None if one.name == "hubspot" else one.name
    with reading() as session:
        ids = list(session.scalars(select(Lead.id).where(Lead.automation.is_not_distinct_from(owner))))
        contacts = contacts_of(session, one, ids)
        links = {
            link.lead_id: str(link.external_id)
            for link in links_of(session, telling.system_of(telling.MARKETING, owner))
        }
    sent = {lead_id: one.as_sent(contact) for lead_id, contact in contacts.items()}
    return differing(one, sent, links)


def wrong_leads(crm: Crm) -> list[int]:
    with reading() as session:
        records = crm_leads(session, crm, list(session.scalars(select(Lead.id))))
        links = {link.lead_id: str(link.external_id) for link in links_of(session, telling.CRM)}
    return differing(crm, {lead_id: crm.as_sent(record) for lead_id, record in records.items()}, links)


def links_of(session: Any, system: str) -> list[SystemLink]:
    return list(session.scalars(select(SystemLink).where(SystemLink.system == system)))


def differing(
    client: Crm | MarketingAutomation, sent: Mapping[int, Mapping[str, str]], links: Mapping[int, str]
) -> list[int]:
    names = sorted({name for properties in sent.values() for name in properties})
    ids, there = [links[lead_id] for lead_id in sent], dict[str, Mapping[str, str]]()
    for start in range(0, len(ids), client.batch_size):
        there |= client.read_back(ids[start : start + client.batch_size], names)
    return [
        lead_id
        for lead_id, properties in sent.items()
        if not all(same(value, there.get(links[lead_id], {}).get(name, "")) for name, value in properties.items())
    ]


def wanted_members(name: str) -> dict[str, list[str]]:
    owner = None if name == "hubspot" else name
    with reading() as session:
        rows = session.execute(
            select(Lead.programme, SystemLink.external_id)
            .join(SystemLink, SystemLink.lead_id == Lead.id)
            .where(SystemLink.system == telling.system_of(telling.MARKETING, owner))
        ).all()
    numbers = dict(zip((f"Now {name}", f"Later {name}"), PROGRAMMES[name], strict=True))
    return {
        number: sorted(str(at) for programme, at in rows if programme == wanted) for wanted, number in numbers.items()
    }


def test_with_a_fifth_of_all_calls_going_wrong_every_system_ends_right_and_nobody_is_there_twice(
    systems: Sandbox,
) -> None:
    # Half a minute with 200 leads: HubSpot's limit is met on purpose, and some calls are as slow as a time-out is long.
    lay_out()
    chaos = [Chaos(systems.twins[name]) for name in KINDS]
    work(DRAINS, is_told, lambda turn: change_some(turn) if turn < 10 else tell_the_refused_again())
    for one in chaos:
        one.twin.chaos = None
        one.twin.faults.clear()
    calls, wrong = sum(one.calls for one in chaos), sum(sum(one.wrong.values()) for one in chaos)
    assert SHARE / 2 < wrong / calls < SHARE * 2
    of_pardot(systems).lag = 0
    told_again = sweep_all()
    report = {one.twin.name: f"{one.calls} calls, {sum(one.wrong.values())} wrong" for one in chaos}
    print(f"{LEADS} leads; {report}; {told_again} put right by the sweep")  # noqa: T201  (shown where the test fails, or with -s)

    for twin in systems.twins.values():
        paces = [pace for pace in vars(twin).values() if isinstance(pace, Pace)]
        assert [pace.refused for pace in paces] == [0] * len(paces), twin.name
    assert (systems.state("marketo")["most_at_once"] <= 10, systems.state("pardot")["most_at_once"] <= 5) == (
        True,
        True,
    )

    registry.gate_by(OPEN)  # what we look up now is no part of it
    systems.twins["hubspot"].pace.on = False
    assert wrong_leads(the_crm()) == []
    assert sorted(emails_in(systems, "salesforce")) == sorted(f"lead{n}@sample.example.com" for n in range(LEADS))
    for place, owner in enumerate(OWNERS):
        automation = registry.marketing(owner or "hubspot")
        assert automation is not None
        assert wrong_contacts(automation) == []
        theirs = [f"lead{n}@sample.example.com" for n in range(place, LEADS, len(OWNERS))]
        assert sorted(emails_in(systems, automation.name)) == sorted(theirs)
        there = {number: sorted(members) for number, members in members_of(systems, automation.name).items()}
        assert there == wanted_members(automation.name)
