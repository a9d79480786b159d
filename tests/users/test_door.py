"""Whoever is kept out learns nothing: the same words and the same work for every reason; a session does not last for ever."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.auth import hashers
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone
from django.utils.module_loading import import_string

from pipeline_crm.users.models import User
from tests.tiers.sheet import values_on
from tests.users.conftest import PASSWORD, sign_in, with_password

SIGN_IN = "/auth/login/"
NOT_IN = "This name and password do not open the door."


@pytest.fixture
def kept_out(strict: Any, sam: Any, sue: Any) -> dict[str, tuple[str, str]]:
    """A name and a password for each reason why somebody is kept out."""
    with_password(sam.user)
    gone = with_password(sue.user)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    return {
        "wrong name": ("nobody", PASSWORD),
        "wrong address": ("nobody@firm.example", PASSWORD),
        "wrong password": ("sam", "wrong"),
        "wrong password by address": ("sam@firm.example", "wrong"),
        "dismissed": ("sue", PASSWORD),
        "dismissed by address": ("sue@firm.example", PASSWORD),
        "locked out": ("sam", PASSWORD),
    }


REASONS = ["wrong name", "wrong address", "wrong password", "wrong password by address", "dismissed", "dismissed by address", "locked out"]  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_says_the_same_and_takes_one_reckoning(kept_out, monkeypatch, reason):
    name, password = kept_out[reason]
    if reason == "locked out":
        for _ in range(5):
            Browser().post(SIGN_IN, {"login": name, "password": "wrong"})
    reckoned = []
    encode = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", lambda *told: reckoned.append(1) or encode(*told))
    browser = Browser()

    page = browser.post(SIGN_IN, {"login": name, "password": password})

    assert (page.status_code, len(reckoned)) == (200, 1)
    assert page.context["form"].non_field_errors() == [f"{NOT_IN} After several tries it stays shut for five minutes."]
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("name", ["sam", "SAM", "sam@firm.example", "nobody"])
def test_the_door_shuts_for_a_name_that_is_there_and_for_one_that_is_not(kept_out, name):
    for _ in range(5):
        Browser().post(SIGN_IN, {"login": name, "password": "wrong"})
    browser = Browser()

    browser.post(SIGN_IN, {"login": name, "password": PASSWORD})

    assert "_auth_user_id" not in browser.session


def test_tries_by_name_and_by_address_are_counted_together(kept_out):
    for login in ("sam", "sam@firm.example", "Sam", "SAM@firm.example", "sam"):
        Browser().post(SIGN_IN, {"login": login, "password": "wrong"})
    browser = Browser()

    browser.post(SIGN_IN, {"login": "sam@firm.example", "password": PASSWORD})

    assert "_auth_user_id" not in browser.session


def test_after_five_minutes_it_opens_again(kept_out):
    for _ in range(5):
        Browser().post(SIGN_IN, {"login": "sam", "password": "wrong"})
    browser = Browser()
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        browser.post(SIGN_IN, {"login": "sam", "password": PASSWORD})

        assert "_auth_user_id" in browser.session


def test_an_address_that_two_people_share_opens_neither(kept_out):
    User.objects.update(email="office@firm.example")
    browser = Browser()

    browser.post(SIGN_IN, {"login": "office@firm.example", "password": PASSWORD})

    assert "_auth_user_id" not in browser.session


@pytest.mark.django_db(transaction=True)
def test_tries_at_the_same_moment_are_all_counted(settings):
    """Each thread has a connection of its own, as the processes of a server have."""
    settings.ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "5/5m/key"}
    cache.clear()
    with_password(User.objects.create(username="sam"))
    barrier, tried = threading.Barrier(8), []
    check = User.check_password

    def noted(user: User, raw: str) -> bool:
        tried.append(raw)
        return check(user, raw)

    def guess() -> None:
        barrier.wait()
        Browser().post(SIGN_IN, {"login": "sam", "password": "wrong"})
        connection.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(User, "check_password", noted)
        together = [threading.Thread(target=guess) for _ in range(8)]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join()
    cache.clear()

    assert 1 <= len(tried) <= 5


# A forgotten password --------------------------------------------------------------------------------------------


def test_an_unknown_address_gets_the_same_answer_and_as_much_work(kept_out):
    answers = [
        Browser().post("/auth/password/reset/", {"email": address})
        for address in ("sam@firm.example", "nobody@firm.example", "sue@firm.example")
    ]

    assert {(one.status_code, one.headers["Location"]) for one in answers} == {(302, "/auth/password/reset/done/")}
    assert [one.to for one in mail.outbox] == [["sam@firm.example"], ["nobody@firm.example"], ["sue@firm.example"]]
    assert ["/auth/password/reset/key/" in one.body for one in mail.outbox] == [True, False, False]
    assert {one.subject for one in mail.outbox} == {"A new password for Pipeline"}


def test_the_link_leads_to_the_sites_own_address_and_works_once(kept_out, settings):
    settings.SITE_URL, settings.ALLOWED_HOSTS = "https://crm.example.com", ["*"]
    Browser().post("/auth/password/reset/", {"email": "sam@firm.example"}, headers={"Host": "evil.example"})
    link = next(line for line in mail.outbox[0].body.splitlines() if "/auth/" in line)
    browser = Browser()
    path = browser.get(link.removeprefix("https://crm.example.com")).headers["Location"]

    browser.post(path, {"password1": "Kettle-42-lamp", "password2": "Kettle-42-lamp"})

    assert link.startswith("https://crm.example.com/auth/")
    assert Browser().login(username="sam", password="Kettle-42-lamp")
    assert "token_fail" in Browser().get(link.removeprefix("https://crm.example.com"), follow=True).context


def test_the_letter_speaks_russian(kept_out):
    Browser().post("/auth/password/reset/", {"email": "sam@firm.example"}, headers={"Accept-Language": "ru"})

    assert mail.outbox[0].subject == "Новый пароль для Pipeline"
    assert "Вы входите под именем sam" in mail.outbox[0].body


def test_ones_own_address_changes_when_its_letter_is_answered(sam):
    browser = sign_in(sam.user)

    page = browser.get("/auth/email/")
    browser.post("/auth/email/", {"email": "new@firm.example", "action_add": ""})
    before = User.objects.get(pk=sam.user_id).email
    [letter] = mail.outbox
    browser.post(re.search(r"/auth/confirm-email/\S+", letter.body)[0])

    assert "Mail goes to sam@firm.example" in page.text
    assert (letter.to, before) == (["new@firm.example"], "sam@firm.example")
    assert mail.outbox[-1].to == ["sam@firm.example"]  # the old one is told
    assert User.objects.get(pk=sam.user_id).email == "new@firm.example"


def test_an_address_that_a_superuser_has_changed_opens_nothing_any_more(sam, root, browse):
    sign_in(sam.user).get("/auth/email/")
    page = browse(root).get(f"/admin/users/user/{sam.user_id}/change/")
    browse(root).post(page.request["PATH_INFO"], values_on(page) | {"email": "safe@firm.example"})

    for address in ("sam@firm.example", "safe@firm.example"):
        Browser().post("/auth/password/reset/", {"email": address})

    assert ["/auth/password/reset/key/" in letter.body for letter in mail.outbox] == [False, True]


# How long a session lasts ----------------------------------------------------------------------------------------


def signed_in_for(browser: Browser, **steps: Any) -> list[int]:
    """Clicks after each stretch of time; what was answered."""
    now, answers = timezone.now(), []
    for hours in steps["hours"]:
        now += timedelta(hours=hours)
        with time_machine.travel(now):
            answers.append(browser.get("/find/").status_code)
    return answers


def test_half_a_day_without_a_click_ends_a_session(sam, browse):
    assert signed_in_for(browse(sam), hours=[11, 11, 11, 13]) == [200, 200, 200, 302]


def test_a_page_that_only_asks_for_its_bell_is_no_click(sam, browse):
    browser, now = browse(sam), timezone.now()
    bell = re.search(r'<span id="([^"]+)"[^>]*hx-get="(/notices/bell/[^"]*)"', browser.get("/find/").text)
    heard = []
    for minutes in range(10, 13 * 60, 10):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            # So htmx calls the piece that asks: by the id of its element.
            asked = browser.get(bell[2], headers={"HX-Request": "true", "HX-Trigger": bell[1]})
            heard.append(asked.status_code)
    with time_machine.travel(now + timedelta(hours=13)):
        page = browser.get("/find/")

    assert (heard[0], heard[-1]) == (204, 401)
    assert (page.status_code, page.headers["Location"]) == (302, f"{SIGN_IN}?next=/find/")


def test_a_week_ends_it_in_any_case(sam, browse):
    assert signed_in_for(browse(sam), hours=[10] * 17) == [200] * 16 + [302]


def test_a_session_is_written_every_five_minutes_at_most(sam, browse):
    browser, ends = browse(sam), []
    began = timezone.now()
    for seconds in (0, 200, 290, 310, 500):
        with time_machine.travel(began + timedelta(seconds=seconds), tick=False):
            browser.get("/find/")
            ends.append(Session.objects.get().expire_date)

    assert ends[0] == ends[1] == ends[2] < ends[3] == ends[4]


def test_beat_clears_away_what_is_over_and_nothing_else(sam, sue, settings):
    ring = settings.CELERY_BEAT_SCHEDULE["sessions"]
    old, now = sign_in(sam.user), timezone.now()
    with time_machine.travel(now + timedelta(hours=13)):
        here = sign_in(sue.user)
        cleared = [import_string(ring["task"])() for _ring in range(2)]

        assert (cleared, ring["schedule"]) == ([1, 0], timedelta(days=1).total_seconds())
        assert [one.get("/find/").status_code for one in (old, here)] == [302, 200]
        assert [device.user for device in UserSession.objects.all()] == [sue.user]


def test_signing_in_gives_the_session_another_name(sam, strict):
    browser = Browser()
    browser.post("/language/", {"language": "ru"})
    browser.session.save()
    before = browser.session.session_key

    browser.post(SIGN_IN, {"login": with_password(sam.user).username, "password": PASSWORD})

    assert browser.session.session_key != before


# Devices ---------------------------------------------------------------------------------------------------------


def test_somebody_sees_their_own_devices_and_signs_one_out(sam, lena):
    here, there, other = sign_in(sam.user), sign_in(sam.user), sign_in(lena.user)
    page = here.get("/auth/sessions/")
    lost = UserSession.objects.get(session_key=there.session.session_key)

    refused = other.post(f"/me/devices/{lost.pk}/end/").status_code
    here.post(f"/me/devices/{lost.pk}/end/")

    assert len(page.context["sessions"]) == 2
    assert refused == 404
    assert [one.get("/find/").status_code for one in (here, there, other)] == [200, 302, 200]


def test_all_others_are_signed_out_at_once(sam):
    here, there, elsewhere = sign_in(sam.user), sign_in(sam.user), sign_in(sam.user)

    here.post("/auth/sessions/")

    assert [one.get("/find/").status_code for one in (here, there, elsewhere)] == [200, 302, 302]


def test_a_new_password_signs_all_others_out(sam, browse):
    with_password(sam.user)
    here, there = browse(sam), browse(sam)
    new = {"oldpassword": PASSWORD, "password1": "Kettle-42-lamp", "password2": "Kettle-42-lamp"}

    here.post("/auth/password/change/", new)

    assert [one.get("/find/").status_code for one in (here, there)] == [200, 302]


@pytest.mark.parametrize(
    ("says", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.0", "curl"),
        ("", "Unknown device"),
    ],
)
def test_a_device_is_called_by_what_its_owner_knows(says, words):
    from pipeline_crm.access.templatetags.devices import device_words

    assert device_words(says) == words
