from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .errors import Refused


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
        return render(
            request,
            "errors/refused.html",
            {"sentence": exception.sentence, "back": request.POST.get("next") or "/"},
            status=exception.status,
        )
