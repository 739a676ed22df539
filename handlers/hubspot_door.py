"""HubSpot tells us which contacts are new or changed. Which ones is all we take from it: how they stand now is asked for."""

from domain.tables import Lead
from domain.verbs import syncing
from domain.verbs.field_mapping import map_of
from handlers.contacts_in import deliveries, lead_of
from handlers.draining import own_name
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.problems import Problem
from handlers.sending import Job, Sending
from integrations import registry
from integrations.hubspot_settings import hubspot_settings
from integrations.hubspot_webhooks import NoEventsError, contact_events, contact_of, is_signed
from kit.clock import utcnow

HUBSPOT = "hubspot"


def receive(body: bytes, signature: str, timestamp: str) -> None:
    """Keep the events of one delivery, each once, and have their contacts read. Raises Problem."""
    settings = hubspot_settings()
    secret = settings.client_secret.get_secret_value()
    if not secret or not settings.signed_uri:
        raise Problem(404, "hubspot_not_set_up", "HUBSPOT_CLIENT_SECRET and HUBSPOT_WEBHOOK_URI are not set.")
    now = utcnow()
    if not is_signed(secret, settings.signed_uri, body, signature, timestamp, now):
        raise Problem(401, "wrong_signature", "X-HubSpot-Signature-v3 is not that of this body, address and secret.")
    try:
        events = contact_events(body, settings.portal_id)
    except NoEventsError:
        raise Problem(400, "no_events", "The body is no list of at most 100 events.") from None
    if not events:
        return
    with transaction() as session:
        new = syncing.keep_events(session, HUBSPOT, {event.key: event.body for event in events}, now)
        if new:
            send(session, Sending(Job.READ_HUBSPOT_CONTACTS, {"arrivals": ",".join(map(str, new))}))


@job(Job.READ_HUBSPOT_CONTACTS)
def read_hubspot_contacts(running: Running, arrivals: str) -> None:
    """Read the contacts that these events are about, and take in what is new of them."""
    marketing = registry.marketing(HUBSPOT)
    if marketing is None:
        return
    with reading() as session:
        bodies = syncing.kept_bodies(session, [int(one) for one in arrivals.split(",")])
        fields = map_of(session, HUBSPOT, marketing.default_map)
    about = {arrival_id: contact_of(body) for arrival_id, body in bodies.items()}
    found = marketing.contacts(sorted({*about.values()}), fields.read) if about else ()
    with finishing(running) as session:
        now, leads = utcnow(), dict[str, Lead | None]()
        for one in sorted(found, key=lambda contact: contact.email):
            lead = lead_of(session, one.email)
            received = syncing.receive_from(session, HUBSPOT, deliveries(fields, one, lead), now, own_name(marketing))
            leads[one.external_id] = received[0] if received else lead
        for arrival_id, contact_id in about.items():
            lead = leads.get(contact_id)
            syncing.settle_event(session, arrival_id, lead.id if lead is not None else None)
