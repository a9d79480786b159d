"""The sweep beside the floor S: `python -m benchmarks.sweeping 10000 60 told.json`.

S is raw SQL that writes the same rows (lead, movement with its reason, notice) in batches of a thousand with SKIP LOCKED.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")

import django
from django.db import connection
from django.utils import timezone

BATCH = 1_000
GLANCE = 0.004

STALE = """
    SET session_replication_role = replica;
    UPDATE leads_lead SET due_at = %(past)s, stale_at = %(past)s, rung = 0 WHERE id IN (
        SELECT id FROM leads_lead WHERE state IN ('new', 'contacted') AND seat_id = ANY (%(seats)s) AND stale_at > %(now)s
        ORDER BY id %(way)s LIMIT %(count)s);
    SET session_replication_role = DEFAULT;
"""
FLOOR = """
    WITH batch AS (
        SELECT * FROM leads_lead WHERE stale_at <= %(now)s ORDER BY stale_at, id LIMIT %(batch)s FOR UPDATE SKIP LOCKED
    ), given AS (
        SELECT *, (%(seats)s::bigint[])[1 + row_number() OVER () %% cardinality(%(seats)s::bigint[])] AS receiver FROM batch
    ), moved AS (
        UPDATE leads_lead l SET seat_id = g.receiver, owner_since = %(now)s, version = l.version + 1, rung = 0,
            clock = 'first_touch', clock_since = %(now)s, due_at = %(later)s, stale_at = %(later)s
        FROM given g WHERE l.id = g.id AND g.receiver <> g.seat_id RETURNING l.*, g.seat_id AS giver
    ), written AS (
        INSERT INTO timeline_movement (client_id, pipeline_id, stage, record_id, version, cause, at, from_state, to_state,
            from_step_id, to_step_id, from_seat_id, to_seat_id, from_tier_id, to_tier_id, why)
        SELECT client_id, pipeline_id, 'lead', id, version, 'stale', %(now)s, state, state, step_id, step_id, giver, seat_id,
            tier_id, tier_id, '{"strategy": "round_robin"}' FROM moved
    ), told AS (
        INSERT INTO outbox_notice (user_id, kind, stage, record_id, event, at{columns})
        SELECT s.user_id, 'assigned', 'lead', m.id, 'lead:' || m.id || ':' || m.version || ':given', %(now)s{values}
        FROM moved m JOIN tiers_seat s ON s.id = m.seat_id
    )
    UPDATE leads_lead l SET stale_at = %(later)s FROM given g WHERE l.id = g.id AND g.receiver = g.seat_id
"""


LOCKED_FOR = """
    SELECT EXTRACT(EPOCH FROM clock_timestamp() - xact_start) FROM pg_stat_activity
    WHERE pid = %s AND backend_xid IS NOT NULL
"""


class OutOfTime(Exception):
    """The measurement has taken as long as it may."""


def make_stale(count: int, now: datetime, way: str) -> None:
    """Lets so many leads in hand lie too long."""
    with connection.cursor() as cursor:
        told = {"past": now - timedelta(hours=1), "now": now, "count": count, "seats": _seats()}
        cursor.execute(STALE.replace("%(way)s", way), told)


def _seats() -> list[int]:
    """The scouts whose books have no bounds: those who want no more than they have neither lose nor get anything here."""
    from pipeline_crm.tiers.models import Seat

    from .firm import BOOK

    seats = Seat.objects.filter(tier__works_lead=True, capacity__gt=max(BOOK.values())).order_by("id")
    return list(seats.values_list("pk", flat=True))


def floor(count: int, now: datetime) -> float:
    """Leads a second that raw SQL passes on."""
    from pipeline_crm.outbox.models import Notice

    given = {"id", "user_id", "kind", "stage", "record_id", "event", "at"}
    rest = [field for field in Notice._meta.concrete_fields if field.column not in given and not field.null]
    told = {
        "now": now, "later": now + timedelta(days=1), "batch": BATCH, "seats": _seats(),
    } | {f"d_{field.column}": field.get_default() for field in rest}  # fmt: skip
    columns = "".join(f", {field.column}" for field in rest)
    sql = FLOOR.replace("{columns}", columns).replace("{values}", "".join(f", %(d_{f.column})s" for f in rest))
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for _batch in range(-(-count // BATCH)):
            cursor.execute(sql, told)
    return count / (time.perf_counter() - began)


def sweep(count: int, now: datetime, limit: int) -> dict[str, float]:
    """Leads a second that the sweep passes on, and the longest time for which it held its locks."""
    from pipeline_crm.conveyor.sweep import sweep as real
    from pipeline_crm.timeline.models import Movement

    before = Movement.objects.filter(stage="lead", at=now).count()
    watch = Watch()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(limit)
    began = time.perf_counter()
    try:
        real(now=now)
    except OutOfTime:
        connection.close()
    taken = time.perf_counter() - began
    signal.alarm(0)
    longest = watch.stop()
    moved = Movement.objects.filter(stage="lead", at=now).count() - before
    return {"moved": moved, "rate": moved / taken, "held": 1000 * longest}


def _stop(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


class Watch:
    """Another process that looks every few milliseconds for how long the sweep's transaction has held locks.

    A thread would take turns with the sweep it measures.
    """

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        self._mine, theirs = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(target=_look, args=(pid, theirs))
        self._process.start()
        # Should the other end die, this one must hear of it and not wait for ever.
        theirs.close()
        self._mine.recv()

    def stop(self) -> float:
        """Ends the looking; returns the longest time in seconds."""
        self._mine.send("enough")
        longest: float = self._mine.recv()
        self._process.join()
        return longest


def _look(pid: int, pipe: Any) -> None:
    django.setup()
    longest = 0.0
    with connection.cursor() as cursor:
        pipe.send("ready")
        while not pipe.poll(GLANCE):
            cursor.execute(LOCKED_FOR, [pid])
            longest = max([longest, *(float(row[0]) for row in cursor.fetchall())])
    pipe.send(longest)


def main(words: list[str]) -> int:
    """The command line: how many leads, for how many seconds at most, and where to write what was found."""
    django.setup()
    count, limit = int(words[0]), int(words[1])
    now = timezone.now()
    make_stale(count, now, "ASC")
    raw = floor(count, now)
    now = timezone.now()
    make_stale(count, now, "DESC")
    Path(words[2]).write_text(json.dumps({"floor": raw} | sweep(count, now, limit)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
