"""What marketing automation noted comes in as touches; and the nightly sweep compares our record with each system's."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from domain import finding
from domain.rules.field_maps import FieldMap
from domain.tables import Lead, SyncRun, SystemLink
from domain.verbs import selling, syncing, telling
from domain.verbs.field_mapping import map_of
from domain.verbs.syncing import FETCHED, READ, TOLD_AGAIN, Differs
from handlers.contacts_in import deliveries, lead_of, news_of, same, touch
from handlers.crm_words import word_of
from handlers.draining import contacts_of, crm_leads, digest, drain_again, link_system, own_name
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job, Sending
from handlers.sync_settings import sync_settings
from handlers.sync_turns import ACTIVITIES, read_activities_of, sweep_of
from integrations import registry
from integrations.crm_ports import Crm
from integrations.marketing_ports import ChangedContact, MarketingAutomation
from integrations.ports import NotOffered
from kit.clock import utcnow
from kit.outside import Refused

CONTACTS = "contacts"
SWEPT = "opportunities-swept"
"""Up to where the last sweep has read opportunities."""
WRITTEN = "written"
"""The first half of a sweep: whether what we wrote still stands there. `written 17`: up to lead 17."""
CHANGED = "changed"
"""The second half: what changed there. `changed CURSOR`."""


@job(Job.READ_ACTIVITIES)
def read_activities(running: Running, automation: str) -> None:
    """One page of what people did, as touches; each is kept once, by the system's own number of it."""
    marketing = registry.marketing(automation)
    if marketing is None:
        return
    with reading() as session:
        before = syncing.position_of(session, marketing.name, ACTIVITIES)
    try:
        page = marketing.activities(before)
    except Refused as no:
        with transaction() as session:
            syncing.keep_problem(session, marketing.name, ACTIVITIES, no.why, utcnow())
        if isinstance(no, NotOffered):
            return
        raise
    with finishing(running) as session:
        now = utcnow()
        incoming = [touch(one) for one in page.items]
        syncing.receive_from(session, marketing.name, incoming, now, own_name(marketing))
        syncing.keep_position(session, marketing.name, ACTIVITIES, page.cursor, now)
        if page.more and page.cursor != before:
            send(session, read_activities_of(marketing.name))


# ---- the sweep --------------------------------------------------------------------------------------------------------


@job(Job.SWEEP_SYSTEM)
def sweep(running: Running, system: str) -> None:
    """One batch: first what we wrote is read back, then what changed there is read."""
    with reading() as session:
        run = syncing.open_sweep(session, system)
    crm, marketing = registry.crm(), registry.marketing(system)
    if run is None or (marketing is None and (crm is None or crm.name != system)):
        return
    half, _, position = (run.position or WRITTEN).partition(" ")
    try:
        if marketing is not None:
            step = _contacts_written if half == WRITTEN else _contacts_changed
            step(running, run, marketing, position)
        elif crm is not None:
            other = _leads_written if half == WRITTEN else _opportunities_changed
            other(running, run, crm, position)
    except NotOffered:
        # What this system does not offer is left out.
        with finishing(running) as session:
            _go_on(session, run, f"{CHANGED} " if half == WRITTEN else None)
    except Refused as no:
        with finishing(running) as session:
            syncing.end_sweep(session, run.id, utcnow(), no.why)


def _go_on(session: Session, run: SyncRun, position: str | None, compared: int = 0) -> None:
    """The next batch goes on from `position`; None: that was all."""
    syncing.go_on(session, run.id, position or run.position or WRITTEN, compared)
    if position is None:
        syncing.end_sweep(session, run.id, utcnow())
    else:
        send(session, sweep_of(run.system))


def _contacts_written(running: Running, run: SyncRun, marketing: MarketingAutomation, position: str) -> None:
    system = link_system(telling.MARKETING, marketing)
    with reading() as session:
        links = syncing.clean_links(session, system, int(position or 0), marketing.batch_size)
        contacts = contacts_of(session, marketing, [link.lead_id for link in links])
    told = {link.lead_id: contacts[link.lead_id] for link in links if digest(contacts[link.lead_id]) == link.sent_hash}
    sent = {lead_id: marketing.as_sent(contact) for lead_id, contact in told.items()}
    _compare(running, run, system, links, sent, marketing.read_back)


def _leads_written(running: Running, run: SyncRun, crm: Crm, position: str) -> None:
    with reading() as session:
        links = syncing.clean_links(session, telling.CRM, int(position or 0), crm.batch_size)
        records = crm_leads(session, crm, [link.lead_id for link in links])
    told = {link.lead_id: records[link.lead_id] for link in links if digest(records[link.lead_id]) == link.sent_hash}
    sent = {lead_id: crm.as_sent(record) for lead_id, record in told.items()}
    _compare(running, run, telling.CRM, links, sent, crm.read_back)


