"""`handoff attribution`, `handoff campaigns`, `handoff rates`: files in, reports out, and a recount that asks first."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner, Result

from domain.tables import Cost, CreditRun, ExchangeRate
from domain.verbs import crediting, practices
from handlers.cli import app
from handlers.jobs import reading, transaction
from kit.clock import utcnow
from tests.conftest import NOON
from tests.domain.making_deals import touch, win
from tests.handlers.making import ROOT

EXAMPLES = ROOT / "docs" / "examples"


def run(*arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"}, input=said)


def runs() -> list[tuple[int, str, int]]:
    with reading() as session:
        rows = select(CreditRun.version, CreditRun.why, CreditRun.value).order_by(CreditRun.id)
        return [(version, why, value) for version, why, value in session.execute(rows)]


@pytest.fixture
def deal(committed: Engine) -> int:
    """One in dollars, won two days ago, frozen without a rate."""
    day = (utcnow() - NOON) / timedelta(days=1)
    with transaction() as session:
        touch(session, day - 30, "fair", "=Spring")
        touch(session, day - 20, "ads")
        deal_id = win(session, day - 2, 100_000, "USD").id
        crediting.freeze(session, deal_id, utcnow())
    return deal_id


def rates(folder: Path, rate: str = "0.9") -> Path:
    file = folder / "rates.csv"
    file.write_text(f"currency,base,since,rate\nUSD,EUR,2020-01-01,{rate}\n", encoding="utf-8")
    return file


# ---- the file -----------------------------------------------------------------------------------------------------------


def test_the_file_is_checked_put_in_force_and_shown(committed: Engine) -> None:
    file = str(EXAMPLES / "attribution.toml")
    assert "The built-in practice is in force" in run("attribution", "show").output
    assert "reads well" in run("attribution", "check", file).output
    assert "is in force." in run("attribution", "import", file).output
    shown = run("attribution", "show").output
    assert "W-shaped" in shown
    assert "linkedin, google-ads" in shown
    with reading() as session:
        assert practices.in_force(session).version is not None


# ---- costs and rates ----------------------------------------------------------------------------------------------------


def test_costs_and_rates_are_kept_and_listed(committed: Engine) -> None:
    assert "5 costs kept." in run("campaigns", "import", str(EXAMPLES / "costs.csv")).output
    assert "5 costs kept." in run("campaigns", "import", str(EXAMPLES / "costs.csv")).output
    assert "4 rates kept." in run("rates", "import", str(EXAMPLES / "rates.csv")).output
    listed = run("campaigns", "list").output
    assert "Spring fair" in listed
    assert "8,131 EUR" in listed
    assert "9,000 USD" in listed
    assert "0.915" in run("rates", "list").output
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Cost)) == 5


def test_costs_that_share_days_are_said_to_count_both(committed: Engine, tmp_path: Path) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(
        "channel,since,until,amount,currency\nads,2026-01-01,2026-01-31,5,EUR\nads,2026-01-31,2026-02-28,5,EUR\n",
        encoding="utf-8",
    )
    assert (
        "2 costs of one campaign or channel share days with another: both count."
        in run("campaigns", "import", str(file)).output
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("channel,since,until,amount\nads,2026-01-01,2026-01-31,5\n", "line 1: the column currency is missing"),
        ("channel,since,until,amount,currency\n", "has a header and no rows"),
        ("", "is empty"),
        (
            "channel,since,until,amount,currency\nads,2026-01-01,2026-01-31,5,EUR\nads,soon,x,5,EUR\n",
            "line 3: since must",
        ),
        ("channel,since,until,amount,currency\nads,2026-01-01,2026-01-31,5\n", "line 2: The row has 4 columns"),
        (
            "channel,since,until,amount,currency\n" + "ads,2026-01-01,2026-01-31,5,EUR\n" * 2,
            "line 3: line 2 says the same already.",
        ),
        ("channel,since,until,amount,currency\n" + "ads,soon,x,5,EUR\n" * 25, "and 5 more lines."),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole(committed: Engine, tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "costs.csv"
    file.write_text(text, encoding="utf-8")
    refused = run("campaigns", "import", str(file))
    assert refused.exit_code == 1
    assert why in refused.output.replace("\n", " ")
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Cost)) == 0


def test_a_rate_that_frozen_deals_waited_for_points_to_the_recount(deal: int, tmp_path: Path) -> None:
    kept = run("rates", "import", str(rates(tmp_path)))
    assert "1 deal was frozen at 0 for want of a rate that is there now. `handoff attribution recount" in kept.output
    refused = run("rates", "import", str(rates(tmp_path, "-1")))
    assert refused.exit_code == 1
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(ExchangeRate)) == 1


# ---- report -------------------------------------------------------------------------------------------------------------


def test_a_report_names_the_model_and_what_it_lacks(deal: int) -> None:
    said = run("attribution", "report", "30d", "--by", "campaign")
    assert said.exit_code == 0
    assert "Revenue by campaign, last 30 days, W-shaped: 1 deal." in said.output
    assert "=Spring" in said.output
    assert "Won, counted as 0 without an exchange rate for the day of closing: 1 deal." in said.output
    assert run("attribution", "report", "someday").exit_code == 2


def test_a_report_as_a_file_holds_no_formula(deal: int, tmp_path: Path) -> None:
    run("rates", "import", str(rates(tmp_path)))
    run("attribution", "recount", "--yes")
    file = tmp_path / "report.csv"
    run("attribution", "report", "30d", "--by", "campaign", "--model", "linear", "--csv", str(file))
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [(row["campaign"], row["model"], row["value"], row["currency"]) for row in rows] == [
        ("'=Spring", "linear", "450.0", "EUR"),
        ("no campaign", "linear", "450.0", "EUR"),
    ]


def test_a_report_that_cannot_be_written_says_why(deal: int, tmp_path: Path) -> None:
    asked = run("attribution", "report", "30d", "--csv", str(tmp_path / "nowhere" / "report.csv"))
    assert asked.exit_code == 1
    assert "No such file or directory. Nothing was written." in asked.output
    assert "Revenue by channel" in asked.output


# ---- recount ------------------------------------------------------------------------------------------------------------


def test_a_recount_shows_what_would_change_and_asks(deal: int, tmp_path: Path) -> None:
    run("rates", "import", str(rates(tmp_path)))
    for arguments, said in ((["--dry-run"], ""), ([], "n\n")):
        shown = run("attribution", "recount", *arguments, said=said)
        assert "Of 1 deal, 1 would be shared out otherwise." in shown.output
        assert "Nothing was changed." in shown.output
        assert [line for line in shown.output.splitlines() if "Last touch" in line and "+900 EUR" in line]
    assert runs() == [(1, "closed", 0)]
    assert "New versions made of 1 deal." in run("attribution", "recount", said="y\n").output
    assert runs() == [(1, "closed", 0), (2, "recount", 90_000)]
    assert "1 deal looked at: nothing would change." in run("attribution", "recount", "--yes").output


def test_one_recounts_one_deal_or_those_since_a_day(deal: int, tmp_path: Path) -> None:
    run("rates", "import", str(rates(tmp_path)))
    today = f"{utcnow():%Y-%m-%d}"
    assert "0 deals looked at" in run("attribution", "recount", "--since", today, "--yes").output
    nobodys = run("attribution", "recount", "--deal", str(deal + 1))
    assert (nobodys.exit_code, f"there is no deal {deal + 1}." in nobodys.output) == (2, True)
    assert "New versions made of 1 deal." in run("attribution", "recount", "--deal", str(deal), "--yes").output
