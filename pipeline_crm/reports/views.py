"""The pages of those who steer: a team, and the whole conveyor."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.charge import counted, steered
from pipeline_crm.access.gate import may
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor import actions, rota
from pipeline_crm.conveyor.answers import Request, SeeOther
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.faces import STAGE_ICONS, Link, open_ends
from pipeline_crm.tiers.models import Pipeline, Seat, Tier

from .belts import PERIODS
from .forms import AwayForm
from .people import rule_words
from .stuck import heading
from .team import plan_of, team_of
from .verdict import verdict_on
from .whole import whole_of

LARGEST = 2**63 - 1


# The conveyor ----------------------------------------------------------------------------------------------------


@may("pipeline.numbers")
@require_safe
def conveyor(request: Request, pipeline_id: int) -> HttpResponse:
    """The head's page: the whole conveyor; analysts read the same numbers without names and ways to records."""
    rows = Pipeline.objects.prefetch_related("tiers", "steps", "hours", "days_off")
    pipeline = get_object_or_404(counted(request.user, rows), pk=pipeline_id)
    sight = sight_of(request.user)
    named = sight.everything or pipeline.pk in sight.headed_ids
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
    """A tier as its team lead steers it; with `from` it shows what moving somebody's records would do."""
    return _team(request, _tier(request, tier_id))


@may("tier.lead")
@require_POST
def move(request: Request, tier_id: int) -> HttpResponse:
    """Moves every open record of one seat to another, or by the tier's rule."""
    tier = _tier(request, tier_id)
    giver = _seat(tier, _number(request.POST.get("from")))
    to = _seat(tier, _number(request.POST.get("to"))) if request.POST.get("to") else None
    count = actions.move_book(giver.pk, to=to, by=request.user, now=timezone.now())
    words = ngettext("%(n)d record of %(name)s was moved.", "%(n)d records of %(name)s were moved.", count)
    return _done(request, tier, words % {"n": count, "name": giver.user.name})


@may("tier.lead")
@require_POST
def close(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Closes a seat; what it held goes to the others by rule."""
    tier = _tier(request, tier_id)
    seat = _seat(tier, seat_id)
    count = actions.close_seat(seat.pk, by=request.user, now=timezone.now())
    words = ngettext(
        "The seat of %(name)s is closed; %(n)d record was moved.",
        "The seat of %(name)s is closed; %(n)d records were moved.",
        count,
    )
    return _done(request, tier, words % {"n": count, "name": seat.user.name})


@may("tier.lead")
@require_POST
def reopen(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Opens a closed seat again."""
    tier = _tier(request, tier_id)
    seat = actions.open_seat(_seat(tier, seat_id).pk, by=request.user)
    return _done(request, tier, _("The seat of %(name)s is open again.") % {"name": seat.user.name})


@may("tier.lead")
@require_POST
def away(request: Request, tier_id: int, seat_id: int) -> HttpResponse:
    """Writes down that somebody is away from a day to a day."""
    tier = _tier(request, tier_id)
    seat = _seat(tier, seat_id)
    form = AwayForm(request.POST, auto_id=_ids(seat.pk))
    if not form.is_valid():
        return _team(request, tier, wrong=(seat.pk, form))
    rota.send_away(seat.pk, **form.cleaned_data, by=request.user, now=timezone.now())
    return _done(request, tier, _("%(name)s receives nothing new on these days.") % {"name": seat.user.name})


@may("tier.lead")
@require_POST
def back(request: Request, tier_id: int, absence_id: int) -> HttpResponse:
    """Somebody is back sooner than was written."""
    tier = _tier(request, tier_id)
    seat = rota.call_back(absence_id, by=request.user, now=timezone.now())
    return _done(request, tier, _("%(name)s is back at work.") % {"name": seat.user.name})


def _tier(request: Request, tier_id: int) -> Tier:
    """A tier that the person supervises; any other is a 404. Hours are written in its time zone from here on."""
    rows = Tier.objects.select_related("pipeline").prefetch_related(
        "pipeline__tiers", "pipeline__hours", "pipeline__days_off"
    )
    tier = get_object_or_404(steered(request.user, rows), pk=tier_id)
    timezone.activate(tier.pipeline.zone)
    return tier


def _seat(tier: Tier, seat_id: int) -> Seat:
    # The tier is one that the person steers: see above.
    return get_object_or_404(Seat.objects.select_related("user"), tier=tier, pk=seat_id)


def _number(text: str | None) -> int:
    """A number out of an address or a form; 0, which nothing has, for what is none."""
    number = int(text) if text and text.isascii() and text.isdigit() and len(text) < 20 else 0
    return number if number <= LARGEST else 0


def _ids(seat: int) -> str:
    return f"away-{seat}-%s"


def _team(request: Request, tier: Tier, *, wrong: tuple[int, AwayForm] | None = None) -> HttpResponse:
    now = timezone.now()
    found = team_of(tier, by=request.user, now=now)
    asked = request.GET
    plan = plan_of(
        tier,
        found.seats,
        seat=_number(asked.get("from")),
        to=_number(asked.get("to")) or None,
        closes=asked.get("close") == "1",
        now=now,
    )
    forms = dict([wrong] if wrong else [])
    told = {
        "tier": tier,
        "team": found,
        "verdict": verdict_on(found),
        "rows": [(row, forms.get(row.pk) or _away_form(row.pk)) for row in found.seats],
        "plan": plan,
        "asked": _number(asked.get("from")),
        "rule": rule_words(tier),
        "lists": _lists(tier),
        "capsule": list(zip(tier.stages, open_ends([False] * len(tier.stages)), strict=True)),
        "now": now,
    }
    return render(
        request, "reports/team.html", told, status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    )


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


def _away_form(seat: int) -> AwayForm:
    return AwayForm(auto_id=_ids(seat), initial={"first_day": timezone.localdate()})


def _done(request: Request, tier: Tier, words: str) -> HttpResponse:
    messages.success(request, words)
    return SeeOther(reverse("reports:team", args=[tier.pk]))
