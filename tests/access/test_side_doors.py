"""Ways around: what a page refuses is not had by another address, and one person's question never answers another's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import transaction

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor.handoff import Handing, hand_over, hand_over_many
from pipeline_crm.conveyor.moves import hold
from pipeline_crm.tiers.models import Product, Source, Tier
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Cause
from tests.cast import MONDAY, make_contacted, make_deal, make_lead, make_offer, make_person, seat_at

HOUR_LATER = MONDAY + timedelta(hours=1)


@pytest.fixture(autouse=True)
def monday() -> Any:
    """An hour after the records of the tests were made."""
    with time_machine.travel(HOUR_LATER, tick=False):
        yield


def pooled_offer(giver: Any, *, cause: Cause) -> Deal:
    """An offer that went from a hunter into the pool."""
    deal = make_offer(giver)
    with transaction.atomic():
        hand_over(hold(Deal, deal.pk, by=None, now=HOUR_LATER), None, cause=cause, by=None, now=HOUR_LATER)
    return Deal.objects.get(pk=deal.pk)


@pytest.mark.parametrize("who", ["sam", "lena", "olga"])
def test_what_waits_for_a_decision_stands_in_nobody_s_pool(browse, pipeline, sam, lena, olga, who):
    waiting, free = make_lead(pipeline=pipeline), make_lead(pipeline=pipeline)
    Lead.objects.filter(pk=waiting.pk).update(awaits_lead=True, hops=3)
    browser = browse({"sam": sam, "lena": lena, "olga": olga}[who])

    pages = [browser.get(address) for address in ("/leads/?view=pool", "/leads/board/", "/leads/board/?view=mine")]

    assert [card.item.pk for card, _place in pages[0].context["lines"]] == [free.pk]
    assert pages[0].context["facts"][0] == "1 open"
    assert [[card.item.pk for card in page.context["board"].joint_in.pool] for page in pages[1:]] == [[free.pk]] * 2
    assert [page.context["board"].joint_in.pooled for page in pages[1:]] == [1, 1]


@pytest.mark.parametrize("act", ["claim", "accept"])
def test_an_offer_that_was_let_lie_is_not_taken_back_out_of_the_pool(browse, sam, hal, act):
    deal = pooled_offer(sam, cause=Cause.EXPIRED)

    answer = browse(hal).post(f"/deals/{deal.pk}/{act}/")

    assert (answer.status_code, Deal.objects.get(pk=deal.pk).seat) == (422, None)
    assert answer.context["sentence"] == "You let this client go a short while ago: now it is a colleague's turn."


@pytest.mark.parametrize("act", ["claim", "accept"])
def test_who_hoards_takes_no_offer_out_of_the_pool_either(browse, sam, hal, act):
    make_deal(sam, hal)
    deal = pooled_offer(sam, cause=Cause.MOVED_BY_LEAD)
    Tier.objects.filter(pk=hal.tier_id).update(untouched_limit=1)

    answer = browse(hal).post(f"/deals/{deal.pk}/{act}/")

    assert (answer.status_code, Deal.objects.get(pk=deal.pk).seat) == (422, None)
    assert "for a first touch" in answer.context["sentence"]


def test_one_filter_is_not_taken_for_another_with_the_same_number(browse, pipeline, sam, lena, stan):
    boss = seat_at(stan.tier.pipeline, Stage.LEAD, make_person("boss"), role="lead", capacity=0)
    Product.objects.all().delete()
    Source.objects.exclude(pipeline=pipeline).delete()
    source = Source.objects.filter(pipeline=pipeline)[0]
    product = Product.objects.create(pk=source.pk, pipeline=stan.tier.pipeline, name="Three rooms")
    of_source = make_lead(sam, source=source)
    of_product = make_lead(stan, product=product)
    make_lead(sam)
    make_lead(stan)

    found = [
        [card.item.pk for card, _place in browse(who).get(f"/leads/?view=team&{asked}").context["lines"]]
        for who, asked in ((lena, f"source={source.pk}"), (boss, f"product={product.pk}"))
    ]

    assert found == [[of_source.pk], [of_product.pk]]


@pytest.mark.parametrize("version", ["9" * 30, "0" * 13 + "9" * 30, "0" * 12 + "9" * 5000, "\x00", "-1", "1e3", "٣"])
def test_a_version_that_none_can_be_is_a_sentence(browse, sam, version):
    lead = make_lead(sam)

    answer = browse(sam).post(f"/leads/{lead.pk}/release/", {"version": version})

    assert (answer.status_code, Lead.objects.get().seat) == (422, sam)
    assert answer.context["sentence"] == "This page is out of date. Reload it and try again."


def test_who_could_not_take_what_waited_for_a_decision_does_not_hear_who_got_it(browse, pipeline, sam, sue, lena):
    lead = make_contacted(sue)
    with transaction.atomic():
        item = hold(Lead, lead.pk, by=None, now=HOUR_LATER)
        hand_over_many([Handing(item, None, Cause.UNDECIDED, decide=True)], by=None, now=HOUR_LATER)
    given = browse(lena).post(f"/leads/{lead.pk}/reassign/", {"seat": sue.pk})

    answers = [browse(sam).post(f"/leads/{lead.pk}/{act}/").status_code for act in ("claim", "release", "reassign")]

    assert (given.status_code, answers, Lead.objects.get().seat) == (303, [404] * 3, sue)
