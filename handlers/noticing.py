"""Every word to a person beside the card goes through here: whether it is said now is decided with the record of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.rules.preferences import Alert
from domain.tables import Notice, Rep
from domain.verbs.noticing import notify
from handlers.jobs import send
from handlers.sending import tell_notice


def tell(
    session: Session,
    rep: Rep,
    kind: Alert,
    now: datetime,
    *,
    thread_in: str | None = None,
    lead_id: int | None = None,
    handoff_id: int | None = None,
    data: Mapping[str, Any] | None = None,
) -> Notice:
    """Tell `rep`, as they wish: now, or in their digest, or never.

    `thread_in`: in the thread of the handoff's card, which stands in this channel or with this Slack user. Without it, by
    direct message. `data` holds ids, codes and numbers.
    """
    direct = thread_in is None
    notice = notify(
        session, rep, kind, now, direct=direct, lead_id=lead_id, handoff_id=handoff_id, data=dict(data or {})
    )
    if notice.held is None:
        place = thread_in or rep.slack_user_id or f"rep-{rep.id}"
        send(session, tell_notice(notice.id, place))
    return notice
