"""Hours, days and money are said as a salesperson would say them, in both languages."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from pipeline_crm.conveyor import words

MINUTE, HOUR, DAY = 60, 3600, 86400
MONDAY = datetime(2026, 11, 23, 11, 36, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_moscow():
    with timezone.override("Europe/Moscow"):
        yield


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (20, "1 min left", "осталось 1 мин"),
        (9 * MINUTE, "9 min left", "осталось 9 мин"),
        (59 * MINUTE + 59, "59 min left", "осталось 59 мин"),
        (HOUR, "1 h left", "осталось 1 ч"),
        (HOUR + 50 * MINUTE, "1 h 50 min left", "осталось 1 ч 50 мин"),
        (3 * HOUR + 10 * MINUTE, "3 h left", "осталось 3 ч"),
        (DAY, "1 day left", "остался 1 день"),
        (2 * DAY, "2 days left", "осталось 2 дня"),
        (5 * DAY, "5 days left", "осталось 5 дней"),
        (11 * DAY, "11 days left", "осталось 11 дней"),
        (21 * DAY, "21 days left", "остался 21 день"),
    ],
)
def test_a_clock_says_how_long_is_left(seconds, english, russian):
    assert words.time_left(seconds) == english
    with translation.override("ru"):
        assert words.time_left(seconds) == russian


@pytest.mark.parametrize(
    ("seconds", "english", "russian"),
    [
        (16 * MINUTE, "16 min late", "опоздание 16 мин"),
        (HOUR + 59 * MINUTE, "1 h late", "опоздание 1 ч"),
        (2 * HOUR + 9 * MINUTE, "2 h late", "опоздание 2 ч"),
        (DAY, "1 day late", "опоздание 1 день"),
        (3 * DAY, "3 days late", "опоздание 3 дня"),
        (12 * DAY, "12 days late", "опоздание 12 дней"),
    ],
)
def test_a_clock_says_how_late_it_is(seconds, english, russian):
    assert words.time_late(seconds) == english
    with translation.override("ru"):
        assert words.time_late(seconds) == russian


@pytest.mark.parametrize(
    ("away", "english", "russian"),
    [
        (timedelta(hours=-1), "today 13:36", "сегодня 13:36"),
        (timedelta(days=1), "tomorrow 14:36", "завтра 14:36"),
        (timedelta(days=-1), "yesterday 14:36", "вчера 14:36"),
        (timedelta(days=-3), "Fri 14:36", "пт 14:36"),
        (timedelta(days=2), "Wed 14:36", "ср 14:36"),
        (timedelta(days=-11), "Thu 12 Nov", "чт 12 ноя"),
        (timedelta(days=-400), "19 Oct 2025", "19 окт 2025"),
    ],
)
def test_a_moment_is_said_by_how_near_it_is(away, english, russian):
    assert words.when_words(MONDAY + away, now=MONDAY).replace(words.NBSP, " ") == english
    with translation.override("ru"):
        assert words.when_words(MONDAY + away, now=MONDAY).replace(words.NBSP, " ") == russian


def test_today_is_the_readers_day_and_not_that_of_greenwich():
    late_evening = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)

    assert words.when_words(late_evening, now=MONDAY).replace(words.NBSP, " ") == "today 01:30"


def test_the_head_of_a_page_names_the_day():
    assert words.long_day_words(MONDAY) == "Monday 23 November, 14:36"
    with translation.override("ru"):
        assert words.long_day_words(MONDAY) == "Понедельник, 23 ноября, 14:36"


@pytest.mark.parametrize(
    ("amount", "currency", "english", "russian"),
    [
        (11_800_000, "RUB", "11.8 M ₽", "11,8 млн ₽"),
        (12_000_000, "RUB", "12 M ₽", "12 млн ₽"),
        (2_500_000_000, "RUB", "2.5 B ₽", "2,5 млрд ₽"),
        (850_000, "RUB", "850 K ₽", "850 тыс. ₽"),
        (9_500, "RUB", "9 500 ₽", "9 500 ₽"),
        (0, "RUB", "0 ₽", "0 ₽"),
        (-1_300_000, "USD", "-$1.3 M", "-1,3 млн $"),
        (1_200_000, "USD", "$1.2 M", "1,2 млн $"),
        (999_999, "RUB", "1 M ₽", "1 млн ₽"),
        (7_200_000, "", "7.2 M", "7,2 млн"),
        (500_000, "XTS", "500 K XTS", "500 тыс. XTS"),
    ],
)
def test_a_sum_is_short_on_a_card(amount, currency, english, russian):
    assert words.money_words(Decimal(amount), currency).replace(words.NBSP, " ") == english
    with translation.override("ru"):
        assert words.money_words(Decimal(amount), currency).replace(words.NBSP, " ") == russian


def test_a_sum_is_whole_on_a_record():
    assert words.money_full_words(Decimal("1250.50"), "EUR").replace(words.NBSP, " ") == "€1 250.50"
    assert words.money_full_words(Decimal("11800000.00"), "RUB").replace(words.NBSP, " ") == "11 800 000 ₽"
    with translation.override("ru"):
        assert words.money_full_words(Decimal("1250.50"), "RUB").replace(words.NBSP, " ") == "1 250,50 ₽"
    assert words.money_full_words(None, "RUB") == ""
