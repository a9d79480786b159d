"""Who may receive: limits, hours, rules, fairness; each record by itself and many at once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
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
from pipeline_crm.conveyor.models import Turn
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Absence, Pipeline, Reason, Rule, Seat, Shift, Source, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Movement
from tests.cast import (
    BRIEF,
    MONDAY,
    MOSCOW,
    make_contacted,
    make_deal,
    make_enquiry,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
    steer_to,
)
from tests.laws.checker import broken


def come(pipeline, *, now=MONDAY, times=1, **fields):
    """Leads that come by themselves, as from a web form."""
    home = Pipeline.objects.get(pk=pipeline.pk)
    return [scouting.capture(home, make_enquiry(**fields), by=None, now=now).item for _each in range(times)]


def shared(leads):
    return Counter(lead.seat for lead in leads)


def why(item):
    return Movement.objects.filter(stage=item.stage, record_id=item.pk).latest("version").why


def tier_of(seat, **settings):
    Tier.objects.filter(pk=seat.tier_id).update(**settings)


def change(seat, **fields):
    Seat.objects.filter(pk=seat.pk).update(**fields)


# Limits of a seat ----------------------------------------------------------------------------------------------------


def test_a_daily_cap_holds_until_midnight_of_the_pipeline(pipeline, sam, sue):
    change(sam, daily_cap=2)

    first = shared(come(pipeline, times=6))
    before_midnight = shared(come(pipeline, now=datetime(2026, 11, 16, 23, 59, tzinfo=MOSCOW), times=2))
    next_day = shared(come(pipeline, now=datetime(2026, 11, 17, 0, 1, tzinfo=MOSCOW), times=2))

    assert first == {sam: 2, sue: 4}
    assert before_midnight == {sue: 2}
    assert next_day[sam] == 2
    assert broken() == {}


def test_a_new_person_grows_into_the_full_load(pipeline, sam):
    tier_of(sam, ramp_days=10, ramp_percent=20, strategy="round_robin")
    change(sam, capacity=10, started_on=MONDAY.date())

    days = [
        len([lead for lead in come(pipeline, now=MONDAY + timedelta(days=day), times=4) if lead.seat])
        for day in (0, 5, 10)
    ]

    # 20 % of ten, then 60 %, then all of it.
    assert days == [2, 4, 4]
    assert Lead.objects.open().held_by(sam).count() == 10


def test_a_new_person_has_a_smaller_share_too(pipeline, sam, sue):
    tier_of(sam, ramp_days=10, ramp_percent=50, strategy="weighted")
    change(sam, started_on=MONDAY.date())
    change(sue, started_on=date(2020, 1, 1))

    assert shared(come(pipeline, times=30)) == {sam: 10, sue: 20}


@pytest.mark.parametrize(
    ("settings", "skip"),
    [
        ({"paused_until": MONDAY + timedelta(minutes=1)}, "paused"),
        ({"paused_until": MONDAY}, None),
        ({"is_open": False}, "closed"),
        ({"capacity": 0}, "full"),
    ],
)
def test_who_takes_a_pause_or_is_full_or_closed_is_passed_over(pipeline, sam, settings, skip):
    change(sam, **settings)
    [lead] = come(pipeline)

    assert (lead.seat, why(lead)["skipped"]) == ((None, {str(sam.pk): skip}) if skip else (sam, {}))


def at_nine_to_six(seat, weekday):
    Shift.objects.create(seat=seat, weekday=weekday, opens=time(9), closes=time(18))


def test_a_weekly_shift_is_kept(pipeline, sam, sue):
    tier_of(sam, off_hours=False)
    at_nine_to_six(sam, 0)
    at_nine_to_six(sue, 1)
    monday, tuesday = (shared(come(pipeline, now=MONDAY + timedelta(days=day), times=2)) for day in (0, 1))

    assert (monday, tuesday) == ({sam: 2}, {sue: 2})


def test_two_days_on_and_two_off(pipeline, sam):
    tier_of(sam, off_hours=False)
    turn = {"first_day": date(2026, 11, 14), "days_on": 2, "days_off": 2, "opens": time(8), "closes": time(20)}
    Shift.objects.create(seat=sam, kind="rotating", **turn)
    start = datetime(2026, 11, 14, 12, tzinfo=MOSCOW)

    worked = [come(pipeline, now=start + timedelta(days=day))[0].seat == sam for day in range(9)]

    assert worked == [True, True, False, False, True, True, False, False, True]


def test_a_night_shift_ends_on_the_next_morning(pipeline, sam):
    tier_of(sam, off_hours=False)
    Shift.objects.create(seat=sam, weekday=0, opens=time(22), closes=time(6))

    def given(day, hour):
        return come(pipeline, now=datetime(2026, 11, day, hour, tzinfo=MOSCOW))[0].seat == sam

    assert [given(16, 21), given(16, 22), given(17, 5), given(17, 6)] == [False, True, True, False]


def test_what_comes_at_night_is_given_out_when_the_hours_begin(pipeline, sam):
    tier_of(sam, off_hours=False, pool_minutes=1)
    night = datetime(2026, 11, 16, 23, tzinfo=MOSCOW)
    [lead] = come(pipeline, now=night)
    at = [datetime(2026, 11, 17, hour, minute, tzinfo=MOSCOW) for hour, minute in ((8, 59), (9, 2))]

    done = [sweep(now=moment) for moment in at]

    assert why(Lead.objects.get(pk=lead.pk))["seat"] == sam.pk
    assert done == [{}, {"assigned": 1}]


def test_who_begins_later_gets_it_when_they_begin(pipeline, sam, lena):
    tier_of(sam, off_hours=False, pool_minutes=1)
    Shift.objects.create(seat=sam, weekday=1, opens=time(14), closes=time(20))
    [lead] = come(pipeline, now=MONDAY)
    hours = [MONDAY + timedelta(minutes=2), MONDAY + timedelta(hours=20), datetime(2026, 11, 17, 14, tzinfo=MOSCOW)]

    done = [sweep(now=hour) for hour in hours]

    assert done == [{"stuck": 1}, {}, {"assigned": 1}]
    assert Lead.objects.get(pk=lead.pk).seat == sam


# Rules ---------------------------------------------------------------------------------------------------------------


def rule_for(*seats, position=0, sources=(), **fields):
    rule = Rule.objects.create(
        tier_id=seats[0].tier_id, **({"name": f"Rule {position}", "position": position, "is_on": True} | fields)
    )
    rule.seats.set(seats)
    rule.sources.set(sources)
    return rule


def test_a_rule_narrows_who_may_receive_and_is_written_down(pipeline, sam, sue):
    source = Source.objects.filter(pipeline=pipeline)[0]
    rule = rule_for(sue, sources=[source], name="From the site")

    leads = come(pipeline, source=source, times=3)

    assert shared(leads) == {sue: 3}
    assert why(leads[0]) | {"candidates": []} == {
        "strategy": Tier.objects.get(pk=sam.tier_id).strategy,
        "seat": sue.pk,
        "candidates": [],
        "skipped": {str(sam.pk): "rule"},
        "rule": rule.pk,
        "rule_name": "From the site",
    }


def test_the_first_rule_that_fits_counts_and_one_that_is_off_does_not(pipeline, sam, sue):
    rule_for(sam, position=0, is_on=False)
    rule_for(sue, position=1, amount_from=Decimal(1_000))
    rule_for(sam, position=2)

    large, small = come(pipeline, amount=Decimal(5_000)), come(pipeline, amount=Decimal(10))

    assert (shared(large), shared(small)) == ({sue: 1}, {sam: 1})


@pytest.mark.parametrize("is_strict", [False, True])
def test_nobody_of_the_rule_can_take_it(pipeline, sam, sue, is_strict):
    change(sue, capacity=0)
    rule_for(sue, is_strict=is_strict)
    [lead] = come(pipeline)

    assert lead.seat == (None if is_strict else sam)


def test_a_client_who_comes_back_after_a_lost_deal_may_have_a_rule_of_their_own(pipeline, sam, sue):
    rule_for(sue, returning=True)
    old = make_lead(sam, phone="+79161112233")
    scouting.disqualify(old.pk, reason=reason(pipeline, "disqualify"), by=sam.user, now=MONDAY)
    later = MONDAY + timedelta(days=1)

    [again], [new] = come(pipeline, phone="+79161112233", now=later), come(pipeline, now=later)

    assert again.seat == sue
    assert why(new).get("rule") is None


# Fairness ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", ["round_robin", "least_loaded", "weighted", "expected_value"])
def test_equal_people_get_equally_much_at_every_moment(pipeline, sam, sue, strategy):
    tier_of(sam, strategy=strategy)
    seats = [sam, sue, seat_at(pipeline, "lead", make_person("sid"))]
    had: Counter = Counter(dict.fromkeys(seats, 0))
    for lead in come(pipeline, times=20):
        had[lead.seat] += 1
        assert max(had.values()) - min(had.values()) <= 1


def test_junk_gives_the_turn_back(pipeline, sam, sue):
    tier_of(sam, strategy="round_robin")
    junk = reason(pipeline, "disqualify")
    Reason.objects.filter(pk=junk.pk).update(gives_turn_back=True)
    first, second = come(pipeline, times=2)
    owner, other = first.seat, second.seat
    scouting.disqualify(first.pk, reason=Reason.objects.get(pk=junk.pk), by=owner.user, now=MONDAY)

    # When the turn is made good both have had as much, and whoever waited longer is next.
    assert [lead.seat for lead in come(pipeline, times=2)] == [owner, other]


def test_another_reason_does_not(pipeline, sam, sue):
    tier_of(sam, strategy="round_robin")
    Reason.objects.update(gives_turn_back=False)
    first, second = come(pipeline, times=2)
    scouting.disqualify(first.pk, reason=reason(pipeline, "disqualify"), by=first.seat.user, now=MONDAY)

    assert Turn.objects.get(seat=first.seat).served == Turn.objects.get(seat=second.seat).served == 1


def test_a_returned_deal_gives_the_turn_back_and_its_scout_no_new_one(pipeline, sam, hal, hana):
    tier_of(hal, strategy="round_robin")
    deal = make_offer(sam)
    before = Turn.objects.filter(seat__tier=sam.tier_id).values_list("served", flat=True)
    hunting.return_to_scout(deal.pk, reason=reason(pipeline, "return_deal"), comment="", by=deal.seat.user, now=MONDAY)

    assert Turn.objects.get(seat=deal.seat).served == 0
    assert sum(before) == 0
    assert make_offer(sam).seat == deal.seat


def test_what_was_moved_by_hand_gives_no_turn_back(pipeline, sam, sue, olga):
    Reason.objects.update(gives_turn_back=True)
    tier_of(sam, strategy="round_robin")
    [lead] = come(pipeline)
    other = sue if lead.seat == sam else sam
    belt.reassign(Lead, lead.pk, to=other, by=olga, now=MONDAY)
    scouting.disqualify(lead.pk, reason=reason(pipeline, "disqualify"), by=other.user, now=MONDAY)

    assert Turn.objects.get(seat=other).served == 0


def test_after_an_absence_somebody_catches_up_three_and_no_more(pipeline, sam, sue):
    tier_of(sam, strategy="round_robin")
    Absence.objects.create(seat=sam, first_day=MONDAY.date(), last_day=MONDAY.date())
    assert shared(come(pipeline, times=12)) == {sue: 12}

    back = [lead.seat for lead in come(pipeline, now=MONDAY + timedelta(days=1), times=9)]

    assert back[:3] == [sam] * 3
    assert Counter(back[3:]) == {sam: 3, sue: 3}


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


# What the commit of a dismissal means --------------------------------------------------------------------------------


def test_a_returned_client_is_not_given_to_somebody_who_left(pipeline, sam, sue, hal):
    deal = make_deal(sam, hal)
    change(sam, is_open=False)
    hunting.return_to_scout(deal.pk, reason=reason(pipeline, "return_deal"), comment="", by=hal.user, now=MONDAY)

    assert Lead.objects.get(pk=deal.lead_id).seat == sue


def test_nothing_is_moved_by_hand_to_a_seat_that_was_closed_meanwhile(sam, sue, olga):
    lead, stale = make_lead(sam), Seat.objects.get(pk=sue.pk)
    change(sue, is_open=False)

    with pytest.raises(Refused, match="closed"):
        belt.reassign(Lead, lead.pk, to=stale, by=olga, now=MONDAY)


def test_an_offer_steered_to_somebody_is_no_turn(pipeline, sam, hal, hana):
    deal = make_offer(sam)
    other = hana if deal.seat == hal else hal
    steer_to(deal, other)

    assert Turn.objects.get(seat=other).served == 0
