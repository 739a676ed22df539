"""What becomes of each rule's points, the biggest change first: what a person reads before they approve a model."""

from collections.abc import Sequence
from typing import NamedTuple

from domain.rules.model_diff import Change, diff
from domain.rules.scoring_model import Model


class PointMove(NamedTuple):
    """None: the model has no such rule. `label` stands in a model's file and is no markup."""

    rule: str
    label: str
    before: float | None
    after: float | None

    @property
    def change(self) -> float:
        return (self.after or 0.0) - (self.before or 0.0)


def point_moves(old: Model, new: Model) -> Sequence[PointMove]:
    """Of the rules whose points change; those that stay are left out."""
    before, after = ({rule.id: rule for rule in model.rules} for model in (old, new))
    moves = [
        PointMove(
            rule_id,
            (after.get(rule_id) or before[rule_id]).label,
            before[rule_id].points if rule_id in before else None,
            after[rule_id].points if rule_id in after else None,
        )
        for rule_id in dict.fromkeys([*after, *before])
    ]
    return sorted((move for move in moves if move.change), key=lambda move: (-abs(move.change), move.rule))


def only_chances(changes: Sequence[Change]) -> bool:
    """Whether no lead's score or tier would be another one: what differs is the chance beside it, and what is expected."""
    only = ("probability", "expected_conversion.", "learning.")
    return all(change.place.startswith(only) for change in changes)


def same_points(one: Model, other: Model) -> bool:
    """Whether they score alike: what differs is where the tiers begin, what is expected of them, and how learning goes on."""
    only = ("thresholds.", "expected_conversion.", "movement.", "probability", "learning.")
    return all(change.place.startswith(only) for change in diff(one, other))
