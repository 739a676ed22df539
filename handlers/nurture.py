"""Stage 3, below MQL: enrol the lead, and tell marketing automation what we know of it and in which programme it is."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from domain.stats.content import measured
from domain.verbs import enrolling, recommending, telling
from domain.verbs.enrolling import Move
from domain.verbs.nurturing import enrol
from handlers.draining import (
    changed_of,
    contacts_of,
    drain_again,
    for_each,
    link_system,
    note_answers,
    own_name,
)
from handlers.jobs import Running, finishing, job, reading, send, transaction
from handlers.sending import Job
from integrations import registry
from integrations.marketing_ports import MarketingAutomation, Member, NoSuchProgramme
from integrations.ports import Upserted
from kit.clock import utcnow

log = structlog.get_logger()


@job(Job.NURTURE)
def nurture(running: Running, lead_id: int) -> None:
    with finishing(running) as session:
        enrol(session, lead_id, utcnow())


@job(Job.TELL_MARKETING)
def tell_marketing(running: Running, automation: str = "") -> None:
    """Tell marketing automation about the leads that changed: one batch a job, only what differs from the last word."""
    if not automation and len(registry.automations()) > 1:
        for_each(running, Job.TELL_MARKETING, telling.MARKETING)
        return
    marketing = registry.marketing(automation or None)
    if marketing is None:
        return
    system = link_system(telling.MARKETING, marketing)
    with reading() as session:
        links = telling.dirty_links(session, system, marketing.batch_size)
        contacts = contacts_of(session, marketing, [link.lead_id for link in links])
    wanted = [(link, contacts[link.lead_id]) for link in links]
    changed = changed_of(wanted)
    answers = marketing.upsert_contacts([contact for _, contact in changed]) if changed else []
    told = dict(zip((link.lead_id for link, _ in changed), answers, strict=True))
    again = drain_again(Job.TELL_MARKETING, automation)
    with finishing(running) as session:
        note_answers(session, system, wanted, told, again, marketing.batch_size)
        if telling.dirty_links(session, link_system(telling.PROGRAMMES, marketing), 1):
            # Who has just become a contact there can be enrolled now.
            send(session, drain_again(Job.ENROL_MARKETING, automation))


@dataclass(slots=True)
class Known:
    """Where marketing automation has a lead by now; `later`: it is to be tried again."""

    is_in: str | None
    problem: str | None = None
    later: bool = False


@job(Job.ENROL_MARKETING)
def enrol_marketing(running: Running, automation: str = "") -> None:
    """Take leads out of the programme they are in no more, and put them into theirs: one batch a job, newest wins."""
    if not automation and len(registry.automations()) > 1:
        for_each(running, Job.ENROL_MARKETING, telling.PROGRAMMES)
        return
    marketing = registry.marketing(automation or None)
    if marketing is None:
        return
    with reading() as session:
        moves = enrolling.moves(session, marketing.batch_size, own_name(marketing))
    # Of whom we are not sure that they are where they should be, they are put there again.
    known = {move: Known(move.is_in if move.sure or move.is_in != move.wanted else None) for move in moves}
    _leave(marketing, known)
    _join(marketing, known)
    with finishing(running) as session:
        for move, now in known.items():
            if now.later:
                enrolling.put_off(session, move, utcnow())
            else:
                enrolling.note(session, move, now.is_in, now.problem, utcnow())
        if len(known) == marketing.batch_size and not all(now.later for now in known.values()):
            send(session, drain_again(Job.ENROL_MARKETING, automation))


def _leave(marketing: MarketingAutomation, known: Mapping[Move, Known]) -> None:
    """A programme that is gone has nobody in it."""
    leaving = [(move, move.is_in) for move in known if move.is_in is not None and move.is_in != move.wanted]
    _say_before(leaving)
    for programme, moves in _grouped(leaving):
        with suppress(NoSuchProgramme):
            answers = marketing.withdraw(programme, [Member(move.contact_id, move.email) for move in moves])
            for move, answer in zip(moves, answers, strict=True):
                known[move].later = answer.later
        for move in moves:
            if not known[move].later:
                known[move].is_in = None


def _join(marketing: MarketingAutomation, known: Mapping[Move, Known]) -> None:
    """A wrong name of one programme does not hold up the others; its leads say so, until it is put right."""
    joining = [(move, move.wanted) for move, now in known.items() if now.is_in is None and move.wanted is not None]
    _say_before(joining)
    for programme, moves in _grouped(joining):
        try:
            answers = marketing.enrol(programme, [Member(move.contact_id, move.email) for move in moves])
        except NoSuchProgramme as wrong:
            why = f"The programme {moves[0].programme} cannot be entered: {wrong.why}"
            log.warning("nurture.no_such_programme", why=why)
            answers = [Upserted(move.email, problem=why) for move in moves]
        for move, answer in zip(moves, answers, strict=True):
            now = known[move]
            now.problem, now.later = answer.problem, answer.later
            now.is_in = None if answer.problem or answer.later else programme


def _say_before(asked: Sequence[tuple[Move, str]]) -> None:
    """What we ask for may be done though the answer gets lost; and by the next try the lead may want to be elsewhere."""
    if asked:
        with transaction() as session:
            enrolling.about_to(session, asked)


def _grouped(asked: Sequence[tuple[Move, str]]) -> list[tuple[str, list[Move]]]:
    """The moves by the outside's name of the programme."""
    by_name: dict[str, list[Move]] = {}
    for move, name in asked:
        by_name.setdefault(name, []).append(move)
    return sorted(by_name.items())


@job(Job.MEASURE_CONTENTS)
def measure_contents(running: Running) -> None:
    """What each content did, over all of the record."""
    now = utcnow()
    with reading() as session:
        results = measured(session, now, on_the_way=running.renew)
    with finishing(running) as session:
        recommending.keep_measured(session, results, now)
