"""The gate that all processes share: its books are in Postgres, so that it holds however many ask."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from domain.tables import VendorAccount, VendorLease
from domain.verbs import quotas
from handlers.quotas import SharedGate
from kit import db
from kit.clock import utcnow
from kit.outside import Refused, TryLater
from kit.quota import Account, Kind, Limit, account_of

ACCOUNT = account_of("sample", "a key", [Limit("minute", 60, 25)])
ONE_BY_ONE = account_of("sample", "another key", at_once=2)
PLAIN = account_of("sample", "a third key")


@pytest.fixture
def gate(committed: Engine) -> SharedGate:
    return SharedGate()


def broken() -> None:
    raise TryLater("it answered 500")


def busy() -> None:
    raise TryLater("it is busy", after=20)


def account_row(account: Account) -> VendorAccount:
    with db.new_session() as session:
        return session.get_one(VendorAccount, account.name)


def wait_is_over(account: Account) -> None:
    with db.new_session() as session, session.begin():
        past = utcnow() - timedelta(seconds=1)
        session.execute(update(VendorAccount).where(VendorAccount.account == account.name).values(open_until=past))


def refused_at_the_gate(gate: SharedGate, account: Account, what: Callable[[], object] = lambda: 1) -> TryLater:
    with pytest.raises(TryLater, match="is not called now") as raised:
        gate.call(account, what)
    return raised.value


def test_ten_gates_together_make_no_more_calls_than_one_may(committed: Engine) -> None:
    made: list[int] = []
    waits: list[float | None] = []

    def ask(number: int) -> None:
        try:
            SharedGate().call(ACCOUNT, lambda: made.append(number))
        except TryLater as later:
            waits.append(later.after)

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(ask, range(60)))
    assert (len(made), len(waits)) == (25, 35)
    assert all(after is not None and 0 < after <= 67 for after in waits)


def test_no_transaction_is_open_while_the_vendor_is_spoken_to(gate: SharedGate, committed: Engine) -> None:
    def look() -> int:
        with Session(committed) as session:
            held = text("select count(*) from pg_locks l join pg_class c on c.oid = l.relation where c.relname = :name")
            return int(session.scalar(held, {"name": "vendor_accounts"}) or 0)

    assert gate.call(ACCOUNT, look) == 0


def test_a_vendor_that_does_not_answer_five_times_is_left_alone_and_then_one_goes_first(gate: SharedGate) -> None:
    for _ in range(quotas.MOST_FAILURES):
        with pytest.raises(TryLater, match="it answered 500"):
            gate.call(PLAIN, broken)
    assert refused_at_the_gate(gate, PLAIN).after == pytest.approx(10, abs=1)
    wait_is_over(PLAIN)
    # While the first one asks, everybody else waits.
    gate.call(PLAIN, lambda: refused_at_the_gate(SharedGate(), PLAIN))
    row = account_row(PLAIN)
    assert (row.failures, row.open_until, row.problem) == (0, None, None)
    assert gate.call(PLAIN, lambda: 7) == 7


def test_who_goes_first_and_fails_closes_the_gate_for_longer(gate: SharedGate) -> None:
    for _ in range(quotas.MOST_FAILURES):
        with pytest.raises(TryLater):
            gate.call(PLAIN, broken)
    wait_is_over(PLAIN)
    with pytest.raises(TryLater, match="500"):
        gate.call(PLAIN, broken)
    assert refused_at_the_gate(gate, PLAIN).after == pytest.approx(20, abs=1)


def test_a_no_is_an_answer(gate: SharedGate) -> None:
    def refuse() -> None:
        raise Refused("no such list")

    for _ in range(quotas.MOST_FAILURES - 1):
        with pytest.raises(TryLater):
            gate.call(PLAIN, broken)
    with pytest.raises(Refused):
        gate.call(PLAIN, refuse)
    assert account_row(PLAIN).failures == 0


def test_what_one_process_was_told_to_wait_holds_for_all(gate: SharedGate) -> None:
    with pytest.raises(TryLater, match="busy"):
        gate.call(PLAIN, busy)
    later = refused_at_the_gate(SharedGate(), PLAIN)
    assert later.after == pytest.approx(20, abs=1)
    assert "it is busy" in later.why
    assert gate.call(ACCOUNT, lambda: 7) == 7


def test_a_success_on_the_way_does_not_shorten_a_wait_that_another_was_told(gate: SharedGate) -> None:
    def meanwhile() -> None:
        with pytest.raises(TryLater):
            SharedGate().call(ONE_BY_ONE, busy)

    gate.call(ONE_BY_ONE, meanwhile)
    assert refused_at_the_gate(gate, ONE_BY_ONE).after == pytest.approx(20, abs=1)


def test_only_so_many_are_under_way_at_once_and_their_places_come_free(gate: SharedGate) -> None:
    inside, go = threading.Barrier(3), threading.Event()

    def stay() -> bool:
        inside.wait(10)
        return go.wait(10)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(gate.call, ONE_BY_ONE, stay) for _ in range(2)]
        inside.wait(10)
        assert refused_at_the_gate(SharedGate(), ONE_BY_ONE).after == quotas.FULL_SECONDS
        go.set()
        assert all(one.result(10) for one in both)
    assert gate.call(ONE_BY_ONE, lambda: 7) == 7


def test_the_place_of_a_process_that_died_is_free_after_its_lease(gate: SharedGate) -> None:
    with db.new_session() as session, session.begin():
        for token in ("dead", "dead too"):
            until = utcnow() + timedelta(seconds=30)
            session.add(VendorLease(account=ONE_BY_ONE.name, token=token, until=until))
    refused_at_the_gate(gate, ONE_BY_ONE)
    with db.new_session() as session, session.begin():
        session.execute(update(VendorLease).values(until=utcnow()))
    assert gate.call(ONE_BY_ONE, lambda: 7) == 7


def test_an_error_of_ours_gives_the_place_back_and_blames_nobody(gate: SharedGate) -> None:
    def stumble() -> None:
        raise ZeroDivisionError

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            gate.call(ONE_BY_ONE, stumble)
    assert account_row(ONE_BY_ONE).failures == 0


def test_what_a_vendor_says_of_its_quota_is_kept(gate: SharedGate) -> None:
    gate.note(PLAIN, 18, 15_000)
    gate.note(PLAIN, 19, 15_000)  # so soon after it, that is not worth a transaction
    row = account_row(PLAIN)
    assert (row.quota_used, row.quota_of) == (18, 15_000)


def test_a_day_s_quota_waits_no_longer_than_an_hour_at_a_time(gate: SharedGate) -> None:
    daily = account_of("sample", "daily", [Limit("day", 86_400, 1, Kind.DAY)])
    gate.call(daily, lambda: 1)
    after = refused_at_the_gate(gate, daily).after
    assert after is not None
    assert after <= quotas.LONGEST_WAIT
