"""The hunter's pages, and the one on which a scout offers a client to the hunters."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leads.models import Lead
from pipeline_crm.access.gate import may
from pipeline_crm.access.sight import sight_of
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.answers import Request, ask, doing, done, meet, meet_in_full, posted, seen_by_sender
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.forms import TouchForm
from pipeline_crm.conveyor.pages import form_page
from pipeline_crm.conveyor.record_page import show
from pipeline_crm.conveyor.records import Openness
from pipeline_crm.tiers.stages import Stage

from . import actions
from .forms import DealEditForm, DealReturnForm, LinesForm, LoseForm, OfferForm
from .models import Deal

DOOR = DESKS[Stage.DEAL].door


@may(DESKS[Stage.LEAD].door)
@form_page
def offer(request: Request, pk: int) -> HttpResponse:
    """Offers a lead to the hunters with a brief."""
    lead = meet_in_full(request, Lead, pk)
    form = OfferForm(posted(request), item=lead)
    if not form.is_valid():
        return ask(request, lead, form, "belt/record_brief.html")
    handoff = actions.offer_from_lead(pk, brief=form.brief(), **doing(request, form))
    words = _("Offered: you will hear when somebody accepts.") if handoff.crosses_tiers else _("The deal is open.")
    return done(request, lead, words, follow=(Stage.DEAL, handoff.to_id))


@may(DOOR)
@require_safe
def record(request: Request, pk: int) -> HttpResponse:
    """One deal."""
    deal = meet(request, Deal, pk, "product", "reason", "lead__source", "repeat_of")
    is_full = deal.openness(sight_of(request.user)) is Openness.FULL
    return show(
        request,
        deal,
        "deals/record.html",
        touch=TouchForm(item=deal),
        lose=LoseForm(item=deal),
        send_back=DealReturnForm(item=deal),
        may_return=deal.lead_id is not None or not deal.tier.works_account,
        lines=list(deal.lines.select_related("product")) if is_full else [],
    )


@may(DOOR)
@form_page
def touch(request: Request, pk: int) -> HttpResponse:
    """Logs a call, a message or a meeting."""
    deal = meet_in_full(request, Deal, pk)
    form = TouchForm(posted(request), item=deal)
    if not form.is_valid():
        return ask(request, deal, form)
    belt.touch(Deal, pk, **form.told(), **doing(request, form))
    return done(request, deal, _("It is written down."))


@may(DOOR)
@form_page
def edit(request: Request, pk: int) -> HttpResponse:
    """Changes the details of a deal and its client."""
    deal = meet_in_full(request, Deal, pk)
    form = DealEditForm(posted(request), item=deal)
    if not form.is_valid():
        return ask(request, deal, form)
    belt.edit(Deal, pk, changes=form.changes(), client=form.client_changes(), **doing(request, form))
    return done(request, deal, _("The details are saved."))


@may(DOOR)
@form_page
def lines(request: Request, pk: int) -> HttpResponse:
    """Writes down what the deal sells."""
    deal = meet_in_full(request, Deal, pk)
    form = LinesForm(posted(request), item=deal)
    if not (form.is_bound and form.is_valid()):
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
        told = {
            "item": deal,
            "form": form,
            "back": DESKS[Stage.DEAL].url("record", pk),
            "version": _version(request, deal),
        }
        return render(request, "deals/lines.html", told, status=status)
    actions.set_lines(pk, lines=form.lines(), **doing(request))
    return done(request, deal, _("The lines are saved; the amount is their sum."))


def _version(request: Request, deal: Deal) -> int | None:
    return seen_by_sender(request) if request.method == "POST" else deal.version


@may(DOOR)
@form_page
def send_back(request: Request, pk: int) -> HttpResponse:
    """Returns the client to the scouts with a reason."""
    deal = meet(request, Deal, pk)
    form = DealReturnForm(posted(request), item=deal)
    if not form.is_valid():
        return ask(request, deal, form)
    told = form.cleaned_data
    actions.return_to_scout(pk, reason=told["reason"], comment=told["comment"], **doing(request, form))
    return done(request, deal, _("Returned: the client is with the scouts again."), follow=(Stage.LEAD, deal.lead_id))


@may(DOOR)
@form_page
def lose(request: Request, pk: int) -> HttpResponse:
    """Closes a deal with a reason."""
    deal = meet_in_full(request, Deal, pk)
    form = LoseForm(posted(request), item=deal)
    if not form.is_valid():
        return ask(request, deal, form)
    told = form.cleaned_data
    actions.lose(pk, reason=told["reason"], competitor=told["competitor"], **doing(request, form))
    return done(request, deal, _("The deal is closed."))


@may(DOOR)
@require_POST
def reopen(request: Request, pk: int) -> HttpResponse:
    """Opens a lost deal again."""
    deal = actions.reopen(pk, **doing(request))
    return done(request, deal, _("The deal is open again."))
