"""Who may receive: limits, hours, rules, fairness; each record by itself and many at once."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from deals import actions as hunting
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.models import Turn
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Absence, Reason, Rule, Seat, Shift, Source, Tier
from tests.cast import (
    MONDAY,
    MOSCOW,
    make_deal,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
    steer_to,
)
from tests.conveyor.dealt import change, come, shared, tier_of, why
from tests.laws.checker import broken

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
