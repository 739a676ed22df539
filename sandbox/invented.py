"""People and companies that the enrichment twins know: made up from the e-mail alone, and always the same."""

import hashlib
from dataclasses import dataclass

INDUSTRIES = ("Software", "Financial Services", "Manufacturing", "Healthcare", "Retail", "Logistics", "Education")
COUNTRIES = (("US", "United States"), ("GB", "United Kingdom"), ("DE", "Germany"), ("FR", "France"), ("CA", "Canada"))
SIZES = (12, 45, 120, 260, 540, 1_200, 3_500, 12_000)
RANKS = (
    ("Chief Revenue Officer", "C-Level", "executive"),
    ("VP Marketing", "VP-Level", "executive"),
    ("Director of Operations", "Director", "director"),
    ("Sales Manager", "Manager", "manager"),
    ("Data Analyst", "Non-Manager", None),
)


@dataclass(frozen=True, slots=True)
class Invented:
    first_name: str
    last_name: str
    title: str
    level: str
    seniority: str | None
    phone: str
    company: str
    domain: str
    industry: str
    employees: int
    country: tuple[str, str]


def local_part(email: str) -> str:
    return email.partition("@")[0].casefold()


def invent(email: str) -> Invented:
    local, _, domain = email.casefold().partition("@")
    person, firm = number_of(email.casefold()), number_of(domain)
    first, _, last = local.replace("_", ".").partition(".")
    title, level, seniority = RANKS[person % len(RANKS)]
    return Invented(
        first_name=first.title(),
        last_name=(last or "Sample").title(),
        title=title,
        level=level,
        seniority=seniority,
        phone=f"+1 202 555 01{person % 100:02d}",
        company=domain.partition(".")[0].replace("-", " ").title(),
        domain=domain,
        industry=INDUSTRIES[firm % len(INDUSTRIES)],
        employees=SIZES[firm // 7 % len(SIZES)],
        country=COUNTRIES[firm // 53 % len(COUNTRIES)],
    )


def number_of(of: str) -> int:
    return int.from_bytes(hashlib.sha256(of.encode()).digest()[:6])
