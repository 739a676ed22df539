"""The worked example of docs/attribution.md, reckoned by the code that freezes."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

from domain.journeys import Journey, Step
from domain.reckoning import share_out
from domain.rules.attribution import LEARNT, AttributionModel, Marks
from domain.rules.attribution_file import DEFAULT
from domain.tables import AttributionFit

PAGE = Path(__file__).parents[2] / "docs" / "attribution.md"
TOUCHES = (
    ((1, 5), "webinar"),
    ((1, 20), "google-ads"),
    ((2, 10), "fair"),
    ((3, 1), "email"),
    ((3, 20), "google-ads"),
    ((4, 10), "linkedin"),
)
EFFECTS = {
    AttributionModel.MARKOV: {"webinar": 0.3, "google-ads": 0.5, "fair": 0.4, "email": 0.1, "linkedin": 0.2},
    AttributionModel.SHAPLEY: {"webinar": 0.25, "google-ads": 0.2, "fair": 0.25, "email": 0.1, "linkedin": 0.2},
}


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def reckoned() -> dict[str, list[str]]:
    """Model -> what each touch gets, as the page writes it."""
    steps = [Step(n, 1, at(*when), "webinar", None, channel) for n, (when, channel) in enumerate(TOUCHES)]
    journey = Journey(1, 1, Marks(created=at(2, 10), opened=at(3, 25)), at(4, 30), steps)
    fits = {model: AttributionFit(id=1, model=model, data={"effects": EFFECTS[model]}) for model in LEARNT}
    table = {model.words: ["" for _ in steps] for model in AttributionModel}
    for row in share_out(journey, DEFAULT, fits, 5_000_000):
        assert row.touch_id is not None
        table[row.model.words][row.touch_id] = f"{row.value / 100:,.2f}"
    return table


def test_the_example_of_the_page_is_what_would_be_frozen() -> None:
    found = reckoned()
    rows = re.findall(r"^\| (\w[^|]*?) \|(.*)\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    said = {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows if name in found}
    assert said == found
    for cells in said.values():
        assert round(sum(float(cell.replace(",", "")) for cell in cells if cell), 2) == 50_000


def test_the_example_says_the_days_that_it_counts() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"{date(2026, *when):%-d %b}" in text for when, _ in TOUCHES)
