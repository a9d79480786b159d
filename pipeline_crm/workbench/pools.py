"""The pools of one's own tiers: who waits, without saying who it is, and how much room one has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipeline_crm.access.gate import visible
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.cards import wanted_by, with_wishes
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import ClockFace, clock_face
from pipeline_crm.conveyor.records import BELT, ConveyorItem
from pipeline_crm.conveyor.words import capped, seconds_between, span
from pipeline_crm.tiers.models import Seat
from pipeline_crm.tiers.stages import Stage

from .tally import tally

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

SHOWN = 2

NAMES = {
    Stage.LEAD: gettext_lazy("Pool of leads"),
    Stage.DEAL: gettext_lazy("Pool of deals"),
    Stage.ACCOUNT: gettext_lazy("Pool of accounts"),
}


@dataclass(frozen=True)
class Blind:
    """Somebody who waits: what they want and until when, never who."""

    words: str
    place: str
    face: ClockFace | None


@dataclass(frozen=True)
class Room:
    """How many open records one seat holds, of how many it may."""

    tier: str
    held: int
    capacity: int


@dataclass(frozen=True)
class Pools:
    """The pools in which somebody waits, and the room at each own desk."""

    waiting: list[Pool]
    rooms: list[Room]


@dataclass(frozen=True)
class Pool:
    """The pool of one tier at one stage."""

    seat: Seat
    stage: Stage
    name: str
    waiting: int
    held: int
    rows: list[Blind]
    waits: str
    take_url: str
    list_url: str

    @property
    def count(self) -> int | str:
        """How many wait, in a figure that one reads at a glance."""
        return capped(self.waiting)


def pools_for(user: User, *, now: datetime) -> Pools:
    """The pools of a person's own desks: one query for the counts and one for the rows of each."""
    desks = [
        (seat, stage)
        for seat in sight_of(user).seats
        for stage in Stage
        if seat.tier in sight_of(user).tiers_for(stage) and seat.capacity
    ]
    counts = tally(user, dict(_counts(desks)))
    several = len({seat.pk for seat, _stage in desks}) > 1
    rooms = {seat.pk: Room(seat.tier.name, _held(seat, counts), seat.capacity) for seat, _stage in desks}
    pools = [_pool(user, seat, stage, counts, now, several=several) for seat, stage in desks]
    return Pools([pool for pool in pools if pool.rows], list(rooms.values()))


def _held(seat: Seat, counts: dict[str, int]) -> int:
    return sum(counts[f"held_{seat.pk}_{each}"] for each in Stage)


def _counts(desks: list[tuple[Seat, Stage]]) -> Iterator[tuple[str, QuerySet[Any]]]:
    for seat, stage in desks:
        yield f"pool_{seat.pk}_{stage}", BELT[stage].objects.in_pool(seat.tier_id)
        for each in Stage:
            yield f"held_{seat.pk}_{each}", BELT[each].objects.open().held_by(seat)


def _rows(user: User, seat: Seat, stage: Stage) -> list[ConveyorItem]:
    rows: Any = visible(user, with_wishes(BELT[stage].objects.in_pool(seat.tier_id)))
    return list(rows.most_urgent()[:SHOWN])


def _pool(user: User, seat: Seat, stage: Stage, counts: dict[str, int], now: datetime, *, several: bool) -> Pool:
    rows = _rows(user, seat, stage)
    oldest = min((item.owner_since for item in rows), default=None)
    return Pool(
        seat=seat,
        stage=stage,
        name=f"{NAMES[stage]} · {seat.tier.pipeline.name}" if several else str(NAMES[stage]),
        waiting=counts[f"pool_{seat.pk}_{stage}"],
        held=_held(seat, counts),
        rows=[_blind(item, now) for item in rows],
        waits=_("wait up to %(time)s") % {"time": span(seconds_between(oldest, now))} if oldest else "",
        take_url=reverse("workbench:take-next", args=[seat.tier_id, stage.value]),
        list_url=DESKS[stage].url("list") + "?view=pool",
    )


def _blind(item: ConveyorItem, now: datetime) -> Blind:
    return Blind(
        words=wanted_by(item) or _("Somebody waits"),
        place=item.step.name,
        face=clock_face(item.due_at, item.clock_since, now, item.clock),
    )


def was_closed(user: User, tier_id: int) -> bool:
    """Whether a person has a seat at a tier that somebody has closed."""
    return Seat.objects.filter(user=user, tier=tier_id, is_open=False).exists()
