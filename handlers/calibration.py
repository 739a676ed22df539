"""What was learnt becomes a question to a manager: its message, the buttons under it, and the word when it went wrong."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from bot import messenger
from bot.blocks import Block, fingerprint
from bot.ids import BadRef, Field, ProposalPress, ProposalRef, ProposalSubmission
from bot.listening import Errors, HomeClick, HomeSent, on_home_press, on_home_submission
from bot.proposal import proposal_message, proposal_metadata
from bot.proposal_modals import decline_modal, details_modal
from domain import finding, watching
from domain.proposals import ProposalView, proposal_view
from domain.rules.preferences import Alert
from domain.rules.proposals import WAITS, ProposalKind
from domain.rules.refusals_proposals import NoSuchProposal, ProposalDecided
from domain.tables import Proposal, Rep
from domain.verbs import proposing
from handlers.calibration_settings import learning_settings
from handlers.jobs import Running, finishing, job, lease, reading, send, transaction
from handlers.learning_run import Past, find, kept
from handlers.noticing import tell
from handlers.sending import Job, learn_thresholds, publish_home, show_proposal
from handlers.window import open_own_window
from kit.clock import utcnow

log = structlog.get_logger()


# ---- learning --------------------------------------------------------------------------------------------------------


@job(Job.LEARN)
def learn(running: Running, kind: str) -> None:
    """One run: a model first, then thresholds for the model that is in force by then."""
    what, now = ProposalKind(kind), utcnow()
    with kept(running.renew, lease() / 3):
        found, past = find(what, now, learning_settings(), asked=False)
    with finishing(running) as session:
        keep(session, found, past)
        if what is ProposalKind.MODEL:
            send(session, learn_thresholds())


def keep(session: Session, found: proposing.Found, past: Past) -> None:
    """Note what came of it, and have the managers told if the model in force breaks its promise."""
    now = utcnow()
    watched = {"watched": past.watched[1].as_json()} if past.watched else {}
    proposing.keep(session, found, watched, now)
    if past.watched is None or found.kind is not ProposalKind.MODEL:
        return
    proposal_id, how = past.watched
    lately = now - watching.TOLD_AGAIN_AFTER
    if how.worse and not watching.told_since(session, proposal_id, watching.WORSE, lately):
        data = {"proposal_id": proposal_id, "why": watching.WORSE, "watched": how.as_json()}
        for manager in watching.managers(session):
            tell(session, manager, Alert.PROPOSAL, now, data=data)


# ---- its message -----------------------------------------------------------------------------------------------------


@job(Job.SHOW_PROPOSAL)
def show(running: Running, proposal_id: int) -> None:
    """Make the message say what the record says. Without a place for it, it stands in the managers' Homes alone."""
    with reading() as session:
        row = session.get_one(Proposal, proposal_id)
        view = proposal_view(session, proposal_id)
        place = row.channel or learning_settings().channel or _direct(session)
    text, blocks = proposal_message(view, utcnow())
    if row.ts is not None and row.drawn == fingerprint(blocks):
        return
    ts = _drawn(row, place, text, blocks)
    if ts is None:
        log.warning("proposal.nowhere_to_say", proposal_id=proposal_id)
        return
    with finishing(running) as session:
        proposing.note_drawn(session, proposal_id, ts, fingerprint(blocks))
        if session.get_one(Proposal, proposal_id).version != view.version:
            send(session, show_proposal(proposal_id))


def _direct(session: Session) -> str | None:
    """The first manager's direct messages."""
    return next((one.slack_dm_id for one in watching.managers(session)), None)


def _drawn(row: Proposal, place: str | None, text: str, blocks: list[Block]) -> str | None:
    """Redraw it where it stands, or post it; None: it was deleted and is decided, or there is nowhere to post it."""
    if row.ts is not None and row.channel is not None:
        try:
            messenger.update(row.channel, row.ts, text, blocks)
        except (messenger.MessageGone, messenger.Unreachable):
            return _posted(row, place, text, blocks) if row.status in WAITS else None
        return row.ts
    return _posted(row, place, text, blocks) if place is not None else None


