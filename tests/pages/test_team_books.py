"""What a team lead does on their page: moves a whole book, closes a seat, sends somebody away; nothing is lost."""

from collections import Counter
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, rota
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Absence, Seat, Strategy, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from tests.cast import (
    MONDAY,
    MOSCOW,
    make_account,
    make_deal,
    make_head,
    make_lead,
    make_person,
    seat_at,
)
from tests.pages.test_team import held, page, team_at

DAY = timedelta(days=1)


def wizard(tier):
    return reverse("reports:team-book", args=[tier.pk])


def away(seat, *days, **told):
    today = timezone.localdate(timezone=MOSCOW)
    first, last = (today + day * DAY for day in days)
    return {"what": "away", "from": seat.pk, "first_day": first, "last_day": last, **told}


# Moving a book ---------------------------------------------------------------------------------------------------


def test_a_whole_book_moves_to_one_person(browse, sam, sue, lena):
    for _ in range(3):
        make_lead(sam, now=timezone.now())

    answer = browse(lena).post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": sue.pk})

    assert (answer.status_code, answer.url) == (303, f"{page(sam.tier)}#books")
    assert held(sam, sue) == [0, 3]


@pytest.mark.parametrize("strategy", Strategy)
def test_the_preview_tells_what_the_move_then_does(browse, pipeline, sam, sue, lena, strategy):
    now = timezone.now()
    Tier.objects.filter(pk=sam.tier_id).update(strategy=strategy)
    third = seat_at(pipeline, Stage.LEAD, make_person("tom"), capacity=3, weight=2)
    for _ in range(7):
        make_lead(sam, now=now)
    make_lead(sue, now=now)
    browser = browse(lena)

    plan = browser.get(wizard(sam.tier), {"from": sam.pk}).context["plan"]
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

    plan = browser.get(wizard(sam.tier), {"from": sam.pk}).context["plan"]
    browser.post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": ""})

    assert ([(share.name, share.more) for share in plan.shares], plan.pooled) == ([("Sue Search", 2)], 3)
    assert (held(sam, sue), Lead.objects.in_pool(sam.tier).count()) == ([0, 2], 3)
    assert set(Lead.objects.open().values_list("pk", flat=True)) == leads


def test_a_person_named_gets_what_there_is_room_for_and_the_page_says_why_the_rest_waits(browse, sam, sue, lena):
    for _ in range(3):
        make_lead(sam, now=timezone.now())
    Seat.objects.filter(pk=sue.pk).update(capacity=2)

    answer = browse(lena).get(wizard(sam.tier), {"from": sam.pk, "to": sue.pk})

    plan, text = answer.context["plan"], answer.content.decode()
    assert [(share.name, share.more, share.after, share.over) for share in plan.shares] == [("Sue Search", 2, 2, False)]
    assert (plan.pooled, plan.refused) == (1, [("Sue Search", "has no room")])
    assert "Sue Search has no room" in text


@pytest.mark.parametrize("what", ["left", "away", "relief", "nonsense", "\x00"])
def test_a_wizard_asked_for_nonsense_asks_for_a_person(browse, sam, sue, hal, lena, what):
    browser = browse(lena)

    for seat in (0, hal.pk, "x", 2**70):
        answer = browser.get(wizard(sam.tier), {"from": seat, "what": what, "to": hal.pk, "substitute": "y"})
        assert (answer.status_code, answer.context["row"]) == (200, None)
        assert "Choose a person first" in answer.content.decode()


def test_a_book_is_not_moved_to_where_it_lies(browse, sam, lena):
    make_lead(sam, now=timezone.now())

    answer = browse(lena).post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": sam.pk})

    assert (answer.status_code, held(sam)) == (422, [1])


def test_looking_changes_nothing(browse, sam, sue, lena):
    make_lead(sam, now=timezone.now())

    left = browse(lena).get(wizard(sam.tier), {"from": sam.pk, "what": "left"})
    gone = browse(lena).get(wizard(sam.tier), away(sam, 0, 1, substitute=sue.pk))

    assert "Close the seat and move 1 record" in left.content.decode()
    assert "Sue Search gets the clients of Sam Scout" in gone.content.decode()
    assert (held(sam, sue), BookMove.objects.count(), Absence.objects.count()) == ([1, 0], 0, 0)


def test_deals_and_accounts_of_one_seat_move_together(browse, db):
    now = timezone.now()
    pipeline = drawing.draw("Flowers", structure=Structure.ONE)
    mia, max_ = (seat_at(pipeline, Stage.LEAD, make_person(name)) for name in ("mia", "max"))
    make_lead(mia, now=now)
    make_deal(mia, mia, now=now)
    make_account(mia, mia, mia, now=now)
    chief = make_head(pipeline)

    browse(chief).post(reverse("reports:team-move", args=[mia.tier_id]), {"from": mia.pk, "to": max_.pk})

    team = team_at(mia.tier, chief, now)
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
    books.close_seat(sam.pk, by=lena.user, now=MONDAY)

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
    books.redistribute(sam.pk, cause=BookMove.Cause.RELIEVED, by=lena.user, now=now)

    assert answer.status_code == 303
    assert (held(sam, sue), Lead.objects.in_pool(sam.tier).count()) == ([0, 1], len(book))


