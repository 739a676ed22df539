"""A lead's road with Marketo, and with Pardot: it comes by them, its score goes back, it is nurtured there, and what it does there
brings it to an SDR. The clients are real, and the twins stand on a socket.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from domain import finding
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.programmes import NurtureProgramme
from domain.rules.tiers import Tier
from domain.tables import Handoff, JobRow, Lead, SystemLink, TouchRow
from domain.verbs import field_mapping, nurturing
from handlers import upkeep
from handlers.cli import app
from handlers.jobs import reading, send, transaction
from handlers.quotas import SharedGate
from handlers.sending import Job
from handlers.sync_settings import sync_settings
from handlers.sync_turns import read_activities_of
from integrations import registry
from kit.clock import utcnow
from kit.quota import OPEN
from sandbox.marketo import MarketoTwin
from sandbox.pardot import PardotTwin
from tests.domain.making import make_team
from tests.handlers.making import jobs, work_off
from tests.integrations.conftest import Sandbox, configured, sandbox, stage

__all__ = ["configured", "sandbox", "stage"]  # fixtures

EMAIL = "kim@buyer.example.com"
KNOWN_THERE = {"title": "VP Sales", "country": "DE", "company": "Sample Software"}
OF_A_LEAD = (Job.ENRICH, Job.SCORE, Job.NURTURE, Job.ASSIGN, Job.TELL_MARKETING, Job.ENROL_MARKETING)


@dataclass(frozen=True)
class System:
    """One of the two, and the person as it knows them."""

    name: str
    programme: str
    map: str
    did: Callable[[str], Any]
    """They send a form, or do what makes an MQL of them."""
    knows: Callable[[], None]
    """It knows their title, country and company now."""
    spoil: Callable[[], None]
    """Somebody there writes another score."""
    record: Callable[[], dict[str, Any]]
    members: Callable[[], list[int]]
    score: str


def marketo(twin: MarketoTwin) -> System:
    def did(what: str) -> None:
        page = {"Referrer URL": "https://www.example.com/demo" if what == "demo" else "https://www.example.com/news"}
        twin.did(EMAIL, "Fill Out Form", what, **page)

    def knows() -> None:
        twin.fields |= {"company": ("Company Name", "string")}
        twin.by_email(EMAIL)[0].update(KNOWN_THERE)

    fields = '[fields]\nscore = "handoff_score"\ntier = "handoff_tier"\n'
    read = "".join(f'{name} = {{ name = "{name}", direction = "from" }}\n' for name in KNOWN_THERE)
    programme = "1001"
    return System(
        *("marketo", programme, fields + read, did, knows),
        spoil=lambda: twin.by_email(EMAIL)[0].update(handoff_score=99),
        record=lambda: twin.by_email(EMAIL)[0],
        members=lambda: twin.lists[programme],
        score="handoff_score",
    )


def pardot(twin: PardotTwin) -> System:
    twin.lag = 0

    def did(what: str) -> None:
        for number in (24, 29) if what == "demo" else (4,):
            twin.did(EMAIL, number, "Form", what)

    def write(**known: str) -> None:
        there = twin.by_email(EMAIL)[0]
        twin.objects["prospects"].write(there["id"], there | known)

    def knows() -> None:
        write(jobTitle="VP Sales", country="DE", company="Sample Software")

    fields = '[fields]\nscore = "handoff_score__c"\ntier = "handoff_tier__c"\n'
    theirs = {name: "jobTitle" if name == "title" else name for name in KNOWN_THERE}
    read = "".join(f'{ours} = {{ name = "{name}", direction = "from" }}\n' for ours, name in theirs.items())
    programme = "501"
    return System(
        *("pardot", programme, fields + read, did, knows),
        spoil=lambda: write(handoff_score__c="99"),
        record=lambda: twin.by_email(EMAIL)[0],
        members=lambda: twin.members(programme),
        score="handoff_score__c",
    )


@pytest.fixture(params=["marketo", "pardot"])
def system(
    request: pytest.FixtureRequest, configured: Sandbox, committed: Engine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[System]:
    """HubSpot is the installation's own automation; this one is the other."""
    for switch in ("DNS_CHECK", "SALESFORCE_CLIENT_ID", "ZOOMINFO_CLIENT_ID", "CLEARBIT_API_KEY"):
        monkeypatch.delenv(switch)
    monkeypatch.delenv("PARDOT_CLIENT_ID" if request.param == "marketo" else "MARKETO_CLIENT_ID")
    sync_settings.cache_clear()
    registry.gate_by(SharedGate())
    twin = configured.twins[request.param]
    made = marketo(twin) if isinstance(twin, MarketoTwin) else None
    made = pardot(twin) if isinstance(twin, PardotTwin) else made
    assert made is not None
    with transaction() as session:
        make_team(session)
        programme = NurtureProgramme("Theirs", {}, f"{made.name}:{made.programme}")
        nurturing.set_programmes(session, [programme], utcnow())
        field_mapping.put_in_force(session, made.name, made.map, utcnow())
    yield made
    registry.gate_by(OPEN)
    sync_settings.cache_clear()


