"""The pages of those who steer: a team, and the whole conveyor."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.charge import counted
from pipeline_crm.access.gate import may
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor import rota
from pipeline_crm.conveyor.answers import Request
from pipeline_crm.conveyor.decisions import decisions_for
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import STAGE_ICONS, Link, open_ends
from pipeline_crm.tiers.models import Pipeline, Tier
from pipeline_crm.tiers.setup import setup

from .belts import PERIODS
from .books import history_of
from .forecast import forecast_of
from .steering import back_to_team, seat_of, steered_tier
from .stuck import heading
from .team import team_of
from .verdict import verdict_on
from .whole import whole_of

# The conveyor ----------------------------------------------------------------------------------------------------


@may("pipeline.numbers")
@require_safe
def conveyor(request: Request, pipeline_id: int) -> HttpResponse:
    """The head's page: the whole conveyor; analysts read the same numbers without names and ways to records."""
    rows = Pipeline.objects.prefetch_related("tiers", "steps", "hours", "days_off")
    pipeline = get_object_or_404(counted(request.user, rows), pk=pipeline_id)
    sight = sight_of(request.user)
    named = pipeline.pk in sight.headed_ids
    timezone.activate(pipeline.zone)
    days = next((days for days in PERIODS if str(days) == request.GET.get("days")), PERIODS[0])
    whole = whole_of(pipeline, days=days, named=named, now=timezone.now())
    told = {
        "pipeline": pipeline,
        "whole": whole,
        "heading": heading(whole.worst) if whole.worst else "",
        "days": days,
        "periods": _periods(days),
        "named": named,
        "now": timezone.now(),
    }
    return render(request, "reports/conveyor.html", told)


def _periods(chosen: int) -> list[Link]:
    words = [_("Today"), *(ngettext("%(n)d day", "%(n)d days", days) % {"n": days} for days in PERIODS[1:])]
    return [Link(f"?days={days}", word, current=days == chosen) for days, word in zip(PERIODS, words, strict=True)]


# The team --------------------------------------------------------------------------------------------------------


@may("tier.lead")
@require_safe
def team(request: Request, tier_id: int) -> HttpResponse:
    """A tier as its team lead steers it."""
    tier, now = steered_tier(request, tier_id), timezone.now()
    found = team_of(tier, by=request.user, now=now)
    told = {
        "tier": tier,
        "team": found,
        "verdict": verdict_on(found),
        "decisions": decisions_for(request.user, [tier]),
        "books": history_of(tier, now=now),
        "lists": _lists(tier),
        "capsule": list(zip(tier.stages, open_ends([False] * len(tier.stages)), strict=True)),
        "now": now,
    }
    return render(request, "reports/team.html", told)


@may("tier.lead")
@require_safe
def forecast(request: Request, tier_id: int) -> HttpResponse:
    """What the next sweep would do at a tier, before it does it."""
    tier, now = steered_tier(request, tier_id), timezone.now()
    told = {"tier": tier, "forecast": forecast_of([tier], by=request.user, now=now), "now": now}
    return render(request, "reports/forecast.html", told)


@may("pipeline.head")
@require_safe
def whole_forecast(request: Request, pipeline_id: int) -> HttpResponse:
    """What the next sweep would do at all tiers of a pipeline, for its head."""
    pipeline = setup().pipelines.get(pipeline_id)
    sight, now = sight_of(request.user), timezone.now()
    if pipeline is None or pipeline.pk not in sight.headed_ids:
        raise Http404
    timezone.activate(pipeline.zone)
    tiers = pipeline.ordered_tiers
    told = {"pipeline": pipeline, "forecast": forecast_of(tiers, by=request.user, now=now), "now": now}
    return render(request, "reports/forecast.html", told)


def _lists(tier: Tier) -> list[Link]:
    """The lists on which single records of the tier are found and moved."""
    desks = (DESKS[stage] for stage in tier.stages)
    return [
        Link(
            f"{desk.url('list')}?pipeline={tier.pipeline_id}&view=team",
            capfirst(str(desk.model._meta.verbose_name_plural)),
            STAGE_ICONS[desk.stage],
        )
        for desk in desks
    ]


@may("tier.lead")
@require_POST
def reopen(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Opens a closed seat again."""
    tier = steered_tier(request, tier_id)
    seat = rota.open_seat(seat_of(tier, seat_id).pk, by=request.user)
    return back_to_team(request, tier, _("The seat of %(name)s is open again.") % {"name": seat.user.name})


@may("tier.lead")
@require_POST
def pause(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """No new records for somebody, for an hour or until the end of the day."""
    tier, now = steered_tier(request, tier_id), timezone.now()
    until = rota.pause_ends(tier, request.POST.get("length", ""), now=now)
    seat = rota.pause(seat_of(tier, seat_id).pk, until=until, by=request.user, now=now)
    words = _("%(name)s receives nothing new until %(hour)s.")
    return back_to_team(request, tier, words % {"name": seat.user.name, "hour": f"{timezone.localtime(until):%H:%M}"})


@may("tier.lead")
@require_POST
def resume(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Somebody's pause is over."""
    tier = steered_tier(request, tier_id)
    seat = rota.resume(seat_of(tier, seat_id).pk, by=request.user)
    return back_to_team(request, tier, _("%(name)s receives new records again.") % {"name": seat.user.name})
