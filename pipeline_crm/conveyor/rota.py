"""Who is away and when: a seat that is away keeps its records and receives nothing new."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from pipeline_crm.tiers.models import Absence, Seat

from .actions import seat_in_charge
from .errors import Refused

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@transaction.atomic
def send_away(seat_id: int, *, first_day: date, last_day: date, reason: str, by: User, now: datetime) -> Absence:
    """The team lead writes down from which day to which somebody is away."""
    seat = seat_in_charge(seat_id, by=by)
    if last_day < first_day:
        raise Refused(_("The last day must not come before the first."))
    if last_day < today_of(seat, now):
        raise Refused(_("These days have passed already."))
    if seat.absences.filter(first_day__lte=last_day, last_day__gte=first_day).exists():
        raise Refused(_("%(name)s is away on some of these days already.") % {"name": seat.user.name})
    return Absence.objects.create(seat=seat, first_day=first_day, last_day=last_day, reason=reason.strip())


@transaction.atomic
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
