"""Pages of a long list by key: what follows the last row seen, however many rows came or went before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core import signing
from django.db.models import F, Q

from .records import ConveyorQuerySet

PAGE = 50


@dataclass(frozen=True)
class Sort:
    """By what a list is sorted, and which way; written "due" or "-due"."""

    key: str
    down: bool = False

    def __str__(self) -> str:
        return f"-{self.key}" if self.down else self.key


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the mark by which the next is asked for; empty on the last page."""

    items: list[Any]
    after: str = ""


def sorted_from(
    rows: ConveyorQuerySet, sort: Sort, expression: Any, after: str = "", *, few: bool = False
) -> ConveyorQuerySet:
    """The rows of one page and one more, sorted; rows without a value stand last either way, the older of two equals first.

    With `few`, when most rows fall through a sieve, those of the page are found in an index before any is looked at.
    """
    # The mark is signed, so that nobody can ask by it for the order of what they do not see, nor for nonsense.
    seen = _read(after, sort)
    rows = rows.annotate(sort_key=expression)
    if seen is not None:
        rows = rows.filter(_follows(*seen, down=sort.down))
    by = F("sort_key").desc(nulls_last=True) if sort.down else F("sort_key").asc(nulls_last=True)
    page = rows.order_by(by, "pk")[: PAGE + 1]
    if not few:
        return page
    found: ConveyorQuerySet = rows.model._default_manager.filter(pk__in=page.values("pk"))
    return found.annotate(sort_key=expression).order_by(by, "pk")


def page_of(items: list[Any], sort: Sort) -> Page:
    """The page that these rows make up, one more than it holds telling that another follows."""
    return Page(items[:PAGE], _write(items[PAGE - 1], sort) if len(items) > PAGE else "")


def is_mark(after: str, sort: Sort) -> bool:
    """Whether a mark was made here, for this order."""
    return _read(after, sort) is not None


def _follows(value: Any, pk: int, *, down: bool) -> Q:
    if value is None:
        return Q(sort_key=None, pk__gt=pk)
    beyond = Q(sort_key__lt=value) if down else Q(sort_key__gt=value)
    return beyond | Q(sort_key=value, pk__gt=pk) | Q(sort_key=None)


def _write(item: Any, sort: Sort) -> str:
    value = item.sort_key
    if isinstance(value, datetime | date):
        value = value.isoformat()
    elif value is not None and not isinstance(value, int):
        value = str(value)
    return signing.dumps([str(sort), value, item.pk], salt="conveyor.paging", compress=True)


def _read(after: str, sort: Sort) -> tuple[Any, int] | None:
    if not after or len(after) > 1_000:
        return None
    try:
        made_for, value, pk = signing.loads(after, salt="conveyor.paging")
    except (signing.BadSignature, ValueError):
        return None
    return (value, pk) if made_for == str(sort) else None
