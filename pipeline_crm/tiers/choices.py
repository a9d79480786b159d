"""Lists an admin picks from: time zones, countries whose holidays are known, currencies that are in use."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

import holidays
from babel import Locale
from babel.numbers import get_territory_currencies
from django.utils.translation import get_language

type Choices = list[tuple[str, str]]

CONTINENTS = (
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


def zones() -> Choices:
    """Time zones by their own names, without the historical aliases."""
    return [(name, name.replace("_", " ")) for name in _zone_names()]


def countries() -> Choices:
    """Countries by name in the reader's language."""
    names = _locale().territories
    return sorted(((code, f"{names.get(code, code)} ({code})") for code in _country_codes()), key=lambda pair: pair[1])


def currencies() -> Choices:
    """Currencies that some country pays with today."""
    names = _locale().currencies
    return [(code, f"{code}, {names.get(code, code)}") for code in _currency_codes()]


@cache
def _zone_names() -> tuple[str, ...]:
    return ("UTC", *sorted(name for name in available_timezones() if name.split("/")[0] in CONTINENTS))


@cache
def _country_codes() -> tuple[str, ...]:
    return tuple(sorted(code for code in holidays.list_supported_countries(include_aliases=False) if len(code) == 2))


@cache
def _currency_codes() -> tuple[str, ...]:
    return tuple(sorted({currency for country in _country_codes() for currency in get_territory_currencies(country)}))


def _locale() -> Locale:
    return Locale.parse(get_language() or "en", sep="-")
