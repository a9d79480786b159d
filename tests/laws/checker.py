"""Questions in SQL over everything that has happened; each answer must be nothing."""

from __future__ import annotations

from django.db import connection

STAGES = ("lead", "deal", "account")

_EACH = {
    "a version is missing or doubled": """
        SELECT r.id FROM {table} r LEFT JOIN timeline_movement m ON m.stage = '{stage}' AND m.record_id = r.id
        GROUP BY r.id, r.version HAVING count(m.id) <> r.version OR max(m.version) <> r.version OR min(m.version) <> 1
    """,
    "the last movement is not where the record is": """
        SELECT r.id FROM {table} r JOIN timeline_movement m ON m.stage = '{stage}' AND m.record_id = r.id AND m.version = r.version
        WHERE (m.to_state, m.to_step_id, m.to_tier_id) IS DISTINCT FROM (r.state, r.step_id, r.tier_id)
           OR m.to_seat_id IS DISTINCT FROM r.seat_id
    """,
    "a movement does not begin where the one before ended": """
        SELECT a.record_id FROM timeline_movement a
        JOIN timeline_movement b ON b.stage = a.stage AND b.record_id = a.record_id AND b.version = a.version + 1
        WHERE a.stage = '{stage}' AND ((a.to_state, a.to_step_id, a.to_tier_id) IS DISTINCT FROM (b.from_state, b.from_step_id, b.from_tier_id)
           OR a.to_seat_id IS DISTINCT FROM b.from_seat_id)
    """,
    "an owner does not sit at the tier": """
        SELECT r.id FROM {table} r JOIN tiers_seat s ON s.id = r.seat_id WHERE s.tier_id <> r.tier_id
    """,
    "a record does not know when its next task is due": """
        SELECT r.id FROM {table} r WHERE r.next_task_at IS DISTINCT FROM (
            SELECT min(due_at) FROM timeline_task WHERE stage = '{stage}' AND record_id = r.id AND done_at IS NULL
        )
    """,
    "an open record has no clock": """
        SELECT r.id FROM {table} r JOIN tiers_tier t ON t.id = r.tier_id
        WHERE r.state IN ('new', 'contacted', 'parked', 'offered', 'open', 'active', 'at_risk') AND r.stale_at IS NULL
    """,
}
_WHOLE = {
    "a qualified lead has no deal": """
        SELECT id FROM leads_lead l WHERE state = 'qualified'
          AND NOT EXISTS (SELECT 1 FROM deals_deal d WHERE d.lead_id = l.id AND d.state <> 'returned')
    """,
    "a won deal has no account": """
        SELECT id FROM deals_deal d WHERE state = 'won'
          AND NOT EXISTS (SELECT 1 FROM accounts_account a WHERE a.client_id = d.client_id AND a.pipeline_id = d.pipeline_id)
    """,
    "an offer lies with somebody else than its record": """
        SELECT h.id FROM conveyor_handoff h JOIN deals_deal d ON h.to_stage = 'deal' AND h.to_id = d.id
        WHERE h.state = 'offered' AND h.receiver_id IS DISTINCT FROM d.seat_id
    """,
    "an open task lies with a record that was handed on": """
        SELECT t.id FROM timeline_task t JOIN leads_lead l ON t.stage = 'lead' AND t.record_id = l.id
        WHERE t.done_at IS NULL AND l.state = 'qualified'
    """,
}


def broken() -> dict[str, list[int]]:
    """The promises that do not hold, each with the rows that break it."""
    questions = dict(_WHOLE)
    for stage in STAGES:
        for name, question in _EACH.items():
            questions[f"{stage}: {name}"] = question.format(stage=stage, table=f"{stage}s_{stage}")
    answers = {name: _ask(question) for name, question in questions.items()}
    return {name: rows for name, rows in answers.items() if rows}


def _ask(question: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return [row[0] for row in cursor.fetchall()]
