"""The one place that asks what time it is. Everything below the doors is given the time."""

from datetime import UTC, datetime


def utcnow() -> datetime:
    return datetime.now(UTC)
