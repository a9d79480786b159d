"""People who must prove themselves twice, and how a telephone or a test computes a code."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from django.core.cache import cache
from django.test import Client as Browser

from pipeline_crm import settings as shipped
from pipeline_crm.sealing import unseal
from pipeline_crm.users.models import User

PASSWORD = "a-long-enough-password"


@pytest.fixture
def strict(settings: Any, db: None) -> Any:
    """The house as it is outside: second factors are asked for, wrong passwords are counted."""
    settings.SECOND_FACTOR_REQUIRED = True
    settings.ACCOUNT_RATE_LIMITS = shipped.ACCOUNT_RATE_LIMITS
    cache.clear()
    return settings


def with_password(user: User) -> User:
    """The same person, who has a password now."""
    if not user.check_password(PASSWORD):
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    return user


def sign_in(user: User) -> Browser:
    """A browser in which somebody has come in by the door, with their password."""
    browser = Browser()
    browser.post("/auth/login/", {"login": with_password(user).username, "password": PASSWORD})
    return browser


def with_telephone(user: User) -> User:
    """The same person, who has set up a telephone that shows codes."""
    TOTP.activate(user, generate_totp_secret())
    return user


def code_of(user: User, *, ahead: int = 0) -> str:
    """What the telephone shows now, or some steps of thirty seconds later."""
    secret = unseal(Authenticator.objects.get(user=user, type="totp").data["secret"])
    return code_for(secret, ahead=ahead)


def code_for(secret: str, *, ahead: int = 0) -> str:
    """The code of a secret."""
    return f"{hotp_value(secret, int(time.time()) // 30 + ahead):06}"
