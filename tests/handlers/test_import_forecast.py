"""What an import says beforehand is what then happens, with the models and the pools of the examples."""

import csv
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from domain.rules.tiers import Tier
from domain.tables import Arrival, Lead, TouchRow
from domain.verbs import enriching
from domain.verbs.modelling import import_model
from domain.verbs.offering import hand_over
from domain.verbs.scoring import score_lead
from handlers import staff_file
from handlers.cli import app
from handlers.import_forecast import forecast
from handlers.import_map import read_map
from handlers.import_rows import open_csv
from handlers.jobs import transaction
from kit.clock import utcnow

OLIST = Path(__file__).parents[2] / "docs" / "examples" / "olist"


@pytest.fixture
def stored(committed: Engine) -> Callable[[], tuple[int, ...]]:
    """How many arrivals, leads and touches there are."""

    def counted() -> tuple[int, ...]:
        with Session(committed) as session:
            return tuple(session.scalars(select(func.count()).select_from(t)).one() for t in (Arrival, Lead, TouchRow))

    return counted


def shop_leads(number: int) -> str:
    pages = ["40dec9f3d5259a3d2dbcdab2114fae47", "a7982125ff7aa3b2054c6e44f9d28522", "other"]
    ways = ["organic_search", "paid_search", "unknown", "email"]
    rows = [
        f"{n:032x},2018-0{1 + n // 12 % 3}-{1 + n % 28:02d},{pages[n % 3]},{ways[n // 3 % 4]}\n" for n in range(number)
    ]
    return "mql_id,first_contact_date,landing_page_id,origin\n" + "".join(rows)


def lay_out_the_shop() -> None:
    with transaction() as session:
        import_model(session, (OLIST / "model.toml").read_text(encoding="utf-8"), utcnow())
        staff_file.save(session, staff_file.read(OLIST / "reps.toml"))


def test_the_forecast_is_what_scoring_and_routing_then_give(committed: Engine, tmp_path: Path) -> None:
    lay_out_the_shop()
    path, imap, now = tmp_path / "shop.csv", read_map(OLIST / "map.toml"), utcnow()
    path.write_text(shop_leads(100), encoding="utf-8")
    shift = now - datetime(2018, 3, 28, 12, tzinfo=UTC)
    foreseen = forecast(imap, open_csv(path, {"origin"}, None, None).rows(), now, shift)
    # The same rows for real; the command itself shifts by the newest date, so the map's dates are made current here.
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row | {"first_contact_date": (imap.date_of(row) + shift).isoformat()} for row in csv.DictReader(file)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    result = CliRunner().invoke(app, ["import", str(path), "--map", str(OLIST / "map.toml"), "--yes"])
    assert result.exit_code == 0, result.output
    tiers, pools = Counter[Tier | None](), Counter[int | None]()
    with transaction() as session:
        for lead_id in session.scalars(select(Lead.id).order_by(Lead.id)).all():
            enriching.go_on(session, lead_id, None, [], now)
            tiers[score_lead(session, lead_id, now).tier] += 1
            handoff = hand_over(session, lead_id, now)
            if handoff is not None:
                pools[handoff.pool_id] += 1
    assert len(tiers) > 2
    assert tiers == foreseen.tiers
    assert {pool_id: cards.count for pool_id, cards in foreseen.pools.items() if cards.count} == pools
    assert foreseen.cards == tiers[Tier.MQL] + tiers[Tier.HQL]


def test_the_forecast_adds_touches_to_what_is_known_of_a_lead(committed: Engine, tmp_path: Path) -> None:
    lay_out_the_shop()
    one_person = (OLIST / "map.toml").read_text(encoding="utf-8").replace("{mql_id}@leads", "ann@leads")
    (tmp_path / "map.toml").write_text(one_person, encoding="utf-8")
    header, best = shop_leads(1).splitlines()
    path = tmp_path / "shop.csv"
    command = ["import", str(path), "--map", str(tmp_path / "map.toml")]
    path.write_text(f"{header}\n{best}\n", encoding="utf-8")
    assert CliRunner().invoke(app, command).exit_code == 0
    today = "".join(f"{n},{utcnow().isoformat()},{best.split(',', 2)[2]}\n" for n in (1, 2))
    path.write_text(f"{header}\n{today}", encoding="utf-8")
    now = utcnow()
    foreseen = forecast(read_map(tmp_path / "map.toml"), open_csv(path, set(), None, None).rows(), now, timedelta(0))
    assert CliRunner().invoke(app, command).exit_code == 0
    with transaction() as session:
        tier = score_lead(session, session.scalars(select(Lead.id)).one(), now).tier
    assert tier is Tier.HQL, "one touch of today would be an MQL"
    assert (foreseen.new_leads, foreseen.touches, dict(foreseen.tiers), foreseen.cards) == (0, 2, {tier: 1}, 1)


def test_many_cards_want_to_be_confirmed(
    committed: Engine, tmp_path: Path, stored: Callable[[], tuple[int, ...]]
) -> None:
    lay_out_the_shop()
    (tmp_path / "shop.csv").write_text(shop_leads(300), encoding="utf-8")
    command = ["import", str(tmp_path / "shop.csv"), "--map", str(OLIST / "map.toml"), "--shift-dates-to-today"]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, stored()[0]) == (2, 0)
    assert "cards. If that is meant, say --yes." in result.output
    assert CliRunner().invoke(app, [*command, "--yes"]).exit_code == 0
    assert stored() == (300, 300, 300)


def test_the_first_rows_of_the_real_file_are_taken_and_none_twice(
    committed: Engine, shared_folder: Path, tmp_path: Path, stored: Callable[[], tuple[int, ...]]
) -> None:
    lay_out_the_shop()
    (real,) = (shared_folder / "data" / "olist").glob("leads*.csv")
    with real.open(encoding="utf-8") as file:
        (tmp_path / "real.csv").write_text("".join(next(file) for _ in range(501)), encoding="utf-8")
    command = [
        "import",
        str(tmp_path / "real.csv"),
        "--map",
        str(OLIST / "map.toml"),
        "--shift-dates-to-today",
        "--yes",
    ]
    for _ in range(2):
        result = CliRunner().invoke(app, command)
        assert result.exit_code == 0, result.output
        assert stored() == (500, 500, 500)
