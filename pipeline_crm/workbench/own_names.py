"""By a part of a name among one's own clients: whoever holds few records is answered from these, however large the firm.

An index over parts of names knows those of the whole firm, and most of what it finds is nobody's business here. So the
records come first, by their owner; then only their clients are read, and the words sought in them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

from django.db.models import F, Func, Lookup, Q, QuerySet, TextField

from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.questions import IDS, Question, kept

FEW = 1_000  # of more, the index over all names finds those meant faster
# This stands for a word that was asked for while the question is written; nobody can type it, for a NUL is left out.
WORD = "\0word %d"


class Called(Func):
    """The name and the company, each word of them after a blank; no index is over it, so that no plan begins with the words."""

    template = r"UPPER(' ' || %(expressions)s)"
    arg_joiner = r" || E'\n ' || "
    output_field = TextField()


@TextField.register_lookup
class Saying(Lookup):
    """Whether a text in capitals is like a pattern."""

    lookup_name = "saying"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        """A comparison as `icontains` makes it, with a pattern that is whole."""
        left, given = self.process_lhs(compiler, connection)
        return f"{left} LIKE UPPER(%s)", [*given, self.rhs]


def few_of(rows: Callable[[], QuerySet[Any, Any]], key: Hashable, numbers: Any) -> list[tuple[int, int]] | None:
    """The records and their clients, when they are few; `rows` are written for a stand-in and kept by the key."""
    asking = kept(
        ("few", key),
        lambda: Question([rows().order_by().values_list("pk", "client_id")[: FEW + 1]], planned=True),
    )
    found = asking.tuples(numbers)
    return found if len(found) <= FEW else None


def called_so(own: Collection[tuple[int, int]], long: Sequence[bool], words: dict[Any, Any]) -> list[int]:
    """Which of these records are of a client in whose name or company every word begins or, if it is long, is inside."""
    asking = kept(("called", tuple(long)), lambda: Question([_clients(long)], planned=True))
    meant = {pk for (pk,) in asking.tuples(words, ids=sorted({client_id for _pk, client_id in own}))}
    return [pk for pk, client_id in own if client_id in meant]


def _clients(long: Sequence[bool]) -> QuerySet[Any, Any]:
    said = Q()
    for place, is_long in enumerate(long):
        said &= Q(called__saying=f"%{WORD % place}%" if is_long else f"% {WORD % place}%")
    known = Client.objects.order_by().filter(pk__among=IDS)
    return known.annotate(called=Called(F("name"), F("company"))).filter(said).values_list("pk")
