"""`reps.toml` is read whole and checked before anything is written."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.tables import Pool, PoolMember, Rep, Role, RoutingFile, TerritoryRow
from domain.verbs import staffing
from domain.verbs.staffing import Settings
from handlers import staff_file
from handlers.staff_diff import differences
from handlers.staff_file import BadStaffFile
from tests.conftest import NOON

GOOD = """
reps = [
  { name = "Sam Sample", email = "sam.sample@example.com", role = "sdr" },
  { name = "Dana Demo", email = "Dana.Demo@example.com", role = "sdr" },
  { name = "Ada Account", email = "ada.account@example.com", role = "ae", crm_user_id = "005SAMPLE" },
  { name = "Morgan Manager", email = "morgan.manager@example.com", role = "manager" },
]

[[pools]]
name = "SDR DACH"
role = "sdr"
channel = "C0DACH"
manager = "morgan.manager@example.com"
members = { "SAM.sample@example.com" = 2 }

[[pools]]
name = "SDR"
role = "sdr"
channel = "C0ALL"
members = { "sam.sample@example.com" = 1, "dana.demo@example.com" = 1 }

[[pools]]
name = "AE"
role = "ae"
members = { "ada.account@example.com" = 1 }

[[territories]]
pool = "SDR"
when = { country = ["US"] }
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "reps.toml"
    path.write_text(text, encoding="utf-8")
    return path


def everything(session: Session) -> list[list[tuple[object, ...]]]:
    return [
        [
            tuple(row)
            for row in session.execute(
                select(*table.__table__.columns.values()[:6]).order_by(*table.__table__.primary_key)
            )
        ]
        for table in (Rep, Pool, PoolMember)
    ]


def test_the_file_becomes_the_record(session: Session, tmp_path: Path) -> None:
    assert staff_file.save(session, staff_file.read(written(tmp_path, GOOD)))[:2] == (4, 3)
    session.flush()
    assert sorted(session.scalars(select(Rep.email))) == [
        "ada.account@example.com",
        "dana.demo@example.com",
        "morgan.manager@example.com",
        "sam.sample@example.com",
    ]
    dach = session.scalars(select(Pool).where(Pool.name == "SDR DACH")).one()
    manager = session.scalars(select(Rep.id).where(Rep.role == Role.MANAGER)).one()
    assert (dach.slack_channel, dach.manager_id) == ("C0DACH", manager)
    assert session.scalars(select(PoolMember.weight).where(PoolMember.pool_id == dach.id)).all() == [2]


def test_who_fits_no_territory_goes_to_the_first_pool_of_the_role(session: Session, tmp_path: Path) -> None:
    staff_file.save(session, staff_file.read(written(tmp_path, GOOD)))
    rows = session.execute(
        select(TerritoryRow.when, Pool.name)
        .join(Pool, Pool.id == TerritoryRow.pool_id)
        .where(TerritoryRow.role == Role.SDR)
        .order_by(TerritoryRow.position)
    )
    assert [tuple(row) for row in rows] == [({"country": ["US"]}, "SDR"), ({}, "SDR DACH")]


def test_a_pool_that_the_file_names_no_more_is_closed(session: Session, tmp_path: Path) -> None:
    """Else its members' own leads would still be posted in its channel."""
    save(session, tmp_path, GOOD.replace('channel = "C0DACH"', 'channel = "C0DACH"\noverflow = "SDR"'))
    begin, end = GOOD.index('[[pools]]\nname = "SDR DACH"'), GOOD.index('[[pools]]\nname = "SDR"\n')
    save(session, tmp_path, GOOD[:begin] + GOOD[end:])
    closed = session.scalars(select(Pool).where(Pool.name == "SDR DACH")).one()
    assert session.scalars(select(PoolMember).where(PoolMember.pool_id == closed.id)).all() == []
    assert closed.overflow_id is None


def test_brackets_without_end_are_a_mistake_like_another(tmp_path: Path) -> None:
    with pytest.raises(BadStaffFile, match=r"reps\.toml: "):
        staff_file.read(written(tmp_path, GOOD + "a = " + "[" * 5_000))


def test_the_same_file_a_second_time_changes_nothing(session: Session, tmp_path: Path) -> None:
    entries = staff_file.read(written(tmp_path, GOOD))
    staff_file.save(session, entries)
    session.flush()
    before = everything(session)
    staff_file.save(session, entries)
    session.flush()
    assert everything(session) == before


