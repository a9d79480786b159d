"""The farmer's pages, and those on which a hunter hands a won client on."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from deals.models import Deal
from pipeline_crm.access.gate import may, visible
from pipeline_crm.access.sight import Sight, sight_of
from pipeline_crm.conveyor.answers import Request, ask, ask_again, doing, done, meet, meet_in_full, posted
from pipeline_crm.conveyor.cards import furnish, house_of
from pipeline_crm.conveyor.desks import DESKS
from pipeline_crm.conveyor.errors import NoRoom
from pipeline_crm.conveyor.handoff import Brief, last_from
from pipeline_crm.conveyor.pages import form_page
from pipeline_crm.conveyor.panels import Fact
from pipeline_crm.conveyor.questions import question
from pipeline_crm.conveyor.record_page import show
from pipeline_crm.conveyor.records import Openness
from pipeline_crm.conveyor.standins import stand_in
from pipeline_crm.conveyor.words import money_full_words, when_words
from pipeline_crm.tiers.stages import Stage

from . import actions
from .forms import (
    AccountEditForm,
    AccountReturnForm,
    AccountTouchForm,
    ChurnForm,
    OfferAgainForm,
    RepeatForm,
    WinForm,
)
from .models import CLIENT, PIPELINE, Account, State

DOOR = DESKS[Stage.ACCOUNT].door
MOST_DEALS = 20


# A hunter's: the client goes over the joint ------------------------------------------------------------------------


@may(DESKS[Stage.DEAL].door)
@form_page
def win(request: Request, pk: int) -> HttpResponse:
    """Closes a deal as won and hands the client on with a brief."""
    deal = meet_in_full(request, Deal, pk)
    form = WinForm(posted(request), item=deal)
    if not form.is_valid():
        return ask(request, deal, form, "belt/record_brief.html")
    try:
        account = actions.win(pk, brief=form.brief(), **doing(request, form))
    except NoRoom as full:
        return ask_again(request, deal, form, full, "belt/record_brief.html")
    words = _("Won! The client goes on to the farmers.") if form.crosses else _("Won! The client is an account now.")
    return done(request, deal, words, follow=(Stage.ACCOUNT, account.pk))


@may(DESKS[Stage.DEAL].door)
@form_page
def offer_again(request: Request, pk: int) -> HttpResponse:
    """Completes the brief of a won client who came back, and offers them again."""
    deal = meet_in_full(request, Deal, pk)
    last = last_from(deal)
    said = {name: getattr(last, name) for name in Brief.__dataclass_fields__} if last else {}
    form = OfferAgainForm(posted(request), item=deal, initial=said)
    if not form.is_valid():
        return ask(request, deal, form, "belt/record_brief.html", came_back=last)
    try:
        account = actions.offer_again(pk, brief=form.brief(), **doing(request, form))
    except NoRoom as full:
        return ask_again(request, deal, form, full, "belt/record_brief.html")
    return done(request, deal, _("Offered again with a complete brief."), follow=(Stage.ACCOUNT, account.pk))


# A farmer's ------------------------------------------------------------------------------------------------------


@may(DOOR)
@require_safe
def record(request: Request, pk: int) -> HttpResponse:
    """One account."""
    account = meet(request, Account, pk, "reason")
    is_full = account.openness(sight_of(request.user)) is Openness.FULL
    return show(
        request,
        account,
        "accounts/record.html",
        touch=AccountTouchForm,
        known=_known,
        send_back=AccountReturnForm if account.state == State.OFFERED else None,
        churn=ChurnForm,
        deals=_deals(account, sight_of(request.user)) if is_full else [],
    )


def _deals(account: Account, sight: Sight) -> list[Deal]:
    """The client's deals in this pipeline, as far as the reader sees them, too."""
    nobody = stand_in(sight)
    asked = question(
        lambda: visible(nobody.user, Deal.objects.filter(client=CLIENT, pipeline=PIPELINE))[:MOST_DEALS],
        ("deals of an account", nobody.shape),
    )
    found = asked.records(nobody.numbers, client=account.client_id, pipeline=account.pipeline_id)
    return furnish(found, house_of(sight))


