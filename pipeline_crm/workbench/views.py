"""The pages that one person opens all day: my work, search, notices."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.gate import may
from pipeline_crm.access.pipelines import chosen
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.answers import Request, SeeOther
from pipeline_crm.conveyor.decisions import decisions_for
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.outbox.actions import read_all
from pipeline_crm.tiers.models import Tier
from pipeline_crm.tiers.stages import Stage

from .best import best_of
from .breaks import breaks_of
from .bulletin import bulletin_for
from .choices import back
from .day import day_of, stages_of, steps_of
from .lent import lent_to
from .looked_for import note_search
from .numbers import numbers_of
from .pools import pools_for, was_closed
from .search import search
from .waiting import waiting_for


@may("self")
@require_safe
def my_work(request: Request) -> HttpResponse:
    """What this person should do now; whoever has no desk is led to their own page."""
    user, now = request.user, timezone.now()
    if not sight_of(user).seats:
        return _elsewhere(request)
    day = day_of(user, steps_of(sight_of(user)), now=now)
    waiting = waiting_for(user, now=now)
    if not (day.duties or waiting) and (team := _team_only(request)):
        return redirect("reports:team", team.pk)
    told = {
        "now": now,
        "day": day,
        "best": best_of(day, _skipped(request)),
        "waiting": waiting,
        "pools": pools_for(user, now=now),
        "numbers": numbers_of(user, now=now),
        "takes_leads": Stage.LEAD in stages_of(sight_of(user)),
        "decisions": decisions_for(user, sight_of(user).led),
        "lent": lent_to(user),
        "breaks": breaks_of(user, now=now),
    }
    return render(request, "workbench/my_work.html", told)


def _elsewhere(request: Request) -> HttpResponse:
    """A head or analyst reads the conveyor, a configurator sets it up; somebody without a place is told so."""
    sight = sight_of(request.user)
    pipeline = chosen(request)
    if pipeline is not None and (sight.headed or sight.analysed):
        return redirect("reports:conveyor", pipeline.pk)
    if request.user.is_staff:
        return redirect("admin:index")
    return render(request, "workbench/no_desk.html")


def _team_only(request: Request) -> Tier | None:
    """The team of a lead who takes no clients; with empty hands that is their page."""
    seats = sight_of(request.user).seats
    takes = any(seat.capacity for seat in seats)
    return None if takes else next(iter(sight_of(request.user).led), None)


def _skipped(request: Request) -> int:
    """How many clients were skipped to come to this one."""
    asked = request.GET.get("skip", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0


@may("self")
@require_POST
def take_next(request: Request, tier_id: int, stage: str) -> HttpResponse:
    """Takes the most urgent record of a pool and opens it."""
    tier = _own_tier(request, tier_id, stage)
    desk = DESKS[Stage(stage)]
    item = belt.take_next(desk.model, tier, by=request.user, now=timezone.now())
    messages.success(request, _("%(name)s is yours now.") % {"name": item.client.name})
    return SeeOther(desk.url("record", item.pk))


def _own_tier(request: Request, tier_id: int, stage: str) -> Tier:
    """A tier that the person works at this stage; a seat that was closed meanwhile gets a sentence."""
    for tier in sight_of(request.user).tiers_for(stage) if stage in Stage else ():
        if tier.pk == tier_id:
            return tier
    if was_closed(request.user, tier_id):
        raise Refused(_("Your seat at this desk is closed: you receive nothing new. Ask your team lead."))
    raise Http404


@may("self")
@require_safe
def find(request: Request) -> HttpResponse:
    """Looks for a client among the records in full view."""
    found, now = search(request.user, request.GET.get("q", ""), now=timezone.now()), timezone.now()
    if found.asked:
        note_search(request.user, found, now=now)
    return render(request, "workbench/find.html", {"found": found})


@may("self")
@require_safe
def notices(request: Request) -> HttpResponse:
    """What happened to this person's records, newest first."""
    page = bulletin_for(request.user, before=request.GET.get("after", ""), now=timezone.now())
    return render(request, "workbench/notices.html", {"page": page})


@may("self")
@require_POST
def read_notices(request: Request) -> HttpResponse:
    """Marks every notice as read."""
    read_all(of=request.user.pk, now=timezone.now())
    return back(request)
