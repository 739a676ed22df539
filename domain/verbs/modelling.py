"""The life of a scoring model: draft, in shadow, active, retired. At most one is active."""

from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from domain.rules.refusals import NotFound
from domain.rules.scoring import Model, read_model
from domain.tables import Happened, ModelStatus, ScoringModel
from domain.verbs.record import happened


def active_model(session: Session) -> tuple[ScoringModel, Model]:
    row = session.scalars(select(ScoringModel).where(ScoringModel.status == ModelStatus.ACTIVE)).one_or_none()
    if row is None:
        raise NotFound(what="active scoring model")
    return row, parsed(row.id, row.toml)


@lru_cache(maxsize=8)
def parsed(model_id: int, toml: str) -> Model:
    """The model of a row, read once."""
    del model_id
    return read_model(toml)


def import_model(session: Session, toml: str, now: datetime) -> ScoringModel:
    """Keep the model as the active one; the one before is retired. The same text again changes nothing.

    Raises `scoring.ModelError`, which names the key that is wrong.
    """
    model = read_model(toml)
    active = session.scalars(
        select(ScoringModel).where(ScoringModel.status == ModelStatus.ACTIVE).with_for_update()
    ).one_or_none()
    if active is not None and active.toml == toml:
        return active
    newest = (
        session.scalar(select(func.coalesce(func.max(ScoringModel.version), 0)).where(ScoringModel.name == model.name))
        or 0
    )
    session.execute(
        update(ScoringModel).where(ScoringModel.status == ModelStatus.ACTIVE).values(status=ModelStatus.RETIRED)
    )
    row = ScoringModel(name=model.name, version=newest + 1, status=ModelStatus.ACTIVE, toml=toml, activated_at=now)
    session.add(row)
    session.flush()
    happened(session, Happened.MODEL_ACTIVATED, now, model_id=row.id)
    return row


def ensure_model(session: Session, toml: str, now: datetime) -> None:
    """Make `toml` the active model, if there is none."""
    if session.scalars(select(ScoringModel.id).where(ScoringModel.status == ModelStatus.ACTIVE)).first() is None:
        import_model(session, toml, now)
