"""Alarms out of the journal itself: rung once, told to who watches over the pipeline, never to who is meant."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline_crm.audit.actions import Fact, note, note_many
from pipeline_crm.audit.models import Kind, Trap
from pipeline_crm.outbox.models import Notice
from pipeline_crm.oversight import traps
from pipeline_crm.oversight.alarms import watch
from pipeline_crm.oversight.models import Alarm, Tally
from pipeline_crm.oversight.sentences import reason
from pipeline_crm.tiers.actions import appoint
from pipeline_crm.tiers.models import Pipeline, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.users.models import User
from tests.cast import MONDAY, make_lead, make_person

pytestmark = pytest.mark.django_db
EVENING = MONDAY.replace(hour=18)


def read_cards(who: Seat, clients: range, *, now: datetime, kind: Kind = Kind.VIEWED) -> None:
    home = who.tier.pipeline_id
    note_many([Fact(kind, who.user, pipeline=home, client=n, record=("lead", n)) for n in clients], now=now)


def rung() -> list[tuple[str, str, int, int, int]]:
    alarms = Alarm.objects.order_by("id").select_related("user")
    return [(one.user.username, one.measure, one.count, one.usual, one.days) for one in alarms]


def test_who_reads_ten_times_as_much_as_before_is_told_of_once(sam: Seat, sue: Seat, olga: User) -> None:
    for days in range(1, 15):
        read_cards(sam, range(20), now=EVENING - timedelta(days=days))
        read_cards(sue, range(20), now=EVENING - timedelta(days=days))
    read_cards(sam, range(200), now=EVENING)
    read_cards(sue, range(22), now=EVENING)

    first, second = watch(now=EVENING), watch(now=EVENING + timedelta(minutes=10))

    assert (first, second) == (1, 0)
    assert rung() == [("sam", "clients", 200, 20, 1)]
    assert reason(Alarm.objects.get()) == "In one day: different clients read, 200; usual are about 20."
    assert list(Notice.objects.values_list("user__username", "kind")) == [("olga", "alarm")]


def test_days_that_are_over_are_counted_once(sam: Seat) -> None:
    read_cards(sam, range(20), now=EVENING - timedelta(days=3))
    watch(now=EVENING)
    read_cards(
        sam, range(30, 40), now=EVENING - timedelta(days=3)
    )  # nothing comes so late; it would not be counted again
    watch(now=EVENING)

    assert [(one.user_id, one.counts["clients"]) for one in Tally.objects.exclude(counts__clients=0)] == [
        (sam.user_id, 20)
    ]


def test_who_walks_along_the_numbers_is_told_of(sam: Seat, olga: User) -> None:
    home = sam.tier.pipeline_id
    facts = [Fact(Kind.DENIED, sam.user, pipeline=home, record=("deal", n)) for n in range(100, 114)]
    note_many(facts, now=EVENING)

    watch(now=EVENING)

    assert rung() == [("sam", "misses", 14, 0, 1), ("sam", "walk", 14, 0, 1)]


def test_night_is_told_by_the_pipelines_own_clock(sam: Seat, olga: User) -> None:
    read_cards(sam, range(20), now=MONDAY.replace(hour=23))

    watch(now=MONDAY.replace(hour=23, minute=30))

    assert rung() == [("sam", "night", 20, 0, 1)]


def test_a_burst_is_seen_when_somebody_leaves(sam: Seat, sue: Seat, olga: User) -> None:
    for days in range(40, -1, -1):
        lately = days < 14
        read_cards(sam, range(36 if lately else 20), now=EVENING - timedelta(days=days))
        read_cards(sue, range(20), now=EVENING - timedelta(days=days))
    assert watch(now=EVENING) == 0

    sam.user.is_active = False
    sam.user.save()
    note(Kind.PERSON_CHANGED, by=None, about=sam.user, now=EVENING, detail={"columns": ["is_active"]})
    watch(now=EVENING + timedelta(minutes=10))

    assert rung() == [("sam", "clients", 36 * 14, 20 * 14, 14)]
    assert Alarm.objects.get().has_left is True


def test_a_trip_wire_rings_at_once_and_only_for_others(sam: Seat, pipeline: Pipeline, olga: User) -> None:
    lead, oscar = make_lead(sam), make_person("oscar")
    appoint(pipeline, "audit_pipeline", [oscar])
    traps.lay(Stage.LEAD, lead.pk, by=olga, now=MONDAY)
    touch = {"pipeline": pipeline.pk, "client": lead.client_id, "record": ("lead", lead.pk)}

    note(Kind.VIEWED, by=olga, now=MONDAY, **touch)
    note(Kind.VIEWED, by=sam.user, now=MONDAY, **touch)
    note(Kind.SEARCHED, by=sam.user, now=MONDAY, pipeline=pipeline.pk, detail={"clients": [lead.client_id]})

    assert rung() == [("sam", "trap", 1, 0, 1)]
    told = Notice.objects.filter(kind="alarm").order_by("user__username")
    assert list(told.values_list("user__username", flat=True)) == ["olga", "oscar"]


def test_a_trip_wire_is_taken_up_by_a_head_only(sam: Seat, olga: User) -> None:
    lead = make_lead(sam)
    traps.lay(Stage.LEAD, lead.pk, by=olga, now=MONDAY)

    traps.take_up(lead.client_id, by=olga, now=MONDAY)

    assert not Trap.objects.exists()
