"""Who is away has a substitute: the clients go over when the absence begins and come back by themselves when it ends."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, rota
from pipeline_crm.conveyor.errors import Refused
from pipeline_crm.conveyor.models import BookMove
from pipeline_crm.conveyor.strategies import Skip
from pipeline_crm.conveyor.sweep import sweep
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Absence, Seat, Tier
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Movement
from tests.cast import MONDAY, make_enquiry, make_lead, make_person, seat_at
from tests.laws.checker import broken

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = MONDAY.date()


@pytest.fixture(autouse=True)
def every_promise_holds_afterwards(db):
    """After each act, the checker finds nothing."""
    with time_machine.travel(MONDAY, tick=False):
        yield
    assert broken() == {}


@pytest.fixture
def tom(pipeline):
    """The third scout."""
    return seat_at(pipeline, Stage.LEAD, make_person("tom", "Tom Third"))


def held(*seats):
    return [Lead.objects.open().held_by(seat).count() for seat in seats]


def away(seat, substitute, *, by, first=0, last=1, now=MONDAY):
    return rota.send_away(
        seat.pk,
        first_day=TODAY + first * DAY,
        last_day=TODAY + last * DAY,
        reason="",
        substitute=substitute,
        by=by.user,
        now=now,
    )


# It begins -------------------------------------------------------------------------------------------------------


def test_the_substitute_gets_the_clients_when_the_first_day_begins(pipeline, sam, sue, tom, lena):
    leads = [make_lead(sam) for _ in range(3)]
    absence = away(sam, sue, by=lena, first=1, last=2)

    before = books.tend_covers(now=MONDAY.replace(hour=23))
    begun = books.tend_covers(now=MONDAY.replace(hour=0) + DAY)

    assert (before, begun, held(sam, sue, tom)) == (Counter(), Counter(covered=1), [0, 3, 0])
    move = BookMove.objects.get()
    assert (move.cause, move.absence, move.by) == ("absent", absence, None)
    moves = Movement.objects.filter(cause="covered", by=None)
    assert sorted(moves.values_list("record_id", flat=True)) == [lead.pk for lead in leads]
    assert set(moves.values_list("why__strategy", flat=True)) == {"substitute"}


def test_a_cover_begins_once_however_often_the_sweep_comes(pipeline, sam, sue, lena):
    make_lead(sam)
    away(sam, sue, by=lena)
    Notice.objects.all().delete()

    done = [books.tend_covers(now=MONDAY + n * HOUR) for n in range(3)]

    assert done == [Counter(covered=1), Counter(), Counter()]
    assert list(Notice.objects.values_list("kind", "user__username")) == [("cover_began", "sue")]


def test_what_the_substitute_has_no_room_for_goes_to_the_others_by_rule(pipeline, sam, sue, tom, lena):
    Seat.objects.filter(pk=sue.pk).update(capacity=2)
    for _ in range(5):
        make_lead(sam)
    away(sam, sue, by=lena)

    books.tend_covers(now=MONDAY)
    covered = held(sam, sue, tom)
    books.tend_covers(now=MONDAY + 2 * DAY)

    assert (covered, held(sam, sue, tom)) == ([0, 2, 3], [5, 0, 0])


def test_what_nobody_at_night_has_room_for_waits_for_the_first_who_begins_and_comes_back_too(
    pipeline, sam, sue, tom, lena
):
    Tier.objects.filter(pk=sam.tier_id).update(off_hours=False, pool_minutes=1)
    Seat.objects.filter(pk=sue.pk).update(capacity=1)
    for _ in range(2):
        make_lead(sam)
    away(sam, sue, by=lena, first=1, last=2)
    midnight = MONDAY.replace(hour=0) + DAY
    at = [midnight, midnight + 8 * HOUR, midnight + 9 * HOUR + timedelta(minutes=2), midnight + 2 * DAY]

    done = [(sweep(now=moment), held(sam, sue, tom)) for moment in at]

    assert done == [
        ({"covered": 1}, [0, 1, 0]),
        ({}, [0, 1, 0]),
        ({"assigned": 1}, [0, 1, 1]),
        ({"uncovered": 1}, [2, 0, 0]),
    ]


@pytest.mark.parametrize("why", ["absent", "closed", "dismissed"])
def test_a_substitute_who_cannot_take_them_is_passed_over(pipeline, sam, sue, tom, lena, why):
    make_lead(sam)
    away(sam, sue, by=lena)
    if why == "absent":
        away(sue, None, by=lena)
    elif why == "closed":
        books.close_seat(sue.pk, by=lena.user, now=MONDAY)
    else:
        sue.user.is_active = False
        sue.user.save()

    books.tend_covers(now=MONDAY)

    assert held(sam, sue, tom) == [0, 0, 1]


def test_without_a_substitute_the_clients_wait(pipeline, sam, sue, lena):
    make_lead(sam)
    away(sam, None, by=lena)

    assert (books.tend_covers(now=MONDAY), held(sam, sue)) == (Counter(), [1, 0])


def test_who_is_away_gets_nothing_new(pipeline, sam, sue, lena):
    away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)

    for _ in range(3):
        scouting.capture(pipeline, make_enquiry(), by=None, now=MONDAY)

    assert held(sam, sue) == [0, 3]


def test_a_new_client_of_the_substitute_stays_with_them(pipeline, sam, sue, lena):
    make_lead(sam)
    away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)
    make_lead(sue)

    books.tend_covers(now=MONDAY + 2 * DAY)

    assert held(sam, sue) == [1, 1]


# It ends ---------------------------------------------------------------------------------------------------------


def test_they_come_back_by_themselves_when_the_last_day_is_over(pipeline, sam, sue, lena):
    for _ in range(3):
        make_lead(sam)
    away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)
    Notice.objects.all().delete()

    still = books.tend_covers(now=MONDAY.replace(hour=23) + DAY)
    ended = [books.tend_covers(now=MONDAY.replace(hour=0) + 2 * DAY) for _ in range(2)]

    assert (still, ended, held(sam, sue)) == (Counter(), [Counter(uncovered=1), Counter()], [3, 0])
    assert set(Movement.objects.filter(cause="came_back").values_list("by", "why__strategy")) == {(None, "came_back")}
    assert sorted(Notice.objects.values_list("kind", "user__username")) == [
        ("cover_ended", "sam"),
        ("cover_ended", "sue"),
    ]


@pytest.mark.parametrize("begun", [0, 1])
def test_who_is_called_back_has_their_clients_again(pipeline, sam, sue, lena, begun):
    """On the first day the absence never was and is deleted; later it ends yesterday."""
    make_lead(sam)
    absence = away(sam, sue, by=lena, last=5)
    books.tend_covers(now=MONDAY)

    rota.call_back(absence.pk, by=lena.user, now=MONDAY + begun * DAY)
    done = books.tend_covers(now=MONDAY + begun * DAY)

    assert (done, held(sam, sue)) == (Counter(uncovered=1), [1, 0])


def test_a_longer_absence_ends_later(pipeline, sam, sue, lena):
    make_lead(sam)
    absence = away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)
    Absence.objects.filter(pk=absence.pk).update(last_day=TODAY + 3 * DAY)

    assert (books.tend_covers(now=MONDAY + 2 * DAY), held(sam, sue)) == (Counter(), [0, 1])


def test_what_was_passed_on_or_closed_meanwhile_stays(pipeline, sam, sue, tom, lena):
    first, second, _third = (make_lead(sam) for _ in range(3))
    away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)
    belt.reassign(Lead, first.pk, to=tom, by=lena.user, now=MONDAY)
    why = pipeline.reasons.filter(kind="disqualify")[0]
    scouting.disqualify(second.pk, reason=why, by=sue.user, now=MONDAY)

    books.tend_covers(now=MONDAY + 2 * DAY)

    assert held(sam, sue, tom) == [1, 0, 1]


def test_who_left_meanwhile_gets_nothing_back_and_the_clients_go_on_by_rule(pipeline, sam, sue, tom, lena):
    for _ in range(4):
        make_lead(sam)
    away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)
    books.close_seat(sam.pk, by=lena.user, now=MONDAY)

    done = books.tend_covers(now=MONDAY + 2 * DAY)

    assert (done, held(sam, sue, tom)) == (Counter(uncovered=1), [0, 2, 2])


def test_an_undone_cover_does_not_begin_again(pipeline, sam, sue, lena):
    make_lead(sam)
    away(sam, sue, by=lena, last=5)
    books.tend_covers(now=MONDAY)

    books.bring_back(BookMove.objects.get().pk, by=lena.user, now=MONDAY + DAY)

    assert (books.tend_covers(now=MONDAY + DAY), held(sam, sue)) == (Counter(), [1, 0])
    with pytest.raises(Refused, match="Lena Lead has undone this"):
        books.bring_back(BookMove.objects.get().pk, by=lena.user, now=MONDAY + DAY)


# One cover upon another ------------------------------------------------------------------------------------------


def test_the_clients_of_two_who_are_away_find_their_way_home(pipeline, sam, sue, tom, lena):
    """Sue looks after Sam's clients, falls ill herself, and Tom looks after all of them."""
    make_lead(sam)
    make_lead(sue)
    away(sam, sue, by=lena, last=3)
    books.tend_covers(now=MONDAY)
    away(sue, tom, by=lena, last=1)
    books.tend_covers(now=MONDAY)
    both_away = held(sam, sue, tom)

    books.tend_covers(now=MONDAY + 2 * DAY)
    sue_is_back = held(sam, sue, tom)
    books.tend_covers(now=MONDAY + 4 * DAY)

    assert (both_away, sue_is_back, held(sam, sue, tom)) == ([0, 0, 2], [0, 2, 0], [1, 1, 0])


