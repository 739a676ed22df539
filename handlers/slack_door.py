"""What Slack's door does when a listener says no: the person is told in a sentence, and a stale card repairs itself."""

import secrets
from contextlib import suppress

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot import messenger
from bot.blocks import escape, moment
from bot.ids import HandoffRef
from domain import finding
from domain.rules.refusal import Refusal, from_facts
from domain.rules.refusals import Broke
from handlers.jobs import Running, job, reading, send, transaction
from handlers.sending import Job, Priority, Sending, publish_home, slack_lane
from handlers.window import repair_card
from kit.log import where_it_broke

log = structlog.get_logger()


class SlackDoor:
    """The door's two answers to trouble."""

    def refused(self, slack_user_id: str, channel: str | None, ref: HandoffRef | None, refusal: Refusal) -> str:
        """Queue the whisper and the redraw in a transaction of their own; returns the sentence as plain text."""
        log.info(
            "click.refused", refusal=refusal.key, slack_user=slack_user_id, handoff_id=ref.handoff_id if ref else None
        )
        with transaction() as session:
            names = finding.names_of(session, refusal.rep_ids)
            if channel is not None:
                send(session, _whisper(slack_user_id, channel, refusal))
            if ref is not None:
                repair_card(session, ref)
        return refusal.sentence(names)

    def refused_at_home(self, slack_user_id: str, refusal: Refusal) -> None:
        """The sentence stands above the person's Home until it is drawn anew."""
        log.info("home.refused", refusal=refusal.key, slack_user=slack_user_id)
        with transaction() as session:
            send(session, publish_home(slack_user_id, refusal))

    def broke(self, error: Exception, slack_user_id: str | None = None, channel: str | None = None) -> str:
        """An unexpected error: its id stands in the log, and the person can quote it. With a channel it is whispered there."""
        broke = _noted(error)
        if slack_user_id is not None and channel is not None:
            with suppress(SQLAlchemyError), transaction() as session:
                send(session, _whisper(slack_user_id, channel, broke))
        return broke.sentence({})

    def broke_at_home(self, error: Exception, slack_user_id: str) -> None:
        """The same where there is no channel: the sentence stands above the person's Home."""
        broke = _noted(error)
        with suppress(SQLAlchemyError), transaction() as session:
            send(session, publish_home(slack_user_id, broke))


def _noted(error: Exception) -> Broke:
    broke = Broke(trace=secrets.token_hex(4))
    log.error("click.broke", trace=broke.facts["trace"], error=where_it_broke(error))
    return broke


def _whisper(slack_user_id: str, channel: str, refusal: Refusal) -> Sending:
    """The job carries the refusal's code and ids; its sentence is made when it is said."""
    args = {"slack_user_id": slack_user_id, "channel": channel, "refusal": refusal.key}
    return Sending(
        Job.WHISPER,
        args | {f"fact_{name}": fact for name, fact in refusal.facts.items()},
        lane=slack_lane(channel),
        priority=Priority.CLICK,
    )


@job(Job.WHISPER)
def whisper(_running: Running, /, slack_user_id: str, channel: str, refusal: str, **stored: str | int) -> None:
    """Say a refusal so that only who clicked sees it."""
    said = from_facts(refusal, {name.removeprefix("fact_"): fact for name, fact in stored.items()})
    with reading() as session:
        names = {rep_id: escape(name) for rep_id, name in finding.names_of(session, said.rep_ids).items()}
    # Whoever has left the channel meanwhile, or sees it archived, has nothing to act on there.
    with suppress(messenger.Unreachable):
        messenger.whisper(channel, slack_user_id, said.sentence(names, moment))
