"""Refusals about what was learnt and proposed: its trial in shadow and the way back among them."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from domain.rules.refusal import Names, Refusal, When, utc_time


class ProposalDecided(Refusal):
    """Facts: `status`; `at` (ISO time) and `rep_id`, if a person decided."""

    key = "proposal_decided"

    NOW: ClassVar[Mapping[str, str]] = {
        "open": "it has changed since it was drawn",
        "shadow": "it is being tried in shadow",
        "active": "it is in force",
        "declined": "it was declined",
        "rolled_back": "it was rolled back",
        "superseded": "a newer model took its place",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:
        so = self.NOW[str(self.facts["status"])]
        rep = names.get(int(self.facts.get("rep_id", 0)))
        by = f" {rep} decided at {when(datetime.fromisoformat(str(self.facts['at'])))}." if rep else ""
        return f"Nothing was changed: {so}.{by}"


class ProposalsForManagers(Refusal):
    key = "proposals_for_managers"
    status = 403

    words = "Only a manager or an admin decides which model scores the leads."


class NoSuchProposal(Refusal):
    """Facts: `number`."""

    key = "no_such_proposal"
    status = 404

    words = "There is no proposal {number}. `handoff proposals list` says which there are."


class TooManyInShadow(Refusal):
    """Facts: `most`."""

    key = "too_many_in_shadow"

    words = "There are {most} models in shadow already. Take one out with `handoff model unshadow` first."


class NoFormerModel(Refusal):
    key = "no_former_model"
    status = 404

    words = "No other model was in force before, so there is none to go back to."
