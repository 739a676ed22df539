"""What both drains share: how a record's hash is made, and how a drain goes on with the next batch."""

import json
from dataclasses import asdict
from hashlib import sha256

from handlers.flow import Job, Priority, Sending
from integrations.ports import Contact, CrmLead


def digest(record: Contact | CrmLead) -> str:
    """A hash of what would be sent: the same hash means there is nothing new to say."""
    return sha256(json.dumps(asdict(record), sort_keys=True).encode()).hexdigest()


def drain_again(job: Job) -> Sending:
    """The next batch, at once."""
    return Sending(job, {}, key="all", lane=job.value, priority=Priority.LIVE)
