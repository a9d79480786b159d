"""What the admin drew is kept in memory exactly as long as it holds."""

from __future__ import annotations

from datetime import date, time

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from guardian.shortcuts import assign_perm

from pipeline_crm.access.sight import read_sight
from pipeline_crm.tiers.models import DayOff, Pipeline, Rung, Seat, Shift, Step, Tier
from pipeline_crm.tiers.setup import setup
from pipeline_crm.users.models import User


def drawn(pipeline, sam):
    """Everything that a table of the set-up may change."""
    home = setup().pipelines[pipeline.pk]
    tier = home.tier_for("lead")
    seat = setup().seats[sam.pk]
    return {
        "pipeline": home.name,
        "tier": tier.strategy,
        "steps": [step.name for step in home.steps.all()],
        "rungs": len(tier.rungs.all()),
        "hours": len(home.hours.all()),
        "days off": len(home.days_off.all()),
        "seat": (seat.capacity, seat.is_open, seat.user.name, seat.user.is_active),
        "shifts": len(seat.shifts.all()),
        "absences": len(seat.absences.all()),
    }


CHANGES = {
    "pipeline": lambda sam: Pipeline.objects.filter(pk=sam.tier.pipeline_id).update(name="Renamed"),
    "tier": lambda sam: Tier.objects.filter(pk=sam.tier_id).update(strategy="pool"),
    "steps": lambda sam: Step.objects.filter(pipeline=sam.tier.pipeline_id).update(name=connection_name()),
    "rungs": lambda sam: Rung.objects.filter(tier=sam.tier_id).delete(),
    "hours": lambda sam: sam.tier.pipeline.hours.all().delete(),
    "days off": lambda sam: DayOff.objects.create(pipeline=sam.tier.pipeline, date=date(2026, 12, 30)),
    "seat": lambda sam: User.objects.filter(pk=sam.user_id).update(is_active=False),
    "shifts": lambda sam: Shift.objects.create(seat=sam, weekday=0, opens=time(9), closes=time(18)),
    "absences": lambda sam: sam.absences.create(first_day=date(2099, 1, 1), last_day=date(2099, 1, 2)),
}


def connection_name():
    """A name of its own for every step, in one statement."""
    from django.db.models import CharField, F, Value
    from django.db.models.functions import Cast, Concat

    return Concat(Value("Step "), Cast(F("id"), CharField()))


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_is_seen_by_the_next_question_and_a_rolled_back_one_never_was(pipeline, sam, part):
    before = drawn(pipeline, sam)
    with transaction.atomic():
        CHANGES[part](sam)
        within = drawn(pipeline, sam)
        transaction.set_rollback(True)

    assert [name for name in before if within[name] != before[name]] == [part]
    assert drawn(pipeline, sam) == before


def test_what_did_not_change_is_one_question(sam, django_assert_num_queries):
    house = setup()
    with django_assert_num_queries(1):
        assert setup() is house


def test_without_a_stamp_nothing_is_kept(sam):
    house = setup()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tiers_stamp")

    assert setup() is not house
    assert setup().seats.keys() == house.seats.keys()


def test_sight_follows_grants_groups_and_seats_at_once(pipeline, sam, ada):
    reader, group = sam.user, Group.objects.create(name="Readers")
    sights = [read_sight(reader)]
    reader.groups.add(group)
    assign_perm("tiers.analyse_pipeline", group, pipeline)
    sights.append(read_sight(reader))
    Seat.objects.filter(pk=sam.pk).update(is_open=False)
    sights.append(read_sight(reader))
    reader.groups.clear()
    sights.append(read_sight(reader))

    assert [(bool(sight.seats), bool(sight.analysed)) for sight in sights] == [
        (True, False),
        (True, True),
        (False, True),
        (False, False),
    ]
