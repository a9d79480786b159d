"""The scout's pages."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pipeline_crm.access.gate import may
from pipeline_crm.access.pipelines import chosen_of, in_sight
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.answers import Request, SeeOther, ask, doing, done, meet, meet_in_full, posted
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.forms import TouchForm
from pipeline_crm.conveyor.pages import form_page
from pipeline_crm.conveyor.panels import Fact
from pipeline_crm.conveyor.record_page import show
from pipeline_crm.conveyor.records import Openness
from pipeline_crm.conveyor.words import money_full_words
from pipeline_crm.tiers.models import Pipeline
from pipeline_crm.tiers.stages import Stage

from . import actions
from .forms import DisqualifyForm, LeadEditForm, NewLeadForm, ParkForm
from .models import Lead

DOOR = DESKS[Stage.LEAD].door


@may(DOOR)
@require_safe
def record(request: Request, pk: int) -> HttpResponse:
    """One lead."""
    lead = meet(request, Lead, pk, "source", "product", "reason")
    return show(
        request,
        lead,
        "leads/record.html",
        touch=TouchForm,
        known=_known,
        park=ParkForm,
        crosses=lead.pipeline.tier_for(Stage.DEAL).pk != lead.tier_id,
        disqualify=DisqualifyForm,
    )


def _known(lead: Lead) -> list[Fact]:
    return [
        (_("Source"), str(lead.source or "")),
        (_("Campaign"), lead.campaign),
        (_("Product"), str(lead.product or "")),
        (_("Expected amount"), money_full_words(lead.amount, lead.currency)),
    ]


@may(DOOR)
@form_page
def touch(request: Request, pk: int) -> HttpResponse:
    """Logs a call, a message or a meeting."""
    lead = meet_in_full(request, Lead, pk)
    form = TouchForm(posted(request), item=lead)
    if not form.is_valid():
        return ask(request, lead, form)
    actions.log_touch(pk, **form.told(), **doing(request, form))
    return done(request, lead, _("It is written down."))


@may(DOOR)
@form_page
def edit(request: Request, pk: int) -> HttpResponse:
    """Changes the details of a lead and its client."""
    lead = meet_in_full(request, Lead, pk)
    form = LeadEditForm(posted(request), item=lead)
    if not form.is_valid():
        return ask(request, lead, form)
    belt.edit(Lead, pk, changes=form.changes(), client=form.client_changes(), **doing(request, form))
    return done(request, lead, _("The details are saved."))


@may(DOOR)
@form_page
def park(request: Request, pk: int) -> HttpResponse:
    """Lets a lead sleep until a day."""
    lead = meet_in_full(request, Lead, pk)
    form = ParkForm(posted(request), item=lead)
    if not form.is_valid():
        return ask(request, lead, form)
    actions.park(pk, until=form.cleaned_data["until"], **doing(request, form))
    return done(request, lead, _("Parked. The lead comes back by itself."))


@may(DOOR)
@require_POST
def contact(request: Request, pk: int) -> HttpResponse:
    """Calls a parked lead back before its day."""
    lead = actions.contact(pk, **doing(request))
    return done(request, lead, _("The lead is back at work."))


@may(DOOR)
@form_page
def disqualify(request: Request, pk: int) -> HttpResponse:
    """Closes a lead with a reason."""
    lead = meet_in_full(request, Lead, pk)
    form = DisqualifyForm(posted(request), item=lead)
    if not form.is_valid():
        return ask(request, lead, form)
    actions.disqualify(pk, reason=form.cleaned_data["reason"], **doing(request, form))
    return done(request, lead, _("The lead is closed."))


@may(DOOR)
@require_POST
def reopen(request: Request, pk: int) -> HttpResponse:
    """Opens a disqualified lead again."""
    lead = actions.reopen(pk, **doing(request))
    return done(request, lead, _("The lead is open again."))


# A new lead ------------------------------------------------------------------------------------------------------


@may(DOOR)
@form_page
def new(request: Request) -> HttpResponse:
    """Writes down somebody who showed an interest."""
    sight = sight_of(request.user)
    pipelines = pipelines_for(sight)
    pipeline = _chosen(request, pipelines)
    seat = sight.seat_at(pipeline.tier_for(Stage.LEAD).pk)
    form = NewLeadForm(posted(request), pipeline=pipeline, has_seat=seat is not None)
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        told = {"form": form, "pipeline": pipeline, "pipelines": pipelines}
        return render(request, "leads/new.html", told, status=status)
    captured = actions.capture(
        pipeline, form.enquiry(), by=request.user, now=timezone.now(), keep_for=seat if form.keeps else None
    )
    return _captured(request, sight, captured)


def pipelines_for(sight: Sight) -> list[Pipeline]:
    """The pipelines for which somebody may write down leads."""
    heads = sight.headed_ids
    works = {tier.pipeline_id for tier in sight.worked if tier.works(Stage.LEAD)}
    in_use = [pipeline for pipeline in in_sight(sight) if pipeline.is_active]
    return [pipeline for pipeline in in_use if pipeline.pk in works | heads]


def _chosen(request: Request, pipelines: list[Pipeline]) -> Pipeline:
    asked = (posted(request) or request.GET).get("pipeline", "")
    named = next((pipeline for pipeline in pipelines if str(pipeline.pk) == asked), None)
    pipeline = named if asked else chosen_of(request, pipelines)
    if pipeline is None:
        raise Http404
    return pipeline


def _captured(request: Request, sight: Sight, captured: actions.Captured) -> HttpResponse:
    """Goes to the record where it is the writer's own; says no more than must be said where it is not."""
    item = captured.item
    is_own = item.seat_id in sight.seat_ids or (not captured.known and sight.supervises(item.tier))
    if captured.known and is_own and item.openness(sight) is Openness.FULL:
        messages.warning(request, _("This client is yours already: the new enquiry is in their timeline."))
        return SeeOther(DESKS[item.stage].url("record", item.pk))
    if captured.known:
        messages.warning(
            request, _("This client is known to us. Whoever looks after them has just been told of the enquiry.")
        )
        return SeeOther(DESKS[Stage.LEAD].url("list"))
    if is_own:
        messages.success(request, _("The lead is written down."))
        return SeeOther(DESKS[Stage.LEAD].url("record", item.pk))
    words = _("The lead went to a colleague by the tier's rule.") if item.seat_id else _("The lead waits in the pool.")
    messages.success(request, words)
    return SeeOther(DESKS[Stage.LEAD].url("list"))
