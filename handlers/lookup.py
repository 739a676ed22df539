"""`/lead EMAIL` and `/lead company.com`: where a lead stands, whose it is, and what can be done."""

from bot.asking import words
from bot.ids import Command
from bot.listening import Answer, Asked, on_command
from bot.lookup import company_message, lead_message
from domain import finding
from domain.looking_up import company_found, lead_found
from domain.rules.refusals import BadQuestion
from handlers.jobs import reading
from kit.clock import utcnow


@on_command(Command.LEAD)
def lead_asked(asked: Asked) -> Answer:
    """For everybody who is a rep. What they may not do with the lead has no button."""
    said = words(asked.text)
    if len(said) != 1 or "." not in said[0]:
        raise BadQuestion(example="/lead name@company.com")
    now = utcnow()
    with reading() as session:
        rep = finding.rep_by_slack(session, asked.slack_user_id)
        if "@" not in said[0].strip("@"):
            return company_message(company_found(session, said[0].strip("@/")))
        return lead_message(lead_found(session, finding.lead_by_email(session, said[0]), rep, now), now)
