"""`handoff import FILE --map MAP.toml`."""


def import_file() -> None:
    """Placeholder."""
