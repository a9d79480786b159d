"""What the admin has drawn, read once and kept in memory as long as the stamp in the database stays the same.

The rows are shared by every request of a process: read them, never change them. A change anywhere in the set-up, in
seats, in grants or in who works here gives a new stamp in its own transaction (see `laws.stamp`), so that the next
question after its commit reads everything anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, Prefetch, QuerySet
from django.utils import timezone

from .models import Absence, Pipeline, Product, Reason, Rule, Seat, Source, Step, Tier

ABSENCE_DAYS = 400  # absences that ended longer ago concern nobody any more

_kept: SetUp | None = None


@dataclass(frozen=True, eq=False)
class SetUp:
    """Every pipeline with its tiers, steps, ladders, hours, lists, seats and rules; each row knows its neighbours."""

    stamp: UUID | None
    pipelines: dict[int, Pipeline]
    tiers: dict[int, Tier] = field(default_factory=dict)
    steps: dict[int, Step] = field(default_factory=dict)
    seats: dict[int, Seat] = field(default_factory=dict)

    @cached_property
    def sources(self) -> dict[int, Source]:
        """The sources of all pipelines."""
        return _by_id(Source.objects.all())

    @cached_property
    def products(self) -> dict[int, Product]:
        """The products of all pipelines."""
        return _by_id(Product.objects.all())

    @cached_property
    def reasons(self) -> dict[int, Reason]:
        """The reasons of all pipelines."""
        return _by_id(Reason.objects.all())

    def seats_of(self, user_id: int) -> list[Seat]:
        """The seats of one person, open or closed, in the order in which they were given."""
        return sorted((seat for seat in self.seats.values() if seat.user_id == user_id), key=lambda seat: seat.pk)

    def attach[Row: Model](self, rows: Iterable[Row]) -> list[Row]:
        """Gives records their pipeline, tier, step and owner out of memory instead of a join."""
        rows = list(rows)
        kinds: tuple[tuple[str, str, dict[int, Any]], ...] = (
            ("pipeline", "pipeline_id", self.pipelines),
            ("tier", "tier_id", self.tiers),
            ("step", "step_id", self.steps),
            ("seat", "seat_id", self.seats),
        )
        for row in rows:
            kept = row._state.fields_cache
            for name, column, known in kinds:
                found = known.get(getattr(row, column, None))  # type: ignore[arg-type]
                if found is not None:
                    kept[name] = found
        return rows


def setup(*, held: bool = False, stamp: UUID | None = None) -> SetUp:
    """The set-up as it stands now: one short question, and the rest only when something has changed.

    With `held`, inside a transaction, nothing of it changes before the commit: who closes a seat or dismisses a person
    waits for those who are giving records out, and they see at once what was committed before them. Who has just read the
    `stamp` need not read it again.
    """
    global _kept
    if stamp is None:
        stamp = _stamp(held=held)
    kept = _kept
    if kept is None or stamp is None or kept.stamp != stamp:
        kept = _kept = _read(stamp)
    return kept


def _stamp(*, held: bool) -> UUID | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM tiers_stamp FOR SHARE" if held else "SELECT value FROM tiers_stamp")
        row = cursor.fetchone()
    return row[0] if row else None


def _read(stamp: UUID | None) -> SetUp:
    pipelines = _by_id(Pipeline.objects.prefetch_related("hours", "days_off", "steps", _tiers()))
    house = SetUp(stamp, pipelines)
    for pipeline in pipelines.values():
        house.steps.update({step.pk: step for step in pipeline.steps.all()})
        for tier in pipeline.tiers.all():
            house.tiers[tier.pk] = tier
            house.seats.update({seat.pk: seat for seat in tier.seats.all()})
    for tier in house.tiers.values():
        tier._state.fields_cache["helps"] = house.tiers.get(tier.helps_id) if tier.helps_id else None
    return house


def _tiers() -> Prefetch[Any, Any, Any]:
    recent = Absence.objects.filter(last_day__gte=timezone.now().date() - timedelta(days=ABSENCE_DAYS))
    seats = (
        Seat.objects.order_by("id")
        .select_related("user")
        .defer("user__password")
        .prefetch_related("shifts", Prefetch("absences", recent))
    )
    rules = Rule.objects.prefetch_related("sources", "products", "seats")
    return Prefetch("tiers", Tier.objects.prefetch_related("rungs", Prefetch("seats", seats), Prefetch("rules", rules)))


def _by_id[Row: Model](rows: QuerySet[Row]) -> dict[int, Row]:
    return {row.pk: row for row in rows}
