"""The page of a record: what its own people see, what others do not, and how acts answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import actions as farming
from accounts.models import Account
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Pipeline, Reason, Seat, Step, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Entry, Task
from tests.cast import (
    BRIEF,
    MONDAY,
    make_account,
    make_contacted,
    make_deal,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
    steer_to,
)

Browse = Callable[..., Browser]
PHONE = "+79161234508"
SHOWN_PHONE = "8 (916) 123-45-08"


def page(browser: Browser, address: str) -> str:
    """What a page says."""
    answer = browser.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


# Who sees how much -----------------------------------------------------------------------------------------------


def test_the_owner_sees_the_name_and_a_masked_phone(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam, name="Irina Sokolova", phone=PHONE)

    told = page(browse(sam), f"/leads/{lead.pk}/")

    assert "Irina Sokolova" in told
    assert "+7 916 •••-••-08" in told
    assert "123-45" not in told
    assert PHONE not in told


def test_the_pool_shows_no_person(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    product = pipeline.products.create(name="Two rooms")
    lead = make_lead(
        pipeline=pipeline, name="Irina Sokolova", phone=PHONE, product=product, comment="Ask for Irina at noon"
    )

    told = page(browse(sam), f"/leads/{lead.pk}/")

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

    told = page(browse(hal), f"/deals/{deal.pk}/")

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

    told = page(browse(hal), f"/deals/{deal.pk}/")

    assert "Wants to hear more." in told
    assert "Hand-off accepted: Lead → Deal" in told
    assert "Sam Scout" in told


def test_a_scout_sees_why_a_client_came_back_and_not_from_whom(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat
) -> None:
    deal = make_deal(sam, hal)
    why = reason(pipeline, Reason.Kind.RETURN_DEAL)
    hunting.return_to_scout(deal.pk, reason=why, comment="No budget was named.", by=hal.user, now=MONDAY)

    told = page(browse(sam), f"/leads/{deal.lead_id}/")

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

    assert "When do they move?" in page(hunter, f"/deals/{deal.pk}/")
    assert BRIEF.summary in page(hunter, again)
    assert hunter.post(again, {"summary": "They move in May."}).headers["Location"] == "/deals/"
    assert "They move in May." in page(browse(fay), f"/accounts/{account.pk}/")


def test_an_administrator_who_opens_a_client_is_written_down_once_a_day(browse: Browse, root: Any, sam: Seat) -> None:
    lead = make_lead(sam)
    browser = browse(root)

    page(browser, f"/leads/{lead.pk}/")
    page(browser, f"/leads/{lead.pk}/")
    page(browse(sam), f"/leads/{lead.pk}/")

    assert list(Entry.objects.filter(kind="inspected").values_list("by", "record_id")) == [(root.pk, lead.pk)]


def test_a_record_is_kept_by_no_browser(browse: Browse, sam: Seat) -> None:
    answer = browse(sam).get(f"/leads/{make_lead(sam).pk}/")

    assert "no-store" in answer.headers["Cache-Control"]


# Contact in full -------------------------------------------------------------------------------------------------


def test_a_contact_opens_in_full_once_and_is_counted(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam, phone=PHONE)
    browser, address = browse(sam), f"/leads/{lead.pk}/"

    answer = browser.post(f"{address}reveal/", {"next": address}, follow=True)

    assert SHOWN_PHONE in answer.content.decode()
    assert "Revealed 1 of 40 today" in answer.content.decode()
    assert SHOWN_PHONE not in page(browser, address)


def test_a_contact_does_not_open_on_the_page_of_another_client(browse: Browse, sam: Seat) -> None:
    lead, other = make_lead(sam, phone=PHONE), make_lead(sam, phone="+79161234999")
    browser = browse(sam)

    browser.post(f"/leads/{lead.pk}/reveal/")

    assert "123-49" not in page(browser, f"/leads/{other.pk}/")


def test_beyond_the_limit_no_contact_opens(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    Pipeline.objects.filter(pk=pipeline.pk).update(reveals_per_day=1)
    lead = make_lead(sam)
    browser = browse(sam)
    browser.post(f"/leads/{lead.pk}/reveal/")

    answer = browser.post(f"/leads/{lead.pk}/reveal/")

    assert answer.status_code == 422
    assert "You have opened 1 contacts today, which is the limit." in answer.content.decode()
    assert Entry.objects.filter(kind="revealed").count() == 1


# Races -----------------------------------------------------------------------------------------------------------


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


# Where one goes afterwards ---------------------------------------------------------------------------------------


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


# Forms -----------------------------------------------------------------------------------------------------------

LONG = "x" * 5000
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("note", {"text": ""}, "The note is empty"),
    ("note", {"text": "   "}, "The note is empty"),
    ("note", {"text": LONG}, "at most 4000 characters"),
    ("note", {"text": "a\x00b"}, "Null characters are not allowed."),
    ("touch", {}, "Say what it was"),
    ("touch", {"kind": "pigeon", "outcome": "reached"}, "pigeon is not one of the available choices"),
    ("touch", {"kind": "call"}, "Say how the call ended."),
    ("touch", {"kind": "call", "outcome": "sang"}, "sang is not one of the available choices"),
    ("touch", {"kind": "message"}, "Write what was said"),
    ("task", {"title": "", "due_at": "2099-01-01T10:00"}, "Say what is to be done."),
    ("task", {"title": "x" * 300, "due_at": ""}, "at most 200 characters"),
    ("task", {"title": "Call", "due_at": "soon"}, "Write a day and an hour."),
    ("task", {"title": "Call", "due_at": "2001-01-01T10:00"}, "Choose a day within five years."),
    ("task", {"title": "Call", "due_at": "9999-12-31T23:59"}, "Choose a day within five years."),
    ("task", {"title": "Call", "due_at": "0001-01-01T00:00"}, "Choose a day within five years."),
    ("park", {"until": ""}, "Say until when."),
    ("park", {"until": "2026-13-45T99:99"}, "Write a day and an hour."),
    ("disqualify", {}, "Choose a reason."),
    ("disqualify", {"reason": "9" * 30}, "Choose a reason from the list."),
    ("disqualify", {"reason": "\x00"}, "Null characters are not allowed."),
    ("reassign", {"seat": "9" * 30}, "This seat cannot receive the record"),
    ("edit", {"name": "", "consent": "given"}, "Write the client&#x27;s name."),
    ("edit", {"name": "x" * 200, "consent": "given"}, "at most 120 characters"),
    ("edit", {"name": "Ann", "consent": "maybe"}, "maybe is not one of the available choices"),
    ("edit", {"name": "Ann", "consent": "given", "amount": "a lot"}, "Write a number"),
    ("edit", {"name": "Ann", "consent": "given", "amount": "1e400"}, "This sum is too large to be true"),
    ("edit", {"name": "Ann", "consent": "given", "amount": "9" * 40}, "This sum is too large to be true"),
    ("edit", {"name": "Ann", "consent": "given", "amount": "-5"}, "not below nothing"),
    ("edit", {"name": "Ann", "consent": "given", "amount": "NaN"}, "Write a number"),
    ("edit", {"name": "Ann", "consent": "given", "amount": "1.234"}, "2 decimal places"),
    ("edit", {"name": "Ann", "consent": "given", "campaign": "x" * 200}, "at most 120 characters"),
]


@pytest.mark.parametrize(("act", "sent", "sentence"), WRONG)
def test_what_is_wrong_is_said_and_nothing_is_changed(
    browse: Browse, lena: Seat, sam: Seat, act: str, sent: dict[str, Any], sentence: str
) -> None:
    lead = make_contacted(sam, now=timezone.now())
    before = Lead.objects.values().get(), Entry.objects.count(), Task.objects.count()

    answer = browse(lena).post(f"/leads/{lead.pk}/{act}/", sent)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert (Lead.objects.values().get(), Entry.objects.count(), Task.objects.count()) == before


def test_a_form_gives_back_what_was_typed(browse: Browse, sam: Seat) -> None:
    lead = make_contacted(sam)

    answer = browse(sam).post(f"/deals/from-lead/{lead.pk}/", {"summary": "", "budget": "9 million", "need": "A yard"})

    assert answer.status_code == 422
    assert 'value="9 million"' in answer.content.decode()
    assert 'value="A yard"' in answer.content.decode()


def test_a_sum_is_read_as_people_write_it(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam)
    browser, address = browse(sam), f"/leads/{lead.pk}/edit/"

    read = []
    for typed in ("11 800 000", "11800000,50", "11,800,000", "11\u00a0800\u00a0000.5"):
        assert browser.post(address, {"name": "Ann", "consent": "given", "amount": typed}).status_code == 303
        read.append(Lead.objects.get().amount)

    assert read == [Decimal("11800000"), Decimal("11800000.50"), Decimal("11800000"), Decimal("11800000.50")]


def test_a_day_and_hour_are_those_of_the_pipeline(browse: Browse, pipeline: Pipeline, sam: Seat) -> None:
    Pipeline.objects.filter(pk=pipeline.pk).update(time_zone="Asia/Vladivostok")
    lead = make_lead(sam)
    day = (timezone.now() + timedelta(days=3)).date()

    browse(sam).post(f"/leads/{lead.pk}/task/", {"title": "Call", "due_at": f"{day}T10:00"})

    assert Task.objects.get().due_at.isoformat() == f"{day}T00:00:00+00:00"


def test_details_are_edited_and_only_their_names_are_written_down(browse: Browse, sam: Seat) -> None:
    lead = make_lead(sam, name="Old Name")

    browse(sam).post(f"/leads/{lead.pk}/edit/", {"name": "New Name", "consent": "given", "campaign": "Spring"})

    lead = Lead.objects.get()
    assert (lead.client.name, lead.client.consent, lead.campaign) == ("New Name", "given", "Spring")
    assert Entry.objects.get(kind="edited").details == {"fields": ["campaign", "name", "consent"]}


def test_the_lines_of_a_deal_make_up_its_amount(browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    flat = pipeline.products.create(name="Flat", price=Decimal("1000"))
    browser, address = browse(hal), f"/deals/{deal.pk}/lines/"
    heads = {"lines-TOTAL_FORMS": 2, "lines-INITIAL_FORMS": 0}

    huge = browser.post(
        address, heads | {"lines-0-product": flat.pk, "lines-0-quantity": "99999999", "lines-0-price": "999999999"}
    )
    bare = browser.post(address, heads | {"lines-0-quantity": "3"})
    done = browser.post(
        address,
        heads
        | {"lines-0-product": flat.pk, "lines-1-product": flat.pk, "lines-1-quantity": "2,5", "lines-1-price": "10"},
    )

    assert (huge.status_code, bare.status_code, done.status_code) == (422, 422, 303)
    assert "too large to be true" in huge.content.decode()
    assert "Choose what is sold." in bare.content.decode()
    assert Deal.objects.get().amount == Decimal("1025")


def test_another_day_for_the_next_touch_moves_the_clock_of_an_account(
    browse: Browse, sam: Seat, hal: Seat, fay: Seat
) -> None:
    account = make_account(sam, hal, fay)
    Step.objects.update(limit_minutes=None)
    farming.log_touch(account.pk, kind="call", outcome="reached", by=fay.user, now=timezone.now())
    day = (timezone.now() + timedelta(days=9)).date()
    sent = {"name": "Ann", "consent": "given", "cadence_days": 30, "next_touch_on": str(day)}

    browse(fay).post(f"/accounts/{account.pk}/edit/", sent)

    account = Account.objects.get()
    assert account.next_touch_on == day
    assert account.due_at.astimezone(account.pipeline.zone).date() == day + timedelta(days=1)


# The timeline ----------------------------------------------------------------------------------------------------


def fill(deal: Deal, by: Seat, *, rows: int) -> None:
    """So many notes, movements and tasks."""
    steps = list(deal.pipeline.steps.filter(stage=Stage.DEAL))
    for number in range(rows):
        at = MONDAY + timedelta(minutes=number + 1)
        belt.note(Deal, deal.pk, text=f"Note {number:02}.", by=by.user, now=at)
        belt.move_step(Deal, deal.pk, step_id=steps[(number + 1) % 2].pk, by=by.user, now=at)
        belt.set_task(Deal, deal.pk, title=f"Task {number}", due_at=at, by=by.user, now=at)


def test_a_record_costs_as_many_queries_with_one_line_as_with_thirty(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    browser, counts = browse(hal), []

    for rows in (1, 29):
        fill(deal, hal, rows=rows)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            page(browser, f"/deals/{deal.pk}/")
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_an_account_costs_as_many_queries_with_one_deal_as_with_five(
    browse: Browse, sam: Seat, hal: Seat, fay: Seat
) -> None:
    account = make_account(sam, hal, fay)
    browser, counts = browse(fay), []

    for repeats in (1, 4):
        for _each in range(repeats):
            deal = farming.open_repeat(account.pk, product=None, amount=None, brief=BRIEF, by=fay.user, now=MONDAY)
            farming.win(deal.pk, brief=BRIEF, by=fay.user, now=MONDAY)
        with CaptureQueriesContext(connection) as asked:
            page(browser, f"/accounts/{account.pk}/")
        counts.append(len(asked))

    assert counts[0] == counts[1]


def test_a_long_history_is_read_in_pages_without_a_gap(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    fill(deal, hal, rows=60)
    browser, address = browse(hal), f"/deals/{deal.pk}/?show=notes"

    first = browser.get(address).context["history"]
    second = browser.get(f"{address}&before={first.earlier}").context["history"]

    assert [line.text for line in first.lines + second.lines] == [f"Note {number:02}." for number in range(59, -1, -1)]
    assert second.earlier == ""


def test_the_filters_of_the_timeline_show_what_they_say(browse: Browse, sam: Seat, hal: Seat) -> None:
    deal = make_deal(sam, hal)
    belt.note(Deal, deal.pk, text="Has two cats.", by=hal.user, now=MONDAY)
    browser = browse(hal)

    shown = {
        show: [line.title for line in browser.get(f"/deals/{deal.pk}/?show={show}").context["history"].lines]
        for show in ("touches", "notes", "movements")
    }

    assert shown["touches"] == ["Call: talked"]
    assert shown["notes"] == ["Note"]
    assert set(shown["movements"]) >= {
        "New lead",
        "Contacted",
        "Offered: Lead → Deal",
        "Hand-off accepted: Lead → Deal",
    }


@pytest.mark.parametrize("before", ["x", "1-2", "9" * 30 + "-0-1", "1-0-" + "9" * 30, "-1-0-1", "\x00"])
def test_a_place_in_the_history_that_nobody_gave_shows_a_page(browse: Browse, sam: Seat, before: str) -> None:
    lead = make_lead(sam)

    assert browse(sam).get(f"/leads/{lead.pk}/", {"before": before, "show": "\x00"}).status_code == 200


def test_the_timeline_says_who_was_passed_over_and_why(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat, hana: Seat
) -> None:
    Tier.objects.filter(works_deal=True).update(strategy="least_loaded")
    Seat.objects.filter(pk=hana.pk).update(is_open=False)
    deal = make_offer(sam)
    handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY)

    told = page(browse(hal), f"/deals/{deal.pk}/")

    assert "To Hal Hunter, by least load; skipped: Hana H. (takes nothing new)." in told


def test_the_page_says_who_has_had_the_client_and_how_long(browse: Browse, sam: Seat, hal: Seat) -> None:
    lead = make_contacted(sam)
    offer = hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY + timedelta(days=3))
    deal = Deal.objects.get(pk=offer.to_id)
    steer_to(deal, hal, now=MONDAY + timedelta(days=3))
    handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY + timedelta(days=3, minutes=14))

    told = browse(hal).get(f"/deals/{deal.pk}/").context

    assert [(spell.name, spell.stage, spell.is_now) for spell in told["hands"]] == [
        ("Hal Hunter", Stage.DEAL, True),
        ("Sam Scout", Stage.LEAD, False),
    ]
    assert told["hands"][1].seconds == 3 * 86400
    assert told["belt"].stretches[0].who == "Sam Scout, 3 days"
    assert told["belt"].joints[0].note.endswith("accepted in 14 min")


# The whole way, by pages alone -----------------------------------------------------------------------------------


@pytest.mark.parametrize("structure", Structure)
def test_pages_alone_carry_a_client_the_whole_way(db: None, browse: Browse, structure: Structure) -> None:
    pipeline = drawing.draw("Any firm", structure=structure)
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
        assert seen[Stage.LEAD] == (200 if seats[Stage.LEAD] == seats[Stage.DEAL] == seats[stage] else 404)
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

    assert "Brief marked: 4 of 5" in page(browser, f"/deals/{deal.pk}/")
    assert browser.post(f"/deals/{deal.pk}/mark/", {"mark": 6}).status_code == 422


def test_nobody_takes_more_than_they_may_hold_by_accepting_out_of_the_pool(
    browse: Browse, pipeline: Pipeline, sam: Seat, hal: Seat, root: Any
) -> None:
    deal = make_offer(sam)
    belt.release(Deal, deal.pk, by=root, now=MONDAY)
    Seat.objects.filter(pk=hal.pk).update(capacity=0)

    answer = browse(hal).post(f"/deals/{deal.pk}/accept/")

    assert answer.status_code == 422
    assert Deal.objects.get().seat is None


def test_a_lead_that_was_looked_at_belongs_to_nobody_else(browse: Browse, sam: Seat, stan: Seat) -> None:
    lead = make_lead(sam)

    assert browse(stan).get(f"/leads/{lead.pk}/").status_code == 404
    assert browse(sam).get(f"/leads/{'9' * 40}/").status_code == 404
    assert scouting.looked_after(lead.client, lead.pipeline) == lead
