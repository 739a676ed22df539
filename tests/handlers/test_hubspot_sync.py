"""HubSpot's side of the exchange, over the wire: set up from the command line, swept at night, and moved along with a deal."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from domain import finding
from domain.rules.lifecycle import Stage
from domain.tables import Lead, SyncFinding, TouchRow
from domain.verbs import field_mapping
from domain.verbs.telling import MARKETING, mark_dirty
from handlers.cli import app
from handlers.draining import drain_again
from handlers.jobs import reading, send, transaction
from handlers.sending import Job
from kit.clock import utcnow
from tests.handlers.making import Outside, everything, make_staff, offer_a_lead, sandbox_process, work_off

__all__ = ["everything", "sandbox_process"]  # fixtures


@pytest.fixture
def hubspot(everything: Outside, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Outside]:
    monkeypatch.chdir(tmp_path)
    play(everything, "lag", seconds=0)
    make_staff(everything.new_channel())
    yield everything
    play(everything, "lag", seconds=2)


def play(outside: Outside, what: str, **how: Any) -> dict[str, Any]:
    done: dict[str, Any] = outside.page.post(f"/hubspot/_play/{what}", json=how).raise_for_status().json()
    return done


def handoff(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "160"})


def there(outside: Outside, email: str) -> dict[str, str]:
    known: dict[str, str] = outside.state("hubspot")["contacts"][email]["properties"]
    return known


def test_setup_finds_everything_in_its_place(hubspot: Outside) -> None:
    checked = handoff("setup", "hubspot")
    assert checked.exit_code == 0
    assert "This is HubSpot's account 24680135, in US/Eastern." in checked.output
    assert "fields of the map have their place" in checked.output


def test_setup_makes_the_properties_that_a_map_needs_and_puts_it_in_force(hubspot: Outside, tmp_path: Path) -> None:
    wanted = tmp_path / "hubspot.toml"
    wanted.write_text('[fields]\nscore = "handoff_score"\ngrade = "handoff_data_quality"\nsql_at = "handoff_sql_day"\n')
    checked = handoff("setup", "hubspot", "--map", str(wanted))
    assert (checked.exit_code, "handoff_data_quality" in checked.output) == (1, True)
    applied = handoff("setup", "hubspot", "--apply", "--map", str(wanted))
    assert applied.exit_code == 0
    assert {"handoff_data_quality", "handoff_sql_day"} <= {*hubspot.state("hubspot")["properties"]}
    with reading() as session:
        newest = field_mapping.newest_of(session, "hubspot")
        assert newest is not None
        assert "handoff_data_quality" in newest.text


def test_a_contact_whose_webhook_was_lost_is_found_by_the_sweep(hubspot: Outside) -> None:
    email = "missed@acme-pumps.example.com"
    play(hubspot, "contact", email=email, properties={"jobtitle": "CTO"}, form="Demo request")
    assert handoff("sync", "sweep", "hubspot").exit_code == 0
    work_off(Job.SWEEP_SYSTEM)
    with reading() as session:
        lead = finding.lead_by_email(session, email)
        kinds = session.scalars(select(TouchRow.kind).where(TouchRow.lead_id == lead.id)).all()
        found = session.scalars(select(SyncFinding).where(SyncFinding.kind == "missed")).all()
    assert (lead.title, lead.source, kinds) == ("CTO", "hubspot", ["form_submission"])
    assert [one.repaired for one in found if one.external_id] == ["fetched"] * len(found)


def test_what_somebody_overwrote_there_is_written_again_by_the_sweep_but_no_lifecycle_is_set_back(
    hubspot: Outside,
) -> None:
    email = "overwritten@buyer.example.com"
    stand_in(offered(email), Stage.OPPORTUNITY)
    work_off(Job.TELL_MARKETING)
    score = there(hubspot, email)["handoff_score"]
    assert there(hubspot, email)["lifecyclestage"] == "opportunity"
    play(hubspot, "contact", email=email, properties={"handoff_score": "1", "lifecyclestage": "customer"})
    handoff("sync", "sweep", "hubspot")
    work_off(Job.SWEEP_SYSTEM, Job.TELL_MARKETING)
    assert there(hubspot, email)["handoff_score"] == score
    assert there(hubspot, email)["lifecyclestage"] == "customer"
    with reading() as session:
        (lost,) = session.scalars(select(SyncFinding).where(SyncFinding.kind == "lost"))
    assert lost.detail == {"fields": ["handoff_score"]}


def test_the_lifecycle_stage_goes_with_the_deal(hubspot: Outside) -> None:
    email = "winning@buyer.example.com"
    lead_id = offered(email)
    for stage, theirs in ((Stage.OPPORTUNITY, "opportunity"), (Stage.WON, "customer"), (Stage.LOST, "customer")):
        stand_in(lead_id, stage)
        work_off(Job.TELL_MARKETING)
        assert there(hubspot, email)["lifecyclestage"] == theirs


def offered(email: str) -> int:
    offer_a_lead(email=email)
    with reading() as session:
        return finding.lead_by_email(session, email).id


def stand_in(lead_id: int, stage: Stage) -> None:
    """As if the CRM had said so; how it says it is told in the tests of opportunities."""
    with transaction() as session:
        lead = session.get_one(Lead, lead_id)
        lead.stage = stage
        mark_dirty(session, lead, utcnow(), MARKETING)
        send(session, drain_again(Job.TELL_MARKETING))
