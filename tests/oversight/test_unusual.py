"""Twenty honest weeks of a firm ring no alarm; ten thieves ring one each."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from pipeline_crm.oversight.unusual import Day, Finding, judge, judge_leaver

WEEKS, KEPT = 20, 40  # days of the past that an alarm looks at
FALSE_ALARMS = 0  # of twenty-two people in twenty weeks; with other dice one firm in ten has one


@dataclass
class Person:
    """Somebody at work: what their role does on a day, and the days that they have behind them."""

    role: str
    zeal: float  # times what others do
    begins: int = 0  # the day of their first work
    days: list[Day] = field(default_factory=list)


# role: cards read, contacts shown, searches on an ordinary day
ROLES = {"scout": (38, 14, 9), "hunter": (24, 9, 12), "farmer": (18, 7, 10), "lead": (30, 2, 20)}


def firm(dice: random.Random) -> list[Person]:
    people = [
        Person(role, dice.uniform(0.75, 1.3))
        for role, n in (("scout", 7), ("hunter", 6), ("farmer", 6))
        for _ in range(n)
    ]
    return [*people, Person("lead", 1.0), Person("lead", 1.1)]


def work(person: Person, number: int, dice: random.Random) -> Day:
    """One honest day: a season that rises by three fifths, weekends now and then, sick days, a mistyped address."""
    weekday, season = number % 7, 1 + 0.6 * min(1.0, number / 100)
    if number < person.begins or dice.random() < 0.05 or (weekday > 4 and dice.random() < 0.93):
        return Day()
    cards, reveals, searches = ROLES[person.role]
    mood = person.zeal * season * max(0.3, dice.gauss(1, 0.22)) * (0.3 if weekday > 4 else 1)
    return Day(
        reveals=min(40, int(dice.gauss(reveals, reveals**0.5) * mood)) if reveals else 0,
        clients=max(1, int(dice.gauss(cards, cards**0.5) * mood)),
        searches=max(0, int(dice.gauss(searches, searches**0.5) * mood)),
        exported=80 if person.role == "lead" and weekday == 4 else 0,
        misses=dice.choice((0, 0, 0, 1, 2)),
        walk=dice.choice((0, 1, 1, 2)),
        night=dice.choice((0, 0, 0, 0, 1, 2)),
        given=dice.randint(0, 8) if person.role == "scout" else dice.randint(0, 3),
    )


def with_a_book(day: Day, clients: int, dice: random.Random) -> Day:
    """Somebody else's clients came, and are read through."""
    more, shown = int(clients * dice.uniform(0.6, 0.95)), int(clients * dice.uniform(0.15, 0.4))
    return replace(day, given=day.given + clients, clients=day.clients + more, reveals=day.reveals + shown)


def honest_days(people: list[Person], dice: random.Random) -> Iterator[int]:
    for number in range(WEEKS * 7):
        for person in people:
            person.days.append(work(person, number, dice))
        if number == 35:  # a colleague falls ill, and one covers for them
            people[3].days[-1] = with_a_book(people[3].days[-1], 45, dice)
        if number == 77:  # somebody leaves, and their book goes to three
            for person in people[8:11]:
                person.days[-1] = with_a_book(person.days[-1], 30, dice)
        if number == 112:  # a whole book to one
            people[15].days[-1] = with_a_book(people[15].days[-1], 80, dice)
        yield number


def peers_of(person: Person, people: list[Person]) -> list[list[Day]]:
    return [other.days[-KEPT:] for other in people if other is not person and other.role == person.role]


def verdict(person: Person, people: list[Person]) -> list[Finding]:
    return judge(person.days[-KEPT:], peers_of(person, people))


@pytest.mark.parametrize("seed", range(5))
def test_twenty_honest_weeks_ring_no_alarm(seed: int) -> None:
    dice = random.Random(seed)
    people = firm(dice)
    people.insert(2, Person("scout", 1.25, begins=30))  # somebody new
    rung = []

    for number in honest_days(people, dice):
        for place, person in enumerate(people):
            if person.days[-1] != Day():
                rung += [(number, place, finding) for finding in verdict(person, people)]

    assert len(rung) <= FALSE_ALARMS, rung


def test_honest_people_who_leave_ring_no_alarm() -> None:
    dice = random.Random(11)
    people = firm(dice)
    for _number in honest_days(people, dice):
        pass

    assert [judge_leaver(person.days[-KEPT:], peers_of(person, people)) for person in people] == [[]] * len(people)


# Thieves ---------------------------------------------------------------------------------------------------------

Theft = Callable[[Day], Day]
NIGHT = {"clients": 25, "night": 25}
THEFTS: dict[str, tuple[str, int, Theft]] = {
    # name: whose role, on how many days, what a day becomes
    "shows contact after contact in a few afternoons": ("hunter", 10, lambda day: replace(day, reveals=40)),
    "reads the whole book in a day": ("scout", 1, lambda day: replace(day, clients=300)),
    "walks along the numbers": ("farmer", 1, lambda day: replace(day, misses=day.misses + 30, walk=30)),
    "walks along the numbers a little every day": ("scout", 10, lambda day: replace(day, misses=9, walk=5)),
    "reads at night": ("hunter", 1, lambda day: replace(day, **NIGHT)),
    "reads a little every night": ("farmer", 10, lambda day: replace(day, clients=day.clients + 5, night=5)),
    "reads more than twice their work for a fortnight": (
        "hunter",
        10,
        lambda day: replace(day, clients=int(day.clients * 2.6) + 14, reveals=day.reveals),
    ),
    "takes the list out as files": ("lead", 1, lambda day: replace(day, exported=2_500)),
    "searches for letter after letter": ("farmer", 1, lambda day: replace(day, searches=150)),
    "shows a few more contacts every day": ("farmer", 10, lambda day: replace(day, reveals=day.reveals + 22)),
}


@pytest.mark.parametrize("theft", THEFTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_thief_is_found(theft: str, seed: int) -> None:
    role, stolen, deed = THEFTS[theft]
    dice, found = random.Random(seed), list[Finding]()
    people = firm(dice)
    thief = next(person for person in people if person.role == role)
    for number in honest_days(people, dice):
        if number >= WEEKS * 7 - 14 and thief.days[-1].clients and stolen:
            thief.days[-1] = deed(thief.days[-1])
            stolen -= 1
            found += verdict(thief, people)

    assert found


def test_somebody_new_who_takes_all_on_the_first_days_is_found() -> None:
    dice = random.Random(3)
    people = firm(dice)
    people.append(Person("hunter", 1.0, begins=WEEKS * 7 - 9))
    for _number in honest_days(people, dice):
        pass
    people[-1].days[-1] = replace(Day(), clients=190, reveals=60)

    assert {finding.measure for finding in verdict(people[-1], people)} == {"clients", "reveals"}


def test_a_burst_before_leaving_is_found_when_they_leave() -> None:
    dice, lately = random.Random(5), WEEKS * 7 - 14
    people = firm(dice)
    leaver = people[8]
    for number in honest_days(people, dice):
        if number >= lately and leaver.days[-1].clients:
            leaver.days[-1] = replace(leaver.days[-1], clients=int(leaver.days[-1].clients * 2.2))

    found = judge_leaver(leaver.days[-KEPT:], peers_of(leaver, people))
    assert [finding.measure for finding in found] == ["clients"]
