"""How many contacts one person may open within an hour: counted in one row, so that many clicks at once cannot overspend."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from .models import OpenedHour

KEPT = timedelta(days=8)
# The row is locked until the transaction ends: what is rolled back was not spent, and who comes at once waits and is counted.
SPEND = """
INSERT INTO clients_openedhour AS spent (user_id, hour, count)
SELECT %(user)s, %(hour)s, 1 WHERE %(limit)s > 0
ON CONFLICT (user_id, hour) DO UPDATE SET count = spent.count + 1 WHERE spent.count < %(limit)s
RETURNING count
"""


def spend(user_id: int, *, limit: int, now: datetime) -> bool:
    """Counts one more contact in this hour; False, and nothing is counted, when the hour has no room for it."""
    with connection.cursor() as cursor:
        cursor.execute(SPEND, {"user": user_id, "hour": hour_of(now), "limit": limit})
        counted = cursor.fetchone()
    if counted == (1,):
        OpenedHour.objects.filter(user=user_id, hour__lt=now - KEPT).delete()
    return counted is not None


def hour_of(now: datetime) -> datetime:
    """The beginning of the hour."""
    return now.replace(minute=0, second=0, microsecond=0)


def free_again(now: datetime) -> datetime:
    """When the next hour begins."""
    return hour_of(now) + timedelta(hours=1)
