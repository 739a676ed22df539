"""Card views for tests: a whole one to vary, hostile ones to draw, and what to look for in what was drawn."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from hypothesis import strategies as st

from bot.card import lead_card
from bot.ids import MenuChoice
from domain.rules.deadlines import TARGETS
from domain.rules.lifecycle import HandoffStatus, Stage
from domain.rules.qualification import Answer, Counts, Verdict
from domain.rules.reasons import REASONS
from domain.rules.scoring import Contribution
from domain.rules.scoring_model import Group
from domain.rules.tiers import Tier
from domain.tables import AttemptOutcome, ClockOutcome
from domain.views import (
    AttemptView,
    CardView,
    ClockView,
    ColleagueView,
    DealView,
    LeadView,
    Person,
    QualificationView,
    TouchView,
)
from tests.conftest import NOON

SOON = NOON + timedelta(minutes=20)
SAM = Person(7, "Sam Sample", "U0SAM")
MORGAN = Person(9, "Morgan Manager", "U0MORGAN")
LEAD = LeadView(
    id=3,
    name="Kim Buyer",
    email="kim_buyer@example.com",
    title="VP Sales",
    company="Buyer & Sons",
    phone="+4930123456",
    country="DE",
    industry="software",
    company_size="201-1000",
    source="website",
    grade="B",
    notes=("no name", "phone unreadable"),
)


def contribution(label: str, seen: str, points: int = 32) -> Contribution:
    return Contribution(Group.INTENT, "demo-request", label, seen, float(points), 1.0, 0.0, points)


def a_view(status: HandoffStatus = HandoffStatus.OFFERED, **changes: Any) -> CardView:
    """The card's view as it is right after the offer, with `changes`."""
    decided = status not in {HandoffStatus.OPEN, HandoffStatus.OFFERED}
    view = CardView(
        handoff_id=12,
        version=2,
        cycle=1,
        status=status,
        tier=Tier.MQL,
        score=77,
        fit=45,
        intent=32,
        negative=0,
        reasons=(contribution("Asked for a demo", "1 demo request"),),
        now_score=77,
        now_tier=Tier.MQL,
        lead=LEAD,
        touches=(TouchView("demo_request", NOON, "spring", "Demo", "/demo"),),
        clocks=clocks(NOON),
        attempts=(AttemptView(NOON, "Sam Sample", AttemptOutcome.SPOKE),) if status is HandoffStatus.CONTACTED else (),
        pool="SDR EMEA",
        place="C0SDREMEA01",
        rep=None if status is HandoffStatus.OPEN else SAM,
        offered_at=NOON,
        decided_by=SAM if decided else None,
        decided_at=NOON if decided else None,
        reason="no_budget" if status is HandoffStatus.REJECTED else None,
        note="Next year perhaps" if status is HandoffStatus.REJECTED else None,
    )
    return replace(view, **changes)


BANT = (
    Answer("budget", "Budget", "Yes, it is set aside", "yes", Counts.YES),
    Answer("authority", "Authority", "They have a say in it", "partly", Counts.PARTLY),
    Answer("need", "Need", "Yes, and it presses", "yes", Counts.YES),
    Answer("timeline", "Timeline", "Not known yet", "unknown", Counts.UNKNOWN),
    Answer("notes", "Notes", "Their old contract ends in May"),
)
QUALIFIED = QualificationView(NOON, "Sam Sample", Verdict.QUALIFIED, BANT)
ADA = Person(8, "Ada Account", "U0ADA")
DEAL = DealView("Negotiation", 1_250_000, "EUR", ADA, NOON, None, None, None)


def clocks(began: datetime, outcome: ClockOutcome | None = None, stopped: datetime | None = None) -> list[ClockView]:
    return [ClockView(kind, began + span, None, stopped, outcome) for kind, span in TARGETS[Tier.MQL].items()]


SQL = a_view(
    HandoffStatus.QUALIFIED,
    clocks=clocks(NOON, ClockOutcome.MET, NOON),
    qualification=QUALIFIED,
    qualified_at=NOON,
    qualified_by=SAM,
    attempts=a_view(HandoffStatus.CONTACTED).attempts,
)

