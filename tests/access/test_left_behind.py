"""What stays behind: ways back, pages that a browser keeps, sessions of people who are out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from deals.models import Deal
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.tiers.models import Seat
from tests.cast import MONDAY, make_contacted, make_deal
from tests.contacts import contacts_of

Browse = Callable[[Any], Browser]


@pytest.fixture(autouse=True)
def monday() -> Any:
    """An hour after the records of the tests were made."""
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        yield


# Ways back -------------------------------------------------------------------------------------------------------

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "http:evil.example",
]


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_the_way_back_from_a_refusal_stays_in_the_house(browse: Browse, sam: Seat, wanted: str) -> None:
    lead = make_contacted(sam)

    page = browse(sam).post(f"/leads/{lead.pk}/claim/", {"next": wanted})

    assert page.status_code == 409
    assert ('href="/"' in page.content.decode(), wanted.strip() in page.content.decode()) == (True, False)


def test_the_way_back_from_a_refusal_is_the_page_one_came_from(browse: Browse, sam: Seat) -> None:
    lead = make_contacted(sam)

    page = browse(sam).post(f"/leads/{lead.pk}/claim/", {"next": "/leads/?view=pool"})

    assert 'href="/leads/?view=pool"' in page.content.decode()


# What a browser keeps --------------------------------------------------------------------------------------------


def test_no_page_of_a_person_is_kept_by_a_browser(browse: Browse, sam: Seat, lena: Seat) -> None:
    lead, browser = make_contacted(sam), browse(sam)
    told = ["/", "/leads/", "/leads/board/", f"/leads/{lead.pk}/", f"/leads/{lead.pk}/edit/", "/find/?q=a", "/notices/"]
    told += ["/leads/2000000000/", "/auth/password/change/"]

    answers = [browser.get(url) for url in told] + [browser.post(f"/leads/{lead.pk}/claim/")]
    answers.append(browse(lena).get(f"/reports/team/{lena.tier_id}/"))

    assert [
        ("no-store" in one.headers["Cache-Control"], "private" in one.headers["Cache-Control"]) for one in answers
    ] == [(True, True)] * len(answers)


# Doors that close while one is inside ----------------------------------------------------------------------------


def test_a_person_who_left_is_out_at_the_next_click(browse: Browse, sam: Seat) -> None:
    lead, browser = make_contacted(sam), browse(sam)
    assert browser.get(f"/leads/{lead.pk}/").status_code == 200

    type(sam.user).objects.filter(pk=sam.user_id).update(is_active=False)

    answers = [browser.get(f"/leads/{lead.pk}/"), browser.post(f"/leads/{lead.pk}/reveal/"), browser.get("/")]
    assert [answer.headers["Location"].partition("?")[0] for answer in answers] == ["/auth/login/"] * 3


def test_a_closed_seat_is_out_at_the_next_click(browse: Browse, sam: Seat) -> None:
    lead, browser = make_contacted(sam), browse(sam)
    assert browser.get(f"/leads/{lead.pk}/").status_code == 200

    Seat.objects.filter(pk=sam.pk).update(is_open=False)

    assert [browser.get(f"/leads/{lead.pk}/").status_code, browser.post(f"/leads/{lead.pk}/reveal/").status_code] == [
        404,
        404,
    ]


def test_a_contact_that_was_asked_for_does_not_open_after_the_hand_off(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal, browser = make_deal(sam, hal), browse(hal)
    phone = contacts_of(deal.client, "phone")[0]
    browser.post(f"/deals/{deal.pk}/reveal/")

    belt.release(Deal, deal.pk, by=hal.user, now=timezone.now())

    page = browser.get(f"/deals/{deal.pk}/").content.decode()
    assert [form for form in (phone, phone[2:], deal.client.name) if form in page] == []