ReadBack = Callable[[Sequence[str], Sequence[str]], Mapping[str, Mapping[str, str]]]


def _compare(
    running: Running,
    run: SyncRun,
    system: str,
    links: Sequence[SystemLink],
    sent: Mapping[int, Mapping[str, str]],
    read_back: ReadBack,
) -> None:
    """What was `sent`, by lead, beside what stands there. A lead that waits to be told is no matter of a sweep."""
    ids = {link.lead_id: str(link.external_id) for link in links if link.lead_id in sent}
    names = sorted({name for properties in sent.values() for name in properties})
    there = read_back([*ids.values()], names) if ids else {}
    lost = {lead_id: _differing(sent[lead_id], there.get(external_id)) for lead_id, external_id in ids.items()}
    with finishing(running) as session:
        now = utcnow()
        not_again = syncing.put_right_lately(session, run.system, [*lost], now)
        again = [lead_id for lead_id, names in lost.items() if names and lead_id not in not_again]
        telling.tell_again(session, system, now, again)
        for lead_id, wrong in lost.items():
            if wrong is None or wrong:
                repaired = TOLD_AGAIN if lead_id in again else None
                detail = {"fields": wrong} if wrong else {"gone": True}
                syncing.note_finding(
                    session,
                    run,
                    Differs.LOST,
                    now,
                    lead_id=lead_id,
                    external_id=ids[lead_id],
                    detail=detail,
                    repaired=repaired,
                )
        if again:
            send(session, _drain_of(system))
        _go_on(session, run, f"{WRITTEN} {links[-1].lead_id}" if links else f"{CHANGED} ", len(ids))


def _differing(sent: Mapping[str, str], there: Mapping[str, str] | None) -> list[str] | None:
    """The names of the fields that stand there with another value; None: the record is gone."""
    return None if there is None else [name for name in sent if not same(sent[name], there.get(name, ""))]


def _drain_of(system: str) -> Sending:
    base, _, automation = system.partition(":")
    return drain_again(Job.TELL_CRM if base == telling.CRM else Job.TELL_MARKETING, automation)


def _contacts_changed(running: Running, run: SyncRun, marketing: MarketingAutomation, position: str) -> None:
    """Contacts that changed there: whom we were never told of, and what of the others we have not seen."""
    with reading() as session:
        fields = map_of(session, marketing.name, marketing.default_map)
        before = position or syncing.position_of(session, marketing.name, CONTACTS)
    page = marketing.changed_contacts(before, fields.read)
    with reading() as session:
        known = {one.email: lead_of(session, one.email) for one in page.items}
    with finishing(running) as session:
        for one in page.items:
            _take_in(session, run, marketing, fields, one, known[one.email])
        syncing.keep_position(session, marketing.name, CONTACTS, page.cursor, utcnow())
        more = page.more and page.cursor != before
        _go_on(session, run, f"{CHANGED} {page.cursor}" if more else None, len(page.items))


def _take_in(
    session: Session,
    run: SyncRun,
    marketing: MarketingAutomation,
    fields: FieldMap,
    one: ChangedContact,
    lead: Lead | None,
) -> None:
    news = news_of(fields, one, lead)
    if lead is not None and not news and not one.did:
        return
    now, fetch = utcnow(), lead is not None or sync_settings().fetch_missed
    if fetch:
        incoming = deliveries(fields, one, lead)
        if not syncing.receive_from(session, marketing.name, incoming, now, own_name(marketing)):
            return
    syncing.note_finding(
        session,
        run,
        Differs.MISSED if lead is None else Differs.CHANGED,
        now,
        lead_id=lead.id if lead is not None else None,
        external_id=one.external_id,
        detail={"fields": sorted(news)},
        repaired=FETCHED if fetch else None,
    )


def _opportunities_changed(running: Running, run: SyncRun, crm: Crm, position: str) -> None:
    """The opportunities since the last sweep once more: what the polls have not seen is taken in now."""
    with reading() as session:
        before = position or syncing.position_of(session, crm.name, SWEPT)
        installation = finding.installation(session)
    page = crm.opportunities(before)
    words = [word_of(crm.name, installation, one) for one in page.items]
    with finishing(running) as session:
        now = utcnow()
        for word in words:
            unseen = selling.is_news(session, word.external_id, word.modified_at)
            heard = selling.hear(session, word, now) if unseen else None
            if heard is not None:
                lead_id, external_id = heard.lead_id, word.external_id
                syncing.note_finding(
                    session, run, Differs.CHANGED, now, lead_id=lead_id, external_id=external_id, repaired=READ
                )
        syncing.keep_position(session, crm.name, SWEPT, page.cursor, now)
        more = page.more and page.cursor != before
        _go_on(session, run, f"{CHANGED} {page.cursor}" if more else None, len(words))
