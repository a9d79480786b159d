"""The contact in Chromium: it opens where it stands, the keys go on from there, and it hides by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from pipeline_crm.tiers.models import Seat, Tier
from tests.cast import make_lead

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE, SHOWN, MASK = "+79161234508", "8 (916) 123-45-08", "+7 916 •••-••-08"


@pytest.fixture
def opened(live_server: LiveServer, page: Page, browse: Callable[[Seat], Browser], sam: Seat) -> str:
    """The page of Sam's lead, with the hands of its clock in ours."""
    page.clock.install()
    session = browse(sam).cookies["sessionid"].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    address = f"{live_server.url}/leads/{make_lead(sam, phone=PHONE, now=timezone.now()).pk}/"
    page.goto(address)
    return address


def test_a_contact_opens_in_its_place_and_hides_after_a_minute(opened: str, page: Page) -> None:
    reach = page.locator("#reach")
    expect(reach).to_contain_text(MASK)
    reach.get_by_role("button", name="Show").click()
    expect(reach.get_by_role("link", name=SHOWN)).to_be_focused()
    assert page.url == opened

    page.clock.fast_forward(59_000)
    expect(reach).to_contain_text(SHOWN)
    page.clock.fast_forward(2_000)

    expect(reach).to_contain_text(MASK)
    assert "123-45-08" not in page.content()
    assert PHONE not in page.content()
    reach.get_by_role("button", name="Show").click()
    expect(reach).to_contain_text(SHOWN)


def test_a_contact_is_not_there_when_one_comes_back(opened: str, page: Page, live_server: LiveServer) -> None:
    page.locator("[data-key=c]").click()
    expect(page.locator("#reach")).to_contain_text(SHOWN)

    page.goto(f"{live_server.url}/leads/")
    page.go_back()

    expect(page.locator("#reach")).to_contain_text(MASK)
    assert "123-45-08" not in page.content()


def test_a_refusal_leaves_the_mask_and_says_why(opened: str, page: Page, sam: Seat) -> None:
    Tier.objects.filter(pk=sam.tier_id).update(reveals_per_hour=0)

    page.locator("#reach").get_by_role("button", name="Show").click()

    expect(page.locator("#toasts")).to_contain_text("which is the limit")
    expect(page.locator("#reach")).to_contain_text(MASK)
