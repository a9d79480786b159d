"""What only a team lead can decide: records that went from hand to hand and lie with nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_crm.access.gate import visible
from pipeline_crm.tiers.models import Seat, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage

from .desks import DESKS
from .records import ConveyorItem

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

SHOWN = 20


@dataclass(frozen=True)
class Undecided:
    """One record that waits for its team lead, and the people who could take it."""

    item: ConveyorItem
    receivers: Sequence[Seat]

    @property
    def url(self) -> str:
        """The record itself."""
        return DESKS[self.item.stage].url("record", self.item.pk)

    @property
    def give_url(self) -> str:
        """Where it is given to somebody."""
        return DESKS[self.item.stage].url("reassign", self.item.pk)

    @property
    def pool_url(self) -> str:
        """Where it is put into the pool, for everybody."""
        return DESKS[self.item.stage].url("release", self.item.pk)


@dataclass(frozen=True)
class Decisions:
    """What waits for a team lead, the longest first, and how much there is more of it."""

    shown: Sequence[Undecided] = ()
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.shown)

    @property
    def count(self) -> int:
        """All of them."""
        return len(self.shown) + self.more


def decisions_for(user: User, tiers: Sequence[Tier]) -> Decisions:
    """What waits for the decision of somebody who leads these tiers; one question for each of their stages."""
    house, found = setup(), []
    stages = [stage for stage in Stage if any(house.tiers[tier.pk].takes(stage) for tier in tiers)]
    for stage in stages:
        rows = visible(user, DESKS[stage].model.objects.for_decision(*tiers).select_related("client"))
        found += house.attach(rows.order_by("owner_since", "id")[: SHOWN + 1])
    found.sort(key=lambda item: (item.owner_since, item.stage, item.pk))
    shown = [Undecided(item, _receivers(house.tiers[item.tier_id])) for item in found[:SHOWN]]
    return Decisions(shown, len(found) - len(shown))


def _receivers(tier: Tier) -> list[Seat]:
    seats = (seat for seat in tier.seats.all() if seat.holds and seat.capacity)
    return sorted(seats, key=lambda seat: seat.user.name)
