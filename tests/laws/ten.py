# ruff: noqa: S608  (every word of the questions is our own)
"""Ten questions in SQL over the whole history, to be asked when the fire is out; each answer must be nothing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection

from pipeline_crm.conveyor.records import BELT

OPEN = ", ".join(f"'{state}'" for state in sorted({state for model in BELT.values() for state in model.OPEN}))
_COLUMNS = """id, state, seat_id, step_id, tier_id, version, owner_since, step_since, touched_at, clock, clock_since,
    due_at, stale_at"""
_RECORDS = (
    "(" + " UNION ALL ".join(f"SELECT '{stage}' AS stage, {_COLUMNS} FROM {stage}s_{stage}" for stage in BELT) + ")"
)

_SWEPT = "('stale', 'expired', 'assigned')"
# When a row was committed, where the server keeps that; elsewhere nobody can tell.
_COMMITTED = (
    """CASE WHEN current_setting('track_commit_timestamp') = 'on' THEN pg_xact_commit_timestamp({row}.xmin) END"""
)

_ONE_HOLDER = f"""
    SELECT r.stage, r.id FROM {_RECORDS} r JOIN tiers_seat s ON s.id = r.seat_id WHERE s.tier_id <> r.tier_id
    UNION SELECT r.stage, r.id FROM {_RECORDS} r
    LEFT JOIN conveyor_handoff h ON h.to_stage = r.stage AND h.to_id = r.id AND h.state = 'offered'
    GROUP BY r.stage, r.id, r.state, r.seat_id
    HAVING count(h.id) <> (r.state = 'offered')::int
        OR bool_or(h.id IS NOT NULL AND h.receiver_id IS DISTINCT FROM r.seat_id)
    UNION SELECT 'lead', l.id FROM leads_lead l LEFT JOIN deals_deal d ON d.lead_id = l.id AND d.state <> 'returned'
    GROUP BY l.id, l.state HAVING count(d.id) <> (l.state = 'qualified')::int
    UNION SELECT 'deal', d.id FROM deals_deal d WHERE d.state = 'won' AND NOT EXISTS (
        SELECT 1 FROM accounts_account a WHERE a.client_id = d.client_id AND a.pipeline_id = d.pipeline_id)
"""
_CHAIN = f"""
    SELECT r.stage, r.id FROM {_RECORDS} r
    LEFT JOIN timeline_movement m ON m.stage = r.stage AND m.record_id = r.id
    GROUP BY r.stage, r.id, r.version
    HAVING count(m.id) <> r.version OR max(m.version) <> r.version OR min(m.version) <> 1
        OR count(DISTINCT m.version) <> r.version
    UNION SELECT stage, record_id FROM (
        SELECT stage, record_id, version,
            (from_state, from_seat_id, from_step_id, from_tier_id) IS DISTINCT FROM
            (lag(to_state) OVER way, lag(to_seat_id) OVER way, lag(to_step_id) OVER way, lag(to_tier_id) OVER way) AS torn
        FROM timeline_movement WINDOW way AS (PARTITION BY stage, record_id ORDER BY version)
    ) chain WHERE torn AND version > 1
"""
_SEAT = f"""
    SELECT r.stage, r.id FROM {_RECORDS} r
    JOIN timeline_movement m ON m.stage = r.stage AND m.record_id = r.id AND m.version = r.version
    WHERE (m.to_state, m.to_seat_id, m.to_step_id, m.to_tier_id)
        IS DISTINCT FROM (r.state::varchar, r.seat_id, r.step_id, r.tier_id)
"""
_HELD = (
    f"SELECT seat_id, count(*) AS n FROM {_RECORDS} r WHERE state IN ({OPEN}) AND seat_id IS NOT NULL GROUP BY seat_id"
)
_LOAD = f"""
    SELECT 'seat', s.id FROM tiers_seat s LEFT JOIN ({_HELD}) held ON held.seat_id = s.id
    LEFT JOIN (SELECT seat_id, sum(delta) AS n FROM conveyor_load GROUP BY seat_id) told ON told.seat_id = s.id
    WHERE coalesce(held.n, 0) <> coalesce(told.n, 0)
"""
_CAPACITY = (
    f"SELECT 'seat', s.id FROM tiers_seat s JOIN ({_HELD}) held ON held.seat_id = s.id WHERE held.n > s.capacity"
)
# The row of a seat or a person says by which transaction it was closed; later writes make the question milder, never wrong.
_INACTIVE = f"""
    SELECT m.stage, m.record_id FROM timeline_movement m
    JOIN tiers_seat s ON s.id = m.to_seat_id JOIN users_user u ON u.id = s.user_id
    WHERE m.to_seat_id IS DISTINCT FROM m.from_seat_id AND (
        (NOT s.is_open AND {_COMMITTED.format(row="m")} > {_COMMITTED.format(row="s")})
        OR (NOT u.is_active AND {_COMMITTED.format(row="m")} > {_COMMITTED.format(row="u")}))
