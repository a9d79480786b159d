"""Working time: when a pipeline is open, and when a given amount of its time will have passed.

Nothing here reads the database; a `Calendar` is a frozen fact that the models build. Time is
counted as it really elapses, so a shift across a clock change is an hour longer or shorter.
All answers are in UTC.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count, takewhile
from zoneinfo import ZoneInfo

import holidays

Hours = tuple[tuple[time, time], ...]
Shift = tuple[datetime, datetime]

DAY = timedelta(days=1)
NOTHING = timedelta(0)
SUMS_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hours in which a pipeline's clocks run.

    `hours` maps a weekday (Monday is 0) to its shifts; a shift that closes at or before its
    opening ends on the next day, and belongs wholly to the day on which it opens. `days_off`
    win over everything, then `working_days`, then the holidays of `country` (ISO code).
    A calendar without any hours counts every hour, also on days off.
    """

    zone: ZoneInfo
    hours: Mapping[int, Hours] = field(default_factory=dict)
    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()
    country: str | None = None
    _sums: dict[tuple[datetime, timedelta], datetime] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_round_the_clock(self) -> bool:
        """No hours are given, so all of them count."""
        return not any(self.hours.values())

    def works_on(self, day: date) -> bool:
        """Some shift opens on this day."""
        return self.is_round_the_clock or bool(self._hours_of(day))

    def is_workday(self, day: date) -> bool:
        """Neither a holiday nor a day off of the pipeline, whatever its weekday."""
        if day in self.days_off or day in self.working_days or not self.country:
            return day not in self.days_off
        return day not in _holidays(self.country, day.year)[0]

    def is_open(self, moment: datetime) -> bool:
        """Somebody is expected to be at work at this moment."""
        return self.opens_next(moment) == moment

    def opens_next(self, moment: datetime) -> datetime:
        """The first open moment that is not earlier than this one."""
        moment = _in_utc(moment)
        if self.is_round_the_clock:
            return moment
        opens, _ = next(self._shifts_after(moment))
        return max(opens, moment)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The earliest moment by which `span` of working time has passed since `start`."""
        _refuse_negative(span)
        start = _in_utc(start)
        if span == NOTHING or self.is_round_the_clock:
            return start + span
        # One sweep gives out many records at one moment, and all of them get the same hours.
        known = self._sums.get((start, span))
        if known is None:
            if len(self._sums) >= SUMS_KEPT:
                self._sums.clear()
            known = self._sums[start, span] = self._later(start, span)
        return known

    def _later(self, start: datetime, span: timedelta) -> datetime:
        for opens, closes in self._shifts_after(start):
            opens = max(opens, start)
            if span <= closes - opens:
                return opens + span
            span -= closes - opens
        raise OverflowError("The working time asked for never passes.")

    def subtract(self, end: datetime, span: timedelta) -> datetime:
        """The latest moment from which `span` of working time is left until `end`."""
        _refuse_negative(span)
        end = _in_utc(end)
        if span == NOTHING or self.is_round_the_clock:
            return end - span
        for opens, closes in self._shifts_before(end):
            closes = min(closes, end)
            if span <= closes - opens:
                return closes - span
            span -= closes - opens
        raise OverflowError("The working time asked for never passed.")

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; below zero when `end` is the earlier one."""
        start, end = _in_utc(start), _in_utc(end)
        if end < start:
            return -self.between(end, start)
        if self.is_round_the_clock:
            return end - start
        shifts = takewhile(lambda shift: shift[0] < end, self._shifts_after(start))
        return sum((min(c, end) - max(o, start) for o, c in shifts), NOTHING)

    def _shifts_after(self, moment: datetime) -> Iterator[Shift]:
        """Shifts that close after the moment, in order, without end."""
        # A shift is at most a day long, so the day before is the earliest that still matters.
        first = moment.astimezone(self.zone).date() - DAY
        for ahead in count():
            for shift in self._shifts_of(first + ahead * DAY):
                if shift[1] > moment:
                    yield shift

    def _shifts_before(self, moment: datetime) -> Iterator[Shift]:
        """Shifts that open before the moment, latest first, without end."""
        last = moment.astimezone(self.zone).date() + DAY
        for back in count():
            for shift in reversed(self._shifts_of(last - back * DAY)):
                if shift[0] < moment:
                    yield shift

    def _shifts_of(self, day: date) -> list[Shift]:
        """The shifts that open on this day, less what an earlier shift covers already."""
        covered = max((c for _, c in self._drawn(day - DAY)), default=None)
        shifts = []
        for opens, closes in self._drawn(day):
            opens = max(opens, covered) if covered else opens
            if opens < closes:
                shifts.append((opens, closes))
                covered = closes
        return shifts

    def _drawn(self, day: date) -> list[Shift]:
        """The shifts of one day as the admin drew them; they may overlap."""
        return [_as_instants(self.zone, day, o, c) for o, c in sorted(self._hours_of(day))]

    def _hours_of(self, day: date) -> Hours:
        if day in self.days_off:
            return ()
        usual = self.hours.get(day.weekday(), ())
        if day in self.working_days:
            return usual or self._borrowed(day)
        if not self.country:
            return usual
        days_off, worked_weekends = _holidays(self.country, day.year)
        if day in worked_weekends:
            return usual or self._borrowed(day)
        return () if day in days_off else usual

    def _borrowed(self, day: date) -> Hours:
        """A worked Saturday keeps the hours of the last weekday before it that has any."""
        earlier = ((day.weekday() - back) % 7 for back in range(1, 7))
        return next((self.hours[d] for d in earlier if self.hours.get(d)), ())


def is_known_country(code: str) -> bool:
    """Public holidays of this country (ISO code) are known."""
    return code in holidays.list_supported_countries(include_aliases=True)


@lru_cache(maxsize=1024)
def _holidays(country: str, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off of the country in this year, and the weekends worked in exchange for them."""
    if not is_known_country(country):
        raise ValueError(f"No public holidays are known for the country {country!r}.")
    known = holidays.country_holidays(country, years=year)
    worked = getattr(known, "weekend_workdays", ())
    return frozenset(known), frozenset(day for day in worked if day.year == year)


@lru_cache(maxsize=16384)
def _as_instants(zone: ZoneInfo, day: date, opens: time, closes: time) -> Shift:
    until = day if closes > opens else day + DAY
    return _instant(zone, day, opens, fold=0), _instant(zone, until, closes, fold=1)


def _instant(zone: ZoneInfo, day: date, clock: time, *, fold: int) -> datetime:
    """When the wall clock shows this; an hour that is skipped becomes the moment of the skip."""
    wall = datetime.combine(day, clock.replace(fold=fold), zone)
    instant = wall.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    return _moment_of_skip(zone, wall)


def _moment_of_skip(zone: ZoneInfo, wall: datetime) -> datetime:
    """The clock change that swallowed this wall time, to the second, by halving."""
    early = wall.replace(fold=1).astimezone(UTC)
    late = wall.replace(fold=0).astimezone(UTC)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("A calendar needs a moment with a time zone.")
    return moment.astimezone(UTC)


def _refuse_negative(span: timedelta) -> None:
    if span < NOTHING:
        raise ValueError("A span of working time cannot be below zero.")
