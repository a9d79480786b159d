"""Many claimers at one pool: no record twice, none left."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from tests.laws.ten import ten

from . import world
from .ground import TICK, Ground
from .hands import Hands
from .jobs import use


@dataclass(frozen=True)
class Race:
    """How it ended."""

    claimers: int
    records: int
    claimed: int
    twice: int
    seconds: float
    strange: list[str]
    answers: dict[str, list[str]]

    @property
    def well(self) -> bool:
        """Every record was taken, and by one."""
        return self.claimed == self.records and not self.twice and not self.strange and not any(self.answers.values())


def run(ground: Ground, database: str, *, claimers: int, records: int) -> Race:
    """Lets so many people empty a pool of so many records, each in a process of their own."""
    use(database)
    world.lay(leads=records, seconds=1, scouts=claimers, room=3.0, shares={"pool": 100})
    folder = ground.folder / database
    folder.mkdir()
    hands = Hands(database, folder)
    began = time.monotonic()
    try:
        for seat in range(claimers):
            hands.start("take", seat)
        while _left() and time.monotonic() < began + 600:
            time.sleep(0.1)
    finally:
        hands.stop()
    seconds = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) - count(DISTINCT record_id), now() FROM timeline_movement WHERE cause = 'claimed'"
        )
        claimed, twice, now = cursor.fetchone()
    answers = ten(now=now, tick=timedelta(seconds=TICK), shortest=world.CLOCK)
    return Race(claimers, records, claimed, twice, seconds, hands.told()[1], answers)


def _left() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM leads_lead WHERE seat_id IS NULL")
        return int(cursor.fetchone()[0])
