"""What was learnt is a question: who may answer it, what each answer does, and that nothing else changes the model."""

from datetime import timedelta

import pytest
import tomlkit
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from domain import calibrating
from domain.proposals import proposal_view, proposals_home
from domain.rules.proposals import REST, ProposalKind, ProposalStatus
from domain.rules.refusal import Refusal
from domain.rules.refusals_proposals import NoSuchProposal, ProposalDecided, ProposalsForManagers
from domain.rules.scoring import default_model_toml
from domain.tables import (
    Happened,
    LeadEvent,
    Learning,
    ModelStatus,
    Proposal,
    Rep,
    Rescoring,
    Role,
    ScoringModel,
)
from domain.verbs import modelling, proposing
from domain.verbs.proposing import Found
from domain.verbs.scoring import score_lead
from handlers.jobs import reading, transaction
from tests.conftest import NOON
from tests.domain.making import events, make_lead, make_rep
from tests.domain.test_concurrency import THREADS, all_at_once

LATER, WEEK = NOON + timedelta(hours=1), timedelta(days=7)
AT_ONCE = timedelta(0)
DEFAULT = default_model_toml()
CHANCES = '\n[probability]\nof = "sql"\noutcomes = 90\nat = [[0, 0.1, 0.0, 0.2], [100, 0.8, 0.7, 0.9]]\n'
STRICT, STRICTER = (calibrating.with_thresholds(DEFAULT, mql, 80) for mql in (65, 70))


def found(session: Session, toml: str | None = STRICT, kind: ProposalKind = ProposalKind.MODEL) -> Found:
    base, _ = modelling.active_model(session)
    verdict = "not_enough" if toml is None else "proposed"
    return Found(kind, base.id, verdict, "Not enough data yet: 3 of about 60 SQLs.", {"outcomes": 9}, toml, {"n": 1})


def ask(session: Session, toml: str = STRICT, kind: ProposalKind = ProposalKind.MODEL) -> Proposal:
    """A proposal that was just made."""
    learning = proposing.keep(session, found(session, toml, kind), {}, NOON)
    assert learning.proposal_id is not None
    return session.get_one(Proposal, learning.proposal_id)


def manager(session: Session) -> Rep:
    return make_rep(session, "Morgan Manager", Role.MANAGER)


def active(session: Session) -> int:
    return modelling.active_model(session)[0].id


def state(session: Session, row: Proposal) -> ProposalStatus:
    return proposing.find_proposal(session, row.id).status


def status_of_model(session: Session, model_id: int) -> ModelStatus:
    return session.get_one(ScoringModel, model_id, populate_existing=True).status


def test_a_run_that_found_nothing_is_kept_with_its_reason_and_asks_nobody(session: Session) -> None:
    row = proposing.keep(session, found(session, None), {}, NOON)
    assert (row.verdict, row.proposal_id) == ("not_enough", None)
    assert events(session)[-1] is Happened.MODEL_LEARNT
    (said,) = proposals_home(session).learnings
    assert said.said == "Not enough data yet: 3 of about 60 SQLs."


def test_a_proposal_changes_nothing(session: Session) -> None:
    before = active(session)
    row = ask(session)
    assert (row.status, row.version, row.base_id) == (ProposalStatus.OPEN, 1, before)
    assert active(session) == before
    assert status_of_model(session, row.model_id) is ModelStatus.DRAFT


def test_a_newer_proposal_takes_the_place_of_one_that_nobody_answered(session: Session) -> None:
    older = ask(session)
    newer = ask(session, STRICTER)
    assert (state(session, older), state(session, newer)) == (ProposalStatus.SUPERSEDED, ProposalStatus.OPEN)


def test_the_same_draft_again_is_the_same_question(session: Session) -> None:
    assert ask(session).id == ask(session).id
    assert session.scalar(select(func.count(Learning.id))) == 2


def test_the_two_kinds_wait_side_by_side(session: Session) -> None:
    ask(session)
    ask(session, STRICTER, ProposalKind.THRESHOLDS)
    assert len(proposals_home(session).waiting) == 2


