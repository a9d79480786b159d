"""Many rows at once: lines of text for COPY, with whatever a model has besides what was given."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from pipeline_crm import sealing
from pipeline_crm.clients.models import DIGITS_OF_AN_END, END

NOTHING = r"\N"
SEALED = ("kind", "sealed", "masked", "mark", "end_mark", "key")  # the columns of a contact


class Sheet:
    """Lines for one table; columns that nobody named get what the model gives a new row."""

    def __init__(self, model: type[Model], *columns: str) -> None:
        fields = {field.column: field for field in model._meta.concrete_fields}
        unknown = set(columns) - set(fields)
        if unknown:
            raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}")
        rest = [
            field
            for column, field in fields.items()
            if column not in columns and (not field.primary_key or field.is_relation)
        ]
        named = ", ".join(f'"{column}"' for column in (*columns, *(field.column for field in rest)))
        self.table = model._meta.db_table
        self._into = f'COPY "{self.table}" ({named}) FROM STDIN'
        self._tail = "".join(f"\t{_first_value(field)}" for field in rest) + "\n"
        self._lines: list[str] = []

    def add(self, *values: Any) -> None:
        """One row, in the order of the columns named."""
        self._lines.append("\t".join([NOTHING if value is None else str(value) for value in values]) + self._tail)

    def send(self) -> None:
        """Copies what has gathered into the table."""
        with connection.cursor() as cursor:
            cursor.copy_expert(self._into, io.StringIO("".join(self._lines)))
        self._lines.clear()


def sealed(kind: str, value: str, masked: str) -> tuple[Any, ...]:
    """A contact as its row has it, truly sealed and marked: pages that open or look up contacts pay the full price."""
    end = sealing.mark(END, value[-DIGITS_OF_AN_END:]) if kind == "phone" else None
    return kind, sealing.seal(value), masked, sealing.mark(kind, value), end, sealing.newest_key()


def _first_value(field: Field[Any, Any]) -> str:
    value = field.get_default()
    if value is None:
        return NOTHING
    if isinstance(value, dict | list):
        return json.dumps(value)
    return {True: "t", False: "f"}.get(value, str(value)) if isinstance(value, bool) else str(value)


@contextmanager
def unguarded(tables: list[str]) -> Iterator[None]:
    """Loads without triggers, keys and second indexes; the indexes are made again afterwards, the laws asked by a checker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
            " WHERE i.indrelid = ANY (%s::regclass[]) AND NOT i.indisunique AND NOT i.indisexclusion",
            [tables],
        )
        indexes = cursor.fetchall()
        cursor.execute("SET session_replication_role = replica")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem; SET session_replication_role = DEFAULT")
        for table in tables:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT GREATEST(max(id), 1) FROM " + table + "))",  # noqa: S608
                [table],
            )
