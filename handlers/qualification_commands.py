"""`handoff qualification ...`: check the questions of the qualification, put them in force, show them."""

from rich.table import Table

from domain.rules.qualification import Framework
from domain.rules.qualification_file import read_framework
from domain.tables import QualificationFile
from domain.verbs import qualifying
from handlers.file_versions import Kept, commands, out


def _show(framework: Framework) -> None:
    table = Table("question", "label", "choices", "")
    for question in framework.questions:
        choices = "\n".join(f"{choice.label} ({choice.counts.value})" for choice in question.choices)
        weight = [word for word, keys in (("must", framework.must), ("never", framework.never)) if question.key in keys]
        table.add_row(question.key, question.label, choices or "in one's own words", ", ".join(weight))
    out.print(table)
    noes = f", and fewer than {framework.noes} noes" if framework.noes else ""
    out.print(
        f"{framework.name}: an SQL has a yes to each 'must', {framework.points:g} from the others (partly is half){noes}."
        " A no to a 'never' rules it out.",
        soft_wrap=True,
    )


app = commands(
    Kept(
        what="the qualification",
        table=QualificationFile,
        read=read_framework,
        in_force=qualifying.in_force,
        put_in_force=qualifying.put_in_force,
        show=_show,
        built_in="The built-in questions are in force",
        until_now="Answers that were given stay as they are.",
    ),
    "What sales asks before a lead is an SQL, and what the answers come to.",
)
