"""What one person may see, read once and asked many times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from guardian.shortcuts import get_objects_for_user

from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.stages import Stage

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@dataclass(frozen=True)
class Sight:
    """The tiers a person works or leads, the pipelines they head or analyse, the seats they sit on."""

    user_id: int | None = None
    seats: tuple[Seat, ...] = ()
    worked: tuple[Tier, ...] = ()
    led: tuple[Tier, ...] = ()
    headed: tuple[Pipeline, ...] = ()
    analysed: tuple[Pipeline, ...] = ()
    everything: bool = False

    @cached_property
    def seat_ids(self) -> frozenset[int]:
        return _ids(self.seats)

    @cached_property
    def worked_ids(self) -> frozenset[int]:
        return _ids(self.worked)

    @cached_property
    def led_ids(self) -> frozenset[int]:
        return _ids(self.led)

    @cached_property
    def headed_ids(self) -> frozenset[int]:
        return _ids(self.headed)

    def works(self, stage: Stage | str) -> bool:
        """Whether any record of a stage can be worked, led or headed from here."""
        return self.everything or bool(self.headed) or bool(self.tiers_for(stage))

    def tiers_for(self, stage: Stage | str) -> list[Tier]:
        """The person's tiers at which records of a stage lie."""
        return [tier for tier in self.worked if tier.works(stage) or _repeats(tier, stage)]

    def supervises(self, tier: Tier) -> bool:
        """Whether the person steers this tier: its team lead or its head of sales."""
        return self.everything or tier.id in self.led_ids or tier.pipeline_id in self.headed_ids

    def seat_at(self, tier_id: int) -> Seat | None:
        """The person's own open seat at a tier."""
        return next((seat for seat in self.seats if seat.tier_id == tier_id), None)


def _ids(rows: Iterable[Any]) -> frozenset[int]:
    return frozenset(row.pk for row in rows)


def _repeats(tier: Tier, stage: Stage | str) -> bool:
    """Whether a farmer's tier works repeat deals itself."""
    return stage == Stage.DEAL and tier.works_account and tier.pipeline.repeat_deals == Pipeline.RepeatDeals.FARMER


def sight_of(user: User | AnonymousUser) -> Sight:
    """Reads what a person may see; within a request it is read once."""
    kept = user.__dict__.get("sight")
    return kept if kept is not None else read_sight(user)


def read_sight(user: User | AnonymousUser) -> Sight:
    """Reads what a person may see from their grants and seats as they stand in the database."""
    if not user.is_authenticated or not user.is_active:
        return Sight()
    worked, led = _granted(user, Tier, "work_tier", "lead_tier")
    headed, analysed = _granted(user, Pipeline, "head_pipeline", "analyse_pipeline")
    seats = tuple(
        Seat.objects.open()
        .filter(user=user, tier__in=[tier.pk for tier in worked])
        .select_related("tier__pipeline")
        .order_by("id")
    )
    return Sight(
        user_id=user.pk,
        seats=seats,
        worked=worked,
        led=led,
        headed=headed,
        analysed=analysed,
        everything=user.is_superuser,
    )


def _granted(user: User, model: type[Tier] | type[Pipeline], *codenames: str) -> list[tuple[Any, ...]]:
    rows = model.objects.select_related("pipeline") if model is Tier else model.objects
    return [
        tuple(
            get_objects_for_user(
                user, f"tiers.{codename}", rows.all(), accept_global_perms=False, with_superuser=False
            ).order_by("id")
        )
        for codename in codenames
    ]
