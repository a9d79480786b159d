"""How many open records each seat holds: added up from the changes that triggers write, and recounted when in doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db import connection
from django.db.models import Sum

from pipeline_crm.access.identity import system_scope

from .models import Load
from .records import BELT

# One statement, so that what is counted and what is told are of one moment, whoever moves records meanwhile.
RECOUNT = """
WITH open AS ({opened}), counted AS (SELECT seat_id, count(*) AS n FROM open GROUP BY seat_id),
told AS (SELECT seat_id, sum(delta) AS n FROM conveyor_load GROUP BY seat_id)
INSERT INTO conveyor_load (seat_id, delta)
SELECT seat_id, coalesce(counted.n, 0) - coalesce(told.n, 0) FROM counted FULL JOIN told USING (seat_id)
WHERE coalesce(counted.n, 0) <> coalesce(told.n, 0)
RETURNING seat_id, delta
"""
OPENED = "SELECT seat_id FROM {table} WHERE seat_id IS NOT NULL AND state = ANY(%s)"


def load_of(seats: Collection[int]) -> Counter[int]:
    """How many open records each seat holds, over all stages."""
    rows = Load.objects.filter(seat__in=seats).order_by().values("seat").annotate(n=Sum("delta"))
    return Counter({row["seat"]: row["n"] for row in rows})


@system_scope("whatever anybody holds is counted")
def recount() -> dict[int, int]:
    """Puts right what a restore or a hand in the database has left wrong; returns by how much, for each seat."""
    opened = " UNION ALL ".join(OPENED.format(table=model._meta.db_table) for model in BELT.values())
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT.format(opened=opened), [[str(s) for s in model.OPEN] for model in BELT.values()])
        return dict(cursor.fetchall())
