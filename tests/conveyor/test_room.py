"""Where what nobody was given lies: the pool, and a tier that is full."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts import actions as farming
from deals import actions as hunting
from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.assignment import Dealer
from pipeline_crm.conveyor.errors import NoRoom, Refused
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Seat, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage
from tests.cast import (
    BRIEF,
    MONDAY,
    make_contacted,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
)
from tests.conveyor.dealt import change, come, tier_of, why
from tests.laws.checker import broken

# The pool ------------------------------------------------------------------------------------------------------------


def test_take_next_goes_by_clock_then_worth_then_age(pipeline, sam):
    tier_of(sam, strategy="pool", untouched_limit=None)
    old = make_lead(pipeline=pipeline, now=MONDAY - timedelta(hours=1))
    plain, rich = (make_lead(pipeline=pipeline, amount=amount) for amount in (None, Decimal(9_000)))
    last = make_lead(pipeline=pipeline)

    taken = [belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY).pk for _each in range(4)]

    assert taken == [old.pk, rich.pk, plain.pk, last.pk]


def tier(seat):
    return Tier.objects.get(pk=seat.tier_id)


def test_nobody_chooses_from_the_pool_unless_the_tier_allows_it(pipeline, sam, lena):
    tier_of(sam, cherry_picking=False)
    lead = make_lead(pipeline=pipeline)
    with pytest.raises(Refused, match="Take next"):
        belt.claim(Lead, lead.pk, by=sam.user, now=MONDAY)
    tier_of(sam, cherry_picking=True)

    assert belt.claim(Lead, lead.pk, by=sam.user, now=MONDAY).seat == sam


def test_an_offer_in_the_pool_is_no_way_around_it(pipeline, sam, hal):
    tier_of(hal, strategy="pool", cherry_picking=False)
    deal = make_offer(sam)
    from pipeline_crm.conveyor.handoff import accept

    with pytest.raises(Refused, match="Take next"):
        accept(Deal, deal.pk, by=hal.user, now=MONDAY)
    assert belt.take_next(Deal, tier(hal), by=hal.user, now=MONDAY).seat == hal


def test_who_hoards_untouched_records_takes_no_more(pipeline, sam):
    tier_of(sam, strategy="pool", untouched_limit=2)
    for _each in range(3):
        make_lead(pipeline=pipeline)
    first, _second = (belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY) for _each in range(2))
    with pytest.raises(Refused, match="2 clients of yours wait for a first touch"):
        belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY)
    scouting.log_touch(first.pk, kind="call", outcome="no_answer", by=sam.user, now=MONDAY)

    assert belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY).seat == sam


def test_a_client_parked_without_a_call_counts_as_untouched(pipeline, sam):
    tier_of(sam, strategy="pool", untouched_limit=1)
    for _each in range(2):
        make_lead(pipeline=pipeline)
    first = belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY)
    scouting.park(first.pk, until=MONDAY + timedelta(days=30), by=sam.user, now=MONDAY)

    with pytest.raises(Refused, match="1 client of yours waits for a first touch"):
        belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY)


def test_what_somebody_put_back_does_not_come_to_them_again_at_once(pipeline, sam, sue):
    tier_of(sam, strategy="pool", cool_down_hours=24)
    lead = make_lead(sam)
    belt.release(Lead, lead.pk, by=sam.user, now=MONDAY)

    with pytest.raises(Refused, match="pool is empty"):
        belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY + timedelta(hours=23))
    with pytest.raises(Refused, match="colleague's turn"):
        belt.claim(Lead, lead.pk, by=sam.user, now=MONDAY + timedelta(hours=23))
    assert belt.take_next(Lead, tier(sam), by=sam.user, now=MONDAY + timedelta(hours=25)).seat == sam


# Back-pressure -------------------------------------------------------------------------------------------------------


def test_a_full_tier_keeps_offers_in_its_pool_and_the_head_hears_of_it_once(pipeline, sam, hal, olga):
    change(hal, capacity=0)
    deals = [make_offer(sam) for _each in range(2)]

    assert [deal.seat for deal in deals] == [None, None]
    assert list(Notice.objects.filter(user=olga).values_list("kind", "record_id")) == [("full", None)]


def test_a_full_tier_leaves_the_client_with_the_giver(pipeline, sam, hal, browse, olga):
    change(hal, capacity=0)
    tier_of(hal, when_full="keep_warm")
    lead = make_contacted(sam)
    with pytest.raises(NoRoom, match="stays with you"):
        hunting.offer_from_lead(lead.pk, brief=BRIEF, by=sam.user, now=MONDAY)
    answer = browse(sam).post(f"/deals/from-lead/{lead.pk}/", {"summary": "Wants to buy.", "version": lead.version})

    lead = Lead.objects.get(pk=lead.pk)
    assert (answer.status_code, lead.state, lead.seat, Deal.objects.count()) == (422, "contacted", sam, 0)
    assert list(Notice.objects.filter(user=olga).values_list("kind", flat=True)) == ["full"]
    assert "Wants to buy." in answer.text
    assert "stays with you" in answer.text


def test_a_full_tier_widens_to_the_people_of_a_helping_one(pipeline, sam, hal, fay):
    change(hal, capacity=1)
    tier_of(hal, when_full="widen")
    tier_of(fay, helps=hal.tier_id)
    own, widened = make_offer(sam), make_offer(sam)

    assert (own.seat, own.tier_id, widened.seat, widened.tier_id) == (hal, hal.tier_id, fay, fay.tier_id)
    assert why(widened)["helped_by"] == fay.tier_id
    assert broken() == {}


def test_a_widened_client_is_worked_and_won_like_any_other(pipeline, sam, hal, fay, browse):
    change(hal, capacity=0)
    tier_of(hal, when_full="widen")
    tier_of(fay, helps=hal.tier_id)
    deal = make_offer(sam)
    browse(fay).post(f"/deals/{deal.pk}/accept/", {"version": deal.version})
    assert browse(fay).get(f"/deals/{deal.pk}/").status_code == 200
    assert browse(hal).get(f"/deals/{deal.pk}/").status_code == 404
    farming.win(deal.pk, brief=BRIEF, by=fay.user, now=MONDAY)

    assert Deal.objects.get(pk=deal.pk).state == "won"
    assert broken() == {}


def test_a_client_who_is_returned_to_a_helping_tier_goes_home(pipeline, sam, hal):
    lea = seat_at(pipeline, Stage.DEAL, make_person("lea"), role=Seat.Role.LEAD, capacity=0)
    change(sam, capacity=0)
    tier_of(sam, when_full="widen")
    tier_of(hal, helps=sam.tier_id)
    [lead] = come(pipeline)
    assert lead.seat == hal
    scouting.log_touch(lead.pk, kind="call", outcome="reached", by=hal.user, now=MONDAY)
    deal = hunting.offer_from_lead(lead.pk, brief=BRIEF, by=hal.user, now=MONDAY).to_id
    belt.release(Deal, deal, by=hal.user, now=MONDAY)
    change(sam, capacity=40)

    back = reason(pipeline, "return_deal")
    hunting.return_to_scout(deal, reason=back, comment="", by=lea.user, now=MONDAY)

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.seat, lead.tier_id) == (sam, sam.tier_id)
    assert broken() == {}


def test_only_a_helping_tier_that_is_locked_comes_into_question(pipeline, sam, hal):
    tier_of(sam, when_full="widen")
    tier_of(hal, helps=sam.tier_id)
    house = setup()

    foreseen, dealt = (Dealer(sam.tier, house, now=MONDAY, locked=locked) for locked in (None, [sam.tier_id]))

    assert [roster.tier.pk for roster in foreseen.helpers] == [hal.tier_id]
    assert dealt.helpers == []


def test_a_widened_client_who_is_left_alone_comes_home(pipeline, sam, hal, fay):
    change(hal, capacity=0)
    tier_of(hal, when_full="widen")
    tier_of(fay, helps=hal.tier_id)
    deal = make_offer(sam)
    change(hal, capacity=40)

    sweep(now=MONDAY + timedelta(days=7))

    moved = Deal.objects.get(pk=deal.pk)
    assert (moved.seat, moved.tier_id) == (hal, hal.tier_id)
    assert broken() == {}
