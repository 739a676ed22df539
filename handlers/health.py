"""The checks of the installation: every hour, and whenever somebody asks with `handoff doctor`."""

from collections.abc import Callable, Iterator
from datetime import datetime

import httpx
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from bot import checkup
from bot.checkup import SlackSays
from bot.scopes import BOT_SCOPES
from bot.settings import slack_settings
from domain import health as facts
from domain.rules import health as rules
from domain.rules.health import Finding, failed, ok, warning
from domain.verbs import health
from handlers.jobs import Running, broker, finishing, job, reading
from handlers.sending import Job, Priority
from integrations import registry
from integrations.crm_ports import Crm
from integrations.marketing_ports import MarketingAutomation
from integrations.ports import NotOffered
from kit import db, migrating
from kit.clock import utcnow
from kit.log import where_it_broke
from kit.outside import Refused, TryLater
from kit.settings import settings

Look = Callable[[], Iterator[Finding]]


@job(Job.CHECK_HEALTH)
def check_health(running: Running) -> None:
    """Keep the newest answer of each check. It only asks, and may be done twice."""
    findings = look(running.renew)
    with finishing(running) as session:
        health.note(session, findings, utcnow())


def look(between: Callable[[], None] = lambda: None) -> list[Finding]:
    """Look at everything, whatever breaks on the way. `between` is called before each part: outsides may take seconds."""
    findings: list[Finding] = []
    for one in LOOKS:
        between()
        findings += _guarded(one)
    return findings


def _guarded(one: Look) -> Iterator[Finding]:
    try:
        yield from one()
    except SQLAlchemyError:
        # The database has a check of its own, which says so.
        return
    except Exception as error:  # noqa: BLE001  (a check that breaks must not hide the others)
        found = f"This could not be looked at: {where_it_broke(error)}"
        yield warning(one.__name__.strip("_"), found, "Report it with this line.")


# ---- our own side -------------------------------------------------------------------------------------------------------


def _database() -> Iterator[Finding]:
    try:
        newest = migrating.is_newest()
    except (ArgumentError, DBAPIError) as no:
        yield failed("database", db.trouble(no), "See DATABASE_URL in docs/operating.md.")
        return
    if newest:
        yield ok("database", "The database answers, and is up to date.")
    else:
        yield failed("database", "The database is not laid out for this version.", "Run `handoff migrate`.")


def _processes() -> Iterator[Finding]:
    with reading() as session:
        beats = facts.beats(session)
    for kind in rules.WHAT_IT_DOES:
        yield rules.of_process(kind, beats.get(kind, ()), utcnow())


def _jobs() -> Iterator[Finding]:
    now = utcnow()
    with reading() as session:
        found = facts.ledger(session, Priority.BULK, now)
    yield rules.of_dead_jobs(found.dead, found.newest)
    yield rules.of_waiting_jobs(found.oldest, now)


def _model() -> Iterator[Finding]:
    with reading() as session:
        yield rules.of_model(facts.active_model(session))


def _broker() -> Iterator[Finding]:
    """The ledger keeps what a broker loses; without the broker nothing is done, though."""
    courier = broker()
    try:
        if isinstance(courier, RedisBroker):
            courier.client.ping()
        elif isinstance(courier, RabbitmqBroker):
            courier.get_queue_message_counts("handoff")
    except Exception as gone:  # noqa: BLE001  (each broker raises its own)
        found = f"The broker of BROKER_URL does not answer ({type(gone).__name__}): no job is done."
        yield failed("broker", found, "Start it, or leave BROKER_URL out: then none is needed.")
    else:
        asked = isinstance(courier, RedisBroker | RabbitmqBroker)
        yield ok("broker", "The broker answers." if asked else "No broker is needed.")


# ---- Slack --------------------------------------------------------------------------------------------------------------


def _slack() -> Iterator[Finding]:
    """The settings first; without a token that works nothing more can be asked."""
    slack = slack_settings()
    token = slack.slack_bot_token.get_secret_value()
    yield rules.of_settings(token, slack.slack_team_id, signed=slack.signed, by_socket=slack.by_socket)
    if slack.signed:
        yield rules.of_signing_secret(slack.slack_signing_secret.get_secret_value())
    if slack.by_socket:
        yield _socket()
    if not token:
        return
    try:
        who = checkup.who_are_we()
    except SlackSays as no:
        yield _token_refused(no.code)
        return
    yield ok("slack_token", "Slack knows the bot token.")
    yield rules.of_workspace(slack.slack_team_id, who.team_id, who.team)
    yield rules.of_scopes(BOT_SCOPES, who.scopes)
    yield from _clocks(who.at)
    yield from _channels()
    yield from _people()


