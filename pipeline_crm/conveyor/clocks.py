"""Which clock of a record runs out first, and when the sweep acts on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline_crm.tiers.models import Rung, Tier

from .records import Clock, ConveyorItem

DEFAULT_LADDER = (Rung(act=Rung.Act.REASSIGN, delay_minutes=0),)
NO_TIME = timedelta(0)
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
    """Turns the clock back to what runs now, and the ladder to its foot; closed records have no clock.

    A clock that runs on unchanged, such as that of a step whatever the touches, keeps the rungs that were climbed.
    """
    first = min(running(item), key=lambda run: run.due, default=None)
    if first is not None and item.stale_at is not None and first == (item.clock, item.clock_since, item.due_at):
        return
    item.rung = 0
    if first is None:
        item.clock, item.clock_since, item.due_at, item.stale_at = "", None, None, None
        return
    item.clock, item.clock_since, item.due_at = first
    item.stale_at = first.due if first.clock in (Clock.PARKED, Clock.POOL) else next_rung_at(item)


def next_rung_at(item: ConveyorItem, *, now: datetime | None = None) -> datetime | None:
    """When the next rung of the ladder is reached: so long before or after the breach, in working time.

    `now` is the hour of the rung before: a sweep that comes late skips nobody's time between two rungs.
    """
    ladder = ladder_of(item.tier)
    if item.due_at is None or item.rung >= len(ladder):
        return None
    calendar, delay = item.pipeline.calendar, ladder[item.rung].delay
    planned = calendar.add(item.due_at, delay) if delay >= NO_TIME else calendar.subtract(item.due_at, -delay)
    if item.rung == 0:
        # No reminder comes before the clock even runs.
        return max(planned, item.clock_since) if item.clock_since else planned
    between = delay - ladder[item.rung - 1].delay
    return max(planned, calendar.add(now, between)) if now is not None and now > item.due_at else planned


def running(item: ConveyorItem) -> list[Running]:
    """Every clock that runs for a record."""
    if not item.is_open:
        return item.own_clocks()
    until = item.parked_until()
    if until is not None:
        return [Running(Clock.PARKED, item.owner_since, until)]
    own, add = item.own_clocks(), item.pipeline.calendar.add
    limits = _limits(item, has_own=bool(own))
    return [
        Running(clock, since, add(since, timedelta(minutes=limit))) for clock, since, limit in limits if limit
    ] + own


def _limits(item: ConveyorItem, *, has_own: bool) -> list[tuple[Clock, datetime, int | None]]:
    tier, own_step, since = item.tier, item.step, item.owner_since
    if item.seat_id is None:
        return [(Clock.POOL, since, _shorter(tier.pool_minutes, own_step.pool_minutes))]
    if item.state == "offered":
        return [(Clock.ANSWER, since, _shorter(tier.answer_minutes, own_step.answer_minutes))]
    # The step's date never resets with the owner, but a new owner gets its time to act.
    limit = own_step.limit_minutes
    # Who has spent all of it before has a minute left, for a clock of no minutes would not run at all.
    step = (Clock.STEP, max(item.step_since, since), limit and max(1, limit - item.step_spent))
    silence = _shorter(tier.silence_minutes, own_step.silence_minutes)
    if item.touched_at is None or item.touched_at < since:
        first_touch = _shorter(tier.first_touch_minutes, own_step.first_touch_minutes)
        return [(Clock.FIRST_TOUCH, since, first_touch or silence), step]
    return [step] if has_own else [(Clock.SILENCE, item.touched_at, silence), step]


def _shorter(of_tier: int | None, of_step: int | None) -> int | None:
    """The shorter of the tier's clock and the step's, in working minutes; what is none or zero does not run."""
    return min(filter(None, (of_tier, of_step)), default=None)
