"""A person's own pause: nothing new for an hour or until the end of the day, at every desk they have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pipeline_crm.access.gate import may
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor import rota
from pipeline_crm.conveyor.answers import Request
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.tiers.models import Seat

from .choices import back

if TYPE_CHECKING:
    from pipeline_crm.users.models import User


@dataclass(frozen=True)
class Breaks:
    """Whether a person takes a pause, and until when at the longest."""

    until: datetime | None = None


def breaks_of(user: User, *, now: datetime) -> Breaks | None:
    """The pause of somebody who receives records; nothing for those who receive none."""
    seats = _receiving(user)
    if not seats:
        return None
    return Breaks(
        max((seat.paused_until for seat in seats if seat.paused_until and seat.paused_until > now), default=None)
    )


def _receiving(user: User) -> list[Seat]:
    return [seat for seat in sight_of(user).seats if seat.capacity]


@may("self")
@require_POST
def pause(request: Request) -> HttpResponse:
    """The person takes a pause."""
    now, seats = timezone.now(), _receiving(request.user)
    if not seats:
        raise Refused(_("You have no desk that receives records: there is nothing to pause."))
    for seat in seats:
        until = rota.pause_ends(seat.tier, request.POST.get("length", ""), now=now)
        rota.pause(seat.pk, until=until, by=request.user, now=now)
    messages.success(request, _("You receive nothing new. What you hold stays, and its clocks run."))
    return back(request)


@may("self")
@require_POST
def resume(request: Request) -> HttpResponse:
    """The person is at work again."""
    for seat in sight_of(request.user).seats:
        rota.resume(seat.pk, by=request.user)
    messages.success(request, _("You receive new records again."))
    return back(request)
