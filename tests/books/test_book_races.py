"""Books that move while something else happens to them, on real PostgreSQL with a connection for each; and cut short."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from deals.models import Deal
from leads import actions as scouting
from leads.models import Lead
from pipeline_crm.conveyor import actions as belt
from pipeline_crm.conveyor import books, handoff, rota
from pipeline_crm.conveyor.books import Returned
from pipeline_crm.conveyor.models import BookMove, BookMoveItem
from pipeline_crm.outbox.models import Notice
from pipeline_crm.tiers.models import Reason, Seat
from pipeline_crm.tiers.stages import Stage
from pipeline_crm.timeline.models import Movement
from tests.cast import MONDAY, make_lead, make_offer, make_person, reason, seat_at, steer_to
from tests.laws.checker import broken
from tests.races.test_cut_short import TABLES, Axe, Killed, cut_everywhere
from tests.races.test_races import at_once, sentences

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
TODAY = MONDAY.date()
RELIEVED = BookMove.Cause.RELIEVED


@pytest.fixture(autouse=True)
def every_promise_holds_afterwards(transactional_db: Any) -> Any:
    """After each race, the checker finds nothing, and every move has its records once."""
    with time_machine.travel(MONDAY, tick=True):
        yield
    assert broken() == {}


def held(*seats: Seat) -> list[int]:
    return [Lead.objects.open().held_by(seat).count() for seat in seats]


def a_cover(sam: Seat, sue: Seat, lena: Seat, *, of: int = 3) -> BookMove:
    """Sue looks after Sam's clients until Tuesday."""
    for _ in range(of):
        make_lead(sam)
    rota.send_away(sam.pk, first_day=TODAY, last_day=TODAY + DAY, reason="", substitute=sue, by=lena.user, now=MONDAY)
    books.tend_covers(now=MONDAY)
    return BookMove.objects.get()


# Two at once -----------------------------------------------------------------------------------------------------


def test_two_move_one_book(pipeline, sam, sue, lena, olga):
    for _ in range(4):
        make_lead(sam)

    results = at_once(
        *(lambda by=by: books.redistribute(sam.pk, cause=RELIEVED, by=by, now=MONDAY) for by in (lena.user, olga))
    )

    assert sentences(results) == []
    assert sorted(move.items.count() for move in results) == [0, 4]
    assert held(sam, sue) == [0, 4]


def test_two_undo_one_move_and_one_is_told_who_was_first(pipeline, sam, sue, lena, olga):
    for _ in range(3):
        make_lead(sam)
    move = books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=MONDAY)

    results = at_once(*(lambda by=by: books.bring_back(move.pk, by=by, now=MONDAY) for by in (lena.user, olga)))

    (words,) = sentences(results)
    winner = BookMove.objects.get(pk=move.pk).ended_by
    assert words == f"{winner.name} has undone this already."
    assert Returned(back=3) in results
    assert Movement.objects.filter(cause="came_back").count() == 3
    assert held(sam, sue) == [3, 0]


def test_two_sweeps_begin_a_cover_once_and_end_it_once(pipeline, sam, sue, lena):
    for _ in range(3):
        make_lead(sam)
    rota.send_away(sam.pk, first_day=TODAY, last_day=TODAY, reason="", substitute=sue, by=lena.user, now=MONDAY)

    begun = at_once(*(lambda: books.tend_covers(now=MONDAY) for _ in range(3)))
    covered = held(sam, sue)
    ended = at_once(*(lambda: books.tend_covers(now=MONDAY + DAY) for _ in range(3)))

    assert sum(begun, Counter()) == Counter(covered=1)
    assert sum(ended, Counter()) == Counter(uncovered=1)
    assert (covered, held(sam, sue)) == ([0, 3], [3, 0])
    assert Counter(Notice.objects.filter(kind__startswith="cover").values_list("kind", "user__username")) == {
        ("cover_began", "sue"): 1,
        ("cover_ended", "sam"): 1,
        ("cover_ended", "sue"): 1,
    }


# Against somebody's act ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("_again", range(3))
def test_an_undo_against_an_answer_to_an_offer(pipeline, sam, hal, hana, olga, _again):
    deal = make_offer(sam)
    steer_to(deal, hal)
    move = books.redistribute(hal.pk, cause=RELIEVED, to=hana, by=olga, now=MONDAY)

    results = at_once(
        lambda: books.bring_back(move.pk, by=olga, now=MONDAY),
        lambda: handoff.accept(Deal, deal.pk, by=hana.user, now=MONDAY),
    )

    deal = Deal.objects.get(pk=deal.pk)
    assert results[0] == Returned(back=1)
    # Whoever came first: Hana accepted and the deal went back open, or it went back as an offer and she was too late.
    assert (deal.seat, deal.state, len(sentences(results))) in [(hal, "open", 0), (hal, "offered", 1)]


