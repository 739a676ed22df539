"""Every refusal there is, each with its sentence; those about deals, feedback and proposals have files of their own."""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from domain.rules.refusal import Names, Refusal, When, utc_time


class AlreadyDecided(Refusal):
    """Facts: `what` (accepted, rejected ...), `at` (ISO time), `rep_id` if a person did it."""

    key = "already_decided"

    def sentence(self, names: Names, when: When = utc_time) -> str:
        at = datetime.fromisoformat(str(self.facts["at"]))
        who = names.get(int(self.facts.get("rep_id", 0)), "Somebody")
        return f"{who} {self.facts['what']} this lead at {when(at)}."


class NoLongerOffered(Refusal):
    """Facts: `status`, a key of NOW or a word that says itself what the lead is; `rep_id`, by whom, if it was a person."""

    key = "no_longer_offered"

    NOW: ClassVar[Mapping[str, str]] = {
        "open": "nobody has the lead now",
        "offered": "something has changed since it was drawn",
        "changed": "something has changed since it was drawn",
        "converted": "the lead has an opportunity now",
        "expired": "the lead was handed on",
        "withdrawn": "the lead went another way",
        "claimed": "{rep} has taken the lead",
        "taken_over": "{rep} has taken the lead over",
        "reassigned": "{rep} has given the lead to somebody else",
        "released": "{rep} has released the lead to its pool",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (no time in it)
        status = str(self.facts["status"])
        rep = names.get(int(self.facts.get("rep_id", 0)), "somebody")
        return f"This card was out of date: {self.NOW.get(status, f'the lead is {status}').format(rep=rep)}. It has been redrawn."


class NotYours(Refusal):
    """Facts: `rep_id`, to whom it is addressed."""

    key = "not_yours"
    status = 403

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (no time in it)
        rep = names.get(int(self.facts.get("rep_id", 0)), "somebody else")
        return f"This lead is addressed to {rep}. Only {rep}, who covers for them, or a manager may decide on it."


class NotForItsOwner(Refusal):
    key = "not_for_its_owner"
    status = 403

    words = "Your manager, or who covers for you, may give it to somebody else. You can release it to the pool."


class NotOfThePool(Refusal):
    key = "not_of_the_pool"
    status = 403

    words = "This lead is for the people of its pool. They, or a manager, may take it."


class NotThere(Refusal):
    key = "not_there"
    status = 403

    words = "You are paused or away. Say in Handoff's Home that you are back, then take it."


class NotForTheTaking(Refusal):
    """Facts: `rep_id`, who has it."""

    key = "not_for_the_taking"

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (no time in it)
        rep = names.get(int(self.facts.get("rep_id", 0)), "Somebody")
        return f"{rep} has this lead, and is not late. Ask them, or their manager, if you want to have it."


class YoursAlready(Refusal):
    key = "yours_already"

    words = "This lead is yours already."


class CannotUndo(Refusal):
    """Facts: `why`, a key of `WHY`."""

    key = "cannot_undo"

    WHY: ClassVar[Mapping[str, str]] = {
        "late": "This was decided more than five minutes ago. Decide anew, or ask your manager to reassign the lead.",
        "contacted": "The lead has been contacted since. You can give it back with a reason.",
        "taken": "Somebody else has taken the lead since.",
        "news": "Something else happened with the lead since.",
        "another": "Only who decided this, or a manager, can take it back.",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        return self.WHY[str(self.facts["why"])]


class TooFewAttempts(Refusal):
    """Facts: `missing`, `needed`; `offered` is 1 if the lead has to be accepted before any can be logged."""

    key = "too_few_attempts"
    status = 422

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        missing = int(self.facts["missing"])
        first = "Accept the lead, and log" if self.facts.get("offered") else "Log"
        return f"{first} {missing} more {'attempt' if missing == 1 else 'attempts'} first: {self.facts['needed']} are agreed."


class DetailMissing(Refusal):
    key = "detail_missing"
    status = 422

    words = "Say what does not fit."


class NoSuchSnooze(Refusal):
    key = "no_such_snooze"
    status = 422

    words = "Choose for how long, or a time within the next 30 days."


class NoSuchNextStep(Refusal):
    """Facts: `why`, a key of `WHY`."""

    key = "no_such_next_step"
    status = 422

    WHY: ClassVar[Mapping[str, str]] = {
        "when": "Choose a time within the next year.",
        "what": "Say in a few words what is to be done then.",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        return self.WHY[str(self.facts["why"])]


class NothingAnswered(Refusal):
    key = "nothing_answered"
    status = 422

    words = "Answer at least one question, or cancel: the call can be logged without answers."


class QuestionsChanged(Refusal):
    key = "questions_changed"

    words = "The questions have changed since this window was opened. Close it, and open it again."


class CannotBeGiven(Refusal):
    """Facts: `rep_id`, who cannot be asked for this lead."""

    key = "cannot_be_given"
    status = 422

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (no time in it)
        rep = names.get(int(self.facts.get("rep_id", 0)), "This person")
        return f"{rep} cannot be given this lead: they are away, have it already, or sell nothing of this kind."


class Stranger(Refusal):
    key = "stranger"
    status = 403

    words = "Handoff does not know you as a rep yet. Ask your sales manager to add you."


class ManagersOnly(Refusal):
    key = "managers_only"
    status = 403

    words = "The team's numbers are for managers."


class WrongWorkspace(Refusal):
    key = "wrong_workspace"
    status = 403

    words = "This Handoff belongs to another Slack workspace."


class UnknownReason(Refusal):
    key = "unknown_reason"
    status = 422

    words = "Choose one of the reasons."


class NoteMissing(Refusal):
    key = "note_missing"
    status = 422

    words = "This reason needs a note: one sentence is enough."


class NotFound(Refusal):
    """Facts: `what`."""

    key = "not_found"
    status = 404

    words = "There is no such {what} any more."


class NoSuchModel(Refusal):
    """Facts: `named`, as somebody typed it."""

    key = "no_such_model"
    status = 404

    words = "There is no scoring model {named}. `handoff model list` says which there are."


class NotRescoring(Refusal):
    key = "not_rescoring"
    status = 404

    words = "No leads are being scored anew."


class NoSuchRep(Refusal):
    """Facts: `email`, as somebody typed it."""

    key = "no_such_rep"
    status = 404

    words = "There is no rep with the address {email}. `handoff reps list` says who there is."


class NoSuchLead(Refusal):
    key = "no_such_lead"
    status = 404

    words = "There is no lead with this e-mail address."


class NoSuchPool(Refusal):
    """Facts: `pools`, the names of those there are."""

    key = "no_such_pool"
    status = 404

    words = "There is no pool of this name. There are: {pools}."


class NoSuchName(Refusal):
    """Facts: `what`, `near` (the names most like it; empty: there are none at all), `example`."""

    key = "no_such_name"
    status = 404

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody of ours)
        near = f"The nearest: {self.facts['near']}." if self.facts["near"] else "No name is known yet."
        return f"There is no {self.facts['what']} of this name. {near} Try for example `{self.facts['example']}`."


class DeliveryConflict(Refusal):
    """The same delivery key came with another body."""

    key = "delivery_conflict"

    words = "This Idempotency-Key was used before with another body. Send a new key with a new body."


class AlreadyThere(Refusal):
    """Facts: `what`, `name`."""

    key = "already_there"

    words = "There is a {what} named {name} already."


class CannotMerge(Refusal):
    """Facts: `why`, a key of `WHY`."""

    key = "cannot_merge"

    WHY: ClassVar[Mapping[str, str]] = {
        "itself": "These are the same lead already.",
        "gone": "One of the two is no lead any more: it was erased, or merged into another.",
        "both_taken": "Sales has accepted both. One of the two must be given back before they can be one lead.",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        return self.WHY[str(self.facts["why"])]


class CannotUnmerge(Refusal):
    """Facts: `why`, a key of `WHY`."""

    key = "cannot_unmerge"

    WHY: ClassVar[Mapping[str, str]] = {
        "undone": "This was taken back already.",
        "news": "Something happened with the lead since: what belongs to whom cannot be told apart any more.",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        return self.WHY[str(self.facts["why"])]


class CompanyUnclear(Refusal):
    """Facts: `name`, `count`: how many companies have it."""

    key = "company_unclear"
    status = 422

    words = "There are {count} companies named {name}. Say which by its domain."


class ImportAgain(Refusal):
    """A refused row of an import is no delivery of a website."""

    key = "import_again"

    words = (
        "This row came from a file. Put it right there, and import the file again: what is in already stays as it is."
    )


class BadAbsence(Refusal):
    """Facts: `why`, a key of `WHY`."""

    key = "bad_absence"
    status = 422

    WHY: ClassVar[Mapping[str, str]] = {
        "backward": "An absence ends after it begins, and not in the past.",
        "long": "An absence lasts a year at most.",
        "own_cover": "Nobody covers for themselves. Choose a colleague.",
        "cover_left": "Who should cover has left. Choose somebody else.",
        "cover_away": "Who should cover is away then, too. Choose somebody else.",
    }

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        return self.WHY[str(self.facts["why"])]


class AbsenceOverlaps(Refusal):
    """Facts: `since`, `until` of the absence that is there (ISO times)."""

    key = "absence_overlaps"

    def sentence(self, names: Names, when: When = utc_time) -> str:  # noqa: ARG002  (it names nobody)
        # A day says more here than the time that `when` writes.
        since, until = (datetime.fromisoformat(str(self.facts[name])) for name in ("since", "until"))
        return f"There is an absence from {since:%d %b %Y} to {until:%d %b %Y} already. Cancel that one first."


class NoSuchMove(Refusal):
    """Facts: `move`, `state`."""

    key = "no_such_move"

    words = "One cannot {move} here: it is {state}."


class ClickTooLate(Refusal):
    """Slack's trigger had expired before the modal could open."""

    key = "click_too_late"

    words = "That took too long for Slack to open the window. Please click once more."


class Broke(Refusal):
    """Something unexpected. Facts: `trace`, the number under which the log has it."""

    key = "broke"
    status = 500

    words = "Something broke on our side; nothing was changed. Please try again, or tell your admin the number {trace}."


class BadQuestion(Refusal):
    """Facts: `example`."""

    key = "bad_question"
    status = 422

    words = "I did not understand that. Try for example `{example}`."
