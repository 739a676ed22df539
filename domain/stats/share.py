"""A part of something counted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """`hit` of `of`; `waiting` more are too young to count. The rate is between 0 and 1, or None with nothing to count."""

    hit: int
    of: int
    waiting: int = 0

    @property
    def rate(self) -> float | None:
        return self.hit / self.of if self.of else None

    def __add__(self, other: "Share") -> "Share":
        return Share(self.hit + other.hit, self.of + other.of, self.waiting + other.waiting)


def beside_words(rate: float, target: float) -> str:
    """A share in whole per cent, or with a tenth where rounding would hide on which side of its target it lies: 89.9%, not 90%."""
    hidden = rate != target and f"{rate:.0%}" == f"{target:.0%}"
    return f"{rate:.1%}" if hidden else f"{rate:.0%}"
