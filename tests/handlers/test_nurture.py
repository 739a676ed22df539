"""Nurture over the wire: lists in HubSpot follow the programmes here, and the review reaches its readers once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import Engine, select, update
from typer.testing import CliRunner, Result

from bot import messenger
from bot.limits import check_message
from bot.review import review_message
from domain.reviewing import review_of
from domain.rules.content import Item
from domain.rules.lifecycle import Stage
from domain.rules.programmes import NurtureProgramme
from domain.rules.tiers import Tier
from domain.tables import Happened, JobRow, Lead, LeadEvent, Role, SystemLink, TouchRow
from domain.verbs import nurturing, recommending, staffing
from domain.verbs.nurturing import leave_programme
from domain.verbs.record import locked_lead
from handlers import upkeep
from handlers.cli import app
from handlers.jobs import reading, transaction
from handlers.ledger import MOST_FAILURES
from handlers.sending import Job
from kit.clock import utcnow
from tests.domain.making import make_lead
from tests.handlers.making import (
    GUEST,
    MORGAN,
    ROOT,
    Outside,
    clear_jobs,
    everything,
    make_staff,
    sandbox_process,
    slack,
    work_off,
)

__all__ = ["everything", "sandbox_process", "slack"]  # fixtures

GERMANY = NurtureProgramme("Germany", {"country": ["DE"]}, "201")
REST = NurtureProgramme("Everybody else", {}, "204")
WEDNESDAY = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def set_programmes(*programmes: NurtureProgramme) -> None:
    with transaction() as session:
        nurturing.set_programmes(session, programmes, utcnow())


VP: dict[str, object] = {"title": "VP Sales", "company": "Sample Software", "industry": "Software", "employees": 300}
"""45 points of fit."""


def nurtured(
    email: str,
    country: str = "DE",
    *kinds: str,
    since: datetime | None = None,
    person: dict[str, object] | None = None,
) -> int:
    """A lead in nurture that has done these things, with its jobs waiting; returns its id."""
    with transaction() as session:
        now = since or utcnow()
        who = (person or {}) | {"country": country}
        return nurturing.enrol(
            session, make_lead(session, kinds or ("page_view",), email, person=who, now=now).id, now
        ).id


def members(outside: Outside, list_id: str) -> set[str]:
    """Their e-mails."""
    state = outside.state("hubspot")
    emails = {contact["id"]: email for email, contact in state["contacts"].items()}
    return {emails[one] for one in state["lists"][list_id]["members"]}


def ours(found: set[str], *emails: str) -> set[str]:
    """The sandbox lives longer than one test: of whom it holds, only these."""
    return found & set(emails)


def link_of(lead_id: int) -> SystemLink:
    with reading() as session:
        return session.get_one(SystemLink, (lead_id, "programmes"))


def test_a_nurtured_lead_is_put_into_its_list_and_taken_out_when_sales_has_it(everything: Outside) -> None:
    set_programmes(GERMANY, REST)
    kim = nurtured("kim.in@buyer.example.com")
    lee = nurtured("lee.in@buyer.example.com", "US")
    work_off(Job.TELL_MARKETING, Job.ENROL_MARKETING)
    emails = ("kim.in@buyer.example.com", "lee.in@buyer.example.com")
    assert ours(members(everything, "201"), *emails) == {emails[0]}
    assert ours(members(everything, "204"), *emails) == {emails[1]}
    assert [(link_of(one).programme, link_of(one).dirty_since) for one in (kim, lee)] == [("201", None), ("204", None)]
    with transaction() as session:
        leave_programme(session, locked_lead(session, kim), utcnow())
    work_off(Job.ENROL_MARKETING)
    assert ours(members(everything, "201"), *emails) == set()
    assert link_of(kim).programme is None


def test_a_lead_that_changes_its_programme_changes_its_list(everything: Outside) -> None:
    set_programmes(GERMANY, REST)
    email = "kim.moves@buyer.example.com"
    nurtured(email)
    work_off(Job.TELL_MARKETING, Job.ENROL_MARKETING)
    set_programmes(NurtureProgramme("Germany", {"country": ["DE"]}, "203"), REST)
    work_off(Job.ENROL_MARKETING)
    assert (ours(members(everything, "201"), email), ours(members(everything, "203"), email)) == (set(), {email})


def test_a_list_that_is_not_there_is_said_with_its_programme_and_holds_up_nobody_else(everything: Outside) -> None:
    set_programmes(NurtureProgramme("Germany", {"country": ["DE"]}, "777"), REST)
    kim, _ = nurtured("kim.404@buyer.example.com"), nurtured("lee.404@buyer.example.com", "US")
    work_off(Job.TELL_MARKETING, Job.ENROL_MARKETING)
    assert link_of(kim).problem == "The programme Germany cannot be entered: HubSpot has no list 777"
    assert (link_of(kim).programme, link_of(kim).dirty_since) == (None, None)
    assert ours(members(everything, "204"), "lee.404@buyer.example.com")
    shown = handoff("nurture", "list")
    assert "1 lead: The programme Germany cannot be entered: HubSpot has no list 777" in shown.output
    set_programmes(GERMANY, REST)
    work_off(Job.ENROL_MARKETING)
    assert (link_of(kim).problem, link_of(kim).programme) == (None, "201")


def test_a_busy_hubspot_is_asked_again_and_nobody_is_in_two_lists(everything: Outside) -> None:
    set_programmes(GERMANY, REST)
    email = "kim.busy@buyer.example.com"
    nurtured(email)
    work_off(Job.TELL_MARKETING, Job.ENROL_MARKETING)
    set_programmes(NurtureProgramme("Germany", {"country": ["DE"]}, "202"), REST)
    everything.page.post("/_faults/hubspot", json={"kind": "500", "path": "202"}).raise_for_status()
    work_off(Job.ENROL_MARKETING)
    assert [ours(members(everything, one), email) for one in ("201", "202")] == [set(), {email}]


def test_who_is_in_a_list_though_the_answer_got_lost_is_taken_out_when_they_move_on(everything: Outside) -> None:
    set_programmes(GERMANY, REST)
    email = "kim.lost@buyer.example.com"
    kim = nurtured(email)
    torn = {"kind": "torn", "path": "201/memberships/add", "count": MOST_FAILURES}
    everything.page.post("/_faults/hubspot", json=torn).raise_for_status()
    work_off(Job.TELL_MARKETING, Job.ENROL_MARKETING)
    assert (link_of(kim).programme, link_of(kim).unsure) == ("201", True)
    set_programmes(NurtureProgramme("Germany", {"country": ["DE"]}, "202"), REST)
    work_off(Job.ENROL_MARKETING)
    assert [ours(members(everything, one), email) for one in ("201", "202")] == [set(), {email}]
    assert (link_of(kim).programme, link_of(kim).unsure) == ("202", False)


def test_who_may_have_left_a_list_is_put_into_it_again_when_they_come_back(everything: Outside) -> None:
    set_programmes(GERMANY, REST)
    email = "kim.back@buyer.example.com"
    nurtured(email)
    work_off(Job.TELL_MARKETING, Job.ENROL_MARKETING)
    torn = {"kind": "torn", "path": "201/memberships/remove", "count": MOST_FAILURES}
    everything.page.post("/_faults/hubspot", json=torn).raise_for_status()
    set_programmes(NurtureProgramme("Germany", {"country": ["DE"]}, "202"), REST)
    work_off(Job.ENROL_MARKETING)
    set_programmes(GERMANY, REST)
    work_off(Job.ENROL_MARKETING)
    assert [ours(members(everything, one), email) for one in ("201", "202")] == [{email}, set()]


def test_the_next_content_is_a_property_of_the_contact_until_it_is_met(everything: Outside) -> None:
    with transaction() as session:
        items = [Item("guide", "The guide", "https://www.example.com/guide"), Item("roi", "ROI")]
        recommending.set_catalogue(session, items, utcnow())
    email = "kim.reads@buyer.example.com"
    lead_id = nurtured(email)
    work_off(Job.TELL_MARKETING)
    assert next_content(everything, email) == ("The guide", "https://www.example.com/guide")
    for content, after in (("guide", ("ROI", "")), ("roi", ("", ""))):
        with transaction() as session:
            session.add(TouchRow(lead_id=lead_id, kind="content_download", occurred_at=utcnow(), content=content))
            lead = locked_lead(session, lead_id)
            session.flush()
            nurturing.look_after(session, lead, utcnow())
            nurturing.enrol(session, lead_id, utcnow())
        work_off(Job.TELL_MARKETING)
        assert next_content(everything, email) == after


def next_content(outside: Outside, email: str) -> tuple[str, str]:
    known = outside.state("hubspot")["contacts"][email]["properties"]
    return known["handoff_next_content_title"], known["handoff_next_content_url"]


# ---- the review -------------------------------------------------------------------------------------------------------


@pytest.fixture
def a_year(slack: Outside) -> Iterator[Outside]:
    """The first of July 2026, a Wednesday, with staff in Slack, and a MEL since the middle of June."""
    with time_machine.travel(WEDNESDAY, tick=True):
        make_staff(slack.new_channel())
        nurtured("kim@buyer.example.com", since=WEDNESDAY - timedelta(days=16), person=VP)
        clear_jobs()
        yield slack


def told(outside: Outside, user: str = MORGAN) -> list[dict[str, Any]]:
    """The reviews that this person has got, in all tests so far."""
    dm = messenger.direct_channel(user)
    return [one for one in outside.messages(dm, user) if "Monthly review" in one["text"]]


def reviews() -> list[LeadEvent]:
    with reading() as session:
        return list(session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.LEADS_REVIEWED)))


def test_the_review_is_made_once_a_month_however_many_clocks_there_are(a_year: Outside) -> None:
    for _ in range(3):
        upkeep.round_of()
    pending = [job.name for job in waiting() if job.name == Job.REVIEW_NURTURE]
    assert len(pending) == 1
    work_off(Job.REVIEW_NURTURE)
    upkeep.round_of()
    assert Job.REVIEW_NURTURE not in work_off()
    assert len(reviews()) == 1
    with time_machine.travel(WEDNESDAY + timedelta(days=33), tick=True):  # Monday, the 3rd of August
        upkeep.round_of()
        assert Job.REVIEW_NURTURE in work_off(Job.REVIEW_NURTURE)
    assert len(reviews()) == 2


def waiting() -> list[JobRow]:
    with reading() as session:
        return list(session.scalars(select(JobRow)))


def test_the_review_goes_to_marketing_and_without_any_to_the_managers(a_year: Outside) -> None:
    before = len(told(a_year))
    shown = handoff("nurture", "review")
    assert shown.output == "The review goes to Morgan Manager.\n"
    work_off(Job.TELL_REVIEW, Job.TELL_NOTICE)
    assert len(told(a_year)) == before + 1
    assert "Kim" not in told(a_year)[-1]["text"]
    assert "1 MEL in nurture" in str(told(a_year)[-1]["blocks"])
    with transaction() as session:
        rep = staffing.save_rep(session, utcnow(), name="Mia Marketing", email="mia@example.com", role=Role.MARKETING)
        staffing.know_in_slack(session, rep.id, GUEST, messenger.direct_channel(GUEST), utcnow())
    assert handoff("nurture", "review").output == "The review goes to Mia Marketing.\n"
    for_mia = len(told(a_year, GUEST))
    work_off(Job.TELL_REVIEW, Job.TELL_NOTICE)
    assert (len(told(a_year)), len(told(a_year, GUEST))) == (before + 1, for_mia + 1)


def test_the_review_names_who_is_near_who_fades_and_who_stands_still(a_year: Outside) -> None:
    nurtured("ann@buyer.example.com", since=WEDNESDAY - timedelta(days=100), person=VP)
    near = {**VP, "first_name": "Noa", "last_name": "Near"}
    nurtured("noa@buyer.example.com", "DE", "form_submission", "page_view", since=WEDNESDAY, person=near)
    fading = {**VP, "first_name": "Finn", "industry": None, "employees": None}
    nurtured("finn@buyer.example.com", "DE", "pricing_view", since=WEDNESDAY - timedelta(days=10), person=fading)
    with reading() as session:
        review = review_of(session, WEDNESDAY - timedelta(days=31), WEDNESDAY)
    assert (review.mels, review.came, review.rose, review.fell, review.gone) == (4, 3, 0, 0, 0)
    assert [(one.name, one.company, one.score) for one in review.near] == [("Noa Near", "Sample Software", 56)]
    assert review.near[0].note.startswith("4 points short; enough would be today: ")
    assert [one.name for one in review.fading] == ["Finn"]
    assert review.fading[0].note == "Cold in 16 days if nothing happens"
    assert [(one.name, one.note) for one in review.stuck] == [("ann@buyer.example.com", "100 days a MEL")]
    assert review.stuck_in_all == 1
    text, blocks = review_message(review)
    check_message(blocks)
    assert "4 MELs" in text


def test_the_review_counts_who_rose_fell_and_left(a_year: Outside) -> None:
    since = WEDNESDAY - timedelta(days=10)
    rose, fell, gone = (
        nurtured(f"{name}@buyer.example.com", since=since - timedelta(days=9), person=VP) for name in ("ro", "fe", "go")
    )
    with transaction() as session:
        for lead_id, values in (
            (rose, {"tier": Tier.MQL, "stage": Stage.IN_HANDOFF}),
            (fell, {"tier": Tier.COLD}),
            (gone, {"stage": Stage.DISQUALIFIED}),
        ):
            session.execute(update(Lead).where(Lead.id == lead_id).values(scored_at=WEDNESDAY, **values))
    with reading() as session:
        review = review_of(session, since, WEDNESDAY)
    assert (review.mels, review.came, review.rose, review.fell, review.gone) == (1, 0, 1, 1, 1)


def test_a_month_without_a_mel_of_the_month_before_has_no_review(slack: Outside) -> None:
    with time_machine.travel(WEDNESDAY, tick=True):
        make_staff(slack.new_channel())
        nurtured("kim@buyer.example.com", since=WEDNESDAY, person=VP)
        clear_jobs()
        upkeep.round_of()
        assert Job.REVIEW_NURTURE not in {job.name for job in waiting()}


def test_contents_are_measured_once_a_day(a_year: Outside) -> None:
    for _ in range(2):
        upkeep.round_of()
        work_off(Job.MEASURE_CONTENTS)
    with time_machine.travel(WEDNESDAY + timedelta(days=1), tick=True):
        upkeep.round_of()
        assert work_off(Job.MEASURE_CONTENTS) == [Job.MEASURE_CONTENTS]
    with reading() as session:
        measured = session.scalars(select(LeadEvent).where(LeadEvent.kind == Happened.CONTENTS_MEASURED)).all()
    assert len(measured) == 2


# ---- the command line -------------------------------------------------------------------------------------------------


def handoff(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_the_examples_can_be_imported_and_are_shown(committed: Engine) -> None:
    lead_id = nurtured("kim@buyer.example.com", "US")
    examples = ROOT / "docs" / "examples"
    done = handoff("nurture", "import", str(examples / "nurture.toml"))
    assert (done.exit_code, done.output) == (0, "4 programmes are in force; 1 lead changed theirs.\n")
    with reading() as session:
        assert session.get_one(Lead, lead_id).programme == "Everybody else"
    assert "Everybody else" in handoff("nurture", "list").output
    done = handoff("content", "import", str(examples / "contents.csv"))
    assert (done.exit_code, done.output) == (0, "5 contents are in the catalogue.\n")
    assert "ROI calculator" in handoff("content", "list").output
    assert handoff("content", "measure").exit_code == 0


@pytest.mark.parametrize(
    ("what", "text", "said"),
    [
        (
            "nurture",
            '[[programmes]]\nname = "A"\nwhen = { tier = ["hot"] }',
            "programmes[0].when.tier[0]: 'hot' must be one of",
        ),
        ("nurture", "\udcff", "can't decode"),
        ("content", "key;title\na;b", "line 1: the column key is missing"),
        ("content", "key,title,url\na,,\n", "line 2: needs a key and a title"),
        ("content", "key,title,url\na,A,\nb,B,javascript:alert(1)\n", "line 3: 'javascript:alert(1)' is no address"),
        ("content", "key,title,url\na,A,http://[\n", "line 2: 'http://[' is no address"),
        ("content", "key,title,url\na,A,\na,B,\n", "'a' stands there twice"),
        ("content", "", "line 1: the column key is missing"),
    ],
)
def test_a_file_with_a_mistake_is_refused_and_what_was_in_force_stays(
    committed: Engine, tmp_path: Path, what: str, text: str, said: str
) -> None:
    set_programmes(GERMANY)
    file = tmp_path / "file"
    file.write_bytes(text.encode(errors="surrogateescape"))
    done = handoff(what, "import", str(file))
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Germany" in handoff("nurture", "list").output
