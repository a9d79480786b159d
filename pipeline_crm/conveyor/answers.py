"""How pages answer: find the record, show its form, or do the act and go on."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypedDict

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from pipeline_crm.access.sight import sight_of
from pipeline_crm.audit import actions as journal
from pipeline_crm.audit.models import Kind
from pipeline_crm.tiers.stages import Stage

from .actions import inspect
from .cards import FURNISHED, furnish, house_of
from .desks import DESKS
from .errors import NoRoom, Refused
from .handoff import tell_of_full
from .moves import tell_who_was_first
from .reaching import is_in_sight, reach_record
from .records import ConveyorItem, Openness

if TYPE_CHECKING:
    from pipeline_crm.users.models import User

    from .forms import ActForm

    class Request(HttpRequest):
        """Behind a door somebody is signed in."""

        user: User
        htmx: Any
else:
    Request = HttpRequest

LARGEST_VERSION = 2**31 - 1


class SeeOther(HttpResponseRedirect):
    """After an act the browser asks for a page, whatever it sent before."""

    status_code = HTTPStatus.SEE_OTHER


class Doing(TypedDict):
    """Who does it, when, and which version of the record they had before their eyes."""

    by: User
    now: datetime
    seen: int | None


def meet[Item: ConveyorItem](request: Request, model: type[Item], pk: int, *related: str) -> Item:
    """The record, if the person may see it; hours are written in its pipeline's time zone from here on.

    Raises Http404 for what is hidden or absent, Taken when a colleague was faster a moment ago.
    """
    try:
        item = reach_record(request.user, model, pk, *(name for name in related if name not in FURNISHED))
    except Http404:
        if request.method == "POST":
            tell_who_was_first(model, pk, by=request.user, now=timezone.now())
        raise
    furnish([item], house_of(sight_of(request.user)))
    timezone.activate(item.pipeline.zone)
    return item


def meet_in_full[Item: ConveyorItem](request: Request, model: type[Item], pk: int, *related: str) -> Item:
    """The same for pages that show or ask what only the client's own person knows."""
    item = meet(request, model, pk, *related)
    if item.openness(sight_of(request.user)) is not Openness.FULL:
        raise Refused(_("Take or accept this client first."))
    if request.method != "POST":
        note_inspection(request, item)
        note_look(request.user, item, Openness.FULL, now=timezone.now())
    return item


def note_look(user: User, item: ConveyorItem, openness: Openness, *, now: datetime) -> None:
    """Whoever opens a client's card stands in the journal, before they see it."""
    where, how = (item.stage.value, item.pk), openness.name.lower()
    journal.note_look(by=user, pipeline=item.pipeline_id, client=item.client_id, record=where, how=how, now=now)


def note_inspection(request: Request, item: ConveyorItem) -> None:
    """A client's page that an administrator opens through broken glass is written down."""
    sight = sight_of(request.user)
    own = item.seat_id in sight.seat_ids or item.tier_id in sight.led_ids
    if sight.is_behind_glass(item.pipeline_id) and not own:
        now = timezone.now()
        inspect(item, by=request.user, now=now)
        fact = journal.Fact(
            Kind.GLASS_USED,
            request.user,
            pipeline=item.pipeline_id,
            client=item.client_id,
            record=(item.stage, item.pk),
        )
        journal.note_many([fact], now=now, once_in=journal.SAME_LOOK)


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent; a form sent empty is still a form that was sent."""
    return request.POST if request.method == "POST" else None


def doing(request: Request, form: ActForm | None = None) -> Doing:
    """The actor, the hour and the version seen, as every act asks for them."""
    seen = form.cleaned_data["version"] if form is not None else seen_by_sender(request)
    return {"by": request.user, "now": timezone.now(), "seen": seen}


def seen_by_sender(request: HttpRequest) -> int | None:
    """The version that the page was drawn from; None when the sender does not say."""
    text = request.POST.get("version", "")
    if not text:
        return None
    if not (
        text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST_VERSION)) and int(text) <= LARGEST_VERSION
    ):
        raise Refused(_("This page is out of date. Reload it and try again."))
    return int(text)


def ask(
    request: Request, item: ConveyorItem, form: ActForm, template: str = "belt/record_act.html", **more: Any
) -> HttpResponse:
    """A page with one form; with what is wrong in it, when it was sent already."""
    named = item.openness(sight_of(request.user)) is not Openness.HIDDEN
    told = {
        "item": item,
        "desk": DESKS[item.stage],
        "form": form,
        "named": named,
        "back": DESKS[item.stage].url("record", item.pk),
        **more,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, template, told, status=status)


def ask_again(request: Request, item: ConveyorItem, form: ActForm, full: NoRoom, template: str) -> HttpResponse:
    """The form with what was typed, when the client stays with the giver for want of room: the brief will serve later."""
    # The act itself has left no trace; that it could not be done is news all the same.
    tell_of_full(full.tier, now=timezone.now())
    form.add_error(None, str(full))
    return ask(request, item, form, template)


def done(
    request: Request, item: ConveyorItem, words: str, *, follow: tuple[Stage, int | None] | None = None
) -> HttpResponse:
    """Says what happened and goes on: to the record to `follow`, the page one came from, or the list when it is out of sight."""
    messages.success(request, words)
    if getattr(request, "htmx", False):
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return SeeOther(_whereto(request, item, follow))


def _whereto(request: Request, item: ConveyorItem, follow: tuple[Stage, int | None] | None) -> str:
    stage, pk = follow or (item.stage, None)
    if pk is not None and is_in_sight(request.user, DESKS[stage].model, pk):
        return DESKS[stage].url("record", pk)
    own = DESKS[item.stage].url("record", item.pk)
    asked = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        asked = own
    if not asked.startswith(own) or is_in_sight(request.user, type(item), item.pk):
        return asked
    return DESKS[item.stage].url("list")
