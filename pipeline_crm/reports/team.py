"""What a team lead steers: the seats of a tier, its clocks, its joints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import chain
from operator import add
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext as _

from pipeline_crm.access.gate import visible
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import clock_face
from pipeline_crm.conveyor.records import Clock, ConveyorItem
from pipeline_crm.tiers.models import Pipeline, Seat, Tier

from . import sums
from .people import rows_of
from .shapes import Door, Load, Pair, Risk, SeatRow, Tally, Team

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

DAYS = 30
RISKS_SHOWN, REASONS_SHOWN, PAIRS_SHOWN = 7, 5, 8


def team_of(tier: Tier, *, by: User, now: datetime) -> Team:
    """A tier as its team lead sees it at one hour."""
    everybody = sums.seats_of(tier.pipeline)
    loads = sums.loads([tier], now=now)
    rows = _rows(tier, [seat for seat in everybody if seat.tier_id == tier.pk], loads, by=by, now=now)
    incoming, outgoing = _doors(tier, everybody, now=now)
    return Team(
        seats=rows,
        pool=loads.get((tier.pk, None), Load()),
        total=reduce(add, loads.values(), Load()),
        risks=risks_of(tier, by=by, now=now),
        incoming=incoming,
        outgoing=outgoing,
    )


def seat_rows(tier: Tier, *, by: User, now: datetime) -> list[SeatRow]:
    """The seats of a tier, each with what it holds."""
    seats = list(Seat.objects.filter(tier=tier).select_related("user", "tier").order_by("id"))
    return _rows(tier, seats, sums.loads([tier], now=now), by=by, now=now)


def _rows(
    tier: Tier, seats: Sequence[Seat], loads: Mapping[tuple[int, int | None], Load], *, by: User, now: datetime
) -> list[SeatRow]:
    return rows_of(
        seats,
        loads,
        sums.absences(seats, pipeline=tier.pipeline, now=now),
        now=now,
        touches=sums.touches(tier, [seat.user_id for seat in seats], since=tier.pipeline.midnight(now)),
        me=by.pk,
    )


def risks_of(tier: Tier, *, by: User, now: datetime) -> list[Risk]:
    """The records of a tier whose clocks ran out first or soonest will."""
    items: Iterable[ConveyorItem] = chain.from_iterable(
        visible(by, desk.model.objects.open().for_cards().most_urgent())
        .filter(Q(due_at__lte=now) | sums.soon(now), tier=tier)
        .exclude(clock=Clock.PARKED)[:RISKS_SHOWN]
        for desk in DESKS.values()
    )
    urgent = sorted(items, key=lambda item: (item.due_at, item.stage, item.pk))
    return [_risk(item, now=now) for item in urgent[:RISKS_SHOWN]]


def _risk(item: ConveyorItem, *, now: datetime) -> Risk:
    return Risk(
        url=DESKS[item.stage].url("record", item.pk),
        client=item.client.name,
        owner=item.seat.user.name if item.seat else _("in the pool"),
        clock=item.get_clock_display(),
        face=clock_face(item.due_at, item.clock_since, now, item.clock),
    )


# The joints ------------------------------------------------------------------------------------------------------


def neighbours(tier: Tier) -> tuple[Tier | None, Tier | None]:
    """Who gives to a tier and whom it gives to; a repeat deal may ride back to the hunters."""
    order: list[Tier] = tier.pipeline.ordered_tiers
    place = order.index(tier)
    before = order[place - 1] if place else None
    after = order[place + 1] if place + 1 < len(order) else None
    if tier.pipeline.repeat_deals == Pipeline.RepeatDeals.HUNTERS:
        first, last = tier.pipeline.tier_for("deal"), tier.pipeline.tier_for("account")
        before = before or (last if tier == first != last else None)
        after = after or (first if tier == last != first else None)
    return before, after


def _doors(tier: Tier, everybody: Sequence[Seat], *, now: datetime) -> tuple[Door | None, Door | None]:
    before, after = neighbours(tier)
    if before is None and after is None:
        return None, None
    calendar = tier.pipeline.calendar
    rows = sums.crossing(sums.handoffs(tier.pipeline, since=now - timedelta(days=DAYS))).filter(
        Q(from_tier=tier) | Q(to_tier=tier)
    )
    waits = [
        (other.pk, calendar.subtract(now, timedelta(minutes=other.answer_minutes)))
        for other in tier.pipeline.ordered_tiers
        if other.answer_minutes
    ]
    facts = _Crossings(
        tallies=sums.answered(rows, "from_tier", "giver", "receiver"),
        times=sums.answer_times(rows, "from_tier", "giver", "receiver", calendar=calendar),
        reasons=sums.why_returned(rows, "from_tier"),
        late=sums.late_offers(rows, waits),
        names={seat.pk: seat.user.name for seat in everybody},
    )
    return (
        facts.door(tier, before, incoming=True) if before else None,
        facts.door(tier, after, incoming=False) if after else None,
    )


@dataclass(frozen=True)
class _Crossings:
    """The crossings of a tier over the last days, read once for both of its joints; keys begin with the giving tier."""

    tallies: dict[tuple[Any, ...], Tally]
    times: dict[tuple[Any, ...], float]
    reasons: dict[tuple[Any, ...], list[tuple[str, int]]]
    late: dict[int, int]
    names: dict[int, str]

    def door(self, tier: Tier, other: Tier, *, incoming: bool) -> Door:
        """One joint, seen from the tier."""

        def ours(group: tuple[Any, ...]) -> bool:
            return (group[0] != tier.pk) is incoming

        tallies = {group: tally for group, tally in self.tallies.items() if ours(group)}
        counts: dict[str, int] = {}
        for group, reasons in self.reasons.items():
            for name, count in reasons if ours(group) else ():
                counts[name] = counts.get(name, 0) + count
        late = self.late.get(tier.pk, 0) if incoming else sum(n for to, n in self.late.items() if to != tier.pk)
        return Door(
            incoming=incoming,
            tier=other.name,
            tally=reduce(add, tallies.values(), Tally()),
            late=late,
            reasons=sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:REASONS_SHOWN],
            pairs=self.pairs(tallies),
        )

    def pairs(self, tallies: dict[tuple[Any, ...], Tally]) -> list[Pair]:
        """Who gave to whom, those with most offers first."""
        found = [
            Pair(
                giver=self.names.get(group[1], _("the pool")),
                receiver=self.names.get(group[2], _("the pool")),
                tally=tally,
                seconds=self.times.get(group),
            )
            for group, tally in tallies.items()
            if tally.ended
        ]
        return sorted(found, key=lambda pair: (-pair.tally.ended, pair.giver, pair.receiver))[:PAIRS_SHOWN]
