"""What needs numpy and scipy. Loaded by name, in jobs only: `tests/test_house.py` says by whom."""