def test_a_substitute_who_leaves_passes_them_on_and_they_still_come_back(pipeline, sam, sue, tom, lena):
    make_lead(sam)
    away(sam, sue, by=lena)
    books.tend_covers(now=MONDAY)

    books.close_seat(sue.pk, by=lena.user, now=MONDAY)
    passed_on = held(sam, sue, tom)
    books.tend_covers(now=MONDAY + 2 * DAY)

    assert (passed_on, held(sam, sue, tom)) == ([0, 0, 1], [1, 0, 0])


# Who may stand in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["sam", "hal", "shut"])
def test_only_a_colleague_at_an_open_seat_may_be_the_substitute(request, pipeline, sam, hal, lena, who):
    shut = seat_at(pipeline, Stage.LEAD, make_person("shut"), is_open=False)
    substitute = shut if who == "shut" else request.getfixturevalue(who)

    with pytest.raises(Refused):
        away(sam, substitute, by=lena)

    assert not Absence.objects.exists()


def test_a_cover_that_cannot_be_helped_does_not_hold_up_the_others(pipeline, sam, sue, tom, lena):
    for seat in (sam, sue):
        make_lead(seat)
        away(seat, tom, by=lena)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'out of order'; END $$;"
            "CREATE TRIGGER refuses BEFORE INSERT ON conveyor_bookmove FOR EACH ROW"
            f" WHEN (NEW.seat_id = {int(sam.pk)}) EXECUTE FUNCTION refuse()"
        )

    assert books.tend_covers(now=MONDAY) == Counter(failed=1, covered=1)
    assert held(sam, sue, tom) == [1, 0, 1]


