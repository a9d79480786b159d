"""Which clock of a record runs out first, and when the sweep acts on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from pipeline_crm.tiers.models import Rung, Tier

from .records import Clock, ConveyorItem

DEFAULT_LADDER = (Rung(act=Rung.Act.REASSIGN, delay_minutes=0),)
NO_TIME = timedelta(0)
TAKES_AWAY = (Rung.Act.REASSIGN, Rung.Act.POOL)
AGAIN_AFTER = timedelta(hours=8)  # working time, after the last rung that moved nothing


class Running(NamedTuple):
    """A clock that runs: since when, and when it runs out."""

    clock: Clock
    since: datetime
    due: datetime


def ladder_of(tier: Tier) -> tuple[Rung, ...]:
    """The rungs of a tier in order; a tier without any reassigns at once."""
    # Of a tier in memory they are read already; Django would make a query of them each time, to ask nobody.
    rungs = getattr(tier, "_prefetched_objects_cache", {}).get("rungs")
    return tuple(tier.rungs.all() if rungs is None else rungs) or DEFAULT_LADDER


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
    if first.clock in (Clock.PARKED, Clock.POOL):
        item.stale_at = first.due
    elif first.clock == Clock.STEP and first.due <= first.since:
        _climb_to_now(item, first)
    else:
        item.stale_at = next_rung_at(item)


def _climb_to_now(item: ConveyorItem, late: Running) -> None:
    """Who is late on a step already when they come back is where the ladder was left: no word twice, no rung won back.

    What takes a record away is done however late it comes.
    """
    ladder, calendar = ladder_of(item.tier), item.pipeline.calendar
    gone = 0
    while gone < len(ladder) and _planned(item, late.due, ladder[gone]) <= late.since:
        gone += 1
    takes = [rung for rung in range(gone) if ladder[rung].act in TAKES_AWAY]
    item.rung = takes[-1] if takes else gone
    # After the last word it is as after any last rung that moved nothing.
    item.stale_at = next_rung_at(item) or calendar.add(late.since, AGAIN_AFTER)


def _planned(item: ConveyorItem, due: datetime, rung: Rung) -> datetime:
    calendar, delay = item.pipeline.calendar, rung.delay
    return calendar.add(due, delay) if delay >= NO_TIME else calendar.subtract(due, -delay)


def next_rung_at(item: ConveyorItem, *, now: datetime | None = None) -> datetime | None:
    """When the next rung of the ladder is reached: so long before or after the breach, in working time.

    `now` is the hour of the rung before: a sweep that comes late skips nobody's time between two rungs.
    """
    ladder = ladder_of(item.tier)
    if item.due_at is None or item.rung >= len(ladder):
        return None
    calendar, delay = item.pipeline.calendar, ladder[item.rung].delay
    planned = _planned(item, item.due_at, ladder[item.rung])
    if item.rung == 0:
        # No reminder comes before the clock even runs.
        return max(planned, item.clock_since) if item.clock_since else planned
    between = delay - ladder[item.rung - 1].delay
    return max(planned, calendar.add(now, between)) if now is not None and now > item.due_at else planned


def running(item: ConveyorItem) -> list[Running]:
    """Every clock that runs for a record; none while its client must not be contacted."""
    if item.barred:
        return []
    if not item.is_open:
        return item.own_clocks()
    until = item.parked_until()
    if until is not None:
        return [Running(Clock.PARKED, item.owner_since, until)]
    own, add = item.own_clocks(), item.pipeline.calendar.add
    limits = _limits(item, has_own=bool(own))
    runs = [Running(clock, since, add(since, timedelta(minutes=limit))) for clock, since, limit in limits if limit]
    return [*runs, *_of_step(item), *own]


def _of_step(item: ConveyorItem) -> list[Running]:
    """The time in a step; who has spent more than all of it before was late so long ago when they came."""
    limit = item.step.limit_minutes
    if not limit or item.seat_id is None or item.state == "offered":
        return []
    # The step's date never resets with the owner, but a new owner gets its time to act.
    since, calendar = max(item.step_since, item.owner_since), item.pipeline.calendar
    left = timedelta(minutes=limit - item.step_spent)
    due = calendar.add(since, left) if left >= NO_TIME else calendar.subtract(since, -left)
    return [Running(Clock.STEP, since, due)]


def _limits(item: ConveyorItem, *, has_own: bool) -> list[tuple[Clock, datetime, int | None]]:
    tier, own_step, since = item.tier, item.step, item.owner_since
    if item.seat_id is None:
        return [(Clock.POOL, since, _shorter(tier.pool_minutes, own_step.pool_minutes))]
    if item.state == "offered":
        return [(Clock.ANSWER, since, _shorter(tier.answer_minutes, own_step.answer_minutes))]
    silence = _shorter(tier.silence_minutes, own_step.silence_minutes)
    if item.touched_at is None or item.touched_at < since:
        first_touch = _shorter(tier.first_touch_minutes, own_step.first_touch_minutes)
        return [(Clock.FIRST_TOUCH, since, first_touch or silence)]
    return [] if has_own else [(Clock.SILENCE, item.touched_at, silence)]


def _shorter(of_tier: int | None, of_step: int | None) -> int | None:
    """The shorter of the tier's clock and the step's, in working minutes; what is none or zero does not run."""
    return min(filter(None, (of_tier, of_step)), default=None)
