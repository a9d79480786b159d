from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers

from .sight import read_sight


class SightMiddleware:
    """Reads once per request what the person may see, shows hours in their pipeline's time zone, lets no browser keep it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated or request.path.startswith("/static/"):
            return self.get_response(request)
        sight = read_sight(request.user)
        request.user.__dict__["sight"] = sight
        homes = [seat.tier.pipeline for seat in sight.seats] or list(sight.headed)
        with timezone.override(homes[0].zone if homes else None):
            answer = self.get_response(request)
        # A client who went on must not come back by the Back button, nor to the next person at this computer.
        add_never_cache_headers(answer)
        return answer
