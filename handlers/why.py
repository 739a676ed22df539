"""`/leadwhy EMAIL`: why a lead has its score, what would change it, and who gets it."""

from bot.asking import address
from bot.ids import Command
from bot.listening import Answer, Asked, on_command
from bot.why import not_scored, why_message
from domain import finding
from domain.rules.refusals import BadQuestion
from domain.why import why
from handlers.jobs import reading
from kit.clock import utcnow


@on_command(Command.LEADWHY)
def leadwhy_asked(asked: Asked) -> Answer:
    """For everybody who is a rep: the same answer to all, since a score that is secret is not believed."""
    email = address(asked.text)
    if email is None:
        raise BadQuestion(example="/leadwhy name@company.com")
    with reading() as session:
        finding.rep_by_slack(session, asked.slack_user_id)
        lead = finding.lead_by_email(session, email)
        found = why(session, lead, utcnow())
        view = finding.lead_view(lead)
    return why_message(found) if found is not None else not_scored(view)
