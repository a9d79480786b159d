"""`make leaks`: every proof that nobody sees a client they should not, in its long form, and a table of what was tried."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

AT_ONCE = 2  # proofs that run side by side, each against a database of its own
PROOFS = {
    "sweep": "tests/access/test_sweep.py tests/access/test_canary.py tests/access/test_mail.py",
    "paired worlds": "tests/access/test_pairs.py",
    "next request": "tests/races/test_next_request.py",
    "attacks": "tests/attacks",
    "matrix": "tests/access/matrix tests/access/test_doors.py",
    "walls": "tests/access --ignore tests/access/matrix --ignore tests/access/test_sweep.py --ignore tests/access/test_pairs.py",
    "files out": "tests/exchange",
}


class Outcome(NamedTuple):
    """How one proof ended."""

    name: str
    passed: int
    failed: int
    seconds: float
    told: list[str]
    words: str


def proven(name: str) -> Outcome:
    """Runs one proof to its end."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told"
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *PROOFS[name].split()]
        surroundings = os.environ | {"LEAKS": "long", "LEAKS_TOLD": str(told)}
        began = time.monotonic()
        run = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
        counted = dict.fromkeys(("passed", "failed", "error"), 0)
        for number, word in re.findall(r"(\d+) (passed|failed|error)", run.stdout.strip().splitlines()[-1]):
            counted[word] = int(number)
        lines = told.read_text().splitlines() if told.exists() else []
        failed = counted["failed"] + counted["error"] + (run.returncode != 0 and not counted["failed"])
        return Outcome(name, counted["passed"], failed, time.monotonic() - began, lines, run.stdout + run.stderr)


def main(names: list[str]) -> int:
    """Runs the proofs that are named, or all; gives 1 when any of them failed."""
    with ThreadPoolExecutor(AT_ONCE) as hands:
        outcomes = list(hands.map(proven, names or PROOFS))
    for outcome in outcomes:
        if outcome.failed:
            print(f"\n== {outcome.name}\n{outcome.words}")  # noqa: T201
    print(f"\n{'proof':<16}{'tests':>7}{'failed':>8}{'minutes':>9}   tried")  # noqa: T201
    for outcome in outcomes:
        tried = ", ".join(f"{int(line.partition('\t')[0]):,} {line.partition('\t')[2]}" for line in outcome.told)
        print(f"{outcome.name:<16}{outcome.passed:>7}{outcome.failed:>8}{outcome.seconds / 60:>9.1f}   {tried}")  # noqa: T201
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
