"""`handoff sla ...`: check a policy, put it in force, show it, and its versions."""

from collections.abc import Sequence
from datetime import timedelta

from rich.table import Table

from domain.rules.deadlines import Do, Step
from domain.rules.sla_policy import Policy, read_policy
from domain.tables import SlaFile
from domain.verbs import policies
from handlers.file_versions import Kept, commands, out

_WORDS = {
    Do.REMIND: "remind the rep",
    Do.BREACH: "missed",
    Do.TELL_REP: "tell the rep",
    Do.TELL_MANAGER: "tell the manager",
    Do.HAND_ON: "hand on",
}


def _show(policy: Policy) -> None:
    table = Table("tier", "clock", "target", "time", "what is done")
    for tier, clocks in policy.items():
        for kind, clock in clocks.items():
            time = "working" if clock.working else "wall"
            table.add_row(tier.label(), kind.words, _span(clock.target), time, _ladder(clock.steps))
    out.print(table)


def _ladder(steps: Sequence[Step]) -> str:
    return ", ".join(
        f"{step.share:.0%} {_WORDS[step.do]}" + (f" (at most {step.most} times)" if step.most else "") for step in steps
    )


def _span(span: timedelta) -> str:
    hours, rest = divmod(int(span.total_seconds()), 3600)
    minutes, seconds = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "m"), (seconds, "s")]
    return " ".join(f"{number}{unit}" for number, unit in parts if number)


app = commands(
    Kept(
        what="the SLA policy",
        table=SlaFile,
        read=read_policy,
        in_force=policies.in_force,
        put_in_force=policies.put_in_force,
        show=_show,
        built_in="The built-in policy is in force",
        until_now="What has begun keeps the policy that it began with.",
    ),
    "How long sales has, and what happens when the time has gone.",
)
