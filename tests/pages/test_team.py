"""The team lead's page: who holds what, whose clocks run out, and moving a whole book without losing anything."""

from collections import Counter
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
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.reports.shapes import Load
from pipeline_crm.reports.team import plan_of, team_of
from pipeline_crm.reports.verdict import verdict_on
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Absence, Reason, Seat, Strategy, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    MONDAY,
    MOSCOW,
    at_work,
    make_account,
    make_contacted,
    make_deal,
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
        belt.reassign(Deal, deal.pk, to=hal, by=make_person(f"boss{minutes}", is_superuser=True), now=MONDAY)
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
def test_a_tier_has_a_joint_where_another_tier_stands(db, root, structure, doors):
    pipeline = drawing.draw("Any firm", structure=structure)

    teams = [team_at(tier, root, MONDAY) for tier in pipeline.ordered_tiers]

    assert [(team.incoming and team.incoming.tier, team.outgoing and team.outgoing.tier) for team in teams] == doors


def test_the_headline_says_what_comes_first(pipeline, sam, sue, hal, lena, root):
    calm = team_at(sam.tier, lena, MONDAY)
    for _ in range(3):
        make_lead(sam)
    make_offer(sue)
    late = team_at(sam.tier, lena, MONDAY + 3 * HOUR)
    offered = team_at(hal.tier, root, MONDAY + 3 * HOUR)

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


STRANGERS = ["sam", "hal", "fay", "leo", "ada", "cody", "stan", "otto"]


@pytest.mark.parametrize(
    ("who", "status"), [("lena", 200), ("olga", 200), ("root", 200), *((who, 404) for who in STRANGERS)]
)
def test_a_team_is_steered_by_its_team_lead_and_its_head_only(who, status, request, browse, pipeline):
    tier = pipeline.tier_for(Stage.LEAD)

    answer = browse(request.getfixturevalue(who)).get(page(tier))

    assert answer.status_code == status


@pytest.mark.parametrize("who", STRANGERS)
def test_nobody_else_moves_closes_or_sends_away(who, request, browse, pipeline, sam, sue):
    make_lead(sam, now=timezone.now())
    browser = browse(request.getfixturevalue(who))
    absence = Absence.objects.create(
        seat=sue, first_day=timezone.localdate(timezone=MOSCOW), last_day=timezone.localdate(timezone=MOSCOW)
    )
    tier, today = sam.tier_id, timezone.localdate(timezone=MOSCOW)
    posts = [
        ("team-move", [tier], {"from": sam.pk, "to": sue.pk}),
        ("team-close", [tier, sam.pk], {}),
        ("team-open", [tier, sam.pk], {}),
        ("team-away", [tier, sam.pk], {"first_day": today, "last_day": today}),
        ("team-back", [tier, absence.pk], {}),
    ]

    statuses = [browser.post(reverse(f"reports:{name}", args=args), sent).status_code for name, args, sent in posts]

    assert statuses == [404] * 5
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


# Moving a book ---------------------------------------------------------------------------------------------------


def test_a_whole_book_moves_to_one_person(browse, sam, sue, lena):
    for _ in range(3):
        make_lead(sam, now=timezone.now())

    answer = browse(lena).post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": sue.pk})

    assert (answer.status_code, answer.url) == (303, page(sam.tier))
    assert held(sam, sue) == [0, 3]


@pytest.mark.parametrize("strategy", Strategy)
def test_the_preview_tells_what_the_move_then_does(browse, pipeline, sam, sue, lena, strategy):
    now = timezone.now()
    Tier.objects.filter(pk=sam.tier_id).update(strategy=strategy)
    third = seat_at(pipeline, Stage.LEAD, make_person("tom"), capacity=3, weight=2)
    for _ in range(7):
        make_lead(sam, now=now)
    make_lead(sue, now=now)
    address = page(sam.tier)
    browser = browse(lena)

    plan = browser.get(address, {"from": sam.pk}).context["plan"]
    before = held(sue, third)
    browser.post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": ""})

    gets = Counter({share.name: share.more for share in plan.shares})
    after = held(sue, third)
    assert [gets["Sue Search"], gets["Tom"]] == [after[0] - before[0], after[1] - before[1]]
    assert plan.pooled == Lead.objects.in_pool(sam.tier).count()
    assert (plan.count, held(sam)) == (7, [0])


def test_what_nobody_can_take_goes_into_the_pool_and_nothing_is_lost(browse, pipeline, sam, sue, lena):
    now = timezone.now()
    leads = {make_lead(sam, now=now).pk for _ in range(5)}
    Seat.objects.filter(pk=sue.pk).update(capacity=2)
    browser = browse(lena)

    plan = browser.get(page(sam.tier), {"from": sam.pk}).context["plan"]
    browser.post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": ""})

    assert ([(share.name, share.more) for share in plan.shares], plan.pooled) == ([("Sue Search", 2)], 3)
    assert (held(sam, sue), Lead.objects.in_pool(sam.tier).count()) == ([0, 2], 3)
    assert set(Lead.objects.open().values_list("pk", flat=True)) == leads


def test_a_move_by_hand_over_the_limit_is_shown_before_it_is_done(sam, sue, lena):
    for _ in range(3):
        make_lead(sam)
    Seat.objects.filter(pk=sue.pk).update(capacity=2)
    rows = team_at(sam.tier, lena, MONDAY).seats

    plan = plan_of(sam.tier, rows, seat=sam.pk, to=sue.pk, closes=False, now=MONDAY)

    assert [(share.name, share.after, share.capacity, share.over) for share in plan.shares] == [
        ("Sue Search", 3, 2, True)
    ]


