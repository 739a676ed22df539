"""What makes an MQL an SQL: a set of questions (BANT, unless configured otherwise) and the rule that reads a verdict from the answers."""

from enum import StrEnum


class Verdict(StrEnum):
    """What a qualification call came to."""

    QUALIFIED = "qualified"  # an SQL
    NOT_YET = "not_yet"  # something is still open: sales stays with it
    NOT_QUALIFIED = "not_qualified"  # it will not become one: to be given back with a reason
