"""`python -m handlers`, which is `handoff`."""

import gc
from importlib import import_module


def main() -> None:
    # What is imported stays. Looking through all of it for garbage, again and again, is half of a start.
    gc.disable()
    cli = import_module("handlers.cli")
    gc.freeze()
    gc.enable()
    cli.main()


if __name__ == "__main__":
    main()
