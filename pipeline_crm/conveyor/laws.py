"""What PostgreSQL itself holds true about a record on the belt (invariants I1, I3, I4, I5, I9)."""

from __future__ import annotations

from collections.abc import Iterable

import pgtrigger

from pipeline_crm.tiers.stages import Stage

_BORN_AT_THE_BEGINNING = """
        IF NEW.state NOT IN ({states}) THEN
            RAISE EXCEPTION 'a_record_begins_at_the_beginning: %', NEW.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_record_begins_at_the_beginning';
        END IF;
        RETURN NEW;
    """

_STANDS_ON_ITS_BELT = """
    IF TG_OP = 'UPDATE' AND (NEW.tier_id, NEW.pipeline_id, NEW.step_id) = (OLD.tier_id, OLD.pipeline_id, OLD.step_id) THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM tiers_tier tier
        WHERE id = NEW.tier_id AND pipeline_id = NEW.pipeline_id AND (works_{stage}{or_else} OR EXISTS (
            SELECT 1 FROM tiers_tier helped WHERE helped.id = tier.helps_id AND helped.works_{stage}
        ))
    ) THEN
        RAISE EXCEPTION 'a_record_is_at_the_tier_of_its_stage: tier % does not work {stage}', NEW.tier_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_record_is_at_the_tier_of_its_stage';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM tiers_step WHERE id = NEW.step_id AND pipeline_id = NEW.pipeline_id AND stage = '{stage}'
    ) THEN
        RAISE EXCEPTION 'a_record_stands_on_a_step_of_its_stage: step %', NEW.step_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_record_stands_on_a_step_of_its_stage';
    END IF;
    RETURN NEW;
"""

_VERSION_COUNTS_MOVES = """
    IF TG_OP = 'INSERT' THEN
        IF NEW.version <> 1 THEN
            RAISE EXCEPTION 'a_record_begins_at_version_one'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_record_begins_at_version_one';
        END IF;
    ELSIF (NEW.state, NEW.seat_id, NEW.step_id, NEW.tier_id)
          IS DISTINCT FROM (OLD.state, OLD.seat_id, OLD.step_id, OLD.tier_id) THEN
        IF NEW.version <> OLD.version + 1 THEN
            RAISE EXCEPTION 'a_move_counts_one_version: % after %', NEW.version, OLD.version
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_move_counts_one_version';
        END IF;
    ELSIF NEW.version <> OLD.version THEN
        RAISE EXCEPTION 'a_version_counts_moves_only'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'a_version_counts_moves_only';
    END IF;
    RETURN NEW;
"""

_EVERY_MOVE_IS_WRITTEN = """
    IF (TG_OP = 'INSERT' OR NEW.version <> OLD.version) AND NOT EXISTS (
        SELECT 1 FROM timeline_movement m
        WHERE m.stage = '{stage}' AND m.record_id = NEW.id AND m.version = NEW.version
          AND m.to_state = NEW.state AND m.to_step_id = NEW.step_id AND m.to_tier_id = NEW.tier_id
          AND m.to_seat_id IS NOT DISTINCT FROM NEW.seat_id
    ) THEN
        RAISE EXCEPTION 'every_move_has_its_movement: {stage} % version %', NEW.id, NEW.version
            USING ERRCODE = 'check_violation', CONSTRAINT = 'every_move_has_its_movement';
    END IF;
    RETURN NULL;
"""

_AN_OFFER_IS_A_HAND_OFF = """
    IF NEW.state = 'offered' AND EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id AND state = 'offered')
       AND NOT EXISTS (
        SELECT 1 FROM conveyor_handoff WHERE to_stage = '{stage}' AND to_id = NEW.id AND state = 'offered'
          AND receiver_id IS NOT DISTINCT FROM (SELECT seat_id FROM {table} WHERE id = NEW.id)
    ) THEN
        RAISE EXCEPTION 'what_is_offered_has_a_hand_off: {stage} %', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'what_is_offered_has_a_hand_off';
    END IF;
    RETURN NULL;
"""

_A_BIRTH_LOADS = """
    INSERT INTO conveyor_load (seat_id, delta)
    SELECT seat_id, count(*) FROM new_rows WHERE seat_id IS NOT NULL AND state IN ({open}) GROUP BY seat_id;
    RETURN NULL;
"""

