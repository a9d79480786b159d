"""What PostgreSQL itself holds true about tasks: each record knows when its next one is due."""

from __future__ import annotations

import pgtrigger

from pipeline_crm.tiers.stages import Stage

# The records are locked before their tasks are read: whoever changes another task of theirs waits, and reads anew.
_TELLS = """
    IF EXISTS (SELECT 1 FROM {changed} WHERE stage = '{stage}') THEN
        PERFORM 1 FROM {table} WHERE id IN (SELECT record_id FROM {changed} WHERE stage = '{stage}')
            ORDER BY id FOR NO KEY UPDATE;
        UPDATE {table} record SET next_task_at = told.due_at FROM (
            SELECT touched.record_id, (
                SELECT min(due_at) FROM timeline_task
                WHERE stage = '{stage}' AND record_id = touched.record_id AND done_at IS NULL
            ) AS due_at FROM (SELECT DISTINCT record_id FROM {changed} WHERE stage = '{stage}') touched
        ) told WHERE record.id = told.record_id AND record.next_task_at IS DISTINCT FROM told.due_at;
    END IF;
"""
_BOTH = "(SELECT stage, record_id FROM old_rows UNION SELECT stage, record_id FROM new_rows) both_rows"


def tells_of_tasks() -> list[pgtrigger.Trigger]:
    """Every change of tasks tells their records when the next one is due; one statement for any number of tasks."""
    old, new = pgtrigger.Referencing(old="old_rows"), pgtrigger.Referencing(new="new_rows")
    both = pgtrigger.Referencing(old="old_rows", new="new_rows")
    return [
        pgtrigger.Trigger(
            name=f"a_task_{verb}_its_record",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=rows,
            func="".join(_told(stage, changed) for stage in Stage) + "    RETURN NULL;\n",
        )
        for verb, operation, rows, changed in (
            ("is_set_for", pgtrigger.Insert, new, "new_rows"),
            ("changes_for", pgtrigger.Update, both, _BOTH),
            ("is_gone_from", pgtrigger.Delete, old, "old_rows"),
        )
    ]


def _told(stage: Stage, changed: str) -> str:
    return _TELLS.format(stage=stage, table=f"{stage}s_{stage}", changed=changed)
