"""The team lead's page: who holds what, whose clocks run out, who may open it, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from guardian.shortcuts import assign_perm

from deals import actions as hunting
from deals.models import Deal
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import handoff, rota
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.reports.shapes import Load
from pipeline_crm.reports.team import team_of
from pipeline_crm.reports.verdict import verdict_on
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Absence, Reason, Seat, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    MONDAY,
    MOSCOW,
    at_work,
    make_contacted,
    make_deal,
    make_head,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def team_at(tier, by, now):
    return team_of(Tier.objects.select_related("pipeline").get(pk=tier.pk), by=getattr(by, "user", by), now=now)


def page(tier):
    return reverse("reports:team", args=[tier.pk])


def held(*seats):
    return [Lead.objects.open().held_by(seat).count() for seat in seats]


# The figures -----------------------------------------------------------------------------------------------------


def test_each_seat_tells_what_it_holds_and_how_its_clocks_stand(pipeline, sam, sue, lena, hal):
    make_lead(sam, now=MONDAY - 3 * DAY)
    make_lead(sam, now=MONDAY + 30 * MINUTE)
    make_contacted(sam)
    make_deal(sam, hal)
    make_lead(sue)

    team = team_at(sam.tier, lena, MONDAY + HOUR + 20 * MINUTE)

    found = {seat.name: (seat.load.open, seat.load.late, seat.load.soon, seat.touches) for seat in team.seats}
    # Sam's own deal went on to Hal, but the call before it was made today.
    assert found == {"Sam Scout": (3, 1, 1, 2), "Sue Search": (1, 1, 0, 0), "Lena Lead": (0, 0, 0, 0)}
    assert (team.held, team.capacity, team.at_work) == (4, 80, 3)


def test_the_pool_is_counted_apart(pipeline, sam, lena):
    make_lead(sam)
    make_lead(pipeline=pipeline)

    team = team_at(sam.tier, lena, MONDAY + MINUTE)

    assert (team.held, team.pool) == (1, Load(open=1, oldest=MONDAY))


def test_a_seat_is_at_work_away_or_closed(pipeline, sam, sue, lena):
    rota.send_away(
        sue.pk, first_day=MONDAY.date(), last_day=MONDAY.date() + DAY, reason="Sick", by=lena.user, now=MONDAY
    )
    gone = seat_at(pipeline, Stage.LEAD, make_person("gone", is_active=False))
    shut = seat_at(pipeline, Stage.LEAD, make_person("shut"), is_open=False)

    team = team_at(sam.tier, lena, MONDAY)
    after = team_at(sam.tier, lena, MONDAY + 2 * DAY)

    states = {seat.pk: (seat.state, seat.away_to, seat.away_why) for seat in team.seats}
    assert states == {
        sam.pk: ("work", None, ""),
        sue.pk: ("away", MONDAY.date() + DAY, "Sick"),
        lena.pk: ("work", None, ""),
        gone.pk: ("gone", None, ""),
        shut.pk: ("closed", None, ""),
    }
    assert {seat.pk: seat.state for seat in after.seats}[sue.pk] == "work"


def test_clocks_at_risk_stand_in_the_order_in_which_they_run_out(pipeline, sam, sue, lena, hal):
    make_lead(sue, name="Second", now=MONDAY + 5 * MINUTE)
    make_lead(sam, name="First", now=MONDAY)
    make_lead(sam, name="In time", now=MONDAY + 50 * MINUTE)
    make_offer(sam, name="Elsewhere", now=MONDAY)
    make_lead(pipeline=pipeline, name="Pooled", now=MONDAY - 3 * DAY)

    team = team_at(sam.tier, lena, MONDAY + HOUR)

    assert [(risk.client, risk.owner, risk.clock, risk.face.state) for risk in team.risks] == [
        ("Pooled", "in the pool", "wait in the pool", "over"),
        ("First", "Sam Scout", "first touch", "over"),
        ("Second", "Sue Search", "first touch", "soon"),
    ]
    assert team.at_risk == 3


def test_the_joints_tell_what_waits_what_came_back_and_between_whom(pipeline, sam, sue, lena, hal, hana):
    budget, need = Reason.objects.filter(pipeline=pipeline, kind=Reason.Kind.RETURN_DEAL)[:2]
    for minutes in (10, 30):
        deal = make_offer(sam)
        belt.reassign(Deal, deal.pk, to=hal, by=make_head(pipeline), now=MONDAY)
        handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY + minutes * MINUTE)
    for giver, why in ((sam, budget), (sue, budget), (sue, need)):
        deal = make_offer(giver)
        hunting.return_to_scout(deal.pk, reason=why, comment="", by=deal.seat.user, now=MONDAY + MINUTE)
    make_offer(sue)

    team = team_at(sam.tier, lena, MONDAY + HOUR + 30 * MINUTE)

    door = team.outgoing
    assert team.incoming is None
    assert (door.tier, door.tally.waiting, door.tally.accepted, door.tally.returned) == ("Hunters", 1, 2, 3)
    assert door.late == 1
    assert door.reasons == [(budget.name, 2), (need.name, 1)]
    times = {(pair.giver, pair.receiver): pair.seconds for pair in door.pairs}
    assert times["Sam Scout", "Hal Hunter"] == 20 * 60


def test_an_answer_over_night_is_counted_in_working_time(pipeline, sam, hal, lena):
    evening = MONDAY.replace(hour=17, minute=50)
    deal = make_offer(sam, now=evening)
    handoff.accept(Deal, deal.pk, by=hal.user, now=MONDAY.replace(hour=9, minute=5) + DAY)

    team = team_at(sam.tier, lena, MONDAY + DAY)

    # Ten minutes before the desk closed, and five after it opened.
    assert [pair.seconds for pair in team.outgoing.pairs] == [15 * 60]


@pytest.mark.parametrize(
    ("structure", "doors"),
    [
        (Structure.THREE, [(None, "Hunters"), ("Scouts", "Farmers"), ("Hunters", None)]),
        (Structure.CLOSING_JOINED, [(None, "Farmers"), ("Managers", None)]),
        (Structure.SEARCH_APART, [(None, "Managers"), ("Scouts", None)]),
        (Structure.ONE, [(None, None)]),
    ],
)
def test_a_tier_has_a_joint_where_another_tier_stands(db, structure, doors):
    pipeline = drawing.draw("Any firm", structure=structure)
    chief = make_head(pipeline)

    teams = [team_at(tier, chief, MONDAY) for tier in pipeline.ordered_tiers]

    assert [(team.incoming and team.incoming.tier, team.outgoing and team.outgoing.tier) for team in teams] == doors


def test_the_headline_says_what_comes_first(pipeline, sam, sue, hal, lena, olga):
    calm = team_at(sam.tier, lena, MONDAY)
    for _ in range(3):
        make_lead(sam)
    make_offer(sue)
    late = team_at(sam.tier, lena, MONDAY + 3 * HOUR)
    offered = team_at(hal.tier, olga, MONDAY + 3 * HOUR)

    assert verdict_on(calm).title == "The belt runs"
    assert verdict_on(late).words == "3 of 3 open records are past their clock. Begin with those that stand below."
    assert verdict_on(offered).title == "Offers lie unanswered"


# Who may open it -------------------------------------------------------------------------------------------------


@pytest.fixture
def leo(pipeline):
    """The team lead of the hunters."""
    return seat_at(pipeline, Stage.DEAL, make_person("leo", "Leo Lead"), role=Seat.Role.LEAD, capacity=0)


@pytest.fixture
def otto(db):
    """The head of another pipeline."""
    person = make_person("otto", "Otto Other")
    assign_perm("tiers.head_pipeline", person, drawing.draw("Elsewhere", structure=Structure.ONE))
    return person


STRANGERS = ["sam", "hal", "fay", "leo", "ada", "cody", "root", "stan", "otto"]


@pytest.mark.parametrize(("who", "status"), [("lena", 200), ("olga", 200), *((who, 404) for who in STRANGERS)])
def test_a_team_is_steered_by_its_team_lead_and_its_head_only(who, status, request, browse, pipeline):
    tier = pipeline.tier_for(Stage.LEAD)

    browser = browse(request.getfixturevalue(who))
    answers = [browser.get(f"{page(tier)}{below}") for below in ("", "book/", "sweep/")]

    assert [answer.status_code for answer in answers] == [status] * 3


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_else_moves_closes_or_sends_away(who, request, browse, pipeline, sam, sue):
    make_lead(sam, now=timezone.now())
    browser = browse(request.getfixturevalue(who))
    absence = Absence.objects.create(
        seat=sue, first_day=timezone.localdate(timezone=MOSCOW), last_day=timezone.localdate(timezone=MOSCOW)
    )
    tier, today = sam.tier_id, timezone.localdate(timezone=MOSCOW)
    move = BookMove.objects.create(seat=sue, cause="relieved", at=timezone.now())
    posts = [
        ("team-undo", [tier, move.pk], {}),
        ("team-pause", [tier, sam.pk], {"length": "hour"}),
        ("team-resume", [tier, sam.pk], {}),
        ("team-move", [tier], {"from": sam.pk, "to": sue.pk}),
        ("team-close", [tier, sam.pk], {}),
        ("team-open", [tier, sam.pk], {}),
        ("team-away", [tier, sam.pk], {"first_day": today, "last_day": today}),
        ("team-back", [tier, absence.pk], {}),
    ]

    statuses = [browser.post(reverse(f"reports:{name}", args=args), sent).status_code for name, args, sent in posts]

    assert statuses == [404] * 8
    assert (BookMove.objects.get().ended_at, Seat.objects.get(pk=sam.pk).paused_until) == (None, None)
    assert held(sam, sue) == [1, 0]
    assert list(Absence.objects.values_list("pk", flat=True)) == [absence.pk]
    assert Seat.objects.get(pk=sam.pk).is_open


def test_a_seat_of_another_tier_is_not_there(browse, pipeline, sam, hal, lena):
    make_lead(sam, now=timezone.now())
    browser = browse(lena)
    tier = sam.tier_id

    answers = [
        browser.post(reverse("reports:team-move", args=[tier]), {"from": sam.pk, "to": hal.pk}),
        browser.post(reverse("reports:team-move", args=[tier]), {"from": hal.pk, "to": ""}),
        browser.post(reverse("reports:team-move", args=[tier]), {"from": "x", "to": ""}),
        browser.post(reverse("reports:team-close", args=[tier, hal.pk])),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert held(sam) == [1]


# The price -------------------------------------------------------------------------------------------------------


def test_the_page_asks_the_database_as_often_for_one_record_as_for_thirty(browse, pipeline, sam, hal, lena):
    now = timezone.now()
    browser = browse(lena)
    Seat.objects.update(capacity=400)
    sam.refresh_from_db()

    def fill(times):
        for _ in range(times):
            make_lead(sam, now=now - HOUR)
            make_deal(sam, hal, now=now)
            deal = make_offer(sam, now=now)
            why = reason(pipeline, Reason.Kind.RETURN_DEAL)
            hunting.return_to_scout(deal.pk, reason=why, comment="", by=hal.user, now=now)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(page(sam.tier)).status_code == 200
        return len(asked)

    fill(1)
    one = queries()
    for number in range(10):
        seat_at(pipeline, Stage.LEAD, make_person(f"new{number}"))
    with at_work(sam, hal):
        fill(29)

    assert queries() == one


def test_an_empty_tier_has_a_page_too(browse, pipeline, olga):
    answer = browse(olga).get(page(pipeline.tier_for(Stage.ACCOUNT)))

    assert "Nobody sits at this tier" in answer.content.decode()
