"""Whom a client does not let us contact goes to nobody, and nobody gets in touch with them until a new consent is written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser

from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.clients.models import Agreement, Client
from pipeline_crm.conveyor import books
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.exchange.actions import Intake
from pipeline_crm.exchange.reading import LeadRow, Rejected, Row
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.timeline.models import Entry, Movement
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_contacted, make_deal, make_enquiry, make_lead, make_offer

Browse = Callable[..., Browser]
PHONE = "+79161234508"
NEVER, YES, NO = ({"says": word, "source": "call"} for word in ("never", "yes", "no"))
SENTENCE = "This client must not be contacted."


@pytest.fixture(autouse=True)
def monday() -> Iterator[Any]:
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False) as clock:
        yield clock


def say(browser: Browser, item: Lead | Deal, words: dict[str, Any]) -> int:
    return browser.post(f"/{item.stage}s/{item.pk}/consent/", words).status_code


def place(item: Lead | Deal) -> tuple[Any, ...]:
    """Where a record lies, and what runs for it."""
    item = type(item).objects.get(pk=item.pk)
    return item.seat, item.awaits_lead, item.barred, item.clock, item.due_at, item.stale_at


def test_the_owner_writes_it_down_and_every_clock_stops(browse: Browse, sam: Seat, lena: Seat) -> None:
    lead = make_lead(sam)

    assert say(browse(sam), lead, NEVER) == 303

    client = Client.objects.get()
    assert (client.no_contact, client.consent, client.is_barred) == (True, "withdrawn", True)
    assert place(lead) == (sam, False, True, "", None, None)
    rows = Agreement.objects.order_by("channel").values_list("channel", "given_at", "withdrawn_by", "source")
    assert list(rows) == [(way, None, sam.user_id, "call") for way in ("email", "message", "phone")]
    page = browse(sam).get(f"/leads/{lead.pk}/").content.decode()
    assert (SENTENCE in page, "do not contact" in page, "must not be contacted any more" in page) == (True, True, True)
    assert "do not contact" in browse(sam).get("/leads/").content.decode()


def test_nobody_gets_in_touch(browse: Browse, sam: Seat, lena: Seat, settings: Any) -> None:
    settings.TELEPHONY_URL = "https://pbx.example/call?to={number}"
    lead, browser = make_lead(sam, phone=PHONE), browse(sam)
    say(browser, lead, NEVER)
    acts = {
        "reveal": {},
        "dial": {"place": 0},
        "touch": {"kind": "call", "outcome": "reached"},
        "release": {},
    }

    answers = {act: browser.post(f"/leads/{lead.pk}/{act}/", sent) for act, sent in acts.items()}

    assert {act: answer.status_code for act, answer in answers.items()} == dict.fromkeys(acts, 422)
    assert [act for act, answer in answers.items() if SENTENCE not in answer.content.decode()] == []
    assert list(Entry.objects.values_list("kind", flat=True)) == ["consent"]
    assert browser.post(f"/leads/{lead.pk}/note/", {"text": "Said no."}).status_code == 303


def test_only_the_team_lead_lifts_it_with_a_new_consent(browse: Browse, sam: Seat, lena: Seat, olga: User) -> None:
    lead = make_lead(sam)
    before = place(lead)
    say(browse(sam), lead, NEVER)

    assert say(browse(sam), lead, YES) == 422
    assert Client.objects.get().is_barred
    assert say(browse(lena), lead, YES | {"channels": ["phone"]}) == 303

    client = Client.objects.get()
    assert (client.no_contact, client.consent, client.is_barred) == (False, "partly", False)
    assert (place(lead)[2], place(lead)[3], place(lead)[4] is not None) == (False, before[3], True)
    [stands] = Agreement.objects.filter(withdrawn_at=None)
    assert (stands.channel, stands.given_by, stands.given_at) == ("phone", lena.user, MONDAY + timedelta(hours=1))


def test_who_takes_back_the_calls_alone_may_be_written_to(browse: Browse, sam: Seat, lena: Seat) -> None:
    lead, browser = make_lead(sam, phone=PHONE, email="irina@mail.example"), browse(sam)

    assert say(browser, lead, NO | {"channels": ["phone"]}) == 303

    client = Client.objects.get()
    shown = browser.post(f"/leads/{lead.pk}/reveal/", headers={"HX-Request": "true"}).content.decode()
    told = {
        kind: browser.post(
            f"/leads/{lead.pk}/touch/", {"kind": kind, "outcome": "reached", "text": "Said."}
        ).status_code
        for kind in ("call", "message")
    }
    assert (client.is_barred, place(lead)[2]) == (False, False)
    assert (PHONE in shown, "irina@mail.example" in shown) == (False, True)
    assert told == {"call": 422, "message": 303}


def test_out_of_the_pool_nobody_receives_them_and_the_team_lead_hears_once(
    browse: Browse, pipeline: Pipeline, sam: Seat, lena: Seat, olga: User
) -> None:
    lead = make_lead(pipeline=pipeline)

    assert say(browse(olga), lead, NEVER) == 303

    assert place(lead)[:3] == (None, True, True)
    Tier.objects.filter(pk=lead.tier_id).update(strategy="round_robin")
    for days in range(1, 5):
        sweep(now=MONDAY + timedelta(days=days))
    assert place(lead) == (None, True, True, "", None, None)
    assert browse(sam).post(f"/leads/{lead.pk}/claim/").status_code == 404
    assert browse(sam).post(f"/take-next/{lead.tier_id}/lead/").status_code in (303, 422)
    assert Lead.objects.get().seat is None
    assert list(Notice.objects.values_list("user", "kind")) == [(lena.user_id, "barred")]
    assert browse(lena).post(f"/leads/{lead.pk}/reassign/", {"seat": sam.pk}).status_code == 422


def test_when_their_owner_leaves_they_wait_for_the_team_lead(
    browse: Browse, sam: Seat, sue: Seat, lena: Seat, olga: User
) -> None:
    barred, free = make_lead(sam), make_lead(sam)
    say(browse(sam), barred, NEVER)

    Seat.objects.filter(pk=sam.pk).update(is_open=False)
    sweep(now=MONDAY + timedelta(hours=2))

    assert (Lead.objects.get(pk=free.pk).seat, place(barred)[:3]) == (sue, (None, True, True))
    assert Movement.objects.filter(record_id=barred.pk).latest("version").why == {"strategy": "barred"}


def test_a_substitute_does_not_get_them(browse: Browse, sam: Seat, sue: Seat, lena: Seat) -> None:
    barred, free = make_lead(sam), make_lead(sam)
    say(browse(sam), barred, NEVER)

    books.redistribute(sam.pk, cause=BookMove.Cause.RELIEVED, by=lena.user, now=MONDAY + timedelta(hours=2), to=sue)

    assert (Lead.objects.get(pk=free.pk).seat, Lead.objects.get(pk=barred.pk).seat) == (sue, sam)


def test_they_pass_no_boundary(browse: Browse, sam: Seat, hal: Seat, lena: Seat, olga: User) -> None:
    lead = make_contacted(sam)
    offer = make_offer(sam)
    say(browse(sam), lead, NEVER)
    say(browse(olga), offer, NEVER)

    given = browse(sam).post(f"/deals/from-lead/{lead.pk}/", {"summary": "Wants two rooms."})
    taken = browse(hal).post(f"/deals/{offer.pk}/accept/")

    assert (given.status_code, taken.status_code) == (422, 422)
    assert (Lead.objects.get(pk=lead.pk).state, Deal.objects.get().state) == ("contacted", "offered")


def test_every_record_of_the_client_is_told(browse: Browse, sam: Seat, hal: Seat, lena: Seat) -> None:
    deal = make_deal(sam, hal)

    say(browse(hal), deal, NEVER)

    assert list(Lead.objects.values_list("barred", flat=True)) == [True]
    assert place(deal) == (hal, False, True, "", None, None)


def test_a_list_does_not_bring_them_in_and_their_own_word_lies_with_the_team_lead(
    browse: Browse, pipeline: Pipeline, sam: Seat, lena: Seat
) -> None:
    lead = make_lead(sam, phone=PHONE)
    say(browse(sam), lead, NEVER)
    browse(sam).post(
        f"/leads/{lead.pk}/disqualify/", {"reason": pipeline.reasons.filter(kind="disqualify")[0].pk, "version": 1}
    )
    row = Row(1, LeadRow(name="Irina", phones=(PHONE,)), ())

    bought = Intake(pipeline).take(row, now=MONDAY + timedelta(hours=2))
    came = scouting.capture(
        pipeline, make_enquiry(phone=PHONE), by=sam.user, now=MONDAY + timedelta(hours=3), keep_for=sam
    )

    assert isinstance(bought, Rejected)
    assert bought.reason == "The client has asked not to be contacted."
    assert Lead.objects.count() == 2
    assert place(Lead.objects.get(pk=came.item.pk)) == (None, True, True, "", None, None)
