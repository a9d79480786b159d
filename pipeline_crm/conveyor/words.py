"""Words for hours, days and money, in the reader's language. Pure functions; the hour is given, never fetched.

Django's own date formats cost more than the rest of a card, so names are looked up once a language and kept.
"""

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache

from django.utils import dates, timezone
from django.utils.formats import get_format
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext, ngettext, pgettext

NBSP = "\N{NO-BREAK SPACE}"
MINUTE, HOUR, DAY = 60, 3600, 86400
MANY = 1_000  # nobody needs to know how many more there are
FEW = 99  # and in the menu, which only tells where work waits, nobody reads beyond this
# Up to here the minutes still matter to whoever reads "1 h 50 min left".
MINUTES_MATTER = 2 * HOUR
SIGNS = {
    "RUB": "₽",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "KZT": "₸",
    "BYN": "Br",
    "UAH": "₴",
    "CNY": "¥",
    "TRY": "₺",
    "INR": "₹",
}
SIGN_FIRST = {"USD", "EUR", "GBP", "CNY"}


def reader() -> str:
    """The language of whoever reads; what is kept by language is true only while that one is active."""
    return get_language() or "en"


def capped(count: int) -> int | str:
    """A count, exact up to a thousand; more are “1 000+”."""
    return count if count <= MANY else f"1{NBSP}000+"


def badge(count: int) -> int | str:
    """A count in the menu, exact up to 99; more are “99+”. The page that it leads to counts on."""
    return count if count <= FEW else f"{FEW}+"


@cache
def weekdays(language: str) -> tuple[str, ...]:
    """Short names of the days from Monday on, as they stand inside a sentence: Fri, пт."""
    names = [str(name) for name in dates.WEEKDAYS_ABBR.values()]
    return tuple(names if language.startswith("en") else [name.lower() for name in names])


@cache
def months(language: str) -> tuple[str, ...]:
    """Short names of the months from January on: Nov, ноя."""
    names = [str(name) for name in dates.MONTHS_3.values()]
    return tuple([capfirst(name) for name in names] if language.startswith("en") else names)


@cache
def decimal_sign(language: str) -> str:
    """What stands before the fraction: 11.8 or 11,8."""
    return str(get_format("DECIMAL_SEPARATOR", lang=language))


# Time ------------------------------------------------------------------------------------------------------------


def span(seconds: float) -> str:
    """A length of time in words: “9 min”, “1 h 50 min”, “7 h”, “2 days”; rounded down, one minute at least."""
    whole = max(int(seconds), 0)
    if whole >= DAY:
        days = whole // DAY
        return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    return short_span(whole)


def short_span(whole: int) -> str:
    """A length below a day, in hours and minutes."""
    hours, minutes = whole // HOUR, whole % HOUR // MINUTE
    if not hours:
        return gettext("%(minutes)d min") % {"minutes": max(minutes, 1)}
    if not minutes or whole >= MINUTES_MATTER:
        return gettext("%(hours)d h") % {"hours": hours}
    return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}


