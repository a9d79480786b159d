"""Borrowed addresses, verbs, tokens and hosts: nothing leads elsewhere, nothing is done for another site."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.conf import settings as told
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse

from pipeline_crm.users.models import User
from tests.attacks.corpus import payloads

EVIL, HOME = "evil.example", "http://testserver"
PASSWORD = "a-long-enough-password"
WAYS = payloads("way")


def is_home(location: str, at: str) -> bool:
    """Whether a browser that follows this stays here: it takes backslashes for slashes and leaves out what it cannot print."""
    seen = "".join(sign for sign in location if sign > " ").replace("\\", "/")
    parts = urlsplit(urljoin(f"{HOME}{at}", seen))
    return f"{parts.scheme}://{parts.netloc}" == HOME


# Where one is led ------------------------------------------------------------------------------------------------


def test_after_an_act_nobody_is_led_elsewhere(browse: Any, sam: Any) -> None:
    browser, wrong = browse(sam), {}
    browser.raise_request_exception = False
    acts = {
        "workbench:language": {"language": "en"},
        "workbench:theme": {"theme": "dark"},
        "workbench:read-notices": {},
        "workbench:resume": {},
    }
    for way in WAYS:
        for name, sent in acts.items():
            for headers in ({}, {"referer": way.text.replace("\r\n", "")}):
                answer = browser.post(reverse(name), sent | {"next": way.text}, headers=headers)
                if answer.status_code != 303 or not is_home(answer.headers["Location"], reverse(name)):
                    wrong[name, way.name] = (answer.status_code, answer.headers.get("Location"))
        refused = browser.post("/take-next/1/lead/", {"next": way.text})
        links = re.findall(r'href="([^"]*)"', refused.content.decode())
        astray = [link for link in map(html.unescape, links) if not is_home(link, "/take-next/1/lead/")]
        if refused.status_code not in (404, 422) or astray:
            wrong["refused", way.name] = (refused.status_code, astray)

    assert wrong == {}


def test_after_the_sign_in_nobody_is_led_elsewhere(sam: Any) -> None:
    sam.user.set_password(PASSWORD)
    sam.user.save()
    wrong = {}
    for way in WAYS:
        for where in ("query", "form"):
            browser = Browser(raise_request_exception=False)
            query = f"?{urlencode({'next': way.text})}" if where == "query" else ""
            told = {"login": "sam", "password": PASSWORD} | ({"next": way.text} if where == "form" else {})
            answer = browser.post(f"/auth/login/{query}", told)
            if answer.status_code != 302 or not is_home(answer.headers["Location"], "/auth/login/"):
                wrong[way.name, where] = (answer.status_code, answer.headers.get("Location"))

    assert wrong == {}


@pytest.mark.parametrize("name", ["account_logout", "account_reauthenticate", "admin:login", "mfa_reauthenticate"])
def test_nor_by_any_other_page_that_knows_where_to_go_on(browse: Any, cody: Any, name: str) -> None:
    cody.set_password(PASSWORD)
    cody.save()
    wrong = {}
    for way in WAYS:
        browser = browse(cody)
        browser.raise_request_exception = False
        for answer in (
            browser.get(f"{reverse(name)}?{urlencode({'next': way.text})}"),
            browser.post(reverse(name), {"next": way.text, "password": PASSWORD}),
        ):
            location = answer.headers.get("Location", "/")
            if answer.status_code >= 500 or not is_home(location, reverse(name)) or "\n" in location:
                wrong[way.name] = (answer.status_code, location)

    assert wrong == {}


@pytest.mark.django_db
def test_a_stranger_at_an_odd_address_is_led_to_our_own_door(client: Browser) -> None:
    wrong = {}
    client.raise_request_exception = False
    for way in WAYS:
        for address in (f"/leads/?next={way.text}", f"/leads/{way.text}", f"/{way.text}"):
            answer = client.generic("GET", address.replace("\r\n", "%0d%0a").replace("\n", "%0a").replace("\0", "%00"))
            if answer.status_code >= 500 or not is_home(answer.headers.get("Location", "/"), "/"):
                wrong[way.name] = (answer.status_code, answer.headers.get("Location"))

    assert wrong == {}


# Whose house it is -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "host", [EVIL, f"testserver.{EVIL}", f"testserver:80@{EVIL}", "", "a b", "testserver,evil", "[::1", "x" * 5000]
)
def test_another_host_is_refused(client: Browser, host: str) -> None:
    assert client.get("/auth/login/", headers={"host": host}).status_code == 400


def test_no_page_and_no_mail_believes_a_header_about_the_host(sam: Any, browse: Any) -> None:
    lies = {
        **dict.fromkeys(("x-forwarded-host", "x-host", "x-forwarded-server", "forwarded", "x-original-url"), EVIL),
        "x-rewrite-url": "/admin/",
        "x-forwarded-port": "666",
        "x-forwarded-proto": "gopher",
        "x-http-host-override": EVIL,
    }
    pages = [browse(sam).get(address, headers=lies) for address in ("/", "/leads/", "/auth/email/")]
    Browser().post("/auth/password/reset/", {"email": sam.user.email}, headers=lies)

    assert [(page.status_code, EVIL in page.content.decode()) for page in pages] == [(200, False)] * 3
    letters = [letter.message().as_string() for letter in mail.outbox]
    assert [(told.SITE_URL in letter, EVIL in letter) for letter in letters] == [(True, False)]


@pytest.mark.parametrize(
    "text", ["a\r\nBcc: all@evil.example", "a@firm.example\nBcc: all@evil.example", "a@firm.example,b@evil.example"]
)
def test_no_address_smuggles_a_line_into_a_mail(client: Browser, sam: Any, text: str) -> None:
    client.post("/auth/password/reset/", {"email": text})
    User.objects.filter(pk=sam.user_id).update(username="sam")

    assert mail.outbox == []


@pytest.mark.django_db
def test_a_session_from_before_the_sign_in_is_worth_nothing(sam: Any) -> None:
    sam.user.set_password(PASSWORD)
    sam.user.save()
    browser = Browser()
    browser.cookies["sessionid"] = "planted" * 5
    browser.get("/auth/login/?next=/leads/")
    planted = browser.cookies["sessionid"].value

    browser.post("/auth/login/", {"login": "sam", "password": PASSWORD})

    fresh, thief = browser.cookies["sessionid"], Browser()
    thief.cookies["sessionid"] = planted
    assert fresh.value != planted
    assert thief.get("/leads/").status_code == 302
    assert (fresh["httponly"], fresh["samesite"], fresh["path"], fresh["domain"]) == (True, "Lax", "/", "")
    token = browser.cookies["csrftoken"]
    assert (token["httponly"], token["samesite"], token["path"]) == (True, "Lax", "/")


def test_many_of_the_same_word_are_one_word(browse: Any, sam: Any) -> None:
    """The last of several is meant, as everywhere in the house; none of them is added up."""
    browser = browse(sam)
    browser.raise_request_exception = False
    many = "&".join(f"{name}={value}" for name in NAMES for value in ("1", "x", "-1", "%00", "2"))

    pages = [browser.get(f"{address}?{many}").status_code for address in ("/", "/leads/", "/leads/board/", "/find/")]

    assert [status < 500 for status in pages] == [True] * 4


NAMES = ("pipeline", "view", "sort", "after", "q", "step", "source", "product", "skip", "show", "before", "days")
