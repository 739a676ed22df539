"""The files of `snapshots/`: each belongs to a test, and a change of what is drawn is noticed."""

import ast
from pathlib import Path

import pytest

from tests.bot.snapshots import FOLDER, same_as_snapshot


def literals(path: Path) -> set[str]:
    """The strings that stand in a test file as a whole."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_snapshot_has_its_test() -> None:
    named = set().union(*(literals(path) for path in FOLDER.parent.parent.rglob("test_*.py")))
    assert [path.name for path in sorted(FOLDER.glob("*.json")) if path.stem not in named] == []


@pytest.fixture
def comparing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the whole run does, these compare."""
    monkeypatch.delenv("SNAPSHOTS", raising=False)


@pytest.mark.usefixtures("comparing")
def test_a_snapshot_that_nobody_kept_is_missed() -> None:
    with pytest.raises(AssertionError, match="looks different"):
        same_as_snapshot("nobody kept this", "A text", [])


def test_a_snapshot_is_written_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, comparing: None
) -> None:
    monkeypatch.setattr("tests.bot.snapshots.FOLDER", tmp_path)
    monkeypatch.setenv("SNAPSHOTS", "write")
    same_as_snapshot("said", "As it was", [{"type": "divider"}])
    monkeypatch.delenv("SNAPSHOTS")
    same_as_snapshot("said", "As it was", [{"type": "divider"}])
    with pytest.raises(AssertionError, match=r"-.*As it was.*\n.*As it is"):
        same_as_snapshot("said", "As it is", [{"type": "divider"}])