def test_what_was_learnt_against_a_model_that_is_in_force_no_more_is_no_question(session: Session) -> None:
    late = found(session)
    modelling.import_model(session, STRICTER, NOON)
    assert proposing.keep(session, late, {}, NOON).verdict == "waiting"
    assert session.scalar(select(func.count(Proposal.id))) == 0


def test_approved_it_is_tried_in_shadow_first_and_asked_about_again(session: Session) -> None:
    row, before, by = ask(session), active(session), manager(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    assert (row.status, row.version, row.shadow_until) == (ProposalStatus.SHADOW, 2, LATER + WEEK)
    assert row.decided_by == by.id
    assert active(session) == before
    assert status_of_model(session, row.model_id) is ModelStatus.SHADOW
    score_lead(session, make_lead(session, now=LATER).id, LATER)
    shown = proposal_view(session, row.id).shadow
    assert shown is not None
    assert shown.leads == 1


@pytest.mark.parametrize("kind", list(ProposalKind))
def test_while_one_is_in_shadow_nothing_else_is_asked(session: Session, kind: ProposalKind) -> None:
    row = ask(session, STRICT, kind)
    proposing.approve(session, row.id, version=1, by=manager(session), now=LATER, shadow=WEEK)
    assert proposing.keep(session, found(session, STRICTER), {}, LATER).proposal_id is None
    assert state(session, row) is ProposalStatus.SHADOW


def test_after_shadow_it_comes_into_force_and_all_leads_are_scored_anew(session: Session) -> None:
    make_lead(session)
    row, by = ask(session), manager(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    proposing.activate(session, row.id, version=2, by=by, now=LATER + WEEK)
    assert (row.status, row.activated_at) == (ProposalStatus.ACTIVE, LATER + WEEK)
    assert active(session) == row.model_id
    assert session.scalars(select(Rescoring.model_id)).all() == [row.model_id]


def test_without_a_time_in_shadow_a_yes_puts_it_in_force(session: Session) -> None:
    row = ask(session)
    proposing.approve(session, row.id, version=1, by=manager(session), now=LATER, shadow=AT_ONCE)
    assert (row.status, active(session)) == (ProposalStatus.ACTIVE, row.model_id)


@pytest.mark.parametrize("more", ["", "[expected_conversion]\nmql = 0.2\n"], ids=["chances", "and expectations"])
def test_what_changes_no_score_is_not_tried_in_shadow_for_nothing_would_be_seen_there(
    session: Session, more: str
) -> None:
    row = ask(session, expecting(more) + CHANCES)
    proposing.approve(session, row.id, version=1, by=manager(session), now=LATER, shadow=WEEK)
    assert (row.status, row.shadow_since, active(session)) == (ProposalStatus.ACTIVE, None, row.model_id)


def test_chances_beside_other_thresholds_are_tried_in_shadow(session: Session) -> None:
    row = ask(session, STRICT + CHANCES)
    proposing.approve(session, row.id, version=1, by=manager(session), now=LATER, shadow=WEEK)
    assert row.status is ProposalStatus.SHADOW


def expecting(table: str) -> str:
    """The model of the house, which expects something else of its tiers."""
    document = tomlkit.parse(DEFAULT)
    document.update(tomlkit.parse(table))
    return tomlkit.dumps(document)


def test_declined_it_says_why_and_a_trial_ends(session: Session) -> None:
    row, by, before = ask(session), manager(session), active(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    proposing.decline(session, row.id, version=2, by=by, now=LATER, note="  Not before the fair. ")
    assert (row.status, row.note) == (ProposalStatus.DECLINED, "Not before the fair.")
    assert status_of_model(session, row.model_id) is ModelStatus.DRAFT
    assert active(session) == before


def test_one_tap_takes_it_back_and_scores_all_leads_anew(session: Session) -> None:
    make_lead(session)
    row, by, before = ask(session), manager(session), active(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=AT_ONCE)
    proposing.roll_back(session, row.id, version=2, by=by, now=LATER + WEEK)
    assert (row.status, row.rolled_back_by) == (ProposalStatus.ROLLED_BACK, by.id)
    assert active(session) == before
    newest = session.scalars(select(Rescoring).order_by(Rescoring.id.desc()).limit(1)).one()
    assert (newest.model_id, newest.cancelled_at) == (before, None)


def test_who_has_said_no_is_not_asked_by_the_next_weekly_run(session: Session) -> None:
    row, by = ask(session), manager(session)
    assert calibrating.asked_again_from(session, ProposalKind.MODEL) is None
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=AT_ONCE)
    proposing.roll_back(session, row.id, version=2, by=by, now=LATER + WEEK)
    assert calibrating.asked_again_from(session, ProposalKind.MODEL) == LATER + WEEK + REST
    assert calibrating.asked_again_from(session, ProposalKind.THRESHOLDS) is None


def test_another_model_that_comes_into_force_ends_every_question(session: Session) -> None:
    tried, asked, by = ask(session), ask(session, STRICTER, ProposalKind.THRESHOLDS), manager(session)
    proposing.approve(session, tried.id, version=1, by=by, now=LATER, shadow=WEEK)
    modelling.import_model(session, DEFAULT.replace("hql = 80", "hql = 85"), LATER)
    assert (state(session, tried), state(session, asked)) == (ProposalStatus.SUPERSEDED, ProposalStatus.SUPERSEDED)
    assert status_of_model(session, tried.model_id) is ModelStatus.DRAFT


def test_a_trial_that_was_ended_by_hand_holds_no_other_model_up(session: Session) -> None:
    tried, by = ask(session), manager(session)
    proposing.approve(session, tried.id, version=1, by=by, now=LATER, shadow=WEEK)
    modelling.end_shadow(session, session.get_one(ScoringModel, tried.model_id), LATER)
    by_hand = modelling.import_model(session, STRICTER, LATER)
    assert (state(session, tried), active(session)) == (ProposalStatus.SUPERSEDED, by_hand.id)


def test_once_another_model_is_in_force_there_is_nothing_to_take_back(session: Session) -> None:
    row, by = ask(session), manager(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=AT_ONCE)
    by_hand = modelling.import_model(session, STRICTER, LATER)
    with pytest.raises(ProposalDecided) as refused:
        proposing.roll_back(session, row.id, version=2, by=by, now=LATER)
    assert refused.value.sentence({}) == "Nothing was changed: a newer model took its place."
    assert active(session) == by_hand.id


def test_a_draft_that_is_put_in_force_by_hand_can_be_taken_back_as_well(session: Session) -> None:
    row, before = ask(session), active(session)
    modelling.activate(session, session.get_one(ScoringModel, row.model_id), LATER)
    assert state(session, row) is ProposalStatus.ACTIVE
    proposing.roll_back(session, row.id, version=2, by=manager(session), now=LATER)
    assert active(session) == before


def test_a_click_on_an_old_drawing_changes_nothing_and_is_told_who_was_first(session: Session) -> None:
    row, by = ask(session), manager(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    with pytest.raises(ProposalDecided) as refused:
        proposing.decline(session, row.id, version=1, by=by, now=LATER, note="")
    assert refused.value.sentence({by.id: by.name}) == (
        "Nothing was changed: it is being tried in shadow. Morgan Manager decided at 13:00 UTC."
    )


@pytest.mark.parametrize("role", [Role.SDR, Role.AE, Role.MARKETING])
def test_only_managers_and_admins_decide(session: Session, role: Role) -> None:
    row, by = ask(session), make_rep(session, "Sam Sample", role)
    with pytest.raises(ProposalsForManagers):
        proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    by.admin = True
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    assert row.decided_by == by.id


def test_a_manager_who_has_left_decides_nothing(session: Session) -> None:
    row, by = ask(session), manager(session)
    by.active = False
    with pytest.raises(ProposalsForManagers):
        proposing.decline(session, row.id, version=1, by=by, now=LATER, note="")


def test_a_proposal_that_is_none_is_refused(session: Session) -> None:
    with pytest.raises(NoSuchProposal):
        proposing.approve(session, 999, version=1, by=None, now=LATER, shadow=WEEK)


def test_every_step_stands_in_the_audit_log_with_who_made_it(session: Session) -> None:
    row, by = ask(session), manager(session)
    proposing.approve(session, row.id, version=1, by=by, now=LATER, shadow=WEEK)
    proposing.activate(session, row.id, version=2, by=by, now=LATER)
    proposing.roll_back(session, row.id, version=3, by=by, now=LATER)
    wanted = (
        select(LeadEvent.kind, LeadEvent.rep_id).where(LeadEvent.data.has_key("proposal_id")).order_by(LeadEvent.id)
    )
    assert [tuple(one) for one in session.execute(wanted)] == [
        (Happened.PROPOSAL_MADE, None),
        (Happened.PROPOSAL_SHADOWED, by.id),
        (Happened.PROPOSAL_ACTIVATED, by.id),
        (Happened.PROPOSAL_ROLLED_BACK, by.id),
    ]


def test_of_many_managers_who_answer_at_once_one_answers(committed: Engine) -> None:
    with transaction() as session:
        proposal_id = ask(session).id
        who = [make_rep(session, f"Manager {number}", Role.MANAGER, slack=False).id for number in range(THREADS)]

    def answer(number: int, rep_id: int) -> ProposalStatus:
        with transaction() as session:
            by = session.get_one(Rep, rep_id)
            if number % 2:
                return proposing.decline(session, proposal_id, version=1, by=by, now=LATER, note="").status
            return proposing.approve(session, proposal_id, version=1, by=by, now=LATER, shadow=AT_ONCE).status

    answers = all_at_once([lambda n=n, rep=rep: answer(n, rep) for n, rep in enumerate(who)])  # type: ignore[misc]  # a default of a lambda
    made = [one for one in answers if not isinstance(one, Refusal)]
    assert len(made) == 1
    assert all(isinstance(one, ProposalDecided) for one in answers if isinstance(one, Refusal))
    with reading() as session:
        assert proposing.find_proposal(session, proposal_id).status is made[0]


def test_a_manager_and_the_command_line_that_activate_at_once_leave_one_model_in_force(committed: Engine) -> None:
    with transaction() as session:
        proposal_id = ask(session).id
        other = modelling.draft(session, STRICTER, NOON)[0].id

    def by_click() -> None:
        with transaction() as session:
            proposing.approve(session, proposal_id, version=1, by=None, now=LATER, shadow=AT_ONCE)

    def by_hand() -> None:
        with transaction() as session:
            modelling.activate(session, session.get_one(ScoringModel, other), LATER)

    all_at_once([by_click, by_hand] * (THREADS // 2))
    with reading() as session:
        row = proposing.find_proposal(session, proposal_id)
        in_force = active(session) == row.model_id
        assert row.status is (ProposalStatus.ACTIVE if in_force else ProposalStatus.SUPERSEDED)


def test_thresholds_are_changed_in_the_file_and_its_comments_stay() -> None:
    assert [line for line in STRICT.splitlines() if line not in DEFAULT.splitlines()] == [
        line.replace("60", "65") for line in DEFAULT.splitlines() if line.startswith("mql = 60")
    ]
    without = calibrating.with_thresholds("# a file\nname = 'x'\n", 61, 81)
    assert "# a file" in without
    assert "mql = 61" in without


def test_the_view_says_what_changes_of_thresholds_and_points(session: Session) -> None:
    toml = replace_points(STRICT)
    view = proposal_view(session, ask(session, toml).id)
    assert (view.before.mql, view.after.mql) == (60, 65)
    assert [(move.rule, move.change > 0) for move in view.moves] == [("demo-request", True)]
    assert view.evidence == {"n": 1}


def replace_points(toml: str) -> str:
    """One rule worth a little more."""
    head, _, rest = toml.partition('id = "demo-request"')
    before = rest.split("points = ", 1)[1].split("\n", 1)[0]
    return head + 'id = "demo-request"' + rest.replace(f"points = {before}", f"points = {float(before) + 3:g}", 1)