def time_left(seconds: float) -> str:
    """What a running clock says: “9 min left”, “2 days left”."""
    return _left(reader(), int(seconds) // MINUTE if seconds < DAY else int(seconds // DAY) * (DAY // MINUTE))


@lru_cache(maxsize=4096)
def _left(language: str, minutes: int) -> str:
    # Fifty clocks a page say the same few things: words are looked up once for each.
    if minutes < DAY // MINUTE:
        return gettext("%(span)s left") % {"span": short_span(minutes * MINUTE)}
    days = minutes * MINUTE // DAY
    return ngettext("%(days)d day left", "%(days)d days left", days) % {"days": days}


def time_late(seconds: float) -> str:
    """What a clock says that ran out: “16 min late”, “2 h late”, “3 days late”."""
    # An hour late, nobody counts the minutes.
    unit = MINUTE if seconds < HOUR else HOUR if seconds < DAY else DAY
    return _late(reader(), int(seconds // unit) * (unit // MINUTE))


@lru_cache(maxsize=4096)
def _late(language: str, minutes: int) -> str:
    if minutes < DAY // MINUTE:
        return gettext("%(span)s late") % {"span": short_span(minutes * MINUTE)}
    days = minutes * MINUTE // DAY
    return ngettext("%(days)d day late", "%(days)d days late", days) % {"days": days}


@cache
def clock_words(language: str) -> str:
    """What a clock may say, for the script that moves it on; numbers go where the names stand. JSON."""
    plurals = {"one": 1, "few": 2, "many": 5, "other": 5}
    left = {name: ngettext("%(days)d day left", "%(days)d days left", days) for name, days in plurals.items()}
    late = {name: ngettext("%(days)d day late", "%(days)d days late", days) for name, days in plurals.items()}
    spans = {
        "minutes": gettext("%(minutes)d min"),
        "hours": gettext("%(hours)d h"),
        "both": gettext("%(hours)d h %(minutes)d min"),
    }
    return json.dumps(
        {
            **spans,
            "left": gettext("%(span)s left"),
            "late": gettext("%(span)s late"),
            "daysLeft": left,
            "daysLate": late,
        }
    )


def short_date(day: date) -> str:
    """“25 Nov”, “25 ноя”."""
    return f"{day.day}{NBSP}{months(reader())[day.month - 1]}"


def waiting_words(until: datetime, *, now: datetime) -> str:
    """What a clock says that does not run yet: “waits until 25 Nov”, or the hour when that is today."""
    here = timezone.localtime(until)
    same_day = here.date() == timezone.localtime(now).date()
    return gettext("waits until %(date)s") % {"date": f"{here:%H:%M}" if same_day else short_date(here)}


def day_words(day: date, *, today: date) -> str:
    """A day as one says it: “today”, “tomorrow”, “Fri” within a week, “Thu 19 Nov”, and the year when it is another."""
    away = (day - today).days
    if -1 <= away <= 1:
        return gettext("today") if not away else gettext("tomorrow") if away > 0 else gettext("yesterday")
    name = weekdays(reader())[day.weekday()]
    if -7 < away < 7:
        return name
    if day.year == today.year:
        return f"{name} {short_date(day)}"
    return f"{short_date(day)}{NBSP}{day.year}"


def when_words(moment: datetime, *, now: datetime) -> str:
    """A moment as one says it, in the reader's time zone: “today 13:05”, “Fri 17:42”, “Thu 19 Nov”."""
    return short_moment(moment, today=timezone.localtime(now).date())


def short_moment(moment: datetime, *, today: date) -> str:
    """The same, for many moments seen from one day."""
    here = timezone.localtime(moment)
    day = here.date()
    words = day_words(day, today=today)
    return f"{words}{NBSP}{here.hour:02}:{here.minute:02}" if abs((day - today).days) < 7 else words


def when_full_words(moment: datetime, *, now: datetime) -> str:
    """The same with the hour in any case: “Thu 19 Nov, 11:20”."""
    return full_moment(moment, today=day_of(now))


def day_of(moment: datetime) -> date:
    """On which day of the reader's a moment is."""
    return timezone.localtime(moment).date()


def full_moment(moment: datetime, *, today: date) -> str:
    """A moment with its hour in any case, for many of them seen from one day."""
    here = timezone.localtime(moment)
    day = here.date()
    between = NBSP if abs((day - today).days) < 7 else ", "
    return f"{day_words(day, today=today)}{between}{here.hour:02}:{here.minute:02}"


def long_day_words(moment: datetime) -> str:
    """“Monday 23 November, 14:36”, for the head of a page."""
    here = timezone.localtime(moment)
    named = {
        "weekday": capfirst(str(dates.WEEKDAYS[here.weekday()])),
        "day": here.day,
        "month": str(dates.MONTHS_ALT[here.month]),
        "time": f"{here:%H:%M}",
    }
    return pgettext("head of a page", "%(weekday)s %(day)d %(month)s, %(time)s") % named


def seconds_between(earlier: datetime, later: datetime) -> float:
    """How long from one moment to the other; below nothing when the later one came first."""
    return (later - earlier) / timedelta(seconds=1)


# Money -----------------------------------------------------------------------------------------------------------


def money_words(amount: Decimal | int | None, currency: str) -> str:
    """A sum in short, for cards and heads of columns: “11.8 M ₽”, “850 K ₽”, “$1.2 M”; nothing for no sum."""
    if amount is None:
        return ""
    number, scale = shortened(Decimal(amount))
    return with_sign(f"{number}{NBSP}{scale}" if scale else number, currency)


def money_full_words(amount: Decimal | int | None, currency: str) -> str:
    """A sum to the last kopeck, for records and forms: “11 800 000 ₽”, “1 250,50 ₽”."""
    if amount is None:
        return ""
    exact = Decimal(amount)
    number = f"{exact:,.0f}" if exact == exact.to_integral_value() else f"{exact:,.2f}"
    return with_sign(number.replace(",", NBSP).replace(".", decimal_sign(reader())), currency)


def shortened(amount: Decimal) -> tuple[str, str]:
    """The figure with at most one digit after the point, and the word for its size."""
    size, language = abs(amount), reader()
    # What would round up to a thousand of one unit is said in the next.
    if size >= 999_950_000:
        unit, place = 1_000_000_000, 2
    elif size >= 999_950:
        unit, place = 1_000_000, 1
    elif size >= 10_000:
        unit, place = 1_000, 0
    else:
        return f"{amount:,.0f}".replace(",", NBSP), ""
    figure = f"{amount / unit:.1f}".removesuffix(".0")
    return figure.replace(".", decimal_sign(language)), scales(language)[place]


@cache
def scales(language: str) -> tuple[str, str, str]:
    """The words for a thousand, a million and a thousand millions."""
    return pgettext("money", "K"), pgettext("money", "M"), pgettext("money", "B")


def with_sign(number: str, currency: str) -> str:
    """The sign of the currency where its readers look for it: “$1.2 M” in English, “1,2 млн $” in Russian."""
    if not currency:
        return number
    sign = SIGNS.get(currency, currency)
    if currency in SIGN_FIRST and reader().startswith("en"):
        return f"-{sign}{number[1:]}" if number.startswith("-") else f"{sign}{number}"
    return f"{number}{NBSP}{sign}"
