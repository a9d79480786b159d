"""Which clock of a record runs out first, and when the sweep acts on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline_crm.tiers.models import Rung, Tier

from .records import Clock, ConveyorItem

DEFAULT_LADDER = (Rung(act=Rung.Act.REASSIGN, delay_minutes=0),)
AGAIN_AFTER = timedelta(hours=8)  # working time, after the last rung that moved nothing


class Running(NamedTuple):
    """A clock that runs: since when, and when it runs out."""

    clock: Clock
    since: datetime
    due: datetime


def ladder_of(tier: Tier) -> tuple[Rung, ...]:
    """The rungs of a tier in order; a tier without any reassigns at once."""
    return tuple(tier.rungs.all()) or DEFAULT_LADDER


def wind(item: ConveyorItem) -> None:
    """Turns the clock back to what runs now, and the ladder to its foot; closed records have no clock."""
    first = min(running(item), key=lambda run: run.due, default=None)
    item.rung = 0
    if first is None:
        item.clock, item.clock_since, item.due_at, item.stale_at = "", None, None, None
        return
    item.clock, item.clock_since, item.due_at = first
    item.stale_at = first.due if first.clock in (Clock.PARKED, Clock.POOL) else next_rung_at(item)


def next_rung_at(item: ConveyorItem, *, now: datetime | None = None) -> datetime | None:
    """When the next rung of the ladder is reached: after the breach, or `now` after the rung before, in working time.

    A sweep that comes late skips nobody's time between two rungs.
    """
    ladder = ladder_of(item.tier)
    if item.due_at is None or item.rung >= len(ladder):
        return None
    if now is None or item.rung == 0:
        return item.pipeline.calendar.add(item.due_at, ladder[item.rung].delay)
    return item.pipeline.calendar.add(now, ladder[item.rung].delay - ladder[item.rung - 1].delay)


def running(item: ConveyorItem) -> list[Running]:
    """Every clock that runs for a record."""
    if not item.is_open:
        return item.own_clocks()
    until = item.parked_until()
    if until is not None:
        return [Running(Clock.PARKED, item.owner_since, until)]
    return [
        Running(clock, since, item.pipeline.calendar.add(since, timedelta(minutes=minutes)))
        for clock, since, minutes in _limits(item)
        if minutes
    ] + item.own_clocks()


def _limits(item: ConveyorItem) -> list[tuple[Clock, datetime, int | None]]:
    tier, since = item.tier, item.owner_since
    if item.seat_id is None:
        return [(Clock.POOL, since, tier.pool_minutes)]
    if item.state == "offered":
        return [(Clock.ANSWER, since, tier.answer_minutes)]
    # The step's date never resets with the owner, but a new owner gets its time to act.
    step = (Clock.STEP, max(item.step_since, since), item.step.limit_minutes)
    if item.touched_at is None or item.touched_at < since:
        return [(Clock.FIRST_TOUCH, since, tier.first_touch_minutes or tier.silence_minutes), step]
    return [step] if item.own_clocks() else [(Clock.SILENCE, item.touched_at, tier.silence_minutes), step]
