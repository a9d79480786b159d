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
    Candidate,
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


def deal_out(strategy: str, seats: list[SeatFacts], records: int) -> list[int]:
    """Runs the strategy as the belt does: each choice is written down before the next one."""
    by_id = {each.seat_id: each for each in seats}
    order = []
    for serial in range(1, records + 1):
        seat_id = choose(strategy, by_id.values()).seat_id
        if seat_id is None:
            break
        order.append(seat_id)
        was = by_id[seat_id]
        by_id[seat_id] = replace(was, open_items=was.open_items + 1, turn=serial, served=was.served + 1)
    return order


def test_round_robin_takes_whoever_waited_longest():
    assert round_robin([seat(1, turn=7), seat(2, turn=5), seat(3, turn=9)]).seat_id == 2


def test_a_newcomer_is_next_in_the_round():
    assert round_robin([seat(1, turn=7), seat(2, turn=0)]).seat_id == 2


def test_a_round_goes_in_order_of_seats():
    assert deal_out("round_robin", [seat(3), seat(1), seat(2)], 7) == [1, 2, 3, 1, 2, 3, 1]


def test_least_loaded_looks_at_room_and_not_at_number():
    assert least_loaded([seat(1, open_items=5, capacity=10), seat(2, open_items=6, capacity=20)]).seat_id == 2


def test_equal_loads_take_turns():
    assert least_loaded([seat(1, turn=2), seat(2, turn=1)]).seat_id == 2
    assert least_loaded([seat(2, turn=1), seat(1, turn=1)]).seat_id == 1


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
        ({"off_shift": True}, Skip.OFF_SHIFT),
        ({"barred": True}, Skip.COOL_DOWN),
        ({"open_items": 5, "capacity": 5}, Skip.FULL),
        ({"open_items": 6, "capacity": 5}, Skip.FULL),
        ({"open_items": 4, "capacity": 5}, None),
        ({"open_items": 0, "capacity": 0}, Skip.FULL),
        ({"is_active": False, "is_open": False, "absent": True, "barred": True}, Skip.INACTIVE),
        ({"barred": True, "open_items": 5, "capacity": 5}, Skip.COOL_DOWN),
    ],
)
def test_a_seat_is_passed_over_for_its_first_reason(facts, skip):
    assert seat(1, **facts).skip == skip


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
            "is off shift",
            "let this record lie before",
            "has no room",
        }


facts = st.builds(
    SeatFacts,
    seat_id=st.integers(1, 10_000),
    open_items=st.integers(0, 60),
    capacity=st.integers(0, 60),
    weight=st.integers(0, 100),
    turn=st.integers(0, 500),
    served=st.integers(0, 500),
    is_open=st.booleans(),
    is_active=st.booleans(),
    absent=st.booleans(),
    barred=st.booleans(),
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
    assert choose(strategy, shuffled) == choice


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

    assert deal_out("weighted", seats, 10) == [1, 1, 1, 2, 3, 4, 5, 1, 1, 1]


def test_a_strategy_that_always_takes_the_first_would_be_caught(monkeypatch):
    monkeypatch.setitem(STRATEGIES, "round_robin", lambda candidates: candidates[0])

    with pytest.raises(AssertionError):
        test_a_round_is_fair_at_every_moment.hypothesis.inner_test(people=3, records=3)


def test_a_candidate_is_a_fact_that_cannot_change():
    with pytest.raises(AttributeError):
        Candidate(1, 0, 1).served = 5  # type: ignore[misc]
