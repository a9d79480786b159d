"""Fills an empty database with a firm and its leads: `python -m benchmarks.seeding 20000 errands.json`."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django
from django.db import connection, transaction
from django.utils import timezone

CHUNK = 20_000
ACTS = 240
LOADS = """
    INSERT INTO conveyor_load (seat_id, delta)
    SELECT seat_id, count(*) FROM {table} WHERE seat_id IS NOT NULL AND state = ANY (%s) GROUP BY seat_id
"""


def seed(leads: int) -> None:
    """A firm with so many leads, and clients, contacts, movements, entries, hand-offs, deals and accounts in proportion."""
    from pipeline_crm.conveyor.records import BELT
    from pipeline_crm.tiers.stages import Stage

    from .firm import found
    from .rows import Years
    from .sheets import unguarded

    years = Years(found(), leads=leads, now=timezone.now())
    with transaction.atomic(), unguarded([sheet.table for sheet in years.sheets]):
        for number in range(1, leads + 1):
            years.live(number)
            if number % CHUNK == 0 or number == leads:
                for sheet in years.sheets:
                    sheet.send()
    with connection.cursor() as cursor:
        for stage in Stage:
            # The triggers that keep count of what everybody holds were silent.
            cursor.execute(LOADS.format(table=BELT[stage]._meta.db_table), [list(BELT[stage].OPEN)])
        # The lent database keeps no statistics by itself.
        cursor.execute("VACUUM (ANALYZE)")


def queries(asked: dict[str, list[dict[str, str]]]) -> dict[str, int]:
    """How many questions each page puts to the database, once the process is warm."""
    from django.test import Client

    from tests.counting import Questions

    counted = {}
    for name, errands in asked.items():
        if "form" in errands[0]:
            continue
        if name == "floor":
            continue
        browser = Client(headers={"host": "localhost", "cookie": errands[0]["cookie"]})
        browser.get(errands[0]["path"])
        with Questions() as seen:
            browser.get(errands[0]["path"])
        counted[name] = len(seen)
    return counted


def main(words: list[str]) -> int:
    """The command line: how many leads, and the file that tells what can be asked for."""
    django.setup()
    from pipeline_crm.access.identity import as_owner
    from tests.laws.checker import broken

    from .errands import errands, modest_errands

    began = time.monotonic()
    leads, file = int(words[0]), Path(words[1])
    # The history is written past the triggers, which only the owner can silence.
    with as_owner():
        seed(leads)
        taken = time.monotonic() - began
        found = broken()
        asked = errands(min(ACTS, leads // 20))
        modest = modest_errands()
    if found:
        for name, rows in found.items():
            print(f"{name}: {len(rows)} rows, such as {rows[:3]}", file=sys.stderr)
        return 1
    told = {"leads": leads, "seconds": taken, "errands": asked, "modest": modest, "queries": queries(asked)}
    file.write_text(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
