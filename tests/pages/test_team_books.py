"""What a team lead does on their page: moves a whole book, closes a seat, sends somebody away; nothing is lost."""

from collections import Counter
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import rota
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.reports.team import plan_of
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Absence, Seat, Strategy, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    MONDAY,
    MOSCOW,
    make_account,
    make_deal,
    make_lead,
    make_person,
    seat_at,
)
from tests.pages.test_team import held, page, team_at

DAY = timedelta(days=1)


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
