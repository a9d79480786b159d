"""The page of a record: what its own people see and what others do not."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from accounts import actions as farming
from deals import actions as hunting
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.tiers.models import Pipeline, Reason, Seat
from pipeline_crm.timeline.models import Entry
from tests.cast import (
    BRIEF,
    MONDAY,
    break_open,
    make_account,
    make_deal,
    make_lead,
    make_offer,
    reason,
)
from tests.pages.reading import text_of

Browse = Callable[..., Browser]
PHONE = "+79161234508"
SHOWN_PHONE = "8 (916) 123-45-08"


# Who sees how much -----------------------------------------------------------------------------------------------------


def test_the_owner_sees_the_name_and_a_masked_phone(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam, name="Irina Sokolova", phone=PHONE)

    told = text_of(browse(sam), f"/leads/{lead.pk}/")

    assert "Irina Sokolova" in told
    assert "+7 916 •••-••-08" in told
    assert "123-45" not in told
    assert PHONE not in told


def test_the_pool_shows_no_person(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    product = pipeline.products.create(name="Two rooms")
    lead = make_lead(
        pipeline=pipeline, name="Irina Sokolova", phone=PHONE, product=product, comment="Ask for Irina at noon"
    )

    told = text_of(browse(sam), f"/leads/{lead.pk}/")

    assert "Two rooms" in told
    for secret in ("Irina", "Sokolova", "noon", PHONE, "916", "•••-••-08"):
        assert secret not in told


@pytest.mark.parametrize("act", ["edit", "note", "task", "touch", "park", "disqualify", "reassign"])
def test_no_form_about_a_pooled_client_shows_the_person(
    browse: Browse, pipeline: Pipeline, sam: Seat, act: str
) -> None:
    lead = make_lead(pipeline=pipeline, name="Irina Sokolova", phone=PHONE)

    answer = browse(sam).get(f"/leads/{lead.pk}/{act}/")

    assert answer.status_code == 422
    assert "Irina" not in answer.content.decode()


def test_an_offer_shows_the_name_and_the_brief_and_no_contact(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_offer(sam, name="Irina Sokolova", phone=PHONE)

    told = text_of(browse(hal), f"/deals/{deal.pk}/")

    assert "Irina Sokolova" in told
    assert BRIEF.summary in told
    assert "opens when you accept" in told
    assert "916" not in told
    assert "Wants to hear more." not in told


def test_after_the_hand_off_the_giver_meets_nothing(browse: Browse, sam: Seat, hal: Seat, fay: Seat) -> None:
    account = make_account(sam, hal, fay)
    scout, hunter = browse(sam), browse(hal)
    lead, deal = Lead.objects.get(), Deal.objects.get()

    answers = [
        browser.get(address).status_code
        for browser in (scout, hunter)
        for address in (f"/leads/{lead.pk}/", f"/deals/{deal.pk}/", f"/accounts/{account.pk}/")
    ]

    assert answers == [404] * 6


def test_the_receiver_sees_what_was_before(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)

    told = text_of(browse(hal), f"/deals/{deal.pk}/")

    assert "Wants to hear more." in told
    assert "Hand-off accepted: Lead → Deal" in told
    assert "Sam Scout" in told


def test_a_scout_sees_why_a_client_came_back_and_not_from_whom(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat
) -> None:
    deal = make_deal(sam, hal)
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    hunting.return_to_scout(deal.pk, reason=why, comment="No budget was named.", by=hal.user, now=MONDAY)

    told = text_of(browse(sam), f"/leads/{deal.lead_id}/")

    assert why.name in told
    assert "No budget was named." in told
    assert "Hal" not in told


def test_a_hunter_completes_the_brief_of_a_client_who_came_back(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat, fay: Seat
) -> None:
    deal = make_deal(sam, hal, amount=Decimal(100))
    account = farming.win(deal.pk, brief=BRIEF, by=hal.user, now=MONDAY)
    why = reason(pipeline, Reason.Kind.RETURN_ACCOUNT)
    farming.return_to_hunter(account.pk, reason=why, comment="When do they move?", by=fay.user, now=MONDAY)
    hunter, again = browse(hal), reverse("accounts:offer-again", args=[deal.pk])

    assert "When do they move?" in text_of(hunter, f"/deals/{deal.pk}/")
    assert BRIEF.summary in text_of(hunter, again)
    assert hunter.post(again, {"summary": "They move in May."}).headers["Location"] == "/deals/"
    assert "They move in May." in text_of(browse(fay), f"/accounts/{account.pk}/")


def test_an_administrator_who_opens_a_client_is_written_down_once_a_day(browse: Browse, root: Any, sam: Seat) -> None:
    lead = make_lead(sam)
    browser = browse(break_open(root, sam.tier.pipeline))

    text_of(browser, f"/leads/{lead.pk}/")
    text_of(browser, f"/leads/{lead.pk}/")
    text_of(browse(sam), f"/leads/{lead.pk}/")

    assert list(Entry.objects.filter(kind="inspected").values_list("by", "record_id")) == [(root.pk, lead.pk)]


def test_a_record_is_kept_by_no_browser(browse: Browse, sam: Seat) -> None:
    answer = browse(sam).get(f"/leads/{make_lead(sam).pk}/")

    assert "no-store" in answer.headers["Cache-Control"]


# Contact in full -------------------------------------------------------------------------------------------------------


def test_a_contact_opens_in_full_once_and_is_counted(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam, phone=PHONE)
    browser, address = browse(sam), f"/leads/{lead.pk}/"

    answer = browser.post(f"{address}reveal/", {"next": address}, follow=True)

    assert SHOWN_PHONE in answer.content.decode()
    assert "Revealed 1 of 40 today" in answer.content.decode()
    assert SHOWN_PHONE not in text_of(browser, address)


def test_a_contact_does_not_open_on_the_page_of_another_client(browse: Browse, sam: Seat) -> None:
    lead, other = make_lead(sam, phone=PHONE), make_lead(sam, phone="+79161234999")
    browser = browse(sam)

    browser.post(f"/leads/{lead.pk}/reveal/")

    assert "123-49" not in text_of(browser, f"/leads/{other.pk}/")


def test_beyond_the_limit_no_other_contact_opens(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    Pipeline.objects.filter(pk=pipeline.pk).update(reveals_per_day=1)
    lead, other = make_lead(sam), make_lead(sam)
    browser = browse(sam)
    browser.post(f"/leads/{lead.pk}/reveal/")

    again, answer = (browser.post(f"/leads/{pk}/reveal/") for pk in (lead.pk, other.pk))

    assert (again.status_code, answer.status_code) == (303, 429)
    assert "You have opened 1 contacts today, which is the limit." in answer.content.decode()
    assert not Entry.objects.filter(kind="revealed", record_id=other.pk).exists()
