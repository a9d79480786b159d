"""Clocks of tiers and steps, and what the ladder does when they run out: each rung, in its time, once."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.plan import foretell
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Rung, Seat, Step, Tier
from pipeline_crm.timeline.models import Entry, Movement
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_contacted, make_lead, make_offer, make_person, seat_at
from tests.laws.checker import broken

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def no_ladder(pipeline):
    """Each test sets its own rungs; clocks run at any hour, and no step has one unless the test says so."""
    clocks = ("limit", "answer", "first_touch", "silence", "pool")
    Step.objects.filter(pipeline=pipeline).update(**{f"{clock}_minutes": None for clock in clocks})
    Rung.objects.filter(tier__pipeline=pipeline).delete()
    pipeline.hours.all().delete()


def ladder(seat, *rungs):
    for act, delay in rungs:
        Rung.objects.create(tier_id=seat.tier_id, act=act, delay_minutes=delay)


def clock(seat, **minutes):
    Tier.objects.filter(pk=seat.tier_id).update(**minutes)


def told(person):
    user = person.user if isinstance(person, Seat) else person
    return list(Notice.objects.filter(user=user).order_by("id").values_list("kind", flat=True))


def owner(lead):
    return Lead.objects.get(pk=lead.pk).seat


# Rungs ---------------------------------------------------------------------------------------------------------------


def test_a_word_before_the_breach_one_at_it_and_then_the_next_person(sam, sue):
    clock(sam, first_touch_minutes=120)
    ladder(sam, ("remind", -60), ("remind", -10), ("remind", 0), ("reassign", 30))
    lead = make_lead(sam)

    done = {
        minute: dict(sweep(now=MONDAY + timedelta(minutes=minute))) for minute in (59, 60, 109, 110, 119, 120, 149, 150)
    }

    assert done == {
        59: {},
        60: {"reminded": 1},
        109: {},
        110: {"reminded": 1},
        119: {},
        120: {"reminded": 1},
        149: {},
        150: {"reassigned": 1},
    }
    assert told(sam) == ["reminded_early", "reminded_early", "reminded", "taken_away"]
    assert owner(lead) == sue


def test_a_sweep_that_comes_after_the_breach_gives_no_early_word(sam, sue):
    clock(sam, first_touch_minutes=120)
    ladder(sam, ("remind", -60), ("remind", 0), ("reassign", 30))
    make_lead(sam)

    done = [dict(sweep(now=MONDAY + timedelta(minutes=minute))) for minute in (300, 329, 330)]

    assert done == [{"reminded": 1}, {}, {"reassigned": 1}]
    assert told(sam) == ["reminded", "taken_away"]


def test_an_early_word_does_not_come_before_the_clock_runs(sam):
    clock(sam, first_touch_minutes=10)
    ladder(sam, ("remind", -60), ("reassign", 0))
    lead = make_lead(sam)

    assert Lead.objects.get(pk=lead.pk).stale_at == MONDAY


def test_after_so_many_reassignments_the_team_lead_decides(pipeline, sam, sue, lena, browse):
    clock(sam, hop_limit=2, cool_down_hours=0)
    third = seat_at(pipeline, "lead", make_person("sid"))
    lead = make_lead(sam)

    done = [dict(sweep(now=MONDAY + day * DAY)) for day in range(1, 5)]

    assert done == [{"reassigned": 1}, {"reassigned": 1}, {"undecided": 1}, {"waits": 1}]
    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.seat, lead.awaits_lead, lead.hops) == (None, True, 2)
    assert told(lena) == ["decide"]
    for seat in (sam, sue, third):
        assert browse(seat).get(f"/leads/{lead.pk}/").status_code == 404
        with pytest.raises(Refused, match="pool is empty"):
            belt.take_next(Lead, Tier.objects.get(pk=sam.tier_id), by=seat.user, now=MONDAY + 5 * DAY)
    assert browse(lena).get(f"/leads/{lead.pk}/").status_code == 200
    assert broken() == {}


def test_what_the_team_lead_decides_begins_anew(sam, sue, lena):
    clock(sam, hop_limit=1, cool_down_hours=0)
    lead = make_lead(sam)
    for day in (1, 2):
        sweep(now=MONDAY + day * DAY)
    belt.reassign(Lead, lead.pk, to=sam, by=lena.user, now=MONDAY + 3 * DAY)

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.seat, lead.awaits_lead, lead.hops) == (sam, False, 0)


def test_a_touch_makes_the_hops_begin_anew(sam, sue):
    clock(sam, hop_limit=1, cool_down_hours=0)
    lead = make_lead(sam)
    sweep(now=MONDAY + DAY)
    scouting.log_touch(lead.pk, kind="call", outcome="no_answer", by=sue.user, now=MONDAY + DAY)

    assert dict(sweep(now=MONDAY + 7 * DAY)) == {"reassigned": 1}


def test_an_earlier_owner_waits_out_the_cool_down(pipeline, sam, sue):
    clock(sam, hop_limit=9, cool_down_hours=100)
    lead = make_lead(sam)

    assert [dict(sweep(now=MONDAY + day * DAY)) for day in (1, 2)] == [{"reassigned": 1}, {"pooled": 1}]
    assert Movement.objects.get(record_id=lead.pk, version=3).why["skipped"] == {
        str(sam.pk): "cool_down",
        str(sue.pk): "cool_down",
    }
    # Five days later nobody rests any more.
    assert dict(sweep(now=MONDAY + 8 * DAY)) == {"assigned": 1}


def test_an_offer_that_nobody_answers_hops_like_anything_else(pipeline, sam, hal, hana):
    lead_of_hunters = seat_at(pipeline, "deal", make_person("hugo"), role=Seat.Role.LEAD, capacity=0)
    clock(hal, hop_limit=1, cool_down_hours=0)
    deal = make_offer(sam)

    done = [dict(sweep(now=MONDAY + day * DAY)) for day in (1, 2)]

    assert done == [{"reassigned": 1}, {"undecided": 1}]
    deal = Deal.objects.get(pk=deal.pk)
    assert (deal.state, deal.seat, deal.awaits_lead) == ("offered", None, True)
    assert told(lead_of_hunters) == ["decide"]
    assert broken() == {}


def test_touches_do_not_keep_a_record_for_ever(pipeline, sam, sue):
    """The time in a step has run out: whoever only touches now and then climbs the ladder all the same."""
    Step.objects.filter(pipeline=pipeline).update(limit_minutes=60)
    clock(sam, first_touch_minutes=None, silence_minutes=600)
    ladder(sam, ("remind", 0), ("reassign", 60))
    lead = make_lead(sam)
    done = []
    for minute in range(20, 140, 20):
        now = MONDAY + timedelta(minutes=minute)
        scouting.log_touch(lead.pk, kind="call", outcome="no_answer", by=owner(lead).user, now=now)
        done.append(dict(sweep(now=now)))

    assert done == [{}, {}, {"reminded": 1}, {}, {}, {"reassigned": 1}]
    assert owner(lead) == sue


def test_stepping_to_and_fro_wins_no_time(pipeline, sam, sue):
    """What somebody has spent on a step counts again when they come back to it; another owner begins anew."""
    Step.objects.filter(pipeline=pipeline).update(limit_minutes=60)
    clock(sam, first_touch_minutes=None, silence_minutes=None, cherry_picking=True)
    lead = make_lead(sam)
    there, here = Step.objects.filter(pipeline=pipeline, stage="lead").exclude(pk=lead.step_id)[0], lead.step

    def step(to, minute, by=sam):
        item = belt.move_step(Lead, lead.pk, step_id=to.pk, by=by.user, now=MONDAY + timedelta(minutes=minute))
        return (item.due_at - MONDAY) / timedelta(minutes=1)

    assert [step(there, 20), step(here, 30), step(there, 40), step(here, 45)] == [80, 70, 90, 75]
    belt.release(Lead, lead.pk, by=sam.user, now=MONDAY + timedelta(minutes=50))
    belt.claim(Lead, lead.pk, by=sue.user, now=MONDAY + timedelta(minutes=50))
    assert [step(there, 60, sue), step(here, 65, sue)] == [120, 115]
    # Who has no time left on a step is late there at once, by as much as they overstayed.
    assert [step(there, 140, sue), step(here, 150, sue)] == [195, 125]


def test_who_comes_back_to_a_step_stands_there_since_then(sam):
    lead = make_lead(sam)
    there, here = Step.objects.filter(pipeline=lead.pipeline, stage="lead").exclude(pk=lead.step_id)[0], lead.step
    for minute, step in ((20, there), (30, here)):
        at = MONDAY + timedelta(minutes=minute)
        belt.move_step(Lead, lead.pk, step_id=step.pk, by=sam.user, now=at)

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.step_since, lead.step_spent) == (MONDAY + timedelta(minutes=30), 20)


def test_the_sweep_gives_a_record_without_what_its_owner_has_spent_on_the_step(pipeline, sam, sue):
    Step.objects.filter(pipeline=pipeline).update(limit_minutes=60)
    ladder(sam, ("reassign", 0))
    lead = make_lead(sam)
    there, here = Step.objects.filter(pipeline=pipeline, stage="lead").exclude(pk=lead.step_id)[0], lead.step
    for minute, step in ((20, there), (30, here)):
        at = MONDAY + timedelta(minutes=minute)
        belt.move_step(Lead, lead.pk, step_id=step.pk, by=sam.user, now=at)

    sweep(now=MONDAY + timedelta(minutes=70))

    lead = Lead.objects.get(pk=lead.pk)
    assert (lead.seat, lead.step_spent) == (sue, 0)


# Clocks --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("first_touch", make_lead),
        ("silence", make_contacted),
        ("answer", lambda seat: make_offer(seat)),
    ],
)
@pytest.mark.parametrize(("of_tier", "of_step", "holds"), [(60, 30, 30), (60, 90, 60), (60, None, 60), (None, 45, 45)])
def test_a_clock_of_a_step_counts_where_it_is_stricter(pipeline, sam, hal, name, make, of_tier, of_step, holds):
    Step.objects.filter(pipeline=pipeline).update(limit_minutes=None, **{f"{name}_minutes": of_step})
    Tier.objects.filter(pipeline=pipeline).update(
        **{f"{clock}_minutes": None for clock in ("answer", "first_touch", "silence", "pool")}
    )
    Tier.objects.filter(pipeline=pipeline).update(**{f"{name}_minutes": of_tier})
    item = make(sam)

    assert (item.clock, item.due_at) == (name, MONDAY + timedelta(minutes=holds))


def test_the_wait_in_the_pool_has_a_clock_of_the_step_too(pipeline, sam):
    Step.objects.filter(pipeline=pipeline).update(pool_minutes=7)
    lead = make_lead(pipeline=pipeline)

    assert (lead.clock, lead.due_at) == ("pool", MONDAY + timedelta(minutes=7))


# Beforehand ----------------------------------------------------------------------------------------------------------


def fingerprint():
    return (
        list(Lead.objects.order_by("pk").values_list("seat", "version", "stale_at", "rung")),
        Movement.objects.count(),
        Notice.objects.count(),
        Entry.objects.count(),
    )


def test_what_is_foretold_is_what_the_sweep_then_does(pipeline, sam, sue, lena, hal):
    seats = [sam, sue, seat_at(pipeline, "lead", make_person("sid"))]
    for number in range(9):
        make_lead(seats[number % 2])
    make_offer(sam)
    make_lead(pipeline=pipeline)
    User.objects.filter(pk=sue.user_id).update(is_active=False)
    now, before = MONDAY + 3 * DAY, fingerprint()

    deeds = foretell(now=now)
    out = StringIO()
    call_command("sweep", dry_run=True, stdout=out)
    assert fingerprint() == before
    sweep(now=now)

    assert len(deeds) == 11
    assert {(deed.item.stage, deed.item.pk): deed.to and deed.to.pk for deed in deeds if deed.moves} == {
        (move.stage, move.record_id): move.to_seat_id for move in Movement.objects.filter(at=now)
    }
    assert len(out.getvalue().splitlines()) == 11
    assert "reassigned" in out.getvalue()


def test_the_command_does_what_the_task_does(sam, sue):
    make_lead(sam)
    out = StringIO()
    for _time in range(2):
        call_command("sweep", stdout=out)

    assert out.getvalue() == "reassigned 1\nNothing is due.\n"


# Many at once --------------------------------------------------------------------------------------------------------


def test_a_bulk_is_shared_out_like_single_records_and_keeps_every_limit(pipeline, sam, sue, lena):
    Tier.objects.filter(pk=sam.tier_id).update(strategy="round_robin")
    third = seat_at(pipeline, "lead", make_person("sid"), capacity=30)
    for _each in range(40):
        make_lead(sam)
    Seat.objects.filter(pk=sue.pk).update(daily_cap=8)

    done = sweep(now=MONDAY + DAY)

    assert done == {"reassigned": 38, "pooled": 2}
    held = {seat: Lead.objects.open().held_by(seat).count() for seat in (sam, sue, third)}
    assert held == {sam: 0, sue: 8, third: 30}
    assert broken() == {}


def test_one_question_more_or_less_does_not_hang_on_how_many_are_due(pipeline, sam, sue):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def cost(records):
        for _each in range(records):
            make_lead(sam)
        with CaptureQueriesContext(connection) as queries:
            sweep(now=MONDAY + DAY)
        Lead.objects.filter(seat=sue).update(stale_at=None)
        return len(queries)

    cost(1)
    few = cost(2)
    assert cost(25) == few
