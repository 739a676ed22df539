"""A chapter about the score: marketing tries another model, puts it in force, and takes it back."""

import tempfile
from pathlib import Path

from sandbox.story_world import EMEA, MORGAN, MQL, NotSo, World, chapter, expect, if_so, until


def another_model(world: World) -> None:
    chapter("Marketing tries another model, puts it in force, and takes it back")
    person = {"email": "rita.example@hazel-cloud.example.com", "name": "Rita Example", "company": "Hazel Cloud", **MQL}
    arrival = world.post("rita-1", **person, kind="content_download", content="Glossary")["arrival"]
    lead = until("Rita in nurture", lambda: if_so(world.lead(arrival), lambda one: one["stage"] == "nurturing"))
    expect(f"a reader has {lead['score']} points: a MEL, one short of an MQL", lead["score"] == 59)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.toml"
        text = world.operate("model", "show", "active")
        file.write_text(text.replace("half_life_days = 45", "half_life_days = -45"), encoding="utf-8")
        expect("a half-life below 0 is refused with the place in the file", "half_life_days" in _refused(world, file))
        file.write_text(text.replace("mql = 60", "mql = 58"), encoding="utf-8")
        expect("`handoff model check` reads another one", "reads well" in world.operate("model", "check", str(file)))
        changed = world.operate("model", "diff", "active", str(file))
        expect("`handoff model diff` says what is different", "58" in changed)
        expect("imported, it is a draft", "draft" in world.operate("model", "import", str(file)))
    world.operate("model", "shadow", "default")
    world.operate("model", "compare")
    expect("it scores in shadow, and nothing follows", world.lead(arrival)["stage"] == "nurturing")
    expect("put in force, it scores all leads anew", "anew" in world.operate("model", "activate", "default@2", "--yes"))
    until("Rita's card", lambda: world.card(MORGAN, EMEA, "Rita Example", "handoff.accept"))
    expect("with 59 points the reader is an MQL now, and an SDR has the card", True)
    expect("one command takes it back", "default@1" in world.operate("model", "rollback", "--yes"))


def _refused(world: World, file: Path) -> str:
    try:
        world.operate("model", "check", str(file))
    except NotSo as no:
        return str(no)
    raise NotSo("a model with a mistake was not refused")
