"""One row written with the one that tells of it, in one statement; of a changed row only what has changed.

The ORM builds every statement anew, which costs an act more than PostgreSQL needs for it. What a row is made ready for the
database by is Django's, field by field.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, Model

from .records import ConveyorItem

ABSENT = object()


def insert(row: Model) -> None:
    """Adds a row that is new, and tells it its number."""
    words, values = _birth(row, _given(row))
    [number] = _ask(f"{words} VALUES ({_places(values)}) RETURNING id", values)
    _born(row, number)


def update(item: ConveyorItem) -> None:
    """Writes what has changed of a locked record since it was read."""
    words, values = _change(item)
    if words:
        with connection.cursor() as cursor:
            cursor.execute(words, values)
        item.remember()


def write_with(item: ConveyorItem, told: Model) -> None:
    """Writes a record that is new or has changed, and with it the new row that tells of it by `record_id`."""
    if item._state.adding:
        words, values = _birth(item, _given(item))
        words = f"{words} VALUES ({_places(values)})"
    else:
        words, values = _change(item)
    given = _given(told)
    del given["record_id"]
    told_words, told_values = _birth(told, given, "record_id")
    # The record first: what tells of it is added only to one that is really written.
    number, record_id = _ask(
        f"WITH written AS ({words} RETURNING id)"  # noqa: S608
        f" {told_words} SELECT {_places(told_values)}, written.id FROM written RETURNING id, record_id",
        [*values, *told_values],
    )
    _born(told, number)
    vars(told)["record_id"] = record_id
    _born(item, record_id)
    item.remember()


def _fields(row: Model) -> list[Field[Any, Any]]:
    return [field for field in row._meta.concrete_fields if not field.primary_key]


def _ready(field: Field[Any, Any], value: Any) -> Any:
    return field.get_db_prep_save(value, connection)


def _given(row: Model) -> dict[str, Any]:
    """Every column of a new row."""
    return {str(field.column): _ready(field, getattr(row, field.attname)) for field in _fields(row)}


def _birth(row: Model, given: dict[str, Any], *more: str) -> tuple[str, list[Any]]:
    # Only names of our own columns are put together here; every value is a parameter.
    names = ", ".join(f'"{name}"' for name in (*given, *more))
    return f'INSERT INTO "{row._meta.db_table}" ({names})', list(given.values())


def _change(item: ConveyorItem) -> tuple[str, list[Any]]:
    now, stood = item.__dict__, item.stood
    # What was not read, and has not been set since, has not changed.
    changed = [field for field in _fields(item) if now.get(field.attname, ABSENT) != stood.get(field.attname, ABSENT)]
    if not changed:
        return "", []
    sets = ", ".join(f'"{field.column}" = %s' for field in changed)
    values = [*(_ready(field, now[field.attname]) for field in changed), item.pk]
    return f'UPDATE "{item._meta.db_table}" SET {sets} WHERE id = %s', values  # noqa: S608


def _places(values: list[Any]) -> str:
    return ", ".join(["%s"] * len(values))


def _ask(sql: str, values: list[Any]) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        answer: tuple[int, ...] = cursor.fetchone()
        return answer


def _born(row: Model, number: int) -> None:
    row.pk = number
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
