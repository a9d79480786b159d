"""Work is dealt out fairly, and the reasons can be told."""

import json
from collections import Counter
from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from pipeline_crm.conveyor.strategies import (
    STRATEGIES,
    Bars,
    Candidate,
    Case,
    Choice,
    SeatFacts,
    Skip,
    choose,
    least_loaded,
    narrow,
    pool,
    round_robin,
    weighted,
)

ROOMY = 10_000


def seat(seat_id: int, **facts) -> SeatFacts:
    return SeatFacts(**({"seat_id": seat_id, "open_items": 0, "capacity": ROOMY} | facts))


def deal_out(strategy: str, seats: list[SeatFacts], records: int, *, worth: list[int] | None = None) -> list[int]:
    """Runs the strategy as the belt does: each choice is written down before the next one."""
    by_id = {each.seat_id: each for each in seats}
    order = []
    for serial in range(1, records + 1):
        case = Case(worth=worth[serial - 1] if worth else 0, salt=serial)
        choice = choose(strategy, by_id.values(), case)
        if choice.seat_id is None:
            break
        order.append(choice.seat_id)
        was = by_id[choice.seat_id]
        by_id[choice.seat_id] = replace(
            was,
            open_items=was.open_items + 1,
            turn=serial,
            served=choice.served + 1,
            worth=choice.worth + case.worth,
        )
    return order


def test_round_robin_takes_whoever_waited_longest():
    assert round_robin([seat(1, turn=7), seat(2, turn=5), seat(3, turn=9)]).seat_id == 2


def test_a_newcomer_is_next_in_the_round():
    assert round_robin([seat(1, turn=7), seat(2, turn=0)]).seat_id == 2


def test_a_round_is_everybody_once_in_the_same_order():
    order = deal_out("round_robin", [seat(3), seat(1), seat(2)], 7)

    assert sorted(order[:3]) == [1, 2, 3]
    assert order[3:] == [*order[:3], order[0]]


@pytest.mark.parametrize("strategy", ["round_robin", "least_loaded", "weighted", "expected_value"])
def test_no_seat_is_favoured_when_nothing_else_decides(strategy):
    """Neither the oldest seat nor the first in a list: over many first records everybody is first about as often."""
    people = [seat(n) for n in range(1, 6)]
    firsts = Counter(choose(strategy, people, Case(salt=salt)).seat_id for salt in range(5_000))

    assert firsts.keys() == {1, 2, 3, 4, 5}
    assert max(firsts.values()) < 1_100
    assert min(firsts.values()) > 900


def test_somebody_who_was_away_catches_up_three_records_and_no_more():
    back, others = seat(1, served=10, turn=1), [seat(n, served=100, turn=n) for n in (2, 3)]
    order = deal_out("round_robin", [back, *others], 9)

    assert order[:3] == [1, 1, 1]
    assert Counter(order[3:]) == {1: 2, 2: 2, 3: 2}


def test_a_turn_given_back_is_made_good_at_once():
    assert choose("round_robin", [seat(1, served=4, turn=9), seat(2, served=5, turn=7)]).seat_id == 1


def test_a_newcomer_of_half_the_load_gets_half_the_share():
    weights = [seat(1, weight=2), seat(2, weight=2), seat(3, weight=1.0)]

    assert Counter(deal_out("weighted", weights, 50)) == {1: 20, 2: 20, 3: 10}


def test_money_goes_by_skill():
    """Somebody who closes twice as often gets twice the expected money, whatever the size of single records."""
    worth = [100 * (1 + n % 7) for n in range(700)]
    order = deal_out("expected_value", [seat(1, rate=0.6), seat(2, rate=0.3)], len(worth), worth=worth)
    money = Counter[int]()
    for seat_id, amount in zip(order, worth, strict=True):
        money[seat_id] += amount

    assert abs(money[1] / money[2] - 2) < 0.02


def test_records_without_an_amount_go_round_too():
    assert Counter(deal_out("expected_value", [seat(1), seat(2)], 10)) == {1: 5, 2: 5}


