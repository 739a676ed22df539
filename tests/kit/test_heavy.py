"""What does arithmetic in bulk is loaded with one thread for it, unless who runs us says otherwise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
QUESTION = (
    "import os; from kit import heavy; heavy.load('domain.science.fitting'); print(os.environ['OPENBLAS_NUM_THREADS'])"
)


@pytest.mark.parametrize(("given", "taken"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "2"}, "2")])
def test_a_module_that_is_loaded_late_has_one_thread_for_its_arithmetic(given: dict[str, str], taken: str) -> None:
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"} | given
    said = subprocess.run(
        [sys.executable, "-c", QUESTION], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    assert said.stdout.strip() == taken
