"""What people see, kept as files: a change of it is seen in the change of the file beside it.

`SNAPSHOTS=write .venv/bin/pytest tests/bot` writes them anew. A name is one literal in a test, so that it is found by searching.
"""

import difflib
import json
import os
from pathlib import Path

FOLDER = Path(__file__).with_name("snapshots")


def same_as_snapshot(name: str, text: str, blocks: object) -> None:
    """Compare a fallback text and its blocks (or a view) with what was kept under `name`."""
    drawn = json.dumps({"text": text, "blocks": blocks}, ensure_ascii=False, indent=1) + "\n"
    path = FOLDER / f"{name}.json"
    if os.environ.get("SNAPSHOTS") == "write":
        path.write_text(drawn, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    changed = difflib.unified_diff(kept.splitlines(), drawn.splitlines(), "as it was", "as it is", lineterm="", n=2)
    assert kept == drawn, f"{path.name} looks different (SNAPSHOTS=write keeps it so):\n" + "\n".join(changed)
