"""Plays the customer's website: visitors who fill in forms, download, attend, and look at prices.

The visitors are invented from a seed, shaped like a real stream: most are cold, some warm up over a few touches, a few are hot
from the first form on. `python -m sandbox.website --url http://127.0.0.1:8000/capture/website --every 4`, key in CAPTURE_KEY.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

FIRST = (
    "Amara",
    "Bruno",
    "Chidi",
    "Daria",
    "Elif",
    "Farid",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaori",
    "Liam",
    "Maya",
    "Noor",
    "Oskar",
)
LAST = (
    "Abend",
    "Berger",
    "Costa",
    "Dubois",
    "Eriksen",
    "Ferrari",
    "Garcia",
    "Haas",
    "Ito",
    "Jansen",
    "Kim",
    "Lopez",
    "Meyer",
    "Novak",
)
COMPANIES = (
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gingko",
    "Hazel",
    "Ivy",
    "Juniper",
    "Larch",
    "Maple",
    "Oak",
    "Pine",
)
KINDS = ("Software", "Cloud", "Analytics", "Logistics", "Health", "Bank", "Media", "Retail")
INDUSTRY = {
    "Cloud": "Software",
    "Analytics": "Software",
    "Logistics": "Logistics",
    "Bank": "Banking",
    "Health": "Healthcare",
}
COUNTRIES = ("DE", "FR", "GB", "US", "US", "CA", "BR", "AU", "JP", "SE")
HIGH = ("VP Sales", "Chief Revenue Officer", "Head of Marketing Operations", "Director of Sales Development", "CEO")
MIDDLE = ("Marketing Manager", "Sales Operations Manager", "Demand Generation Manager", "Revenue Operations Manager")
LOW = ("Marketing Specialist", "SDR", "Business Analyst", "Student", "")
SIZES = (8, 35, 120, 320, 640, 1500, 9000)


@dataclass(frozen=True)
class Visit:
    """One post of the website."""

    body: dict[str, Any]
    key: str


def hot(rng: random.Random, number: int) -> list[Visit]:
    """A buyer who knows what they want: a demo request, after a look at the prices."""
    person = _person(rng, number, rng.choice(HIGH), rng.choice((320, 640)), "Cloud")
    return _visits(
        person,
        number,
        # One look first, not two: the demo request makes this an HQL at a stroke, with no stop at an SDR's.
        ("pricing_view", {"page": "/pricing"}),
        ("demo_request", {"campaign": "spring-launch", "channel": "paid_search", "page": "/demo"}),
    )


def warm(rng: random.Random, number: int) -> list[Visit]:
    """Somebody with a project: a guide, then a webinar."""
    person = _person(
        rng, number, rng.choice(MIDDLE), rng.choice((120, 320, 640)), rng.choice(("Software", "Analytics"))
    )
    return _visits(
        person,
        number,
        ("content_download", {"content": "ROI calculator", "channel": "organic_search"}),
        ("webinar", {"content": "Handing leads over in minutes", "campaign": "webinar-series"}),
    )


def cold(rng: random.Random, number: int) -> list[Visit]:
    """One of the many who only read."""
    person = _person(rng, number, rng.choice(LOW), rng.choice(SIZES), rng.choice(KINDS))
    if rng.random() < 0.3:
        person["email"] = person["email"].split("@")[0] + "@gmail.com"
    return _visits(
        person, number, ("content_download", {"content": "Glossary", "channel": rng.choice(("social", "email"))})
    )


def visitors(seed: int) -> Iterator[list[Visit]]:
    """Visitors without end, the same for the same seed."""
    rng = random.Random(seed)
    number = 0
    while True:
        number += 1
        draw = rng.random()
        yield hot(rng, number) if draw < 0.15 else warm(rng, number) if draw < 0.6 else cold(rng, number)


def _person(rng: random.Random, number: int, title: str, employees: int, kind: str) -> dict[str, Any]:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    company = f"{rng.choice(COMPANIES)} {kind}"
    domain = f"{company.lower().replace(' ', '-')}.example.com"
    return {
        "email": f"{first}.{last}.{number}@{domain}".lower(),
        "first_name": first,
        "last_name": last,
        "title": title,
        "company": company,
        "industry": INDUSTRY.get(kind, kind),
        "employees": employees,
        "country": rng.choice(COUNTRIES),
    }


def _visits(person: dict[str, Any], number: int, *touches: tuple[str, dict[str, str]]) -> list[Visit]:
    return [
        Visit({**person, "kind": kind, **more}, f"visitor-{number}-{step}") for step, (kind, more) in enumerate(touches)
    ]


def post(client: httpx.Client, url: str, visit: Visit, run: str) -> httpx.Response:
    """Send one visit. Its key makes a repeated delivery harmless."""
    return client.post(url, json=visit.body, headers={"Idempotency-Key": f"{run}-{visit.key}"})


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.website", description="Post invented visitors to a capture door."
    )
    parser.add_argument("--url", required=True, help="the capture door, http://127.0.0.1:8000/capture/website")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two visitors")
    parser.add_argument("--count", type=int, default=0, help="visitors to post; 0: without end")
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    key = os.environ.get("CAPTURE_KEY")
    if not key:
        sys.exit("CAPTURE_KEY is not set: it is the key of the source that is posted to.")
    run = f"{time.time_ns():x}"
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=10.0, trust_env=False) as client:
        for number, visits in enumerate(visitors(arguments.seed), start=1):
            for visit in visits:
                _try(client, arguments.url, visit, run)
            if number == arguments.count:
                return
            time.sleep(arguments.every)


def _try(client: httpx.Client, url: str, visit: Visit, run: str) -> None:
    try:
        answer = post(client, url, visit, run)
    except httpx.TransportError as gone:
        sys.stderr.write(f"the door did not answer ({type(gone).__name__})\n")
        return
    if answer.status_code >= 300:
        sys.stderr.write(f"the door answered {answer.status_code}: {answer.json().get('detail')}\n")


if __name__ == "__main__":
    main()
