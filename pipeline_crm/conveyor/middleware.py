from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from .errors import NoRoom, Refused, Spent
from .handoff import tell_of_full


class RefusalMiddleware:
    """Turns what the belt refuses into a page with the sentence and a way back."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answers a refusal with its own status; anything else is not ours."""
        if not isinstance(exception, Refused):
            return None
        if isinstance(exception, NoRoom):
            # The act itself has left no trace; that it could not be done is news all the same.
            tell_of_full(exception.tier, now=timezone.now())
        answer = render(
            request,
            "errors/refused.html",
            {"sentence": exception.sentence, "back": _way_back(request)},
            status=exception.status,
        )
        if isinstance(exception, Spent):
            answer["Retry-After"] = exception.seconds
        return answer


def _way_back(request: HttpRequest) -> str:
    """The page that the form came from; never another site, nor anything that runs."""
    asked = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else "/"
