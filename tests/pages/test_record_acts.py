"""How acts answer: races, where one goes afterwards, and the whole way by pages alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.models import Account
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    MONDAY,
    make_contacted,
    make_deal,
    make_lead,
    make_offer,
    make_person,
    seat_at,
)
from tests.pages.reading import text_of

Browse = Callable[..., Browser]
PHONE = "+79161234508"


# Races -----------------------------------------------------------------------------------------------------------------


def test_who_comes_second_hears_who_was_first(browse: Browse, pipeline: Pipeline, sam: Seat, sue: Seat) -> None:
    lead = make_lead(pipeline=pipeline)
    browse(sue).post(f"/leads/{lead.pk}/claim/")

    answer = browse(sam).post(f"/leads/{lead.pk}/claim/")

    assert answer.status_code == 409
    assert "Sue Search has just taken this client." in answer.content.decode()


def test_a_form_about_a_record_that_was_just_moved_away_says_so(
    browse: Browse, sam: Seat, sue: Seat, lena: Seat
) -> None:
    lead = make_lead(sam)
    belt.reassign(Lead, lead.pk, to=sue, by=lena.user, now=timezone.now())

    answer = browse(sam).post(f"/leads/{lead.pk}/note/", {"text": "Too late"})

    assert answer.status_code == 409
    assert "Sue Search has just taken this client." in answer.content.decode()


def test_an_old_page_does_not_overwrite_what_happened_since(
    browse: Browse, pipeline: Pipeline, sam: Seat, lena: Seat
) -> None:
    lead = make_lead(sam)
    step = pipeline.steps.filter(stage=Stage.LEAD)[1]
    belt.move_step(Lead, lead.pk, step_id=step.pk, by=lena.user, now=timezone.now())

    answer = browse(sam).post(f"/leads/{lead.pk}/release/", {"version": lead.version})

    assert answer.status_code == 409
    assert "Lena Lead has just changed this record." in answer.content.decode()
    assert Lead.objects.get().seat == sam


@pytest.mark.parametrize("version", ["abc", "-1", "9" * 40, "1.5"])
def test_a_version_that_no_page_wrote_is_refused(browse: Browse, sam: Seat, version: str) -> None:
    lead = make_lead(sam)

    answers = [
        browse(sam).post(f"/leads/{lead.pk}/{act}/", {"version": version, "text": "x"}).status_code
        for act in ("release", "note")
    ]

    assert answers == [422, 422]
    assert Lead.objects.get().version == lead.version


# Where one goes afterwards ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/leads/board/", "/leads/board/"),
        ("https://evil.example/", "/leads/{pk}/"),
        ("//evil.example/", "/leads/{pk}/"),
        ("javascript:alert(1)", "/leads/{pk}/"),
        ("", "/leads/{pk}/"),
    ],
)
def test_after_an_act_one_stays_in_the_house(browse: Browse, sam: Seat, asked: str, given: str) -> None:
    lead = make_lead(sam)

    answer = browse(sam).post(f"/leads/{lead.pk}/note/", {"text": "Early riser", "next": asked})

    assert (answer.status_code, answer.headers["Location"]) == (303, given.format(pk=lead.pk))


def test_after_a_client_has_left_ones_sight_one_stands_at_the_list(browse: Browse, sam: Seat, hal: Seat) -> None:
    lead = make_contacted(sam)

    answer = browse(sam).post(f"/deals/from-lead/{lead.pk}/", {"summary": "Real need", "next": f"/leads/{lead.pk}/"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/leads/")


def test_a_page_that_asks_by_htmx_is_told_without_a_page(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam)

    answer = browse(sam).post(f"/leads/{lead.pk}/note/", {"text": "Early"}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer.content) == (204, b"")


def test_acts_are_not_done_by_following_a_link(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam)

    answers = [
        browse(sam).get(f"/leads/{lead.pk}/{act}/").status_code for act in ("claim", "release", "move", "reveal")
    ]

    assert answers == [405] * 4


# The whole way, by pages alone -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", Structure)
def test_pages_alone_carry_a_client_the_whole_way(db: None, browse: Browse, structure: Structure) -> None:
    pipeline = drawing.draw("Any firm", structure=structure)
    # Whoever runs the tests in the evening still has somebody to receive.
    pipeline.tiers.update(off_hours=True)
    seats: dict[Stage, Seat] = {}
    for tier in pipeline.ordered_tiers:
        person = make_person(f"p{tier.pk}")
        seats |= {stage: seat_at(pipeline, stage, person) for stage in tier.stages}
    scout, hunter, farmer = (browse(seats[stage]) for stage in Stage)

    captured = scout.post("/leads/new/", {"name": "Irina", "phone": PHONE, "keep": "me"})
    lead = Lead.objects.get()
    assert captured.headers["Location"] == f"/leads/{lead.pk}/"
    scout.post(f"/leads/{lead.pk}/touch/", {"kind": "call", "outcome": "reached", "text": "Interested"})
    scout.post(f"/deals/from-lead/{lead.pk}/", {"summary": "Real need"})
    deal = Deal.objects.get()
    if deal.state == "offered":
        hunter.post(f"/deals/{deal.pk}/accept/")
    hunter.post(f"/deals/{deal.pk}/move/", {"step": pipeline.steps.filter(stage=Stage.DEAL)[1].pk})
    hunter.post(f"/accounts/from-deal/{deal.pk}/", {"summary": "Bought"})
    account = Account.objects.get()
    if account.state == "offered":
        farmer.post(f"/accounts/{account.pk}/accept/")
    farmer.post(f"/accounts/{account.pk}/repeat/", {"summary": "Wants more"})

    records = {Stage.LEAD: lead.pk, Stage.DEAL: deal.pk, Stage.ACCOUNT: account.pk}
    for stage, browser in zip(Stage, (scout, hunter, farmer), strict=True):
        seen = {each: browser.get(f"/{each}s/{pk}/").status_code for each, pk in records.items()}
        works_on = seats[stage] == seats[Stage.ACCOUNT]
        assert seen[Stage.ACCOUNT] == (200 if works_on else 404)
        # Who has handed a client on sees nothing of them, the lead neither.
        assert seen[Stage.LEAD] == (200 if seats[Stage.LEAD] == seats[Stage.ACCOUNT] else 404)
    assert Account.objects.get().state == "active"
    assert Deal.objects.exclude(pk=deal.pk).get().repeat_of == deal


def test_a_scout_may_park_and_call_back(browse: Browse, sam: Seat) -> None:
    lead = make_contacted(sam)
    later = timezone.now() + timedelta(days=3)
    browser = browse(sam)

    browser.post(f"/leads/{lead.pk}/park/", {"until": f"{later:%Y-%m-%dT%H:%M}"})
    parked = Lead.objects.get().state
    browser.post(f"/leads/{lead.pk}/contact/")

    assert (parked, Lead.objects.get().state) == ("parked", "contacted")


def test_a_mark_for_the_brief_is_kept_and_shown(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    browser = browse(hal)

    browser.post(f"/deals/{deal.pk}/mark/", {"mark": 4})

    assert "Brief marked: 4 of 5" in text_of(browser, f"/deals/{deal.pk}/")
    assert browser.post(f"/deals/{deal.pk}/mark/", {"mark": 6}).status_code == 422


def test_nobody_takes_more_than_they_may_hold_by_accepting_out_of_the_pool(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat, olga: Any
) -> None:
    deal = make_offer(sam)
    belt.release(Deal, deal.pk, by=olga, now=MONDAY)
    Seat.objects.filter(pk=hal.pk).update(capacity=0)

    answer = browse(hal).post(f"/deals/{deal.pk}/accept/")

    assert answer.status_code == 422
    assert Deal.objects.get().seat is None


def test_a_lead_that_was_looked_at_belongs_to_nobody_else(browse: Browse, sam: Seat, stan: Seat) -> None:
    lead = make_lead(sam)

    assert browse(stan).get(f"/leads/{lead.pk}/").status_code == 404
    assert browse(sam).get(f"/leads/{'9' * 40}/").status_code == 404
    assert scouting.looked_after(lead.client, lead.pipeline) == lead