_A_MOVE_LOADS = """
    INSERT INTO conveyor_load (seat_id, delta)
    SELECT seat_id, sum(n) FROM (
        SELECT seat_id, 1 AS n FROM new_rows WHERE seat_id IS NOT NULL AND state IN ({open})
        UNION ALL
        SELECT seat_id, -1 FROM old_rows WHERE seat_id IS NOT NULL AND state IN ({open})
    ) changes GROUP BY seat_id HAVING sum(n) <> 0;
    RETURN NULL;
"""

_ITS_TASKS_TELL = """
    NEW.next_task_at = OLD.next_task_at;
    RETURN NEW;
"""

WRITES = pgtrigger.Insert | pgtrigger.Update


def laws(
    stage: Stage, *, begins: Iterable[str], moves: Iterable[tuple[str, str]], opened: Iterable[str]
) -> list[pgtrigger.Trigger]:
    """The triggers of one stage's table: its state machine, its belt, its versions, its movements, its owners' loads.

    `begins` are the states in which a record may be born, `moves` the allowed (from, to) pairs, `opened` the states
    in which somebody must still work it.
    """
    states = _listed(begins)
    # A farmer may work a repeat deal at the tier of accounts, where the pipeline says so.
    or_else = " OR (works_account AND NEW.repeat_of_id IS NOT NULL)" if stage == Stage.DEAL else ""
    stands = _STANDS_ON_ITS_BELT.format(stage=stage, or_else=or_else)
    return [
        pgtrigger.FSM(name=f"a_{stage}_moves_by_its_rules", field="state", transitions=sorted(moves)),
        _before(f"a_{stage}_begins_at_the_beginning", pgtrigger.Insert, _BORN_AT_THE_BEGINNING.format(states=states)),
        _before(f"a_{stage}_stands_on_its_belt", WRITES, stands),
        _before(f"a_{stage}_counts_its_moves", WRITES, _VERSION_COUNTS_MOVES),
        _at_commit(f"a_{stage}_writes_its_moves", _EVERY_MOVE_IS_WRITTEN.format(stage=stage)),
        *_offers(stage),
        _tasks(stage),
        *_loads(stage, _listed(opened)),
        pgtrigger.Protect(name=f"a_{stage}_is_never_deleted", operation=pgtrigger.Delete),
    ]


def _offers(stage: Stage) -> list[pgtrigger.Trigger]:
    if stage == Stage.LEAD:
        return []
    law = _AN_OFFER_IS_A_HAND_OFF.format(stage=stage, table=f"{stage}s_{stage}")
    return [_at_commit(f"an_offered_{stage}_has_a_hand_off", law)]


def _tasks(stage: Stage) -> pgtrigger.Trigger:
    """Whoever saves a record whole saves what they once read; when the next task is due is told by the tasks alone."""
    by_hand = "OLD.next_task_at IS DISTINCT FROM NEW.next_task_at AND pg_trigger_depth() = 0"
    return pgtrigger.Trigger(
        name=f"a_{stage}_is_told_of_its_tasks",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("next_task_at"),
        condition=pgtrigger.Condition(by_hand),
        func=_ITS_TASKS_TELL,
    )


def _loads(stage: Stage, opened: str) -> list[pgtrigger.Trigger]:
    """One statement for any number of rows, so that a bulk costs no more than its people."""
    new = pgtrigger.Referencing(new="new_rows")
    both = pgtrigger.Referencing(old="old_rows", new="new_rows")
    return [
        pgtrigger.Trigger(
            name=f"a_{stage}_{verb}_its_owner",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=rows,
            func=law.format(open=opened),
        )
        for verb, operation, rows, law in (
            ("loads", pgtrigger.Insert, new, _A_BIRTH_LOADS),
            ("moves_the_load_of", pgtrigger.Update, both, _A_MOVE_LOADS),
        )
    ]


def _listed(states: Iterable[str]) -> str:
    return ", ".join(f"'{state}'" for state in states)


def _before(name: str, operation: pgtrigger.Operation, law: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(name=name, when=pgtrigger.Before, operation=operation, func=law)


def _at_commit(name: str, law: str) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(name=name, when=pgtrigger.After, operation=WRITES, timing=pgtrigger.Deferred, func=law)
