"""`handoff leads` as an operator types it."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner, Result

from domain.rules.lifecycle import Stage
from domain.rules.refusals import CannotUnmerge, NoSuchLead
from domain.tables import JobRow, Lead, LeadMerge
from handlers.cli import app
from handlers.jobs import reading, transaction
from handlers.sending import Job
from tests.conftest import NOON
from tests.domain.making import take
from tests.domain.making_deals import say, win

WORK, HOME = "kim@buyer-company.com", "kim.buyer@gmail.com"
LATER = NOON + timedelta(days=1)


def leads(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, ["leads", *arguments], input=answer, env={"COLUMNS": "200"})


@pytest.fixture
def kim_twice(committed: Engine) -> None:
    """Kim Buyer from two addresses, with one telephone."""
    with transaction() as session:
        take(session, WORK, person={"name": "Kim Buyer", "title": "VP Sales", "phone": "+4930123456"})
        person = {"name": "Kim Buyer", "title": "Head of Sales", "phone": "+4930123456"}
        take(session, HOME, person=person, now=LATER)


def stage_of(email: str) -> Stage:
    with reading() as session:
        return session.scalars(select(Lead.stage).where(Lead.email == email)).one()


def test_what_would_win_is_shown_before_anything_is_done(kim_twice: None) -> None:
    asked = leads("merge", WORK, HOME, answer="n\n")
    assert asked.exit_code == 1
    assert "Head of Sales (form, 2026-03-04)" in asked.output
    assert "VP Sales (form, 2026-03-03)" in asked.output
    assert stage_of(HOME) is Stage.CAPTURED


def test_a_merge_is_done_shown_and_taken_back(kim_twice: None) -> None:
    done = leads("merge", WORK, "K.I.M.Buyer+x@googlemail.com", "--yes")
    assert done.exit_code == 0, done.output
    assert "1 touches came over" in done.output
    assert stage_of(HOME) is Stage.MERGED
    shown = leads("show", HOME).output
    assert f"Addresses: {WORK}, {HOME}" in shown
    assert "buyer-company.com (the domain of the address)" in shown
    with reading() as session:
        merge = session.scalars(select(LeadMerge.id)).one()
        assert Job.SCORE in set(session.scalars(select(JobRow.name)))
    assert leads("unmerge", str(merge)).exit_code == 0
    assert stage_of(HOME) is Stage.CAPTURED
    assert isinstance(leads("unmerge", str(merge)).exception, CannotUnmerge)


def test_a_person_we_do_not_know_is_said_so(committed: Engine) -> None:
    for who in ("nobody@example.com", "nobody"):
        assert isinstance(leads("show", who).exception, NoSuchLead)


def test_pairs_that_are_likely_one_person_are_listed_the_telephone_first(kim_twice: None) -> None:
    with transaction() as session:
        take(session, "kim.buyer@buyer-company.com", person={"first_name": "Buyer", "last_name": "Kimm"})
        take(session, "kimberly@buyer-company.com", person={"name": "Kim Buyerr"})
        take(session, "lee@buyer-company.com", person={"name": "Lee Buyer"})
    lines = [line for line in leads("duplicates").output.splitlines() if "@" in line]
    assert len(lines) == 2
    assert WORK in lines[0]
    assert HOME in lines[0]
    assert "the same telephone" in lines[0]
    assert "kimberly@buyer-company.com" in lines[1]
    assert "95 % alike" in lines[1]


def test_a_pair_that_was_merged_and_parted_again_is_no_duplicate_any_more(kim_twice: None) -> None:
    leads("merge", WORK, HOME, "--yes")
    leads("unmerge", "1")
    assert "No two leads look like one person." in leads("duplicates").output


def test_a_wrong_company_is_put_right_and_stays_so(kim_twice: None) -> None:
    assert "is of: none (a person said so)" in leads("company", WORK, "--none").output
    with transaction() as session:
        assert take(session, WORK).company_id is None
    assert "is of: Sample Ltd (a person said so)" in leads("company", WORK, "--name", "Sample Ltd").output
    assert leads("company", WORK).exit_code == 2
    assert "is of: buyer-company.com" in leads("company", HOME, "--name", "buyer-company.com").output


def test_a_name_that_looks_like_markup_is_shown_as_it_is(committed: Engine) -> None:
    with transaction() as session:
        take(session, WORK, person={"first_name": "Kim [/b][red]", "company": "[link=evil]Buyer"})
    assert "Kim [/b][red]" in leads("show", WORK).output
    assert "[link=evil]Buyer" in leads("show", WORK).output


def test_what_became_of_each_deal_is_shown_with_day_amount_and_reason(committed: Engine) -> None:
    with transaction() as session:
        take(session, WORK)
        win(session, 30, 1_250_000, "EUR", key="006A", email=WORK, name="First [red]deal")
        say(session, "Closed Lost", 40, key="006B", email=WORK, amount=90_000, currency="JPY", lost_reason="No budget")
        say(session, "Negotiation", 41, key="006C", email=WORK)
        take(session, HOME)
        win(session, 30, key="006D", email=HOME)
    shown = [line for line in leads("show", WORK).output.splitlines() if line.startswith("Deal ")]
    assert shown == [
        "Deal First [red]deal (006A): won on 2026-04-02, 12,500 EUR.",
        "Deal Sample deal (006B): lost on 2026-04-12, 90,000 JPY: No budget.",
        "Deal Sample deal (006C): in Negotiation since 2026-04-13, no amount.",
    ]
