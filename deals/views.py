"""The hunter's pages, and the one on which a scout offers a client to the hunters."""

from __future__ import annotations

from decimal import Decimal
from http import HTTPStatus
from typing import Any

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from leads.models import Lead
from pipeline_crm.access.gate import may
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.answers import (
    Request,
    ask,
    ask_again,
    doing,
    done,
    meet,
    meet_in_full,
    posted,
    seen_by_sender,
)
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.errors import NoRoom
from pipeline_crm.conveyor.folder import RECORD, Ask
from pipeline_crm.conveyor.forms import TouchForm
from pipeline_crm.conveyor.pages import form_page
from pipeline_crm.conveyor.panels import Fact
from pipeline_crm.conveyor.record_page import show
from pipeline_crm.conveyor.words import money_full_words
from pipeline_crm.tiers.setup import SetUp
from pipeline_crm.tiers.stages import Stage

from . import actions
from .forms import DealEditForm, DealReturnForm, LinesForm, LoseForm, OfferForm
from .models import Deal, DealLine

DOOR = DESKS[Stage.DEAL].door


@may(DESKS[Stage.LEAD].door)
@form_page
def offer(request: Request, pk: int) -> HttpResponse:
    """Offers a lead to the hunters with a brief."""
    lead = meet_in_full(request, Lead, pk)
    form = OfferForm(posted(request), item=lead)
    if not form.is_valid():
        return ask(request, lead, form, "belt/record_brief.html")
    try:
        handoff = actions.offer_from_lead(pk, brief=form.brief(), **doing(request, form))
    except NoRoom as full:
        return ask_again(request, lead, form, full, "belt/record_brief.html")
    words = _("Offered: you will hear when somebody accepts.") if handoff.crosses_tiers else _("The deal is open.")
    return done(request, lead, words, follow=(Stage.DEAL, handoff.to_id))


@may(DOOR)
@require_safe
def record(request: Request, pk: int) -> HttpResponse:
    """One deal."""
    deal = meet(request, Deal, pk, "product", "reason", "origin__source")
    return show(
        request,
        deal,
        "deals/record.html",
        touch=TouchForm,
        known=_known,
        own=OWN,
        send_back=DealReturnForm if deal.lead_id is not None or not deal.tier.works_account else None,
        lose=LoseForm,
    )


def _known(deal: Deal) -> list[Fact]:
    return [
        (_("Product"), str(deal.product or "")),
        (_("Amount"), money_full_words(deal.amount, deal.currency)),
        (_("Probability"), f"{deal.probability} %"),
        (_("Expected close"), date_format(deal.expected_on, "j E Y") if deal.expected_on else ""),
        (_("Competitor"), deal.competitor),
        (_("Source"), str(deal.origin.source or "")),
    ]


def _lines() -> QuerySet[Any, Any]:
    exact = {"of": Cast("quantity", CharField()), "at": Cast("price", CharField())}
    return DealLine.objects.filter(deal=RECORD).order_by("id").values("product_id", **exact)


def _read_lines(rows: list[dict[str, Any]], house: SetUp) -> list[DealLine]:
    return [
        DealLine(product=house.products[row["product_id"]], quantity=Decimal(row["of"]), price=Decimal(row["at"]))
        for row in rows
    ]


OWN = {"lines": Ask(_lines, _read_lines)}


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
