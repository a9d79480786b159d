"""Who sits where and works when: seats opened, people away, back again, or taking a pause."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.http import Http404
from django.utils.translation import gettext as _

from pipeline_crm.access.identity import act
from pipeline_crm.access.sight import sight_of
from pipeline_crm.tiers.models import Absence, Seat, Tier

from .errors import Refused

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

LONGEST_PAUSE = timedelta(hours=26)  # a day on which the clocks go back, and a little


def seat_in_charge(seat_id: int, *, by: User) -> Seat:
    """Locks a seat of a tier that the actor supervises; any other is a 404."""
    seat = held_seat(seat_id)
    if seat is None or not sight_of(by).supervises(seat.tier):
        raise Http404
    return seat


def held_seat(seat_id: int, *, skip_locked: bool = False) -> Seat | None:
    """Locks a seat against other changes of it; records may still be given to it and taken from it."""
    rows = Seat.objects.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)
    return rows.select_related("tier__pipeline", "user").filter(pk=seat_id).first()


@act
def open_seat(seat_id: int, *, by: User) -> Seat:
    """Opens a closed seat again."""
    seat = seat_in_charge(seat_id, by=by)
    seat.is_open = True
    seat.save(update_fields=["is_open"])
    return seat


# Absence ---------------------------------------------------------------------------------------------------------


@act
def send_away(
    seat_id: int,
    *,
    first_day: date,
    last_day: date,
    reason: str,
    by: User,
    now: datetime,
    substitute: Seat | None = None,
) -> Absence:
    """The team lead writes down from which day to which somebody is away, and who looks after the clients meanwhile."""
    seat = seat_in_charge(seat_id, by=by)
    if last_day < first_day:
        raise Refused(_("The last day must not come before the first."))
    if last_day < today_of(seat, now):
        raise Refused(_("These days have passed already."))
    if seat.absences.filter(first_day__lte=last_day, last_day__gte=first_day).exists():
        raise Refused(_("%(name)s is away on some of these days already.") % {"name": seat.user.name})
    _refuse_as_substitute(seat, substitute)
    return Absence.objects.create(
        seat=seat, first_day=first_day, last_day=last_day, reason=reason.strip(), substitute=substitute
    )


def _refuse_as_substitute(seat: Seat, substitute: Seat | None) -> None:
    if substitute is None:
        return
    if substitute.pk == seat.pk:
        raise Refused(_("Choose somebody else as the substitute."))
    if substitute.tier_id != seat.tier_id or not substitute.holds:
        raise Refused(_("The substitute must have an open seat at the same tier."))


@act
def call_back(absence_id: int, *, by: User, now: datetime) -> Seat:
    """Somebody is back sooner: the absence ends yesterday, or never was when it has only begun."""
    seat_id = Absence.objects.filter(pk=absence_id).values_list("seat_id", flat=True).first()
    if seat_id is None:
        raise Http404
    seat = seat_in_charge(seat_id, by=by)
    absence, today = seat.absences.filter(pk=absence_id).first(), today_of(seat, now)
    if absence is None:
        return seat
    if absence.first_day >= today:
        absence.delete()
    elif absence.last_day >= today:
        absence.last_day = today - timedelta(days=1)
        absence.save(update_fields=["last_day"])
    return seat


def today_of(seat: Seat, now: datetime) -> date:
    """The day it is where the pipeline works."""
    return now.astimezone(seat.tier.pipeline.zone).date()


# A pause ---------------------------------------------------------------------------------------------------------


def pause_ends(tier: Tier, length: str, *, now: datetime) -> datetime:
    """When a pause that begins now is over, where the pipeline works."""
    if length not in ("hour", "day"):
        raise Refused(_("Say how long the pause is: an hour, or until the end of the day."))
    return now + timedelta(hours=1) if length == "hour" else tier.pipeline.midnight(now) + timedelta(days=1)


@act
def pause(seat_id: int, *, until: datetime, by: User, now: datetime) -> Seat:
    """No new records for a while: for oneself, or for somebody in one's charge. What is held stays."""
    seat = _own_or_in_charge(seat_id, by=by)
    if not now < until <= now + LONGEST_PAUSE:
        raise Refused(_("A pause ends today. For longer, your team lead writes down an absence."))
    if not seat.is_open:
        raise Refused(_("This seat is closed: it receives nothing anyway."))
    seat.paused_until = until
    seat.save(update_fields=["paused_until"])
    return seat


@act
def resume(seat_id: int, *, by: User) -> Seat:
    """The pause is over; twice is the same as once."""
    seat = _own_or_in_charge(seat_id, by=by)
    if seat.paused_until is not None:
        seat.paused_until = None
        seat.save(update_fields=["paused_until"])
    return seat


def _own_or_in_charge(seat_id: int, *, by: User) -> Seat:
    seat = held_seat(seat_id)
    sight = sight_of(by)
    if seat is None or not (seat.pk in sight.seat_ids or sight.supervises(seat.tier)):
        raise Http404
    return seat
