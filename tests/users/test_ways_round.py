"""Ways round the door that a hostile colleague has tried."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client as Browser
from django.utils import timezone
from guardian.shortcuts import assign_perm

from pipeline_crm.users.models import User
from tests.users.conftest import PASSWORD, sign_in, with_password, with_telephone


def codes_of(user: User) -> list[str]:
    """New recovery codes."""
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def test_the_password_alone_does_not_open_the_pages_of_the_second_factor(strict, browse, lena):
    browser = browse(with_password(lena.user))
    with_telephone(lena.user)
    [code, *_] = codes_of(lena.user)

    with time_machine.travel(timezone.now() + timedelta(minutes=20)):
        browser.post("/auth/reauthenticate/", {"password": PASSWORD})
        shut = [
            browser.get(f"/auth/2fa/{page}").headers.get("Location", "open").partition("?")[0]
            for page in ("recovery-codes/", "webauthn/add/", "totp/deactivate/", "")
        ]
        before = browser.get("/find/").status_code
        browser.post("/auth/2fa/reauthenticate/", {"code": code})

    assert shut == ["/auth/2fa/reauthenticate/"] * 4
    assert (before, browser.get("/find/").status_code) == (302, 200)


def test_a_new_password_does_not_take_a_dismissal_back(strict, sam, monkeypatch):
    browser, plain = sign_in(sam.user), User.set_password

    def dismissed_meanwhile(person: User, raw: str | None) -> None:
        User.objects.filter(pk=person.pk).update(is_active=False)
        plain(person, raw)

    monkeypatch.setattr(User, "set_password", dismissed_meanwhile)
    told = {"oldpassword": PASSWORD, "password1": "Other-42-lamp", "password2": "Other-42-lamp"}
    browser.post("/auth/password/change/", told)

    sam.user.refresh_from_db()
    assert (sam.user.is_active, sam.user.check_password("Other-42-lamp")) == (False, True)


def test_a_factor_that_goes_is_shown_nowhere_any_more(strict, sam):
    with_telephone(sam.user)
    first, second, *_ = codes_of(sam.user)
    here, there = sign_in(sam.user), sign_in(sam.user)
    for browser, code in ((here, first), (there, second)):
        browser.post("/auth/2fa/authenticate/", {"code": code})
    before = [browser.get("/find/").status_code for browser in (here, there)]

    here.post("/auth/2fa/totp/deactivate/")
    assign_perm("tiers.lead_tier", sam.user, sam.tier)

    assert (before, Authenticator.objects.filter(user=sam.user).exists()) == ([200, 200], False)
    assert here.get("/find/").headers["Location"] == "/auth/2fa/"
    assert there.get("/find/").headers["Location"].startswith("/auth/login/")


def test_one_colleague_does_not_shut_the_door_for_the_office(strict, sam):
    with_password(sam.user)
    for number in range(20):
        Browser().post("/auth/login/", {"login": f"nobody{number}", "password": "wrong"})

    browser = Browser()
    browser.post("/auth/login/", {"login": "sam", "password": PASSWORD})

    assert browser.session["_auth_user_id"] == str(sam.user.pk)
