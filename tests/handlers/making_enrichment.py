"""The waterfall for tests: leads that want to be enriched, its jobs one by one, and what was asked, heard and paid."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Engine, func, or_, select, update

from domain.tables import JobRow, Lead, ProfileRow, ProviderDay
from domain.verbs import capturing
from domain.verbs.capturing import Delivery
from handlers import ledger, moments
from handlers.jobs import execute, reading, send, transaction
from handlers.sending import Job, Sending
from integrations import registry
from kit import db
from kit.clock import utcnow
from tests.domain.making import make_arrival
from tests.handlers.making import jobs
from tests.integrations.conftest import Sandbox

assert moments  # all jobs have their functions

DOMAIN = "alder-works.example.com"
WITHOUT_FIRM: dict[str, Any] = {
    "first_name": "Kim",
    "last_name": "Sample",
    "title": "VP Sales",
    "phone": "+49 30 901820",
    "company": "Alder Works",
    "country": "Germany",
}
"""Everything that is wanted but for what only providers are believed about."""


@pytest.fixture(autouse=True)
def providers(configured: Sandbox, committed: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """ZoomInfo for 40 cents and Clearbit for 10; no DNS unless a test asks for it, no CRM, no marketing automation."""
    for switch in ("DNS_CHECK", "SALESFORCE_CLIENT_ID", "HUBSPOT_ACCESS_TOKEN"):
        monkeypatch.delenv(switch)
    monkeypatch.setenv("ZOOMINFO_COST_CENTS", "40")
    monkeypatch.setenv("CLEARBIT_COST_CENTS", "10")
    registry.forget()
    yield
    registry.forget()


def capture(local: str, *, domain: str = DOMAIN, bulk: bool = False, **said: object) -> int:
    with transaction() as session:
        delivery = Delivery({"email": f"{local}@{domain}", **said}, "form_submission", utcnow())
        return capturing.receive(session, make_arrival(session), "website", delivery, utcnow(), bulk=bulk).id


def do(*names: str) -> list[JobRow]:
    """Do the jobs that are due, and those that follow and are due at once; returns what waits for its time.

    What fails meanwhile is not tried again, however long all this takes.
    """
    wanted = names or ("enrich", "ask_provider")
    due = claim(wanted)
    while due:
        for job in due:
            run(job)
        due = claim(wanted, JobRow.failures > 0)
    return jobs()


def claim(names: Sequence[str], *but: ColumnElement[bool], window: int = 50) -> list[ledger.Claimed]:
    with db.new_session() as session, session.begin():
        not_now = or_(JobRow.name.not_in(names), *but)
        hidden = update(JobRow).where(not_now, JobRow.run_at <= func.now())
        session.execute(hidden.values(run_at=func.now() + timedelta(seconds=1)))
        return ledger.claim(session, "tests", lease=timedelta(seconds=30), window=window)


def run(job: ledger.Claimed) -> None:
    execute(job.id, job.name, job.args, job.lane, job.token, utcnow().timestamp())


def let_come(name: str) -> None:
    """The time of these jobs has come."""
    with db.new_session() as session, session.begin():
        session.execute(update(JobRow).where(JobRow.name == name).values(run_at=func.now()))


def enrich_again(lead_id: int) -> None:
    with transaction() as session:
        send(session, Sending(Job.ENRICH, {"lead_id": lead_id}))
    do()


def lead(lead_id: int) -> Lead:
    with reading() as session:
        return session.get_one(Lead, lead_id)


def outcomes(lead_id: int) -> dict[str, str]:
    with reading() as session:
        rows = session.execute(select(ProfileRow.provider, ProfileRow.outcome).where(ProfileRow.lead_id == lead_id))
        return dict(rows.all())


def days() -> dict[str, tuple[int, int, int]]:
    """Asked, matched, cents, by provider."""
    with reading() as session:
        return {row.provider: (row.asked, row.matched, row.cost_cents) for row in session.scalars(select(ProviderDay))}


def asked(sandbox: Sandbox, system: str) -> int:
    return len(sandbox.calls(system, "enrich" if system == "zoominfo" else ""))


def scored_at_once(waiting: list[JobRow]) -> bool:
    (score,) = [job for job in waiting if job.name == "score"]
    return score.run_at < utcnow() + timedelta(seconds=5)