@pytest.mark.parametrize("_again", range(3))
def test_the_end_of_a_cover_against_the_substitutes_act(pipeline, sam, sue, lena, _again):
    a_cover(sam, sue, lena)
    mine = Lead.objects.filter(seat=sue).order_by("pk")
    first, second = mine[0], mine[1]
    why = reason(pipeline, Reason.Kind.DISQUALIFY)

    results = at_once(
        lambda: books.tend_covers(now=MONDAY + 2 * DAY),
        lambda: scouting.disqualify(first.pk, reason=why, by=sue.user, now=MONDAY + 2 * DAY),
        lambda: belt.release(Lead, second.pk, by=sue.user, now=MONDAY + 2 * DAY),
    )

    assert results[0] == Counter(uncovered=1)
    closed = Lead.objects.get(pk=first.pk).state == "disqualified"
    pooled = Lead.objects.get(pk=second.pk).seat is None
    assert held(sam, sue) == [3 - closed - pooled, 0]
    assert len(sentences(results)) == 2 - closed - pooled


def test_a_seat_that_is_closed_while_it_is_given_something_ends_empty(pipeline, sam, sue, lena):
    for _ in range(4):
        make_lead(sam)

    results = at_once(
        lambda: books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=MONDAY),
        lambda: books.close_seat(sue.pk, by=lena.user, now=MONDAY),
    )

    # Sue closed first: nobody is left to take them; Sue closed last: by rule they went to Sam again.
    assert sentences(results) == []
    assert (*held(sam, sue), Lead.objects.in_pool(sam.tier).count()) in [(0, 0, 4), (4, 0, 0)]


def test_books_that_cross_each_other_do_not_lock_each_other_out(pipeline, sam, sue, lena, olga):
    """Each is the other's only colleague: both books are locked before either is given out."""
    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"))
    for seat in (sam, sue) * 4:
        make_lead(seat)

    results = at_once(
        lambda: books.close_seat(sam.pk, by=lena.user, now=MONDAY),
        lambda: books.close_seat(sue.pk, by=olga, now=MONDAY),
        lambda: belt.take_next(Lead, tom.tier, by=tom.user, now=MONDAY),
    )

    assert [str(one) for one in results if isinstance(one, Exception) and "deadlock" in str(one)] == []
    assert held(sam, sue) == [0, 0]
    assert Lead.objects.open().count() == 8


# Cut short -------------------------------------------------------------------------------------------------------


BOOKS = ["conveyor_bookmove", "conveyor_bookmoveitem", "tiers_absence"]


@pytest.fixture
def all_tables(monkeypatch: Any) -> None:
    """What a book's act may write, the moves of books among it."""
    monkeypatch.setattr("tests.races.test_cut_short.TABLES", TABLES + BOOKS)


@pytest.mark.parametrize("name", ["redistribute", "close", "undo", "begin", "end"])
def test_an_act_on_a_book_cut_short_has_not_happened(pipeline, sam, sue, hal, lena, all_tables, name):
    for _ in range(2):
        make_lead(sam)
    acts = {
        "redistribute": lambda: books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=MONDAY),
        "close": lambda: books.close_seat(sam.pk, by=lena.user, now=MONDAY),
    }
    if name == "undo":
        move = books.redistribute(sam.pk, cause=RELIEVED, by=lena.user, now=MONDAY)
        acts[name] = lambda: books.bring_back(move.pk, by=lena.user, now=MONDAY)
    if name in ("begin", "end"):
        rota.send_away(sam.pk, first_day=TODAY, last_day=TODAY, reason="", substitute=sue, by=lena.user, now=MONDAY)
        acts["begin"] = lambda: books.tend_covers(now=MONDAY)
    if name == "end":
        acts["begin"]()
        acts["end"] = lambda: books.bring_back(BookMove.objects.get().pk, by=None, now=MONDAY + DAY)

    statements = cut_everywhere(acts[name])

    assert statements > 10
    assert BookMoveItem.objects.count() == 2


def test_a_sweep_killed_between_two_covers_leaves_the_other_for_the_next(pipeline, sam, sue, lena):
    from django.db import connection

    tom = seat_at(pipeline, Stage.LEAD, make_person("tom"))
    for seat in (sam, sue):
        make_lead(seat)
        rota.send_away(seat.pk, first_day=TODAY, last_day=TODAY, reason="", substitute=tom, by=lena.user, now=MONDAY)

    left = 0
    while BookMove.objects.count() < 1:
        left += 10
        with pytest.raises(Killed), connection.execute_wrapper(Axe(left)):
            books.tend_covers(now=MONDAY)
    between = held(sam, sue, tom)
    done = books.tend_covers(now=MONDAY)

    assert (between, done, held(sam, sue, tom)) == ([0, 1, 1], Counter(covered=1), [0, 0, 2])
