"""The workspace that every sandbox starts with. The ids never change; the people are samples and nobody."""

from sandbox.slack.records import Channel, Command, Person

TEAM_ID = "T0SANDBOX01"
TEAM_NAME = "Sample Company"
APP_ID = "A0HANDOFF01"
BOT_ID = "B0HANDOFF01"
BOT_USER = "U0HANDOFF01"


def sample(user_id: str, real_name: str, title: str, role: str, color: str) -> Person:
    name = real_name.lower().replace(" ", ".")
    return Person(user_id, name, real_name, f"{name}@example.com", title, role, color)


PEOPLE = (
    sample("U0SAMSDR001", "Sam Sample", "SDR, EMEA", "sdr", "2f7d6b"),
    sample("U0DANASDR01", "Dana Demo", "SDR, Americas", "sdr", "9b4dca"),
    sample("U0ELISDR001", "Eli Example", "SDR, APAC", "sdr", "c4682b"),
    sample("U0ADAAE0001", "Ada Account", "Account Executive", "ae", "2b66c4"),
    sample("U0ALEXAE001", "Alex Closer", "Account Executive", "ae", "b8324f"),
    sample("U0MORGAN001", "Morgan Manager", "Sales Manager", "manager", "5a6b1f"),
    sample("U0MIKAMKT01", "Mika Marketing", "Marketing", "marketer", "a0567a"),
    sample("U0GALEGST01", "Gale Guest", "Guest", "guest", "6b6f76"),
    Person(BOT_USER, "handoff", "Handoff", "", "App", "bot", "1d3557", is_bot=True),
)

SCOPES = frozenset(
    {
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:read",
        "im:write",
        "reactions:write",
        "team:read",
        "users:read",
        "users:read.email",
    }
)
"""What the app's token may do at first; a test takes away what it wants to be missing."""

SDRS = ["U0SAMSDR001", "U0DANASDR01", "U0ELISDR001"]
MANAGER = "U0MORGAN001"
GUEST = "U0GALEGST01"

COMMANDS = (
    Command(
        "/leadstats", "How leads are doing, with a chart", "[me|team|@rep|channel NAME|campaign NAME] [30d|quarter]"
    ),
    Command("/lead", "Where a lead stands, and what you can do", "name@company.com"),
    Command("/leadnext", "Who is next, and who is passed over", "[pool] [fairness 30d]"),
    Command("/leadwhy", "Why a lead has its score, and who gets it", "name@company.com"),
    Command("/leadhelp", "What you can ask, with examples", ""),
)


def channels() -> list[Channel]:
    return [
        Channel("C0SDREMEA01", "sdr-emea", [*SDRS, MANAGER, BOT_USER, GUEST]),
        Channel("C0SDRAMER01", "sdr-americas", [*SDRS, MANAGER, BOT_USER]),
        Channel("C0SDRAPAC01", "sdr-apac", [*SDRS, MANAGER, BOT_USER]),
        Channel("C0MANAGERS1", "sales-managers", [MANAGER, BOT_USER]),
        Channel("C0GENERAL01", "general", [person.id for person in PEOPLE]),
    ]
