"""What all worker processes know together of an account with a vendor: may it be called now, and does it answer?

One short transaction before a call, and one after it only if it has news. The account's row is locked, so that processes
count one after another; no lock is held while the vendor is spoken to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from domain.tables import VendorAccount, VendorLease, VendorWindow
from kit.quota import Account, Spent, Wait, take

MOST_FAILURES = 5
"""After so many in a row nobody calls for a while; then one goes first."""
PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
PROBE = timedelta(seconds=30)
"""How long the others wait for the one that goes first."""
FULL_SECONDS = 0.5
"""How long to wait where as many calls are under way as the vendor allows."""
LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Permit:
    """One call. `news`: that it was answered is to be noted, because it went first, or others wait for its place."""

    token: str
    news: bool


def admit(session: Session, account: Account, token: str, now: datetime) -> Permit | Wait:
    """Take one call of the account's quota, or say how long to wait. `token` names the call."""
    row = _locked(session, account)
    if row.open_until is not None and row.open_until > now:
        return Wait(_until(row.open_until, now), row.problem or "it does not answer")
    if _is_full(session, account, now):
        return Wait(FULL_SECONDS, f"{account.at_once} calls are under way already")
    spent = take(account.limits, _spent(session, account) if account.limits else {}, now)
    if isinstance(spent, Wait):
        return Wait(min(spent.seconds, LONGEST_WAIT), spent.why)
    _keep(session, account, spent)
    if account.at_once is not None:
        until = now + timedelta(seconds=account.lease_seconds)
        session.add(VendorLease(account=account.name, token=token, until=until))
    if row.failures >= MOST_FAILURES:
        row.open_until = now + PROBE
    return Permit(token, news=row.failures > 0 or account.at_once is not None)


def answered(session: Session, account: Account, permit: Permit) -> None:
    """The vendor answered, if only with a no: it is there."""
    row = _locked(session, account)
    if row.failures >= MOST_FAILURES:
        row.open_until = None
    if row.failures:
        row.failures, row.problem = 0, None
    _end(session, account, permit)


def failed(session: Session, account: Account, permit: Permit, why: str, now: datetime) -> None:
    """It did not answer, or said that it is broken. With the fifth time in a row nobody calls for ever longer."""
    row = _locked(session, account)
    row.failures, row.problem = row.failures + 1, why
    over = row.failures - MOST_FAILURES
    row.open_until = now + min(PAUSE * 2 ** min(over, 10), LONGEST_PAUSE) if over >= 0 else None
    _end(session, account, permit)


def told_to_wait(session: Session, account: Account, permit: Permit, why: str, after: float, now: datetime) -> None:
    """It said itself when to come again (429): that holds for everybody who uses this account."""
    row = _locked(session, account)
    wanted = now + timedelta(seconds=min(after, LONGEST_WAIT))
    others = row.open_until if row.open_until is not None and row.failures < MOST_FAILURES else wanted
    row.failures, row.open_until, row.problem = 0, max(others, wanted), why
    _end(session, account, permit)


def note_quota(session: Session, account: Account, used: int, of: int, now: datetime) -> None:
    """What the vendor said of its own quota."""
    row = _locked(session, account)
    row.quota_used, row.quota_of, row.quota_at = used, of, now


def _locked(session: Session, account: Account) -> VendorAccount:
    wanted = (
        select(VendorAccount)
        .where(VendorAccount.account == account.name)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = session.scalars(wanted).one_or_none()
    if row is None:
        session.execute(upsert(VendorAccount).values(account=account.name).on_conflict_do_nothing())
        row = session.scalars(wanted).one()
    return row


def _until(at: datetime, now: datetime) -> float:
    return min((at - now).total_seconds() + 0.01, LONGEST_WAIT)


def _is_full(session: Session, account: Account, now: datetime) -> bool:
    if account.at_once is None:
        return False
    session.execute(delete(VendorLease).where(VendorLease.account == account.name, VendorLease.until <= now))
    under_way = session.scalar(select(func.count()).where(VendorLease.account == account.name)) or 0
    return under_way >= account.at_once


def _spent(session: Session, account: Account) -> Mapping[str, Spent]:
    rows = session.scalars(select(VendorWindow).where(VendorWindow.account == account.name))
    return {
        row.window: Spent(row.began_at, row.used, {int(at): int(calls) for at, calls in (row.slices or {}).items()})
        for row in rows
    }


def _keep(session: Session, account: Account, spent: Mapping[str, Spent]) -> None:
    if not spent:
        return
    rows = [
        {
            "account": account.name,
            "window": name,
            "began_at": one.began_at,
            "used": one.used,
            "slices": None if one.slices is None else {str(at): calls for at, calls in one.slices.items()},
        }
        for name, one in sorted(spent.items())
    ]
    session.execute(_KEEP, rows)


# Compiled once.
_WINDOW = upsert(VendorWindow)
_KEEP = _WINDOW.on_conflict_do_update(
    index_elements=["account", "window"],
    set_={name: _WINDOW.excluded[name] for name in ("began_at", "used", "slices")},
)


def _end(session: Session, account: Account, permit: Permit) -> None:
    if account.at_once is not None:
        this = (VendorLease.account == account.name, VendorLease.token == permit.token)
        session.execute(delete(VendorLease).where(*this))
