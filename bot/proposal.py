"""A proposal's message: what changes, what it would have done, how sure that is, and the buttons by which a manager decides."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.blocks import Block, actions, button, context, escape, header, mention, moment, plain, section
from bot.ids import ProposalPress, ProposalRef
from bot.proposal_evidence import chance_lines, learning_risks, sureness
from domain.proposals import ProposalView
from domain.rules.counting import how_many
from domain.rules.proposals import WAITS, ProposalKind, ProposalStatus
from domain.rules.thresholds import WORK_DAYS
from domain.stats.shadow import Beside
from domain.views import Person

Message = tuple[str, list[Block]]
PROPOSAL_EVENT = "handoff_proposal"
"""The metadata type by which its message is found again after a crash."""
SHOWN_MOVES = 4
DAY, DAY_AND_TIME = "{date_short_pretty}", "{date_short_pretty} at {time}"


def proposal_metadata(proposal_id: int) -> dict[str, Any]:
    return {"event_type": PROPOSAL_EVENT, "event_payload": {"proposal_id": proposal_id}}


def proposal_message(view: ProposalView, now: datetime) -> Message:
    """As the record is by now; `now` says whether the time in shadow is over."""
    return plain(title(view)), [
        header(title(view)),
        section(state_words(view, now)),
        section("*What changes*\n" + bullets(change_lines(view))),
        *(_evidence(view) if view.status in WAITS else []),
        *buttons(view, now),
        context(f"{escape(view.name, 80)} against {escape(view.base, 80)}  ·  proposed {moment(view.made_at, DAY)}"),
    ]


def _evidence(view: ProposalView) -> Iterator[Block]:
    """What speaks for it and against it, while somebody has to decide."""
    yield section("*What it would have done*\n" + bullets(past_lines(view)))
    risks = list(risk_lines(view))
    if risks:
        yield section("*The risk*\n" + bullets(risks))


def title(view: ProposalView) -> str:
    if view.kind is ProposalKind.THRESHOLDS:
        return "Proposal: new thresholds"
    return "Proposal: a chance beside each score" if view.only_chances else "Proposal: a newly learnt scoring model"


def bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"• {line}" for line in lines)


# ---- where it stands -------------------------------------------------------------------------------------------------


def state_words(view: ProposalView, now: datetime) -> str:
    said = {
        ProposalStatus.OPEN: _open,
        ProposalStatus.SHADOW: lambda one: _shadow(one, now),
        ProposalStatus.ACTIVE: _active,
        ProposalStatus.DECLINED: _declined,
        ProposalStatus.ROLLED_BACK: _rolled_back,
        ProposalStatus.SUPERSEDED: _superseded,
    }
    return said[view.status](view)


def _open(view: ProposalView) -> str:
    ended = "Its trial in shadow was ended by hand. " if view.shadow_since else ""
    at_once = " Approve puts it in force at once: no score changes, so a trial would show nothing."
    return f"❓ *Nothing has changed yet.* {ended}A manager decides.{at_once if view.only_chances else ''}"


def is_over(view: ProposalView, now: datetime) -> bool:
    """Whether it has been in shadow for as long as it was to be."""
    waits = view.status is ProposalStatus.SHADOW and view.shadow_until is not None
    return waits and view.shadow_until is not None and view.shadow_until <= now


def _shadow(view: ProposalView, now: datetime) -> str:
    if is_over(view, now):
        first = "⏰ *Its time in shadow is over. Put it in force?*"
    else:
        until = moment(view.shadow_until, DAY_AND_TIME) if view.shadow_until else "somebody decides"
        first = f"👀 *Tried in shadow until {until}*: nothing follows from its scores.{_by(view.decided_by)}"
    return f"{first}\n{shadow_words(view.shadow)}" if view.shadow else first


def shadow_words(found: Beside) -> str:
    """What the shadow has shown so far."""
    if not found.leads or found.mean_change is None:
        return "No lead has been scored by both yet."
    leads = how_many(found.leads, "lead was", "leads were")
    return (
        f"{leads} scored by both: {found.moved:,} would be in another tier ({found.moved / found.leads:.0%}), "
        f"on average {found.mean_change:+.1f} points."
    )


def _active(view: ProposalView) -> str:
    since = f" since {moment(view.activated_at, DAY_AND_TIME)}" if view.activated_at else ""
    return f"✅ *In force{since}.*{_by(view.decided_by)}"


def _declined(view: ProposalView) -> str:
    note = f"\n> {escape(view.note, 500)}" if view.note else ""
    return f"🚫 *Declined.* Nothing has changed.{_by(view.decided_by)}{note}"


def _rolled_back(view: ProposalView) -> str:
    at = f" {moment(view.rolled_back_at, DAY_AND_TIME)}" if view.rolled_back_at else ""
    return f"↩️ *Rolled back{at}:* {escape(view.base, 80)} scores the leads again.{_by(view.rolled_back_by)}"


def _superseded(view: ProposalView) -> str:
    if view.activated_at:
        return f"⏭ *Was in force from {moment(view.activated_at, DAY)}*; another model has taken its place."
    return "⏭ *Out of date:* a newer proposal or another model has taken its place."


def _by(person: Person | None) -> str:
    return f" Decided by {mention(person.slack_user_id, person.name)}." if person else ""


# ---- what changes, and what it would have done -----------------------------------------------------------------------


def change_lines(view: ProposalView, most: int = SHOWN_MOVES) -> list[str]:
    """The thresholds, and the biggest changes of points."""
    old, new = view.before, view.after
    pairs = (("MEL", old.mel, new.mel), ("MQL", old.mql, new.mql), ("HQL", old.hql, new.hql))
    lines = [f"{name} begins at *{after}* instead of {before}" for name, before, after in pairs if before != after]
    lines += [_move_words(move.label, move.before, move.after) for move in view.moves[:most]]
    left = len(view.moves) - most
    if left > 0:
        lines.append(f"and {left} smaller {'change' if left == 1 else 'changes'}, named in Details")
    chances = [escape(one.words[:1].upper() + one.words[1:], 400) for one in view.changes if one.place == "probability"]
    return lines or chances or ["Only what is expected of each tier."]


def _move_words(label: str, before: float | None, after: float | None) -> str:
    name = escape(label, 80)
    if before is None:
        return f"{name}: *{after:+g}* points, new"
    if after is None:
        return f"{name}: no points any more ({before:+g})"
    return f"{name}: *{after:+g}* points instead of {before:+g}"


def past_lines(view: ProposalView) -> list[str]:
    if view.only_chances:
        return [
            "The same leads would have gone the same way: no score and no tier changes.",
            *chance_lines(view.evidence),
        ]
    lines = list(_backtest_lines(view.evidence.get("backtest")))
    weighed = view.evidence.get("thresholds")
    if weighed:
        lines.append(_gain_words(weighed))
    return [*lines, *sureness(view.evidence.get("learning"))]


def _backtest_lines(found: Mapping[str, Any] | None) -> Iterator[str]:
    if not found:
        yield "The past could not be replayed in time."
        return
    yield f"In the last {found['days']} days: {tiers_words(found)}"
    groups = found["groups"]
    gained, lost = groups["gained"], groups["lost"]
    if lost["leads"]:
        yield f"It would have kept {leads_words(lost['leads'])} from sales; {_became(lost)}"
    if gained["leads"]:
        yield f"It would have sent {leads_words(gained['leads'], 'more ')} to sales; {_became(gained)}"


def tiers_words(backtest: Mapping[str, Any]) -> str:
    both = {label: backtest["tiers"][label] for label in ("MQL", "HQL")}
    return ", ".join(f"{new:,} {label}s instead of {old:,}" for label, (old, new) in both.items())


def leads_words(count: int, more: str = "") -> str:
    return how_many(count, f"{more}lead")


def _became(group: Mapping[str, Any]) -> str:
    hit, of = group["sql"]
    if not of:
        return "sales has judged none of them"
    return f"of {of:,} that sales judged, {hit:,} became an SQL"


def _gain_words(weighed: Mapping[str, Any]) -> str:
    today, best = weighed["today"], weighed["best"]
    per_week = [WORK_DAYS * one for one in (best["sqls"], today["sqls"], best["low"], best["high"])]
    return "About {:.1f} SQLs a week instead of {:.1f}, at what sales can take (90% sure of {:+.1f} to {:+.1f})".format(
        *per_week
    )


def risk_lines(view: ProposalView) -> Iterator[str]:
    """What might go wrong, in sentences."""
    found = view.evidence.get("backtest") or {}
    at_once = sum((found.get("at_once") or {}).values())
    if at_once:
        yield f"On the first day {leads_words(at_once)} from nurture would go to sales at once."
    unknown = (found.get("groups") or {}).get("gained", {}).get("unknown", 0)
    if unknown:
        yield f"Of {leads_words(unknown)} that it adds nobody knows what sales would say: they never had them."
    if ((view.evidence.get("thresholds") or {}).get("best") or {}).get("extrapolated"):
        yield "Below today's MQL the chance is drawn out from above: it is a guess, and so the step is small."
    lost = (found.get("groups") or {}).get("lost", {}).get("sql", [0, 0])[0]
    if lost:
        yield f"{how_many(lost, 'SQL')} of that time would have stayed in nurture."
    yield from learning_risks(view.evidence.get("learning"))


# ---- buttons ---------------------------------------------------------------------------------------------------------


def buttons(view: ProposalView, now: datetime) -> list[Block]:
    """What may be done about it by now."""
    ref = ProposalRef(view.proposal_id, view.version).packed
    details = button("Details…", ProposalPress.DETAILS, ref)
    if view.status is ProposalStatus.OPEN:
        approve = button("Approve", ProposalPress.APPROVE, ref, style="primary")
        return [
            actions(f"proposal.{view.proposal_id}", approve, button("Decline…", ProposalPress.DECLINE, ref), details)
        ]
    if view.status is ProposalStatus.SHADOW:
        style = "primary" if is_over(view, now) else None
        go = button("Put in force now", ProposalPress.ACTIVATE, ref, style=style)
        return [actions(f"proposal.{view.proposal_id}", go, button("Stop…", ProposalPress.DECLINE, ref), details)]
    if view.status is ProposalStatus.ACTIVE:
        return [actions(f"proposal.{view.proposal_id}", roll_back_button(view), details)]
    return [actions(f"proposal.{view.proposal_id}", details)]


def roll_back_button(view: ProposalView) -> Block:
    """One tap, and Slack asks once whether it is meant."""
    ref = ProposalRef(view.proposal_id, view.version).packed
    made = button("Roll back", ProposalPress.ROLL_BACK, ref, style="danger")
    text = plain(f"{view.base} scores all leads again, from now on and anew.", 300)
    return {
        **made,
        "confirm": {
            "title": {"type": "plain_text", "text": "Roll back?"},
            "text": {"type": "plain_text", "text": text},
            "confirm": {"type": "plain_text", "text": "Roll back"},
            "deny": {"type": "plain_text", "text": "Keep it"},
            "style": "danger",
        },
    }


# ---- words to managers beside it -------------------------------------------------------------------------------------


def worse_message(view: ProposalView, watched: Mapping[str, Any], now: datetime) -> Message:
    """The model in force does worse than was promised."""
    text = f"⚠️ *{escape(view.name, 80)} does worse than it promised.*\n{bullets(list(_watched_lines(watched)))}"
    return plain(f"{view.name} does worse than it promised"), [section(text), *buttons(view, now)]


def _watched_lines(watched: Mapping[str, Any]) -> Iterator[str]:
    """Acceptance is known weeks before SQLs are: of what nobody can say yet no share is named."""
    sql, accepted, before = watched["sql"], watched["accepted"], watched["before"]
    if sql[1]:
        yield f"{_rate(sql)} of its leads became an SQL; {watched['promised']:.0%} were foreseen"
    else:
        yield "whether its leads became an SQL is not known of any yet"
    if accepted[1]:
        yield f"sales accepts {_rate(accepted)}" + (f", before it was {_rate(before)}" if before[1] else "")


def _rate(share: Sequence[int]) -> str:
    hit, of = share
    return f"{hit / of:.0%} ({hit:,} of {of:,})"


def shadow_over_message(view: ProposalView, now: datetime) -> Message:
    return plain("A model's time in shadow is over: put it in force?"), [
        section(f"*{escape(view.name, 80)}*\n{state_words(view, now)}"),
        *buttons(view, now),
    ]
