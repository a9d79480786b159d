"""The bell, alone: asked for again and again by every open page, so it costs one small question."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pipeline_crm.access.gate import may
from pipeline_crm.conveyor.answers import Request
from pipeline_crm.outbox.models import Notice

from .tally import tally


@may("self")
@require_safe
def bell(request: Request) -> HttpResponse:
    """How many notices are new; nothing at all when the page shows that number already."""
    unread = tally(request.user, {"unread": Notice.objects.unread_by(request.user.pk)})["unread"]
    asked = request.GET.get("shown", "")
    shown = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else None
    if unread == shown:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    return render(request, "workbench/bell.html", {"unread": unread, "new": unread - (shown or 0)})
