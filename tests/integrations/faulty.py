"""A promise under every fault: how each question must end, whoever the vendor is, and what no error may say.

A question that a vendor does not offer asks nobody. Every other one ends as the table says while the fault lasts, and is
answered once it is over. That time-outs and refused connections end the same way, `test_every_client` shows for each client.
"""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.ports import NotOffered
from kit.outside import Refused, TryLater
from sandbox.twin import Pace, Twin
from tests.integrations.conftest import Sandbox

LAST, DOMAIN = "lovelace", "acme-pumps.example.com"
EMAIL = f"ada.{LAST}@{DOMAIN}"

ENDS: Mapping[str, type[TryLater | Refused]] = {"429": TryLater, "500": TryLater, "torn": TryLater, "moved": Refused}
KEYS = frozenset({"hubspot", "clearbit"})
"""Whose keys cannot be renewed: what is refused as expired stays refused."""
WITHOUT_TOKEN = frozenset({"dns"})


@dataclass(frozen=True)
class Question:
    """`ask` is put anew each time. `by_status`: the vendors of whose answer nothing but the status is read: it cannot be torn."""

    name: str
    ask: Callable[[], Any]
    by_status: frozenset[str] = frozenset()


def check(sandbox: Sandbox, system: str, question: Question) -> None:
    twin = sandbox.twins[system]
    for pace in vars(twin).values():
        if isinstance(pace, Pace):
            pace.on = False  # the questions come faster than anybody asks
    calls = len(twin.received)
    try:
        question.ask()
    except NotOffered:
        assert len(twin.received) == calls
        return
    assert len(twin.received) > calls, "it asks nobody: it has no place here"
    for kind, ends in ENDS.items():
        if kind == "torn" and system in question.by_status:
            continue
        with fault(twin, sandbox, kind), pytest.raises(ends) as raised:
            question.ask()
        assert not isinstance(raised.value, NotOffered)
        _tells_nothing(raised.value, sandbox, f"{question.name} {kind}")
        question.ask()
    _expired(sandbox, system, question)


def _expired(sandbox: Sandbox, system: str, question: Question) -> None:
    """A token that the vendor forgot is renewed once; a key that it does not know any more is refused."""
    sandbox.fault(system, "expired_token")
    if system in KEYS:
        with pytest.raises(Refused) as raised:
            question.ask()
        _tells_nothing(raised.value, sandbox, f"{question.name} expired")
    else:
        question.ask()
    sandbox.twins[system].faults.clear()
    question.ask()


class fault:  # noqa: N801  (it reads as a word of the test)
    """Everything goes wrong in this way until the end."""

    def __init__(self, twin: Twin, sandbox: Sandbox, kind: str) -> None:
        self._twin, self._sandbox, self._kind = twin, sandbox, kind

    def __enter__(self) -> None:
        self._sandbox.fault(self._twin.name, self._kind, count=100)

    def __exit__(self, *_: object) -> None:
        self._twin.faults.clear()


def _tells_nothing(error: BaseException, sandbox: Sandbox, when: str) -> None:
    """Neither the error nor what led to it names a person or a secret."""
    told = "".join(traceback.format_exception_only(error)) + repr(error.__cause__)
    secrets = {
        value
        for twin in sandbox.twins.values()
        for name, value in twin.credentials("").items()
        if not name.endswith(("URL", "DOMAIN", "STATUSES", "PLAN", "SERVER", "CHECK")) and len(value) > 8
    }
    assert not [secret for secret in secrets if secret in told], when
    assert LAST not in told.casefold(), when
