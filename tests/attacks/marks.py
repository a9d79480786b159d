"""What stands in the database, table by table, as one mark each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

# The journal tells of refusals too; a session is written by whoever is answered; counters count tries.
BESIDE = ("audit_", "django_session", "users_counted", "usersessions_", "tiers_stamp")
# Made by dice each time, and telling nothing of what was sent: by table, the columns.
BY_CHANCE = {
    "clients_contactpoint": "sealed",
    "exchange_export": "key,question,mark,sealed_key,digest,size",
    "exchange_exportpart": "sealed",
    "outbox_mail": "key,message_id",
    "users_invitation": "digest",
}


def _of_each(told: Callable[[str], str]) -> dict[str, Any]:
    tables = [name for name in connection.introspection.table_names() if not name.startswith(BESIDE)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', {told(table)} FROM {table} r" for table in tables))  # noqa: S608
        return dict(cursor.fetchall())


def lengths() -> dict[str, int]:
    """Each table with the length of its longest row."""
    return _of_each(lambda _table: "coalesce(max(length(r::text)), 0)")


def marks() -> dict[str, str]:
    """Each table with the hash of all its rows, as far as they are not made by dice."""

    def told(table: str) -> str:
        row = f"(to_jsonb(r) - '{{{BY_CHANCE.get(table, '')}}}'::text[])::text"
        return f"md5(coalesce(string_agg({row}, '|' ORDER BY {row}), ''))"

    return _of_each(told)


def changed(before: dict[str, str]) -> list[str]:
    """The tables that are not as they were."""
    return sorted(table for table, mark in marks().items() if before[table] != mark)


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is done inside is taken back, and the next row gets the number that it would have got."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname || '.' || quote_ident(sequencename), last_value FROM pg_sequences")
        numbers = cursor.fetchall()
    try:
        with transaction.atomic():
            yield
            transaction.set_rollback(True)
    finally:
        with connection.cursor() as cursor:
            told = ", ".join(f"setval('{name}', {last or 1}, {last is not None})" for name, last in numbers)
            cursor.execute(f"SELECT {told}")