def _token_refused(code: str) -> Finding:
    if code == "no_answer":
        return failed("slack_token", "Slack does not answer.", "Can this machine reach https://slack.com?")
    advice = "Copy the Bot User OAuth Token (xoxb-…) from OAuth & Permissions; reinstall the app if it was revoked."
    return failed("slack_token", f"Slack refuses the bot token: {code}.", advice)


def _socket() -> Finding:
    try:
        checkup.try_socket()
    except SlackSays as no:
        advice = (
            "Basic Information, App-Level Tokens: make one with connections:write. Socket Mode must be switched on."
        )
        return failed("slack_socket", f"Socket Mode does not let us in: {no.code}.", advice)
    return ok("slack_socket", "Socket Mode lets us in.")


def _clocks(slack_time: datetime | None) -> Iterator[Finding]:
    if slack_time is None:
        return
    yield rules.of_clocks(utcnow() - slack_time, "this machine", "machine_time")
    with reading() as session:
        yield rules.of_clocks(facts.database_time(session) - slack_time, "the database", "database_time")


def _channels() -> Iterator[Finding]:
    with reading() as session:
        channels = facts.channels(session)
    for pool, channel in channels:
        yield rules.of_channel(pool, channel, problem=checkup.trouble_with_channel(channel))


def _people() -> Iterator[Finding]:
    with reading() as session:
        reps = facts.active_reps(session)
    advice = "Is the e-mail in reps.toml the one of their Slack account? Mend it and `handoff reps import` the file."
    strangers = [rep.email for rep in reps if rep.slack_user_id is None or not checkup.is_active(rep.slack_user_id)]
    yield rules.of_people("slack_people", "Slack", strangers, advice)


def _owners() -> Iterator[Finding]:
    if all(isinstance(crm, str) for crm in registry.switched_on(*registry.CRMS).values()):
        return
    with reading() as session:
        owners = facts.owners(facts.active_reps(session))
    advice = (
        "Their leads have no owner in the CRM. Give them a user there with the same e-mail, then `handoff reps import`."
    )
    yield rules.of_people("crm_people", "the CRM", [rep.email for rep in owners if rep.crm_user_id is None], advice)


# ---- the rest of the outside --------------------------------------------------------------------------------------------


def _address() -> Iterator[Finding]:
    url, slack = settings().public_url, slack_settings()
    if url is None:
        if slack.signed and not slack.by_socket:
            advice = "Set PUBLIC_URL to the address under which Slack reaches `handoff web`."
            yield warning("public_url", "Nobody said where Slack reaches us, so it cannot be tried.", advice)
        return
    try:
        status = httpx.get(f"{url.rstrip('/')}/healthz", timeout=8).status_code
    except (httpx.HTTPError, httpx.InvalidURL) as no:
        advice = "Does `handoff web` run, and does the proxy before it pass requests on?"
        yield failed("public_url", f"{url} does not answer ({type(no).__name__}).", advice)
        return
    if status == 200:
        yield ok("public_url", f"{url} answers. In Slack the Request URL is {url.rstrip('/')}/slack/events.")
    else:
        yield failed("public_url", f"{url}/healthz answers {status}.", "Does the proxy lead to `handoff web`?")


def _vendors() -> Iterator[Finding]:
    with reading() as session:
        resting = facts.resting(session, utcnow())
    for name, client in registry.switched_on(*registry.CRMS, *registry.MARKETING).items():
        yield _left_out(name, client) if isinstance(client, str) else _vendor(client)
    for name, provider in registry.switched_on(*registry.ENRICHERS).items():
        rest = _rest(resting.get(name))
        yield _left_out(name, provider) if isinstance(provider, str) else rules.of_provider(name, *rest)


def _left_out(name: str, why: str) -> Finding:
    return failed(f"vendor.{name}", f"{why}. It is left out.", "docs/integrations.md lists its settings.")


def _rest(one: facts.Resting | None) -> tuple[datetime | None, str]:
    return (None, "") if one is None else (one.until, one.why)


def _vendor(client: Crm | MarketingAutomation) -> Finding:
    name = f"vendor.{client.name}"
    try:
        said = client.check()
    except NotOffered:
        return ok(name, f"{client.name} is set up.")
    except TryLater as no:
        return warning(name, f"{client.name} does not answer now: {no.why}", "Try again in a while.")
    except Refused as no:
        return failed(name, f"{client.name} refuses us: {no.why}", "Look at its settings in docs/integrations.md.")
    return ok(name, f"{client.name} lets us in: {said}")


LOOKS: tuple[Look, ...] = (
    _database,
    _processes,
    _jobs,
    _model,
    _broker,
    _slack,
    _address,
    _owners,
    _vendors,
)