"""
_BREACH = f"""
    SELECT b.stage, b.record_id FROM timeline_movement a
    JOIN timeline_movement b ON b.stage = a.stage AND b.record_id = a.record_id AND b.version = a.version + 1
    WHERE b.by_id IS NULL AND b.cause IN {_SWEPT} AND a.to_seat_id IS DISTINCT FROM a.from_seat_id
        AND b.at - a.at < %(shortest)s
    UNION SELECT b.stage, b.record_id FROM timeline_movement b
    WHERE b.by_id IS NULL AND b.at > {_COMMITTED.format(row="b")} + interval '1 minute'
    UNION SELECT stage, record_id FROM (
        SELECT stage, record_id, at - lag(at) OVER (PARTITION BY stage, record_id, kind ORDER BY at, id) AS gap
        FROM timeline_entry WHERE kind IN ('reminded', 'warned')
    ) told WHERE gap < %(shortest)s
"""
_DUE = f"""
    SELECT r.stage, r.id FROM {_RECORDS} r WHERE r.stale_at <= %(late)s
    UNION SELECT r.stage, r.id FROM {_RECORDS} r JOIN tiers_seat s ON s.id = r.seat_id
    JOIN users_user u ON u.id = s.user_id WHERE r.state IN ({OPEN}) AND NOT (s.is_open AND u.is_active)
    UNION SELECT r.stage, r.id FROM {_RECORDS} r WHERE r.touched_at IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM timeline_entry e WHERE e.stage = r.stage AND e.record_id = r.id AND e.at = r.touched_at
            AND e.kind IN ('call', 'message', 'meeting'))
    UNION SELECT r.stage, r.id FROM {_RECORDS} r WHERE r.clock_since <> ALL (ARRAY[r.owner_since, r.step_since, r.touched_at])
"""
_LOCKED = " UNION ".join(
    f"SELECT '{stage}', id FROM {stage}s_{stage} WHERE id NOT IN (SELECT id FROM free_{stage})" for stage in BELT
)
_FREE = ", ".join(
    f"free_{stage} AS MATERIALIZED (SELECT id FROM {stage}s_{stage} FOR NO KEY UPDATE SKIP LOCKED)" for stage in BELT
)
_DEADLOCK = f"WITH {_FREE} {_LOCKED}"
_GIVEN = f"""SELECT m.stage, m.record_id, m.version, s.user_id, m.stage || ':' || m.record_id || ':' || m.version || ':given' AS event
    FROM timeline_movement m JOIN tiers_seat s ON s.id = m.to_seat_id
    WHERE m.by_id IS NULL AND m.cause IN {_SWEPT}"""
_TAKEN = f"""SELECT m.stage, m.record_id, m.version, s.user_id, m.stage || ':' || m.record_id || ':' || m.version || ':taken_away' AS event
    FROM timeline_movement m JOIN tiers_seat s ON s.id = m.from_seat_id
    WHERE m.by_id IS NULL AND m.cause IN {_SWEPT} AND m.to_seat_id IS DISTINCT FROM m.from_seat_id"""
_NOTICE = f"""
    SELECT stage, record_id FROM outbox_notice GROUP BY stage, record_id, user_id, event HAVING count(*) > 1
    UNION SELECT f.stage, f.record_id FROM ({_GIVEN}) f
    LEFT JOIN outbox_notice n ON n.user_id = f.user_id AND n.event = f.event
    GROUP BY f.stage, f.record_id, f.version HAVING count(n.id) <> 1
    UNION SELECT f.stage, f.record_id FROM ({_TAKEN}) f
    LEFT JOIN outbox_notice n ON n.user_id = f.user_id AND starts_with(n.event, f.event)
    GROUP BY f.stage, f.record_id, f.version HAVING count(n.id) <> 1
    UNION SELECT n.stage, n.record_id FROM outbox_notice n WHERE n.kind = 'taken_away' AND NOT EXISTS (
        SELECT 1 FROM timeline_movement m WHERE m.stage = n.stage AND m.record_id = n.record_id
            AND m.version::text = split_part(n.event, ':', 3))
"""

TEN: dict[str, str] = {
    "exactly one holder": _ONE_HOLDER,
    "versions without gap or double": _CHAIN,
    "last movement is the seat": _SEAT,
    "load is the open records": _LOAD,
    "load within capacity": _CAPACITY,
    "nobody inactive received": _INACTIVE,
    "each breach acted on once": _BREACH,
    "each due record acted on": _DUE,
    "no deadlock left a record": _DEADLOCK,
    "notices one per event": _NOTICE,
}


def ten(
    *, now: datetime, tick: timedelta, shortest: timedelta, questions: Collection[str] = tuple(TEN)
) -> dict[str, list[str]]:
    """What each question finds, nothing being right.

    `tick` is how often the sweep is rung, `shortest` the least time that any clock gives; a moment of commit, which
    two of the questions ask for, is known where the server runs with `track_commit_timestamp`.
    """
    answers: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for name in questions:
            cursor.execute(TEN[name], {"late": now - 2 * tick, "shortest": shortest})
            answers[name] = sorted(f"{kind} {pk}" for kind, pk in cursor.fetchall())
    return answers
