"""Numbers of things, as one says them."""


def how_many(count: int, one: str, many: str | None = None) -> str:
    """`1 deal`, `1,200 deals`; `many` where a lone "s" at the end does not make it: `1 lead waits`, `3 leads wait`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"
