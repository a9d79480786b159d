"""A whole book in other hands: each record by the rule and with its own why, all of them or none, and back again."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.http import Http404
from guardian.shortcuts import assign_perm

from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, handoff, rota
from pipeline_crm.conveyor.books import Returned
from pipeline_crm.conveyor.errors import Refused, Taken
from pipeline_crm.conveyor.models import BookMove, BookMoveItem, HandOff
from pipeline_crm.conveyor.sharing import preview
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers import actions as drawing
from pipeline_crm.tiers.models import Reason, Seat, Strategy, Tier
from pipeline_crm.tiers.stages import Stage, Structure
from pipeline_crm.timeline.models import Movement, Task
from tests.cast import (
    MONDAY,
    make_account,
    make_contacted,
    make_deal,
    make_head,
    make_lead,
    make_offer,
    make_person,
    reason,
    seat_at,
    steer_to,
)
from tests.laws.checker import broken

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATER = MONDAY + HOUR
RELIEVED = BookMove.Cause.RELIEVED


@pytest.fixture(autouse=True)
def every_promise_holds_afterwards(db):
    """After each act, the checker finds nothing."""
    with time_machine.travel(MONDAY, tick=False):
        yield
    assert broken() == {}


def held(*seats):
    return [Lead.objects.open().held_by(seat).count() for seat in seats]


def told(kind):
    return Counter(Notice.objects.filter(kind=kind).values_list("user__username", flat=True))


# Giving it to others ---------------------------------------------------------------------------------------------


def test_a_book_goes_by_rule_each_record_with_its_own_movement_and_why(pipeline, sam, sue, lena):
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"))
    leads = [make_lead(sam) for _ in range(4)]

    move = books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=LATER)

    assert held(sam, sue, tom) == [0, 2, 2]
    items = {item.record_id: item.to_seat_id for item in move.items.all()}
    assert items == {lead.pk: Lead.objects.get(pk=lead.pk).seat_id for lead in leads}
    moves = Movement.objects.filter(at=LATER, by=lena.user, cause="moved_by_lead", from_seat=sam)
    assert sorted(moves.values_list("record_id", flat=True)) == sorted(items)
    assert {(one.why["strategy"], one.why["seat"] == one.to_seat_id) for one in moves} == {(sam.tier.strategy, True)}
    assert {one.why["skipped"][str(sam.pk)] for one in moves} == {"cool_down"}


def test_each_receiver_hears_of_the_whole_book_once(pipeline, sam, sue, lena):
    for _ in range(3):
        make_lead(sam)
    Notice.objects.all().delete()

    books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=LATER)

    assert list(Notice.objects.values_list("kind", "user__username", "record_id")) == [("book_moved", "sue", None)]


def test_capacity_holds_and_what_nobody_can_take_goes_into_the_pool(pipeline, sam, sue, lena):
    leads = {make_lead(sam).pk for _ in range(5)}
    Seat.objects.filter(pk=sue.pk).update(capacity=2)

    move = books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=LATER)

    assert (held(sam, sue), Lead.objects.in_pool(sam.tier).count()) == ([0, 2], 3)
    assert Counter(move.items.values_list("to_seat", flat=True)) == {sue.pk: 2, None: 3}
    assert set(Lead.objects.open().values_list("pk", flat=True)) == leads


def test_one_person_receives_as_far_as_there_is_room_the_rest_goes_by_rule(pipeline, sam, sue, lena):
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"), capacity=2)
    for _ in range(5):
        make_lead(sam)

    books.redistribute(sam.pk, cause=RELIEVED, to=tom, by=lena.user, now=LATER)

    assert held(sam, sue, tom) == [0, 3, 2]
    assert Counter(Movement.objects.filter(at=LATER).values_list("why__strategy", flat=True)) == {
        "by_hand": 2,
        sam.tier.strategy: 3,
    }


def test_a_pause_and_a_shift_do_not_count_against_whom_a_person_names(pipeline, sam, sue, lena):
    night = MONDAY.replace(hour=22)
    make_lead(sam)
    Tier.objects.filter(pk=sam.tier_id).update(off_hours=False)
    rota.pause(sue.pk, until=night + HOUR, by=lena.user, now=night)

    books.redistribute(sam.pk, cause=RELIEVED, to=sue, by=lena.user, now=night)

    assert held(sam, sue) == [0, 1]


def test_every_stage_that_a_seat_holds_goes_along(db):
    pipeline = drawing.draw("Flowers", structure=Structure.ONE)
    chief = make_head(pipeline)
    mia, max_ = (seat_at(pipeline, Stage.LEAD, make_person(name)) for name in ("mia", "max"))
    make_lead(mia)
    make_deal(mia, mia)
    make_account(mia, mia, mia)

    seen = preview(mia, now=LATER)
    move = books.redistribute(mia.pk, cause=RELIEVED, by=chief, now=LATER)

    stages = {"lead": 1, "deal": 1, "account": 1}
    assert seen.stages == stages
    assert [(one.seat.pk, one.stages) for one in seen.portions] == [(max_.pk, stages)]
    assert Counter(move.items.filter(to_seat=max_).values_list("stage", flat=True)) == stages


def test_closed_records_and_their_tasks_stay_open_tasks_go_along(pipeline, sam, sue, lena):
    mine, junk = make_contacted(sam), make_contacted(sam)
    task = belt.set_task(Lead, mine.pk, title="Call", due_at=MONDAY + DAY, by=sam.user, now=MONDAY)
    why = reason(pipeline, Reason.Kind.DISQUALIFY)
    scouting.disqualify(junk.pk, reason=why, by=sam.user, now=MONDAY)

    move = books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=LATER)

    assert [item.record_id for item in move.items.all()] == [mine.pk]
    assert Lead.objects.get(pk=junk.pk).seat == sam
    assert Task.objects.get(pk=task.pk).record_id == mine.pk


def test_an_offer_moves_with_its_brief(pipeline, sam, hal, hana, olga):
    deal = make_offer(sam)
    giver = Deal.objects.get(pk=deal.pk).seat
    taker = hana if giver == hal else hal

    books.redistribute(giver.pk, cause=RELIEVED, by=olga, now=LATER)

    assert Deal.objects.get(pk=deal.pk).seat == taker
    assert list(HandOff.objects.order_by("id").values_list("state", "receiver")) == [
        ("expired", giver.pk),
        ("offered", taker.pk),
    ]


def test_who_let_a_client_lie_before_does_not_get_it_back(pipeline, sam, sue, lena):
    lead = make_lead(sue)
    belt.release(Lead, lead.pk, by=sue.user, now=MONDAY)
    belt.claim(Lead, lead.pk, by=sam.user, now=MONDAY)

    seen = preview(sam, now=LATER)
    books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=LATER)

    assert ([one.seat for one in seen.portions], seen.refusals[sue.pk]) == ([None], "cool_down")
    assert Lead.objects.get(pk=lead.pk).seat is None


@pytest.mark.parametrize(("to", "words"), [("sam", "Choose two different people"), ("hal", "at another tier")])
def test_a_book_is_not_moved_to_where_it_makes_no_sense(request, sam, hal, lena, to, words):
    make_lead(sam)

    with pytest.raises(Refused, match=words):
        books.redistribute(sam.pk, cause=RELIEVED, to=request.getfixturevalue(to), by=lena.user, now=LATER)

    assert (held(sam), BookMove.objects.count()) == ([1], 0)


def test_nobody_but_those_in_charge_moves_a_book(pipeline, sam, sue, lena, hal, stan):
    leo = seat_at(pipeline, Stage.DEAL, make_person("leo"), role=Seat.Role.LEAD)
    make_lead(sam)

    for seat in (sam, sue, hal, stan, leo):
        with pytest.raises(Http404):
            books.redistribute(sam.pk, cause=RELIEVED, by=seat.user, now=LATER)
        with pytest.raises(Http404):
            books.close_seat(sam.pk, by=seat.user, now=LATER)

    assert held(sam) == [1]


# Looking at it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("strategy", Strategy)
@pytest.mark.parametrize("named", [False, True])
def test_the_preview_tells_what_the_act_then_does_and_writes_nothing(pipeline, sam, sue, lena, strategy, named):
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"), capacity=3, weight=2)
    for _ in range(7):
        make_lead(sam)
    make_lead(sue)
    Tier.objects.filter(pk=sam.tier_id).update(strategy=strategy)
    before = (Movement.objects.count(), BookMove.objects.count(), held(sam, sue, tom))

    seen = preview(sam, to=tom if named else None, now=LATER)
    assert (Movement.objects.count(), BookMove.objects.count(), held(sam, sue, tom)) == before
    move = books.redistribute(sam.pk, cause=RELIEVED, to=tom if named else None, by=lena.user, now=LATER)

    gets = {one.seat.pk if one.seat else None: one.more for one in seen.portions}
    assert gets == Counter(move.items.values_list("to_seat", flat=True))
    assert seen.stages.total() == move.items.count() == 7


def test_the_preview_says_why_the_rest_goes_into_the_pool(pipeline, sam, sue, lena):
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"), capacity=1)
    today = MONDAY.date()
    rota.send_away(sue.pk, first_day=today, last_day=today, reason="", by=lena.user, now=MONDAY)
    for _ in range(2):
        make_lead(sam)

    seen = preview(sam, now=LATER)

    assert [(one.seat and one.seat.pk, one.more) for one in seen.portions] == [(tom.pk, 1), (None, 1)]
    assert seen.refusals == {sue.pk: "absent", tom.pk: "full", lena.pk: "full"}


# Closing a seat --------------------------------------------------------------------------------------------------


def test_a_closed_seat_holds_nothing_and_receives_nothing(pipeline, sam, sue, lena):
    for _ in range(2):
        make_lead(sam)

    move = books.close_seat(sam.pk, by=lena.user, now=LATER)

    assert (move.cause, held(sam, sue), Seat.objects.get(pk=sam.pk).is_open) == ("left", [0, 2], False)
    assert set(Movement.objects.filter(at=LATER).values_list("cause", flat=True)) == {"seat_closed"}


def test_a_team_lead_cannot_close_their_own_seat_but_their_head_can(lena, olga):
    with pytest.raises(Refused):
        books.close_seat(lena.pk, by=lena.user, now=LATER)

    books.close_seat(lena.pk, by=olga, now=LATER)

    assert not Seat.objects.get(pk=lena.pk).is_open


# And back --------------------------------------------------------------------------------------------------------


@pytest.fixture
def moved(pipeline, sam, sue, lena):
    """A book of four that went to Sue, two, and into the pool, two."""
    Seat.objects.filter(pk=sue.pk).update(capacity=2)
    for _ in range(4):
        make_lead(sam)
    return books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=LATER)


def items_of(move, seat):
    return [item.record_id for item in move.items.filter(to_seat=seat).order_by("record_id")]


def test_an_undo_gives_everything_back_even_from_the_pool(moved, sam, sue, lena):
    Notice.objects.all().delete()

    done = books.bring_back(moved.pk, by=lena.user, now=LATER + HOUR)

    moved.refresh_from_db()
    assert (done, held(sam, sue)) == (Returned(back=4), [4, 0])
    assert (moved.ended_at, moved.ended_by) == (LATER + HOUR, lena.user)
    assert set(Movement.objects.filter(at=LATER + HOUR).values_list("cause", "by")) == {("came_back", lena.user_id)}
    assert told("cover_ended") == {"sam": 1, "sue": 1}


def test_what_has_moved_on_since_is_left_and_counted(moved, pipeline, sam, sue, lena):
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"))
    first, second = items_of(moved, sue)
    pooled, _other = items_of(moved, None)
    belt.reassign(Lead, first, to=tom, by=lena.user, now=LATER)
    why = reason(pipeline, Reason.Kind.DISQUALIFY)
    scouting.disqualify(second, reason=why, by=sue.user, now=LATER)
    belt.claim(Lead, pooled, by=tom.user, now=LATER)

    done = books.bring_back(moved.pk, by=lena.user, now=LATER + HOUR)

    assert (done, held(sam, sue, tom)) == (Returned(back=1, moved_on=3), [1, 0, 2])


def test_an_undo_twice_is_the_same_as_once(moved, sam, lena):
    books.bring_back(moved.pk, by=lena.user, now=LATER + HOUR)
    movements = Movement.objects.count()

    with pytest.raises(Taken, match="Lena Lead has undone this already"):
        books.bring_back(moved.pk, by=lena.user, now=LATER + 2 * HOUR)

    assert (Movement.objects.count(), held(sam)) == (movements, [4])


def test_nothing_goes_back_to_a_closed_seat_until_it_is_open_again(pipeline, sam, sue, lena):
    make_lead(sam)
    move = books.close_seat(sam.pk, by=lena.user, now=LATER)

    with pytest.raises(Refused, match="The seat of Sam Scout is closed"):
        books.bring_back(move.pk, by=lena.user, now=LATER)
    rota.open_seat(sam.pk, by=lena.user)
    books.bring_back(move.pk, by=lena.user, now=LATER)

    assert held(sam, sue) == [1, 0]


def test_the_owner_gets_back_no_more_than_they_may_hold_or_held_then(moved, pipeline, sam, sue, lena):
    Seat.objects.filter(pk=sam.pk).update(capacity=3)
    for _ in range(3):
        make_lead(sam)

    done = books.bring_back(moved.pk, by=lena.user, now=LATER + HOUR)

    assert (done, held(sam)) == (Returned(back=1, no_room=3), [4])


def test_an_offer_comes_back_as_an_offer_and_an_accepted_one_as_theirs(pipeline, sam, hal, hana, olga):
    deals = [make_offer(sam) for _ in range(2)]
    for deal in deals:
        steer_to(deal, hal)
    move = books.redistribute(hal.pk, cause=RELIEVED, to=hana, by=olga, now=LATER)
    handoff.accept(Deal, deals[0].pk, by=hana.user, now=LATER)

    done = books.bring_back(move.pk, by=olga, now=LATER + HOUR)

    assert done == Returned(back=2)
    assert [(deal.seat, deal.state) for deal in Deal.objects.order_by("pk")] == [(hal, "open"), (hal, "offered")]
    assert HandOff.objects.get(state="offered").receiver == hal


@pytest.mark.parametrize(("after", "may"), [(DAY, True), (2 * DAY, False)])
def test_an_undo_is_offered_until_the_next_working_day_ends(moved, sam, lena, after, may):
    now = MONDAY.replace(hour=23) + after

    if may:
        books.bring_back(moved.pk, by=lena.user, now=now)
    else:
        with pytest.raises(Refused, match="too long ago"):
            books.bring_back(moved.pk, by=lena.user, now=now)

    assert held(sam) == [4 if may else 0]


def test_over_a_weekend_an_undo_waits_for_monday(pipeline, sam, lena):
    friday = MONDAY + 4 * DAY
    make_lead(sam, now=friday)

    move = books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=friday)

    assert books.undo_until(move) == MONDAY.replace(hour=0) + 8 * DAY


def test_only_those_in_charge_undo(moved, pipeline, sam, sue, hal, stan):
    leo = seat_at(pipeline, Stage.DEAL, make_person("leo"), role=Seat.Role.LEAD)
    otto = make_person("otto")
    assign_perm("tiers.head_pipeline", otto, stan.tier.pipeline)

    for user in (sam.user, sue.user, hal.user, leo.user, stan.user, otto):
        with pytest.raises(Http404):
            books.bring_back(moved.pk, by=user, now=LATER)

    assert BookMoveItem.objects.filter(move=moved, move__ended_at=None).count() == 4
