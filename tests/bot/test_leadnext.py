"""`/leadnext`: whatever people and pools are called, and however many there are, the answer stands."""

import pytest

from bot.leadnext import fairness_table, in_no_pool, leadnext
from bot.limits import check_message
from domain.candidates import Load
from domain.next_up import Desk, NextUp
from domain.stats.fairness import Fair
from tests.bot.making import ATTACKS, slips


def many(text: str) -> NextUp:
    free = Desk(text, 100, Load(999_999, 999_999), 999_999, 999_999)
    away = Desk(text, 1, Load(), None, None, "rejected_this_lead")
    return NextUp(text, [free] * 60, [away] * 60, text)


@pytest.mark.parametrize("attack", [*ATTACKS, "&" * 200, "<" * 200])
def test_no_name_breaks_the_answer(attack: str) -> None:
    nobody = NextUp(attack, [], [], attack)
    for text, blocks in (
        leadnext([many(attack)] * 30),
        leadnext([nobody]),
        in_no_pool([attack] * 60),
        fairness_table(attack, 730, [Fair(1, attack, 1234.56, 9_999, 999, 999)] * 60),
    ):
        check_message(blocks)
        assert slips(blocks) == []
        assert text


def test_with_nobody_to_be_asked_it_says_whose_turn_it_is_instead() -> None:
    _, blocks = leadnext([NextUp("SDR", [], [], "More SDRs")])
    assert blocks[1]["text"]["text"] == "Nobody can be asked: it is *More SDRs* now"


def test_who_is_more_than_a_lead_from_their_share_is_marked() -> None:
    rows = [Fair(1, "Sam Sample", 4.0, 5, 0, 0), Fair(2, "Dana Demo", 4.0, 2, 1, 2)]
    _, blocks = fairness_table("SDR", 30, rows)
    assert blocks[1]["text"]["text"] == (
        "🟢 *Sam Sample*  due 4.0  ·  got 5 (+1.0)\n"
        "🟠 *Dana Demo*  due 4.0  ·  got 2 (-2.0)  ·  1 owned or given  ·  2 given back"
    )
