"""Sharing a record with a colleague until a date, and ending that, as pages."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from . import lending
from .answers import Request, ask, doing, done, meet_in_full, posted
from .desks import Desk
from .forms import ShareForm
from .pages import form_page


@form_page
def share(request: Request, pk: int, *, desk: Desk) -> HttpResponse:
    """Lets a colleague of the tier see and work a record for a while."""
    item = meet_in_full(request, desk.model, pk)
    form = ShareForm(posted(request), item=item)
    if not form.is_valid():
        return ask(request, item, form)
    told, seat = form.cleaned_data, form.cleaned_data["seat"]
    lending.share(desk.model, pk, to=seat, until=told["until"], **doing(request, form))
    return done(request, item, _("%(name)s can see and work this record now.") % {"name": seat.user.name})


@require_POST
def unshare(request: Request, pk: int, share_id: int, *, desk: Desk) -> HttpResponse:
    """Ends a share before its hour."""
    act = doing(request)
    item = lending.take_back(desk.model, pk, share_id=share_id, by=act["by"], now=act["now"])
    return done(request, item, _("The record is not shared with them any more."))
