"""The whole conveyor on one page: the belts, where it is stuck and why, the ladder, load per seat."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from django.urls import reverse

from pipeline_crm.access.identity import system_scope
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.tiers.models import Pipeline, Tier
from pipeline_crm.tiers.stages import Stage

from . import stuck, sums
from .belts import Belts, Crossings, Period
from .people import rows_of
from .pressure import pressures_of
from .shapes import Load, SeatRow, TierLoad, Whole


@system_scope("the sums of a whole pipeline are for those, too, who may read none of its records")
def whole_of(pipeline: Pipeline, *, days: int, named: bool, now: datetime) -> Whole:
    """The conveyor at one hour; without names, and without ways to records, for those who see numbers only."""
    tiers, steps = pipeline.ordered_tiers, list(pipeline.steps.all())
    period = Period.of(pipeline, days, now=now)
    crossings, loads = Crossings.of(pipeline, period), tier_loads(pipeline, named=named, now=now)
    belts = Belts(
        pipeline=pipeline,
        steps=steps,
        heaps=sums.heaps(tiers, steps, now=now),
        crossings=crossings,
        seats={tier.pk: tier.in_use for tier in loads},
        period=period,
        now=now,
    )
    piles = [pile for stage in Stage for pile in belts.piles(stage)]
    return Whole(
        parts=belts.parts(),
        unit=stuck.unit_of(pile.open for pile in piles),
        worst=stuck.worst_of(piles),
        reasons=stuck.reasons_of(
            loads,
            piles,
            [(tier, crossings.reasons.get((tier.pk,), [])) for tier in loads],
            lists=_lists(pipeline) if named else {},
        ),
        growth=_growth(pipeline, period, days=days),
        ladder=sums.ladder(pipeline, since=pipeline.midnight(now)),
        tiers=loads,
        pressures=pressures_of(tiers, loads),
    )


def _lists(pipeline: Pipeline) -> dict[str, str]:
    return {desk.stage.value: f"{desk.url('list')}?pipeline={pipeline.pk}" for desk in DESKS.values()}


def _growth(pipeline: Pipeline, period: Period, *, days: int) -> str:
    flows = sums.flows(pipeline, since=period.since)
    if not flows:
        return ""
    stage, flow = max(flows.items(), key=lambda one: (one[1].came - one[1].left, -Stage(one[0]).rank))
    return stuck.growth(str(Stage(stage).label), flow, days=days, working_days=period.working_days)


def tier_loads(pipeline: Pipeline, *, named: bool, now: datetime) -> list[TierLoad]:
    """Each tier with its seats, the fullest first where there are more than a column shows."""
    everybody = sums.seats_of(pipeline)
    loads = sums.loads(pipeline.ordered_tiers, now=now)
    away = sums.absences(everybody, pipeline=pipeline, now=now)
    seats = {tier: list(those) for tier, those in groupby(everybody, key=lambda seat: seat.tier_id)}
    return [
        _tier_load(
            tier,
            rows_of(seats.get(tier.pk, []), loads, away, now=now, named=named),
            loads.get((tier.pk, None), Load()),
            named,
        )
        for tier in pipeline.ordered_tiers
    ]


def _tier_load(tier: Tier, rows: list[SeatRow], pool: Load, named: bool) -> TierLoad:
    return TierLoad(
        pk=tier.pk,
        name=tier.name,
        stage=tier.stages[0].value,
        seats=[row for row in rows if row.on_list and (row.capacity or row.load.open)],
        pool=pool,
        url=reverse("reports:team", args=[tier.pk]) if named else "",
    )
