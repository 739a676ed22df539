"""`handoff route` as sales operations types it: on a small record of which the answer is known by hand."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner, Result

from domain.routing_past import past
from domain.routing_replay import Given, replay
from domain.tables import Base, Handoff, Rep
from domain.verbs import absences, staffing
from domain.verbs.deciding import reject
from domain.verbs.offering import hand_over
from handlers import staff_file
from handlers.cli import app
from handlers.jobs import reading, transaction
from handlers.route_plan import plan_of
from kit.clock import utcnow
from tests.domain.making import DIRECTOR, make_lead

PEOPLE = """
[[reps]]
name = "Sam Sample"
email = "sam.sample@example.com"
role = "sdr"
[[reps]]
name = "Dana Demo"
email = "Dana.Demo@example.com"
role = "sdr"
"""
EMEA = """
[[pools]]
name = "EMEA"
role = "sdr"
channel = "C0SDREMEA01"
members = { "sam.sample@example.com" = 2, "dana.demo@example.com" = 1 }
"""
AMERICAS = """
[[reps]]
name = "Newly Hired"
email = "new@example.com"
role = "sdr"
most_open = 2
[[pools]]
name = "Americas"
role = "sdr"
channel = "C0SDRAMER01"
members = { "new@example.com" = 1 }
overflow = "EMEA"
[[territories]]
name = "North"
pool = "Americas"
when = { country = ["US"] }
"""
PRESENT = PEOPLE + EMEA
CHANGED = PEOPLE + EMEA + AMERICAS
WEEK = timedelta(days=7)


def route(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["route", *arguments], env={"COLUMNS": "200"})


def written(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "reps.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def worked(committed: Engine, tmp_path: Path) -> Path:
    """Nine leads, one every hour until an hour ago, every third from the US; the file in force is the present one."""
    file, now = written(tmp_path, PRESENT), utcnow()
    with transaction() as session:
        staff_file.save(session, staff_file.read(file))
        for place, rep in enumerate(session.scalars(select(Rep).order_by(Rep.id)).all()):
            staffing.know_in_slack(session, rep.id, f"U{place}", f"D{place}", now - WEEK)
        for number in range(9):
            offer(session, number, now - timedelta(hours=9 - number), "US" if number % 3 == 0 else "DE")
    return file


def offer(session: Session, number: int, at: datetime, country: str = "DE") -> None:
    email = f"lead-{number}@buyer.example.com"
    lead = make_lead(session, email=email, now=at, person=DIRECTOR | {"country": country})
    assert hand_over(session, lead.id, at) is not None


def replayed(file: Path) -> list[Given]:
    now = utcnow()
    with reading() as session:
        known = past(session, now - WEEK, now)
        plan = plan_of(session, staff_file.read(file), known.away)
    return replay(plan, known.attempts, now - WEEK)


def shares(given: list[Given]) -> tuple[Counter[int | None], Counter[int | None]]:
    """How many each rep got, and would have got."""
    return Counter(one.attempt.rep_id for one in given), Counter(one.rep_id for one in given)


def rows() -> dict[str, int]:
    """How many rows each table has."""
    with reading() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_the_present_file_gives_each_rep_what_they_got(worked: Path) -> None:
    then, now = shares(replayed(worked))
    assert sorted(then.values()) == [3, 6]
    assert then == now


def test_it_does_so_within_one_lead_after_rejections_and_a_pause_too(worked: Path) -> None:
    ago = {minutes: utcnow() - timedelta(minutes=minutes) for minutes in (50, 45, 30, 20, 10)}
    with transaction() as session:
        sam, dana = session.scalars(select(Rep).order_by(Rep.id))
        given_up = session.scalars(select(Handoff).where(Handoff.rep_id == dana.id).order_by(Handoff.id)).all()[0]
        why = "wrong_territory"
        reject(session, given_up.id, version=given_up.version, by=dana, reason=why, note=None, now=ago[50])
        hand_over(session, given_up.lead_id, ago[50])
        staffing.step_away(session, sam.email, ago[45])
        for minutes in (30, 20, 10):
            offer(session, 100 + minutes, ago[minutes])
    given = replayed(worked)
    assert [one.rep_id for one in given[-3:]] == [dana.id] * 3
    first, second = (one.rep_id for one in given if one.attempt.lead_id == given_up.lead_id)
    assert first != second
    then, now = shares(given)
    assert all(abs(then[rep_id] - now[rep_id]) <= 1 for rep_id in (sam.id, dana.id))


def test_who_was_on_leave_would_have_got_nothing_then(worked: Path, tmp_path: Path) -> None:
    with transaction() as session:
        sam, dana = session.scalars(select(Rep).order_by(Rep.id))
        absences.set_absence(session, sam, utcnow(), utcnow() + WEEK, dana, None, utcnow())
        offer(session, 100, utcnow())
    assert replayed(written(tmp_path, PRESENT.replace("= 2,", "= 100,")))[-1].rep_id == dana.id


def test_a_changed_file_says_who_would_have_got_what_and_writes_nothing(worked: Path, tmp_path: Path) -> None:
    changed, before = written(tmp_path, CHANGED), rows()
    done = route("replay", str(changed), "--days", "7")
    assert done.exit_code == 0, done.output
    assert rows() == before
    assert "9 assignments of the last 7 days" in done.output
    # Three leads from the US; she may have two at a time, and the third overflows.
    new = next(line for line in done.output.splitlines() if "Newly Hired" in line)
    assert [cell.strip() for cell in new.split("│")][2:5] == ["0", "2", "+2"]
    assert "0 would have waited until somebody could be asked" in done.output
    assert [(one.attempt.email, one.pool) for one in replayed(changed)][::3] == [
        ("lead-0@buyer.example.com", 1),
        ("lead-3@buyer.example.com", 1),
        ("lead-6@buyer.example.com", 0),
    ]


def test_who_is_not_in_the_file_any_more_is_named_with_what_they_got(worked: Path, tmp_path: Path) -> None:
    alone = PRESENT.replace(', "dana.demo@example.com" = 1', "").replace(
        '[[reps]]\nname = "Dana Demo"\nemail = "Dana.Demo@example.com"\nrole = "sdr"\n', ""
    )
    done = route("replay", str(written(tmp_path, alone)))
    assert "Dana Demo is not in the file, and got 3 of these." in done.output
    assert "3 of 9 go to somebody else." in done.output


def test_a_bad_file_is_refused_with_its_place(committed: Engine, tmp_path: Path) -> None:
    bad = written(tmp_path, PRESENT.replace("= 2,", "= 0,"))
    done = route("replay", str(bad))
    assert done.exit_code != 0
    assert isinstance(done.exception, staff_file.BadStaffFile)
    assert "pools[0].members" in str(done.exception)


def test_a_leads_way_is_explained_as_it_was_and_as_it_would_be(worked: Path) -> None:
    with transaction() as session:
        session.scalars(select(Rep).where(Rep.name == "Dana Demo")).one().available = False
    before = rows()
    for asked in (("explain", "lead-0@buyer.example.com"), ("--explain", "lead-0@buyer.example.com")):
        said = route(*asked)
        assert said.exit_code == 0, said.output
        then, now = said.output.split("As it would be decided now, for SDRs")
        assert "As it was decided: handoff 1," in then
        assert "Sam Sample was next in the rotation" in then
        assert "pool EMEA, rule 1 of the territories, version 1 of the file" in then
        assert "Dana Demo" in then
        assert "33%" in then
        assert "Passed over: Dana Demo is away (away)" in now
    assert rows() == before


def test_an_unknown_lead_is_a_sentence_and_no_traceback(committed: Engine) -> None:
    done = route("explain", "nobody@nowhere.example.com")
    assert done.exit_code == 1
    assert type(done.exception).__name__ == "NoSuchLead"


def test_a_decision_of_a_release_that_kept_no_rule_was_the_rotations(worked: Path) -> None:
    with transaction() as session:
        handoff = session.scalars(select(Handoff).order_by(Handoff.id).limit(1)).one()
        handoff.trace = {key: handoff.trace[key] for key in ("pool", "territory", "asked", "skipped")}
    decided = route("explain", "lead-0@buyer.example.com").output.split("As it would be decided now")[0]
    assert "was next in the rotation" in decided
    assert "nobody can be asked" not in decided
