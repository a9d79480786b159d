"""Where somebody is signed in: allauth lists it and ends all others at once, here one of them is ended."""

from __future__ import annotations

from http import HTTPStatus

from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from .gate import may


@may("self")
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Signs one's own session on another device out."""
    end_sessions(request, [get_object_or_404(UserSession, pk=pk, user=request.user)])
    messages.success(request, _("That device is signed out."))
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": reverse("usersessions_list")})
