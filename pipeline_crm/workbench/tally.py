"""Many small counts in one question to the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import IntegerField, QuerySet, Subquery, TextField

from pipeline_crm.conveyor.questions import question
from pipeline_crm.conveyor.standins import PERSON
from pipeline_crm.conveyor.words import MANY
from pipeline_crm.users.models import User

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Figure(Subquery):
    """How many rows a query gives; a query that is cut off stops the counting there."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
    empty_result_set_value = 0


@dataclass(frozen=True)
class Marks:
    """A query whose rows carry several marks, and how each of them is counted."""

    rows: QuerySet[Any]
    counts: Mapping[str, str]


class Marked(Subquery):
    """How many rows of one query carry each of its marks, in one look at them."""

    template = "(SELECT json_build_object(%(counts)s)::text FROM (%(subquery)s) AS counted)"
    output_field = TextField()

    def __init__(self, marks: Marks) -> None:
        columns = list(marks.rows.query.annotations)
        counts = ", ".join(f"'{name}', {count}" for name, count in marks.counts.items())
        super().__init__(marks.rows.order_by().values(*columns)[: MANY + 1], counts=counts)


def tally(user: User, queries: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each query gives, up to one over MANY, all in one round trip."""
    if not queries:
        return {}
    figures = {f"n_{name}": Figure(query.order_by().values("pk")[: MANY + 1]) for name, query in queries.items()}
    row: Any = User.objects.filter(pk=user.pk).values(**figures).get()
    return {name: row[f"n_{name}"] for name in queries}


def kept_tally(
    key: Hashable,
    queries: Callable[[], Mapping[str, QuerySet[Any] | Marks]],
    numbers: Mapping[Any, Any],
    **answers: Any,
) -> dict[str, int]:
    """The same for a stand-in: the queries are written once for each key, and filled in with `numbers` and `answers`.

    A query that is cut off already is counted as far as it goes; of one with marks, each is counted under both names.
    """

    def build() -> QuerySet[Any, Any]:
        # By their own names they would be taken for fields of the person.
        named = {f"n_{name}": _figure(query) for name, query in queries().items()}
        return User.objects.order_by().filter(pk=PERSON).annotate(**named).values_list(*named)

    asking = question(build, ("tally", key))
    [row] = asking.tuples(numbers, **answers)
    counted: dict[str, int] = {}
    for column, told in zip(asking.columns, row, strict=True):
        name = column.removeprefix("n_")
        if isinstance(told, str):
            counted |= {f"{name}_{mark}": count for mark, count in json.loads(told).items()}
        else:
            counted[name] = told
    return counted


def _figure(query: QuerySet[Any] | Marks) -> Subquery:
    if isinstance(query, Marks):
        return Marked(query)
    cut = query if query.query.is_sliced else query.order_by()[: MANY + 1]
    return Figure(cut.values("pk"))