def test_an_absence_with_a_substitute_is_written_down_in_one_step(browse, pipeline, sam, sue, lena):
    make_lead(sam, now=timezone.now())
    browser = browse(lena)
    form = browser.get(wizard(sam.tier), away(sam, 0, 1, substitute=sue.pk, reason="Sick")).context["form"]

    sent = {field.name: field.value() or "" for field in form}
    answer = browser.post(reverse("reports:team-away", args=[sam.tier_id, sam.pk]), sent, follow=True)

    absence = sam.absences.get()
    assert (absence.substitute, absence.reason, held(sam, sue)) == (sue, "Sick", [0, 1])
    text = answer.content.decode()
    assert "Sam Scout receives nothing new on these days; Sue Search looks after the clients." in text
    assert "substitute Sue Search" in text
    assert "comes back by itself" in text

    browser.post(reverse("reports:team-back", args=[sam.tier_id, absence.pk]))

    assert held(sam, sue) == [1, 0]


def test_an_absence_ahead_moves_nothing_yet_and_can_be_taken_back(browse, sam, sue, lena):
    make_lead(sam, now=timezone.now())
    browser = browse(lena)

    browser.post(reverse("reports:team-away", args=[sam.tier_id, sam.pk]), away(sam, 3, 4, substitute=sue.pk))
    told = browser.get(wizard(sam.tier), {"what": "away", "from": sam.pk}).content.decode()
    browser.post(reverse("reports:team-back", args=[sam.tier_id, sam.absences.get().pk]))

    assert "Substitute: Sue Search" in told
    assert (held(sam, sue), Absence.objects.count(), BookMove.objects.count()) == ([1, 0], 0, 0)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"last_day": -1}, "Choose today or a later day."),
        ({"first_day": 2, "last_day": 1}, "The last day must not come before the first."),
        ({"substitute": "hal"}, "The substitute must have an open seat at the same tier."),
        ({"substitute": "sue"}, "The substitute must have an open seat at the same tier."),
    ],
)
def test_an_absence_that_makes_no_sense_comes_back_with_its_form(request, browse, sue, hal, lena, told, words):
    today = timezone.localdate(timezone=MOSCOW)
    sent = {"first_day": today, "last_day": today}
    for name, value in told.items():
        sent[name] = today + value * DAY if isinstance(value, int) else request.getfixturevalue(value).pk

    answer = browse(lena).post(reverse("reports:team-away", args=[sue.tier_id, sue.pk]), sent)

    assert (answer.status_code, words in answer.content.decode()) == (422, True)
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


# Undo ------------------------------------------------------------------------------------------------------------


def test_a_move_is_undone_from_the_team_page_and_says_what_stayed(browse, pipeline, sam, sue, lena):
    now = timezone.now()
    leads = [make_lead(sam, now=now) for _ in range(3)]
    browser = browse(lena)
    browser.post(reverse("reports:team-move", args=[sam.tier_id]), {"from": sam.pk, "to": sue.pk})
    address = reverse("reports:team-undo", args=[sam.tier_id, BookMove.objects.get().pk])
    belt.release(Lead, leads[0].pk, by=sue.user, now=now)

    before = browser.get(page(sam.tier)).content.decode()
    after = browser.post(address, follow=True).content.decode()
    again = browser.post(address)

    assert (f'action="{address}"' in before, "has too much: 3 records" in before, "Sue Search 3" in before) == (
        True,
    ) * 3
    assert "2 records are back with Sam Scout. 1 has moved on since and stays." in after
    assert (f'action="{address}"' in after, held(sam, sue)) == (False, [2, 0])
    assert (again.status_code, "Lena Lead has undone this already." in again.content.decode()) == (409, True)


def test_an_old_move_offers_no_undo(browse, sam, sue, lena):
    long_ago = timezone.now() - 10 * DAY
    make_lead(sam, now=long_ago)
    move = books.redistribute(sam.pk, cause=BookMove.Cause.RELIEVED, by=lena.user, now=long_ago)
    browser, address = browse(lena), reverse("reports:team-undo", args=[sam.tier_id, move.pk])

    text = browser.get(page(sam.tier)).content.decode()
    answer = browser.post(address)

    assert ("has too much: 1 record" in text, address in text) == (True, False)
    assert (answer.status_code, "too long ago" in answer.content.decode(), held(sam, sue)) == (422, True, [0, 1])


def test_a_move_of_another_tier_is_not_there(browse, sam, hal, lena, olga):
    make_deal(sam, hal, now=timezone.now())
    move = books.redistribute(hal.pk, cause=BookMove.Cause.RELIEVED, by=olga, now=timezone.now())
    browser = browse(lena)

    answers = [
        browser.post(reverse("reports:team-undo", args=[tier, number])).status_code
        for tier, number in ((sam.tier_id, move.pk), (hal.tier_id, move.pk), (sam.tier_id, 2**70), (sam.tier_id, 0))
    ]

    assert (answers, BookMove.objects.get().ended_at) == ([404] * 4, None)


# A pause ---------------------------------------------------------------------------------------------------------


def test_a_team_lead_gives_somebody_a_pause_and_ends_it(browse, sam, lena):
    browser = browse(lena)

    paused = browser.post(reverse("reports:team-pause", args=[sam.tier_id, sam.pk]), {"length": "hour"}, follow=True)
    sam.refresh_from_db()
    until = sam.paused_until
    browser.post(reverse("reports:team-resume", args=[sam.tier_id, sam.pk]))

    sam.refresh_from_db()
    assert "Pause until" in paused.content.decode()
    assert (timedelta(minutes=59) < until - timezone.now() <= timedelta(hours=1), sam.paused_until) == (True, None)


@pytest.mark.parametrize("length", ["", "year", "\x00"])
def test_a_pause_of_no_known_length_is_refused(browse, sam, lena, length):
    answer = browse(lena).post(reverse("reports:team-pause", args=[sam.tier_id, sam.pk]), {"length": length})

    assert (answer.status_code, Seat.objects.get(pk=sam.pk).paused_until) == (422, None)
