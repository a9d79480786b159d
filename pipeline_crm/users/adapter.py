"""How allauth behaves here."""

from __future__ import annotations

import time
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal.httpkit import get_client_ip
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .models import User
from .sessions import BEGAN

NOT_IN = _("This name and password do not open the door. After several tries it stays shut for five minutes.")
NO_ADDRESS = "0.0.0.0"  # noqa: S104 - no address to listen on: where somebody came from who came by a socket


class HouseAdapter(DefaultAccountAdapter):
    """People are let in by an invitation only, and whoever is kept out learns nothing from it."""

    error_messages = DefaultAccountAdapter.error_messages | dict.fromkeys(
        ["username_password_mismatch", "email_password_mismatch", "too_many_login_attempts", "invalid_login"], NOT_IN
    )

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the tries; a door that is shut takes as long to answer as one that is tried."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            make_password(credentials.get("password"))
            raise

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries by name and by e-mail address are counted together; what nobody is called is counted by itself."""
        login = (credentials.get("username") or credentials.get("email") or "").lower()
        person = User.objects.known_as(login)
        return f"person {person.pk}" if person else f"nobody {login}"

    def is_safe_url(self, url: str | None) -> bool:
        """Whether somebody may be led there; what no browser could read as an address is none."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Where a request came from; by a socket it came from nowhere."""
        return get_client_ip(request) or NO_ADDRESS

    def set_password(self, user: User, password: str) -> None:
        """Writes the password and nothing else: who was dismissed a moment ago must not come back with the whole row."""
        user.set_password(password)
        user.save(update_fields=["password"])

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link of a mail leads to the site's own address, whatever address the request was sent to."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Who has just signed in need not say the password once more."""
        began = context.request.session.get(BEGAN, 0)
        if 0 <= time.time() - began < app_settings.REAUTHENTICATION_TIMEOUT:
            return False
        return super().is_reauthentication_required(app=app, **kwargs)
