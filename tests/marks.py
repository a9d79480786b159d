"""Whether rows have changed: a mark of them all, and how often this transaction has written any."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

WRITTEN = """
SELECT coalesce(sum(
    pg_stat_get_xact_tuples_inserted(id) + pg_stat_get_xact_tuples_updated(id) + pg_stat_get_xact_tuples_deleted(id)
), 0)
FROM unnest(%s::regclass[]) AS id
"""


def mark_of(tables: Sequence[str]) -> str:
    """A mark of all rows of tables; another one when any of them has changed."""
    mark = "(SELECT coalesce(sum(hashtextextended(r::text, 0)::numeric), 0)::text FROM {} r)"
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + " || ' ' || ".join(mark.format(name) for name in tables))
        return str(cursor.fetchone()[0])


def written_to(tables: Sequence[str]) -> int:
    """How many rows of tables this transaction has written so far, those taken back among them."""
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN, [list(tables)])
        return int(cursor.fetchone()[0])
