"""The pages of clients' own requests: a copy of their data, its erasure, and the act that tells of it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.exporting import heads
from pipeline_crm.access.gate import may, visible
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor.answers import Request, SeeOther, meet_in_full
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.records import ConveyorItem
from pipeline_crm.exchange.copies import ask_copy
from pipeline_crm.tiers.stages import Stage

from . import actions
from .forms import EraseForm
from .models import Erasure
from .paper import paper_of

DOOR = "person.answer"
SHOWN = 50


@may(DOOR)
@require_safe
def requests(request: Request) -> HttpResponse:
    """The erasures of the pipelines that somebody heads, the newest first."""
    rows = visible(request.user, Erasure.objects.select_related("by", "stopped_by"))
    return render(request, "erasure/requests.html", {"erasures": rows[:SHOWN]})


@may(DOOR)
@require_safe
def person(request: Request, stage: str, pk: int) -> HttpResponse:
    """What the client of a record may ask for."""
    return _asked(request, _met(request, stage, pk), EraseForm())


@may(DOOR)
@require_POST
def erase(request: Request, stage: str, pk: int) -> HttpResponse:
    """Takes a client's wish to be erased."""
    item = _met(request, stage, pk)
    form = EraseForm(request.POST)
    if not form.is_valid():
        return _asked(request, item, form)
    erasure = actions.ask(type(item), pk, **form.told(), by=request.user, now=timezone.now())
    messages.success(request, _("Written down. It runs in a day; until then it can be stopped here."))
    return SeeOther(reverse("erasure:act", args=[erasure.key]))


@may(DOOR)
@require_POST
def copy(request: Request, stage: str, pk: int) -> HttpResponse:
    """Has a copy of everything about the client made, for the client."""
    item = _met(request, stage, pk)
    export = ask_copy(type(item), pk, by=request.user, now=timezone.now())
    messages.success(request, _("The file is being made; you hear of it when it is there."))
    return SeeOther(reverse("exchange:export", args=[export.key]))


def _met(request: Request, stage: str, pk: int) -> ConveyorItem:
    """The record, for the head of its pipeline; hidden and absent give the same 404."""
    if stage not in Stage:
        raise Http404
    item = meet_in_full(request, DESKS[Stage(stage)].model, pk)
    actions.refuse_stranger(item, request.user)
    return item


def _asked(request: Request, item: ConveyorItem, form: EraseForm) -> HttpResponse:
    asked = visible(request.user, Erasure.objects.filter(client=item.client_id))
    told = {"item": item, "form": form, "back": DESKS[item.stage].url("record", item.pk), "asked": asked.first()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "erasure/person.html", told, status=status)


@may(DOOR)
@require_safe
def act(request: Request, key: UUID) -> HttpResponse:
    """The act of one erasure, to be read and printed."""
    found = visible(request.user, Erasure.objects.select_related("by", "stopped_by").filter(key=key)).first()
    if found is None:
        raise Http404
    sight = sight_of(request.user)
    stops = found.state == Erasure.State.ASKED and any(heads(sight, pk) for pk in found.pipelines)
    told = {"erasure": found, "paper": paper_of(found), "stops": stops}
    return render(request, "erasure/act.html", told)


@may(DOOR)
@require_POST
def stop(request: Request, key: UUID) -> HttpResponse:
    """Keeps an erasure from running while there is time."""
    actions.stop(key, by=request.user, now=timezone.now())
    messages.success(request, _("Stopped: nothing was erased."))
    return SeeOther(reverse("erasure:act", args=[key]))
