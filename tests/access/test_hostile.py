"""A person who knows the house and means no good: forged fields, foreign numbers, strange numbers, borrowed addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.tiers.models import Pipeline, Product, Reason, Seat, Source
from pipeline_crm.timeline.models import Entry
from tests.cast import BRIEF, MONDAY, make_account, make_contacted, make_deal, make_lead, make_offer, reason
from tests.contacts import contacts_of

Browse = Callable[[Any], Browser]
HUGE = 10**25
FORGED = {
    "seat": 1,
    "seat_id": 1,
    "tier": 1,
    "tier_id": 1,
    "pipeline": 1,
    "pipeline_id": 1,
    "client": 1,
    "client_id": 1,
    "state": "won",
    "step": 1,
    "owner_since": "2020-01-01",
    "stale_at": "2099-01-01",
    "due_at": "2099-01-01T10:00",
    "rung": 9,
    "pk": 1,
    "id": 1,
    "created_at": "2020-01-01",
    "by": 1,
    "is_superuser": "on",
}


@pytest.fixture(autouse=True)
def monday() -> Any:
    """An hour after the records of the tests were made."""
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        yield


def standing(item: Any) -> dict[str, Any]:
    """Everything about a record that only its acts may change."""
    free = ("amount", "comment", "campaign", "competitor", "expected_on", "source_id", "product_id")
    row = type(item).objects.filter(pk=item.pk).values()[0]
    return {name: value for name, value in row.items() if name not in free}


# Fields that no form asks for ------------------------------------------------------------------------------------


def test_an_edit_changes_nothing_that_it_does_not_ask_for(browse: Browse, sam: Seat, sue: Seat, stan: Seat) -> None:
    lead, foreign = make_contacted(sam), make_lead(stan)
    before, forged = standing(lead), FORGED | {"seat": sue.pk, "client": foreign.client_id, "tier": stan.tier_id}

    answer = browse(sam).post(f"/leads/{lead.pk}/edit/", {"name": "Zoe", **forged})

    assert (answer.status_code, standing(lead)) == (303, before)
    assert Lead.objects.get(pk=lead.pk).client.name == "Zoe"


@pytest.mark.parametrize(
    ("act", "told"),
    [
        ("note", {"text": "Hello."}),
        ("task", {"title": "Call", "due_at": "2026-11-20T12:00"}),
        ("reveal", {}),
        ("touch", {"kind": "call", "outcome": "no_answer"}),
    ],
)
def test_small_acts_take_no_other_field(
    browse: Browse, sam: Seat, sue: Seat, stan: Seat, act: str, told: dict[str, Any]
) -> None:
    lead = make_contacted(sam)
    fixed = {"seat_id", "tier_id", "pipeline_id", "client_id", "state", "step_id", "created_at", "owner_since", "rung"}
    before = {name: standing(lead)[name] for name in fixed}

    answer = browse(sam).post(f"/leads/{lead.pk}/{act}/", FORGED | {"seat": sue.pk} | told)

    assert (answer.status_code, {name: standing(lead)[name] for name in fixed}) == (303, before)
    assert set(Entry.objects.values_list("by", flat=True)) == {sam.user_id}


def test_a_new_lead_is_written_where_one_works_and_for_nobody_else(
    browse: Browse, sam: Seat, sue: Seat, stan: Seat
) -> None:
    told = {"name": "Zoe", "phone": "+7 916 000-11-22", "keep": "me"}
    forged = FORGED | {"seat": sue.pk, "keep_for": sue.pk, "state": "qualified"}

    kept = browse(sam).post("/leads/new/", {**forged, **told, "pipeline": sam.tier.pipeline_id})
    foreign = browse(sam).post("/leads/new/", {**told, "pipeline": stan.tier.pipeline_id})

    lead = Lead.objects.get()
    assert (kept.status_code, foreign.status_code) == (303, 404)
    assert (lead.seat, lead.state, lead.pipeline) == (sam, "new", sam.tier.pipeline)


def test_a_team_lead_gives_no_capacity_away_with_an_absence(browse: Browse, sam: Seat, lena: Seat) -> None:
    days = {"first_day": "2026-11-20", "last_day": "2026-11-21", "capacity": 999, "role": "lead", "seat": lena.pk}

    browse(lena).post(f"/reports/team/{sam.tier_id}/seats/{sam.pk}/away/", days)

    sam.refresh_from_db()
    assert (sam.capacity, sam.role, sam.absences.count(), lena.absences.count()) == (40, "member", 1, 0)


# Numbers of other pipelines --------------------------------------------------------------------------------------


def test_words_of_another_pipeline_are_not_taken(browse: Browse, sam: Seat, hal: Seat, stan: Seat) -> None:
    lead, deal, other = make_contacted(sam), make_deal(sam, hal), stan.tier.pipeline
    source = Source.objects.create(pipeline=other, name="Their source")
    product = Product.objects.create(pipeline=other, name="Their product", price=1)
    junk, lost = reason(other, Reason.Kind.DISQUALIFY), reason(other, Reason.Kind.LOSE)
    scout, hunter = browse(sam), browse(hal)
    before = standing(lead), standing(deal)

    answers = [
        scout.post(f"/leads/{lead.pk}/edit/", {"name": "Zoe", "source": source.pk}),
        scout.post(f"/leads/{lead.pk}/edit/", {"name": "Zoe", "product": product.pk}),
        scout.post(f"/leads/{lead.pk}/disqualify/", {"reason": junk.pk}),
        scout.post(f"/leads/{lead.pk}/move/", {"step": other.steps.first().pk}),
        scout.post("/leads/new/", {"name": "Zoe", "phone": "+79160001122", "source": source.pk}),
        hunter.post(f"/deals/{deal.pk}/lose/", {"reason": lost.pk}),
        hunter.post(f"/deals/{deal.pk}/edit/", {"name": "Zoe", "product": product.pk}),
        hunter.post(
            f"/deals/{deal.pk}/lines/",
            {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 0, "lines-0-product": product.pk, "lines-0-price": 1},
        ),
    ]

    assert [answer.status_code for answer in answers] == [422] * len(answers)
    assert (standing(lead), standing(deal)) == before
    assert [name in answer.content.decode() for answer in answers for name in ("Their",)] == [False] * len(answers)


def test_a_step_and_a_reason_of_another_stage_are_not_taken(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat
) -> None:
    lead = make_contacted(sam)
    step = pipeline.steps.filter(stage="deal")[0]
    lost = reason(pipeline, Reason.Kind.LOSE)

    answers = [
        browse(sam).post(f"/leads/{lead.pk}/move/", {"step": step.pk}),
        browse(sam).post(f"/leads/{lead.pk}/disqualify/", {"reason": lost.pk}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]


def test_a_team_lead_steers_no_other_desk(browse: Browse, sam: Seat, lena: Seat, hal: Seat, stan: Seat) -> None:
    lead, own = make_contacted(sam), lena.tier_id
    leader = browse(lena)

    answers = [
        leader.post(f"/leads/{lead.pk}/reassign/", {"seat": hal.pk}).status_code,
        leader.post(f"/leads/{lead.pk}/reassign/", {"seat": stan.pk}).status_code,
        leader.post(f"/reports/team/{own}/move/", {"from": hal.pk, "to": sam.pk}).status_code,
        leader.post(f"/reports/team/{own}/move/", {"from": sam.pk, "to": stan.pk}).status_code,
        leader.post(f"/reports/team/{own}/seats/{hal.pk}/close/").status_code,
        leader.post(f"/reports/team/{hal.tier_id}/seats/{hal.pk}/close/").status_code,
        leader.post(f"/reports/team/{own}/seats/{stan.pk}/away/").status_code,
    ]

    assert answers == [422, 422, 404, 404, 404, 404, 404]
    assert Lead.objects.get(pk=lead.pk).seat == sam
    assert Seat.objects.filter(is_open=False).count() == 0


def test_a_task_of_another_record_cannot_be_ticked_off(browse: Browse, sam: Seat, sue: Seat) -> None:
    mine, theirs = make_contacted(sam), make_contacted(sue)
    task = belt.set_task(Lead, theirs.pk, title="Call", due_at=MONDAY, by=sue.user, now=MONDAY)

    answers = [
        browse(sam).post(f"/leads/{mine.pk}/task/{task.pk}/done/").status_code,
        browse(sam).post(f"/leads/{theirs.pk}/task/{task.pk}/done/").status_code,
    ]

    task.refresh_from_db()
    assert (answers, task.done_at) == ([404, 404], None)


# Strange numbers and signs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        f"/leads/{HUGE}/",
        f"/leads/{2**63}/",
        "/leads/0/",
        f"/leads/{HUGE}/edit/",
        f"/deals/from-lead/{HUGE}/",
        f"/reports/team/{HUGE}/",
        f"/reports/team/{2**63}/",
        f"/reports/conveyor/{HUGE}/",
    ],
)
def test_a_number_that_nothing_has_is_not_found(browse: Browse, olga: Any, address: str) -> None:
    assert browse(olga).get(address).status_code == 404


@pytest.mark.parametrize("number", [0, 2**31, 2**63, HUGE])
def test_an_act_on_a_number_that_nothing_has_is_not_found(browse: Browse, sam: Seat, olga: Any, number: int) -> None:
    lead, scout, head = make_contacted(sam), browse(sam), browse(olga)
    answers = [
        scout.post(f"/leads/{number}/claim/"),
        scout.post(f"/leads/{number}/note/", {"text": "Hello."}),
        scout.post(f"/leads/{lead.pk}/task/{number}/done/"),
        scout.post(f"/take-next/{number}/lead/"),
        scout.post(f"/pipeline/{number}/"),
        head.post(f"/reports/team/{sam.tier_id}/seats/{number}/close/"),
        head.post(f"/reports/team/{sam.tier_id}/absences/{number}/back/"),
        head.post(f"/reports/team/{sam.tier_id}/move/", {"from": number}),
    ]

    assert [answer.status_code for answer in answers] == [404] * len(answers)


@pytest.mark.parametrize("sign", ["\x00", "\ufffd", "-1", "9" * 40, "1; DROP", "²", "["])
def test_nonsense_in_a_field_is_refused_and_breaks_nothing(browse: Browse, sam: Seat, hal: Seat, sign: Any) -> None:
    lead, deal, scout, hunter = make_contacted(sam), make_deal(sam, hal), browse(sam), browse(hal)
    before = standing(lead), standing(deal)
    answers = [
        scout.post(f"/leads/{lead.pk}/move/", {"step": sign}),
        scout.post(f"/leads/{lead.pk}/disqualify/", {"reason": sign}),
        scout.post(f"/leads/{lead.pk}/release/", {"version": sign}),
        scout.post(f"/leads/{lead.pk}/park/", {"until": sign}),
        hunter.post(f"/deals/{deal.pk}/mark/", {"mark": sign}),
        hunter.post(f"/deals/{deal.pk}/lines/", {"lines-TOTAL_FORMS": f"{sign}x", "lines-INITIAL_FORMS": sign}),
        scout.get("/leads/", {"view": sign, "sort": sign, "after": sign, "step": sign, "q": sign, "pipeline": sign}),
        scout.get("/find/", {"q": sign}),
        scout.get("/notices/", {"after": sign}),
        scout.get("/", {"skip": sign}),
        scout.get(f"/leads/{lead.pk}/", {"show": sign, "before": sign}),
    ]

    assert [answer.status_code for answer in answers] == [422] * 6 + [200] * 5
    assert (standing(lead), standing(deal)) == before


# Who was first ---------------------------------------------------------------------------------------------------


def test_only_who_could_have_had_it_hears_who_was_first(
    browse: Browse, pipeline: Pipeline, sam: Seat, sue: Seat, hal: Seat, stan: Seat
) -> None:
    lead = make_lead(pipeline=pipeline)
    belt.claim(Lead, lead.pk, by=sam.user, now=timezone.now())

    answers = {seat.user.username: browse(seat).post(f"/leads/{lead.pk}/claim/") for seat in (sue, hal, stan)}

    assert {who: answer.status_code for who, answer in answers.items()} == {"sue": 409, "hal": 404, "stan": 404}
    assert "Sam Scout has just taken this client" in answers["sue"].content.decode()
    assert lead.client.name not in answers["sue"].content.decode()


def test_a_client_who_comes_back_to_a_colleague_is_no_news_to_the_others(
    browse: Browse, pipeline: Pipeline, sam: Seat, sue: Seat, hal: Seat
) -> None:
    """Between the hand-off and the return nobody of the scouts had the lead, but it was in no pool either."""
    from deals.actions import return_to_scout

    deal = make_deal(sam, hal)
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    return_to_scout(deal.pk, reason=why, comment="No budget.", by=hal.user, now=timezone.now())

    assert browse(sue).post(f"/leads/{deal.lead_id}/claim/").status_code == 404


def test_a_giver_learns_nothing_of_what_became_of_a_client(browse: Browse, sam: Seat, hal: Seat, fay: Seat) -> None:
    account = make_account(sam, hal, fay, name="Zoe Gone")
    scout, hunter = browse(sam), browse(hal)
    lead, deal = account.deal.lead_id, account.deal_id

    seen = [
        scout.get(f"/leads/{lead}/"),
        scout.post(f"/leads/{lead}/note/", {"text": "Hello?"}),
        scout.post(f"/leads/{lead}/reopen/"),
        scout.get(f"/deals/from-lead/{lead}/"),
        scout.get(f"/deals/{deal}/"),
        hunter.get(f"/deals/{deal}/"),
        hunter.get(f"/accounts/from-deal/{deal}/"),
        hunter.post(f"/accounts/from-deal/{deal}/again/", {"summary": "Once more."}),
        hunter.get(f"/accounts/{account.pk}/"),
    ]

    assert [answer.status_code for answer in seen] == [404] * len(seen)
    assert [one for one in seen if "Zoe" in one.content.decode()] == []


# A phone as a question -------------------------------------------------------------------------------------------


def test_a_known_phone_tells_neither_who_nor_where(browse: Browse, sam: Seat, sue: Seat, hal: Seat, fay: Seat) -> None:
    made = {
        "pool": make_lead(pipeline=sam.tier.pipeline, name="Zoe One"),
        "lead": make_contacted(sue, name="Zoe Two"),
        "deal": make_deal(sam, hal, name="Zoe Three"),
        "account": make_account(sam, hal, fay, name="Zoe Four"),
    }
    browser, told = browse(sam), {}

    for where, item in made.items():
        phone = contacts_of(item.client, "phone")[0]
        answer = browser.post("/leads/new/", {"name": "Somebody", "phone": phone, "keep": "me"}, follow=True)
        text = answer.content.decode()
        told[where] = (
            [url for url, _status in answer.redirect_chain],
            "known to us" in text,
            item.client.name in text,
            "Three" in text,
        )

    assert told == dict.fromkeys(made, (["/leads/"], True, False, False))


# Offers ----------------------------------------------------------------------------------------------------------


def test_an_offer_to_one_hunter_is_nothing_to_the_other(browse: Browse, sam: Seat, hal: Seat, hana: Seat) -> None:
    deal = make_offer(sam)
    other = browse(hana if deal.seat == hal else hal)

    answers = [
        other.get(f"/deals/{deal.pk}/").status_code,
        other.post(f"/deals/{deal.pk}/accept/").status_code,
        other.get(f"/deals/{deal.pk}/return/").status_code,
    ]

    assert answers == [404, 404, 404]


def test_a_pooled_offer_shows_neither_name_nor_brief_on_any_of_its_pages(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_offer(sam, name="Zoe Offered")
    handoff.hand_over(Deal.objects.get(pk=deal.pk), None, cause="released", by=None, now=timezone.now())
    browser = browse(hal)

    pages = [browser.get(f"/deals/{deal.pk}/{page}") for page in ("", "return/", "note/", "edit/", "lose/", "lines/")]
    pages += [browser.post(f"/deals/{deal.pk}/{page}") for page in ("return/", "note/", "edit/", "reveal/", "mark/")]
    pages += [browser.get(f"/accounts/from-deal/{deal.pk}/"), browser.get("/deals/?view=pool"), browser.get("/")]

    told = "".join(page.content.decode() for page in pages)
    assert [word for word in ("Zoe", BRIEF.summary, BRIEF.budget) if word in told] == []
