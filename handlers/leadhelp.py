"""`/leadhelp`: what one can ask."""

from bot.ids import Command
from bot.leadhelp import leadhelp
from bot.listening import Answer, Asked, on_command
from domain import finding
from handlers.jobs import reading


@on_command(Command.LEADHELP)
def leadhelp_asked(asked: Asked) -> Answer:
    """Whatever else is typed, this is the answer."""
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
    return leadhelp(rep.name, rep.role)
