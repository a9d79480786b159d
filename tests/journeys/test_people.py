"""Coming in, in Chromium: the first administrator by the printed link, a team lead by a telephone, a passkey at the door."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from pipeline_crm.users.models import User
from tests.journeys.chromium import PASSWORD, Complaints, photograph
from tests.journeys.chromium import next_page as another_page
from tests.users.conftest import code_for, with_password

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def complaints() -> Complaints:
    """What the browser complains of."""
    return Complaints()


@pytest.fixture
def context(browser: Browser, live_server: LiveServer, settings: Any) -> Iterator[BrowserContext]:
    """A browser at a house that asks for second factors; passkeys hang on a name, so it is called localhost."""
    settings.SECOND_FACTOR_REQUIRED = True
    settings.ALLOWED_HOSTS = ["*"]
    address = live_server.url.replace("127.0.0.1", "localhost")
    settings.SITE_URL = address
    opened = browser.new_context(base_url=address, locale="en-GB", viewport={"width": 1440, "height": 900})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, complaints: Complaints) -> Page:
    """Its only page."""
    return complaints.listen(context.new_page())


@contextmanager
def next_page(page: Page) -> Iterator[None]:
    """Waits until what is done inside has opened another page, with all that belongs to it."""
    with another_page(page):
        yield
    page.wait_for_load_state()


def with_key(page: Page) -> None:
    """Gives the browser a key that holds passkeys and knows its owner's finger."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    wire.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": options | {"isUserVerified": True, "automaticPresenceSimulation": True}},
    )


def type_in(page: Page, user: User) -> None:
    """Name and password, as in the morning."""
    page.goto("/auth/login/")
    page.locator("[name=login]").fill(user.username)
    page.locator("[name=password]").fill(PASSWORD)
    with next_page(page):
        page.get_by_role("button", name="Sign in", exact=True).click()


def set_telephone_up(page: Page) -> str:
    """Scans the code with a telephone; returns its secret."""
    with next_page(page):
        page.get_by_role("link", name="Activate").click()
    secret = page.locator("#authenticator_secret").input_value()
    page.locator("[name=code]").fill(code_for(secret))
    with next_page(page):
        page.get_by_role("button", name="Activate").click()
    return secret


def test_the_first_administrator_comes_in_by_the_printed_link(page: Page, complaints: Complaints) -> None:
    out = io.StringIO()
    call_command("invite_admin", stdout=out)

    page.goto(out.getvalue().strip())
    measure(page, "join", "en")
    for name, value in {"username": "chief", "email": "ada@firm.example", "password1": PASSWORD, "password2": PASSWORD}.items():  # fmt: skip
        page.locator(f"[name={name}]").fill(value)
    with next_page(page):
        page.get_by_role("button", name="Come in").click()
    expect(page.get_by_text("Your work asks for a second factor")).to_be_visible()
    set_telephone_up(page)
    codes = page.locator("#recovery_codes").input_value().split()
    page.goto("/admin/")

    assert len(codes) == 10
    expect(page.get_by_role("link", name="Pipelines").first).to_be_visible()
    assert complaints == []


def test_a_team_lead_sets_a_telephone_up_and_signs_in_by_it(lena, page: Page, complaints: Complaints) -> None:
    type_in(page, with_password(lena.user))
    assert page.url.endswith("/auth/2fa/")
    secret = set_telephone_up(page)
    page.goto("/find/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find")
    page.context.clear_cookies()

    type_in(page, lena.user)
    page.locator("[name=code]").fill(code_for(secret, ahead=1))
    with next_page(page):
        page.get_by_role("button", name="Sign In", exact=True).first.click()
    page.goto("/find/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Find")
    assert complaints == []


def test_a_passkey_is_added_and_opens_the_door_alone(lena, page: Page, complaints: Complaints) -> None:
    with_key(page)
    type_in(page, with_password(lena.user))
    with next_page(page):
        page.get_by_role("link", name="Add").click()
    page.get_by_label("Sign in by this key alone").check()
    with next_page(page):
        page.get_by_role("button", name="Add").click()
    page.goto("/find/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Find")
    page.context.clear_cookies()

    page.goto("/auth/login/")
    with next_page(page):
        page.get_by_role("button", name="Sign in with a passkey").click()
    page.goto("/find/")

    expect(page.get_by_role("heading", level=1)).to_have_text("Find")
    assert complaints == []


PAGES = {
    "login": "account_login",
    "forgotten": "account_reset_password",
    "forgotten-sent": "account_reset_password_done",
    "password": "account_change_password",
    "factor": "mfa_index",
    "telephone": "mfa_activate_totp",
    "keys": "mfa_list_webauthn",
    "key": "mfa_add_webauthn",
    "devices": "usersessions_list",
    "email": "account_email",
    "hear-of": "workbench:notice-choice",
}


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_page_about_a_person_fits_and_can_be_read(
    lena, page: Page, complaints: Complaints, settings: Any, language: str
) -> None:
    settings.SECOND_FACTOR_REQUIRED = False
    User.objects.filter(pk=lena.user_id).update(language=language)
    speak(page, language)
    for name in ("login", "forgotten", "forgotten-sent"):
        look_at(page, name, language)
    settings.SECOND_FACTOR_REQUIRED = True
    page.goto("/auth/login/")
    page.locator("[name=login]").fill(with_password(lena.user).username)
    page.locator("[name=password]").fill(PASSWORD)
    with next_page(page):
        page.locator("form .btn").first.click()
    look_at(page, "factor", language, shown="factor-asked")
    settings.SECOND_FACTOR_REQUIRED = False
    for name in list(PAGES)[3:]:
        look_at(page, name, language)
    page.goto(reverse("mfa_activate_totp"))
    page.locator("[name=code]").fill(code_for(page.locator("#authenticator_secret").input_value()))
    with next_page(page):
        page.locator("main section form .btn").first.click()
    measure(page, "recovery", language)
    look_at(page, "factor", language, shown="factor-active")
    page.context.clear_cookies()
    speak(page, language)
    page.goto("/auth/login/")
    page.locator("[name=login]").fill("lena")
    page.locator("[name=password]").fill(PASSWORD)
    with next_page(page):
        page.locator("form .btn").first.click()
    measure(page, "code", language)

    assert complaints == []


def speak(page: Page, language: str) -> None:
    """Chooses a language before anybody has signed in."""
    address = page.context.request.get("/healthz").url
    page.context.add_cookies([{"name": "django_language", "value": language, "url": address}])


def look_at(page: Page, name: str, language: str, shown: str = "") -> None:
    page.goto(reverse(PAGES[name]))
    measure(page, shown or name, language)


def measure(page: Page, name: str, language: str) -> None:
    """No page slides sideways, none breaks a rule of accessibility, none mixes languages."""
    if language == "ru":
        words = re.findall(r"\b[a-z]{4,}\b", page.locator("main").inner_text())
        assert set(words) - {"firm", "example", "lena", "localhost", "flats"} == set(), name
    for theme, widths in photograph(page, f"people-{name}", language):
        assert widths == [390, 1440], f"{name} {theme}"
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], f"{name} {theme}"
