"""What a clock, a belt and a frame show follows from plain facts."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from pipeline_crm.conveyor.faces import (
    Belt,
    ClockFace,
    Frame,
    Joint,
    NavJoint,
    NavStage,
    Person,
    Place,
    Stretch,
    clock_face,
    initials,
)

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def face(left: int, whole: int, kind: str = "") -> ClockFace | None:
    """A clock with so many minutes left of so many."""
    due = NOW + timedelta(minutes=left)
    return clock_face(due, due - timedelta(minutes=whole), NOW, kind)


@pytest.mark.parametrize(
    ("left", "whole", "kind", "expected"),
    [
        (60, 100, "", ClockFace("ok", 60, "1 h left")),
        (33, 100, "", ClockFace("soon", 33, "33 min left")),
        (34, 100, "", ClockFace("ok", 34, "34 min left")),
        (50, 100, "answer", ClockFace("soon", 50, "50 min left")),
        (51, 100, "answer", ClockFace("ok", 51, "51 min left")),
        (9, 10, "", ClockFace("soon", 90, "9 min left")),
        (3 * 1440, 10 * 1440, "", ClockFace("ok", 30, "3 days left")),
        (0, 100, "", ClockFace("over", 0, "1 min late")),
        (-16, 100, "", ClockFace("over", 0, "16 min late")),
    ],
)
def test_the_arc_and_the_words_of_a_clock(left, whole, kind, expected):
    assert face(left, whole, kind) == expected


def test_a_clock_without_an_hour_is_not_drawn():
    assert clock_face(None, None, NOW) is None


def test_a_parked_record_waits_for_its_date():
    until = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)

    assert clock_face(NOW, NOW, NOW, "silence", until) == ClockFace("paused", 0, "waits until 25\N{NO-BREAK SPACE}Nov")
    with translation.override("ru"):
        assert clock_face(None, None, NOW, "", until) == ClockFace("paused", 0, "ждёт до 25\N{NO-BREAK SPACE}ноя")


def test_a_parked_clock_names_the_hour_when_it_is_today():
    assert clock_face(NOW + timedelta(hours=2), NOW, NOW, "parked") == ClockFace("paused", 0, "waits until 13:00")
    assert clock_face(NOW - timedelta(hours=2), None, NOW, "parked") == ClockFace("over", 0, "2 h late")


def test_a_date_that_has_passed_parks_nothing():
    assert clock_face(NOW - timedelta(minutes=5), None, NOW, "", NOW - timedelta(days=1)) == ClockFace(
        "over", 0, "5 min late"
    )


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ирина Соколова", "ИС"),
        ("Пётр Ильич Ершов", "ПЕ"),
        ("anna", "A"),
        ("Jean-Luc Picard", "JP"),
        ("", "·"),
        ("«Северный парк»", "П"),
    ],
)
def test_a_person_is_two_letters(name, letters):
    assert initials(name) == letters


STAGES = (Stretch("lead", "done", "Lead"), Stretch("deal", "now", "Deal"), Stretch("account", "ahead", "Account"))


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        (Joint("passed"), Joint("ahead"), ["", "", ""]),
        (None, Joint("ahead"), ["end", "start", ""]),
        (Joint("passed"), None, ["", "end", "start"]),
        (None, None, ["end", "both", "start"]),
    ],
    ids=["3 tiers", "closing joined", "search apart", "1 tier"],
)
def test_a_capsule_is_open_where_the_tier_goes_on(first, second, ends):
    parts = Belt(STAGES, (first, second)).parts()

    assert [stretch.open for stretch, _ in parts] == ends
    assert [joint for _, joint in parts] == [first, second, None]


@pytest.mark.parametrize(
    ("count", "current", "shown", "place"),
    [
        (6, 6, "123456", 6),
        (9, 1, "12345", 1),
        (9, 5, "34567", 3),
        (9, 9, "56789", 5),
        (7, 2, "12345", 2),
    ],
)
def test_a_long_stretch_shows_the_step_and_its_neighbours(count, current, shown, place):
    steps = tuple(str(number) for number in range(1, count + 1))

    short = Stretch("deal", "now", "Deal", steps=steps, current=current).short()

    assert ("".join(short.steps), short.current) == (shown, place)


def test_the_belt_is_full_up_to_the_clients_step():
    steps = ("a", "b", "c", "d")

    assert [Stretch("deal", "now", "Deal", steps=steps, current=place).fill for place in range(5)] == [0, 0, 25, 50, 75]
    assert Stretch("deal", "done", "Deal", steps=steps, current=3).fill == 0


def test_the_upright_belt_of_two_tiers_has_one_open_capsule():
    frame = Frame(
        Person("Max"),
        belt=(
            Place(NavStage("lead", "Lead", mine=True)),
            Place(NavStage("deal", "Deal", mine=True), NavJoint("1 offer")),
            Place(NavStage("account", "Account")),
        ),
    )

    assert [place.stage.open for place in frame.upright] == ["end", "start", ""]
