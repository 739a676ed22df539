"""What one wants to be told, and when: a line in one's Home, and the window to set it."""

from collections.abc import Mapping
from typing import Any

from bot.blocks import Block, chosen, context, line_input, option, select
from bot.ids import HomeField, HomeSubmission
from domain.own_settings import OwnView
from domain.rules import preferences as rules
from domain.rules.preferences import How

LINE_LENGTH = 60


def notification_words(view: OwnView, held: int) -> str:
    """How it is set, in a line. `held`: what waits for the digest."""
    wanted = view.preferences
    quiet = rules.quiet_words(wanted)
    quiet_line = {"": "quiet outside my hours", rules.NEVER: "never quiet"}.get(quiet, f"quiet {quiet}")
    ways = [wanted.how_of(alert) for alert in view.alerts]
    kinds = [
        f"{ways.count(how)} {words}" for how, words in ((How.DIGEST, "in the digest"), (How.OFF, "off")) if how in ways
    ]
    parts = [quiet_line, f"at most {wanted.budget} messages a day", f"digest at {rules.times_words(wanted)}", *kinds]
    waiting = f"  ·  *{held} {'waits' if held == 1 else 'wait'} for the digest*" if held else ""
    return "🔔 " + ", ".join(parts) + waiting


def notifications_modal(view: OwnView) -> dict[str, Any]:
    wanted = view.preferences
    quiet_hint = f"As in: 19:00-08:00. Empty: outside my hours. {rules.NEVER}: at any time."
    lines: tuple[tuple[HomeField, str, str, str], ...] = (
        (HomeField.QUIET, "Quiet hours", rules.quiet_words(wanted), quiet_hint),
        (HomeField.BUDGET, "Direct messages a day, at most", str(wanted.budget), "What is more goes into the digest."),
        (HomeField.DIGEST_AT, "Times of my digest", rules.times_words(wanted), "As in: 09:00, 16:00."),
    )
    return {
        "type": "modal",
        "callback_id": HomeSubmission.NOTIFICATIONS,
        "title": {"type": "plain_text", "text": "Notifications"},
        "submit": {"type": "plain_text", "text": "Save"},
        "close": {"type": "plain_text", "text": "Cancel"},
        "blocks": [
            *(_kind(alert, wanted) for alert in view.alerts),
            *(line_input(field, label, value, hint, max_length=LINE_LENGTH) for field, label, value, hint in lines),
            context("An HQL of yours is told at any hour. Lead cards always come at once."),
        ],
    }


def _kind(alert: rules.Alert, wanted: rules.Preferences) -> Block:
    options = [option(how.words, how.value) for how in rules.choices(alert)]
    return chosen(select(alert.value, alert.words, "Choose one", options), wanted.how_of(alert).value, "")


def wished(values: Mapping[str, str], view: OwnView) -> dict[rules.Alert, How]:
    """What was chosen in the window. Kinds that did not stand in it stay as they were."""
    sent = {alert: How(values[alert]) for alert in view.alerts if values.get(alert) in set(rules.choices(alert))}
    return {**view.preferences.how, **sent}
