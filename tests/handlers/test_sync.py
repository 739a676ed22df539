"""The exchange with outside systems, our side of it: what is read comes in once, what is lost is found, each lead has its system."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update
from typer.testing import CliRunner, Result

from domain import finding
from domain.rules.lifecycle import Stage
from domain.rules.programmes import NurtureProgramme
from domain.tables import (
    Arrival,
    Cursor,
    Lead,
    Opportunity,
    SyncFinding,
    SyncRun,
    SystemLink,
    TouchRow,
)
from domain.verbs import nurturing
from domain.verbs.telling import MARKETING, mark_dirty
from handlers import sync_turns, upkeep
from handlers.cli import app
from handlers.jobs import reading, send, transaction
from handlers.quotas import SharedGate
from handlers.sending import Job
from handlers.sync_settings import sync_settings
from integrations import registry
from integrations.crm_ports import CrmOpportunity
from integrations.marketing_ports import ChangedContact, Contact
from integrations.registry import Plug
from kit.clock import utcnow
from kit.quota import OPEN
from tests.conftest import NOON
from tests.domain.making import Team, make_lead, make_team
from tests.handlers import sample_systems
from tests.handlers.making import jobs, work_off
from tests.handlers.sample_systems import World, did, worlds

CRM, FIRST, SECOND = "sample_crm", "sample_first", "sample_second"
EMAIL = "kim@buyer.example.com"


@pytest.fixture
def systems(committed: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, World]]:
    """A CRM and two marketing automations of no vendor, plugged in as vendors are."""
    plugs = {name: Plug(f"tests.handlers.{name}", name.upper()) for name in (CRM, FIRST, SECOND)}
    for name in plugs:
        monkeypatch.setenv(name.upper(), "1")
    monkeypatch.setattr(registry, "CRMS", (plugs[CRM],))
    monkeypatch.setattr(registry, "MARKETING", (plugs[FIRST], plugs[SECOND]))
    monkeypatch.chdir(tmp_path)
    sample_systems.fresh(*plugs)
    sync_settings.cache_clear()
    registry.gate_by(SharedGate())
    yield worlds
    registry.gate_by(OPEN)
    sync_settings.cache_clear()


@pytest.fixture
def team(systems: dict[str, World]) -> Team:
    with transaction() as session:
        return make_team(session)


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "160"})


def read(job: Job, **args: str) -> None:
    with transaction() as session:
        known = {Job.READ_ACTIVITIES: lambda: sync_turns.read_activities_of(args["automation"])}
        send(session, known.get(job, sync_turns.read_opportunities_again)())
    work_off(job)


def lead_of(email: str = EMAIL) -> Lead:
    with reading() as session:
        return finding.lead_by_email(session, email)


# ---- opportunities ----------------------------------------------------------------------------------------------------


def test_opportunities_are_read_page_by_page_and_what_comes_twice_is_one(systems: dict[str, World], team: Team) -> None:
    with transaction() as session:
        for number in range(3):
            make_lead(session, email=f"lead{number}@buyer.example.com")
    systems[CRM].opportunities = [
        CrmOpportunity(f"006{n}", "Deal", "Open", NOON + timedelta(hours=n), emails=(f"lead{n}@buyer.example.com",))
        for n in range(5)
    ]
    read(Job.READ_OPPORTUNITIES)
    read(Job.READ_OPPORTUNITIES)
    with reading() as session:
        assert list(session.scalars(select(Opportunity.external_id).order_by(Opportunity.external_id))) == [
            "0060",
            "0061",
            "0062",
        ]
        assert session.get_one(Cursor, (CRM, "opportunities")).position == "5"


# ---- activities -------------------------------------------------------------------------------------------------------


def test_activities_come_in_as_touches_each_once_and_make_leads_of_their_system(
    systems: dict[str, World], team: Team
) -> None:
    systems[SECOND].activities = [
        did(1, EMAIL),
        did(2, "no address"),
        did(3, EMAIL, "email_open"),
        did(4, "lee@x.example.com"),
    ]
    read(Job.READ_ACTIVITIES, automation=SECOND)
    read(Job.READ_ACTIVITIES, automation=SECOND)
    with reading() as session:
        kinds = select(TouchRow.kind).where(TouchRow.lead_id == lead_of().id).order_by(TouchRow.occurred_at)
        assert list(session.scalars(kinds)) == ["webinar", "email_open"]
        assert session.scalar(select(func.count()).select_from(Arrival)) == 4
        refused = session.scalars(select(Arrival.refusal).where(Arrival.refusal.is_not(None))).all()
        assert len(refused) == 1
    assert (lead_of().automation, lead_of().source) == (SECOND, SECOND)


def test_whose_lead_it_was_already_stays_so(systems: dict[str, World], team: Team) -> None:
    with transaction() as session:
        make_lead(session)
    systems[SECOND].activities = [did(1, EMAIL)]
    read(Job.READ_ACTIVITIES, automation=SECOND)
    assert lead_of().automation is None


# ---- several automations ----------------------------------------------------------------------------------------------


def test_each_lead_is_told_to_the_automation_that_has_it_and_enrolled_there(
    systems: dict[str, World], team: Team
) -> None:
    with transaction() as session:
        programmes = [
            NurtureProgramme("Theirs", {"source": [SECOND]}, f"{SECOND}:7"),
            NurtureProgramme("Ours", {}, "201"),
        ]
        nurturing.set_programmes(session, programmes, utcnow())
        first = make_lead(session, ("page_view",))
        nurturing.enrol(session, first.id, utcnow())
    systems[SECOND].activities = [did(1, "lee@x.example.com")]
    read(Job.READ_ACTIVITIES, automation=SECOND)
    work_off(Job.SCORE, Job.NURTURE, Job.TELL_MARKETING, Job.ENROL_MARKETING)
    assert [one.email for one in systems[FIRST].contacts.values()] == [EMAIL]
    assert [one.email for one in systems[SECOND].contacts.values()] == ["lee@x.example.com"]
    assert (systems[FIRST].members, systems[SECOND].members) == ({"201": {EMAIL}}, {"7": {"lee@x.example.com"}})


def test_what_one_automation_would_not_take_holds_up_no_other(systems: dict[str, World], team: Team) -> None:
    with transaction() as session:
        for number in range(5):
            lead = make_lead(session, email=f"lead{number}@buyer.example.com")
            lead.automation = SECOND if number % 2 else None
            session.flush()
            mark_dirty(session, lead, utcnow(), MARKETING)
    upkeep.round_of()
    work_off(Job.TELL_MARKETING)
    assert (len(systems[FIRST].contacts), len(systems[SECOND].contacts)) == (3, 2)
    with reading() as session:
        dirty = select(func.count()).where(SystemLink.system.startswith(MARKETING), SystemLink.dirty_since.is_not(None))
        assert session.scalar(dirty.where(SystemLink.system == f"{MARKETING}:{SECOND}")) == 0


# ---- the sweep --------------------------------------------------------------------------------------------------------


def told_leads(count: int) -> list[int]:
    """Leads that the first automation knows all about."""
    with transaction() as session:
        made = [make_lead(session, email=f"lead{number}@buyer.example.com") for number in range(count)]
        for lead in made:
            mark_dirty(session, lead, utcnow(), MARKETING)
        ids = [lead.id for lead in made]
    upkeep.round_of()
    work_off(Job.TELL_MARKETING)
    return ids


def swept(system: str) -> list[SyncFinding]:
    with transaction() as session:
        session.execute(update(SyncRun).values(ended_at=utcnow()))
    assert handoff("sync", "sweep", system).exit_code == 0
    work_off(Job.SWEEP_SYSTEM)
    with reading() as session:
        run = session.scalars(
            select(SyncRun).where(SyncRun.system == system).order_by(SyncRun.id.desc()).limit(1)
        ).one()
        assert run.ended_at is not None
        return list(session.scalars(select(SyncFinding).where(SyncFinding.run_id == run.id).order_by(SyncFinding.id)))


def test_a_sweep_over_records_that_agree_finds_nothing(systems: dict[str, World], team: Team) -> None:
    told_leads(5)
    assert swept(FIRST) == []
    with reading() as session:
        newest = select(SyncRun.compared).where(SyncRun.system == FIRST).order_by(SyncRun.id.desc()).limit(1)
        assert session.scalars(newest).one() == 5


def test_what_we_wrote_and_does_not_stand_there_is_written_again_but_not_every_night(
    systems: dict[str, World], team: Team
) -> None:
    told_leads(3)
    there = systems[FIRST].contacts
    key = f"{FIRST}-lead1@buyer.example.com"
    right = there[key]
    there[key] = Contact(right.email, {**right.properties, "x_score": "0"})
    (found,) = swept(FIRST)
    assert (found.kind, found.detail, found.repaired) == ("lost", {"fields": ["x_score"]}, "told again")
    work_off(Job.TELL_MARKETING)
    assert there[key] == right
    there[key] = Contact(right.email, {**right.properties, "x_score": "0"})
    (again,) = swept(FIRST)
    assert again.repaired is None
    assert swept(FIRST) == []  # it is shown once
    shown = handoff("sync", "status").output
    assert f"{FIRST}, lead {again.lead_id}: lost, differs in x_score" in shown
    assert handoff("sync", "replay", FIRST).output == f"{FIRST} is told of 1 lead once more.\n"
    work_off(Job.TELL_MARKETING)
    assert there[key] == right


def test_who_is_gone_there_is_for_a_person(systems: dict[str, World], team: Team) -> None:
    told_leads(1)
    systems[FIRST].contacts.clear()
    (found,) = swept(FIRST)
    assert (found.kind, found.detail, found.repaired) == ("lost", {"gone": True}, None)
    work_off(Job.TELL_MARKETING)
    assert systems[FIRST].contacts == {}


def test_contacts_of_whom_we_were_never_told_are_fetched_and_changes_that_we_have_not_seen(
    systems: dict[str, World], team: Team
) -> None:
    told_leads(1)
    changes = [("lead0@buyer.example.com", "CFO"), ("new@x.example.com", "CTO"), ("lead0@buyer.example.com", "CFO")]
    systems[FIRST].changed = [
        ChangedContact(str(number), email, utcnow() - timedelta(minutes=9 - number), {"x_title": title})
        for number, (email, title) in enumerate(changes)
    ]
    assert [(one.kind, one.repaired) for one in swept(FIRST)] == [("changed", "fetched"), ("missed", "fetched")]
    assert (lead_of("lead0@buyer.example.com").title, lead_of("new@x.example.com").title) == ("CFO", "CTO")
    assert swept(FIRST) == []


def test_a_sweep_may_leave_strangers_where_they_are(
    systems: dict[str, World], team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYNC_FETCH_MISSED", "false")
    systems[FIRST].changed = [ChangedContact("1", "new@x.example.com", utcnow(), {"x_title": "CTO"})]
    (found,) = swept(FIRST)
    assert (found.kind, found.repaired, found.external_id) == ("missed", None, "1")
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Lead)) == 0


def test_a_sweep_reads_opportunities_that_the_polls_have_not_seen(systems: dict[str, World], team: Team) -> None:
    with transaction() as session:
        make_lead(session)
    systems[CRM].opportunities = [CrmOpportunity("0061", "Deal", "Open", NOON, emails=(EMAIL,))]
    assert [(one.kind, one.repaired) for one in swept(CRM)] == [("changed", "read")]
    assert lead_of().stage is Stage.OPPORTUNITY
    assert swept(CRM) == []


def test_a_sweep_that_was_stopped_goes_on_where_it_was(systems: dict[str, World], team: Team) -> None:
    ids = told_leads(5)
    with transaction() as session:
        session.execute(update(SyncRun).values(ended_at=utcnow()))
        session.add(SyncRun(system=FIRST, began_at=utcnow(), position=f"written {ids[2]}", compared=3))
    upkeep.round_of()
    work_off(Job.SWEEP_SYSTEM)
    with reading() as session:
        run = session.scalars(select(SyncRun).where(SyncRun.system == FIRST).order_by(SyncRun.id.desc()).limit(1)).one()
        assert (run.compared, run.ended_at is not None) == (5, True)


# ---- whose turn it is -------------------------------------------------------------------------------------------------


def test_upkeep_reads_and_sweeps_what_is_due_and_nothing_twice(systems: dict[str, World], team: Team) -> None:
    ours = {Job.READ_OPPORTUNITIES, Job.READ_ACTIVITIES, Job.SWEEP_SYSTEM}

    def due() -> list[str]:
        upkeep.round_of()
        return sorted(job.name for job in jobs() if job.name in ours)

    first = [*2 * [Job.READ_ACTIVITIES], Job.READ_OPPORTUNITIES, *3 * [Job.SWEEP_SYSTEM]]
    assert due() == first
    assert due() == first
    work_off(*ours)
    assert due() == []


# ---- the commands -----------------------------------------------------------------------------------------------------


def test_a_system_that_is_not_plugged_in_is_named_with_those_that_are(systems: dict[str, World]) -> None:
    for words in (("sync", "sweep", "marketo"), ("sync", "replay", "marketo"), ("setup", "marketo")):
        said = handoff(*words)
        assert said.exit_code == 1
        assert (
            f"marketo is not plugged in. Plugged in: {CRM}, {FIRST}, {SECOND}. docs/integrations.md lists"
            in said.output
        )


def test_setup_says_what_lacks_makes_it_and_puts_the_map_in_force(
    systems: dict[str, World], team: Team, tmp_path: Path
) -> None:
    checked = handoff("setup", FIRST)
    assert checked.exit_code == 1
    assert f"This is {FIRST}." in checked.output
    assert "fields.score" in checked.output
    assert systems[FIRST].fields == {}
    assert handoff("setup", FIRST, "--apply").exit_code == 0
    assert set(systems[FIRST].fields) == {"x_score", "x_tier", "x_title"}
    assert "All 3 fields" in handoff("setup", FIRST).output
    told_leads(1)
    file = tmp_path / "map.toml"
    file.write_text('[fields]\nscore = "x_score"\nfit = "x_fit"\n')
    assert handoff("setup", FIRST, "--map", str(file), "--apply").exit_code == 0
    work_off(Job.TELL_MARKETING)
    (contact,) = systems[FIRST].contacts.values()
    assert set(contact.properties) == {"x_score", "x_fit"}
    assert handoff("setup", FIRST, "--show").output == file.read_text()


def test_setup_says_what_an_admin_has_to_do_and_leaves_the_map_as_it_is(
    systems: dict[str, World], tmp_path: Path
) -> None:
    file = tmp_path / "map.toml"
    file.write_text('[fields]\nscore = "x_forbidden"\n')
    said = handoff("setup", FIRST, "--map", str(file), "--apply")
    assert said.exit_code == 1
    assert "an admin makes this one" in said.output
    assert "x_forbidden" not in handoff("setup", FIRST, "--show").output


def test_setup_says_where_a_map_is_wrong(systems: dict[str, World], tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text("[fields]\nscroe = 'x'\n")
    said = handoff("setup", FIRST, "--map", str(file))
    assert said.exit_code == 1
    assert "map.toml: fields.scroe: 'x' stands under an unknown key; did you mean 'score'?" in said.output
