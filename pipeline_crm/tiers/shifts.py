"""When one person is at work, and how much a new one may hold: plain answers on the rows of the set-up."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import ceil

from .models import Seat, Tier

FAR = 62  # days that are searched for somebody's next shift


def is_on_shift(seat: Seat, moment: datetime) -> bool:
    """Whether records may be given to a seat at this moment, by its shifts or the pipeline's hours."""
    tier = seat.tier
    if tier.off_hours:
        return True
    shifts = seat.shifts.all()
    if not shifts:
        return tier.pipeline.calendar.is_open(moment)
    zone = tier.pipeline.zone
    today = moment.astimezone(zone).date()
    spans = (span for day in (today - timedelta(days=1), today) for span in _spans(seat, day))
    return any(begins <= moment < ends for begins, ends in spans)


def next_on_shift(seat: Seat, moment: datetime) -> datetime | None:
    """When a seat is at work next, from this moment on; nothing when no shift of its own comes."""
    if is_on_shift(seat, moment):
        return moment
    if not seat.shifts.all():
        return seat.tier.pipeline.calendar.opens_next(moment)
    today = moment.astimezone(seat.tier.pipeline.zone).date()
    for ahead in range(FAR):
        later = [begins for begins, _ends in _spans(seat, today + timedelta(days=ahead)) if begins >= moment]
        if later:
            return min(later)
    return None


def _spans(seat: Seat, day: date) -> list[tuple[datetime, datetime]]:
    """The shifts that begin on a day; a weekly one rests on the pipeline's days off, a rotation goes on."""
    pipeline = seat.tier.pipeline
    rests = not pipeline.calendar.is_workday(day)
    shifts = (
        shift for shift in seat.shifts.all() if shift.begins_on(day) and not (shift.weekday is not None and rests)
    )
    return [shift.span(day, pipeline.zone) for shift in shifts]


def is_absent(seat: Seat, day: date) -> bool:
    """Whether a seat is away on a day."""
    return any(absence.covers(day) for absence in seat.absences.all())


def share_of(seat: Seat, tier: Tier, today: date) -> int:
    """Per cent of the full load that a person has grown to by their days at the desk."""
    tenure = (today - seat.started_on).days
    if not tier.ramp_days or tenure >= tier.ramp_days:
        return 100
    return tier.ramp_percent + (100 - tier.ramp_percent) * max(tenure, 0) // tier.ramp_days


def room_of(seat: Seat, tier: Tier, today: date) -> int:
    """How many open records a seat may hold now."""
    return ceil(seat.capacity * share_of(seat, tier, today) / 100)
