"""What is said in a card's thread when its rep has to take a lead up again, or to put something right in the CRM."""

from bot.blocks import Block, escape, mention, plain, section
from domain.views import CardView


def woken(view: CardView, *, rose: bool) -> tuple[str, list[Block]]:
    """`rose`: its score has jumped; else the time that was chosen has come."""
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "Team"
    why = f"its score rose to *{view.now_score}*" if rose else "its time has come"
    text = f"⏰ {rep}: *{escape(view.lead.name, 80)}* is no longer snoozed, {why}. The clocks go on."
    return plain("No longer snoozed: a lead waits for you"), [section(text)]


def refused_by_crm(view: CardView, problem: str) -> tuple[str, list[Block]]:
    """`problem`: the CRM's own sentence."""
    rep = mention(view.rep.slack_user_id, view.rep.name) if view.rep else "Team"
    text = f"⚠️ {rep}: the CRM does not take *{escape(view.lead.name, 80)}*.\n> {escape(problem, 300)}"
    return plain("The CRM does not take your lead"), [section(text)]
