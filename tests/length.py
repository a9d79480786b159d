"""How long a proof runs: short among all tests, long by `make leaks`."""

from __future__ import annotations

import os
from pathlib import Path

LONG = os.environ.get("LEAKS") == "long"


def tell(what: str, number: int) -> None:
    """Writes down how much a proof has tried, for the table of `make leaks`."""
    if path := os.environ.get("LEAKS_TOLD"):
        with Path(path).open("a") as told:
            told.write(f"{number}\t{what}\n")
