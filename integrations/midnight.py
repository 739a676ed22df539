"""When a daily quota begins anew."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def seconds_to_midnight(zone: str, now: datetime) -> float:
    """From `now` to the next midnight in `zone`; a day there may have 23 or 25 hours."""
    today = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    # Noon of the next day is in it in any case.
    tomorrow = (today + timedelta(hours=36)).replace(hour=0)
    return tomorrow.timestamp() - now.timestamp()
