"""Working time is counted as people really work it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_crm.tiers.calendars import Calendar, is_known_country

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
CAIRO = ZoneInfo("Africa/Cairo")
HAVANA = ZoneInfo("America/Havana")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")

NINE_TO_SIX = ((time(9), time(18)),)
OFFICE = dict.fromkeys(range(5), NINE_TO_SIX)
EVERY_DAY = dict.fromkeys(range(7), ((time(0), time(0)),))

MONDAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.fixture
def office() -> Calendar:
    return Calendar(MOSCOW, OFFICE)


def test_time_at_work_simply_passes(office):
    assert office.add(at(MONDAY, 10), hours(2)) == at(MONDAY, 12)


def test_a_lead_of_friday_evening_is_due_on_monday(office):
    assert office.add(at(FRIDAY, 17), hours(2)) == at(FRIDAY + timedelta(3), 10)


def test_a_clock_that_starts_at_night_waits_for_the_morning(office):
    assert office.add(at(MONDAY, 3), hours(1)) == at(MONDAY, 10)


def test_a_span_that_fills_the_day_ends_at_closing_time(office):
    assert office.add(at(FRIDAY, 9), hours(9)) == at(FRIDAY, 18)


def test_no_time_at_all_leaves_the_moment_where_it_is(office):
    assert office.add(at(MONDAY, 3), hours(0)) == at(MONDAY, 3)


def test_a_reminder_an_hour_before_monday_morning_falls_on_friday(office):
    assert office.subtract(at(FRIDAY + timedelta(3), 9, 30), hours(1)) == at(FRIDAY, 17, 30)


def test_a_weekend_has_no_working_time(office):
    assert office.between(at(FRIDAY, 18), at(FRIDAY + timedelta(3), 9)) == hours(0)


def test_a_week_at_the_office_is_forty_five_hours(office):
    assert office.between(at(MONDAY, 0), at(MONDAY + timedelta(7), 0)) == hours(45)


def test_overdue_time_is_below_zero(office):
    assert office.between(at(MONDAY, 12), at(MONDAY, 10)) == hours(-2)


@pytest.mark.parametrize(
    ("hour", "minute", "is_open"),
    [(8, 59, False), (9, 0, True), (17, 59, True), (18, 0, False), (23, 0, False)],
)
def test_the_office_is_open_from_its_opening_until_before_its_closing(office, hour, minute, is_open):
    assert office.is_open(at(MONDAY, hour, minute)) is is_open


def test_a_closed_office_opens_next_on_the_next_working_day(office):
    assert office.opens_next(at(FRIDAY, 18)) == at(FRIDAY + timedelta(3), 9)


def test_an_open_office_is_open_now(office):
    assert office.opens_next(at(MONDAY, 10, 7)) == at(MONDAY, 10, 7)


def test_lunch_is_not_counted():
    shop = Calendar(MOSCOW, {0: ((time(14), time(18)), (time(9), time(13)))})

    assert shop.add(at(MONDAY, 12), hours(2)) == at(MONDAY, 15)
    assert shop.subtract(at(MONDAY, 15), hours(2)) == at(MONDAY, 12)


def test_shifts_that_overlap_are_counted_once():
    shop = Calendar(MOSCOW, {0: ((time(9), time(14)), (time(12), time(18)))})

    assert shop.between(at(MONDAY, 0), at(MONDAY, 23)) == hours(9)


def test_a_night_shift_runs_into_the_next_day():
    night = Calendar(MOSCOW, {0: ((time(22), time(6)),)})

    assert night.add(at(MONDAY, 23), hours(3)) == at(MONDAY + timedelta(1), 2)
    assert night.is_open(at(MONDAY + timedelta(1), 5, 59))
    assert not night.is_open(at(MONDAY + timedelta(1), 6))
    assert not night.is_open(at(MONDAY, 5))


def test_a_night_shift_into_a_day_with_its_own_shift_is_counted_once():
    shop = Calendar(MOSCOW, {0: ((time(22), time(10)),), 1: NINE_TO_SIX})

    assert shop.between(at(MONDAY, 0), at(MONDAY + timedelta(2), 0)) == hours(20)
    assert shop.subtract(at(MONDAY + timedelta(1), 18), hours(20)) == at(MONDAY, 22)


def test_a_day_off_stops_the_clock():
    firm = Calendar(MOSCOW, OFFICE, days_off=frozenset({MONDAY}))

    assert firm.add(at(MONDAY, 10), hours(1)) == at(MONDAY + timedelta(1), 10)
    assert not firm.works_on(MONDAY)


def test_public_holidays_stop_the_clock():
    firm = Calendar(MOSCOW, OFFICE, country="RU")

    assert not firm.works_on(date(2026, 1, 1))
    assert firm.works_on(date(2026, 1, 1).replace(month=2, day=2))


def test_a_firm_may_work_on_a_public_holiday():
    firm = Calendar(MOSCOW, OFFICE, working_days=frozenset({date(2026, 1, 1)}), country="RU")

    assert firm.is_open(at(date(2026, 1, 1), 9))


def test_a_worked_saturday_has_the_hours_of_friday():
    hours_by_day = OFFICE | {4: ((time(9), time(16)),)}
    saturday = FRIDAY + timedelta(1)
    firm = Calendar(MOSCOW, hours_by_day, working_days=frozenset({saturday}))

    assert firm.between(at(saturday, 0), at(saturday, 23)) == hours(7)


def test_a_weekend_moved_by_the_state_is_worked():
    moved_saturday = date(2024, 12, 28)

    assert Calendar(MOSCOW, OFFICE, country="RU").works_on(moved_saturday)
    assert not Calendar(MOSCOW, OFFICE).works_on(moved_saturday)


def test_a_day_off_wins_over_a_working_day():
    both = Calendar(MOSCOW, OFFICE, frozenset({MONDAY}), frozenset({MONDAY}))

    assert not both.works_on(MONDAY)


def test_an_unknown_country_is_named():
    firm = Calendar(MOSCOW, OFFICE, country="XX")

    with pytest.raises(ValueError, match="'XX'"):
        firm.is_open(at(MONDAY, 9))

    assert is_known_country("RU")
    assert not is_known_country("XX")


@pytest.mark.parametrize("nothing", [{}, {0: ()}])
def test_a_calendar_without_hours_counts_every_hour(nothing):
    always = Calendar(MOSCOW, nothing, days_off=frozenset({MONDAY}))

    assert always.add(at(MONDAY, 3), hours(100)) == at(MONDAY, 3) + hours(100)
    assert always.subtract(at(MONDAY, 3), hours(100)) == at(MONDAY, 3) - hours(100)
    assert always.between(at(MONDAY, 0), at(MONDAY, 5)) == hours(5)
    assert always.is_open(at(MONDAY, 3))
    assert always.works_on(MONDAY)


@pytest.mark.parametrize(
    ("zone", "day", "real_hours"),
    [
        (BERLIN, date(2026, 3, 29), 23),
        (BERLIN, date(2026, 10, 25), 25),
        (CAIRO, date(2026, 4, 24), 23),
        (CAIRO, date(2026, 10, 29), 25),
        (HAVANA, date(2026, 3, 8), 23),
        (HAVANA, date(2026, 11, 1), 25),
        (LORD_HOWE, date(2026, 4, 5), 24.5),
        (LORD_HOWE, date(2026, 10, 4), 23.5),
    ],
)
def test_the_day_of_a_clock_change_has_its_real_length(zone, day, real_hours):
    always = Calendar(zone, EVERY_DAY)
    one_day = Calendar(zone, {day.weekday(): EVERY_DAY[0]})
    noon_before, noon_after = day - timedelta(1), day + timedelta(1)

    around = one_day.between(at(noon_before, 12, zone=zone), at(noon_after, 12, zone=zone))
    through = at(noon_after, 12, zone=zone).astimezone(UTC) - at(noon_before, 12, zone=zone).astimezone(UTC)

    assert around == hours(real_hours)
    assert always.between(at(noon_before, 12, zone=zone), at(noon_after, 12, zone=zone)) == through


def test_a_shift_that_opens_in_the_skipped_hour_opens_at_the_skip():
    night = Calendar(BERLIN, {6: ((time(2, 30), time(3, 15)),)})
    spring = date(2026, 3, 29)

    assert night.opens_next(at(spring, 0, zone=BERLIN)) == at(spring, 3, zone=BERLIN)
    assert night.between(at(spring, 0, zone=BERLIN), at(spring, 6, zone=BERLIN)) == hours(0.25)


def test_a_shift_inside_the_skipped_hour_does_not_happen():
    night = Calendar(BERLIN, {6: ((time(2, 10), time(2, 50)),)})
    spring = date(2026, 3, 29)

    assert night.between(at(spring, 0, zone=BERLIN), at(spring, 6, zone=BERLIN)) == hours(0)


@pytest.mark.parametrize("act", ["is_open", "opens_next"])
def test_a_moment_without_a_zone_is_refused(office, act):
    with pytest.raises(ValueError, match="time zone"):
        getattr(office, act)(at(MONDAY, 9).replace(tzinfo=None))


@pytest.mark.parametrize("act", ["add", "subtract"])
def test_a_span_below_zero_is_refused(office, act):
    with pytest.raises(ValueError, match="below zero"):
        getattr(office, act)(at(MONDAY, 9), hours(-1))


clock = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
calendars = st.builds(
    Calendar,
    zone=st.sampled_from([MOSCOW, BERLIN, CAIRO, HAVANA, LORD_HOWE]),
    hours=st.dictionaries(st.integers(0, 6), st.lists(st.tuples(clock, clock), max_size=3).map(tuple)),
    days_off=st.frozensets(st.dates(date(2026, 3, 1), date(2026, 4, 30)), max_size=5),
    country=st.sampled_from([None, "RU", "DE"]),
)
moments = st.integers(0, 283 * 24 * 3600).map(lambda s: datetime(2026, 2, 20, tzinfo=UTC) + timedelta(seconds=s))
spans = st.timedeltas(timedelta(0), timedelta(days=60))


@settings(max_examples=100)
@given(calendars, moments, spans)
def test_what_was_added_lies_between(calendar, start, span):
    assert calendar.between(start, calendar.add(start, span)) == span


@settings(max_examples=100)
@given(calendars, moments, spans)
def test_what_was_subtracted_lies_between(calendar, end, span):
    assert calendar.between(calendar.subtract(end, span), end) == span


@settings(max_examples=100)
@given(calendars, moments, moments, moments)
def test_time_between_adds_up(calendar, one, two, three):
    whole = calendar.between(one, three)

    assert calendar.between(one, two) + calendar.between(two, three) == whole


@settings(max_examples=100)
@given(calendars, moments)
def test_no_time_passes_before_opening_and_some_passes_after(calendar, moment):
    opening = calendar.opens_next(moment)

    assert calendar.between(moment, opening) == timedelta(0)
    assert calendar.is_open(opening)
    assert calendar.between(opening, opening + timedelta(seconds=1)) > timedelta(0)


@settings(max_examples=40)
@given(calendars, moments, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_working_time_equals_a_count_of_open_minutes(calendar, start, span):
    start = start.replace(second=0, microsecond=0)
    minutes = int(span.total_seconds() // 900)
    quarters = [start + timedelta(minutes=15 * n) for n in range(minutes)]

    counted = sum((_open_part(calendar, q) for q in quarters), timedelta(0))

    assert calendar.between(start, start + timedelta(minutes=15 * minutes)) == counted


def _open_part(calendar: Calendar, quarter: datetime) -> timedelta:
    minutes = (quarter + timedelta(minutes=n) for n in range(15))
    return sum((timedelta(minutes=calendar.is_open(m)) for m in minutes), timedelta(0))
