"""The refusals about a deal that is handed to an AE."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from domain.rules.refusal import Names, Refusal, When, utc_time


class NotYourDeal(Refusal):
    """Facts: `rep_id`, to whom it is offered."""

    key = "not_your_deal"
    status = 403

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (no time in it)
        rep = names.get(int(self.facts.get("rep_id", 0)), "somebody else")
        return f"This deal goes to {rep}. Only {rep}, who covers for them, or a manager may decide on it."


class DealDecided(Refusal):
    """Facts: `what` (accepted, returned), `at` (ISO time), `rep_id`, who did it."""

    key = "deal_decided"

    def sentence(self, names: Names, when: When = utc_time) -> str:
        at = datetime.fromisoformat(str(self.facts["at"]))
        who = names.get(int(self.facts.get("rep_id", 0)), "Somebody")
        return f"{who} {self.facts['what']} this deal at {when(at)}."


class DealGone(Refusal):
    """Facts: `why`, a key of `WHY`."""

    key = "deal_gone"

    WHY: ClassVar[Mapping[str, str]] = {
        "closed": "This deal is closed in the CRM. Nothing is left to decide here.",
        "owned": "In the CRM this deal is somebody else's now.",
        "away": "This deal went to the next AE, since you were away.",
        "left": "This deal went to the next AE.",
        "unreachable": "This deal went to the next AE.",
        "erased": "The person behind this deal asked to be forgotten.",
        "changed": "Something has changed since this was drawn. Please look again.",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        return self.WHY[str(self.facts["why"])]
