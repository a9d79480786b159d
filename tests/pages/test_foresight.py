"""What those in charge see beforehand: the next sweep's plan, what waits for their decision, a tier that is full; and pauses."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import books, rota
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.reports.forecast import SHOWN
from pipeline_crm.reports.pressure import setting_of
from pipeline_crm.tiers.models import Pipeline, Seat, Tier
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Movement
from tests.cast import MONDAY, make_contacted, make_deal, make_enquiry, make_lead, make_person, seat_at
from tests.laws.checker import broken

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = MONDAY + 3 * DAY


@pytest.fixture(autouse=True)
def thursday(db):
    """Everything of Monday is late."""
    with time_machine.travel(LATE, tick=False):
        yield
    assert broken() == {}


def plan_page(tier):
    return reverse("reports:team-sweep", args=[tier.pk])


def team_page(tier):
    return reverse("reports:team", args=[tier.pk])


def waits_for_lead(pipeline, **fields):
    lead = make_lead(pipeline=pipeline, **fields)
    Lead.objects.filter(pk=lead.pk).update(awaits_lead=True, hops=3)
    return lead


# The plan --------------------------------------------------------------------------------------------------------


def test_what_is_foretold_is_what_the_sweep_then_does(browse, pipeline, sam, sue, lena):
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"), capacity=3)
    for seat in (sam, sue, tom):
        for _ in range(2):
            make_contacted(seat)
    make_lead(pipeline=pipeline)
    before = Movement.objects.count()

    forecast = browse(lena).get(plan_page(sam.tier)).context["forecast"]
    looked = Movement.objects.count()
    sweep(now=LATE)

    told = {(row.client, row.what) for row in forecast.rows}
    moves = Movement.objects.filter(pk__gt=0, at=LATE).select_related("client", "to_seat__user")
    done = {
        (
            move.client.name,
            f"{'is given' if move.cause == 'assigned' else 'goes'} to {move.to_seat.user.name}"
            if move.to_seat
            else "goes into the pool",
        )
        for move in moves
    }
    assert (before, len(forecast.rows)) == (looked, 7)
    assert {line for line in told if "to" in line[1].split()} == done


def test_a_row_tells_whose_which_clock_since_when_and_why(browse, sam, sue, lena):
    lead = make_contacted(sam, name="Mark Lindt")

    text = browse(lena).get(plan_page(sam.tier)).content.decode()
    (row,) = browse(lena).get(plan_page(sam.tier)).context["forecast"].rows

    assert (row.url, row.client, row.owner) == (f"/leads/{lead.pk}/", "Mark Lindt", "Sam Scout")
    assert (row.clock, row.due_at) == (lead.get_clock_display(), lead.due_at)
    assert (row.what, row.why) == (
        "goes to Sue Search",
        "Nobody else could take the client. Sam S.: let it lie before.",
    )
    assert all(words in text for words in ("Mark Lindt", "goes to Sue Search", "let it lie before"))


def test_a_plan_is_cut_and_says_how_much_more_there_is(browse, sam, sue, lena):
    Seat.objects.update(capacity=400)
    for _ in range(SHOWN + 2):
        make_lead(sam)

    answer = browse(lena).get(plan_page(sam.tier))

    forecast = answer.context["forecast"]
    assert (len(forecast.rows), forecast.more, forecast.count) == (SHOWN, 2, SHOWN + 2)
    assert "and 2 more" in answer.content.decode()


def test_the_plan_tells_of_covers_too(browse, sam, sue, lena):
    today = LATE.date()
    rota.send_away(sam.pk, first_day=today, last_day=today, reason="", substitute=sue, by=lena.user, now=LATE)

    begins = browse(lena).get(plan_page(sam.tier)).content.decode()
    books.tend_covers(now=LATE)
    with time_machine.travel(LATE + DAY, tick=False):
        ends = browse(lena).get(plan_page(sam.tier)).content.decode()

    assert "Sue Search gets the clients of Sam Scout, who is away." in begins
    assert "Sam Scout is back: the clients come back." in ends


def test_with_nothing_due_the_plan_says_so(browse, sam, lena):
    make_lead(sam, now=LATE)

    assert "Nothing is due" in browse(lena).get(plan_page(sam.tier)).content.decode()


def test_the_head_reads_the_plan_of_all_tiers(browse, pipeline, sam, hal, olga):
    make_lead(sam)
    make_deal(sam, hal)

    answer = browse(olga).get(reverse("reports:conveyor-sweep", args=[pipeline.pk]))

    assert Counter(row.tier for row in answer.context["forecast"].rows) == {"Scouts": 1, "Hunters": 1}


@pytest.mark.parametrize("who", ["sam", "lena", "ada", "cody", "stan"])
def test_nobody_else_reads_the_plan_of_all_tiers(request, browse, pipeline, who):
    answer = browse(request.getfixturevalue(who)).get(reverse("reports:conveyor-sweep", args=[pipeline.pk]))

    assert answer.status_code == 404


def test_the_plan_asks_the_database_as_often_for_one_record_as_for_twenty(browse, sam, sue, lena):
    browser = browse(lena)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(plan_page(sam.tier)).status_code == 200
        return len(asked)

    make_lead(sam)
    queries()  # what is kept in memory is read
    one = queries()
    for _ in range(19):
        make_lead(sam)

    assert queries() == one


# Decisions -------------------------------------------------------------------------------------------------------


def test_what_waits_for_a_decision_stands_on_the_team_leads_pages_alone(browse, pipeline, sam, lena, olga):
    Seat.objects.filter(pk=lena.pk).update(capacity=5)
    waits_for_lead(pipeline, name="Vera Kuznetsova")

    seen = {
        who: "Needs your decision" in browse(seat).get(address).content.decode()
        for who, seat, address in (
            ("lena at work", lena, "/"),
            ("lena's team", lena, team_page(sam.tier)),
            ("olga", olga, team_page(sam.tier)),
            ("sam", sam, "/"),
        )
    }

    assert seen == {"lena at work": True, "lena's team": True, "olga": True, "sam": False}


def test_a_team_lead_gives_it_to_somebody_or_to_everybody(browse, pipeline, sam, sue, lena):
    first, second = (waits_for_lead(pipeline) for _ in range(2))
    browser = browse(lena)
    one, other = browser.get(team_page(sam.tier)).context["decisions"].shown

    sent = {"version": one.item.version, "next": team_page(sam.tier)}
    given = browser.post(one.give_url, {**sent, "seat": sue.pk})
    pooled = browser.post(other.pool_url, {**sent, "version": other.item.version})

    assert [answer.status_code for answer in (given, pooled)] == [303, 303]
    assert [seat.pk for seat in one.receivers] == [sam.pk, sue.pk]
    assert list(Lead.objects.order_by("pk").values_list("pk", "seat", "awaits_lead", "hops")) == [
        (first.pk, sue.pk, False, 0),
        (second.pk, None, False, 0),
    ]
    assert Lead.objects.in_pool(sam.tier).count() == 1
    assert not browser.get(team_page(sam.tier)).context["decisions"]


def test_a_member_neither_sees_nor_takes_what_waits_for_a_decision(browse, pipeline, sam, hal, stan):
    lead = waits_for_lead(pipeline)

    answers = {
        browse(seat).post(f"/leads/{lead.pk}/{act}/", {"seat": ""}).status_code
        for seat in (sam, hal, stan)
        for act in ("reassign", "release", "claim")
    }

    assert (answers, Lead.objects.get().awaits_lead) == ({404}, True)


# A full tier -----------------------------------------------------------------------------------------------------


def test_the_head_sees_which_tier_is_full_and_what_becomes_of_the_clients(browse, pipeline, sam, hal, olga, ada):
    Seat.objects.filter(pk=hal.pk).update(capacity=1)
    make_deal(sam, hal)
    page = reverse("reports:conveyor", args=[pipeline.pk])

    pressures = browse(olga).get(page).context["whole"].pressures
    without_names = browse(ada).get(page).context["whole"].pressures

    found = [(one.tier, one.held, one.limit, one.waiting, one.url) for one in pressures]
    assert found == [("Hunters", 1, 1, 0, team_page(hal.tier))]
    assert pressures[0].setting == "Clients wait in this tier’s pool."
    assert [one.url for one in without_names] == [""]


def test_how_many_wait_and_since_when(browse, pipeline, sam, olga):
    Seat.objects.filter(pk=sam.pk).update(capacity=1)
    make_lead(sam)
    for hours in (1, 2):
        scouting.capture(Pipeline.objects.get(pk=pipeline.pk), make_enquiry(), by=None, now=MONDAY + hours * HOUR)

    answer = browse(olga).get(reverse("reports:conveyor", args=[pipeline.pk]))

    (one,) = answer.context["whole"].pressures
    assert (one.tier, one.waiting, one.since) == ("Scouts", 2, MONDAY + HOUR)
    assert "2 clients wait in the pool" in answer.content.decode()


@pytest.mark.parametrize(
    ("when_full", "helped", "words"),
    [
        ("pool", False, "Clients wait in this tier’s pool."),
        ("keep_warm", False, "Who wants to hand a client on is told to keep the client warm until there is room."),
        ("widen", False, "Another tier should help out, but none is set to; clients wait in the pool."),
        ("widen", True, "Clients may go to: Farmers. When they are full too, clients wait in the pool."),
    ],
)
def test_each_setting_has_its_sentence(pipeline, when_full, helped, words):
    hunters, farmers = (pipeline.tier_for(stage) for stage in (Stage.DEAL, Stage.ACCOUNT))
    Tier.objects.filter(pk=hunters.pk).update(when_full=when_full)
    Tier.objects.filter(pk=farmers.pk).update(helps=hunters if helped else None)

    tiers = list(Tier.objects.filter(pipeline=pipeline))

    assert setting_of(next(tier for tier in tiers if tier.pk == hunters.pk), tiers) == words


@pytest.mark.parametrize(
    ("when_full", "capacity", "told"), [("keep_warm", 1, True), ("keep_warm", 2, False), ("pool", 1, False)]
)
def test_a_giver_is_told_before_the_brief_is_written_that_the_client_would_stay(
    browse, sam, hal, when_full, capacity, told
):
    make_deal(sam, hal)
    mine = make_contacted(sam)
    Seat.objects.filter(pk=hal.pk).update(capacity=capacity)
    Tier.objects.filter(pk=hal.tier_id).update(when_full=when_full)

    text = browse(sam).get(reverse("deals:offer", args=[mine.pk])).content.decode()

    assert ("Nobody at “Hunters” has room now. Until somebody has, the client stays with you" in text) is told


def test_where_there_is_room_nothing_is_said(browse, pipeline, sam, hal, olga):
    make_lead(sam)

    answer = browse(olga).get(reverse("reports:conveyor", args=[pipeline.pk]))

    assert answer.context["whole"].pressures == []


# A pause ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "until"), [("hour", LATE + HOUR), ("day", LATE.replace(hour=0) + DAY)])
def test_a_person_takes_a_pause_and_goes_on(browse, pipeline, sam, sue, length, until):
    browser = browse(sam)

    paused = browser.post(reverse("workbench:pause"), {"length": length}, follow=True)
    seat = Seat.objects.get(pk=sam.pk)
    given = scouting.capture(pipeline, make_enquiry(), by=None, now=LATE).item.seat
    browser.post(reverse("workbench:resume"))

    assert (seat.paused_until, given) == (until, sue)
    assert "You take a pause" in paused.content.decode()
    assert Seat.objects.get(pk=sam.pk).paused_until is None


def test_a_pause_is_ones_own(browse, pipeline, sam, sue, hal, lena):
    browser = browse(sam)

    browser.post(reverse("workbench:pause"), {"length": "hour", "seat": sue.pk, "seat_id": sue.pk})
    others = browser.post(reverse("reports:team-pause", args=[sue.tier_id, sue.pk]), {"length": "hour"})

    paused = Seat.objects.exclude(paused_until=None).values_list("pk", flat=True)
    assert (list(paused), others.status_code) == ([sam.pk], 404)


@pytest.mark.parametrize("length", ["", "week", "\x00"])
def test_a_pause_of_no_length_is_none(browse, sam, length):
    answer = browse(sam).post(reverse("workbench:pause"), {"length": length})

    assert (answer.status_code, Seat.objects.get(pk=sam.pk).paused_until) == (422, None)
