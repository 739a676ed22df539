"""What a job is, and how the jobs that others than the map send are written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum, StrEnum

from domain.rules.refusal import Refusal


class Job(StrEnum):
    """Every job there is. Each has exactly one function, marked `@job`."""

    ENRICH = "enrich"
    ASK_PROVIDER = "ask_provider"
    SCORE = "score"
    NURTURE = "nurture"
    ASSIGN = "assign"
    OFFER_WAITING = "offer_waiting"
    SHOW_CARD = "show_card"
    SHOW_BRIEF = "show_brief"
    CALL_POOL = "call_pool"
    REMIND_REP = "remind_rep"
    TELL_REP_LATE = "tell_rep_late"
    TELL_MANAGER_LATE = "tell_manager_late"
    HAND_ON = "hand_on"
    TELL_MANAGER_SHORT = "tell_manager_short"
    TELL_JUMP = "tell_jump"
    TELL_REP_WOKEN = "tell_rep_woken"
    TELL_REP_HOTTER = "tell_rep_hotter"
    TELL_MANAGER_HOTTER = "tell_manager_hotter"
    FORGET_ADDRESS = "forget_address"
    WHISPER = "whisper"
    TELL_CRM = "tell_crm"
    LOG_CRM_TASK = "log_crm_task"
    JOIN_CRM_CAMPAIGNS = "join_crm_campaigns"
    TELL_REP_CRM_SAID_NO = "tell_rep_crm_said_no"
    TELL_MARKETING = "tell_marketing"
    ENROL_MARKETING = "enrol_marketing"
    REVIEW_NURTURE = "review_nurture"
    TELL_REVIEW = "tell_review"
    MEASURE_CONTENTS = "measure_contents"
    OPEN_CRM_OPPORTUNITY = "open_crm_opportunity"
    READ_OPPORTUNITIES = "read_opportunities"
    READ_SOME_OPPORTUNITIES = "read_some_opportunities"
    FREEZE_CREDITS = "freeze_credits"
    FIT_ATTRIBUTION = "fit_attribution"
    READ_ACTIVITIES = "read_activities"
    READ_HUBSPOT_CONTACTS = "read_hubspot_contacts"
    ASSOCIATE_CONTACT = "associate_contact"
    SWEEP_SYSTEM = "sweep_system"
    FIND_SLACK_USER = "find_slack_user"
    FIND_CRM_USER = "find_crm_user"
    RESCORE = "rescore"
    HAND_DEAL = "hand_deal"
    SHOW_DEAL = "show_deal"
    SHOW_DEALS_OF = "show_deals_of"
    TELL_OF_DEAL = "tell_of_deal"
    MOVE_DEALS = "move_deals"
    TELL_CRM_OWNER = "tell_crm_owner"
    PUBLISH_HOME = "publish_home"
    CHECK_HEALTH = "check_health"
    DRAW_CHART = "draw_chart"
    SEND_CHART = "send_chart"
    TELL_NOTICE = "tell_notice"
    TELL_DIGEST = "tell_digest"
    MAKE_DAILY = "make_daily"
    MAKE_WEEKLY = "make_weekly"
    MAKE_MONTHLY = "make_monthly"
    DRAW_PACK = "draw_pack"
    POST_PACK = "post_pack"
    SHARE_PACK = "share_pack"
    SHOW_PULSE = "show_pulse"
    LEARN = "learn"
    SHOW_PROPOSAL = "show_proposal"


class Priority(IntEnum):
    """Lower is sooner. A rep waits for what they clicked; nobody waits for a bulk import."""

    CLICK = 0
    HOT = 10
    LIVE = 20
    BRIEF = 25  # read once the card is there: cards go first
    BULK = 30


@dataclass(frozen=True, slots=True)
class Sending:
    """A job to be written: at most one pending row per job and key; a lane's jobs go one after another at its pace."""

    job: Job
    args: Mapping[str, int | str]
    key: str | None = None
    lane: str | None = None
    priority: Priority = Priority.LIVE
    after: timedelta = timedelta(0)


GATHER = timedelta(seconds=1)
"""How long a word to an outside system waits for others, so that they go in one batch."""


def show_card(handoff_id: int, place: str, priority: Priority) -> Sending:
    return Sending(
        Job.SHOW_CARD, {"handoff_id": handoff_id}, key=str(handoff_id), lane=slack_lane(place), priority=priority
    )


def show_brief(handoff_id: int, place: str, priority: Priority = Priority.BRIEF) -> Sending:
    """Draw the brief in the thread of the handoff's card, if that stands."""
    return Sending(
        Job.SHOW_BRIEF, {"handoff_id": handoff_id}, key=str(handoff_id), lane=slack_lane(place), priority=priority
    )