# A pause ---------------------------------------------------------------------------------------------------------


def test_a_pause_keeps_new_records_away_and_leaves_those_that_are_held(pipeline, sam, sue, lena):
    make_lead(sam)
    rota.pause(sam.pk, until=MONDAY + HOUR, by=sam.user, now=MONDAY)

    got = [scouting.capture(pipeline, make_enquiry(), by=None, now=MONDAY) for _ in range(2)]
    after = [scouting.capture(pipeline, make_enquiry(), by=None, now=MONDAY + 2 * HOUR) for _ in range(2)]

    assert [one.item.seat for one in got] == [sue, sue]
    assert sam in [one.item.seat for one in after]
    assert Movement.objects.get(record_id=got[0].item.pk).why["skipped"][str(sam.pk)] == Skip.PAUSED


def test_a_pause_ends_when_its_person_says_so(pipeline, sam):
    rota.pause(sam.pk, until=MONDAY + HOUR, by=sam.user, now=MONDAY)

    for _ in range(2):
        rota.resume(sam.pk, by=sam.user)

    assert Seat.objects.get(pk=sam.pk).paused_until is None
    assert scouting.capture(pipeline, make_enquiry(), by=None, now=MONDAY).item.seat == sam


@pytest.mark.parametrize("until", [timedelta(0), -HOUR, 2 * DAY])
def test_a_pause_is_short(sam, until):
    with pytest.raises(Refused, match="A pause ends today"):
        rota.pause(sam.pk, until=MONDAY + until, by=sam.user, now=MONDAY)