@pytest.mark.parametrize(
    ("find", "put", "complaint"),
    [
        ('role = "ae", crm', 'role = "boss", crm', "reps[2].role"),
        ('channel = "C0DACH"\n', "", "pools[0].channel: a pool of SDRs needs the id of its Slack channel"),
        ('channel = "C0DACH"', 'channel = "#sdr-dach"', "pools[0].channel"),
        (
            '"SAM.sample@example.com" = 2',
            '"nobody@example.com" = 2',
            "pools[0]: nobody@example.com is not among the reps",
        ),
        ('manager = "morgan.manager@example.com"', 'manager = "boss@example.com"', "pools[0]: boss@example.com is not"),
        ('"SAM.sample@example.com" = 2', '"SAM.sample@example.com" = 0', "pools[0].members.SAM.sample@example.com"),
        ('"SAM.sample@example.com" = 2', '"SAM.sample@example.com" = 101', "pools[0].members.SAM.sample@example.com"),
        ('{ "SAM.sample@example.com" = 2 }', "{}", "pools[0].members"),
        ('pool = "SDR"\n', 'pool = "Nowhere"\n', "territories[0].pool: there is no pool named Nowhere"),
        ('name = "Sam Sample"', 'nme = "Sam Sample"', "reps[0].nme"),
        ('email = "sam.sample@example.com"', 'email = "sam"', "reps[0].email"),
        ("reps = [", "reps = [[", "reps.toml: "),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, find: str, put: str, complaint: str) -> None:
    assert find in GOOD
    with pytest.raises(BadStaffFile) as bad:
        staff_file.read(written(tmp_path, GOOD.replace(find, put, 1)))
    assert complaint in str(bad.value)


def test_a_file_that_is_not_there_or_no_text_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadStaffFile, match="No such file"):
        staff_file.read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "J\xf6rg"')
    with pytest.raises(BadStaffFile, match="latin"):
        staff_file.read(tmp_path / "latin.toml")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = tmp_path / "reps.toml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert len(staff_file.read(path).reps) == 4


CALENDARS = """
pools = [
  { name = "SDR", role = "sdr", channel = "C0ALL", members = { "sam@example.com" = 1 }, overflow = "Spare" },
  { name = "Spare", role = "sdr", channel = "C0SPARE", members = { "dana@example.com" = 1 } },
  { name = "AE", role = "ae", members = { "ada@example.com" = 1 } },
]
territories = [{ name = "Home", pool = "SDR", when = { country = ["DE"] } }]

[defaults]
time_zone = "Europe/Berlin"
hours = { "mon-fri" = ["09:00-17:00"] }
holidays = "DE"
most_open = 20

[[reps]]
name = "Sam Sample"
email = "sam@example.com"
role = "sdr"

[[reps]]
name = "Dana Demo"
email = "dana@example.com"
role = "sdr"
time_zone = "america/new_york"
hours = { "mon-thu" = ["13:30-18:00", "09:00-12:30"], sat = ["10:00-14:00"] }
holidays = "us-ca"
most_a_day = 5

[[reps]]
name = "Ada Account"
email = "ada@example.com"
role = "ae"
hours = "always"
holidays = "none"
most_open = "any"
"""


def save(session: Session, folder: Path, text: str) -> staff_file.Saved:
    saved = staff_file.save(session, staff_file.read(written(folder, text)))
    session.flush()
    return saved


def settings(session: Session, email: str) -> Settings:
    return staffing.settings_of(staffing.rep_by_email(session, email))


def test_each_rep_works_as_they_say_or_as_the_defaults_say(session: Session, tmp_path: Path) -> None:
    save(session, tmp_path, CALENDARS)
    office = {day: [(540, 1020)] for day in range(5)}
    assert settings(session, "sam@example.com") == Settings("Europe/Berlin", office, "DE", 20, None)
    assert settings(session, "dana@example.com") == Settings(
        "America/New_York", {day: [(540, 750), (810, 1080)] for day in range(4)} | {5: [(600, 840)]}, "US-CA", 20, 5
    )
    assert settings(session, "ada@example.com") == Settings("Europe/Berlin", None, None, None, None)
    home, spare = (session.scalars(select(Pool).where(Pool.name == name)).one() for name in ("SDR", "Spare"))
    assert (home.overflow_id, spare.overflow_id) == (spare.id, None)
    names = select(TerritoryRow.name).where(TerritoryRow.role == Role.SDR).order_by(TerritoryRow.position)
    assert session.scalars(names).all() == ["Home", None]


def test_who_has_no_hours_is_always_at_work(session: Session, tmp_path: Path) -> None:
    save(session, tmp_path, GOOD)
    assert settings(session, "sam.sample@example.com") == Settings()


