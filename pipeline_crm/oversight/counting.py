"""The days of people, counted out of the journal: what the alarms are judged by."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from pipeline_crm.tiers.models import Pipeline

from .models import Tally
from .unusual import Day

KEPT = 42  # days of the past that an alarm looks at

# One day of a pipeline, by person. Nobody's hours are from ten in the evening to six in the morning.
COUNT = """
WITH read AS (
    SELECT by_id, kind, client_id, stage, record_id, detail, extract(hour FROM at AT TIME ZONE %(zone)s) AS hour
    FROM audit_line
    WHERE pipeline_id = %(pipeline)s AND at >= %(since)s AND at < %(until)s AND by_id IS NOT NULL
), tried AS (
    SELECT DISTINCT by_id, stage, record_id FROM read WHERE kind = 'denied' AND record_id IS NOT NULL
), steps AS (
    SELECT *, record_id - lag(record_id) OVER (PARTITION BY by_id, stage ORDER BY record_id) > 2 AS begins FROM tried
), runs AS (
    SELECT by_id, stage, count(*) FILTER (WHERE begins) OVER (PARTITION BY by_id, stage ORDER BY record_id) AS run
    FROM steps
), walks AS (
    SELECT by_id, max(long) AS walk FROM (SELECT by_id, count(*) AS long FROM runs GROUP BY by_id, stage, run) each
    GROUP BY by_id
), missed AS (
    SELECT by_id, count(*) AS misses FROM tried GROUP BY by_id
), came AS (
    SELECT seat.user_id AS by_id, count(DISTINCT (move.stage, move.record_id)) AS given
    FROM timeline_movement move JOIN tiers_seat seat ON seat.id = move.to_seat_id
    WHERE move.pipeline_id = %(pipeline)s AND move.at >= %(since)s AND move.at < %(until)s
      AND move.to_seat_id IS DISTINCT FROM move.from_seat_id
    GROUP BY seat.user_id
), counted AS (
    SELECT by_id,
           count(*) FILTER (WHERE kind IN ('revealed', 'dialled')) AS reveals,
           count(DISTINCT client_id) FILTER (WHERE kind IN ('viewed', 'revealed', 'dialled')) AS clients,
           count(*) FILTER (WHERE kind = 'searched') AS searches,
           coalesce(sum((detail->>'rows')::bigint) FILTER (
               WHERE kind = 'export_fetched' AND jsonb_typeof(detail->'rows') = 'number'), 0) AS exported,
           count(*) FILTER (WHERE kind IN ('viewed', 'revealed', 'dialled', 'export_fetched')
                            AND (hour < 6 OR hour >= 22)) AS night
    FROM read GROUP BY by_id
)
SELECT by_id, coalesce(reveals, 0), coalesce(clients, 0), coalesce(searches, 0), coalesce(exported, 0)::bigint,
       coalesce(misses, 0), coalesce(walk, 0), coalesce(night, 0), coalesce(given, 0)
FROM counted FULL JOIN missed USING (by_id) FULL JOIN walks USING (by_id) FULL JOIN came USING (by_id)
"""


def count(pipeline: Pipeline, day: date) -> dict[int, Day]:
    """What everybody did on one day of the pipeline's own clock."""
    since = datetime.combine(day, time(), tzinfo=pipeline.zone)
    until = datetime.combine(day + timedelta(days=1), time(), tzinfo=pipeline.zone)
    named: dict[str, Any] = {"zone": pipeline.time_zone, "pipeline": pipeline.pk, "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(COUNT, named)
        return {row[0]: Day(*row[1:]) for row in cursor.fetchall()}


def keep_tallies(pipeline: Pipeline, *, today: date) -> None:
    """Counts the days that are over and were not counted yet."""
    counted = Tally.objects.filter(pipeline=pipeline, day__gte=today - timedelta(days=KEPT))
    last = counted.order_by("-day").values_list("day", flat=True).first()
    day = last + timedelta(days=1) if last else today - timedelta(days=KEPT)
    while day < today:
        rows = [
            Tally(pipeline=pipeline, user_id=who, day=day, counts=asdict(one))
            for who, one in count(pipeline, day).items()
        ]
        Tally.objects.bulk_create(rows, ignore_conflicts=True)
        day += timedelta(days=1)


def past(pipeline: Pipeline, *, today: date) -> dict[int, list[Day]]:
    """The days of everybody before today, in order; on a day without a line nothing was done."""
    first = today - timedelta(days=KEPT)
    days: dict[int, list[Day]] = defaultdict(lambda: [Day()] * KEPT)
    rows = Tally.objects.filter(pipeline=pipeline, day__gte=first, day__lt=today).values_list(
        "user_id", "day", "counts"
    )
    for who, day, counts in rows:
        days[who][(day - first).days] = Day(**counts)
    return days
