"""What a refusal is: a sentence. It carries ids and times only; names are put in where the sentence is shown."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

type_of: dict[str, type["Refusal"]] = {}

Names = Mapping[int, str]
"""The names of reps by id, as the place where the sentence is shown wants them written."""
When = Callable[[datetime], str]
"""How that place writes a time."""


def utc_time(at: datetime) -> str:
    return f"{at:%H:%M} UTC"


class Refusal(Exception):
    """`status` is the HTTP status that says the same; `facts` can be stored and read back (`from_facts`)."""

    key: ClassVar[str]
    status: ClassVar[int] = 409
    words: ClassVar[str] = ""
    """The sentence, with the facts in braces; a refusal that names a person or a time has a `sentence` of its own."""

    def __init_subclass__(cls) -> None:
        type_of[cls.key] = cls

    def __init__(self, **facts: str | int) -> None:
        super().__init__(self.key)
        self.facts = facts

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (for those who name a person or a time)
        """The sentence for a person; `names` are those of the reps in `rep_ids`."""
        return self.words.format(**self.facts)

    @property
    def rep_ids(self) -> frozenset[int]:
        """The reps whose names the sentence needs."""
        rep = self.facts.get("rep_id")
        return frozenset({int(rep)} if rep is not None else ())


def from_facts(key: str, facts: Mapping[str, str | int]) -> Refusal:
    """The refusal that was stored as its key and facts."""
    return type_of[key](**facts)