def read_activities(system: System) -> None:
    with transaction() as session:
        send(session, read_activities_of(system.name))
    work_off(Job.READ_ACTIVITIES)


def sweep(system: System) -> None:
    assert CliRunner().invoke(app, ["sync", "sweep", system.name]).exit_code == 0
    work_off(Job.SWEEP_SYSTEM)


def lead() -> Lead:
    with reading() as session:
        return finding.lead_by_email(session, EMAIL)


def dead() -> list[JobRow]:
    return [job for job in jobs() if job.dead_at is not None]


def test_a_lead_comes_by_them_is_nurtured_there_and_goes_to_an_sdr_for_what_it_does_there(system: System) -> None:
    read_activities(system)
    system.did("news")
    read_activities(system)
    assert (lead().automation, lead().source) == (system.name, system.name)

    system.knows()
    sweep(system)
    work_off(*OF_A_LEAD)
    assert (lead().stage, lead().tier) == (Stage.NURTURING, Tier.MEL)
    assert str(system.record()[system.score]) == str(lead().score)
    assert system.members() == [system.record()["id"]]
    with reading() as session:
        link = session.get_one(SystemLink, (lead().id, f"marketing:{system.name}"))
        assert link.external_id == str(system.record()["id"])
        assert session.get(SystemLink, (lead().id, "marketing")) is None

    before = lead().score or 0
    system.did("demo")
    read_activities(system)
    read_activities(system)
    work_off(*OF_A_LEAD)
    upkeep.round_of()
    work_off(*OF_A_LEAD)
    assert (lead().score or 0) >= before + 20
    assert str(system.record()[system.score]) == str(lead().score)
    assert system.members() == []
    with reading() as session:
        (handoff,) = session.scalars(select(Handoff).where(Handoff.lead_id == lead().id))
        assert (handoff.status, lead().stage) == (HandoffStatus.OFFERED, Stage.IN_HANDOFF)
        kinds = list(session.scalars(select(TouchRow.kind).where(TouchRow.lead_id == lead().id)))
    assert kinds.count("form_submission") == (2 if system.name == "marketo" else 1)
    assert dead() == []


def test_what_marketing_is_told_twice_is_sent_once(system: System, configured: Sandbox) -> None:
    read_activities(system)
    system.did("news")
    read_activities(system)
    work_off(*OF_A_LEAD)
    before = len(configured.calls(system.name))
    work_off(*OF_A_LEAD)
    assert len(configured.calls(system.name)) == before


def test_a_sweep_puts_right_what_somebody_changed_there(system: System) -> None:
    read_activities(system)
    system.did("news")
    read_activities(system)
    work_off(*OF_A_LEAD)
    assert lead().score is not None
    system.spoil()
    assert str(system.record()[system.score]) != str(lead().score)
    sweep(system)
    work_off(*OF_A_LEAD)
    assert str(system.record()[system.score]) == str(lead().score)
