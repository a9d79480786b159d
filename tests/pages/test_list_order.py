"""The order of a list, and its pages by key."""

from datetime import timedelta
from decimal import Decimal

import pytest

from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor import paging
from pipeline_crm.conveyor.actions import claim, move_step, touch
from pipeline_crm.tiers.models import Step
from pipeline_crm.tiers.stages import Stage
from tests.cast import MONDAY, make_deal, make_lead
from tests.pages.reading import following, listed, numbers, walk


@pytest.fixture
def three_deals(pipeline, sam, hal):
    """Three deals that every sort puts in another order; one has neither an amount nor a touch since Monday."""
    steps = list(Step.objects.filter(pipeline=pipeline, stage=Stage.DEAL).order_by("position"))
    for name, amount, step, hours in (("b", 300, 1, 2), ("A", None, 2, 1), ("c", 100, 0, 0)):
        deal = make_deal(sam, hal, name=name, amount=None if amount is None else Decimal(amount))

        at = MONDAY + timedelta(hours=hours)
        move_step(Deal, deal.pk, step_id=steps[step].pk, by=hal.user, now=at)
        if amount:
            touch(Deal, deal.pk, kind="message", text="Sent.", by=hal.user, now=at)
    return hal


SORTS = {
    "client": ["A", "b", "c"],
    "-client": ["c", "b", "A"],
    "step": ["c", "b", "A"],
    "-step": ["A", "b", "c"],
    "amount": ["c", "b", "A"],
    "-amount": ["b", "c", "A"],
    "touched": ["c", "b", "A"],
    "-touched": ["b", "c", "A"],
}


def test_a_list_sorts_by_what_it_allows_and_what_has_no_value_stands_last(three_deals, browse):
    found = {sort: listed(browse(three_deals), "deal", f"sort={sort}") for sort in SORTS}

    assert found == SORTS


def test_an_order_that_is_not_known_is_left_out_and_said_so(three_deals, browse):
    page = browse(three_deals).get("/deals/?sort=password&step=77").content.decode()

    assert "A part of the address was not understood and is left out: Step, Sort." in page


def test_paging_by_key_visits_every_row_once(pipeline, sam, hal, browse, monkeypatch):
    for n in range(7):
        make_deal(sam, hal, name=f"Deal {n % 3}", amount=[None, Decimal(5), Decimal(5), Decimal(7)][n % 4])
    browser = browse(hal)
    whole = {sort: numbers(browser.get(f"/deals/?sort={sort}")) for sort in PAGED}
    monkeypatch.setattr(paging, "PAGE", 3)

    paged = {sort: list(walk(browser, f"/deals/?sort={sort}")) for sort in PAGED}

    assert paged == whole
    assert {tuple(sorted(rows)) for rows in whole.values()} == {
        tuple(Deal.objects.order_by("pk").values_list("pk", flat=True))
    }


PAGED = ("due", "-due", "client", "-client", "amount", "-amount", "touched", "step", "-state")


def test_a_page_goes_on_where_it_ended_though_the_last_row_was_taken(pipeline, sam, sue, browse, monkeypatch):

    monkeypatch.setattr(paging, "PAGE", 2)
    made = [make_lead(pipeline=pipeline, now=MONDAY + timedelta(minutes=n)) for n in range(4)]
    first = browse(sam).get("/leads/?view=pool")
    claim(Lead, made[1].pk, by=sue.user, now=MONDAY)

    second = browse(sam).get(f"/leads/{following(first)}")

    assert numbers(second) == [made[2].pk, made[3].pk]
