"""The pages of heads of sales and security officers: alarms, trip-wires, the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.gate import may
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.audit.actions import note
from pipeline_crm.audit.models import Kind, Trap
from pipeline_crm.conveyor.answers import Request, SeeOther
from pipeline_crm.sealing import mark
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User

from . import traps
from .forms import JournalForm, TrapForm
from .journal import Asked, in_charge, mark_of, read
from .models import Alarm
from .sentences import reason

MOST = 100


@dataclass(frozen=True, slots=True)
class Rung:
    """One alarm in words."""

    alarm: Alarm
    words: str
    journal: str


@may("journal.read")
@require_safe
def alarms(request: Request) -> HttpResponse:
    """The alarms of the pipelines that somebody answers for, with their reasons, and the trip-wires."""
    return _alarms(request, TrapForm())


@may("journal.read")
@require_safe
def journal(request: Request) -> HttpResponse:
    """The journal, sifted; whoever reads it stands in it."""
    sight, now = sight_of(request.user), timezone.now()
    form = JournalForm(request.GET, people=_people(sight))
    asked = _asked(form, request.GET.get("before", "")) if form.is_valid() else None
    page = read(sight, asked) if asked else None
    if asked and not asked.before:
        _note(request.user, sight, asked, now)
    told = {name: value for name, value in request.GET.items() if name != "before" and value}
    more = f"?{urlencode(told | {'before': page.after})}" if page and page.after else ""
    status = HTTPStatus.OK if page else HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "oversight/journal.html", {"form": form, "page": page, "more": more}, status=status)


@may("traps.lay")
@require_POST
def lay(request: Request) -> HttpResponse:
    """Makes a client a trip-wire."""
    form = TrapForm(request.POST)
    if not form.is_valid():
        return _alarms(request, form)
    stage, number = Stage(form.cleaned_data["stage"]), form.cleaned_data["number"]
    try:
        traps.lay(stage, number, by=request.user, now=timezone.now())
    except Http404:
        form.add_error("number", _("There is no such record in your pipelines."))
        return _alarms(request, form)
    messages.success(request, _("The trip-wire is laid. Whoever touches the client from now on is told of at once."))
    return SeeOther(reverse("oversight:alarms"))


@may("traps.lay")
@require_POST
def take_up(request: Request, client: int) -> HttpResponse:
    """A trip-wire is a client like any other again."""
    traps.take_up(client, by=request.user, now=timezone.now())
    messages.success(request, _("The trip-wire is taken up."))
    return SeeOther(reverse("oversight:alarms"))


def _alarms(request: Request, form: TrapForm) -> HttpResponse:
    sight = sight_of(request.user)
    homes = [pipeline.pk for pipeline in in_charge(sight)]
    # Nobody reads here what was rung about themselves: it is asked of them, not told to them.
    rows = Alarm.objects.filter(pipeline__in=homes).exclude(user=request.user).select_related("user", "pipeline")[:MOST]
    day = "{:%Y-%m-%d}".format
    rung = [Rung(row, reason(row), f"?{urlencode({'person': row.user_id, 'until': day(row.day)})}") for row in rows]
    told = {"rung": rung, "form": form, "several": len(homes) > 1, "heads": bool(sight.answered_for)}
    if sight.answered_for:
        told["traps"] = list(
            Trap.objects.filter(pipeline_id__in=[pipeline.pk for pipeline in sight.answered_for])
            .select_related("by")
            .order_by("-at")[:MOST]
        )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "oversight/alarms.html", told, status=status)


def _people(sight: Sight) -> list[User]:
    """Who can be asked about: everybody who has or had a seat in the pipelines, and those who are in charge."""
    homes = {pipeline.pk for pipeline in in_charge(sight)}
    return [seat.user for seat in sight.house.seats.values() if seat.tier.pipeline_id in homes] if sight.house else []


def _asked(form: JournalForm, before: str) -> Asked:
    return Asked(**form.cleaned_data, before=mark_of(before) if before else None)


def _note(by: User, sight: Sight, asked: Asked, now: datetime) -> None:
    homes = in_charge(sight)
    traces = [str(mark("asked", asked.contact.strip().lower()))] if asked.contact else []
    detail = {"kind": asked.kind} if asked.kind else {}
    note(
        Kind.JOURNAL_READ,
        by=by,
        now=now,
        pipeline=homes[0].pk,
        client=asked.client,
        about=asked.person,
        traces=traces,
        detail=detail,
    )
