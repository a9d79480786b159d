"""What was changed in the structure: when, by whom, from what to what. Facts are stored, sentences are made when read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import ForeignKey, ManyToManyField, Model, OuterRef, QuerySet, Subquery
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
    Rule,
    Rung,
    Seat,
    Shift,
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
    Rule: "tier_id",
    Absence: "seat_id",
    Shift: "seat_id",
    **dict.fromkeys((Step, Source, Product, Reason, WorkingHours, DayOff), "pipeline_id"),
}
# What stands in the heading of a line or never changes.
UNTOLD = {"id", "pipeline", "content_object", "created_at", "stage"}
TITLES = {
    Seat: ("user", "tier"),
    Absence: ("seat",),
    Shift: ("seat", "weekday"),
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
    rows = rows.annotate(earlier_id=Subquery(earlier.values("history_id")[:1]))
    latest = list(rows.order_by("-history_date", "-history_id")[:LINES])
    known = model.history.in_bulk([record.earlier_id for record in latest if record.earlier_id])
    _read_lists(model.history.model, [*latest, *known.values()])
    for record in latest:
        record.earlier = known.get(record.earlier_id)
    return latest


def _read_lists(history: Any, records: list[Any]) -> None:
    """Gives each version the numbers of the rows in its lists, in one query for each list."""
    for field in history._history_m2m_fields:
        versions = getattr(history, field.name).model._base_manager.filter(
            history__in={record.history_id for record in records}
        )
        keys: dict[int, list[int]] = {}
        for version, key in versions.values_list("history_id", f"{field.m2m_reverse_field_name()}_id"):
            keys.setdefault(version, []).append(key)
        for record in records:
            record.__dict__.setdefault("lists", {})[field.name] = keys.get(record.history_id, [])


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
                    if isinstance(field, ForeignKey | ManyToManyField):
                        wanted.setdefault(field.related_model, set()).update(_keys(version, field))
        self.known = {model: self._read(model, keys) for model, keys in wanted.items()}

    def of(self, field: Any, record: Any) -> str:
        """The value of a field in words."""
        value = _value(record, field)
        if isinstance(field, ForeignKey | ManyToManyField):
            known = self.known[field.related_model]
            return ", ".join(known.get(key, f"№ {key}") for key in _keys(record, field)) or "–"
        if field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, list):
            return ", ".join(map(str, value)) or "–"
        return "–" if value in (None, "") else str(localize(value))

    @staticmethod
    def _read(model: type[Any], keys: set[int]) -> dict[int, str]:
        rows: QuerySet[Any] = model._base_manager.filter(pk__in=keys)
        if model is Seat:
            rows = rows.select_related("user", "tier")
        if model is Permission:
            return {row.pk: _(row.name) for row in rows}
        return {row.pk: str(row) for row in rows}


def _told(record: Any) -> Iterator[Any]:
    return (field for field in (*record.tracked_fields, *record._history_m2m_fields) if field.name not in UNTOLD)


def _value(record: Any, field: Any) -> Any:
    """What a field held, for a list the numbers of its rows."""
    return _keys(record, field) if isinstance(field, ManyToManyField) else getattr(record, field.attname)


def _keys(record: Any, field: Any) -> list[int]:
    """The numbers of the rows that a record pointed at."""
    if isinstance(field, ManyToManyField):
        return sorted(record.lists[field.name])
    key = getattr(record, field.attname)
    return [] if key is None else [key]


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
    changed = (field for field in _told(record) if _value(record, field) != _value(earlier, field))
    return [(str(field.verbose_name), names.of(field, earlier), names.of(field, record)) for field in changed]
