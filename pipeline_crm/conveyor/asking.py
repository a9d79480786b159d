"""What an address asks of a list or a board, read against what may be asked; the rest is left out and said so."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Step

from .columns import SIEVES, Column, Sieve, columns_of, sieves_of
from .paging import Sort, is_mark
from .questions import NOW
from .records import ConveyorQuerySet
from .scope import Scope, View

LONGEST_SEARCH = 80
FIRST_SORT = {View.CLOSED: Sort("touched", down=True)}


@dataclass(frozen=True)
class Asked:
    """One question to a stage: which view, sifted by what, sorted how, from where on."""

    view: View
    columns: list[Column]
    sieves: list[Sieve]
    search: str = ""
    late: bool = False
    sort: Sort = field(default_factory=lambda: Sort("due"))
    after: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def sifts(self) -> int:
        """By how many things the rows are sifted."""
        return sum(bool(sieve.chosen) for sieve in self.sieves) + bool(self.search) + self.late

    @property
    def asks(self) -> Hashable:
        """What tells one question from another; where one begins to read, and how one sorts, is not in it."""
        return self.view, tuple((sieve.name, sieve.chosen) for sieve in self.sieves), self.search, self.late

    def of(self, scope: Scope) -> ConveyorQuerySet:
        """The rows that answer; the hour is a blank."""
        rows = scope.rows(self.view)
        for sieve in self.sieves:
            rows = rows.filter(sieve.sift())
        if self.late:
            rows = rows.open().filter(due_at__lte=NOW)
        return rows.filter(_called(self.search, scope)) if self.search else rows

    def key(self, scope: Scope) -> object:
        """What the rows are sorted by."""
        return next(column for column in self.columns if column.key == self.sort.key).sort(scope)


def ask(address: Mapping[str, str], scope: Scope, steps: Iterable[Step]) -> Asked:
    """Reads an address; nothing in it can break the page."""
    view, left_out = _view(address, scope)
    columns = columns_of(scope, view)
    sieves = []
    for sieve in sieves_of(scope, view, steps):
        answer = address.get(sieve.name, "")
        if answer and answer not in sieve.knows:
            left_out.append(str(sieve.word))
            answer = ""
        sieves.append(replace(sieve, chosen=answer))
    offered = {sieve.name for sieve in sieves}
    # What only others may sift by, as owners, is left out in so many words.
    left_out += [str(word) for name, word in SIEVES.items() if address.get(name) and name not in offered]
    sort = _sort(address.get("sort", ""), columns)
    if sort is None:
        left_out.extend([_("Sort")] if address.get("sort") else [])
        sort = FIRST_SORT.get(view, Sort("due"))
    after = address.get("after", "")
    return Asked(
        view=view,
        columns=columns,
        sieves=sieves,
        search=_search(address.get("q", "")),
        late=address.get("late") == "1",
        sort=sort,
        after=after if is_mark(after, sort) else "",
        left_out=tuple(left_out),
    )


def _view(address: Mapping[str, str], scope: Scope) -> tuple[View, list[str]]:
    wanted = address.get("view", "")
    view = next((view for view in scope.views if view == wanted), None)
    return view or scope.home, [_("View")] if wanted and view is None else []


def _sort(wanted: str, columns: Iterable[Column]) -> Sort | None:
    key = wanted.removeprefix("-")
    return Sort(key, down=wanted.startswith("-")) if any(column.key == key for column in columns) else None


def _search(words: str) -> str:
    # PostgreSQL takes no NUL in a text, and nobody types one.
    return " ".join(words.replace("\x00", " ").split())[:LONGEST_SEARCH]


def _called(words: str, scope: Scope) -> Q:
    """Every word stands in the name or the company; a hidden name is never found."""
    called = scope.named
    for word in words.split():
        called &= Q(client__name__icontains=word) | Q(client__company__icontains=word)
    return called
