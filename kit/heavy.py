"""What takes long to load, and is loaded only when it is wanted: what draws, and what does arithmetic in bulk."""

import os
from importlib import import_module
from types import ModuleType


def load(module: str) -> ModuleType:
    """The module of this name, with one thread for its linear algebra.

    OpenBLAS takes as many threads as there are cores, and lets them spin while they wait for each other. Our matrices are small: where
    other processes want the cores as well, learning then takes several times as long. It is asked once, before numpy is loaded;
    who runs us may say another number.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return import_module(module)