def _posted(row: Proposal, place: str | None, text: str, blocks: list[Block]) -> str | None:
    """At its place, or if that cannot be reached, to the first manager."""
    with suppress(messenger.Unreachable):
        return _post_once(row.id, str(place), text, blocks)
    with transaction() as session:
        direct = _direct(session)
        if direct is None or direct == place:
            return None
        proposing.move_message(session, row.id, direct, utcnow())
    with suppress(messenger.Unreachable):
        return _post_once(row.id, direct, text, blocks)
    return None


def _post_once(proposal_id: int, place: str, text: str, blocks: list[Block]) -> str:
    """Claimed before it is posted; an earlier claim means that a try crashed, or that it was deleted: it is looked for first."""
    metadata = proposal_metadata(proposal_id)
    with transaction() as session:
        channel, earlier = proposing.claim(session, proposal_id, place, utcnow())
    if earlier is not None:
        found = messenger.find_message(channel, metadata, earlier)
        if found is not None:
            messenger.update(channel, found, text, blocks)
            return found
    return messenger.post(channel, text, blocks, metadata=metadata)


# ---- what a manager does ---------------------------------------------------------------------------------------------

Decision = Callable[[Session, ProposalRef, Rep, datetime], object]


@on_home_press(ProposalPress.APPROVE)
def approve_pressed(click: HomeClick) -> None:
    shadow = learning_settings().shadow
    _decide(
        click.slack_user_id,
        click.value,
        lambda session, ref, by, now: proposing.approve(
            session, ref.proposal_id, version=ref.version, by=by, now=now, shadow=shadow
        ),
    )


@on_home_press(ProposalPress.ACTIVATE)
def activate_pressed(click: HomeClick) -> None:
    _decide(
        click.slack_user_id,
        click.value,
        lambda session, ref, by, now: proposing.activate(session, ref.proposal_id, version=ref.version, by=by, now=now),
    )


@on_home_press(ProposalPress.ROLL_BACK)
def roll_back_pressed(click: HomeClick) -> None:
    _decide(
        click.slack_user_id,
        click.value,
        lambda session, ref, by, now: proposing.roll_back(
            session, ref.proposal_id, version=ref.version, by=by, now=now
        ),
    )


@on_home_press(ProposalPress.DETAILS, opens=True)
def details_pressed(click: HomeClick) -> None:
    now = utcnow()
    _open(click, lambda view: details_modal(view, now), decides=False)


@on_home_press(ProposalPress.DECLINE, opens=True)
def decline_pressed(click: HomeClick) -> None:
    _open(click, decline_modal, decides=True)


@on_home_submission(ProposalSubmission.DECLINE)
def decline_sent(sent: HomeSent) -> Errors:
    note = sent.values.get(Field.NOTE, "")
    _decide(
        sent.slack_user_id,
        sent.about,
        lambda session, ref, by, now: proposing.decline(
            session, ref.proposal_id, version=ref.version, by=by, now=now, note=note
        ),
    )
    return {}


def _decide(slack_user_id: str, value: str, decision: Decision) -> None:
    """One transaction; what follows from it redraws the message, and whoever decided sees it in their Home."""
    ref = _ref(value)
    with _repairing(ref), transaction() as session:
        decision(session, ref, finding.rep_by_slack(session, slack_user_id), utcnow())
        send(session, publish_home(slack_user_id))


def _open(click: HomeClick, window: Callable[[ProposalView], dict[str, object]], *, decides: bool) -> None:
    """A window for whoever may decide. `decides`: only of a proposal that is as it was drawn."""
    ref = _ref(click.value)

    def fill(session: Session, rep: Rep) -> dict[str, object]:
        proposing.may_decide(rep)
        row = proposing.find_proposal(session, ref.proposal_id)
        if decides and (row.version != ref.version or row.status not in WAITS):
            raise proposing.why_not(row)
        return window(proposal_view(session, ref.proposal_id))

    with _repairing(ref):
        open_own_window(click, fill)


def _ref(value: str) -> ProposalRef:
    try:
        return ProposalRef.unpack(value)
    except BadRef:
        raise NoSuchProposal(number=0) from None


@contextmanager
def _repairing(ref: ProposalRef) -> Iterator[None]:
    """Whoever acted on an old drawing sees the new one."""
    try:
        yield
    except ProposalDecided:
        with transaction() as session:
            proposing.distrust(session, ref.proposal_id)
            send(session, show_proposal(ref.proposal_id))
        raise
