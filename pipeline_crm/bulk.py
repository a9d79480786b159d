"""Many rows of one table written in one statement, with the values as they are.

The ORM prepares each value of each row by itself, which for the sweep costs more than PostgreSQL needs to write them. Here
each column goes as one array in PostgreSQL's own spelling, which it reads far faster than a list of expressions, and what
is the same for all rows as one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model

# Nothing that is written so holds itself.
_as_json = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
BARE = ("bigint", "integer", "smallint", "boolean", "numeric")  # what an array holds without quotes


def update_rows(rows: Sequence[Model], fields: Sequence[str]) -> None:
    """Writes some fields of saved rows of one model."""
    if not rows:
        return
    meta = rows[0]._meta
    given = Columns({"id": [row.pk for row in rows]}, meta, keep={"id"})
    kept = [row.__dict__ for row in rows]
    for name in fields:
        column = _column(meta, name)
        given.add(str(column.column), [values[column.attname] for values in kept])
    sets = ", ".join(f'"{name}" = {given.value(name)}' for name in given.names if name != "id")
    # Only names and types of our own columns are put together here; every value is a parameter.
    sql = f'UPDATE "{meta.db_table}" AS kept SET {sets} FROM {given.rows()} WHERE kept.id = new.id'  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, given.parameters)


def insert_rows(model: type[Model], rows: Sequence[dict[str, Any]], *, replacing: str = "") -> None:
    """Adds rows to a table, each given by the names of its columns; all of them name the same ones.

    `replacing` is the column that tells one row from another: a row that is there already is written anew.
    """
    if not rows:
        return
    first = next(iter(rows[0]))
    given = Columns({name: [row[name] for row in rows] for name in rows[0]}, model._meta, keep={first})
    names = ", ".join(f'"{name}"' for name in given.names)
    values = ", ".join(given.value(name) for name in given.names)
    sql = f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {values} FROM {given.rows()}'  # noqa: S608
    if replacing:
        anew = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in given.names if name != replacing)
        sql += f' ON CONFLICT ("{replacing}") DO UPDATE SET {anew}'
    with connection.cursor() as cursor:
        cursor.execute(sql, given.parameters)


class Columns:
    """The columns of many rows: an array each, or one value where all rows have the same; `keep` stay arrays."""

    def __init__(self, columns: dict[str, list[Any]], meta: Any, *, keep: set[str]) -> None:
        self.meta, self.keep = meta, keep
        self.types: dict[str, str] = {}
        self.arrays: dict[str, str] = {}
        self.same: dict[str, Any] = {}
        for name, values in columns.items():
            self.add(name, values)

    @property
    def names(self) -> list[str]:
        """The columns in the order in which they were given."""
        return list(self.types)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statement is filled in with."""
        return self.arrays | self.same

    def add(self, name: str, values: list[Any]) -> None:
        """One more column."""
        # Without its length, so that a word too long is refused by the table and not cut off by the cast.
        self.types[name] = kind = str(_column_by_name(self.meta, name).db_type(connection)).partition("(")[0]
        first = values[0]
        if name not in self.keep and values.count(first) == len(values):
            self.same[name] = _plain(first, kind)
        else:
            self.arrays[name] = array_of(values, kind)

    def value(self, name: str) -> str:
        """The column in the statement."""
        return f"%({name})s::{self.types[name]}" if name in self.same else f'new."{name}"'

    def rows(self) -> str:
        """The arrays as a table."""
        arrays = ", ".join(f"%({name})s::{self.types[name]}[]" for name in self.arrays)
        names = ", ".join(f'"{name}"' for name in self.arrays)
        return f"unnest({arrays}) AS new ({names})"


def _column(meta: Any, name: str) -> Field[Any, Any]:
    column: Field[Any, Any] = meta.get_field(name)
    return column


def _column_by_name(meta: Any, name: str) -> Field[Any, Any]:
    return next(column for column in meta.concrete_fields if column.column == name)


def array_of(values: Iterable[Any], kind: str = "text") -> str:
    """An array as PostgreSQL spells it, of numbers, truths, moments, texts or JSON."""
    if kind in BARE:
        return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"
    if kind == "jsonb":
        values = [_plain(value, kind) for value in values]
    return "{" + ",".join(["NULL" if value is None else _quoted(str(value)) for value in values]) + "}"


def _quoted(word: str) -> str:
    if "\\" in word:
        word = word.replace("\\", "\\\\")
    return '"' + word.replace('"', '\\"') + '"'


def _plain(value: Any, kind: str) -> Any:
    """A choice as its word, what goes into a column of JSON as JSON; everything else the driver knows."""
    if kind == "jsonb" and value is not None:
        return _as_json(value)
    return str(value) if isinstance(value, str) else value
