"""Who can see one record at this moment, and by which relation; and who had it once and sees it no more.

The relations are those of `ConveyorItem.relations`, `rows_of` and the policy, which the gate is compiled from: nothing is
decided here. For each person of the house the answer is that of `visible` (tests/oversight/test_who_sees.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q

from pipeline_crm.access.policy import Part, Relation, readers
from pipeline_crm.access.sight import Sight, sights_of
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.tiers.models import Seat
from pipeline_crm.tiers.setup import SetUp, setup
from pipeline_crm.timeline.models import Cause, Movement
from pipeline_crm.users.models import User

HOLDS = frozenset({Relation.OWNER, Relation.OFFERED})


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who sees the record now, and what they are to it."""

    person: User
    sight: Sight
    relations: frozenset[Relation]


@dataclass(frozen=True, slots=True)
class Parted:
    """Somebody with whom the record was, and who sees it no more; `left` is unknown where no movement tells of it."""

    seat: Seat
    came: datetime
    left: datetime | None


def who_sees(item: ConveyorItem, people: Iterable[User]) -> list[Seer]:
    """Of these people those who see a record now; as many questions for all of them as for one."""
    people = list(people)
    sights = sights_of(people)
    seers = (Seer(one, sights[one.pk], _ways(item, sights[one.pk])) for one in people if one.pk in sights)
    return [seer for seer in seers if not readers(Part.RECORD).isdisjoint(seer.relations)]


def _ways(item: ConveyorItem, sight: Sight) -> frozenset[Relation]:
    """What somebody is to the record; who held it as it went on is asked for by the stage's own rule, and they are one."""
    found = item.relations(sight)
    if found & HOLDS and not type(item).objects.filter(type(item).rows_of(HOLDS, sight), pk=item.pk).exists():
        return found - HOLDS
    return found


# Earlier ---------------------------------------------------------------------------------------------------------


def who_saw(item: ConveyorItem, seeing: Iterable[int]) -> list[Parted]:
    """Those with whom the record was and who are not among the people that see it now, the latest first."""
    house, still = setup(), set(seeing)
    moves = list(Movement.objects.filter(stage=item.stage, record_id=item.pk).order_by("version"))
    ends = [*(move.at for move in moves[1:]), None]
    had: dict[int, Parted] = {}
    for move, end in zip(moves, ends, strict=True):
        for seat in _in_sight_of(item, move, had, house):
            before = had.get(seat.user_id)
            earlier = before.left if before else None
            left = end or (_went_on(item, seat) if seat.pk == item.seat_id else earlier)
            had[seat.user_id] = Parted(seat, before.came if before else move.at, left)
    parted = [one for user_id, one in had.items() if user_id not in still]
    return sorted(parted, key=lambda one: one.left or one.came, reverse=True)


def _in_sight_of(item: ConveyorItem, move: Movement, had: dict[int, Parted], house: SetUp) -> list[Seat]:
    """Whose it was after a movement: its owner's, or in a pool, where those of the tier who had it saw it all the same."""
    if move.to_seat_id is not None:
        return [house.seats[move.to_seat_id]]
    if move.cause == Cause.UNDECIDED or move.to_state not in item.OPEN:
        return []
    return [one.seat for one in had.values() if one.seat.tier_id == move.to_tier_id]


def _went_on(item: ConveyorItem, seat: Seat) -> datetime | None:
    """When a closed record left its last owner's sight: with the client, who went on from their hands; else nobody knows."""
    if item.is_open or not seat.is_open or not seat.user.is_active:
        return None
    here, left = Q(stage=item.stage, record_id=item.pk), Q(from_seat=seat) & ~Q(to_seat=seat)
    moves = Movement.objects.filter(here | left, client=item.client_id, pipeline=item.pipeline_id)
    last: datetime | None = moves.aggregate(last=Max("at"))["last"]
    return last
