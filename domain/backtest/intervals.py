"""How far a share may be trusted."""

import math
from typing import NamedTuple

Z95 = 1.959963984540054
"""So many standard deviations hold 95 % of a normal distribution."""

FEWEST = 20
"""Below this many cases the interval is wider than anything that one would decide by."""


class Share(NamedTuple):
    """`hit` of `of`."""

    hit: int
    of: int

    @property
    def enough(self) -> bool:
        return self.of >= FEWEST

    @property
    def rate(self) -> float:
        return self.hit / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %: within 0 to 1, and of use near its ends too. Of nothing, everything is possible."""
        if not self.of:
            return 0.0, 1.0
        share, spread = self.hit / self.of, Z95 * Z95 / self.of
        middle = share + spread / 2
        half = math.sqrt(share * (1 - share) * spread + spread * spread / 4)
        # The rate itself is always within, also where floats would leave it a hair's breadth outside.
        return max(0.0, min(share, (middle - half) / (1 + spread))), min(
            1.0, max(share, (middle + half) / (1 + spread))
        )
