"""The act of an erasure as people read and print it: what was removed by table, and the lines of the journal by number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.db.models import QuerySet
from django.utils.text import capfirst

from pipeline_crm.access.identity import system_scope
from pipeline_crm.audit.models import Kind, Line
from pipeline_crm.exchange.own_copy import role_of, roles_of
from pipeline_crm.tiers.setup import setup

from .models import Erasure

MOST = 500  # lines that one act prints; the journal has the others


@dataclass(frozen=True, slots=True)
class Noted:
    """One line of the journal about the client, without a word of anybody."""

    number: int
    at: datetime
    kind: str
    who: str


@dataclass(frozen=True, slots=True)
class Paper:
    """The act: what was removed, and what the journal says."""

    removed: list[tuple[str, str, int]]
    lines: list[Noted]
    more: int


def paper_of(erasure: Erasure) -> Paper:
    """Everything on an act beside its own fields."""
    with system_scope("an act of erasure shows the journal's lines on a client whose record may be anybody's"):
        rows = lines_of(erasure)
        count, found = rows.count(), list(rows[:MOST])
    roles = roles_of(setup())
    lines = [Noted(line.pk, line.at, str(Kind(line.kind).label), role_of(line.by_id, roles)) for line in found]
    return Paper(removed_of(erasure), lines, max(0, count - MOST))


def lines_of(erasure: Erasure) -> QuerySet[Line]:
    """The lines about the client up to the end of the erasure, the first first."""
    until = erasure.done_at or erasure.stopped_at or erasure.asked_at
    return Line.objects.filter(client_id=erasure.client_id, at__lte=until).order_by("at", "id")


def removed_of(erasure: Erasure) -> list[tuple[str, str, int]]:
    """The tables, in words and by name, and how many rows of each lost their words or went."""
    names = {model._meta.db_table: model._meta.verbose_name_plural for model in apps.get_models()}
    told = [(str(names.get(table, table)), table, n) for table, n in erasure.removed.items()]
    return [(capfirst(word), table, n) for word, table, n in told]
