"""The life of a scoring model: draft, in shadow, active, retired. At most one is active, at most three are in shadow."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from domain.rules.refusals import NoSuchModel, NoSuchMove, NotFound
from domain.rules.refusals_proposals import NoFormerModel, TooManyInShadow
from domain.rules.scoring import Model, read_model
from domain.tables import Happened, LeadEvent, ModelStatus, ScoringModel
from domain.verbs import superseding
from domain.verbs.record import happened
from domain.verbs.rescoring import start

MOST_IN_SHADOW = 3
"""Each is one more score of every lead."""


class InForce(NamedTuple):
    """The active model, and those that score in its shadow."""

    row: ScoringModel
    model: Model
    shadows: Sequence[tuple[int, Model]]


def in_force(session: Session) -> InForce:
    """What leads are scored with now. Raises NotFound if no model is active."""
    rows = session.scalars(
        select(ScoringModel)
        .where(ScoringModel.status.in_((ModelStatus.ACTIVE, ModelStatus.SHADOW)))
        .order_by(ScoringModel.id)
    ).all()
    active = next((row for row in rows if row.status is ModelStatus.ACTIVE), None)
    if active is None:
        raise NotFound(what="active scoring model")
    return InForce(active, parsed(active), [(row.id, parsed(row)) for row in rows if row is not active])


def active_model(session: Session) -> tuple[ScoringModel, Model]:
    """Raises NotFound if there is none."""
    row, model, _ = in_force(session)
    return row, model


def parsed(row: ScoringModel) -> Model:
    """The model that a row holds; read once in a process."""
    return _parsed(row.id, row.toml)


@lru_cache(maxsize=16)
def _parsed(model_id: int, toml: str) -> Model:
    del model_id
    return read_model(toml)


def find_model(session: Session, named: str) -> ScoringModel:
    """`active`, NAME@VERSION, or NAME: its newest version. Raises NoSuchModel."""
    name, _, version = named.rpartition("@")
    wanted = select(ScoringModel).order_by(ScoringModel.version.desc()).limit(1)
    if named == "active":
        wanted = wanted.where(ScoringModel.status == ModelStatus.ACTIVE)
    elif name and version.isascii() and version.isdigit() and len(version) < 10:
        wanted = wanted.where(ScoringModel.name == name, ScoringModel.version == int(version))
    else:
        wanted = wanted.where(ScoringModel.name == named)
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise NoSuchModel(named=named[:80])
    return row


def draft(session: Session, toml: str, now: datetime) -> tuple[ScoringModel, bool]:
    """Keep the text as a new version of its name; says whether it is new. A text that is there already is not kept twice.

    Raises `scoring.ModelError`, which names the key that is wrong.
    """
    model = read_model(toml)
    one_at_a_time(session)
    same_name = select(ScoringModel).where(ScoringModel.name == model.name)
    known = session.scalars(
        same_name.where(ScoringModel.toml == toml).order_by(ScoringModel.id.desc()).limit(1)
    ).one_or_none()
    if known is not None:
        return known, False
    newest = session.scalar(select(func.max(ScoringModel.version)).where(ScoringModel.name == model.name)) or 0
    row = ScoringModel(name=model.name, version=newest + 1, status=ModelStatus.DRAFT, toml=toml)
    session.add(row)
    session.flush()
    happened(session, Happened.MODEL_IMPORTED, now, model_id=row.id)
    return row, True


def activate(session: Session, row: ScoringModel, now: datetime) -> ScoringModel:
    """Make it the one that leads are scored with, retire the former, and begin to score all leads anew."""
    one_at_a_time(session)
    session.refresh(row)
    if row.status is ModelStatus.ACTIVE:
        return row
    was = session.scalars(
        update(ScoringModel)
        .where(ScoringModel.status == ModelStatus.ACTIVE)
        .values(status=ModelStatus.RETIRED)
        .returning(ScoringModel.id)
    ).one_or_none()
    row.status, row.activated_at = ModelStatus.ACTIVE, now
    session.flush()
    happened(session, Happened.MODEL_ACTIVATED, now, model_id=row.id, before=was)
    for model_id in superseding.after_activation(session, row.id, now):
        tried = session.get_one(ScoringModel, model_id, populate_existing=True)
        # Somebody may have ended its trial by hand.
        if tried.status is ModelStatus.SHADOW:
            end_shadow(session, tried, now)
    start(session, row.id, now)
    return row


def activated_before(session: Session) -> ScoringModel:
    """The model that was active before the one that is. Raises NoFormerModel."""
    active, _ = active_model(session)
    model_id = LeadEvent.data["model_id"].as_integer()
    before = session.scalars(
        select(model_id)
        .where(LeadEvent.kind == Happened.MODEL_ACTIVATED, model_id != active.id)
        .order_by(LeadEvent.at.desc(), LeadEvent.id.desc())
        .limit(1)
    ).first()
    if before is None:
        raise NoFormerModel
    return session.get_one(ScoringModel, before)


def start_shadow(session: Session, row: ScoringModel, now: datetime) -> None:
    """From now on it scores every lead that is scored, and nothing follows from its scores."""
    one_at_a_time(session)
    session.refresh(row)
    if row.status is ModelStatus.SHADOW:
        return
    if row.status is ModelStatus.ACTIVE:
        raise NoSuchMove(move="put a model in shadow", state=row.status.value)
    others = session.scalar(select(func.count()).where(ScoringModel.status == ModelStatus.SHADOW)) or 0
    if others >= MOST_IN_SHADOW:
        raise TooManyInShadow(most=MOST_IN_SHADOW)
    row.status = ModelStatus.SHADOW
    happened(session, Happened.MODEL_SHADOWED, now, model_id=row.id)


def end_shadow(session: Session, row: ScoringModel, now: datetime) -> None:
    """Back to a draft; what it scored stays to be compared."""
    one_at_a_time(session)
    session.refresh(row)
    if row.status is not ModelStatus.SHADOW:
        raise NoSuchMove(move="take a model out of shadow", state=row.status.value)
    row.status = ModelStatus.DRAFT
    happened(session, Happened.MODEL_UNSHADOWED, now, model_id=row.id)
    superseding.after_shadow(session, row.id, now)


def import_model(session: Session, toml: str, now: datetime) -> ScoringModel:
    """Keep the model and make it the active one. The same text again changes nothing. Raises `scoring.ModelError`."""
    row, _ = draft(session, toml, now)
    return activate(session, row, now)


def ensure_model(session: Session, toml: str, now: datetime) -> None:
    """Make `toml` the active model, if there is none."""
    if session.scalars(select(ScoringModel.id).where(ScoringModel.status == ModelStatus.ACTIVE)).first() is None:
        import_model(session, toml, now)


def one_at_a_time(session: Session) -> None:
    """Two who change models at once do it one after another. Scores are written meanwhile: they only refer to a model."""
    session.execute(text("lock table scoring_models in share row exclusive mode"))