def test_least_loaded_looks_at_room_and_not_at_number():
    assert least_loaded([seat(1, open_items=5, capacity=10), seat(2, open_items=6, capacity=20)]).seat_id == 2


def test_equal_loads_take_turns():
    assert least_loaded([seat(1, turn=2), seat(2, turn=1)]).seat_id == 2


def test_weighted_takes_whoever_is_behind_their_share():
    assert weighted([seat(1, weight=50, served=5), seat(2, weight=50, served=4)]).seat_id == 2


def test_a_seat_without_weight_has_no_share():
    assert weighted([seat(1, weight=0), seat(2, weight=1, served=99)]).seat_id == 2
    assert weighted([seat(1, weight=0)]) is None


def test_a_pool_is_given_to_nobody():
    assert pool([seat(1)]) is None


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_with_nobody_there_it_goes_to_the_pool(strategy):
    assert choose(strategy, []) == Choice(None, strategy)


def test_an_unknown_strategy_is_an_error():
    with pytest.raises(KeyError):
        choose("the boss's nephew", [seat(1)])


@pytest.mark.parametrize(
    ("facts", "skip"),
    [
        ({}, None),
        ({"is_active": False}, Skip.INACTIVE),
        ({"is_open": False}, Skip.CLOSED),
        ({"absent": True}, Skip.ABSENT),
        ({"paused": True}, Skip.PAUSED),
        ({"off_shift": True}, Skip.OFF_SHIFT),
        ({"left_today": 0}, Skip.CAP),
        ({"left_today": 1}, None),
        ({"left_today": 0, "open_items": 5, "capacity": 5}, Skip.CAP),
        ({"open_items": 5, "capacity": 5}, Skip.FULL),
        ({"open_items": 6, "capacity": 5}, Skip.FULL),
        ({"open_items": 4, "capacity": 5}, None),
        ({"open_items": 0, "capacity": 0}, Skip.FULL),
        ({"is_active": False, "is_open": False, "absent": True}, Skip.INACTIVE),
    ],
)
def test_a_seat_is_passed_over_for_its_first_reason(facts, skip):
    assert seat(1, **facts).skip(Bars()) == skip


@pytest.mark.parametrize(
    ("bars", "facts", "skip"),
    [
        (Bars(barred={1}), {}, Skip.COOL_DOWN),
        (Bars(barred={2}), {}, None),
        (Bars(allowed={2}), {}, Skip.RULE),
        (Bars(allowed={1}), {}, None),
        (Bars(barred={1}, allowed={2}), {"open_items": 5, "capacity": 5}, Skip.RULE),
        (Bars(barred={1}), {"open_items": 5, "capacity": 5}, Skip.COOL_DOWN),
        (Bars(barred={1}), {"paused": True}, Skip.PAUSED),
    ],
)
def test_a_record_has_bars_of_its_own(bars, facts, skip):
    assert seat(1, **facts).skip(bars) == skip


def test_narrowing_loses_nobody():
    away, here, full = seat(3, absent=True), seat(1), seat(2, open_items=ROOMY)

    assert narrow([away, here, full]) == ((here,), {2: Skip.FULL, 3: Skip.ABSENT})


def test_a_choice_keeps_its_reasons_as_json():
    choice = choose("round_robin", [seat(1, turn=1), seat(2), seat(3, absent=True)])

    assert json.loads(json.dumps(choice.as_json())) == {
        "strategy": "round_robin",
        "seat": 2,
        "candidates": [1, 2],
        "skipped": {"3": "absent"},
    }


def test_every_reason_can_be_read():
    with translation.override("en"):
        assert {str(label) for label in Skip.labels} == {
            "no longer works here",
            "takes nothing new",
            "is away",
            "takes a pause",
            "is off shift",
            "is not in the rule",
            "has had enough for today",
            "let this record lie before",
            "has no room",
        }


