"""By a part of a name among one's own clients: whoever holds few records is answered from these, however large the firm.

An index over parts of names knows those of the whole firm, and most of what it finds is nobody's business here. So one's own
clients come first, out of an index by owner, and which of them are called so is asked with their numbers in hand: PostgreSQL
then reads no more than these, nor more than are called so in the whole firm, whichever is less.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from pipeline_crm.clients.models import Client
from pipeline_crm.conveyor.questions import IDS, Question, kept

FEW = 1_000  # of more, it is left to PostgreSQL where to begin


def few_of(held: Callable[[], QuerySet[Any, Any]], key: Hashable, numbers: Any) -> list[int] | None:
    """The clients of the records held, when they are few; the query is written for a stand-in and kept by the key."""
    asking = kept(("few", key), lambda: Question([held().order_by().values_list("client_id")[: FEW + 1]], planned=True))
    found = asking.tuples(numbers)
    return [client_id for (client_id,) in found] if len(found) <= FEW else None


def called_so(clients: Sequence[int], called: Q, key: Hashable, words: dict[Any, Any]) -> list[int]:
    """Which of these clients are called so."""
    known = Client.objects.order_by().filter(called, pk__among=IDS).values_list("pk")
    # Planned anew: where to begin is told by the words and the numbers.
    asking = kept(("called", key), lambda: Question([known]))
    return [pk for (pk,) in asking.tuples(words, ids=sorted(set(clients)))]
