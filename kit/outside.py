"""The two ways in which the outside says no. Every client of an outside system raises one of these, and nothing else."""


class TryLater(Exception):
    """The outside cannot answer now; the same call may work later.

    `after` is the wait in seconds that the outside asked for (its Retry-After). With it the attempt does not count as
    a failure; without it the caller backs off and counts.
    """

    def __init__(self, why: str, *, after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.after = after


class Refused(Exception):
    """The outside will not do it, however often it is asked. `why` is a sentence for a person, without personal data."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
