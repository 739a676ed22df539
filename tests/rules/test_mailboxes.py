"""Whom an address belongs to: two addresses with one identity are one person."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.rules.mailboxes import NotAnAddress, read_mailbox


@pytest.mark.parametrize(
    ("written", "address", "identity"),
    [
        ("Kim@Example.com", "kim@example.com", "kim@example.com"),
        ("kim+news@example.com", "kim+news@example.com", "kim@example.com"),
        ("kim+a+b@example.com", "kim+a+b@example.com", "kim@example.com"),
        ("kim@bücher.example.com", "kim@xn--bcher-kva.example.com", "kim@xn--bcher-kva.example.com"),
        ("kim@xn--bcher-kva.example.com", "kim@xn--bcher-kva.example.com", "kim@xn--bcher-kva.example.com"),
        ("K.I.M+x@googlemail.com", "k.i.m+x@googlemail.com", "kim@gmail.com"),
        ("k.i.m@example.com", "k.i.m@example.com", "k.i.m@example.com"),
        ("+kim@example.com", "+kim@example.com", "+kim@example.com"),
    ],
)
def test_the_address_stays_as_it_was_written_and_the_identity_is_of_the_mailbox(
    written: str, address: str, identity: str
) -> None:
    found = read_mailbox(written)
    assert (found.address, found.identity) == (address, identity)


def test_a_shared_inbox_is_one_whatever_stands_behind_the_plus() -> None:
    assert read_mailbox("sales+emea@example.com").role
    assert not read_mailbox("kim+sales@example.com").role


@settings(max_examples=500)
@given(
    st.text(alphabet="abz.+-_09", min_size=1, max_size=12),
    st.sampled_from(["example.com", "gmail.com", "googlemail.com", "bücher.example.com"]),
)
def test_an_identity_is_an_address_whose_identity_it_is(local: str, domain: str) -> None:
    assume(".+" not in local)  # an address, though what stands before the plus would be none
    try:
        identity = read_mailbox(f"{local}@{domain}").identity
    except NotAnAddress:
        return
    assert read_mailbox(identity).identity == identity
