"""Who gets how much and when: limits, shifts, substitutes, ladders and stricter clocks are set on the pipeline's page."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pipeline_crm.tiers.models import Absence, Pipeline, Rung, Seat, Shift, Step, Tier
from pipeline_crm.tiers.stages import Stage
from tests.cast import MOSCOW, make_person, seat_at
from tests.tiers.sheet import Sheet, said
from tests.tiers.test_admin_change import refused, row_of, saved, tier


@pytest.fixture
def sheet(desk, pipeline, sam, sue, hal):
    """The page of a pipeline in which two scouts and a hunter sit."""
    return Sheet(desk, pipeline)


def test_a_tier_is_told_what_to_do_without_room_at_night_and_with_new_people(sheet, pipeline):
    scouts, hunters = tier(pipeline, Stage.LEAD), tier(pipeline, Stage.DEAL)
    sheet.change(row_of(sheet, "tiers", scouts), when_full="widen", off_hours="on", strategy="expected_value")
    sheet.change(row_of(sheet, "tiers", scouts), ramp_days="30", ramp_percent="20", cherry_picking="on")
    sheet.change(row_of(sheet, "tiers", scouts), untouched_limit="3", cool_down_hours="48", hop_limit="2")
    sheet.change(row_of(sheet, "tiers", hunters), helps=scouts.pk, untouched_limit="", when_full="keep_warm")
    sheet.change(row_of(sheet, "tiers", hunters), off_hours=None, cherry_picking=None)

    assert saved(sheet.save())

    names = ("when_full", "helps", "off_hours", "strategy", "ramp_days", "ramp_percent", "cherry_picking")
    names += ("untouched_limit", "cool_down_hours", "hop_limit")
    kept = [tuple(getattr(tier(pipeline, stage), name) for name in names) for stage in (Stage.LEAD, Stage.DEAL)]
    assert kept == [
        ("widen", None, True, "expected_value", 30, 20, True, 3, 48, 2),
        ("keep_warm", scouts, False, "least_loaded", 0, 25, False, None, 72, 3),
    ]


def test_a_tier_helps_another_tier_of_its_own_pipeline_only(sheet, pipeline, stan):
    hunters = tier(pipeline, Stage.DEAL)
    for wrong in (hunters, stan.tier):
        answer = sheet.change(row_of(sheet, "tiers", hunters), helps=wrong.pk).save()

        assert refused(answer, "Select a valid choice")
    assert tier(pipeline, Stage.DEAL).helps is None


def test_clients_do_not_go_to_a_helping_tier_that_is_not_there(sheet, pipeline):
    answer = sheet.change(row_of(sheet, "tiers", tier(pipeline, Stage.LEAD)), when_full="widen").save()

    assert refused(answer, "No tier helps “Scouts” out: choose it at another tier")
    assert tier(pipeline, Stage.LEAD).when_full == "pool"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("ramp_percent", "0", "greater than or equal to 1"),
        ("ramp_percent", "101", "less than or equal to 100"),
        ("ramp_days", "366", "less than or equal to 365"),
        ("hop_limit", "0", "greater than or equal to 1"),
        ("untouched_limit", "0", "greater than or equal to 1"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(sheet, pipeline, field, value, words):
    row = row_of(sheet, "tiers", tier(pipeline, Stage.LEAD))

    assert refused(sheet.change(row, name="Renamed", **{field: value}).save(), words)

    assert tier(pipeline, Stage.LEAD).name == "Scouts"


def test_a_seat_has_a_daily_cap_and_a_first_day(sheet, sam):
    assert saved(sheet.change(row_of(sheet, "seats", sam), daily_cap="6", started_on="2026-11-02").save())

    seat = Seat.objects.get(pk=sam.pk)
    assert (seat.daily_cap, seat.started_on) == (6, date(2026, 11, 2))


def test_who_is_seated_without_a_first_day_begins_today_and_an_emptied_day_stays(sheet, pipeline, sam):
    Seat.objects.filter(pk=sam.pk).update(started_on=date(2026, 1, 9))
    new = {"user": make_person("anna").pk, "tier": sam.tier_id, "role": "member", "capacity": "9", "weight": "1"}
    sheet.change(row_of(sheet, "seats", sam), started_on="").add("seats", **new)

    assert saved(sheet.save())

    kept = dict(Seat.objects.filter(tier=sam.tier).values_list("user__username", "started_on"))
    assert kept == {"sam": date(2026, 1, 9), "sue": timezone.localdate(), "anna": timezone.localdate()}


def test_a_pause_is_shown_in_the_hours_of_the_pipeline_and_not_set_here(desk, pipeline, sam, sue):
    Seat.objects.filter(pk=sam.pk).update(paused_until=datetime(2099, 5, 4, 15, 30, tzinfo=MOSCOW))
    Seat.objects.filter(pk=sue.pk).update(paused_until=timezone.now() - timedelta(hours=1))
    sheet = Sheet(desk, pipeline)
    page = said(desk.get(sheet.address))

    sheet.change(row_of(sheet, "seats", sam), paused_until="", capacity="7").save()

    assert page.count("3:30 p.m.") == 1
    seat = Seat.objects.get(pk=sam.pk)
    assert (seat.capacity, seat.paused_until.year) == (7, 2099)


def test_people_have_shifts_of_every_week_and_in_rotation(sheet, sam, sue):
    sheet.add("shifts", seat=sam.pk, kind="weekly", weekday="0", opens="20:00", closes="08:00")
    sheet.add("shifts", seat=sam.pk, kind="weekly", weekday="1", opens="08:00", closes="12:00")
    sheet.add(
        "shifts", seat=sue.pk, kind="rotating", first_day="2026-11-16", days_on="2", days_off="2", opens="09:00", closes="21:00"
    )  # fmt: skip

    assert saved(sheet.save())

    names = ("seat", "kind", "weekday", "first_day", "days_on", "days_off", "opens", "closes")
    assert [tuple(getattr(shift, name) for name in names) for shift in Shift.objects.order_by("id")] == [
        (sam, "weekly", 0, None, None, None, time(20), time(8)),
        (sam, "weekly", 1, None, None, None, time(8), time(12)),
        (sue, "rotating", None, date(2026, 11, 16), 2, 2, time(9), time(21)),
    ]


@pytest.mark.parametrize(
    "half",
    [
        {"kind": "weekly"},
        {"kind": "weekly", "weekday": "0", "days_on": "2"},
        {"kind": "rotating", "weekday": "0"},
        {"kind": "rotating", "first_day": "2026-11-16", "days_on": "2"},
    ],
)
def test_a_shift_is_of_the_week_or_in_rotation(sheet, sam, half):
    answer = sheet.add("shifts", seat=sam.pk, opens="09:00", closes="18:00", **half).save()

    assert refused(answer, "A weekly shift needs its weekday; a rotating one its first day, days on and days off.")
    assert not Shift.objects.exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("0", "09:00", "18:00"), ("0", "17:00", "20:00")),
        (("0", "20:00", "08:00"), ("1", "07:00", "12:00")),
        (("6", "20:00", "08:00"), ("0", "07:59", "12:00")),
        (("2", "09:00", "09:00"), ("3", "08:00", "10:00")),
        (("4", "09:00", "18:00"), ("4", "09:00", "18:00")),
    ],
)
def test_two_shifts_of_one_person_do_not_overlap(sheet, sam, sue, one, other):
    for weekday, opens, closes in (one, other):
        sheet.add("shifts", seat=sam.pk, kind="weekly", weekday=weekday, opens=opens, closes=closes)
    sheet.add("shifts", seat=sue.pk, kind="weekly", weekday=one[0], opens=one[1], closes=one[2])

    answer = sheet.save()

    assert refused(answer, "Sam Scout, Scouts: the shifts “")
    assert said(answer).count("overlap. Change one of the two.") == 1
    assert not Shift.objects.exists()


def test_a_colleague_of_the_same_tier_substitutes(sheet, sam, sue):
    days = {"first_day": "2026-11-20", "last_day": "2026-11-25"}

    assert saved(sheet.add("absences", seat=sam.pk, substitute=sue.pk, **days).save())

    assert Absence.objects.get().substitute == sue


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("hal", "A substitute sits at the same tier: choose somebody of “Scouts”."),
        ("sam", "Choose somebody else as the substitute."),
        ("sue", "This person takes nothing new: choose somebody else as the substitute."),
        ("stan", "Select a valid choice"),
    ],
)
def test_who_cannot_substitute_is_refused_with_a_sentence(request, sheet, sam, sue, stan, who, words):
    Seat.objects.filter(pk=sue.pk).update(is_open=False)
    chosen = request.getfixturevalue(who)

    answer = sheet.add(
        "absences", seat=sam.pk, substitute=chosen.pk, first_day="2026-11-20", last_day="2026-11-25"
    ).save()

    assert refused(answer, words)
    assert not Absence.objects.exists()


def test_a_substitute_who_left_since_does_not_hold_the_page_up(desk, pipeline, sam, sue):
    Absence.objects.create(seat=sam, substitute=sue, first_day=date(2026, 11, 20), last_day=date(2026, 11, 25))
    Seat.objects.filter(pk=sue.pk).update(is_open=False)

    assert saved(Sheet(desk, pipeline).save())


@pytest.mark.parametrize("stage", list(Stage))
def test_a_step_has_stricter_clocks(sheet, pipeline, stage):
    step = pipeline.steps.filter(stage=stage)[0]
    row = row_of(sheet, f"{stage}_steps", step)
    clocks = {"answer_minutes": 9, "first_touch_minutes": 5, "silence_minutes": 240, "pool_minutes": 10}

    assert saved(sheet.change(row, **clocks).save())

    kept = Step.objects.get(pk=step.pk)
    offered = {"answer_minutes": 9 if stage != Stage.LEAD else None}  # nobody is offered a lead
    assert {name: getattr(kept, name) for name in clocks} == clocks | offered


def test_a_ladder_reminds_before_and_at_the_breach_and_hours_after(sheet, sam):
    for minutes in ("-30", "15", "60"):
        sheet.add("rungs", tier=sam.tier_id, act="remind", delay_minutes=minutes)

    assert saved(sheet.save())

    ladder = Rung.objects.filter(tier=sam.tier).values_list("act", "delay_minutes")
    assert list(ladder) == [("remind", -30), ("reassign", 0), ("remind", 15), ("remind", 60)]


@pytest.mark.parametrize(
    ("rungs", "words"),
    [
        ([("warn", "-5")], "Only a reminder may come before the clock runs out."),
        ([("reassign", "90")], "The ladder of “Scouts” has this more than once: give it to somebody else. Keep one."),
        ([("warn", "5"), ("warn", "9")], "The ladder of “Scouts” has this more than once: warn the team lead. Keep one."),
        ([("remind", "5"), ("remind", "5")], "“Scouts” reminds twice at the same minute (5): keep one of the two."),
    ],
)  # fmt: skip
def test_a_ladder_that_cannot_be_is_refused_with_a_sentence(sheet, sam, rungs, words):
    for act, minutes in rungs:
        sheet.add("rungs", tier=sam.tier_id, act=act, delay_minutes=minutes)

    answer = sheet.save()

    assert refused(answer, words)
    assert "Constraint" not in said(answer)
    assert list(Rung.objects.filter(tier=sam.tier).values_list("act", flat=True)) == ["reassign"]


def test_a_reason_gives_the_turn_back(sheet, pipeline):
    spam = pipeline.reasons.get(name="No budget")

    assert saved(sheet.change(row_of(sheet, "reasons", spam), gives_turn_back="on").save())

    assert pipeline.reasons.get(pk=spam.pk).gives_turn_back is True


def test_what_was_work_gives_no_turn_back(sheet, pipeline):
    expensive = pipeline.reasons.get(name="Too expensive")

    answer = sheet.change(row_of(sheet, "reasons", expensive), gives_turn_back="on").save()

    assert refused(answer, "“Too expensive”: only a reason to disqualify a lead may give the turn back.")
    assert pipeline.reasons.get(pk=expensive.pk).gives_turn_back is False


def test_the_history_tells_shifts_substitutes_and_helping_tiers(desk, pipeline, sam, sue, hal):
    sheet = Sheet(desk, pipeline)
    sheet.change(row_of(sheet, "tiers", hal.tier), helps=sam.tier_id)
    sheet.add("shifts", seat=sam.pk, kind="weekly", weekday="2", opens="09:00", closes="12:00")
    sheet.add("absences", seat=sam.pk, first_day="2026-11-20", last_day="2026-11-25")
    assert saved(sheet.save())
    sheet = Sheet(desk, pipeline)
    sheet.change(row_of(sheet, "absences", Absence.objects.get()), substitute=sue.pk)
    sheet.change(row_of(sheet, "shifts", Shift.objects.get()), closes="13:00")
    assert saved(sheet.save())

    page = desk.get(f"/admin/tiers/pipeline/{pipeline.pk}/history/")

    told = {(line.thing, line.name, line.act, *line.changes) for line in page.context["page"].lines}
    mine = {line for line in told if line[0] in ("tier", "shift", "absence") and line[2] != "added"}
    assert mine == {
        ("tier", "Hunters", "changed", ("also takes what has no room at", "–", "Scouts")),
        ("absence", "Sam Scout, Scouts", "changed", ("substitute", "–", "Sue Search, Scouts")),
        ("shift", "Sam Scout, Scouts, Wednesday", "changed", ("ends", "noon", "1 p.m.")),
    }


def test_the_page_costs_the_same_with_many_shifts_absences_and_rungs(desk, pipeline, sam):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            Sheet(desk, pipeline)
        return len(queries)

    def fill(seat):
        Shift.objects.create(seat=seat, weekday=0, opens=time(9), closes=time(18))
        Absence.objects.create(seat=seat, first_day=date(2026, 11, 20), last_day=date(2026, 11, 25))

    fill(sam)
    cost()
    with_one = cost()
    for number in range(9):
        fill(seat_at(pipeline, list(Stage)[number % 3], make_person(f"person{number}")))
        Rung.objects.create(tier=tier(pipeline, Stage.LEAD), act="remind", delay_minutes=-number)

    cost()
    assert cost() == with_one
    assert Tier.objects.filter(pipeline=pipeline).count() == Pipeline.objects.get(pk=pipeline.pk).tiers.count()