def hand_deal(opportunity_id: int, priority: Priority = Priority.LIVE) -> Sending:
    """Ask an AE for the opportunity, if it wants one."""
    return Sending(Job.HAND_DEAL, {"opportunity_id": opportunity_id}, key=str(opportunity_id), priority=priority)


def show_deal(deal_id: int, ae: str | None, priority: Priority = Priority.LIVE) -> Sending:
    """Draw the message with which an AE (their Slack user id) got a deal."""
    lane = slack_lane(ae or f"deal-{deal_id}")
    return Sending(Job.SHOW_DEAL, {"deal_id": deal_id}, key=str(deal_id), lane=lane, priority=priority)


def call_pool(handoff_id: int, pool_id: int) -> Sending:
    """Say in the pool's channel that the lead is there for the taking, or by whom it was taken."""
    lane = slack_lane(f"pool-{pool_id}")
    return Sending(Job.CALL_POOL, {"handoff_id": handoff_id}, key=str(handoff_id), lane=lane)


def slack_lane(place: str) -> str:
    """The lane of a channel, or of the direct messages to one person."""
    return f"slack:{place}"


def tell_notice(notice_id: int, place: str, priority: Priority = Priority.LIVE) -> Sending:
    """Say what is not held: in the channel of the card, or to the person (`place`: a channel id or a Slack user id)."""
    return Sending(Job.TELL_NOTICE, {"notice_id": notice_id}, str(notice_id), slack_lane(place), priority)


def tell_digest(rep_id: int, slack_user_id: str) -> Sending:
    return Sending(Job.TELL_DIGEST, {"rep_id": rep_id}, str(rep_id), slack_lane(slack_user_id))


def show_pulse(pulse_id: int, place: str, priority: Priority) -> Sending:
    """Ask how good the leads were, or redraw the question with its answer."""
    return Sending(Job.SHOW_PULSE, {"pulse_id": pulse_id}, str(pulse_id), slack_lane(place), priority)


def publish_home(slack_user_id: str, refusal: Refusal | None = None, *, opened: bool = False) -> Sending:
    """Draw somebody's Home; a refusal is carried as its code and ids. It wants no lane: Slack's pace is that of posting.
    `opened`: they have just opened it, so that it is worth being kept fresh.
    """
    args: dict[str, int | str] = {"slack_user_id": slack_user_id} | ({"opened": 1} if opened else {})
    if refusal is not None:
        args |= {"refusal": refusal.key} | {f"fact_{name}": fact for name, fact in refusal.facts.items()}
    key = f"{slack_user_id}.{refusal.key}" if refusal is not None else slack_user_id
    return Sending(Job.PUBLISH_HOME, args, key=key, priority=Priority.CLICK)


def draw_chart(slack_user_id: str, channel: str, whose: str, span: str) -> Sending:
    """Draw the chart of an answer to /leadstats. The question travels as codes: `team`, `trend|pool:3`, `channel:ads`; `30d`."""
    args = {"slack_user_id": slack_user_id, "channel": channel, "whose": whose, "span": span}
    return Sending(Job.DRAW_CHART, args, key=f"{slack_user_id} {channel} {whose} {span}", priority=Priority.CLICK)


def send_chart(slack_user_id: str, channel: str, whose: str, span: str, file_id: str) -> Sending:
    """In a lane of its own: while Slack looks at the picture, nobody else in the channel has to wait."""
    args = {"slack_user_id": slack_user_id, "channel": channel, "whose": whose, "span": span, "file_id": file_id}
    return Sending(
        Job.SEND_CHART, args, key=file_id, lane=slack_lane(f"chart-of-{slack_user_id}"), priority=Priority.CLICK
    )


def tell_rep_crm_said_no(lead_id: int) -> Sending:
    """Have who has the lead read why the CRM does not take it."""
    return Sending(Job.TELL_REP_CRM_SAID_NO, {"lead_id": lead_id}, key=str(lead_id), after=GATHER)


def rescore(rescoring_id: int, after: timedelta = timedelta(0)) -> Sending:
    """The next batch of a rescoring. One at a time, after everything that anybody waits for."""
    args = {"rescoring_id": rescoring_id}
    return Sending(Job.RESCORE, args, str(rescoring_id), Job.RESCORE.value, Priority.BULK, after)


def learn_model() -> Sending:
    """One run of learning at a time, after everything that anybody waits for; thresholds are looked for after the model."""
    return _learn("model")


def learn_thresholds() -> Sending:
    return _learn("thresholds")


def _learn(kind: str) -> Sending:
    return Sending(Job.LEARN, {"kind": kind}, key=kind, lane=Job.LEARN.value, priority=Priority.BULK)


def show_proposal(proposal_id: int) -> Sending:
    """One at a time: two drawings of the same message must not overtake each other."""
    args = {"proposal_id": proposal_id}
    return Sending(Job.SHOW_PROPOSAL, args, str(proposal_id), slack_lane("proposals"), Priority.CLICK)
