"""The two ways of saying no: to the app in Slack's error codes, to the page in a sentence."""

from collections.abc import Sequence


class SlackRefusal(Exception):
    """An error code of the Web API, with the details for `response_metadata.messages`, and fields beside it."""

    def __init__(self, code: str, messages: Sequence[str] = (), **more: str) -> None:
        super().__init__(code, *messages)
        self.code = code
        self.messages = list(messages)
        self.more = more


class PageRefusal(Exception):
    """What a person at the page cannot do: an HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