facts = st.builds(
    SeatFacts,
    seat_id=st.integers(1, 10_000),
    open_items=st.integers(0, 60),
    capacity=st.integers(0, 60),
    weight=st.integers(0, 100),
    worth=st.integers(0, 10_000),
    rate=st.floats(0.01, 0.99),
    paused=st.booleans(),
    left_today=st.none() | st.integers(0, 3),
    turn=st.integers(0, 500),
    served=st.integers(0, 500),
    is_open=st.booleans(),
    is_active=st.booleans(),
    absent=st.booleans(),
    off_shift=st.booleans(),
)
desks = st.lists(facts, max_size=8, unique_by=lambda each: each.seat_id)


@given(st.sampled_from(sorted(STRATEGIES)), desks, st.randoms())
def test_nobody_unfit_is_chosen_and_the_order_of_reading_does_not_matter(strategy, desk, random):
    choice = choose(strategy, desk)
    shuffled = random.sample(desk, len(desk))

    assert choice.seat_id is None or choice.seat_id in choice.candidates
    assert set(choice.candidates) | set(choice.skipped) == {each.seat_id for each in desk}
    assert not set(choice.candidates) & set(choice.skipped)
    same = choose(strategy, shuffled)
    assert (same.seat_id, sorted(same.candidates), same.skipped) == (
        choice.seat_id,
        sorted(choice.candidates),
        choice.skipped,
    )


@given(st.integers(1, 12), st.integers(0, 100))
def test_a_round_is_fair_at_every_moment(people, records):
    order = deal_out("round_robin", [seat(n) for n in range(1, people + 1)], records)

    for stop in range(records + 1):
        dealt = Counter(order[:stop])
        counts = [dealt[n] for n in range(1, people + 1)]
        assert max(counts) - min(counts) <= 1


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 80))
def test_the_least_loaded_are_filled_evenly(capacities, records):
    seats = [seat(n, capacity=capacity) for n, capacity in enumerate(capacities, 1)]

    dealt = Counter(deal_out("least_loaded", seats, records))

    assert dealt.total() == min(records, sum(capacities))
    for n, capacity in enumerate(capacities, 1):
        # Nobody is more than one record ahead of the even level.
        assert dealt[n] <= capacity * records / sum(capacities) + 1
        assert dealt[n] <= capacity


def test_shares_of_fifty_thirty_twenty_hold_at_every_moment():
    weights = {1: 50, 2: 30, 3: 20}
    order = deal_out("weighted", [seat(n, weight=weight) for n, weight in weights.items()], 1_000)

    for stop in range(1_001):
        dealt = Counter(order[:stop])
        assert all(abs(dealt[n] - stop * weight / 100) <= 1 for n, weight in weights.items())
    assert Counter(order) == {1: 500, 2: 300, 3: 200}


@given(st.lists(st.integers(1, 100), min_size=1, max_size=6))
def test_shares_are_exact_after_a_whole_round(weights):
    seats = [seat(n, weight=weight) for n, weight in enumerate(weights, 1)]

    assert Counter(deal_out("weighted", seats, sum(weights))) == dict(enumerate(weights, 1))


def test_a_big_share_does_not_take_the_first_records_in_a_row():
    weights = [60, 10, 10, 10, 10]
    seats = [seat(n, weight=weight) for n, weight in enumerate(weights, 1)]

    order = deal_out("weighted", seats, 10)

    assert (order[:3], sorted(order[3:7]), order[7:]) == ([1, 1, 1], [2, 3, 4, 5], [1, 1, 1])


def test_a_strategy_that_always_takes_the_first_would_be_caught(monkeypatch):
    monkeypatch.setitem(STRATEGIES, "round_robin", lambda candidates, case: candidates[0])

    with pytest.raises(AssertionError):
        test_a_round_is_fair_at_every_moment.hypothesis.inner_test(people=3, records=3)


def test_a_candidate_is_a_fact_that_cannot_change():
    with pytest.raises(AttributeError):
        Candidate(1, 0, 1).served = 5  # type: ignore[misc]
