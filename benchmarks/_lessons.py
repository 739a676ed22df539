"""The three sets of data that learning is measured on, as examples; and the points that somebody would guess without counting."""

import csv
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks._ground import NotMeasured
from domain.rules.facts import LeadFacts, Value
from domain.rules.learning import Example

NUMBERS = {"TotalVisits": "total_visits", "Total Time Spent on Website": "seconds_on_site"} | {
    "Page Views Per Visit": "pages_per_visit"
}
WORDS = {
    "Lead Origin": "lead_origin",
    "Lead Source": "lead_source",
    "Country": "country",
    "City": "city",
    "Specialization": "specialization",
    "How did you hear about X Education": "heard_how",
}
FLAG = ("Do Not Email", "do_not_email")
BLANK = frozenset({"", "Select"})
"""`Select` is what the form sent when nothing was chosen. Apart from blank it would tell who was worked on."""
OLDEST = 0.7
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
"""X Education has an order and no dates: a lead a minute."""
OLIST_SINCE = datetime(2018, 1, 1, tzinfo=UTC)
"""Wins before December 2017 are missing."""
OLIST_HORIZON = timedelta(days=14)


def x_education(folder: Path) -> tuple[list[Example], list[Example]]:
    """The oldest 70 % of the file, to learn from, and the newest 30 %, to be opened once."""
    rows = list(_rows(folder / "xeducation" / "leads_oldest_70pct.csv"))
    examples = [
        Example(LeadFacts(dict(_x_education(row))), FIRST + timedelta(minutes=number), row["Converted"] == "1")
        for number, row in enumerate(rows)
    ]
    cut = int(OLDEST * len(examples))
    return examples[:cut], examples[cut:]


def _x_education(row: Mapping[str, str]) -> Iterator[tuple[str, Value]]:
    for column, name in WORDS.items():
        if (word := row[column].strip()) not in BLANK:
            yield name, word
    for column, name in NUMBERS.items():
        if row[column].strip():
            yield name, float(row[column])
    if row[FLAG[0]].strip():
        yield FLAG[1], row[FLAG[0]].strip() == "Yes"


def olist(folder: Path) -> tuple[list[Example], datetime]:
    """Leads of 2018 in the order in which they came, each won within 14 days or not; and the last day of which anything is known.

    Neither a win nor a loss may be learnt from before the lead's 14 days are over, nor one whose are not over at the end.
    """
    won = {row["mql_id"]: _day(row["won_date"]) for row in _rows(folder / "olist" / "deals_won_before_2018-04-01.csv")}
    found = []
    for row in _rows(folder / "olist" / "leads_to_2018-03-31.csv"):
        at = _day(row["first_contact_date"])
        if at >= OLIST_SINCE:
            said = {"origin": row["origin"], "landing_page": row["landing_page_id"]}
            facts = LeadFacts({name: value for name, value in said.items() if value})
            closed = won.get(row["mql_id"])
            found.append(Example(facts, at, closed is not None and closed <= at + OLIST_HORIZON))
    return sorted(found, key=lambda example: (example.at, sorted(example.facts.attributes.items()))), max(won.values())


def maven(folder: Path) -> list[Example]:
    """Closed deals, with what was known of the account and the product when they began."""
    place = folder / "maven_crm"
    accounts = {row["account"]: row for row in _rows(place / "accounts.csv")}
    offices = {row["sales_agent"]: row["regional_office"] for row in _rows(place / "sales_teams.csv")}
    found = []
    for row in _rows(place / "sales_pipeline.csv"):
        if row["deal_stage"] in {"Won", "Lost"}:
            account = accounts.get(row["account"], {})
            said: dict[str, Value] = {"product": row["product"], "office": offices.get(row["sales_agent"], "")}
            said |= {name: account.get(name, "") for name in ("sector", "office_location")}
            said |= {name: float(account[name]) for name in ("revenue", "employees") if account.get(name)}
            facts = LeadFacts({name: value for name, value in said.items() if value != ""})
            found.append(Example(facts, _day(row["engage_date"]), row["deal_stage"] == "Won"))
    return sorted(found, key=lambda example: (example.at, repr(sorted(example.facts.attributes.items()))))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """Raises NotMeasured without the file."""
    if not path.is_file():
        raise NotMeasured(f"There is no file {path}. It is not part of the project; --data names the folder.")
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)


X_EDUCATION_GUESS = """
name = "guessed"
version = 1

[thresholds]
mel = 20
mql = 40
hql = 60

[[fit.rules]]
id = "form"
label = "Filled in the lead form"
points = 15
when = { attribute = "lead_origin", equals = "Lead Add Form" }

[[fit.rules]]
id = "field"
label = "Named the field to study"
points = 15
when = { attribute = "specialization", exists = true }

[[intent.rules]]
id = "five-minutes"
label = "Spent 5 to 15 minutes on the site"
points = 15
when = { attribute = "seconds_on_site", at_least = 300, at_most = 899 }

[[intent.rules]]
id = "fifteen-minutes"
label = "Spent 15 minutes or more on the site"
points = 25
when = { attribute = "seconds_on_site", at_least = 900 }

[[intent.rules]]
id = "came-back"
label = "Visited the site three times or more"
points = 10
when = { attribute = "total_visits", at_least = 3 }

[[intent.rules]]
id = "pages"
label = "Looked at three pages a visit or more"
points = 10
when = { attribute = "pages_per_visit", at_least = 3 }

[[negative.rules]]
id = "no-email"
label = "Does not want e-mail"
points = -15
when = { attribute = "do_not_email", equals = true }
"""

OLIST_GUESS = """
name = "guessed"
version = 1

[thresholds]
mel = 10
mql = 20
hql = 30

[[intent.rules]]
id = "looked-for-us"
label = "Looked for us"
points = 20
when = { attribute = "origin", in = ["organic_search", "paid_search", "direct_traffic"] }

[[intent.rules]]
id = "sent"
label = "Somebody sent them"
points = 30
when = { attribute = "origin", equals = "referral" }

[[intent.rules]]
id = "advertised"
label = "Saw an advertisement"
points = 10
when = { attribute = "origin", in = ["social", "display", "email"] }
"""

MAVEN_GUESS = """
name = "guessed"
version = 1

[thresholds]
mel = 10
mql = 20
hql = 40

[[fit.rules]]
id = "large"
label = "Company of a thousand and more"
points = 30
when = { attribute = "employees", at_least = 1000 }

[[fit.rules]]
id = "technology"
label = "Technology, software or telecommunications"
points = 20
when = { attribute = "sector", in = ["technolgy", "software", "telecommunications"] }
"""
