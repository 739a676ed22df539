"""The catalogue of contents, what was measured of them, and what a lead is recommended next: never the same twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, exists, func, insert, select
from sqlalchemy.orm import Session

from domain.rules.content import Choice, Item, Reader, Result, best_content, choose_content
from domain.rules.facts import Attribute
from domain.rules.tiers import Tier
from domain.stats.content import kept_results
from domain.tables import Content, ContentResult, Happened, Lead, Programme, Recommendation, TouchRow
from domain.verbs.record import happened
from domain.verbs.telling import MARKETING, mark_dirty

PATIENCE = timedelta(days=30)
"""After which a recommendation that was not followed makes room for the next."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A content for one lead. `why` is a sentence; `at`: since when it is recommended, None if it would be the next."""

    item: Item
    why: str
    at: datetime | None


def recommend(session: Session, lead: Lead, now: datetime) -> Recommendation | None:
    """The lead's recommendation: the one it has, or a new one if that was followed or nobody followed it for `PATIENCE`.

    None: it is not scored yet, wants no mail, or has seen all there is.
    """
    latest = _latest(session, lead.id)
    if latest is not None and _stands(session, latest, now):
        return latest
    choice = _choose(session, lead)
    if choice is None:
        return None
    made = Recommendation(lead_id=lead.id, content=choice.item.key, at=now)
    session.add(made)
    session.flush()
    mark_dirty(session, lead, now, MARKETING)
    happened(session, Happened.CONTENT_RECOMMENDED, now, lead=lead, content=choice.item.key, why=choice.why.value)
    return made


def advice(session: Session, lead: Lead, now: datetime) -> Advice | None:
    """What the lead is recommended, and why, for people to read. It changes nothing."""
    latest = _latest(session, lead.id)
    if latest is None or lead.tier is None or not _stands(session, latest, now):
        choice = _choose(session, lead)
        return Advice(choice.item, choice.in_words(lead.tier), None) if choice and lead.tier else None
    row = session.scalars(select(Content).where(Content.key == latest.content)).one()
    item = Item(row.key, row.title, row.url)
    reader = Reader(lead.id, lead.tier, _persona(lead))
    choice = choose_content(reader, [item], kept_results(session, lead.tier))
    return Advice(item, choice.in_words(lead.tier) if choice else "", latest.at)


def _latest(session: Session, lead_id: int) -> Recommendation | None:
    return session.scalars(
        select(Recommendation).where(Recommendation.lead_id == lead_id).order_by(Recommendation.id.desc()).limit(1)
    ).one_or_none()


def _stands(session: Session, one: Recommendation, now: datetime) -> bool:
    """It is in the catalogue, not too old, and the lead has not met it yet."""
    if one.at + PATIENCE <= now:
        return False
    met = exists().where(TouchRow.lead_id == one.lead_id, TouchRow.content == one.content)
    offered = exists().where(Content.key == one.content, Content.active)
    return bool(session.scalar(select(offered & ~met)))


def _choose(session: Session, lead: Lead) -> Choice | None:
    if lead.tier is None or lead.attributes.get(Attribute.UNSUBSCRIBED) is True:
        return None
    items = catalogue(session)
    if not items:
        return None
    met = set(session.scalars(select(TouchRow.content).where(TouchRow.lead_id == lead.id).distinct()))
    had = session.scalars(select(Recommendation.content).where(Recommendation.lead_id == lead.id)).all()
    used = {content for content in met if content} | set(had)
    reader = Reader(lead.id, lead.tier, _persona(lead), used, turn=len(had))
    return choose_content(reader, items, kept_results(session, lead.tier), _first(session, lead))


def _persona(lead: Lead) -> str:
    return str(lead.attributes.get(Attribute.PERSONA) or "")


def _first(session: Session, lead: Lead) -> Sequence[str]:
    """What the lead's programme gives before anything else."""
    if lead.programme is None:
        return ()
    return session.scalars(select(Programme.contents).where(Programme.name == lead.programme)).one_or_none() or ()


def catalogue(session: Session) -> list[Item]:
    """What may be recommended, in the catalogue's order."""
    rows = session.execute(
        select(Content.key, Content.title, Content.url).where(Content.active).order_by(Content.position, Content.id)
    )
    return [Item(*row) for row in rows]


def set_catalogue(session: Session, items: Sequence[Item], now: datetime) -> None:
    """Make this the catalogue. What is not in it any more is recommended no more; what was measured of it stays."""
    known = {row.key: row for row in session.scalars(select(Content))}
    for position, item in enumerate(items):
        row = known.pop(item.key, None)
        if row is None:
            row = Content(key=item.key)
            session.add(row)
        row.title, row.url, row.position, row.active = item.title, item.url, position, True
    for gone in known.values():
        gone.active = False
    session.flush()
    happened(session, Happened.CONTENTS_IMPORTED, now, contents=len(items))


def standing(session: Session, lead_ids: Sequence[int]) -> dict[int, Item | None]:
    """Of the leads that were ever recommended something, what stands now; None: they have followed it."""
    newest = (
        select(func.max(Recommendation.id)).where(Recommendation.lead_id.in_(lead_ids)).group_by(Recommendation.lead_id)
    )
    met = exists().where(TouchRow.lead_id == Recommendation.lead_id, TouchRow.content == Recommendation.content)
    rows = session.execute(
        select(Recommendation.lead_id, Content, met)
        .outerjoin(Content, (Content.key == Recommendation.content) & Content.active)
        .where(Recommendation.id.in_(newest))
    )
    return {
        lead_id: Item(row.key, row.title, row.url) if row is not None and not followed else None
        for lead_id, row, followed in rows
    }


def keep_measured(session: Session, results: Sequence[Result], now: datetime) -> None:
    """Put what was measured in the place of what was measured before."""
    session.execute(delete(ContentResult))
    if results:
        session.execute(
            insert(ContentResult),
            [
                {
                    "content": one.content,
                    "tier": one.tier,
                    "persona": one.persona,
                    "seen": one.seen,
                    "moved": one.moved,
                    "measured_at": now,
                }
                for one in results
            ],
        )
    happened(session, Happened.CONTENTS_MEASURED, now, results=len(results))


def best_of(session: Session, tier: Tier) -> Choice | None:
    """What moved the leads of a tier most, whatever their persona."""
    return best_content(catalogue(session), kept_results(session, tier), tier)