@pytest.mark.parametrize(
    ("find", "put", "complaint"),
    [
        ('"Europe/Berlin"', '"Europe/Berln"', "defaults.time_zone: there is no time zone 'Europe/Berln'; did you mean"),
        ('"america/new_york"', '"Nowhere"', "reps[1].time_zone: there is no time zone 'Nowhere'"),
        ('"us-ca"', '"XX"', "reps[1].holidays: there is no country 'XX'"),
        ('"us-ca"', '"DE-QQ"', "reps[1].holidays: DE has no part 'QQ'"),
        ('"09:00-12:30"', '"09:00-14:00"', "reps[1].hours.mon-thu: 13:30-18:00 overlaps with 09:00-14:00"),
        ('"09:00-12:30"', '"12:30-09:00"', "reps[1].hours.mon-thu[1]: 12:30-09:00 ends before it begins"),
        ('"09:00-12:30"', '"nine to five"', "reps[1].hours.mon-thu[1]: 'nine to five': write it as"),
        ('"09:00-12:30"', "9", "reps[1].hours.mon-thu[1]: '9': write it as"),
        ("sat =", "caturday =", "reps[1].hours.caturday: 'caturday' is no day"),
        ("sat =", "thu =", "reps[1].hours: thu is named twice"),
        ('["10:00-14:00"]', "[]", "reps[1].hours.sat: name at least one block"),
        ('{ "mon-fri" = ["09:00-17:00"] }', "{}", "defaults.hours: name at least one day"),
        ("most_open = 20", "most_open = 0", "defaults.most_open: "),
        ("most_a_day = 5", 'most_a_day = "five"', "reps[1].most_a_day: "),
        ('overflow = "Spare"', 'overflow = "Nowhere"', "pools[0].overflow: there is no pool named Nowhere"),
        ('overflow = "Spare"', 'overflow = "AE"', "pools[0].overflow: AE is a pool of AEs, not of SDRs"),
        ('overflow = "Spare"', 'overflow = "SDR"', "pools[0].overflow: it comes back to itself: SDR -> SDR"),
        (
            'members = { "dana@example.com" = 1 }',
            'members = { "dana@example.com" = 1 }, overflow = "SDR"',
            "pools[0].overflow: it comes back to itself: SDR -> Spare -> SDR",
        ),
        ('email = "dana@example.com"', 'email = "SAM@example.com"', "reps[1].email: sam@example.com stands there"),
        ('name = "Spare"', 'name = "SDR"', "pools[1].name: SDR stands there twice"),
        ('name = "Home"', 'name = ""', "territories[0].name: "),
        ('["DE"]', '["DE", "XX"]', "territories[0].when.country[1]: there is no country 'XX'; write two letters"),
        ('["DE"]', '["Germany"]', "territories[0].when.country[0]: there is no country 'Germany'; write it as DE"),
        ('["DE"]', "[]", "territories[0].when.country: name at least one value, or leave it out"),
        (
            '{ "sam@example.com" = 1 }',
            '{ "sam@example.com" = 1, "Sam@example.com" = 2 }',
            "pools[0].members: sam@example.com stands there twice",
        ),
        ("most_open = 20", "most_opne = 20", "defaults.most_opne: "),
    ],
)
def test_what_cannot_be_is_refused_with_the_path_of_its_key_and_the_file_in_force_stays(
    session: Session, tmp_path: Path, find: str, put: str, complaint: str
) -> None:
    save(session, tmp_path, CALENDARS)
    before = everything(session)
    assert find in CALENDARS
    with pytest.raises(BadStaffFile) as bad:
        save(session, tmp_path, CALENDARS.replace(find, put, 1))
    assert f"reps.toml: {complaint}" in str(bad.value)
    assert everything(session) == before
    assert len(session.scalars(select(RoutingFile)).all()) == 1


def test_each_text_is_a_version_and_the_same_text_again_is_none(session: Session, tmp_path: Path) -> None:
    first, second, third = (save(session, tmp_path, text) for text in (GOOD, GOOD, CALENDARS))
    assert (first.before, second.version) == (None, None)
    assert [row.text for row in session.scalars(select(RoutingFile).order_by(RoutingFile.id))] == [GOOD, CALENDARS]
    assert third.before is not None
    assert third.before.text == GOOD


def test_what_a_rep_has_set_for_themselves_holds_until_the_file_says_something_new(
    session: Session, tmp_path: Path
) -> None:
    save(session, tmp_path, CALENDARS)
    sam = staffing.rep_by_email(session, "sam@example.com")
    own = Settings("Asia/Kolkata", {0: [(600, 700)]}, "IN", 3, 2)
    staffing.set_settings(session, sam, own, NOON)
    save(session, tmp_path, CALENDARS + "# a remark\n")
    assert staffing.settings_of(sam) == own
    save(session, tmp_path, CALENDARS.replace('time_zone = "Europe/Berlin"', 'time_zone = "Europe/Paris"'))
    assert staffing.settings_of(sam) == replace(own, time_zone="Europe/Paris")


def test_an_import_says_what_it_changes(tmp_path: Path) -> None:
    before = staff_file.read(written(tmp_path, CALENDARS))
    news = (
        CALENDARS.replace('holidays = "DE"', 'holidays = "DE-BE"')
        .replace('"dana@example.com" = 1 } }', '"dana@example.com" = 1, "sam@example.com" = 2 } }')
        .replace('"ada@example.com"', '"alex@example.com"')
        .replace(', overflow = "Spare"', "")
        .replace('["DE"]', '["AT"]')
    )
    assert list(differences(before, before)) == []
    assert list(differences(before, staff_file.read(written(tmp_path, news)))) == [
        "+ rep alex@example.com",
        "- rep ada@example.com",
        "~ rep sam@example.com: holidays: DE -> DE-BE",
        "~ pool SDR: overflow: Spare -> none",
        "~ pool Spare: members: dana@example.com = 1 -> dana@example.com = 1, sam@example.com = 2",
        "~ pool AE: members: ada@example.com = 1 -> alex@example.com = 1",
        "~ territories: 1 -> 1, read from the top",
    ]
