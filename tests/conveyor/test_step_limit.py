"""The time in a step runs out for whoever steps to and fro, or parks, as for everybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.tiers.models import Rung, Step, Tier
from pipeline_crm.timeline.models import Entry
from tests.cast import MONDAY, make_lead

LIMIT = 60


@pytest.fixture(autouse=True)
def only_the_step(pipeline, sam):
    """No clock runs but that of the step, at any hour."""
    clocks = ("limit", "answer", "first_touch", "silence", "pool")
    Step.objects.filter(pipeline=pipeline).update(**{f"{clock}_minutes": None for clock in clocks})
    Rung.objects.filter(tier__pipeline=pipeline).delete()
    pipeline.hours.all().delete()
    Step.objects.filter(pipeline=pipeline).update(limit_minutes=LIMIT)
    Tier.objects.filter(pk=sam.tier_id).update(first_touch_minutes=None, silence_minutes=None)


def at(minute):
    return MONDAY + timedelta(minutes=minute)


def ladder(seat, *rungs):
    for act, delay in rungs:
        Rung.objects.create(tier_id=seat.tier_id, act=act, delay_minutes=delay)


def read(lead):
    return Lead.objects.get(pk=lead.pk)


def minutes(moment):
    return (moment - MONDAY) / timedelta(minutes=1)


def to_and_fro(lead, minute):
    """Away from its step, and back five seconds later."""
    there = Step.objects.filter(pipeline=lead.pipeline, stage="lead").exclude(pk=lead.step_id)[0]
    for step, seconds in ((there, 0), (lead.step, 5)):
        moment = at(minute) + timedelta(seconds=seconds)
        belt.move_step(Lead, lead.pk, step_id=step.pk, by=lead.seat.user, now=moment)


def sleep(lead, minute, until):
    scouting.park(lead.pk, until=at(until), by=lead.seat.user, now=at(minute))
    sweep(now=at(until))


@pytest.mark.parametrize("every", [10, 50])
def test_an_overdue_record_is_not_kept_by_stepping_to_and_fro(sam, sue, every):
    ladder(sam, ("remind", 0), ("reassign", 60))
    lead = make_lead(sam)
    done = {}
    for minute in range(60, 180, 10):
        if minute > 60 and minute % every == 10 % every:
            to_and_fro(lead, minute)
        done |= {minute: found} if (found := dict(sweep(now=at(minute) + timedelta(seconds=10)))) else {}
        if read(lead).seat != sam:
            break

    assert list(done.values()) == [{"reminded": 1}, {"reassigned": 1}]
    assert read(lead).seat == sue
    assert max(done) <= 130


def test_who_comes_back_late_is_told_no_second_time(sam):
    ladder(sam, ("remind", -10), ("remind", 0), ("warn", 30))
    lead = make_lead(sam)
    for minute in range(50, 100, 10):
        sweep(now=at(minute))
    for minute in (100, 110, 120):
        to_and_fro(lead, minute)
        assert dict(sweep(now=at(minute + 1))) == {}

    told = Entry.objects.filter(record_id=lead.pk, kind__in=("reminded", "warned"))
    assert list(told.order_by("id").values_list("kind", flat=True)) == ["reminded", "reminded", "warned"]
    assert read(lead).stale_at > at(120)


def test_parking_wins_no_time_in_the_step(sam, sue):
    ladder(sam, ("reassign", 0))
    lead = make_lead(sam)
    dues = []
    for minute in range(25, 100, 25):
        sleep(read(lead), minute, minute + 1)
        dues.append(minutes(read(lead).due_at))
        sweep(now=at(minute + 2))
        if read(lead).seat != sam:
            break

    # One minute of sleep each time; the owner's sixty are spent in between, all the same.
    assert dues == [61, 62, 63]
    sweep(now=at(100))
    assert read(lead).seat == sue


def test_sleep_takes_nothing_of_the_step(sam):
    lead = make_lead(sam)
    sleep(lead, 20, 5000)

    assert (read(lead).step_spent, minutes(read(lead).due_at)) == (20, 5040)


@pytest.mark.parametrize("called", [True, False])
def test_nor_does_it_when_its_owner_calls_before_the_day(sam, called):
    lead = make_lead(sam)
    scouting.park(lead.pk, until=at(5000), by=sam.user, now=at(20))
    if called:
        scouting.log_touch(lead.pk, kind="call", outcome="reached", by=sam.user, now=at(4000))
    else:
        scouting.contact(lead.pk, by=sam.user, now=at(4000))

    assert (read(lead).step_spent, minutes(read(lead).due_at)) == (20, 4040)


def test_who_wakes_and_then_steps_to_and_fro_wins_nothing_either(sam):
    lead = make_lead(sam)
    sleep(lead, 20, 30)
    to_and_fro(read(lead), 40)

    assert read(lead).step_spent == 30


def test_what_wakes_with_no_time_left_goes_on_at_the_next_sweep(sam, sue):
    ladder(sam, ("reassign", 0))
    lead = make_lead(sam)
    sleep(lead, 90, 95)

    assert (read(lead).seat, minutes(read(lead).due_at)) == (sam, 65)
    assert dict(sweep(now=at(96))) == {"reassigned": 1}
    assert read(lead).seat == sue