ATTACKS = (
    "<!channel> <!here> <!everyone> <@U0SAM> <#C0GENERAL01> <https://evil.example|click me>",
    "https://evil.example/login *bold* _italic_ ~strike~ `code` ```block```",
    "<script>alert(1)</script>&lt;b&gt;&amp;",
    "'; DROP TABLE leads; -- ' OR Name != ''",
    '=HYPERLINK("http://evil.example","x")',
    "line\nbreak\r\n> quote\n• list\u2028and\x0bmore",
    "\u202egnp.exe\u202c \u200b\u2066hidden\u2069 \x00\x07\x1b[31m",
    ":smile: :+1: :tada::skin-tone-2: :slack:",
    "&" * 4000,
    "<" * 4000,
    "שלום " * 800,
    "👩‍👩‍👧‍👦" * 400,
    "a" * 4000,
    "@channel #general <!date^1^{date}|x>",
)
hostile = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(max_size=60),
    st.text(alphabet="<>&*_~`:!@#|^/\\\n\u202e\x00x1", max_size=300),
)
maybe = st.none() | hostile
moments = st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
people = st.builds(Person, st.integers(1, 999), hostile, st.none() | st.just("U0SAM"))
leads = st.builds(
    LeadView,
    id=st.integers(1, 2**40),
    name=hostile,
    email=hostile,
    title=maybe,
    company=maybe,
    phone=maybe,
    country=maybe,
    industry=maybe,
    company_size=maybe,
    source=hostile,
    grade=st.none() | st.sampled_from("ABCD"),
    notes=st.lists(hostile, max_size=6),
)
colleagues = st.builds(
    ColleagueView,
    hostile,
    maybe,
    st.sampled_from(Stage),
    st.none() | st.sampled_from(Tier),
    st.integers(0, 100),
    maybe,
)
touches = st.builds(TouchView, hostile, moments, maybe, maybe, maybe)
attempts = st.builds(AttemptView, moments, hostile, st.sampled_from(AttemptOutcome), maybe, st.none() | moments)
answers = st.builds(
    Answer, st.text(max_size=20), hostile, hostile, st.text(max_size=9), st.none() | st.sampled_from(Counts)
)
qualifications = st.builds(
    QualificationView, moments, hostile, st.sampled_from(Verdict), st.lists(answers, max_size=12)
)
deals = st.builds(
    DealView,
    stage=hostile,
    amount=st.none() | st.integers(-(2**40), 2**53),
    currency=maybe,
    owner=st.none() | people,
    opened_at=moments,
    closed_at=st.none() | moments,
    won=st.none() | st.booleans(),
    lost_reason=maybe,
)
views = st.builds(
    CardView,
    handoff_id=st.integers(1, 2**40),
    version=st.integers(1, 999),
    cycle=st.integers(1, 99),
    status=st.sampled_from(HandoffStatus),
    tier=st.sampled_from([Tier.MQL, Tier.HQL]),
    score=st.integers(0, 100),
    fit=st.integers(0, 100),
    intent=st.integers(0, 100),
    negative=st.integers(-100, 0),
    reasons=st.lists(st.builds(contribution, hostile, hostile, st.integers(-100, 100)), max_size=4),
    lead=leads,
    touches=st.lists(touches, max_size=5),
    clocks=st.builds(clocks, moments, st.none() | st.sampled_from(ClockOutcome), st.none() | moments),
    attempts=st.lists(attempts, max_size=3),
    pool=maybe,
    place=st.just("C0SDREMEA01"),
    rep=st.none() | people,
    offered_at=moments,
    decided_by=st.none() | people,
    decided_at=st.none() | moments,
    reason=st.none() | st.sampled_from([*sorted(REASONS), "released", "reassigned", "taken_over", "claimed", "undone"]),
    note=maybe,
    colleagues=st.lists(colleagues, max_size=3),
    more_colleagues=st.integers(0, 999),
    detail=maybe,
    snoozed_until=st.none() | moments,
    moved_by=st.none() | people,
    went_to=st.none() | people,
    undo_until=st.none() | moments,
    stage=st.sampled_from(Stage),
    qualification=st.none() | qualifications,
    qualified_at=st.none() | moments,
    qualified_by=st.none() | people,
    deal=st.none() | deals,
)


def texts(value: object, kind: str) -> Iterator[str]:
    """The texts of all text objects of `kind` (mrkdwn, plain_text), wherever they stand."""
    if isinstance(value, dict):
        if value.get("type") == kind:
            yield value["text"]
        for inside in value.values():
            yield from texts(inside, kind)
    elif isinstance(value, list):
        for inside in value:
            yield from texts(inside, kind)


def drawn(view: CardView, now: datetime = SOON) -> str:
    """All that a person reads on the card."""
    _, blocks = lead_card(view, now)
    return "\n".join(chain(texts(blocks, "plain_text"), texts(blocks, "mrkdwn")))


def buttons(view: CardView, now: datetime = SOON) -> dict[str, str]:
    """Each button and each option of the menu, with what it carries."""
    _, blocks = lead_card(view, now)
    found: list[dict[str, Any]] = [one for block in blocks if block["type"] == "actions" for one in block["elements"]]
    menu = [MenuChoice.unpack(one["value"]) for element in found for one in element.get("options", ())]
    return {one["action_id"]: one["value"] for one in found if one["type"] == "button"} | {
        choice.press: choice.ref.packed for choice in menu
    }


OURS = re.compile(
    r"<!date\^\d+\^(\{time\}|\{date_short_pretty\}( at \{time\})?)\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>|<@U0(SAM|MORGAN|ADA)>|\n> "
)
"""The only sequences that a card of these tests may hold: our times, our people, the quoted note."""
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2061-\u2069\ufeff]")
EMOJI = re.compile(r":[a-z0-9_+'-]+:")


def slips(value: object) -> list[str]:
    """What slipped through in all mrkdwn of blocks or of a view."""
    return [slip for text in texts(value, "mrkdwn") if (slip := what_slipped_through(text))]


def what_slipped_through(mrkdwn: str) -> str:
    """What of `mrkdwn` Slack would read as a command, or a person could not see; empty when all is well."""
    rest = OURS.sub("", mrkdwn)
    found = re.findall(r"[<>]|&(?!(?:amp|lt|gt);)", rest) + UNSEEN.findall(rest) + EMOJI.findall(rest)
    return "".join(found)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)
