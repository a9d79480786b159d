"""How a line comes into the journal: one statement, in the transaction of what it tells of.

Notes may be written anywhere in a transaction: the chain is locked by the database at the commit and not before, so they
wait for nobody and stand in nobody's lock order. What is to be remembered although the transaction fails, such as a
refusal, is noted outside of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from pipeline_crm.bulk import array_of
from pipeline_crm.users.models import User

from .models import Kind

SAME_LOOK = timedelta(minutes=10)  # a card opened again so soon is the same look at it

# A person's line of the same kind about the same record since `again` stands for this one, too. The answer tells whose
# lines have touched a trip-wire, so that nobody need ask for it.
NOTE = """
INSERT INTO audit_line (at, kind, by_id, about_id, pipeline_id, client_id, stage, record_id, traces, detail)
SELECT %(now)s, kind, by_id, about_id, pipeline_id, client_id, stage, record_id,
       ARRAY(SELECT jsonb_array_elements_text(traces)), detail
FROM unnest(%(kind)s::text[], %(by)s::bigint[], %(about)s::bigint[], %(pipeline)s::bigint[], %(client)s::bigint[],
            %(stage)s::text[], %(record)s::bigint[], %(traces)s::jsonb[], %(detail)s::jsonb[])
     AS given (kind, by_id, about_id, pipeline_id, client_id, stage, record_id, traces, detail)
WHERE %(again)s::timestamptz IS NULL OR NOT EXISTS (
    SELECT FROM audit_line l WHERE l.by_id = given.by_id AND l.at > %(again)s AND l.kind = given.kind
       AND l.stage = given.stage AND l.record_id = given.record_id AND l.detail = given.detail)
RETURNING id, EXISTS (
    SELECT FROM audit_trap t
    WHERE t.client_id = audit_line.client_id OR audit_line.detail->'clients' @> to_jsonb(t.client_id))
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """What is noted: who did what, to whom or what; `clients` in the detail are the numbers of several clients."""

    kind: Kind
    by: User | int | None
    pipeline: int | None = None
    client: int | None = None
    record: tuple[str, int] | None = None
    about: User | int | None = None
    traces: Sequence[str] = ()
    detail: dict[str, Any] = field(default_factory=dict)


Ear = Callable[[list[int], datetime], None]
_ears: list[Ear] = []


def listen(ear: Ear) -> None:
    """Rings when a line touches a trip-wire, in the same transaction: with the numbers of the lines and the moment."""
    if ear not in _ears:
        _ears.append(ear)


def note(kind: Kind, *, by: User | int | None, now: datetime, **what: Any) -> None:
    """Writes one line into the journal; `what` is as in `Fact`: pipeline, client, record, about, traces, detail."""
    note_many([Fact(kind, by, **what)], now=now)


def note_many(facts: Iterable[Fact], *, now: datetime, once_in: timedelta | None = None) -> int:
    """Writes many lines in one statement; those that `once_in` this time were written already are left out. How many."""
    # In one order for everybody, so that two who write for several people wait for each other and not in a ring.
    rows = sorted(facts, key=lambda fact: _number(fact.by) or 0)
    if not rows:
        return 0
    given = {
        "kind": array_of(fact.kind.value for fact in rows),
        "by": array_of((_number(fact.by) for fact in rows), "bigint"),
        "about": array_of((_number(fact.about) for fact in rows), "bigint"),
        "pipeline": array_of((fact.pipeline for fact in rows), "bigint"),
        "client": array_of((fact.client for fact in rows), "bigint"),
        "stage": array_of(str(fact.record[0]) if fact.record else "" for fact in rows),
        "record": array_of((fact.record[1] if fact.record else None for fact in rows), "bigint"),
        "traces": array_of(json.dumps(list(fact.traces)) for fact in rows),
        "detail": array_of(json.dumps(fact.detail) for fact in rows),
    }
    with connection.cursor() as cursor:
        cursor.execute(NOTE, given | {"now": now, "again": now - once_in if once_in else None})
        written: list[tuple[int, bool]] = cursor.fetchall()
    touched = [line for line, is_trap in written if is_trap]
    if touched:
        for ear in _ears:
            ear(touched, now)
    return len(written)


def note_look(*, by: User, pipeline: int, client: int, record: tuple[str, int], how: str, now: datetime) -> None:
    """Somebody opens a client's card; who opens it again within minutes is looking still. `how` much of it they see."""
    fact = Fact(Kind.VIEWED, by, pipeline=pipeline, client=client, record=record, detail={"how": how})
    note_many([fact], now=now, once_in=SAME_LOOK)


def _number(person: User | int | None) -> int | None:
    return person.pk if isinstance(person, User) else person
