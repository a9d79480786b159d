"""Many small counts in one question to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import IntegerField, QuerySet, Subquery

from pipeline_crm.users.models import User

if TYPE_CHECKING:
    from collections.abc import Mapping

MANY = 1_000  # nobody needs to know how many more there are


class Figure(Subquery):
    """How many rows a query gives; a query that is cut off stops the counting there."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0


def tally(user: User, queries: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each query gives, up to one over MANY, all in one round trip."""
    if not queries:
        return {}
    figures = {f"n_{name}": Figure(query.order_by().values("pk")[: MANY + 1]) for name, query in queries.items()}
    row: Any = User.objects.filter(pk=user.pk).values(**figures).get()
    return {name: row[f"n_{name}"] for name in queries}


def capped(count: int) -> int | str:
    """The count, or “1 000+”."""
    return count if count <= MANY else "1\N{NO-BREAK SPACE}000+"
