"""The board as App Home shows it: within Slack's limits whatever there is, and hostile names are only text."""

from dataclasses import replace
from datetime import timedelta

from bot.blocks import Block
from bot.board import ROWS, SNOOZED, board_blocks
from bot.limits import check_message
from domain.rules.deadlines import ClockKind
from domain.rules.lifecycle import HandoffStatus
from domain.rules.tiers import Tier
from domain.stats.board import BoardPart, BoardRow
from tests.conftest import NOON

ME = 7
ROW = BoardRow(
    handoff_id=1,
    version=2,
    lead="Kim Buyer",
    company="Sample Software",
    tier=Tier.MQL,
    score=77,
    status=HandoffStatus.ACCEPTED,
    rep_id=ME,
    rep="Sam Sample",
    place="C0SDREMEA01",
    clock=ClockKind.FIRST_CONTACT,
    due_at=NOON + timedelta(hours=1),
    late=False,
    left=0.25,
    snoozed_until=None,
)
LATE = replace(ROW, late=True, left=-0.5, due_at=NOON - timedelta(hours=2))


def drawn(*rows: BoardRow, snoozed: tuple[BoardRow, ...] = (), unread: int = 0) -> list[Block]:
    return board_blocks(BoardPart(rows, snoozed, unread), ME, NOON)


def words(blocks: list[Block]) -> str:
    texts = [block.get("text") or block["elements"][0] for block in blocks]
    return "\n".join(str(text["text"]) for text in texts)


def test_with_nothing_to_do_the_board_says_so() -> None:
    assert words(drawn()) == "My team\nNothing is due."


def test_a_row_says_who_what_and_by_when() -> None:
    said = words(drawn(ROW))
    assert "🟡 *Kim Buyer* · Sample Software · MQL 77" in said
    assert "first contact by *<!date^" in said
    assert "accepted  ·  <#C0SDREMEA01>" in said
    assert "Sam Sample" not in said


def test_what_is_overdue_is_counted_and_marked() -> None:
    said = words(drawn(LATE, ROW))
    assert "*2 leads*, 1 overdue" in said
    assert "🔴 *Kim Buyer*" in said
    assert "first contact overdue since" in said


def test_of_another_reps_lead_it_says_whose_it_is_and_of_an_open_one_that_nobody_has_it() -> None:
    said = words(drawn(replace(ROW, rep_id=8), replace(ROW, rep_id=None, rep=None, place=None)))
    assert "with Sam Sample" in said
    assert "nobody could be asked yet" in said


def test_the_direct_messages_of_an_ae_are_no_channel() -> None:
    assert "<#" not in words(drawn(replace(ROW, place="U0ADAAE0001")))


def test_what_does_not_fit_is_counted() -> None:
    blocks = drawn(*[ROW] * (ROWS + 12))
    assert "and 12 more" in words(blocks)
    assert "and 400 more, due later" in words(drawn(*[ROW] * 200, unread=200 + ROWS))


def test_with_what_nothing_is_due_is_only_counted_and_a_lead_that_nobody_has_is_not() -> None:
    quiet = replace(ROW, lead="Quin Quiet", clock=None, due_at=None, left=None)
    unread = replace(quiet, lead="Nora Nobody", rep_id=None, rep=None)
    said = words(drawn(ROW, *[quiet] * 4, unread))
    assert "*6 leads*" in said
    assert "⚪ *4 leads* without a deadline" in said
    assert "Quin Quiet" not in said
    assert "Nora Nobody" in said
    assert " more" not in said


def test_what_is_snoozed_stands_in_one_line() -> None:
    asleep = replace(ROW, snoozed_until=NOON + timedelta(days=2))
    said = words(drawn(snoozed=(asleep,) * (SNOOZED + 3)))
    assert "💤 Snoozed: Kim Buyer until <!date^" in said
    assert "3 more" in said


def test_the_fullest_board_of_hostile_names_stays_within_slacks_limits_and_pings_nobody() -> None:
    hostile = replace(LATE, lead="<!channel> *x* " + "&" * 500, company="<https://evil.example.com|click>" * 20)
    asleep = replace(hostile, snoozed_until=NOON)
    part = BoardPart([hostile] * 200, [asleep] * 200, 900)
    blocks = board_blocks(part, ME, NOON)
    assert len(blocks) <= 20
    for block in blocks:
        check_message([block])
    assert "<!channel>" not in words(blocks)
    assert "<https" not in words(blocks)
