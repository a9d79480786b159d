"""When does somebody read more than their work asks for? Pure functions on counts of days.

A day is held against the person's own days and against those of their peers, by medians, which one wild day does not move,
and against floors below which nobody is asked anything. Clients that were newly given to somebody may be read, however
many they are. Numbers here are people's acts of one day unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

Measure = Literal["reveals", "clients", "searches", "exported", "misses", "walk", "night"]


@dataclass(frozen=True, slots=True)
class Day:
    """What one person did on one day."""

    reveals: int = 0  # contacts shown in full
    clients: int = 0  # different clients read
    searches: int = 0
    exported: int = 0  # rows of files fetched
    misses: int = 0  # records that were not theirs to open
    walk: int = 0  # records tried by numbers one after the other, the longest run
    night: int = 0  # cards, reveals and exports outside of anybody's hours
    given: int = 0  # clients that came to them


@dataclass(frozen=True, slots=True)
class Bound:
    """What is nothing to ask about: so many on a day, so many times the usual, and a number that always is one."""

    floor: int
    times: float
    ceiling: int


BOUNDS: dict[Measure, Bound] = {
    "reveals": Bound(floor=28, times=2.6, ceiling=120),
    "clients": Bound(floor=80, times=2.7, ceiling=400),
    "searches": Bound(floor=80, times=3.5, ceiling=400),
    "exported": Bound(floor=200, times=3.0, ceiling=5_000),
    "misses": Bound(floor=12, times=3.0, ceiling=60),
    "walk": Bound(floor=8, times=3.0, ceiling=25),
    "night": Bound(floor=8, times=3.0, ceiling=60),
}
SPREAD = 6.0  # so many deviations above the median are still a day like others
FORTNIGHT = 14  # days
DRIFT = 1.9  # times the peers' and one's own fortnight; a slow thief is small every day
LEAVER = 1.5  # the same for somebody who has gone
MANY_IN_A_FORTNIGHT: dict[Measure, int] = {"reveals": 70, "clients": 160, "misses": 40, "night": 20}
FEWEST_DAYS = 5  # before that somebody's own days tell nothing
NEW_HERE = 2.0  # so many times more is nothing to ask about as long as somebody's own past tells little


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to ask about: how many of what, how many are usual, over how many days."""

    measure: Measure
    count: int
    usual: int
    days: int = 1


def judge(own: Sequence[Day], peers: Sequence[Sequence[Day]]) -> list[Finding]:
    """What is unusual about the last day of `own`; the days are in order, the peers' of the same dates."""
    today = own[-1]
    found = [
        Finding(measure, count, round(usual))
        for measure, bound in BOUNDS.items()
        for count in [getattr(today, measure)]
        for usual, most in [_usual(measure, own, peers)]
        if count > max(bound.floor, min(bound.ceiling, most))
    ]
    return found or _drift(own, peers, times=DRIFT)


def judge_leaver(own: Sequence[Day], peers: Sequence[Sequence[Day]]) -> list[Finding]:
    """What somebody who has gone did more of in their last fortnight than before and than the others."""
    return _drift(own, peers, times=LEAVER)


def _usual(measure: Measure, own: Sequence[Day], peers: Sequence[Sequence[Day]]) -> tuple[float, float]:
    """The usual number of a day, and the most that is a day like others."""
    before = [getattr(day, measure) for day in own[:-1] if _worked(day)]
    today = [getattr(days[-1], measure) for days in peers if days and _worked(days[-1])]
    lately = [getattr(day, measure) for days in peers for day in days[-FORTNIGHT:] if _worked(day)]
    times = BOUNDS[measure].times * (NEW_HERE if len(before) < FEWEST_DAYS else 1)
    known = [_most(values, times) for values in (before, today, lately) if len(values) >= FEWEST_DAYS]
    usual = max((median(values) for values in (before, lately) if values), default=0)
    return usual, max(known, default=BOUNDS[measure].floor) + _newly_given(measure, own)


def _most(values: Sequence[int], times: float) -> float:
    middle = median(values)
    deviation = 1.4826 * median(abs(value - middle) for value in values)
    return max(middle * times, middle + SPREAD * deviation)


def _newly_given(measure: Measure, own: Sequence[Day]) -> int:
    """A book that has just come is read through: all of its clients, and the contacts of every second."""
    given = sum(day.given for day in own[-3:])
    usual = median([day.given for day in own]) * 3 if own else 0
    new = max(0, given - usual)
    return int({"clients": new, "reveals": new / 2, "searches": new / 2}.get(measure, 0))


def _drift(own: Sequence[Day], peers: Sequence[Sequence[Day]], *, times: float) -> list[Finding]:
    """A fortnight held against one's own fortnights before it and the peers' at the same time, the larger of the two."""
    found, earlier = [], [own[start : start + FORTNIGHT] for start in range(len(own) - 2 * FORTNIGHT + 1)]
    beside = [days[-FORTNIGHT:] for days in peers if sum(map(_worked, days[-FORTNIGHT:])) >= FEWEST_DAYS]
    times *= 1 if earlier else NEW_HERE
    for measure, floor in MANY_IN_A_FORTNIGHT.items():
        count = _sum(measure, own[-FORTNIGHT:])
        middles = [median(_sum(measure, days) for days in windows) for windows in (earlier, beside) if windows]
        usual = max(middles, default=floor)
        if count > max(floor, usual * times) + _given_beyond(own, earlier) * (measure in ("clients", "reveals")):
            found.append(Finding(measure, count, round(usual), FORTNIGHT))
    return found


def _given_beyond(own: Sequence[Day], earlier: Sequence[Sequence[Day]]) -> int:
    """How many more clients came in the fortnight than usual."""
    usual = median([sum(day.given for day in days) for days in earlier]) if earlier else 0
    return max(0, sum(day.given for day in own[-FORTNIGHT:]) - int(usual))


def _sum(measure: Measure, days: Sequence[Day]) -> int:
    return sum(getattr(day, measure) for day in days)


def _worked(day: Day) -> bool:
    return bool(day.clients or day.reveals or day.searches)
