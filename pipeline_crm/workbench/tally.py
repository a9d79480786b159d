"""Many small counts in one question to the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import IntegerField, QuerySet, Subquery

from pipeline_crm.conveyor.questions import question
from pipeline_crm.conveyor.standins import PERSON
from pipeline_crm.conveyor.words import MANY
from pipeline_crm.users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping


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


def kept_tally(
    key: Hashable, queries: Callable[[], Mapping[str, QuerySet[Any]]], numbers: Mapping[Any, Any], **answers: Any
) -> dict[str, int]:
    """The same for a stand-in: the queries are written once for each key, and filled in with `numbers` and `answers`.

    A query that is cut off already is counted as far as it goes.
    """

    def build() -> QuerySet[Any, Any]:
        figures = {name: _figure(query) for name, query in queries().items()}
        # By their own names they would be taken for fields of the person.
        named = {f"n_{name}": figure for name, figure in figures.items()}
        return User.objects.order_by().filter(pk=PERSON).annotate(**named).values_list(*named)

    asking = question(build, ("tally", key))
    [row] = asking.tuples(numbers, **answers)
    return {name.removeprefix("n_"): count for name, count in zip(asking.columns, row, strict=True)}


def _figure(query: QuerySet[Any]) -> Figure:
    cut = query if query.query.is_sliced else query.order_by()[: MANY + 1]
    return Figure(cut.values("pk"))
