"""Who is looking at the page, and telling them what changed."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.slack.shapes import JSON

WAITING = 2_000  # things told to one page that it has not read yet; a page further behind is cut off and reloads


@dataclass(frozen=True)
class News:
    event: str
    data: JSON


class Hub:
    """One queue per open page; None in a queue ends it."""

    def __init__(self) -> None:
        self.pages: dict[str, set[asyncio.Queue[News | None]]] = defaultdict(set)
        self.closed = False

    def tell(self, users: Iterable[str], event: str, data: JSON) -> None:
        news = News(event, data)
        for user in users:
            for page in list(self.pages.get(user, ())):
                self.put(user, page, news)

    def tell_all(self, event: str, data: JSON) -> None:
        self.tell(list(self.pages), event, data)

    def put(self, user: str, page: asyncio.Queue[News | None], news: News) -> None:
        if page.qsize() < WAITING:
            page.put_nowait(news)
        else:
            self.pages[user].discard(page)
            page.put_nowait(None)

    def join(self, user: str) -> asyncio.Queue[News | None]:
        page: asyncio.Queue[News | None] = asyncio.Queue()
        self.pages[user].add(page)
        if self.closed:
            page.put_nowait(None)
        return page

    def leave(self, user: str, page: asyncio.Queue[News | None]) -> None:
        self.pages[user].discard(page)

    def close(self) -> None:
        """End every page's stream, so that the server can stop without waiting for anybody."""
        self.closed = True
        for pages in self.pages.values():
            for page in pages:
                page.put_nowait(None)
