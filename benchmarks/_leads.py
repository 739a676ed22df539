"""The invented leads: every one of them becomes an MQL with one post, or an HQL with two. Same seed, same leads."""

import json
import random
import re
from dataclasses import dataclass

COUNTRIES = ("DE", "US", "FR", "GB", "CA", "SE", "NL", "CH", "AT", "BE", "DK", "NO")
"""One pool each, so at most so many pools. Salespeople sit in all of them: a country alone changes no tier."""

MARKER = re.compile(r"\b[A-Z]\d{6}\b")
FIRST = ("Amara", "Bruno", "Chidi", "Daria", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kaori", "Liam")
TITLES = ("VP Sales", "Chief Revenue Officer", "Head of Marketing Operations", "Director of Sales Development")
COMPANIES = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Hazel", "Ivy", "Juniper", "Larch", "Maple", "Oak")


@dataclass(frozen=True, slots=True)
class BenchLead:
    """One lead: the bodies to post, in order. `marker` stands in its name and so on its card."""

    number: int
    marker: str
    hot: bool
    bodies: tuple[bytes, ...]


def invent(count: int, *, run: str, pools: int, hot_share: float, seed: int) -> list[BenchLead]:
    """`count` leads, spread evenly over the first `pools` countries; `run`: one capital letter that starts the markers."""
    rng = random.Random(f"{seed}-{run}")
    hot = set(rng.sample(range(count), round(count * hot_share)))
    return [
        _lead(rng, number, f"{run}{number:06d}", COUNTRIES[number % pools], number in hot) for number in range(count)
    ]


def _lead(rng: random.Random, number: int, marker: str, country: str, hot: bool) -> BenchLead:
    company = f"{rng.choice(COMPANIES)} Cloud"
    person = {
        "email": f"{marker}@{company.replace(' ', '-')}{number % 97}.example.com".lower(),
        "first_name": rng.choice(FIRST),
        "last_name": marker,
        "title": rng.choice(TITLES),
        "company": company,
        "industry": "Software",
        "employees": rng.choice((320, 640)),
        "country": country,
    }
    asked = {**person, "kind": "demo_request", "campaign": "spring-launch", "channel": "paid_search", "page": "/demo"}
    read = {**person, "kind": "content_download", "content": "Buyer's guide"}
    return BenchLead(
        number, marker, hot, tuple(json.dumps(each).encode() for each in ([read, asked] if hot else [asked]))
    )
