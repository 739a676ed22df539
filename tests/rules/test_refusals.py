"""Every refusal is a sentence, and can be stored as its key and facts."""

import json

import pytest

from domain.rules.refusal import Refusal, from_facts, type_of
from domain.rules.refusals import (
    AbsenceOverlaps,
    AlreadyDecided,
    AlreadyThere,
    BadAbsence,
    BadQuestion,
    Broke,
    CannotBeGiven,
    CannotMerge,
    CannotUndo,
    CannotUnmerge,
    ClickTooLate,
    CompanyUnclear,
    DeliveryConflict,
    DetailMissing,
    ImportAgain,
    ManagersOnly,
    NoLongerOffered,
    NoSuchLead,
    NoSuchModel,
    NoSuchMove,
    NoSuchName,
    NoSuchNextStep,
    NoSuchPool,
    NoSuchRep,
    NoSuchSnooze,
    NoteMissing,
    NotForItsOwner,
    NotForTheTaking,
    NotFound,
    NothingAnswered,
    NotOfThePool,
    NotRescoring,
    NotThere,
    NotYours,
    QuestionsChanged,
    Stranger,
    TooFewAttempts,
    UnknownReason,
    WrongWorkspace,
    YoursAlready,
)
from domain.rules.refusals_deals import DealDecided, DealGone, NotYourDeal
from domain.rules.refusals_feedback import NoSuchSpan, NotOverYet, NotYourPulse, PulseOver
from domain.rules.refusals_proposals import (
    NoFormerModel,
    NoSuchProposal,
    ProposalDecided,
    ProposalsForManagers,
    TooManyInShadow,
)

NAMES = {7: "Sam Sample"}
SAMPLES: list[Refusal] = [
    AlreadyDecided(what="accepted", at="2026-03-03T10:42:00+00:00", rep_id=7),
    AlreadyThere(what="source", name="website"),
    NotYourPulse(),
    PulseOver(),
    NotOverYet(loop="monthly"),
    NoSuchSpan(loop="weekly", example="2026-W47"),
    AbsenceOverlaps(since="2026-03-03T10:42:00+00:00", until="2026-03-10T10:42:00+00:00"),
    *(BadAbsence(why=why) for why in BadAbsence.WHY),
    BadQuestion(example="/leadstats team 30d"),
    CannotBeGiven(rep_id=7),
    CannotMerge(why="both_taken"),
    *(CannotUndo(why=why) for why in CannotUndo.WHY),
    CannotUnmerge(why="news"),
    ClickTooLate(),
    CompanyUnclear(name="Sample", count=2),
    Broke(trace="4f1c"),
    DealDecided(what="accepted", at="2026-03-03T10:42:00+00:00", rep_id=7),
    *(DealGone(why=why) for why in DealGone.WHY),
    DeliveryConflict(),
    DetailMissing(),
    ImportAgain(),
    ManagersOnly(),
    NoFormerModel(),
    *(NoLongerOffered(status=status, rep_id=7) for status in NoLongerOffered.NOW),
    NoLongerOffered(status="snoozed"),
    NoSuchLead(),
    NoSuchModel(named="nobody@2"),
    NoSuchMove(move="enrol", state="won"),
    *(NoSuchNextStep(why=why) for why in NoSuchNextStep.WHY),
    NoSuchName(what="rep", near="Sam Sample, Dana Demo", example="/leadstats team 30d"),
    NoSuchName(what="campaign", near="", example="/leadstats campaign NAME 90d"),
    NoSuchPool(pools="SDR, AE"),
    NoSuchRep(email="nobody@example.com"),
    NoSuchSnooze(),
    NotForItsOwner(),
    NotForTheTaking(rep_id=7),
    NotOfThePool(),
    NotThere(),
    NotFound(what="handoff"),
    NothingAnswered(),
    NotRescoring(),
    NoteMissing(),
    NotYourDeal(rep_id=7),
    NotYours(rep_id=7),
    NoSuchProposal(number=7),
    *(ProposalDecided(status=status) for status in ProposalDecided.NOW),
    ProposalDecided(status="declined", at="2026-03-03T10:42:00+00:00", rep_id=7),
    ProposalsForManagers(),
    QuestionsChanged(),
    Stranger(),
    TooFewAttempts(missing=1, needed=3),
    TooManyInShadow(most=3),
    UnknownReason(),
    WrongWorkspace(),
    YoursAlready(),
]


def test_there_is_a_sample_of_every_refusal() -> None:
    assert {type(sample) for sample in SAMPLES} == set(type_of.values())


def test_no_two_refusals_share_a_key() -> None:
    assert {kind.key for kind in type_of.values()} == set(type_of)
    assert len(type_of) == len(Refusal.__subclasses__())


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: refusal.key)
def test_a_refusal_is_read_back_from_its_key_and_facts(refusal: Refusal) -> None:
    stored = json.loads(json.dumps({"key": refusal.key, "facts": refusal.facts}))
    again = from_facts(stored["key"], stored["facts"])
    assert type(again) is type(refusal)
    assert again.facts == refusal.facts
    assert again.rep_ids == refusal.rep_ids
    assert again.sentence(NAMES) == refusal.sentence(NAMES)


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: refusal.key)
def test_a_refusal_is_a_whole_sentence_even_when_no_name_is_known(refusal: Refusal) -> None:
    unknown: dict[int, str] = {}
    for names in (unknown, NAMES):
        sentence = refusal.sentence(names)
        assert sentence[0].isupper()
        assert sentence[-1] == "."
        assert "None" not in sentence
        assert "{" not in sentence


@pytest.mark.parametrize("refusal", SAMPLES, ids=lambda refusal: refusal.key)
def test_a_refusal_has_an_http_status_that_says_no(refusal: Refusal) -> None:
    assert 400 <= refusal.status <= 500


def test_who_came_second_is_told_who_came_first_and_when() -> None:
    assert SAMPLES[0].sentence(NAMES) == "Sam Sample accepted this lead at 10:42 UTC."


def test_a_time_is_written_as_the_place_wants_it() -> None:
    assert SAMPLES[0].sentence(NAMES, lambda at: f"{at:%d %B}") == "Sam Sample accepted this lead at 03 March."


def test_a_refusal_says_nothing_of_anybody_but_by_id() -> None:
    assert SAMPLES[0].rep_ids == {7}
    assert NotYours(rep_id=7).rep_ids == {7}
    assert Stranger().rep_ids == frozenset()
