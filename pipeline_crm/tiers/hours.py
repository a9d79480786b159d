"""What time it is for what nobody asked for: the sweep and the digests."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def hour() -> datetime:
    """The hour of the database, which all processes share; a worker's own clock may be wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now
