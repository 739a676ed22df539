"""`handoff model ...` and `handoff rescore`, as an operator types them."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from domain.rules.scoring import default_model_toml
from domain.tables import Lead, ModelStatus, ScoringModel
from domain.verbs import modelling, rescoring
from handlers.cli import app
from handlers.jobs import transaction
from kit.clock import utcnow
from tests.domain.making import MQL, make_lead

STRICT = default_model_toml().replace("mql = 60", "mql = 65")
HOSTILE = default_model_toml().replace('name = "default"', 'name = "default"\nnote = "\\u001b[31m[red]"')


def typed(*arguments: str) -> tuple[int, str]:
    """The exit status, and what the terminal shows, with each run of white space as one blank."""
    ended = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, " ".join(ended.output.split())


@pytest.fixture
def strict(tmp_path: Path) -> str:
    file = tmp_path / "strict.toml"
    file.write_text(STRICT, encoding="utf-8")
    return str(file)


def statuses(engine: Engine) -> Sequence[ModelStatus]:
    with Session(engine) as session:
        return session.scalars(select(ScoringModel.status).order_by(ScoringModel.id)).all()


def test_a_file_that_reads_well_is_checked_and_not_kept(committed: Engine, strict: str) -> None:
    status, said = typed("model", "check", strict)
    assert (status, statuses(committed)) == (0, [ModelStatus.ACTIVE])
    assert f"{strict} reads well" in said


@pytest.mark.parametrize("command", ["check", "import"])
def test_a_mistake_is_said_with_the_file_the_place_the_value_and_the_reason(
    committed: Engine, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(STRICT.replace("hql = 80", "hql = 30"), encoding="utf-8")
    status, said = typed("model", command, str(file))
    assert (status, statuses(committed)) == (1, [ModelStatus.ACTIVE])
    assert f"{file}: thresholds.hql: 30 must be greater than mql (65)" in said


def test_what_windows_editors_add_to_a_file_does_not_make_it_another_model(
    committed: Engine, strict: str, tmp_path: Path
) -> None:
    typed("model", "import", strict)
    windows = tmp_path / "windows.toml"
    windows.write_bytes(b"\xef\xbb\xbf" + STRICT.replace("\n", "\r\n").encode())
    assert typed("model", "check", str(windows))[0] == 0
    assert "default@2 is there already, the same text" in typed("model", "import", str(windows))[1]


@pytest.mark.parametrize("command", ["check", "import"])
def test_a_file_in_another_encoding_is_refused_with_the_line_and_what_to_do(
    committed: Engine, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "model.toml"
    file.write_bytes('name = "m"\nversion = 1\n# für alle\n'.encode("cp1252"))
    assert typed("model", command, str(file)) == (
        1,
        f"{file}: line 3: is not UTF-8; save the file as UTF-8 in your editor",
    )


def test_a_model_of_one_rule_is_said_to_have_one(committed: Engine, tmp_path: Path) -> None:
    file = tmp_path / "one.toml"
    rule = '{ id = "x", label = "X 🚀", points = 50, when = { attribute = "country", exists = true } }'
    file.write_text(f'name = "one"\nversion = 1\nfit.rules = [{rule}]\n', encoding="utf-8")
    assert f"{file} reads well: 1 rule." in typed("model", "check", str(file))[1]


@pytest.mark.parametrize("text", [b"\xff\xfe", HOSTILE.encode(), b"", b"[" * 10_000])
def test_a_file_that_is_no_model_is_refused_by_name_and_moves_no_cursor(
    committed: Engine, tmp_path: Path, text: bytes
) -> None:
    file = tmp_path / "model.toml"
    file.write_bytes(text)
    status, said = typed("model", "import", str(file))
    assert status == 1
    assert str(file) in said
    assert "\x1b" not in said


def test_an_import_makes_a_draft_and_the_same_text_again_says_so(committed: Engine, strict: str) -> None:
    assert "default@2 is kept: it is a draft." in typed("model", "import", strict)[1]
    assert "default@2 is there already, the same text" in typed("model", "import", strict)[1]
    assert statuses(committed) == [ModelStatus.ACTIVE, ModelStatus.DRAFT]


def test_an_import_that_activates_does_both(committed: Engine, strict: str) -> None:
    assert "default@2 is in force." in typed("model", "import", "--activate", strict)[1]
    assert statuses(committed) == [ModelStatus.RETIRED, ModelStatus.ACTIVE]


def test_a_model_is_put_in_force_only_after_a_look_and_a_yes(committed: Engine, strict: str) -> None:
    typed("model", "import", strict)
    status, said = typed("model", "activate", "default@2")
    assert (status, statuses(committed)) == (1, [ModelStatus.ACTIVE, ModelStatus.DRAFT])
    assert "thresholds.mql 60 -> 65" in said
    assert "say --yes" in said
    status, said = typed("model", "activate", "default@2", "--yes")
    assert (status, statuses(committed)) == (0, [ModelStatus.RETIRED, ModelStatus.ACTIVE])
    assert "default@2 is in force already." in typed("model", "activate", "default")[1]


def test_rollback_puts_the_one_before_in_force(committed: Engine, strict: str) -> None:
    typed("model", "import", "--activate", strict)
    status, said = typed("model", "rollback", "--yes")
    assert (status, statuses(committed)) == (0, [ModelStatus.ACTIVE, ModelStatus.RETIRED])
    assert "default@1 was in force before. default@2 is in force. With default@1:" in said
    assert "thresholds.mql 65 -> 60" in said


def test_the_models_are_listed_and_one_is_shown_as_its_file(committed: Engine, strict: str) -> None:
    typed("model", "import", strict)
    said = typed("model", "list")[1]
    assert "default@1" in said
    assert "draft" in said
    ended = CliRunner().invoke(app, ["model", "show", "default@2"])
    assert ended.output == STRICT
    assert CliRunner().invoke(app, ["model", "show"]).output == default_model_toml()


def test_two_models_are_compared_whether_they_are_files_or_kept(committed: Engine, strict: str) -> None:
    assert "~ thresholds.mql 60 -> 65" in typed("model", "diff", "active", strict)[1]
    assert "Nothing that counts is different." in typed("model", "diff", strict, strict)[1]
    assert typed("model", "diff", "active", "nowhere.toml") == (1, "There is no file nowhere.toml.")


def test_a_model_in_shadow_is_compared_with_the_one_in_force(committed: Engine, strict: str) -> None:
    assert "No model is in shadow." in typed("model", "compare")[1]
    typed("model", "import", strict)
    assert "default@2 scores in shadow." in typed("model", "shadow", "default@2")[1]
    assert "0 leads were scored by both" in typed("model", "compare")[1]
    with transaction() as session:
        make_lead(session, MQL, "kim@buyer.example.com", now=utcnow())
    said = typed("model", "compare")[1]
    assert "default@2 in the shadow of default@1: 1 leads were scored by both" in said
    assert "0 (0.0%) would change their tier; on average +0.0 points." in said
    assert "default@2 is a draft again." in typed("model", "unshadow", "default@2")[1]


def test_putting_a_model_in_force_scores_all_leads_anew_here_or_with_a_worker(committed: Engine, strict: str) -> None:
    with transaction() as session:
        lead_id = make_lead(session, MQL, now=utcnow()).id
    assert "Nothing was ever scored anew." in typed("rescore", "status")[1]
    assert "1 lead is scored anew" in typed("model", "import", "--activate", strict)[1]
    assert "0 of 1 leads, 0 changed their tier." in typed("rescore", "status")[1]
    assert "Done: 1 of 1 leads, 0 changed their tier; finished after" in typed("rescore", "--here")[1]
    assert "finished after" in typed("rescore", "status")[1]
    with Session(committed) as session:
        lead, (active, _) = session.get_one(Lead, lead_id), modelling.active_model(session)
        assert (lead.scored_at or utcnow()) >= (active.activated_at or utcnow())


def test_a_rescoring_by_hand_asks_first_and_can_be_stopped(committed: Engine) -> None:
    with transaction() as session:
        make_lead(session, MQL, now=utcnow())
    status, said = typed("rescore")
    assert status == 1
    assert "say --yes" in said
    assert "1 lead is scored anew with default@1." in typed("rescore", "--yes")[1]
    assert "Leads are being scored anew since" in typed("rescore")[1]
    assert "Stopped: 0 of 1 leads" in typed("rescore", "cancel")[1]
    assert "Stopped" not in typed("rescore", "--follow", "--yes", "--here")[1]
    with Session(committed) as session:
        newest = rescoring.newest(session)
        assert newest is not None
        assert newest.done == 1


def test_without_leads_there_is_nothing_to_score(committed: Engine) -> None:
    assert typed("rescore", "--yes") == (0, "There is no lead with a score.")
