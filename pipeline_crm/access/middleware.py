from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import resolve, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from .factors import has_one, is_proven, must_have
from .identity import acting_as, kept_through
from .sight import read_sight, sight_of


class SightMiddleware:
    """Gives each request its identity in the database, reads once what the person may see, lets no browser keep it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/static/") or request.path == reverse("healthz"):
            return self.get_response(request)
        user_id = request.user.pk if request.user.is_authenticated else None
        with acting_as(user_id) as stamp:
            answer = self._answer(request, stamp)
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                transaction.set_rollback(True)
        if isinstance(answer, StreamingHttpResponse):
            answer.streaming_content = kept_through(answer.streaming_content, user_id)
        return answer

    def _answer(self, request: HttpRequest, stamp: UUID | None) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        sight = read_sight(request.user, stamp=stamp)
        request.user.__dict__["sight"] = sight
        homes = [seat.tier.pipeline for seat in sight.seats] or list(sight.headed)
        # Hours are shown in the time zone of the person's pipeline.
        with timezone.override(homes[0].zone if homes else None):
            answer = self.get_response(request)
        # A client who went on must not come back by the Back button, nor to the next person at this computer.
        add_never_cache_headers(answer)
        return answer


class SecondFactorMiddleware:
    """Who must have a second factor and has not shown it reaches the pages where it is set up, and nothing else."""

    OPEN = frozenset({"account_logout", "workbench:language", "workbench:theme", "healthz"})
    # Who has a factor shows it; the pages where factors are made and recovery codes are read would be a way round it.
    SHOWN = frozenset({"mfa_reauthenticate", "mfa_reauthenticate_webauthn"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.SECOND_FACTOR_REQUIRED or not request.user.is_authenticated:
            return self.get_response(request)
        if not must_have(request.user, sight_of(request.user)) or is_proven(request):
            return self.get_response(request)
        # The pages that stay open show nothing of the firm around them.
        request.is_unproven = True  # type: ignore[attr-defined]
        if self._is_open(request):
            return self.get_response(request)
        return self._to_the_factor(request)

    def _is_open(self, request: HttpRequest) -> bool:
        try:
            name = resolve(request.path_info).view_name
        except Http404:
            return False
        if name in self.OPEN or name in self.SHOWN:
            return True
        sets_up = name.startswith("mfa_") or name == "account_reauthenticate"
        return sets_up and not has_one(request.user)

    def _to_the_factor(self, request: HttpRequest) -> HttpResponse:
        """To the page where a factor is set up, or shown; a piece of a page gets a sentence, and htmx the way."""
        if has_one(request.user):
            way = f"{reverse('mfa_reauthenticate')}?{urlencode({'next': request.get_full_path()})}"
        else:
            way = reverse("mfa_index")
        if not request.headers.get("HX-Request"):
            return redirect(way)
        words = _("First set up your second factor.")
        return HttpResponse(words, status=HTTPStatus.FORBIDDEN, content_type="text/plain", headers={"HX-Redirect": way})
