"""Which company a lead is of: by the domain of the address, else by the company's name within its country."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import column, func, select, text, true, tuple_, update, values
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from domain.rules.company_names import ALIKE, Candidate, Choice, choose, likeness, name_key, tied
from domain.rules.facts import Attribute
from domain.rules.refusals import CompanyUnclear
from domain.tables import Company, Happened, Lead, Rep
from domain.verbs.offering import live_handoff
from domain.verbs.record import happened, locked_lead

MOST_CANDIDATES = 20
_SHARED = text("set local pg_trgm.similarity_threshold = 0.4")
"""The part of their trigrams that names must share to be weighed. Of a hundred slips that are `ALIKE` one lies below it; with
Postgres' own 0.3 next to none does, and the search takes three times as long.
"""
DOMAIN, NAME, LIKENESS, NEW, TIE, PERSON = "domain", "name", "likeness", "new", "tie", "person"
"""How a company was found (`leads.company_match`, key `by`). A tie is none; what a person said stands."""
BY_NAME = frozenset({NAME, LIKENESS, NEW, TIE})


class Named(NamedTuple):
    """A company's name as it is compared, and its country."""

    key: str
    country: str


def match_companies(session: Session, leads: Iterable[Lead]) -> None:
    """Find or make the companies of these leads, all of them in a handful of queries. The leads are locked already."""
    wanted = {lead.id: lead for lead in leads if not _settled(lead)}
    with_domain = defaultdict(list)
    named = defaultdict(list)
    for lead in wanted.values():
        if domain := lead.attributes.get("company_domain"):
            with_domain[str(domain)].append(lead)
        elif name := _named(lead):
            if not _matched_with(lead, name):
                named[name].append(lead)
        elif (lead.company_match or {}).get("by") in BY_NAME:
            # The name or the country by which it was found was taken back.
            lead.company_id = lead.company_match = None
    if with_domain:
        _by_domain(session, with_domain)
    if named:
        _by_name(session, named)


def _settled(lead: Lead) -> bool:
    """What a person said stands; so does the domain of an address that was merged into one of free mail."""
    by = (lead.company_match or {}).get("by")
    return by == PERSON or (by == DOMAIN and not lead.attributes.get("company_domain"))


def firmer_company(one: Lead, other: Lead) -> Lead:
    """Whose company is known better: by a person, by its domain, by its name. Of equals the first's."""
    firm = {PERSON: 3, DOMAIN: 2}
    return max(
        one, other, key=lambda lead: firm.get((lead.company_match or {}).get("by", ""), lead.company_id is not None)
    )


def _named(lead: Lead) -> Named | None:
    """None where a name alone would say too little: without a country nothing is matched by it."""
    key, country = name_key(lead.company_name or ""), lead.attributes.get(Attribute.COUNTRY)
    return Named(key, str(country)) if key and country else None


def _matched_with(lead: Lead, name: Named) -> bool:
    """Whether this name was looked for before. A tie is looked at again with every word of the lead."""
    match = lead.company_match or {}
    return match.get("by") != TIE and (match.get("name"), match.get("country")) == name


def _by_domain(session: Session, leads: Mapping[str, Sequence[Lead]]) -> None:
    wanted = select(Company).where(Company.domain.in_(leads))
    found = {company.domain: company for company in session.scalars(wanted)}
    if missing := {domain: _first_named(leads[domain]) for domain in sorted(leads.keys() - found.keys())}:
        _adopt(session, missing)
        session.execute(upsert(Company).on_conflict_do_nothing(), [{"domain": domain} for domain in missing])
        found = {company.domain: company for company in session.scalars(wanted)}
    for domain, theirs in leads.items():
        company = found[domain]
        for lead in theirs:
            lead.company_id, lead.company_match = company.id, _match(DOMAIN)
            if not company.name_key and lead.company_name:
                company.name, company.name_key = lead.company_name, name_key(lead.company_name) or None
            company.country = company.country or lead.attributes.get(Attribute.COUNTRY)


def _first_named(leads: Iterable[Lead]) -> Named | None:
    return next(filter(None, map(_named, leads)), None)


def _adopt(session: Session, missing: Mapping[str, Named | None]) -> None:
    """A company that was known by its name alone turns out to have a domain. Whoever comes second finds it taken."""
    by_name = {name: domain for domain, name in missing.items() if name}
    if not by_name:
        return
    unowned = select(Company).where(
        Company.domain.is_(None), tuple_(Company.name_key, Company.country).in_(by_name.keys())
    )
    for company in session.scalars(unowned.order_by(Company.id)).all():
        domain = by_name[Named(company.name_key or "", company.country or "")]
        adopt = update(Company).where(Company.id == company.id, Company.domain.is_(None)).values(domain=domain)
        try:
            with session.begin_nested():
                session.execute(adopt.execution_options(synchronize_session=False))
        except IntegrityError:
            continue  # somebody has just made a company of this domain: then it is that one
        session.refresh(company)


def _by_name(session: Session, leads: Mapping[Named, Sequence[Lead]]) -> None:
    """The same name first, in one query; then, for the rest, the ones that look alike; what is left is a new company."""
    found = _same_name(session, leads)
    found |= _look_alikes(session, [name for name in leads if name not in found])
    _count_people(session, found)
    choices = {name: choose(name.key, found.get(name, ())) for name in leads}
    fresh = {name: theirs[0].company_name for name, theirs in leads.items() if _is_new(choices[name])}
    made = _make(session, fresh)
    for name, theirs in leads.items():
        company_id, match = made.get(name) or _chosen(choices[name])
        for lead in theirs:
            lead.company_id, lead.company_match = company_id, match | name._asdict() | {"name": name.key}


