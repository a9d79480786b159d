"""The pool tells nobody who waits in it; who takes the next gets the most urgent, or a sentence."""

from datetime import timedelta

import pytest
import time_machine

from leads.models import Lead
from pipeline_crm.tiers.models import Product, Seat, Source
from tests.cast import MONDAY, make_lead


@pytest.fixture(autouse=True)
def monday():
    """An hour after the records of the tests were made."""
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        yield


def test_the_pool_is_blind(browse, pipeline, sam):
    source = Source.objects.filter(pipeline=pipeline)[0]
    product = Product.objects.create(pipeline=pipeline, name="Three rooms")
    told = {"source": source, "product": product, "comment": "Ask for Vera at the office"}
    make_lead(pipeline=pipeline, name="Vera Hidden", phone="+79165550777", **told)

    page = browse(sam).get("/")

    [pool] = page.context["pools"].waiting
    assert [(row.words, row.place) for row in pool.rows] == [(f"{source.name} · Three rooms", "New enquiry")]
    assert (pool.count, pool.held, pool.seat.capacity, pool.waits) == (1, 0, 40, "wait up to 1 h")
    assert [secret for secret in ("Vera", "555", "office") if secret in page.content.decode()] == []


def test_take_next_takes_the_most_urgent(browse, pipeline, sam):
    make_lead(pipeline=pipeline, now=MONDAY)
    oldest = make_lead(pipeline=pipeline, now=MONDAY - timedelta(hours=1))
    browser = browse(sam)

    answer = browser.post(browser.get("/").context["pools"].waiting[0].take_url)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/leads/{oldest.pk}/")
    assert Lead.objects.get(pk=oldest.pk).seat == sam


def take(browse, who, tier, stage):
    answer = browse(who).post(f"/take-next/{tier.pk}/{stage}/")
    return answer.status_code, "" if answer.status_code == 404 else answer.context["sentence"]


def test_an_empty_pool_says_so(browse, sam):
    assert take(browse, sam, sam.tier, "lead") == (422, "The pool is empty: there is nobody waiting now.")


def test_full_hands_say_so(browse, pipeline, sam):
    make_lead(pipeline=pipeline)
    Seat.objects.filter(pk=sam.pk).update(capacity=0)

    assert take(browse, sam, sam.tier, "lead") == (
        422,
        "Your hands are full: you hold 0 records, which is your limit. Finish or hand on one first.",
    )


def test_a_closed_seat_says_so(browse, pipeline, sam):
    make_lead(pipeline=pipeline)
    Seat.objects.filter(pk=sam.pk).update(is_open=False)

    assert take(browse, sam, sam.tier, "lead") == (
        422,
        "Your seat at this desk is closed: you receive nothing new. Ask your team lead.",
    )


def test_another_desk_s_pool_does_not_exist(browse, pipeline, sam, hal, stan, olga, ada):
    make_lead(pipeline=pipeline)

    asked = [
        (sam, hal.tier, "deal"),
        (sam, sam.tier, "deal"),
        (sam, sam.tier, "nonsense"),
        (stan, sam.tier, "lead"),
        (hal, sam.tier, "lead"),
        (olga, sam.tier, "lead"),
        (ada, sam.tier, "lead"),
    ]

    assert [take(browse, *one) for one in asked] == [(404, "")] * len(asked)
    assert Lead.objects.get().seat is None
