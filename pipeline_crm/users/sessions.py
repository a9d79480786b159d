"""How long somebody stays signed in: not past some hours without a click, not past some days at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

BEGAN = "began"  # the keys in the session, in seconds since 1970
SEEN = "seen"
SELDOM = 300  # seconds between two notes that somebody is still there
BELL = "bell"  # the piece of a page that asks by itself (pieces/bell.html); htmx names it in the header HX-Trigger


class StayMiddleware:
    """Ends a session whose days are over; notes now and then that somebody is there, so that the idle hours begin anew."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now, session = time.time(), request.session
            if BEGAN not in session:
                begin(request)
            elif now - session[BEGAN] > settings.SESSION_DAYS * 24 * 3600:
                logout(request)
            elif now - session[SEEN] > SELDOM and request.headers.get("HX-Trigger") != BELL:
                _note(request)
        return self.get_response(request)


def begin(request: HttpRequest, **_: Any) -> None:
    """Somebody has signed in; Django has given the session a new name."""
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def _note(request: HttpRequest) -> None:
    """Saving a session puts off its end by the idle hours: `SESSION_COOKIE_AGE`."""
    request.session[SEEN] = int(time.time())
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=timezone.now(), ip=get_adapter().get_client_ip(request)
    )


def clear_ended() -> int:
    """Throws away sessions that are over, and devices that have none any more; returns how many sessions."""
    now = timezone.now()
    ended, _by_model = Session.objects.filter(expire_date__lt=now).delete()
    # A device that was seen lately may be getting a new session, with a new password, at this moment.
    silent = UserSession.objects.filter(last_seen_at__lt=now - timedelta(seconds=settings.SESSION_COOKIE_AGE))
    silent.filter(~Exists(Session.objects.filter(pk=OuterRef("session_key")))).delete()
    return ended