def _is_new(choice: Choice) -> bool:
    return choice.winner is None and not choice.tie


def _same_name(session: Session, names: Iterable[Named]) -> dict[Named, list[Candidate]]:
    rows = session.execute(
        select(Company.id, Company.domain, Company.name_key, Company.country).where(
            tuple_(Company.name_key, Company.country).in_(names)
        )
    )
    found: dict[Named, list[Candidate]] = defaultdict(list)
    for row in rows:
        found[Named(row.name_key, row.country)].append(Candidate(row.id, 100.0, row.domain))
    return dict(found)


def _look_alikes(session: Session, names: Sequence[Named]) -> dict[Named, list[Candidate]]:
    """For each name the few companies of its country that share most of its trigrams, weighed by `likeness`."""
    if not names:
        return {}
    asked = values(column("key", Company.name_key.type), column("country", Company.country.type), name="asked")
    asked = asked.data([tuple(name) for name in names])
    near = (
        select(Company.id, Company.domain, Company.name_key)
        .where(Company.name_key.bool_op("%")(asked.c.key), Company.country == asked.c.country)
        .order_by(func.similarity(Company.name_key, asked.c.key).desc(), Company.id)
        .limit(MOST_CANDIDATES)
        .lateral("near")
    )
    session.execute(_SHARED)
    found: dict[Named, list[Candidate]] = defaultdict(list)
    for row in session.execute(select(asked.c.key, asked.c.country, near).join(near, true())):
        candidate = Candidate(row.id, likeness(row.key, row.name_key), row.domain)
        found[Named(row.key, row.country)].append(candidate)
    return dict(found)


def _count_people(session: Session, found: dict[Named, list[Candidate]]) -> None:
    """Where two are as alike, how many leads each has: counted for those alone."""
    ranked = {name: sorted(them, key=lambda one: -one.likeness) for name, them in found.items()}
    close = {one.id for them in ranked.values() if len(near := tied(them)) > 1 for one in near}
    if not close:
        return
    counts = select(Lead.company_id, func.count()).where(Lead.company_id.in_(close)).group_by(Lead.company_id)
    people: dict[int | None, int] = dict(session.execute(counts).all())
    for name, them in found.items():
        found[name] = [replace(one, people=people.get(one.id, 0)) for one in them]


def _make(session: Session, names: Mapping[Named, str | None]) -> dict[Named, tuple[int, dict[str, Any]]]:
    """New companies by name and country. Spellings of one name that come together are one company."""
    if not names:
        return {}
    first: dict[Named, Named] = {}
    for name in names:
        alike = (one for one in first.values() if one.country == name.country and likeness(one.key, name.key) >= ALIKE)
        first[name] = next(alike, name)
    rows = [{"name": names[one], "name_key": one.key, "country": one.country} for one in sorted(set(first.values()))]
    new = upsert(Company)
    made = session.execute(
        new.on_conflict_do_update(
            index_elements=["name_key", "country"],
            index_where=Company.domain.is_(None),
            set_={"name_key": new.excluded.name_key},
        ).returning(Company.id, Company.name_key, Company.country),
        rows,
    )
    ids = {Named(row.name_key, row.country): row.id for row in made}
    return {
        name: (ids[one], _match(NEW) if one == name else _match(LIKENESS, round(likeness(one.key, name.key), 1)))
        for name, one in first.items()
    }


def _chosen(choice: Choice) -> tuple[int | None, dict[str, Any]]:
    second = choice.runner_up
    runner_up = {"company": second.id, "likeness": round(second.likeness, 1)} if second else None
    if choice.winner is None:
        return None, _match(TIE, runner_up=runner_up)
    by = NAME if choice.winner.likeness == 100 else LIKENESS
    return choice.winner.id, _match(by, round(choice.winner.likeness, 1), runner_up, choice.tiebreak)


def _match(
    by: str, likeness: float | None = None, runner_up: dict[str, Any] | None = None, tiebreak: str | None = None
) -> dict[str, Any]:
    return {"by": by, "likeness": likeness, "runner_up": runner_up, "tiebreak": tiebreak}


def set_company(session: Session, lead_id: int, name: str | None, *, by: Rep | None, now: datetime) -> Company | None:
    """A person says which company the lead is of, by its name or domain, or that it is of none. No match changes that again.

    Raises CompanyUnclear if several have the name.
    """
    lead = locked_lead(session, lead_id)
    company = _meant(session, lead, name) if name is not None else None
    lead.company_id, lead.company_match = company.id if company else None, _match(PERSON)
    happened(
        session,
        Happened.LEAD_COMPANY_SET,
        now,
        lead=lead,
        handoff=live_handoff(session, lead),
        rep_id=by.id if by else None,
        company_id=lead.company_id,
    )
    return company


def _meant(session: Session, lead: Lead, name: str) -> Company:
    by_domain = session.scalars(select(Company).where(Company.domain == name.strip().lower())).one_or_none()
    if by_domain is not None:
        return by_domain
    key, country = name_key(name), lead.attributes.get(Attribute.COUNTRY)
    if not key:
        raise CompanyUnclear(name=name, count=0)
    same = session.scalars(select(Company).where(Company.name_key == key).order_by(Company.id)).all()
    near = [company for company in same if company.country == country] or same
    if len(near) > 1:
        raise CompanyUnclear(name=name, count=len(near))
    if near:
        return near[0]
    company = Company(name=name, name_key=key, country=country)
    session.add(company)
    session.flush()
    return company
