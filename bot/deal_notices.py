"""What is said about a deal beside the AE's message: to the AE, to the SDR, to the manager."""

from bot.blocks import Block, actions, button, escape, mention, moment, plain, section
from bot.ids import DealPress, DealRef
from domain.deal_news import DealNews, stays
from domain.rules.deals import DealStatus
from domain.rules.preferences import Alert
from domain.views import Person

Message = tuple[str, list[Block]]
DAY_AND_TIME = "{date_short_pretty} at {time}"


def deal_notice(kind: Alert, news: DealNews, link: str | None) -> Message:
    """`link`: to the lead's card."""
    said, text = _said(kind, news)
    where = f"  <{link}|Open the lead's card>" if link else ""
    blocks = [section(f"{said}{where}")]
    if news.status is DealStatus.OFFERED:
        ref = DealRef(news.deal_id, news.version).packed
        accept = [button("Accept", DealPress.ACCEPT, ref, style="primary")] if kind is Alert.DEAL_DUE else []
        words = "Return…" if kind is Alert.DEAL_DUE else "Ask another AE…"
        blocks.append(actions(f"deal.{kind}.{news.deal_id}", *accept, button(words, DealPress.RETURN, ref)))
    return plain(f"{news.lead}: {text}", 300), blocks


def _said(kind: Alert, news: DealNews) -> tuple[str, str]:
    """The sentence, and the few words of it for a notification."""
    deal = f"the deal with *{escape(news.lead, 80)}*" + (f" at *{escape(news.company, 80)}*" if news.company else "")
    if news.stuck is not None:
        usual = f"{news.stuck.days} days; up to {news.stuck.most} are usual"
        return f"🐌 Stuck: {deal} has been in *{escape(news.stuck.stage, 60)}* for {usual}. What moves it on?", "stuck"
    if news.ae is None:
        return f"🟠 *No AE can be asked* for {deal}. It is offered by itself as soon as one is there.", "no AE is there"
    if kind in {Alert.DEAL_DUE, Alert.DEAL_LATE}:
        return _asked(kind, news, deal)
    return _decided(news, deal)


def _asked(kind: Alert, news: DealNews, deal: str) -> tuple[str, str]:
    if kind is Alert.DEAL_DUE:
        by = f" by *{moment(news.due_at)}*" if news.due_at else ""
        return (
            f"⏱ {_name(news.ae)}: say yes or no to {deal}{by}, please. {_who(news.sdr)} waits for it.",
            "your yes or no",
        )
    since = f" since {moment(news.offered_at, DAY_AND_TIME)}" if news.offered_at else ""
    return f"🔴 *Nobody has said yes* to {deal}: {_name(news.ae)} has had it{since}.", "nobody has said yes"


def _decided(news: DealNews, deal: str) -> tuple[str, str]:
    if news.status is DealStatus.ACCEPTED and news.problem:
        return f"⚠️ You have {deal}, but the CRM keeps the old owner: {escape(news.problem, 300)}", "the CRM said no"
    if news.status is DealStatus.ACCEPTED:
        return f"✅ {_name(news.ae)} has accepted {deal}. It is theirs now.", "accepted"
    return _returned(news, deal), "returned"


def _returned(news: DealNews, deal: str) -> str:
    why = news.reason.label if news.reason else "no reason given"
    note = f"\n> {escape(news.note, 500)}" if news.note else ""
    if news.went_to is not None:
        then = f"{_name(news.went_to)} is asked next."
    else:
        then = f"It stays with {_who(news.sdr)}." if stays(news) else "It waits for the next AE who is free."
    by = escape(news.decided_by.name, 60) if news.decided_by else _name(news.ae)
    return f"↩️ {by} has returned {deal}: *{why}*. {then}{note}"


def _name(person: Person | None) -> str:
    return mention(person.slack_user_id, person.name) if person else "somebody"


def _who(person: Person | None) -> str:
    return escape(person.name, 60) if person else "the SDR"
