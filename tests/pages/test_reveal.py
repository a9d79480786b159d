"""A contact is shown one client at a time, by an act that is written down and counted, and calls need not show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads.models import Lead
from pipeline_crm.audit.models import Line
from pipeline_crm.clients.models import OpenedHour
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import opening
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.timeline.models import Entry
from tests.cast import MONDAY, make_account, make_contacted, make_deal, make_lead

Browse = Callable[..., Browser]
PHONE, SHOWN, MASK, EMAIL = "+79161234508", "8 (916) 123-45-08", "+7 916 •••-••-08", "irina@mail.example"
PIECE = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[Any]:
    """Twenty past eleven: after the records of the tests were made, and not the beginning of an hour."""
    with time_machine.travel(MONDAY + timedelta(hours=1, minutes=20), tick=False) as clock:
        yield clock


def spent() -> list[tuple[int, int]]:
    return list(OpenedHour.objects.order_by("id").values_list("user", "count"))


# Shown -----------------------------------------------------------------------------------------------------------


def test_the_owner_sees_a_mask_and_opens_it_in_its_place(browse: Browse, sam: Seat) -> None:
    lead, browser = make_lead(sam, phone=PHONE, email=EMAIL), browse(sam)
    page = f"/leads/{lead.pk}/"

    masked = browser.get(page).content.decode()
    answer = browser.post(f"{page}reveal/", headers=PIECE)
    piece = answer.content.decode()

    assert (MASK in masked, "i••••••@mail.example" in masked, "123-45-08" in masked) == (True, True, False)
    assert (answer.status_code, piece.startswith('<div id="reach" data-opened')) == (200, True)
    assert f'<a href="tel:{PHONE}" data-mask="{MASK}">{SHOWN}</a>' in piece
    assert f'<a href="mailto:{EMAIL}" data-mask="i••••••@mail.example">{EMAIL}</a>' in piece
    assert "no-store" in answer.headers["Cache-Control"]
    assert "123-45-08" not in browser.get(page).content.decode()


def test_without_a_script_it_opens_on_the_next_page_that_no_browser_keeps(browse: Browse, sam: Seat) -> None:
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)

    answer = browser.post(f"/leads/{lead.pk}/reveal/", follow=True)

    assert answer.redirect_chain == [(f"/leads/{lead.pk}/", 303)]
    assert SHOWN in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    kept = str({**browser.session})
    assert [word for word in (PHONE, SHOWN, "1234508") if word in kept] == []


def test_each_time_is_written_down_with_marks_and_no_values(browse: Browse, sam: Seat) -> None:
    lead, browser = make_lead(sam, phone=PHONE, email=EMAIL), browse(sam)

    browser.post(f"/leads/{lead.pk}/reveal/")
    browser.post(f"/leads/{lead.pk}/reveal/", headers=PIECE)

    marks = [str(point.mark) for point in lead.client.contact_points.all()]
    told = Line.objects.filter(kind="revealed").values_list("by", "client_id", "stage", "record_id", "traces")
    assert list(told) == [(sam.user_id, lead.client_id, "lead", lead.pk, marks)] * 2
    assert Entry.objects.filter(kind="revealed", by=sam.user).count() == 2
    assert spent() == [(sam.user_id, 2)]


def test_what_cannot_be_written_down_is_not_shown(sam: Seat, browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)
    browser.raise_request_exception = False

    def broken(*_what: Any, **_more: Any) -> None:
        raise RuntimeError("The journal is full.")

    monkeypatch.setattr(opening, "note", broken)
    answer = browser.post(f"/leads/{lead.pk}/reveal/", headers=PIECE)

    assert (answer.status_code, "123-45-08" in answer.content.decode()) == (500, False)
    assert (Entry.objects.filter(kind="revealed").count(), spent()) == (0, [])


# The budget ------------------------------------------------------------------------------------------------------


def test_each_role_has_its_hour(
    browse: Browse, pipeline: Pipeline, sam: Seat, lena: Seat, olga: Any, monday: Any
) -> None:
    Tier.objects.filter(pk=sam.tier_id).update(reveals_per_hour=1, lead_reveals_per_hour=2)
    Pipeline.objects.filter(pk=pipeline.pk).update(head_reveals_per_hour=3)
    leads = [make_lead(sam) for _ in range(4)]
    people = {"sam": browse(sam), "lena": browse(lena), "olga": browse(olga)}

    told = {
        name: [browser.post(f"/leads/{lead.pk}/reveal/", headers=PIECE).status_code for lead in leads]
        for name, browser in people.items()
    }
    refused = people["sam"].post(f"/leads/{leads[1].pk}/reveal/")
    monday.shift(timedelta(minutes=40))
    later = people["sam"].post(f"/leads/{leads[1].pk}/reveal/", headers=PIECE)

    assert told == {"sam": [200, *[429] * 3], "lena": [200, 200, 429, 429], "olga": [200, 200, 200, 429]}
    words = (
        "You have opened or called 1 contacts this hour, which is the limit. From 12:00 others open again; your head"
    )
    assert (words in refused.content.decode(), refused.headers["Retry-After"]) == (True, "2400")
    assert later.status_code == 200
    turned_away = Line.objects.filter(kind="denied", detail__status=429, detail__page="leads:reveal")
    assert sorted(turned_away.values_list("by__username", flat=True)) == ["lena", "lena", "olga", *["sam"] * 4]


def test_hours_of_last_week_are_not_kept(browse: Browse, sam: Seat, monday: Any) -> None:
    lead, browser = make_lead(sam), browse(sam)
    for _day in range(3):
        browser.post(f"/leads/{lead.pk}/reveal/")
        monday.shift(timedelta(days=9))
        browser = browse(sam)

    assert spent() == [(sam.user_id, 1)]


def test_nothing_opens_where_nothing_may(browse: Browse, sam: Seat) -> None:
    Tier.objects.filter(pk=sam.tier_id).update(reveals_per_hour=0)
    lead = make_lead(sam, phone=PHONE)

    answer = browse(sam).post(f"/leads/{lead.pk}/reveal/", headers=PIECE)

    assert (answer.status_code, "data-refused" in answer.content.decode(), spent()) == (429, True, [])


# Lists -----------------------------------------------------------------------------------------------------------


def test_no_list_looks_into_the_table_of_contacts(
    browse: Browse, pipeline: Pipeline, sam: Seat, lena: Seat, hal: Seat, fay: Seat, olga: Any
) -> None:
    make_contacted(sam)
    make_deal(sam, hal)
    make_account(sam, hal, fay)
    belt.note(Lead, make_lead(sam).pk, text="Hello", by=sam.user, now=MONDAY)
    pages = {
        sam: ["/", "/leads/", "/leads/board/", "/find/?q=client", "/notices/"],
        lena: ["/leads/", "/leads/board/", reverse("reports:team", args=[lena.tier_id])],
        hal: ["/", "/deals/", "/deals/board/"],
        fay: ["/", "/accounts/"],
        olga: [reverse("reports:conveyor", args=[pipeline.pk]), "/deals/", "/find/?q=client"],
    }

    with CaptureQueriesContext(connection) as asked:
        told = [browse(who).get(page).status_code for who, addresses in pages.items() for page in addresses]

    assert set(told) == {200}
    assert [query["sql"] for query in asked if "clients_contactpoint" in query["sql"]] == []
