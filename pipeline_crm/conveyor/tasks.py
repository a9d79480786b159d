from __future__ import annotations

from celery import shared_task
from django.db import connection

from . import sweep as sweeping


@shared_task
def sweep() -> dict[str, int]:
    """Rings the sweep; may be rung twice, late or at once. The hour is the database's: a worker's clock may be wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now = cursor.fetchone()[0]
    return dict(sweeping.sweep(now=now))
