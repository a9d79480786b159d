"""What was changed in the structure: when, by whom, from what to what. Facts are stored, sentences are made when read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Field, ForeignKey, Model, OuterRef, QuerySet, Subquery
from django.utils.dateparse import parse_datetime
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import (
    Absence,
    DayOff,
    Pipeline,
    PipelineUserObjectPermission,
    Product,
    Reason,
    Rung,
    Seat,
    Source,
    Step,
    Tier,
    WorkingHours,
)

# How the pipeline is found from the history of each thing that belongs to it.
PATHS: dict[type[Model], str] = {
    Pipeline: "id",
    PipelineUserObjectPermission: "content_object_id",
    Tier: "pipeline_id",
    Seat: "tier_id",
    Rung: "tier_id",
    Absence: "seat_id",
    **dict.fromkeys((Step, Source, Product, Reason, WorkingHours, DayOff), "pipeline_id"),
}
# What stands in the heading of a line or never changes.
UNTOLD = {"id", "pipeline", "content_object", "created_at", "stage"}
TITLES = {
    Seat: ("user", "tier"),
    Absence: ("seat",),
    Rung: ("act", "tier"),
    WorkingHours: ("weekday",),
    PipelineUserObjectPermission: ("user", "permission"),
}
ACTS = {"+": gettext_lazy("added"), "~": gettext_lazy("changed"), "-": gettext_lazy("deleted")}
LINES = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One change of one thing."""

    at: datetime
    by: str
    thing: str
    name: str
    act: str
    changes: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and the moment before which the next ones lie."""

    lines: list[Line]
    earlier: str | None


def chronicle(pipeline: Pipeline, *, before: str | None = None) -> Page:
    """The latest changes of a pipeline and of all that belongs to it, or those before a moment (ISO)."""
    until = parse_datetime(before) if before else None
    found = [record for model in PATHS for record in _records(model, pipeline, until)]
    latest = sorted(found, key=lambda record: (record.history_date, record.history_id), reverse=True)[:LINES]
    names = _Names(latest)
    lines = [_line(record, names) for record in latest]
    return Page(lines, latest[-1].history_date.isoformat() if len(latest) == LINES else None)


def _records(model: type[Any], pipeline: Pipeline, until: datetime | None) -> list[Any]:
    rows = model.history.filter(**_belongs(PATHS[model], pipeline)).select_related("history_user")
    rows = rows.filter(history_date__lt=until) if until else rows
    earlier = model.history.filter(id=OuterRef("id"), history_id__lt=OuterRef("history_id")).order_by("-history_id")
    latest = list(
        rows.annotate(earlier_id=Subquery(earlier.values("history_id")[:1])).order_by("-history_date", "-history_id")[
            :LINES
        ]
    )
    known = model.history.in_bulk([record.earlier_id for record in latest if record.earlier_id])
    for record in latest:
        record.earlier = known.get(record.earlier_id)
    return latest


def _belongs(path: str, pipeline: Pipeline) -> dict[str, Any]:
    tiers = Tier.history.filter(pipeline_id=pipeline.pk).values("id")
    if path == "tier_id":
        return {"tier_id__in": tiers}
    if path == "seat_id":
        return {"seat_id__in": Seat.history.filter(tier_id__in=tiers).values("id")}
    return {path: pipeline.pk}


class _Names:
    """The words for the things that the records point at, read in one query for each kind."""

    def __init__(self, records: Iterable[Any]) -> None:
        wanted: dict[type[Model], set[int]] = {}
        for record in records:
            for version in filter(None, (record, record.earlier)):
                for field in _told(version):
                    if isinstance(field, ForeignKey):
                        wanted.setdefault(field.related_model, set()).add(getattr(version, field.attname))
        self.known = {model: self._read(model, keys) for model, keys in wanted.items()}

    def of(self, field: Field[Any, Any], record: Any) -> str:
        """The value of a field in words."""
        value = getattr(record, field.attname)
        if isinstance(field, ForeignKey):
            return self.known[field.related_model].get(value, f"№ {value}")
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return "–" if value in (None, "") else str(localize(value))

    @staticmethod
    def _read(model: type[Any], keys: set[int]) -> dict[int, str]:
        rows: QuerySet[Any] = model._base_manager.filter(pk__in=keys)
        if model is Seat:
            rows = rows.select_related("user", "tier")
        if model is Permission:
            return {row.pk: _(row.name) for row in rows}
        return {row.pk: str(row) for row in rows}


def _told(record: Any) -> Iterator[Field[Any, Any]]:
    return (field for field in record.tracked_fields if field.name not in UNTOLD)


def _line(record: Any, names: _Names) -> Line:
    model = record.instance_type
    return Line(
        at=record.history_date,
        by=record.history_user.name if record.history_user else _("the system"),
        thing=str(model._meta.verbose_name),
        name=_title(model, record, names),
        act=str(ACTS[record.history_type]),
        changes=_changes(record, names) if record.history_type == "~" else [],
    )


def _title(model: type[Model], record: Any, names: _Names) -> str:
    fields = TITLES.get(model) or (("date",) if model is DayOff else ("name",))
    told = {field.name: field for field in record.tracked_fields}
    return ", ".join(names.of(told[name], record) for name in fields)


def _changes(record: Any, names: _Names) -> list[tuple[str, str, str]]:
    earlier = record.earlier
    if earlier is None:
        return []
    changed = (field for field in _told(record) if getattr(record, field.attname) != getattr(earlier, field.attname))
    return [(str(field.verbose_name), names.of(field, earlier), names.of(field, record)) for field in changed]
