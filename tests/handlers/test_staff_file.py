"""`reps.toml` is read whole and checked before anything is written."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.tables import Pool, PoolMember, Rep, Role, TerritoryRow
from handlers import staff_file
from handlers.staff_file import BadStaffFile

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
