"""What people type into the forms of a record, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts import actions as farming
from accounts.models import Account
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.tiers.models import Pipeline, Seat, Step
from pipeline_crm.timeline.models import Entry, Task
from tests.cast import (
    make_account,
    make_contacted,
    make_deal,
    make_lead,
)

Browse = Callable[..., Browser]


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
    ("edit", {"name": ""}, "Write the client&#x27;s name."),
    ("edit", {"name": "x" * 200}, "at most 120 characters"),
    ("consent", {"source": "call"}, "Say what the client says."),
    ("consent", {"says": "maybe", "source": "call"}, "maybe is not one of the available choices"),
    (
        "consent",
        {"says": "yes", "source": "call", "channels": ["pigeon"]},
        "pigeon is not one of the available choices",
    ),
    ("edit", {"name": "Ann", "amount": "a lot"}, "Write a number"),
    ("edit", {"name": "Ann", "amount": "1e400"}, "This sum is too large to be true"),
    ("edit", {"name": "Ann", "amount": "9" * 40}, "This sum is too large to be true"),
    ("edit", {"name": "Ann", "amount": "-5"}, "not below nothing"),
    ("edit", {"name": "Ann", "amount": "NaN"}, "Write a number"),
    ("edit", {"name": "Ann", "amount": "1.234"}, "2 decimal places"),
    ("edit", {"name": "Ann", "campaign": "x" * 200}, "at most 120 characters"),
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
        assert browser.post(address, {"name": "Ann", "amount": typed}).status_code == 303
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

    browse(sam).post(f"/leads/{lead.pk}/edit/", {"name": "New Name", "campaign": "Spring"})

    lead = Lead.objects.get()
    assert (lead.client.name, lead.campaign) == ("New Name", "Spring")
    assert Entry.objects.get(kind="edited").details == {"fields": ["campaign", "name"]}


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
    sent = {"name": "Ann", "cadence_days": 30, "next_touch_on": str(day)}

    browse(fay).post(f"/accounts/{account.pk}/edit/", sent)

    account = Account.objects.get()
    assert account.next_touch_on == day
    assert account.due_at.astimezone(account.pipeline.zone).date() == day + timedelta(days=1)
