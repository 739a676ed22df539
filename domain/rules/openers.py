"""A first line of talk, from what the lead asked for, came to or read. It names one thing that they gave us knowingly at most:
that somebody was seen on a page or opened a mail is nothing to greet them with.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.rules.facts import TouchKind
from domain.rules.personas import Persona

LONGEST_TITLE = 60
FRESH, WEEK, MONTH = timedelta(days=2), timedelta(days=8), timedelta(days=32)


@dataclass(frozen=True, slots=True)
class Did:
    """Something that the lead did. `title` is that of the content, if it is known."""

    kind: str
    at: datetime
    title: str | None = None


GOOD_FOR: Mapping[str, timedelta] = {
    TouchKind.DEMO_REQUEST: timedelta(days=60),
    TouchKind.CHAT: timedelta(days=14),
    TouchKind.EVENT_ATTENDANCE: timedelta(days=30),
    TouchKind.WEBINAR: timedelta(days=30),
    TouchKind.CONTENT_DOWNLOAD: timedelta(days=45),
    TouchKind.FORM_SUBMISSION: timedelta(days=45),
}
"""What may be named, the best first, and for how long after it."""

# {just} is filled when it was a moment ago, {ago} when it was not, {title} when there is one.
_SAID: Mapping[str, tuple[str, str]] = {
    TouchKind.DEMO_REQUEST: ("You {just}asked us for a demo{ago}.", ""),
    TouchKind.CHAT: ("You {just}wrote to us in the chat{ago}.", ""),
    TouchKind.EVENT_ATTENDANCE: ("You were at our event{ago}.", "You were at “{title}”{ago}."),
    TouchKind.WEBINAR: ("You were in our webinar{ago}.", "You were in our webinar “{title}”{ago}."),
    TouchKind.CONTENT_DOWNLOAD: ("You {just}asked us for something to read{ago}.", "You {just}got “{title}”{ago}."),
    TouchKind.FORM_SUBMISSION: ("You {just}wrote to us{ago}.", ""),
}
_OTHER = Persona.OTHER
_ASKED_FOR_A_DEMO: Mapping[Persona, str] = {
    Persona.DECISION_MAKER: "What would it have to do for you to call it worth the money?",
    Persona.INFLUENCER: "Who besides you should see it, and what matters to them?",
    Persona.PRACTITIONER: "What takes most of your day: shall we start with that?",
    _OTHER: "What would you like to see first?",
}
_CAME_TO_US: Mapping[Persona, str] = {
    Persona.DECISION_MAKER: "What made it a topic for you just now?",
    Persona.INFLUENCER: "Is your team working on this at the moment?",
    Persona.PRACTITIONER: "How do you do this today?",
    _OTHER: "What were you hoping to find?",
}
_NOTHING_TO_NAME: Mapping[Persona, str] = {
    Persona.DECISION_MAKER: "What should be different by the end of the year, if one thing could be?",
    Persona.INFLUENCER: "What is your team held up by most at the moment?",
    Persona.PRACTITIONER: "What part of your week would you rather not do by hand?",
    _OTHER: "May I ask what you would change first in how you work today?",
}


def opener(deeds: Sequence[Did], persona: str | None, now: datetime) -> str:
    """One or two sentences to begin a call with. The title in it is text from outside."""
    whom = Persona(persona) if persona in set(Persona) else _OTHER
    deed = _worth_naming(deeds, now)
    if deed is None:
        return _NOTHING_TO_NAME[whom]
    question = _ASKED_FOR_A_DEMO if deed.kind == TouchKind.DEMO_REQUEST else _CAME_TO_US
    return f"{_named(deed, now)} {question[whom]}"


def _worth_naming(deeds: Sequence[Did], now: datetime) -> Did | None:
    """The best kind first, and of it the newest."""
    for kind, span in GOOD_FOR.items():
        recent = [one for one in deeds if one.kind == kind and timedelta(0) <= now - one.at <= span]
        if recent:
            return max(recent, key=lambda one: one.at)
    return None


def _named(deed: Did, now: datetime) -> str:
    bare, titled = _SAID[deed.kind]
    title = spoken_title(deed.title)
    fresh = now - deed.at < FRESH
    words = {"just": "just " if fresh else "", "ago": "" if fresh else _ago(now - deed.at)}
    # No format string holds text from outside: braces in a title stay what they are.
    return (titled if titled and title else bare).format(title=title, **words)


def _ago(age: timedelta) -> str:
    if age < WEEK:
        return " a few days ago"
    return " a few weeks ago" if age < MONTH else " some time ago"


def spoken_title(title: str | None) -> str:
    """A title as one would say it; the key of a content is read as words. Empty if nobody could say it."""
    words = " ".join((title or "").split())
    if not words or "://" in words or len(words) > LONGEST_TITLE or not re.search(r"[^\W\d_]{2}", words):
        return ""
    if " " in words:
        # The sentence says already what it was: our webinar “Webinar: ...” would say it twice.
        return re.sub(r"^(webinar|event|guide|e-?book)\s*[:|-]\s+", "", words, flags=re.IGNORECASE)
    return re.sub(r"[-_]+", " ", re.sub(r"\.\w{2,4}$", "", words)).strip()
