"""Refusals of the loops and the pulse."""

from domain.rules.refusal import Refusal


class NotYourPulse(Refusal):
    key = "not_your_pulse"
    status = 403

    words = "This question was for somebody else."


class PulseOver(Refusal):
    key = "pulse_over"

    words = "This question is closed: it was about a month that has been spoken of. The next one comes by itself."


class NotOverYet(Refusal):
    """Facts: `loop`."""

    key = "span_not_over"

    words = (
        "That time is not over yet. What the {loop} loop says is said once, and would lack the rest of it; "
        "without --now it is shown here."
    )


class NoSuchSpan(Refusal):
    """Facts: `loop`, `example`."""

    key = "no_such_span"
    status = 422

    words = "That is no time the {loop} loop speaks of. Write it as {example}."