def test_a_move_that_makes_no_sense_has_no_preview(sam, sue, hal, lena):
    rows = team_at(sam.tier, lena, MONDAY).seats

    plans = [
        plan_of(sam.tier, rows, seat=seat, to=to, closes=False, now=MONDAY)
        for seat, to in ((sam.pk, sam.pk), (hal.pk, None), (sam.pk, hal.pk), (0, None))
    ]

    assert plans == [None] * 4


def test_a_book_is_not_moved_to_where_it_lies(browse, sam, lena):
    make_lead(sam, now=timezone.now())

    answer = browse(lena).post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": sam.pk})

    assert (answer.status_code, held(sam)) == (422, [1])


def test_looking_at_a_preview_changes_nothing(browse, sam, sue, lena):
    make_lead(sam, now=timezone.now())

    answer = browse(lena).get(page(sam.tier), {"from": sam.pk, "close": "1"})

    assert "Close the seat and move 1 record" in answer.content.decode()
    assert held(sam, sue) == [1, 0]


def test_deals_and_accounts_of_one_seat_move_together(browse, db, root):
    now = timezone.now()
    pipeline = drawing.draw("Flowers", structure=Structure.ONE)
    mia, max_ = (seat_at(pipeline, Stage.LEAD, make_person(name)) for name in ("mia", "max"))
    make_lead(mia, now=now)
    make_deal(mia, mia, now=now)
    make_account(mia, mia, mia, now=now)

    browse(root).post(reverse("reports:team-move", args=[mia.tier_id]), {"from": mia.pk, "to": max_.pk})

    team = team_at(mia.tier, root, now)
    assert {seat.pk: seat.load.open for seat in team.seats} == {mia.pk: 0, max_.pk: 3}


# Closing and opening a seat --------------------------------------------------------------------------------------


def test_closing_a_seat_gives_its_book_to_the_others(browse, sam, sue, lena):
    for _ in range(2):
        make_lead(sam, now=timezone.now())

    answer = browse(lena).post(reverse("reports:team-close", args=[sam.tier_id, sam.pk]))

    assert (answer.status_code, held(sam, sue)) == (303, [0, 2])
    assert not Seat.objects.get(pk=sam.pk).is_open


def test_closing_the_last_seat_puts_its_book_into_the_pool(browse, sam, lena):
    make_lead(sam, now=timezone.now())

    browse(lena).post(reverse("reports:team-close", args=[sam.tier_id, sam.pk]))

    assert (held(sam), Lead.objects.in_pool(sam.tier).count()) == ([0], 1)


def test_a_closed_seat_is_opened_again(browse, sam, lena):
    belt.close_seat(sam.pk, by=lena.user, now=MONDAY)

    answer = browse(lena).post(reverse("reports:team-open", args=[sam.tier_id, sam.pk]))

    assert answer.status_code == 303
    assert Seat.objects.get(pk=sam.pk).is_open


def test_a_team_lead_cannot_close_their_own_seat_but_their_head_can(browse, lena, olga):
    address = reverse("reports:team-close", args=[lena.tier_id, lena.pk])

    own = browse(lena).post(address)

    assert (own.status_code, "Ask your head of sales." in own.content.decode()) == (422, True)
    assert browse(olga).post(address).status_code == 303


# Absence ---------------------------------------------------------------------------------------------------------


def test_somebody_who_is_away_receives_nothing_and_keeps_what_they_hold(browse, pipeline, sam, sue, lena):
    now, today = timezone.now(), timezone.localdate(timezone=MOSCOW)
    make_lead(sue, now=now)

    answer = browse(lena).post(
        reverse("reports:team-away", args=[sue.tier_id, sue.pk]),
        {"first_day": today, "last_day": today + DAY, "reason": "Sick"},
    )
    book = [make_lead(sam, now=now) for _ in range(2)]
    belt.move_book(sam.pk, to=None, by=lena.user, now=now)

    assert answer.status_code == 303
    assert (held(sam, sue), Lead.objects.in_pool(sam.tier).count()) == ([0, 1], len(book))


def test_days_that_make_no_sense_come_back_with_the_form_open(browse, sue, lena):
    today = timezone.localdate(timezone=MOSCOW)

    answer = browse(lena).post(
        reverse("reports:team-away", args=[sue.tier_id, sue.pk]), {"first_day": today + DAY, "last_day": today}
    )

    assert answer.status_code == 422
    assert '<details class="drop" open>' in answer.content.decode()
    # The page stands at another address now: its links still lead to the team.
    assert f'href="{page(sue.tier)}?from={sue.pk}' in answer.content.decode()
    assert "The last day must not come before the first." in answer.content.decode()
    assert not Absence.objects.exists()


def test_two_absences_do_not_overlap_and_none_lies_in_the_past(sue, lena):
    monday = MONDAY.date()
    rota.send_away(sue.pk, first_day=monday, last_day=monday + 2 * DAY, reason="", by=lena.user, now=MONDAY)

    for first, last in ((monday + 2 * DAY, monday + 3 * DAY), (monday - 3 * DAY, monday - DAY)):
        with pytest.raises(Refused):
            rota.send_away(sue.pk, first_day=first, last_day=last, reason="", by=lena.user, now=MONDAY)

    assert Absence.objects.count() == 1


@pytest.mark.parametrize(("begun", "left"), [(0, []), (2, [(-2, -1)])])
def test_somebody_who_is_back_sooner_is_away_no_more(browse, sue, lena, begun, left):
    today = timezone.localdate(timezone=MOSCOW)
    absence = Absence.objects.create(seat=sue, first_day=today - begun * DAY, last_day=today + DAY)

    answer = browse(lena).post(reverse("reports:team-back", args=[sue.tier_id, absence.pk]))

    days = [((one.first_day - today).days, (one.last_day - today).days) for one in Absence.objects.all()]
    assert (answer.status_code, days) == (303, left)


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