def _known(account: Account) -> list[Fact]:
    last, cadence = account.last_purchase_at, account.cadence_days
    return [
        (_("Client since"), date_format(timezone.localtime(account.created_at), "j E Y")),
        (_("Bought in total"), money_full_words(account.bought_total, account.currency)),
        (_("Purchases"), str(account.purchases)),
        (_("Last purchase"), when_words(last, now=timezone.now()) if last else ""),
        (_("Next touch"), date_format(account.next_touch_on, "j E Y") if account.next_touch_on else ""),
        (_("Cadence"), ngettext("every day", "every %(days)s days", cadence) % {"days": cadence}),
    ]


@may(DOOR)
@form_page
def touch(request: Request, pk: int) -> HttpResponse:
    """Logs a call, a message or a meeting, and plans the next."""
    account = meet_in_full(request, Account, pk)
    form = AccountTouchForm(posted(request), item=account)
    if not form.is_valid():
        return ask(request, account, form)
    actions.log_touch(pk, **form.told(), **doing(request, form))
    return done(request, account, _("It is written down."))


@may(DOOR)
@form_page
def edit(request: Request, pk: int) -> HttpResponse:
    """Changes the details of an account and its client."""
    account = meet_in_full(request, Account, pk)
    form = AccountEditForm(posted(request), item=account)
    if not form.is_valid():
        return ask(request, account, form)
    actions.edit(pk, changes=form.changes(), client=form.client_changes(), **doing(request, form))
    return done(request, account, _("The details are saved."))


@may(DOOR)
@form_page
def send_back(request: Request, pk: int) -> HttpResponse:
    """Returns the client to the hunter, who completes the brief."""
    account = meet(request, Account, pk)
    form = AccountReturnForm(posted(request), item=account)
    if not form.is_valid():
        return ask(request, account, form)
    told = form.cleaned_data
    actions.return_to_hunter(pk, reason=told["reason"], comment=told["comment"], **doing(request, form))
    return done(request, account, _("Returned: the hunter completes the brief."))


@may(DOOR)
@form_page
def churn(request: Request, pk: int) -> HttpResponse:
    """Closes an account with a reason."""
    account = meet_in_full(request, Account, pk)
    form = ChurnForm(posted(request), item=account)
    if not form.is_valid():
        return ask(request, account, form)
    actions.churn(pk, reason=form.cleaned_data["reason"], **doing(request, form))
    return done(request, account, _("The account is closed."))


@may(DOOR)
@form_page
def repeat(request: Request, pk: int) -> HttpResponse:
    """Opens a repeat deal."""
    account = meet_in_full(request, Account, pk)
    form = RepeatForm(posted(request), item=account)
    if not form.is_valid():
        return ask(request, account, form, "belt/record_brief.html")
    told = form.cleaned_data
    wish = {"product": told["product"], "amount": told["amount"]}
    try:
        deal = actions.open_repeat(pk, brief=form.brief(), **wish, **doing(request, form))
    except NoRoom as full:
        return ask_again(request, account, form, full, "belt/record_brief.html")
    return done(request, account, _("The repeat deal is open."), follow=(Stage.DEAL, deal.pk))


@may(DOOR)
@require_POST
def doubt(request: Request, pk: int) -> HttpResponse:
    """Marks an account as at risk."""
    account = actions.doubt(pk, **doing(request))
    return done(request, account, _("Marked as at risk."))


@may(DOOR)
@require_POST
def calm(request: Request, pk: int) -> HttpResponse:
    """Takes the mark of risk away."""
    account = actions.calm(pk, **doing(request))
    return done(request, account, _("No longer at risk."))


@may(DOOR)
@require_POST
def win_back(request: Request, pk: int) -> HttpResponse:
    """A client who left came back."""
    account = actions.win_back(pk, **doing(request))
    return done(request, account, _("Welcome back: the account is active again."))
